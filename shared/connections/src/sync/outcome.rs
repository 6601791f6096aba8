//! What asking a car came to, in the words that pages and schedules need.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// What asking a car came to.
#[derive(Debug, Clone, PartialEq)]
pub enum SyncOutcome {
    /// The book changed.
    Written { entries: Vec<EntryWritten>, readings_new: usize },
    /// The car says something new, and its mileage is in the book already.
    Duplicate { odometer_km: Option<f64>, readings_new: usize },
    /// The car says what it said before, or nothing that is not known.
    NothingNew { odometer_km: Option<f64> },
    /// Nobody was asked, or the answer is to ask later.
    Wait { until: DateTime<Utc>, why: WaitReason },
    /// The calls of this month are used up; `until` is when the next month begins.
    BudgetExhausted { until: DateTime<Utc> },
    /// Only the person can mend it.
    Reconnect(ReconnectReason),
}

/// A row of the mileage book that this sync wrote.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryWritten {
    /// `meter_entries.id`
    pub id: Uuid,
    pub odometer_km: f64,
    /// The moment at the car.
    pub at: DateTime<Utc>,
    pub action: EntryAction,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryAction {
    Inserted,
    Amended,
    Retracted,
}

/// Why a car is not asked now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitReason {
    /// The car sleeps, is offline or is being served.
    Asleep,
    /// The platform wants this car left alone for a while.
    VehicleLimit,
    /// The calls of the whole application are used up for the moment.
    ApplicationLimit,
    /// The maker of the car, or Smartcar, has trouble.
    MakeTrouble,
    /// Our account at Smartcar has to be looked after by the operator.
    Billing,
    /// The person has to do something in the maker's account first.
    OwnerAction,
}

/// Why the person has to connect again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReconnectReason {
    /// `CONNECTED_SERVICES_ACCOUNT`, `PERMISSION`, `OAUTH` …
    pub kind: String,
    pub code: Option<String>,
    /// For the person, in the platform's words. Text of others: escape it.
    pub message: Option<String>,
    /// Where the person can mend it (`https` only), if the platform says. To be shown as a link, never to be called.
    pub url: Option<String>,
}
