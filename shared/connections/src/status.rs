//! What the badge on a car's page shows.

use chrono::{DateTime, Utc};
use store::StoreError;
use uuid::Uuid;

use crate::Connections;
use crate::sync::{ReconnectReason, WaitReason};

/// All that is known of a car's connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub car_id: Uuid,
    pub badge: Badge,
    /// `smartcar_vehicles.id`; also of a connection that is over.
    pub vehicle_id: Option<Uuid>,
    pub connected_at: Option<DateTime<Utc>>,
    /// When the car was last heard of, to the minute.
    pub last_synced_at: Option<DateTime<Utc>>,
    pub location_consent: bool,
    /// Newest first.
    pub signals: Vec<SignalSeen>,
    /// The consent ends then unless the car is heard of before, and that is soon: a person should be told.
    pub consent_expires_at: Option<DateTime<Utc>>,
    /// The car is left alone until then.
    pub rests: Option<(DateTime<Utc>, WaitReason)>,
    /// What is left of this month's calls.
    pub calls_left: i64,
}

/// The one word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Badge {
    NotConnected,
    Connected,
    /// Connected, and silent for longer than a car should be.
    Stale,
    ReconnectNeeded(ReconnectReason),
}

/// When a signal was last said, in the car's own time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignalSeen {
    pub signal: String,
    pub at: DateTime<Utc>,
}

#[derive(Debug, thiserror::Error)]
pub enum StatusError {
    /// 404.
    #[error("the user has no such car")]
    NoSuchCar,
    #[error("cannot read the connection")]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for StatusError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Connections {
    /// How a car of this user is connected.
    ///
    /// # Errors
    ///
    /// If the car is not theirs, or the database cannot be reached.
    pub async fn status(&self, _user: Uuid, _car: Uuid, _now: DateTime<Utc>) -> Result<Status, StatusError> {
        let _db = self.pool.acquire().await?;
        Err(StatusError::NoSuchCar)
    }
}
