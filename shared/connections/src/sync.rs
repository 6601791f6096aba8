//! Asking a car, and giving its answer the way of every delivery.

use chrono::{DateTime, Utc};
use store::StoreError;
use uuid::Uuid;
use vault::Unopenable;

use crate::{Connections, RefreshError};

/// Who wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The schedule.
    Poll,
    /// A person pressed *Sync now*.
    Manual,
}

/// What asking a car came to.
#[derive(Debug, Clone, PartialEq)]
pub enum SyncOutcome {
    /// The book changed.
    Written { entries: Vec<EntryWritten>, readings_new: usize },
    /// The car says something new, and its mileage is in the book already.
    Duplicate { odometer_km: Option<f64>, readings_new: usize },
    /// The car says what it said before.
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
    /// `CONNECTED_SERVICES_ACCOUNT`, `PERMISSION`, `invalid_grant` …
    pub kind: String,
    pub code: Option<String>,
    /// For the person.
    pub message: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    #[error("there is no such connection")]
    NotConnected,
    #[error("cannot read or write what the car said")]
    Store(#[from] StoreError),
    #[error("cannot open a token")]
    Vault(#[from] Unopenable),
    #[error("cannot renew the tokens")]
    Refresh(#[from] RefreshError),
}

impl From<sqlx::Error> for SyncError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Connections {
    /// Asks the car for what is needed, and writes what follows.
    ///
    /// # Errors
    ///
    /// If there is no such connection; else trying again later may help.
    pub async fn sync_vehicle_data(
        &self,
        _vehicle: Uuid,
        _source: Source,
        _now: DateTime<Utc>,
    ) -> Result<SyncOutcome, SyncError> {
        let _db = self.pool.acquire().await?;
        Err(SyncError::NotConnected)
    }

    /// The same for a car of a user: what *Sync now* does.
    ///
    /// # Errors
    ///
    /// [`SyncError::NotConnected`] also for a car that is not theirs.
    pub async fn sync_car(
        &self,
        _user: Uuid,
        _car: Uuid,
        _now: DateTime<Utc>,
    ) -> Result<SyncOutcome, SyncError> {
        let _db = self.pool.acquire().await?;
        Err(SyncError::NotConnected)
    }
}
