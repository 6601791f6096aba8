//! What a line of a file says, whichever program wrote it. The same form goes out: what is exported can be imported.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, Serializer};

use crate::number::Number;

/// Which book a record belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    MeterEntries,
    FuelEntries,
    ChargingSessions,
    Trips,
    Expenses,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Record {
    Meter(MeterEntry),
    Fuel(FuelEntry),
    Charging(Box<ChargingSession>),
    Trip(Box<Trip>),
    Expense(Expense),
}

/// A moment as a file tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When {
    pub at: DateTime<Utc>,
    /// Only the day was told; `at` is its noon.
    pub whole_day: bool,
}

/// What the machine thought of an entry, or a person said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Candidate,
    Recorded,
    Hidden,
    Confirmed,
}

/// A line of the mileage book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MeterEntry {
    pub entry_date: When,
    pub odometer_km: Number,
    pub notes: Option<String>,
}

/// A fill-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FuelEntry {
    pub filled_at: When,
    pub litres: Option<Number>,
    pub odometer_km: Option<Number>,
    pub full_tank: Option<bool>,
    pub missed_previous: Option<bool>,
    pub price_per_litre: Option<Number>,
    pub total_cost: Option<Number>,
    /// ISO 4217, of both amounts.
    pub currency: Option<String>,
    pub state: Option<State>,
    pub notes: Option<String>,
}

/// A stay at the plug. It began after the first moment and not after the second; likewise its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChargingSession {
    pub started_after: DateTime<Utc>,
    pub started_at: When,
    /// Both absent while it goes on.
    pub ended_after: Option<DateTime<Utc>>,
    pub ended_at: Option<When>,
    /// Percent.
    pub start_soc: Option<Number>,
    /// Percent.
    pub end_soc: Option<Number>,
    /// What reached the battery.
    pub energy_kwh: Option<Number>,
    /// What came from the grid.
    pub grid_kwh: Option<Number>,
    /// `AC` or `DC`.
    pub current_type: Option<String>,
    pub peak_kw: Option<Number>,
    pub odometer_km: Option<Number>,
    pub latitude: Option<Number>,
    pub longitude: Option<Number>,
    pub private_zone: Option<String>,
    pub cost: Option<Number>,
    /// ISO 4217.
    pub currency: Option<String>,
    pub inferred: Option<bool>,
    pub state: Option<State>,
    /// When current flowed, as JSON.
    pub segments: Option<String>,
    /// The energy over time, as JSON.
    pub flow: Option<String>,
    pub notes: Option<String>,
}

/// A line of the driver's log. It began after the first moment and not after the second; likewise its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Trip {
    pub started_after: DateTime<Utc>,
    pub started_at: When,
    /// Both absent while it goes on.
    pub ended_after: Option<DateTime<Utc>>,
    pub ended_at: Option<When>,
    pub distance_km: Number,
    pub odometer_before_km: Option<Number>,
    pub odometer_after_km: Option<Number>,
    pub from_latitude: Option<Number>,
    pub from_longitude: Option<Number>,
    pub from_private_zone: Option<String>,
    pub to_latitude: Option<Number>,
    pub to_longitude: Option<Number>,
    pub to_private_zone: Option<String>,
    /// `drive` or `movement`.
    pub what: Option<String>,
    /// `business` or `private`.
    pub purpose: Option<String>,
    /// Percent of the tank.
    pub fuel_used_percent: Option<Number>,
    /// Percent of the battery.
    pub charge_used_percent: Option<Number>,
    pub state: Option<State>,
    pub notes: Option<String>,
}

/// What the car cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Expense {
    pub occurred_at: When,
    pub category: String,
    /// Below zero: a refund.
    pub amount: Number,
    /// ISO 4217.
    pub currency: Option<String>,
    pub odometer_km: Option<Number>,
    pub notes: Option<String>,
}

impl Kind {
    pub const ALL: [Self; 5] =
        [Self::MeterEntries, Self::FuelEntries, Self::ChargingSessions, Self::Trips, Self::Expenses];

    /// As addresses and files are called: `fuel-entries`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MeterEntries => "meter-entries",
            Self::FuelEntries => "fuel-entries",
            Self::ChargingSessions => "charging-sessions",
            Self::Trips => "trips",
            Self::Expenses => "expenses",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl Record {
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Meter(_) => Kind::MeterEntries,
            Self::Fuel(_) => Kind::FuelEntries,
            Self::Charging(_) => Kind::ChargingSessions,
            Self::Trip(_) => Kind::Trips,
            Self::Expense(_) => Kind::Expenses,
        }
    }

    /// When it happened; for what takes time, when it began.
    pub fn when(&self) -> When {
        match self {
            Self::Meter(entry) => entry.entry_date,
            Self::Fuel(entry) => entry.filled_at,
            Self::Charging(session) => session.started_at,
            Self::Trip(trip) => trip.started_at,
            Self::Expense(expense) => expense.occurred_at,
        }
    }
}

impl When {
    pub const fn exactly(at: DateTime<Utc>) -> Self {
        Self { at, whole_day: false }
    }
}

impl Serialize for When {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.at.serialize(to)
    }
}

impl State {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Candidate => "candidate",
            Self::Recorded => "recorded",
            Self::Hidden => "hidden",
            Self::Confirmed => "confirmed",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        [Self::Candidate, Self::Recorded, Self::Hidden, Self::Confirmed]
            .into_iter()
            .find(|state| state.name() == name)
    }
}
