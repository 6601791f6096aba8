//! A battery that loses much while the car stands.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::Ailment;
use super::warning::Warning;
use crate::book::{Book, Entry};
use crate::distance::Distance;
use crate::fold::Scene;
use crate::motion::{Mileage, STANDING};
use crate::reading::{Milli, Reading, Value};

/// Thousandths of a point a day that are too much, seen for so long.
const A_DAY: i64 = 1_500;
const LONG: TimeDelta = TimeDelta::days(3);
/// A rise of so much is charging, not the weather.
const RISE: i64 = 1_000;

/// A level while the car stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Level {
    #[serde(with = "crate::moment")]
    at: DateTime<Utc>,
    level: Milli,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Drain {
    /// Where it stands.
    travelled: Option<Distance>,
    first: Option<Level>,
    /// The newest, which counts once the odometer was read after it and the car still stood.
    newest: Option<Reading>,
    warning: Warning,
}

impl Drain {
    pub fn saw(&mut self, reading: &Reading, scene: &Scene<'_>, book: &mut Book) {
        let Value::Number(level) = reading.value else { return };
        // A car without a plug charges as it drives; zero is what cars say that do not know.
        if !scene.setup.may_plug_in() || level.0 <= 0 {
            return;
        }
        let here = Level { at: reading.at, level };
        let is_charged =
            |before: &Reading| matches!(before.value, Value::Number(before) if level.0 - before.0 >= RISE);
        if self.first.is_none() || self.newest.as_ref().is_some_and(is_charged) {
            self.first = Some(here);
            self.warning.end(reading.at, scene, book);
        }
        self.newest = Some(reading.clone());
    }

    pub fn came(&mut self, mileage: Mileage, scene: &Scene<'_>, book: &mut Book) {
        let stands = self.travelled.is_some_and(|since| {
            let way = mileage.travelled.minus(since);
            way <= STANDING && way >= Distance::ZERO.minus(STANDING)
        });
        if !stands {
            self.travelled = Some(mileage.travelled);
            // What was said before may be of before the drive.
            (self.first, self.newest) = (None, None);
            self.warning.end(mileage.at, scene, book);
            return;
        }
        let (Some(first), Some(newest)) = (&self.first, &self.newest) else { return };
        let Value::Number(level) = newest.value else { return };
        let stood = newest.at - first.at;
        if stood < LONG {
            return;
        }
        let a_day = (first.level.0 - level.0) * 86_400 / stood.num_seconds().max(1);
        if a_day > A_DAY {
            let newest = newest.clone();
            self.warning.raise(&newest, Ailment::ParasiticDrain { a_day: Milli(a_day) }, false, scene, book);
        }
    }

    pub fn open_entries(&self) -> Vec<Entry> {
        self.warning.open_entries()
    }
}
