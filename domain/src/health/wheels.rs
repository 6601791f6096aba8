//! The pressures of all tyres at one moment, made comparable with those of other days.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::structure::{fields, number};
use crate::reading::Milli;

/// Pressures are shown above this, in thousandths of a kPa: that of the air at sea level.
const AIR: i64 = 101_325;
/// Twenty degrees, in thousandths of a kelvin, and where the scale of Celsius begins.
const TWENTY: i64 = 293_150;
const ZERO: i64 = 273_150;
/// Less or more than this is no tyre, but a sensor that is missing.
const LEAST: i64 = 20_000;
const MOST: i64 = 1_000_000;
/// More wheels than a car with its trailer has are none.
const WHEELS: usize = 8;

/// The tyres of which something was said, each once, front left first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pressures {
    pub wheels: Vec<(u8, u8)>,
    /// Thousandths of a kPa, in the order of the wheels; 0: its sensor says nothing.
    pub shown: Vec<i64>,
}

/// What tyres held at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sample {
    /// Hours since 1970: days tell of leaks.
    pub hour: i64,
    /// As if it were twenty degrees, where it is known how warm it was.
    pub held: Vec<i64>,
}

impl Pressures {
    /// Reads the structure of a reading; `None` where it tells of no tyre.
    pub fn read(text: &str) -> Option<Self> {
        let column = |name| fields(text, name).map(|field| field.parse::<u8>().ok());
        let places = column("row").zip(column("column"));
        let mut all: Vec<((u8, u8), i64)> = places
            .zip(fields(text, "tirePressure"))
            .filter_map(|((row, column), shown)| {
                let shown = number(shown).map_or(0, |shown| shown.0);
                Some(((row?, column?), if (LEAST..=MOST).contains(&shown) { shown } else { 0 }))
            })
            .take(WHEELS)
            .collect();
        all.sort_unstable();
        all.dedup_by_key(|(place, _)| *place);
        let (wheels, shown): (Vec<_>, Vec<i64>) = all.into_iter().unzip();
        shown.iter().any(|shown| *shown > 0).then_some(Self { wheels, shown })
    }

    /// What they would show at twenty degrees: pressures above nothing grow with temperatures above absolute zero.
    pub fn sample(&self, at: DateTime<Utc>, celsius: Option<Milli>) -> Sample {
        let kelvin = celsius.map_or(TWENTY, |celsius| celsius.0 + ZERO).max(1);
        let held = |shown: &i64| if *shown == 0 { 0 } else { (shown + AIR) * TWENTY / kelvin - AIR };
        Sample { hour: at.timestamp() / 3_600, held: self.shown.iter().map(held).collect() }
    }
}

impl Sample {
    /// What this tyre holds more than the others (less: negative); absent where that cannot be said.
    pub fn beyond(&self, wheel: usize) -> Option<i64> {
        let own = self.held.get(wheel).copied().filter(|held| *held > 0)?;
        let others = self.held.iter().enumerate().filter(|(other, held)| *other != wheel && **held > 0);
        Some(own - median(others.map(|(_, held)| *held).collect())?)
    }
}

/// The middle one; of two middle ones, what lies between.
pub(super) fn median(mut numbers: Vec<i64>) -> Option<i64> {
    numbers.sort_unstable();
    let middle = numbers.len() / 2;
    let upper = *numbers.get(middle)?;
    let lower = numbers[(numbers.len() - 1) / 2];
    Some(i64::midpoint(lower, upper))
}
