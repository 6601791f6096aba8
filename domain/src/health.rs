//! What the car says of its own condition: tyres, the small battery, oil, trouble codes, lamps, a battery that drains.
//!
//! Each is watched by a rule of its own. A condition becomes an alert when it is sure, and the alert is told to be over when the
//! car says so, with some distance in between, so that nothing flickers. What is grave is suggested to be looked at, too.

mod codes;
mod drain;
mod faults;
mod lamps;
mod low_voltage;
mod oil;
mod structure;
mod tyres;
mod warning;
mod wheels;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::book::{Book, Entry};
use crate::fold::{Event, Scene};
use crate::reading::{Milli, Reading, Signal};

use codes::Codes;
use drain::Drain;
use lamps::Lamps;
use low_voltage::LowVoltage;
use oil::Oil;
use tyres::Tyres;

/// Something of the car's own condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    pub what: Ailment,
    /// It should be looked after now.
    pub is_grave: bool,
    /// The car showed then that it is so no more.
    #[serde(with = "crate::moment::option")]
    pub over: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ailment {
    /// These tyres hold much less than they use to, or than any tyre should (kPa).
    TyreLow { wheels: Vec<Wheel> },
    /// Of the two tyres of an axle (0: the front), one holds more than the other by so many kPa.
    TyresUneven { axle: u8, apart: Milli },
    /// It loses so many kPa a week more than the others.
    TyreLeaks { row: u8, column: u8, a_week: Milli },
    /// It lost much within a day, and the others did not (kPa).
    TyreLosesFast { row: u8, column: u8, from: Milli, to: Milli },
    /// The 12 V battery: the maker's own word, percent.
    LowVoltage { is_bad: bool, level: Option<Milli> },
    /// Percent of the oil's life that are left.
    OilLow { life: Milli },
    /// Points of the oil's life for a thousand kilometres: more than twice as many as before.
    OilWearsFast { now: Milli, before: Milli },
    /// The oil's life rose as it does when the oil is changed: was it?
    OilRenewed { from: Milli, to: Milli },
    /// Trouble codes that the car did not have before.
    TroubleCodes { codes: Vec<String> },
    /// Trouble codes that come again and again.
    TroubleCodesReturn { codes: Vec<String> },
    /// Systems of which the car says that they are not well, in the platform's words: `oilpressure`.
    WarningLamps { systems: Vec<String> },
    /// The standing car's battery loses so many points a day.
    ParasiticDrain { a_day: Milli },
}

/// A tyre, by its place: row 0 is the front, column 0 the left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wheel {
    pub row: u8,
    pub column: u8,
    pub pressure: Milli,
    /// What it uses to hold.
    pub usual: Option<Milli>,
}

/// What the rules of the car's condition remember.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    tyres: Tyres,
    low_voltage: LowVoltage,
    oil: Oil,
    codes: Codes,
    lamps: Lamps,
    drain: Drain,
}

impl Health {
    pub fn take(&mut self, event: &Event<'_>, scene: &Scene<'_>, book: &mut Book) {
        match event {
            Event::Odometer(mileage) => self.drain.came(*mileage, scene, book),
            Event::Reading(reading) => self.saw(reading, scene, book),
            Event::Fact(_) => {}
        }
    }

    fn saw(&mut self, reading: &Reading, scene: &Scene<'_>, book: &mut Book) {
        match reading.signal.as_str() {
            Signal::TIRES => self.tyres.saw(reading, scene, book),
            Signal::OUTSIDE_TEMPERATURE => self.tyres.felt(reading),
            Signal::LOW_VOLTAGE_STATUS | Signal::LOW_VOLTAGE_CHARGE => {
                self.low_voltage.saw(reading, scene, book);
            }
            Signal::OIL_LIFE => self.oil.saw(reading, scene, book),
            Signal::TROUBLE_CODES => self.codes.saw(reading, scene, book),
            Signal::STATE_OF_CHARGE => self.drain.saw(reading, scene, book),
            other => {
                if let Some(system) = lamps::system(other) {
                    self.lamps.saw(system, reading, scene, book);
                }
            }
        }
    }

    /// The entries that a later moment may still change or take back.
    pub fn open_entries(&self) -> Vec<Entry> {
        let mut open = self.tyres.open_entries();
        open.extend(self.low_voltage.open_entries());
        open.extend(self.oil.open_entries());
        open.extend(self.codes.open_entries());
        open.extend(self.lamps.open_entries());
        open.extend(self.drain.open_entries());
        open
    }
}
