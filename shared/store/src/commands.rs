//! `command_log`: what people told their cars to do.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// A command that is about to be sent.
#[derive(Debug)]
pub struct NewCommand<'a> {
    pub id: Uuid,
    pub vehicle_id: Uuid,
    pub car_id: Uuid,
    pub user_id: Uuid,
    /// A name in the Postgres enum `car_command`.
    pub command: &'a str,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Done,
    Refused,
    /// The platform did not say.
    Unknown,
}

impl Ending {
    /// The name in the Postgres enum `command_result`.
    const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        }
    }
}

/// Writes a command down before it is sent. Committed before, so that what may have been done is known.
pub async fn begin(
    db: &mut PgConnection,
    new: &NewCommand<'_>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO command_log (id, vehicle_id, car_id, user_id, command, sent_at)
         VALUES ($1, $2, $3, $4, $5::text::car_command, $6)",
        new.id,
        new.vehicle_id,
        new.car_id,
        new.user_id,
        new.command,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes what came of it.
pub async fn end(
    db: &mut PgConnection,
    id: Uuid,
    ending: Ending,
    reason: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE command_log SET result = $2::text::command_result, reason = $3, ended_at = $4 WHERE id = $1",
        id,
        ending.name(),
        reason,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}
