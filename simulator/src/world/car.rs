//! One virtual car: who it is to the outside, where it lives, and the habits of the people who drive it.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde::Serialize;

use super::catalogue::{METRIC_MODELS, MILE_MODELS, Model};
use super::place::{METRIC_TOWNS, MILE_TOWNS, Neighbourhood, Town};
use super::segment::Gauges;
use crate::chance::Chance;

/// What moves a car.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Powertrain {
    Ice,
    Phev,
    Bev,
}

impl Powertrain {
    /// As on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ice => "ICE",
            Self::Phev => "PHEV",
            Self::Bev => "BEV",
        }
    }
}

/// The unit in which a car tells distances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DistanceUnit {
    Kilometres,
    Miles,
}

/// What the outside may know of a car: enough to connect it to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CarIdentity {
    pub smartcar_vehicle_id: String,
    pub smartcar_user_id: String,
    /// What its people call it.
    pub name: String,
    /// Upper case, as on the wire.
    pub make: String,
    pub model: String,
    pub year: i32,
    /// 17 characters in the form of a VIN; its check digit is not right, so it is nobody's.
    pub vin: String,
    pub powertrain: Powertrain,
    /// `powertrainType` on the wire: some makes do not tell it.
    pub tells_powertrain: bool,
    pub tank_capacity_l: Option<u32>,
    /// Gross, as in the brochure: what the car calls full is less.
    pub battery_capacity_kwh: Option<u32>,
}

/// How the week of a car looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Habit {
    /// To work and back, Monday to Friday.
    Commuter,
    /// Errands now and then.
    HomeWorker,
    /// Several short ways a day.
    Busy,
    /// Stands all week.
    Weekender,
}

/// A virtual car, drawn from a seed and its number in the fleet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Car {
    pub identity: CarIdentity,
    pub model: &'static Model,
    pub town: &'static Town,
    pub places: Neighbourhood,
    pub habit: Habit,
    pub unit: DistanceUnit,
    /// 0 where nobody can charge.
    pub home_charger_watts: u32,
    pub work_charger_watts: u32,
    /// Charging at home waits for this hour of the local night.
    pub charges_from_hour: Option<i64>,
    /// Plug-in hybrids are always filled up.
    pub charge_limit_percent: u32,
    /// The way that people want to be able to drive still when they think of filling up.
    pub reserve_m: u64,
    /// What the battery loses while the car stands.
    pub drain_watts: u32,
    pub service_interval_m: u64,
    /// How it stood on the first day.
    pub at_first: Gauges,
    pub(crate) chance: Chance,
}

impl Car {
    /// The car of this number in the world of this seed.
    pub fn draw(seed: u64, number: usize) -> Self {
        let root = Chance::new(seed).branch("car", i64::try_from(number).unwrap_or(i64::MAX));
        let mut chance = root.branch("identity", 0);
        let model = model_of(number);
        let miles = MILE_MODELS.iter().any(|other| std::ptr::eq(other, model));
        let town = if miles { chance.pick(&MILE_TOWNS) } else { chance.pick(&METRIC_TOWNS) };
        let places = Neighbourhood::draw(town, &mut chance);
        let identity = identity(model, &mut chance);
        let mut habits = root.branch("habits", 0);
        let plugs = model.battery_wh > 0;
        Self {
            at_first: at_first(model, identity.year, &mut habits),
            habit: *habits.pick(&[
                Habit::Commuter,
                Habit::Commuter,
                Habit::HomeWorker,
                Habit::Busy,
                Habit::Weekender,
            ]),
            unit: if town.miles { DistanceUnit::Miles } else { DistanceUnit::Kilometres },
            home_charger_watts: if plugs { *habits.pick(&[2_300, 3_700, 11_000, 11_000, 0]) } else { 0 },
            work_charger_watts: if plugs && habits.happens(0.15) { 11_000 } else { 0 },
            charges_from_hour: habits.happens(0.35).then(|| habits.between(21, 23)),
            charge_limit_percent: charge_limit(model, &mut habits),
            reserve_m: habits.between(45_000, 95_000).unsigned_abs(),
            drain_watts: if plugs { u32::try_from(habits.between(4, 20)).unwrap_or(10) } else { 0 },
            service_interval_m: 15_000_000,
            identity,
            model,
            town,
            places,
            chance: root,
        }
    }

