//! What Carvetka sync believes about cars: pure rules and types. No clock, no IO, no async.
//!
//! Start at [`fold`]: it takes what a car reported, in the order of the car's own time, and yields the
//! entries of its book. [`timeline`] says how late readings find their place, [`book`] how the outcome is
//! compared with what is stored, [`decision`] how people win over the machine.

pub mod alert;
pub mod battery;
pub mod book;
pub mod cadence;
pub mod charging;
pub mod decision;
pub mod distance;
pub mod fact;
pub mod fences;
pub mod fold;
pub mod fuel;
pub mod health;
pub mod moment;
pub mod motion;
pub mod odometer;
pub mod reading;
pub mod reminder;
pub mod rules;
pub mod setup;
pub mod tariff;
pub mod timeline;
pub mod trips;
mod undo;
pub mod within;

/// Raised whenever the same readings may give another book. A stored state of another version is not
/// folded on; the vehicle is replayed from its readings.
pub const RULES_VERSION: i32 = 2;
