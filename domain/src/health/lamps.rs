//! What the car's own checks say of its systems: `OK`, `ALERT`.

use serde::{Deserialize, Serialize};

use super::faults::Faults;
use super::{Ailment, structure};
use crate::book::{Book, Entry};
use crate::fold::Scene;
use crate::reading::Reading;

/// What the signals of all systems begin with.
const PREFIX: &str = "diagnostics-";
/// Who drives on with one of these not well may be hurt, or break the car.
const GRAVE: [&str; 9] = [
    "abs",
    "airbag",
    "brakefluid",
    "evhvbattery",
    "mil",
    "oilpressure",
    "oiltemperature",
    "tirepressure",
    "transmission",
];

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Lamps {
    faults: Faults,
}

/// The system that a signal is about.
pub(super) fn system(signal: &str) -> Option<&str> {
    signal.strip_prefix(PREFIX)
}

impl Lamps {
    pub fn saw(&mut self, system: &str, reading: &Reading, scene: &Scene<'_>, book: &mut Book) {
        let status =
            structure::text(&reading.value).and_then(|text| structure::fields(text, "status").next());
        match status {
            Some("ALERT") if !self.faults.is_active(system) => {
                let what = |systems: Vec<String>| {
                    let is_grave = systems.iter().any(|system| GRAVE.contains(&system.as_str()));
                    (Ailment::WarningLamps { systems }, is_grave)
                };
                self.faults.begin(&[system], reading, what, scene, book);
            }
            Some("OK") if self.faults.is_active(system) => {
                self.faults.end(system, reading.at, scene, book);
            }
            // It says what it said before, or a word that nobody knows.
            Some(_) | None => {}
        }
    }

    pub fn open_entries(&self) -> Vec<Entry> {
        self.faults.open_entries()
    }
}
