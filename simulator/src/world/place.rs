//! Places with coordinates: towns of the real world, and in each a neighbourhood drawn for one car.

use serde::Serialize;

use crate::chance::Chance;

/// A point on the earth in millionths of a degree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Position {
    pub latitude_e6: i32,
    pub longitude_e6: i32,
}

impl Position {
    /// The point so many metres to the north and to the east, on the flat map of `town`.
    fn offset(self, town: &Town, north_m: i64, east_m: i64) -> Self {
        Self {
            latitude_e6: self.latitude_e6 + narrow(north_m * 1_000_000 / METRES_PER_DEGREE),
            longitude_e6: self.longitude_e6 + narrow(east_m * 1_000_000 / town.metres_per_degree_east),
        }
    }

    /// The point at `part` of `whole` on the straight way to `other`.
    pub(super) fn towards(self, other: Self, part: u64, whole: u64) -> Self {
        let step = |from: i32, to: i32| {
            let way = i128::from(to - from) * i128::from(part) / i128::from(whole.max(1));
            from + i32::try_from(way).unwrap_or(0)
        };
        Self {
            latitude_e6: step(self.latitude_e6, other.latitude_e6),
            longitude_e6: step(self.longitude_e6, other.longitude_e6),
        }
    }
}

/// What a place is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceKind {
    Home,
    Work,
    Errand,
    Far,
    FuelStation,
    FastCharger,
}

/// Where a car stands, or goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Place {
    pub kind: PlaceKind,
    #[serde(flatten)]
    pub position: Position,
}

/// A town in whose neighbourhood cars live. Its map is flat, and its offset from UTC has no summer time: the
/// truth of a car does not hang on a time zone database.
#[derive(Debug, PartialEq, Eq)]
pub struct Town {
    pub name: &'static str,
    centre: Position,
    metres_per_degree_east: i64,
    pub utc_offset_minutes: i64,
    /// Whether distances are counted in miles here.
    pub miles: bool,
}

impl Town {
    /// The way by road: the straight line and three tenths.
    pub fn road_m(&self, from: Position, to: Position) -> u64 {
        let north = i64::from(to.latitude_e6 - from.latitude_e6) * METRES_PER_DEGREE / 1_000_000;
        let east = i64::from(to.longitude_e6 - from.longitude_e6) * self.metres_per_degree_east / 1_000_000;
        (north * north + east * east).unsigned_abs().isqrt() * 13 / 10
    }

    fn around(
        &self,
        centre: Position,
        kind: PlaceKind,
        near_m: i64,
        far_m: i64,
        chance: &mut Chance,
    ) -> Place {
        let reach = chance.between(near_m, far_m);
        // A point on the edge of a square: simple, and no angle functions, which differ between machines.
        let along = chance.between(-reach, reach);
        let (north, east) = *chance.pick(&[(reach, along), (-reach, along), (along, reach), (along, -reach)]);
        Place { kind, position: centre.offset(self, north, east) }
    }
}

/// The places of one car's life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbourhood {
    pub home: Place,
    pub work: Place,
    pub errands: Vec<Place>,
    pub far: Vec<Place>,
    pub fuel_stations: Vec<Place>,
    pub fast_chargers: Vec<Place>,
}

impl Neighbourhood {
    pub fn draw(town: &Town, chance: &mut Chance) -> Self {
        let home = town.around(town.centre, PlaceKind::Home, 500, 8_000, chance);
        let mut some = |count: usize, kind, near, far| -> Vec<Place> {
            (0..count).map(|_| town.around(home.position, kind, near, far, chance)).collect()
        };
        Self {
            work: some(1, PlaceKind::Work, 4_000, 26_000)[0],
            errands: some(4, PlaceKind::Errand, 900, 7_000),
            far: some(2, PlaceKind::Far, 45_000, 190_000),
            fuel_stations: some(3, PlaceKind::FuelStation, 700, 4_000),
            fast_chargers: some(2, PlaceKind::FastCharger, 1_500, 6_000),
            home,
        }
    }
}

/// Along a meridian.
const METRES_PER_DEGREE: i64 = 111_320;

fn narrow(value: i64) -> i32 {
    i32::try_from(value).unwrap_or(0)
}

const fn town(
    name: &'static str,
    (latitude_e6, longitude_e6): (i32, i32),
    metres_per_degree_east: i64,
    utc_offset_minutes: i64,
    miles: bool,
) -> Town {
    let centre = Position { latitude_e6, longitude_e6 };
    Town { name, centre, metres_per_degree_east, utc_offset_minutes, miles }
}

/// Towns where kilometres are counted.
pub static METRIC_TOWNS: [Town; 6] = [
    town("Leipzig", (51_339_700, 12_373_100), 69_540, 60, false),
    town("Brno", (49_195_100, 16_606_800), 72_740, 60, false),
    town("Plovdiv", (42_135_400, 24_745_300), 82_550, 120, false),
    town("Lyon", (45_764_000, 4_835_700), 77_660, 60, false),
    town("Bergen", (60_391_300, 5_322_100), 55_000, 60, false),
    town("Gent", (51_054_300, 3_717_400), 69_970, 60, false),
];

/// Towns where miles are counted.
pub static MILE_TOWNS: [Town; 2] = [
    town("Boise", (43_615_000, -116_202_300), 80_590, -420, true),
    town("Dayton", (39_758_900, -84_191_600), 85_580, -300, true),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_by_road_is_three_tenths_longer_than_the_straight_line() {
        let town = &METRIC_TOWNS[0];
        let there = town.centre.offset(town, 10_000, 0);
        let way = town.road_m(town.centre, there);
        assert!((12_990..=13_000).contains(&way), "{way}");
        assert_eq!(town.road_m(there, town.centre), way);
    }

    #[test]
    fn half_way_is_half_way() {
        let from = Position { latitude_e6: 10_000_000, longitude_e6: 20_000_000 };
        let to = Position { latitude_e6: 12_000_000, longitude_e6: 18_000_000 };
        let middle = Position { latitude_e6: 11_000_000, longitude_e6: 19_000_000 };
        assert_eq!(from.towards(to, 1, 2), middle);
        assert_eq!(from.towards(to, 2, 2), to);
    }
}
