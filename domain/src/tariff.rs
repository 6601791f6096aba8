//! What charging costs: tariffs as versioned objects, and a session's energy priced slot by slot.
//!
//! Which tariff counts is decided by the place, then by the network, then by the person's default ([`choice`]); which of its
//! versions and prices, by each moment. Unknown is never zero: what has no price makes the cost partial, and free is a
//! price of zero.

mod charge;
mod choice;
mod energy;
mod fees;
mod money;
mod parts;
mod reckon;
mod slots;
mod spread;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::charging::ChargingSession;
use crate::fact::RowId;
use crate::reading::Milli;
use crate::setup::{Currency, Setup};

pub use money::Micros;
pub use parts::{
    EnergyPrice, Meter, MinuteOfDay, MinutePrice, Minutes, Months, NoTime, Parts, Weekdays, When, WrongParts,
};

/// One version of a tariff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tariff {
    /// Of the version: what a cost was reckoned with.
    pub version: RowId,
    /// What it is a version of.
    pub tariff: RowId,
    pub name: String,
    /// Whose chargers it is for.
    pub network: Option<String>,
    /// It counts where no other does.
    pub is_default: bool,
    /// The fences that name it.
    pub fences: Vec<RowId>,
    pub valid_from: DateTime<Utc>,
    /// Exclusive.
    pub valid_to: Option<DateTime<Utc>>,
    pub currency: Currency,
    /// Whose clock its hours, weekdays and months are of.
    pub zone: Tz,
    pub parts: Parts,
}

/// What a session cost, as far as it can be said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    pub low: Micros,
    pub expected: Micros,
    pub high: Micros,
    pub currency: Currency,
    /// Thousandths of the energy that have a price: below 1000 the cost is partial.
    pub priced_share: u16,
    /// The versions that were used, each once.
    pub versions: Vec<RowId>,
    /// How the expected cost adds up, oldest first. None goes across a midnight of the tariff's clock, unless they were too many.
    pub lines: Vec<Line>,
}

/// A part of a cost. Its JSON is what pages read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    pub what: LineKind,
    pub from: DateTime<Utc>,
    /// Exclusive.
    pub to: DateTime<Utc>,
    /// Kilowatt hours as they are paid for; zero where none are.
    #[serde(with = "money::thousandths")]
    pub kwh: Milli,
    /// A kilowatt hour, a minute, or once: as `what` says.
    pub price: Micros,
    pub amount: Micros,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    Energy,
    /// By minutes at the plug.
    Connected,
    /// By minutes in which current flowed.
    Charging,
    /// By minutes at the plug after the current.
    Idle,
    SessionFee,
    Parking,
}

impl Tariff {
    /// The day of a moment by the tariff's clock.
    fn day(&self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.zone).date_naive()
    }
}

/// What the session cost by the tariffs of its people. `None`: no price is known for it. Unknown is never zero.
pub fn cost(session: &ChargingSession, setup: &Setup) -> Option<Cost> {
    reckon::cost(session, setup)
}
