//! What charging costs: tariffs as versioned objects, and a session's energy priced slot by slot.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::charging::ChargingSession;
use crate::fact::RowId;
use crate::setup::{Currency, Setup};

/// One version of a tariff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tariff {
    /// Of the version: what a cost was reckoned with.
    pub version: RowId,
    pub valid_from: DateTime<Utc>,
    /// Exclusive.
    pub valid_to: Option<DateTime<Utc>>,
    pub currency: Currency,
}

/// Millionths of the currency's unit: prices a kilowatt hour have four decimals and more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Micros(pub i64);

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
}

/// `None`: no tariff is known for it. Unknown is never zero.
pub fn cost(_session: &ChargingSession, _setup: &Setup) -> Option<Cost> {
    None
}
