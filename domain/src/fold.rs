//! The fold: what a car reported and what people said, in the order of the car's time, becomes its book.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::book::{Book, Entry};
use crate::fact::Fact;
use crate::odometer::Odometer;
use crate::reading::{Reading, Signal};

/// A reading and what is known of how it came.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Sighting {
    pub reading: Reading,
    /// A person pressed *Sync now* and it brought this reading (too).
    pub by_hand: bool,
}

/// One step of the fold. At the same moment, people speak first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moment {
    Fact(Fact),
    Sighting(Sighting),
}

impl Moment {
    pub const fn at(&self) -> DateTime<Utc> {
        match self {
            Self::Fact(fact) => fact.at(),
            Self::Sighting(sighting) => sighting.reading.at,
        }
    }
}

/// What the rules remember of a car.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VehicleState {
    pub odometer: Odometer,
}

/// Whether any rule looks at this signal. What no rule looks at is stored and not folded.
pub fn concerns(signal: &Signal) -> bool {
    signal.is(Signal::ODOMETER)
}

impl VehicleState {
    /// Takes in one moment. Total and pure: it cannot fail, and the same moments in the same order give the
    /// same state and the same book.
    pub fn step(&mut self, moment: &Moment, book: &mut Book) {
        match moment {
            Moment::Fact(fact) => self.odometer.told(*fact, book),
            Moment::Sighting(seen) if seen.reading.signal.is(Signal::ODOMETER) => {
                self.odometer.saw(&seen.reading, seen.by_hand, book);
            }
            Moment::Sighting(_) => {}
        }
    }

    /// The entries that later moments may still change or take back, whatever their age. A book that is
    /// folded on from this state begins with them.
    pub fn open_entries(&self) -> Vec<Entry> {
        self.odometer.open_entries()
    }
}
