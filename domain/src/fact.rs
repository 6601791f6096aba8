//! What a person said: a dated fact that the fold takes in beside the readings.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::distance::Distance;
use crate::reading::Milli;

/// The id of a row that a person wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RowId(pub u128);

/// Facts are ordered like readings: by moment, then by what they say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Fact {
    /// An entry that a person typed or imported into the book.
    MeterEntry {
        #[serde(with = "crate::moment")]
        at: DateTime<Utc>,
        odometer: Distance,
        row: RowId,
    },
    /// A person confirmed that the counter was changed: what comes from here on is a new series.
    OdometerReplaced {
        #[serde(with = "crate::moment")]
        at: DateTime<Utc>,
    },
    /// A fill-up that a person typed or imported, or of which there is a receipt.
    FillUp {
        #[serde(with = "crate::moment")]
        at: DateTime<Utc>,
        litres: Milli,
        full: Option<bool>,
        odometer: Option<Distance>,
        row: RowId,
    },
}

impl Fact {
    pub const fn at(&self) -> DateTime<Utc> {
        match self {
            Self::MeterEntry { at, .. } | Self::OdometerReplaced { at } | Self::FillUp { at, .. } => *at,
        }
    }
}
