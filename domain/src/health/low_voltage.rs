//! The 12 V battery, by the maker's word and by its charge. Its voltage is not delivered.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::Ailment;
use super::warning::Warning;
use crate::book::{Book, Entry};
use crate::fold::Scene;
use crate::reading::{Milli, Reading, Value};

/// Below these (thousandths of a percent) it is low, or about to fail.
const LOW: i64 = 50_000;
const FAILING: i64 = 20_000;
/// It is well again from here on.
const WELL: i64 = 55_000;
/// A maker's warning counts after this time: cold mornings pass.
const PATIENCE: TimeDelta = TimeDelta::hours(24);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Grade {
    Low,
    Failing,
}

/// Since when one source says that it is not well, at least so, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Doubt {
    grade: Grade,
    #[serde(with = "crate::moment")]
    since: DateTime<Utc>,
    #[serde(with = "crate::moment")]
    latest: DateTime<Utc>,
    is_repeated: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LowVoltage {
    word: Option<Doubt>,
    charge: Option<Doubt>,
    level: Option<Milli>,
    warning: Warning,
}

impl LowVoltage {
    pub fn saw(&mut self, reading: &Reading, scene: &Scene<'_>, book: &mut Book) {
        match &reading.value {
            Value::Text(word) => match word.as_str() {
                "GOOD" => self.word = None,
                "WARN" => self.word = Some(Doubt::next(self.word, Grade::Low, reading.at)),
                "BAD" => self.word = Some(Doubt::next(self.word, Grade::Failing, reading.at)),
                // A word that nobody knows.
                _ => {}
            },
            Value::Number(level) => {
                self.level = Some(*level);
                match level.0 {
                    // It tells nothing: a battery that is empty wakes no modem.
                    ..=0 => {}
                    1..FAILING => self.charge = Some(Doubt::next(self.charge, Grade::Failing, reading.at)),
                    FAILING..LOW => self.charge = Some(Doubt::next(self.charge, Grade::Low, reading.at)),
                    LOW..WELL => {}
                    WELL.. => self.charge = None,
                }
            }
            Value::Bool(_) | Value::Position(_) | Value::Structure(_) => {}
        }
        self.judge(reading, scene, book);
    }

    fn judge(&mut self, reading: &Reading, scene: &Scene<'_>, book: &mut Book) {
        let by_word = self.word.filter(|doubt| match doubt.grade {
            Grade::Failing => doubt.is_repeated,
            Grade::Low => doubt.latest - doubt.since >= PATIENCE,
        });
        let by_charge = self.charge.filter(|doubt| doubt.is_repeated);
        let grade = by_word.into_iter().chain(by_charge).map(|doubt| doubt.grade).max();
        match grade {
            Some(grade) => {
                let is_bad = self.word.is_some_and(|doubt| doubt.grade == Grade::Failing);
                let what = Ailment::LowVoltage { is_bad, level: self.level };
                self.warning.raise(reading, what, grade == Grade::Failing, scene, book);
            }
            None if self.word.is_none() && self.charge.is_none() => {
                self.warning.end(reading.at, scene, book);
            }
            None => {}
        }
    }

    pub fn open_entries(&self) -> Vec<Entry> {
        self.warning.open_entries()
    }
}

impl Doubt {
    fn next(before: Option<Self>, grade: Grade, at: DateTime<Utc>) -> Self {
        match before {
            Some(doubt) if doubt.grade == grade => {
                Self { latest: at, is_repeated: doubt.is_repeated || at > doubt.since, ..doubt }
            }
            // A maker that says worse of what was low is to say it twice, too.
            Some(_) | None => Self { grade, since: at, latest: at, is_repeated: false },
        }
    }
}
