//! From what a gauge reports to percent of the tank: which scale it has, and what is no level at all.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::reading::{Milli, Reading, Signal, Value};

/// A full tank, in percent.
pub(super) const FULL: Milli = Milli(100_000);
/// Percent: a gauge may overshoot so far; above it is nonsense.
const HIGHEST: Milli = Milli(105_000);
/// The same on a scale from nought to one.
const HIGHEST_FRACTION: Milli = Milli(1_050);
/// So many readings decide whether a gauge speaks in percent or in fractions of one.
const DECIDING: u8 = 5;
/// Percent: a tank that held as much is not empty the next time.
const NEARLY_EMPTY: Milli = Milli(10_000);
/// Litres and level that lie no further apart speak of the same tank at the same time.
const TOGETHER: TimeDelta = TimeDelta::minutes(15);
/// Percent: with less in it a tank's size cannot be told from its litres.
const TELLING: Milli = Milli(25_000);

/// How a car's gauge speaks: decided once, and kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Gauge {
    scale: Scale,
    last: Option<Milli>,
    /// The newest reading was a zero that nobody believes yet.
    zero: bool,
    litres: Option<Litres>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Scale {
    Undecided { fractions: u8, percents: u8, litres: u8 },
    Percent,
    Fraction,
    Litres,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Litres {
    #[serde(with = "chrono::serde::ts_milliseconds")]
    at: DateTime<Utc>,
    litres: Milli,
}

impl Default for Scale {
    fn default() -> Self {
        Self::Undecided { fractions: 0, percents: 0, litres: 0 }
    }
}

impl Gauge {
    /// The level in percent, if the reading is one.
    pub fn level(&mut self, reading: &Reading, tank: Option<Milli>) -> Option<Milli> {
        let Value::Number(number) = reading.value else { return None };
        let percent = if reading.signal.is(Signal::FUEL_LEVEL) {
            self.percent(number)?
        } else if reading.signal.is(Signal::FUEL_AMOUNT) {
            self.litres = Some(Litres { at: reading.at, litres: number });
            self.percent_of(number, tank?)?
        } else {
            return None;
        };
        self.believed(percent)
    }

    /// Litres that the tank holds, as the car itself tells by saying both the level and the litres in it.
    pub fn tank(&self, level: Milli, at: DateTime<Utc>) -> Option<Milli> {
        let said = self.litres.filter(|said| at - said.at <= TOGETHER)?;
        (self.scale != Scale::Litres && level >= TELLING).then(|| Milli(said.litres.0 * FULL.0 / level.0))
    }

    /// What a level was reported by, and as which number.
    pub fn reported(self, level: Milli, tank: Option<Milli>) -> (Signal, Value) {
        let (code, number) = match self.scale {
            Scale::Undecided { .. } | Scale::Percent => (Signal::FUEL_LEVEL, level.0),
            Scale::Fraction => (Signal::FUEL_LEVEL, level.0 / 100),
            Scale::Litres => (Signal::FUEL_AMOUNT, level.0 * tank.map_or(0, |tank| tank.0) / FULL.0),
        };
        (Signal::new(code), Value::Number(Milli(number)))
    }

    fn percent(&mut self, number: Milli) -> Option<Milli> {
        if let Scale::Undecided { fractions, percents, .. } = &mut self.scale {
            if number > HIGHEST_FRACTION {
                *percents += 1;
            } else if number.0 % 1000 != 0 {
                *fractions += 1;
            }
            let (fractions, percents) = (*fractions, *percents);
            if fractions + percents >= DECIDING {
                self.scale = if fractions > percents { Scale::Fraction } else { Scale::Percent };
            } else if percents <= fractions {
                return None;
            }
        }
        match self.scale {
            Scale::Undecided { .. } | Scale::Percent => Some(number),
            Scale::Fraction => Some(Milli(number.0 * 100)),
            Scale::Litres => None,
        }
    }

    /// A gauge that speaks in litres and never in percent counts, too.
    fn percent_of(&mut self, number: Milli, tank: Milli) -> Option<Milli> {
        if let Scale::Undecided { fractions: 0, percents: 0, litres } = &mut self.scale {
            *litres += 1;
            if *litres >= DECIDING {
                self.scale = Scale::Litres;
            }
        }
        (self.scale == Scale::Litres && tank.0 > 0).then(|| Milli(number.0 * FULL.0 / tank.0))
    }

    /// Zero is what a gauge says that has nothing to say, until it says so again.
    fn believed(&mut self, percent: Milli) -> Option<Milli> {
        if !(Milli(0)..=HIGHEST).contains(&percent) {
            return None;
        }
        if percent == Milli(0) {
            let again = std::mem::replace(&mut self.zero, true);
            if !again && self.last.is_none_or(|last| last >= NEARLY_EMPTY) {
                return None;
            }
        } else {
            self.zero = false;
        }
        let percent = percent.min(FULL);
        self.last = Some(percent);
        Some(percent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::TimeQuality;

    fn levels(code: &str, numbers: &[f64], tank: Option<f64>) -> Vec<Option<f64>> {
        let mut gauge = Gauge::default();
        let read = |number: &f64| {
            let reading = Reading {
                at: DateTime::UNIX_EPOCH,
                signal: Signal::new(code),
                value: Value::Number(Milli::from_f64(*number).unwrap()),
                quality: TimeQuality::Oem,
                original: None,
            };
            gauge.level(&reading, tank.map(|tank| Milli::from_f64(tank).unwrap())).map(Milli::to_f64)
        };
        numbers.iter().map(read).collect()
    }

    #[test]
    fn a_gauge_from_nought_to_one_is_known_after_five_readings_and_stays_so() {
        assert_eq!(
            levels(Signal::FUEL_LEVEL, &[0.5, 0.45, 0.4, 0.98, 0.97, 1.0, 60.0], None),
            [None, None, None, None, Some(97.0), Some(100.0), None]
        );
    }

    #[test]
    fn a_gauge_in_percent_may_say_one() {
        assert_eq!(
            levels(Signal::FUEL_LEVEL, &[3.0, 2.0, 1.0, 0.9], None),
            [Some(3.0), Some(2.0), Some(1.0), Some(0.9)]
        );
    }

    #[test]
    fn nonsense_is_no_level_and_zero_only_when_it_is_said_again() {
        assert_eq!(
            levels(Signal::FUEL_LEVEL, &[40.0, 0.0, 39.0, 255.0, -1.0, 104.0, 0.0, 0.0], None),
            [Some(40.0), None, Some(39.0), None, None, Some(100.0), None, Some(0.0)]
        );
        assert_eq!(levels(Signal::FUEL_LEVEL, &[4.0, 0.0], None), [Some(4.0), Some(0.0)]);
    }

    #[test]
    fn litres_are_a_level_of_a_known_tank() {
        let litres = [30.0, 30.0, 30.0, 30.0, 15.0, 60.0];
        assert_eq!(
            levels(Signal::FUEL_AMOUNT, &litres, Some(60.0)),
            [None, None, None, None, Some(25.0), Some(100.0)]
        );
        assert_eq!(levels(Signal::FUEL_AMOUNT, &litres, None), [None; 6]);
    }
}