    /// The day that the car's people call today at this moment.
    pub fn local_date(&self, at: DateTime<Utc>) -> NaiveDate {
        (at + Duration::minutes(self.town.utc_offset_minutes)).date_naive()
    }

    /// The moment so many minutes after the local midnight of a day.
    pub fn local_time(&self, date: NaiveDate, minutes: i64) -> DateTime<Utc> {
        let midnight = date.and_time(chrono::NaiveTime::MIN).and_utc();
        midnight + Duration::minutes(minutes - self.town.utc_offset_minutes)
    }
}

/// Every sixth car counts miles; else the models take turns, so that a small fleet holds all kinds.
fn model_of(number: usize) -> &'static Model {
    if number % 6 == 5 {
        &MILE_MODELS[number / 6 % MILE_MODELS.len()]
    } else {
        &METRIC_MODELS[(number - number / 6) % METRIC_MODELS.len()]
    }
}

fn identity(model: &Model, chance: &mut Chance) -> CarIdentity {
    const VIN: &[u8] = b"ABCDEFGHJKLMNPRSTUVWXYZ0123456789";
    let colour = chance.pick(&["Blue", "Grey", "Red", "White", "Black", "Green"]);
    CarIdentity {
        smartcar_vehicle_id: chance.uuid().to_string(),
        smartcar_user_id: chance.uuid().to_string(),
        name: format!("{colour} {}", model.model),
        make: model.make.to_owned(),
        model: model.model.to_owned(),
        year: i32::try_from(chance.between(2019, 2026)).unwrap_or(2024),
        vin: "SIM".chars().chain((0..14).map(|_| char::from(*chance.pick(VIN)))).collect(),
        powertrain: model.powertrain,
        tells_powertrain: model.tells_powertrain,
        tank_capacity_l: (model.tank_ml > 0).then_some(model.tank_ml / 1_000),
        // What a car calls full is about 94 % of what the brochure says.
        battery_capacity_kwh: (model.battery_wh > 0).then(|| (model.battery_wh * 100 / 94).div_ceil(1_000)),
    }
}

fn charge_limit(model: &Model, chance: &mut Chance) -> u32 {
    let wished = *chance.pick(&[80, 80, 90, 100]);
    if model.tank_ml > 0 { 100 } else { wished }
}

fn at_first(model: &Model, year: i32, chance: &mut Chance) -> Gauges {
    let age = i64::from(2027 - year);
    let mut part = |of: u32| of / 100 * u32::try_from(chance.between(35, 85)).unwrap_or(50);
    let (fuel_ml, battery_wh) = (part(model.tank_ml), part(model.battery_wh));
    let odometer_m = chance.between(6_000_000 * age, 19_000_000 * age).unsigned_abs();
    let since_service = chance.between(0, 13_000_000).unsigned_abs();
    Gauges { odometer_m, fuel_ml, battery_wh, serviced_at_m: odometer_m.saturating_sub(since_service) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_fleet_holds_all_kinds_of_cars() {
        let fleet: Vec<Car> = (0..18).map(|number| Car::draw(1, number)).collect();
        for powertrain in [Powertrain::Ice, Powertrain::Phev, Powertrain::Bev] {
            assert!(fleet.iter().any(|car| car.identity.powertrain == powertrain), "{powertrain:?}");
        }
        let miles = fleet.iter().filter(|car| car.unit == DistanceUnit::Miles).count();
        assert_eq!(miles, 3);
        assert!(fleet.iter().all(|car| (car.unit == DistanceUnit::Miles) == car.town.miles));
    }

    #[test]
    fn a_car_is_the_same_in_every_world_of_its_seed() {
        assert_eq!(Car::draw(4, 11), Car::draw(4, 11));
        assert_ne!(Car::draw(4, 11), Car::draw(5, 11));
    }

    #[test]
    fn local_days_follow_the_town() {
        let car = (0..60).map(|number| Car::draw(1, number)).find(|car| car.town.name == "Boise").unwrap();
        let at = DateTime::from_timestamp(1_780_000_000, 0).unwrap(); // 2026-05-28 20:26:40 UTC
        assert_eq!(car.local_date(at).to_string(), "2026-05-28");
        assert_eq!(car.local_date(at + Duration::hours(10)).to_string(), "2026-05-28");
        let noon = car.local_time(car.local_date(at), 720);
        assert_eq!(noon.to_rfc3339(), "2026-05-28T19:00:00+00:00");
    }
}
