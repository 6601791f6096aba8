//! A charging session as it stands in the book.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::book::{EntryState, Evidence};
use crate::distance::Distance;
use crate::motion::Place;
use crate::reading::Milli;
use crate::within::Within;

/// One stay at the plug.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargingSession {
    /// The moment of the first reading that speaks of it.
    #[serde(with = "crate::moment")]
    pub key: DateTime<Utc>,
    pub start: Within,
    /// Absent while it is going on, as far as the readings say.
    pub end: Option<Within>,
    /// Percent.
    pub start_level: Option<Milli>,
    /// Percent.
    pub end_level: Option<Milli>,
    /// What reached the battery.
    pub energy: Option<Energy>,
    /// What came from the grid.
    pub grid: Option<Energy>,
    pub current: Option<Current>,
    /// Watts.
    pub peak: Option<i64>,
    pub odometer: Option<Distance>,
    pub place: Option<Place>,
    /// When current flowed, oldest first; what lies between was only plugged in.
    pub segments: Vec<Segment>,
    /// The energy over time, oldest first, at most some hundred pieces: what prices by the hour are reckoned from. Adds up to
    /// `energy`.
    pub flow: Vec<Piece>,
    /// Nobody saw the charging itself: found from two levels.
    pub inferred: bool,
    pub state: EntryState,
    pub evidence: Evidence,
}

/// Watt hours, how far they may be off, and where they come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Energy {
    pub wh: i64,
    pub plus_minus_wh: i64,
    pub source: EnergySource,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EnergySource {
    /// The car's own counter.
    Counter,
    /// Power over time.
    Power,
    /// Level times capacity.
    Level,
    /// A wallbox, an invoice or a person.
    Meter,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Current {
    Alternating,
    Direct,
}

/// Current that flowed without a break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    pub start: Within,
    pub end: Option<Within>,
    /// Percent.
    pub start_level: Option<Milli>,
    /// Percent.
    pub end_level: Option<Milli>,
    pub wh: Option<i64>,
}

/// So much energy reached the battery between two moments (from inclusive, to exclusive), evenly as far as anybody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    #[serde(with = "chrono::serde::ts_milliseconds")]
    pub from: DateTime<Utc>,
    #[serde(with = "chrono::serde::ts_milliseconds")]
    pub to: DateTime<Utc>,
    pub wh: i64,
}

/// A session that nothing but a late reading can change any more, and what only the battery's rule asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    pub session: ChargingSession,
    /// Outside, on the average, if the car told.
    pub celsius: Option<Milli>,
    /// How long the car stood afterwards, at least.
    pub rested: TimeDelta,
}
