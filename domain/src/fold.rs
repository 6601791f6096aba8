//! The fold: what a car reported and what people said, in the order of the car's time, becomes its book.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::book::{Book, Entry, EntryKey};
use crate::fact::Fact;
use crate::motion::{Mileage, Motion};
use crate::odometer::{Belief, Odometer};
use crate::reading::{Milli, Reading, Signal};
use crate::setup::Setup;
use crate::undo::Road;

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

/// A step as the rules see it that rest on the odometer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// The odometer is believed to show this.
    Odometer(Mileage),
    /// Any other signal.
    Reading(&'a Reading),
    Fact(&'a Fact),
}

/// What rules may look at beside the event and their own memory. The event is part of it already.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The moment because of which the event is looked at: its own, or a later one that made the road be told anew. What is
    /// concluded rests on it: every entry that is put because of this event has it as its `evidence.until`, never the event's own
    /// moment.
    pub until: DateTime<Utc>,
    pub setup: &'a Setup,
    pub motion: &'a Motion,
    /// Kilowatt hours that the battery holds, as far as it was learned.
    pub usable: Option<Milli>,
}

impl Moment {
    pub const fn at(&self) -> DateTime<Utc> {
        match self {
            Self::Fact(fact) => fact.at(),
            Self::Sighting(sighting) => sighting.reading.at,
        }
    }
}

impl Event<'_> {
    pub const fn at(&self) -> DateTime<Utc> {
        match self {
            Self::Odometer(mileage) => mileage.at,
            Self::Reading(reading) => reading.at,
            Self::Fact(fact) => fact.at(),
        }
    }
}

/// What the rules remember of a car.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VehicleState {
    pub odometer: Odometer,
    pub(crate) road: Road,
    /// The readings before the first one that was folded are gone: what was written of the car up to this moment cannot be
    /// concluded again, and stays.
    #[serde(with = "crate::moment::option")]
    pub kept_until: Option<DateTime<Utc>>,
}

/// The signals that rules look at. What no rule looks at is stored and not folded.
pub const FOLDED: [&str; 43] = [
    Signal::ODOMETER,
    Signal::FUEL_LEVEL,
    Signal::FUEL_AMOUNT,
    Signal::STATE_OF_CHARGE,
    Signal::BATTERY_CAPACITY,
    Signal::IS_CHARGING,
    Signal::CABLE_CONNECTED,
    Signal::CHARGING_STATUS,
    Signal::ENERGY_ADDED,
    Signal::WATTAGE,
    Signal::VOLTAGE,
    Signal::AMPERAGE,
    Signal::LOCATION,
    Signal::GEAR_STATE,
    Signal::SPEED,
    Signal::OUTSIDE_TEMPERATURE,
    Signal::IS_ONLINE,
    Signal::TIRES,
    Signal::OIL_LIFE,
    Signal::LOW_VOLTAGE_CHARGE,
    Signal::LOW_VOLTAGE_STATUS,
    Signal::TROUBLE_CODES,
    "diagnostics-abs",
    "diagnostics-activesafety",
    "diagnostics-airbag",
    "diagnostics-brakefluid",
    "diagnostics-driverassistance",
    "diagnostics-emissions",
    "diagnostics-evbatteryconditioning",
    "diagnostics-evcharging",
    "diagnostics-evdriveunit",
    "diagnostics-evhvbattery",
    "diagnostics-lighting",
    "diagnostics-mil",
    "diagnostics-oillife",
    "diagnostics-oilpressure",
    "diagnostics-oiltemperature",
    "diagnostics-telematics",
    "diagnostics-tirepressure",
    "diagnostics-tirepressuremonitoring",
    "diagnostics-transmission",
    "diagnostics-washerfluid",
    "diagnostics-waterinfuel",
];

/// Whether any rule looks at this signal.
pub fn concerns(signal: &Signal) -> bool {
    FOLDED.iter().any(|folded| signal.is(folded))
}

impl VehicleState {
    /// Takes in one moment. Total and pure: it cannot fail, and the same moments in the same order give the
    /// same state and the same book.
    pub fn step(&mut self, moment: &Moment, setup: &Setup, book: &mut Book) {
        if setup.mileage_only {
            return self.count(moment, book);
        }
        match moment {
            Moment::Sighting(seen) if seen.reading.signal.is(Signal::ODOMETER) => {
                match self.odometer.saw(&seen.reading, seen.by_hand, book) {
                    Belief::Unchanged => {}
                    Belief::Continues(point) => self.road.goes_on(point, setup, book),
                    Belief::Rewritten { newest_was_odd, points } => {
                        let until = moment.at();
                        self.road.was_another(newest_was_odd, &points, until, setup, book);
                    }
                }
            }
            Moment::Sighting(seen) => self.road.saw(&seen.reading, setup, book),
            Moment::Fact(fact) => {
                self.odometer.told(*fact, book);
                self.road.told(fact, setup, book);
            }
        }
    }

    /// Asks the odometer's rule alone.
    fn count(&mut self, moment: &Moment, book: &mut Book) {
        match moment {
            Moment::Sighting(Sighting { reading, by_hand }) if reading.signal.is(Signal::ODOMETER) => {
                let _ = self.odometer.saw(reading, *by_hand, book);
            }
            Moment::Sighting(_) => {}
            Moment::Fact(fact) => self.odometer.told(*fact, book),
        }
    }

    /// The entries that later moments may still change or take back, whatever their age. A book that is
    /// folded on from this state begins with them.
    pub fn open_entries(&self) -> Vec<Entry> {
        let mut open = self.odometer.open_entries();
        open.extend(self.road.open_entries());
        open
    }

    /// The keys under which later moments may still write, change or take back entries, whatever their age: of the open
    /// ones, and of those that were taken back only because of the newest odometer reading.
    pub fn open_keys(&self) -> Vec<EntryKey> {
        self.keys_of(&self.open_entries())
    }

    /// The same where the [open entries](Self::open_entries) are at hand.
    pub(crate) fn keys_of(&self, open: &[Entry]) -> Vec<EntryKey> {
        open.iter().map(Entry::key).chain(self.road.withdrawn().cloned()).collect()
    }
}
