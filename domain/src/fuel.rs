//! Fill-ups: when the tank was filled and by how much, from a gauge that is coarse, slopes and speaks seldom.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::book::{Book, Entry, EntryState, Evidence};
use crate::distance::Distance;
use crate::fold::{Event, Scene};
use crate::motion::Place;
use crate::reading::Milli;
use crate::setup::Currency;
use crate::within::Within;

/// A line of the fuel book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FillUp {
    /// From the last low to the first high reading.
    pub between: Within,
    /// Percent.
    pub level_before: Milli,
    /// Percent.
    pub level_after: Milli,
    /// Litres, and how far they may be off; absent while the tank's size is not known.
    pub litres: Option<Litres>,
    pub odometer: Option<Distance>,
    pub place: Option<Place>,
    pub full: bool,
    /// A fill-up before this one was probably not seen: no economy follows from it.
    pub missed_previous: bool,
    /// Litres per 100 km since the fill-up before, corrected by the levels.
    pub economy: Option<Milli>,
    /// Litres per 100 km since the last full tank, as at the pump.
    pub economy_at_pump: Option<Milli>,
    pub state: EntryState,
    pub evidence: Evidence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Litres {
    pub amount: Milli,
    pub plus_minus: Milli,
}

/// What people paid at the pump: the last price counts, else a usual one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FuelPrices {
    /// Oldest first.
    pub paid: Vec<FuelPrice>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FuelPrice {
    pub at: DateTime<Utc>,
    /// Money a litre, in thousandths.
    pub per_litre: Milli,
    pub currency: Currency,
}

/// What the rule remembers of a car.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fuel {}

impl Fuel {
    pub fn take(&mut self, _event: &Event<'_>, _scene: &Scene<'_>, _book: &mut Book) {}

    /// The entries that a later moment may still change or take back.
    pub fn open_entries(&self) -> Vec<Entry> {
        Vec::new()
    }

    /// The fill-up that was seen last.
    pub fn last(&self) -> Option<Within> {
        None
    }
}
