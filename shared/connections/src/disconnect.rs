//! Leaving: consent is revoked at the platform, tokens are forgotten, and data if the person wants it.

use chrono::{DateTime, Utc};
use store::StoreError;
use uuid::Uuid;

use crate::Connections;

/// What disconnecting did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disconnected {
    /// The platform confirmed it. Else it is asked again until it does.
    pub is_revoked: bool,
    /// Rows of the mileage book that were deleted: those that no person had touched.
    pub entries_deleted: u64,
    pub readings_deleted: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum DisconnectError {
    /// 404.
    #[error("the user has no such connected car")]
    NotConnected,
    #[error("cannot read or write the connection")]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for DisconnectError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Connections {
    /// Disconnects a car of this user. From the first commit on nothing is taken in any more, whatever the platform says.
    ///
    /// # Errors
    ///
    /// If it is not connected, or the database cannot be reached.
    pub async fn disconnect_vehicle(
        &self,
        _user: Uuid,
        _car: Uuid,
        _delete_data: bool,
        _now: DateTime<Utc>,
    ) -> Result<Disconnected, DisconnectError> {
        let _db = self.pool.acquire().await?;
        Err(DisconnectError::NotConnected)
    }

    /// Revokes again what the platform did not confirm, up to `limit` of what is due. Gives how many are settled now.
    /// For a schedule: any number of processes may do it.
    ///
    /// # Errors
    ///
    /// If the database cannot be reached.
    pub async fn revoke_pending(&self, _limit: i64, _now: DateTime<Utc>) -> Result<usize, DisconnectError> {
        let _db = self.pool.acquire().await?;
        Ok(0)
    }
}
