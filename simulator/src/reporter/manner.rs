//! How a car reports if not as its make usually does: seldom, and with gauges that are not to be trusted.

use chrono::{DateTime, Utc};

use crate::chance::Chance;
use crate::world::{Cadence, Doing, Position, Segment};

/// What is different; nothing by default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Manner {
    /// The car speaks so often a day by a timer alone, whatever it does (1 to 24).
    pub reports_a_day: Option<i64>,
    /// The tank's gauge is off by up to so many points where the ground slopes.
    pub slope_points: i64,
    /// Gauges change by a point now and then although nothing happens, and so does the place by some metres.
    pub wobbles: bool,
    /// Nobody drives it.
    pub parked: bool,
}

/// Every third place to park is not level.
const SLOPING: f64 = 0.33;
/// So often a gauge that nothing moves shows a point more or less.
const RESTLESS: f64 = 0.08;
/// The most that a position is off, in millionths of a degree: some 25 metres.
const SCATTER_E6: i64 = 220;

impl Manner {
    /// When and how the car speaks, if a car of its make does so like this.
    pub(super) fn cadence(self, of_make: Cadence) -> Cadence {
        match self.reports_a_day {
            None => of_make,
            Some(reports) => {
                let reports = reports.clamp(1, 24);
                let (active_minutes, idle_hours) = (24 * 60 / reports, (24 / reports).max(1));
                Cadence { active_minutes, idle_hours, on_change: false, ..of_make }
            }
        }
    }

    /// What the tank's gauge shows too much, in points.
    pub(super) fn fuel_points(self, chance: &Chance, segment: &Segment, at: DateTime<Utc>) -> i64 {
        if matches!(segment.doing, Doing::Driving { .. }) {
            return 0;
        }
        let mut slope = chance.branch("slope", segment.from.timestamp());
        let slope =
            if slope.happens(SLOPING) { slope.between(-self.slope_points, self.slope_points) } else { 0 };
        slope + self.restless(chance, "restless tank", at)
    }

    /// What the battery's gauge shows too much, in points.
    pub(super) fn charge_points(self, chance: &Chance, at: DateTime<Utc>) -> i64 {
        self.restless(chance, "restless battery", at)
    }

    /// Where the receiver believes to be.
    pub(super) fn position(self, chance: &Chance, position: Position, at: DateTime<Utc>) -> Position {
        if !self.wobbles {
            return position;
        }
        let mut scatter = chance.branch("scatter", at.timestamp());
        let mut off = || i32::try_from(scatter.between(-SCATTER_E6, SCATTER_E6)).unwrap_or(0);
        Position { latitude_e6: position.latitude_e6 + off(), longitude_e6: position.longitude_e6 + off() }
    }

    fn restless(self, chance: &Chance, name: &str, at: DateTime<Utc>) -> i64 {
        let mut chance = chance.branch(name, at.timestamp());
        if self.wobbles && chance.happens(RESTLESS) { chance.between(-1, 1) } else { 0 }
    }
}
