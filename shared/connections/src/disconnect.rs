//! Leaving: consent is revoked at the platform, tokens are forgotten, and data if the person wants it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use smartcar::client::{Advice, ApiVersion, VehicleRef};
use store::erasure::{self, Erased};
use store::revocations::{self, Pending};
use store::vehicles::connecting::{self, Ended};
use store::{StoreError, act_as_machine, grants, vehicles};
use tokio::time::timeout;
use tracing::warn;
use uuid::Uuid;

use crate::Connections;
use crate::tokens::Usable;

/// As long as a person is kept waiting for the platform; it is told again if that is too short.
const AT_ONCE: Duration = Duration::from_secs(10);
/// Nobody else tries meanwhile.
const LEASE: TimeDelta = TimeDelta::minutes(1);
/// Then the platform is not told any more: tokens are forgotten, and the consent ends by itself.
const GIVE_UP: TimeDelta = TimeDelta::days(14);

/// Nobody takes so long between the consent and the connection.
const ABANDONED: TimeDelta = TimeDelta::hours(1);

/// What disconnecting did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disconnected {
    /// The platform confirmed it. Else it is told again until it does.
    pub is_revoked: bool,
    /// Rows of the books that were deleted: those that no person had touched.
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
    /// Disconnects a car of this user. From the first commit on nothing is taken in any more, whatever the platform says. Who
    /// disconnected it before may still have its data deleted.
    ///
    /// # Errors
    ///
    /// If it is not connected, or the database cannot be reached.
    pub async fn disconnect_vehicle(
        &self,
        user: Uuid,
        car: Uuid,
        delete_data: bool,
        now: DateTime<Utc>,
    ) -> Result<Disconnected, DisconnectError> {
        let mut tx = self.pool().begin().await?;
        act_as_machine(&mut tx).await?;
        let ever = connecting::ever_of_car(&mut tx, user, car).await?;
        let is_connected = connecting::of_car(&mut tx, user, car).await?.is_some();
        if ever.is_empty() || !(is_connected || delete_data) {
            return Err(DisconnectError::NotConnected);
        }
        // Whoever folds this car right now comes to an end first, and whoever comes next looks at it anew.
        vehicles::lock(&mut tx, &ever).await?;
        let ended = connecting::disconnect(&mut tx, car, None).await?;
        for one in &ended {
            revocations::note(&mut tx, one, LEASE, now).await?;
        }
        let erased = if delete_data { erasure::erase(&mut tx, car, now).await? } else { Erased::default() };
        tx.commit().await?;
        let mut is_revoked = true;
        for one in &ended {
            is_revoked &= self.revoke(&pending(one.clone(), now), now).await?;
        }
        Ok(Disconnected { is_revoked, entries_deleted: erased.entries, readings_deleted: erased.readings })
    }

    /// Tells the platform again of what it did not confirm, and of cars that were deleted, up to `limit` of what is due;
    /// forgets tokens that nothing uses. Gives how many revocations are settled now.
    /// For a schedule: any number of processes may do it.
    ///
    /// # Errors
    ///
    /// If the database cannot be reached.
    pub async fn revoke_pending(&self, limit: i64, now: DateTime<Utc>) -> Result<usize, DisconnectError> {
        let mut db = self.pool().acquire().await?;
        let due = revocations::lease(&mut db, LEASE, limit, now).await?;
        grants::forget_abandoned(&mut db, now - ABANDONED).await?;
        drop(db);
        let mut settled = 0;
        for one in due {
            settled += usize::from(self.revoke(&one, now).await?);
        }
        Ok(settled)
    }

    /// Tells the platform, and forgets the tokens if it confirms.
    pub(crate) async fn revoke(&self, one: &Pending, now: DateTime<Utc>) -> Result<bool, DisconnectError> {
        let mut db = self.pool().acquire().await?;
        let is_used = revocations::is_used_otherwise(
            &mut db,
            &one.smartcar_vehicle_id,
            one.smartcar_user_id.as_deref(),
        )
        .await?;
        drop(db);
        // Connected again meanwhile, perhaps to another car: it is this very consent that would end.
        let is_settled = is_used || self.tell(one, now).await;
        let gives_up = !is_settled && one.asked_at + GIVE_UP < now;
        if gives_up {
            warn!(vehicle.id = %one.vehicle_id, "the platform never confirmed that a consent was taken back");
        }
        if !(is_settled || gives_up) {
            return Ok(false);
        }
        let mut tx = self.pool().begin().await?;
        revocations::settle(&mut tx, one.vehicle_id).await?;
        if let Some(grant) = one.grant_id {
            grants::forget_unused(&mut tx, grant).await?;
        }
        tx.commit().await?;
        Ok(is_settled)
    }

    /// Whether the platform confirms that the consent is over. Best effort: why it does not is its business.
    async fn tell(&self, one: &Pending, now: DateTime<Utc>) -> bool {
        let usable = match one.grant_id {
            Some(grant) => match timeout(AT_ONCE, self.usable(grant, now)).await {
                Ok(Ok(usable)) => usable,
                Ok(Err(_)) | Err(_) => return false,
            },
            // The user is gone, and the grant with them. With v3 the application can end the consent all the same.
            None if self.client().api_version() == ApiVersion::V3 && one.smartcar_user_id.is_some() => {
                Usable::Application
            }
            None => return true,
        };
        let Some(access) = usable.access(one.smartcar_user_id.as_deref()) else {
            // Tokens that are dead open nothing any more; that the consent stands at the platform, nobody here can change.
            return !matches!(usable, Usable::Application);
        };
        let about = VehicleRef {
            smartcar_vehicle_id: one.smartcar_vehicle_id.clone(),
            smartcar_user_id: one.smartcar_user_id.clone(),
            ..VehicleRef::default()
        };
        match timeout(AT_ONCE, self.client().disconnect(access, &about)).await {
            Ok(Ok(())) => true,
            // It is over already.
            Ok(Err(error)) => error.advice == Advice::Reauthenticate || error.status == Some(404),
            Err(_) => false,
        }
    }
}

pub(crate) fn pending(ended: Ended, now: DateTime<Utc>) -> Pending {
    Pending {
        vehicle_id: ended.id,
        smartcar_vehicle_id: ended.smartcar_vehicle_id,
        smartcar_user_id: ended.smartcar_user_id,
        grant_id: ended.grant_id,
        asked_at: now,
        tries: 0,
    }
}
