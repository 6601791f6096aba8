//! Battery health: what the battery holds, estimated from sessions that can tell, with how far it may be off.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::book::{Book, Entry, Evidence};
use crate::charging::ChargingSession;
use crate::fold::Scene;
use crate::reading::Milli;

/// What the sessions of one month say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatteryEstimate {
    /// The month's first moment, UTC.
    pub month: DateTime<Utc>,
    /// Kilowatt hours between empty and full.
    pub usable: Milli,
    pub plus_minus: Milli,
    /// Percent of what it held when it was new (or as first known), where that is known.
    pub health: Option<Milli>,
    /// Percentage points a year; absent until there are enough months.
    pub trend: Option<Milli>,
    pub sessions: u16,
    pub evidence: Evidence,
}

/// What the rule remembers of a car.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Battery {}

impl Battery {
    /// Takes in a session that nothing but a late reading can change any more.
    pub fn charged(&mut self, _session: &ChargingSession, _scene: &Scene<'_>, _book: &mut Book) {}

    /// The entries that a later moment may still change or take back.
    pub fn open_entries(&self) -> Vec<Entry> {
        Vec::new()
    }

    /// Kilowatt hours that the battery holds, as far as was learned.
    pub fn usable(&self) -> Option<Milli> {
        None
    }
}
