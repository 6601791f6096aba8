//! Trips: from one standing to the next, as long as the odometer says.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::book::{Book, Entry, EntryState, Evidence};
use crate::distance::Distance;
use crate::fact::RowId;
use crate::fold::{Event, Scene};
use crate::motion::Place;
use crate::reading::Milli;
use crate::within::Within;

/// A line of the driver's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trip {
    pub start: Within,
    /// Absent while the car is on its way, as far as the readings say.
    pub end: Option<Within>,
    /// By the odometer; of a car without one at least this much, by places and speeds.
    pub distance: Distance,
    pub odometer_before: Option<Distance>,
    pub odometer_after: Option<Distance>,
    pub from: Option<Place>,
    pub to: Option<Place>,
    pub what: Journey,
    pub purpose: Option<Purpose>,
    /// Percent of the tank, where enough was burnt to be measured.
    pub fuel_used: Option<Milli>,
    /// Percent of the battery, where enough was used to be measured.
    pub charge_used: Option<Milli>,
    pub state: EntryState,
    pub evidence: Evidence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Journey {
    /// One drive.
    Drive,
    /// So many kilometres in a long time without readings: the distance is sure, one drive or several is not.
    Movement,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Purpose {
    Business,
    Private,
}

/// Which trips are of which purpose; the first rule that fits counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurposeRule {
    pub purpose: Purpose,
    /// One of these fences is where the trip began or ended; empty: anywhere.
    pub fences: Vec<RowId>,
    /// On which weekdays it began, Monday first.
    pub weekdays: [bool; 7],
    /// Between these minutes of the day it began, by the people's clock: from inclusive, to exclusive; across midnight if `to`
    /// is not after `from`.
    pub from_minute: u16,
    pub to_minute: u16,
}

/// A time in which people wanted to know when the standing car leaves its place: from inclusive, until exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    pub from: DateTime<Utc>,
    /// Absent while it goes on.
    pub until: Option<DateTime<Utc>>,
}

/// What the rule remembers of a car.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trips {}

/// What other rules saw that a trip has to respect.
#[derive(Debug, Clone, Copy)]
pub struct Stops {
    pub filled: Option<Within>,
    pub charged: Option<Within>,
}

impl Trips {
    pub fn take(&mut self, _event: &Event<'_>, _stops: Stops, _scene: &Scene<'_>, _book: &mut Book) {}

    /// The entries that a later moment may still change or take back.
    pub fn open_entries(&self) -> Vec<Entry> {
        Vec::new()
    }
}
