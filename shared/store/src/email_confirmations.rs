//! `email_confirmations`: addresses that their owners have not confirmed yet. To such an address nothing is sent but a code.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// An address that waits for its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmation {
    pub email: String,
    /// Sealed for `email_confirmations/<user>/code`.
    pub code: String,
    pub expires_at: DateTime<Utc>,
    /// Wrong codes that were tried.
    pub tries: i16,
}

/// How often a person may ask for a code in a day, and how soon after the last one: nobody is to be pestered by us.
const MOST_A_DAY: i16 = 5;
const DAY: TimeDelta = TimeDelta::hours(24);
const REST: TimeDelta = TimeDelta::minutes(1);

/// Writes down that the person wants to confirm this address. `None` if they asked too often.
pub async fn ask(
    db: &mut PgConnection,
    user: Uuid,
    email: &str,
    sealed_code: &str,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<Option<()>, StoreError> {
    let asked = sqlx::query!(
        "INSERT INTO email_confirmations AS known (user_id, email, code, asked_at, expires_at, asked_first_at)
         VALUES ($1, $2, $3, $4, $5, $4)
         ON CONFLICT (user_id) DO UPDATE SET email = $2, code = $3, asked_at = $4, expires_at = $5, tries = 0,
           asked_times = CASE WHEN known.asked_first_at < $6 THEN 1 ELSE known.asked_times + 1 END,
           asked_first_at = CASE WHEN known.asked_first_at < $6 THEN $4 ELSE known.asked_first_at END
         WHERE known.asked_at < $7 AND (known.asked_times < $8 OR known.asked_first_at < $6)",
        user,
        email,
        sealed_code,
        now,
        expires_at,
        now - DAY,
        now - REST,
        MOST_A_DAY,
    )
    .execute(db)
    .await?;
    Ok((asked.rows_affected() > 0).then_some(()))
}

/// What the person has not confirmed yet.
pub async fn of(
    db: &mut PgConnection,
    user: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Confirmation>, StoreError> {
    let row = sqlx::query_as!(
        Confirmation,
        "SELECT email, code, expires_at, tries FROM email_confirmations WHERE user_id = $1 AND expires_at > $2",
        user,
        now,
    )
    .fetch_optional(db)
    .await?;
    Ok(row)
}

/// Counts one more try before it is looked at, so that no two of them count as one. `None` if there is nothing to try.
pub async fn try_one(
    db: &mut PgConnection,
    user: Uuid,
    now: DateTime<Utc>,
) -> Result<Option<Confirmation>, StoreError> {
    let row = sqlx::query_as!(
        Confirmation,
        "UPDATE email_confirmations SET tries = tries + 1 WHERE user_id = $1 AND expires_at > $2 AND tries < 100
         RETURNING email, code, expires_at, tries",
        user,
        now,
    )
    .fetch_optional(db)
    .await?;
    Ok(row)
}

/// It is confirmed. The row stays until it ends, for how often was asked.
pub async fn end(db: &mut PgConnection, user: Uuid, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query!("UPDATE email_confirmations SET expires_at = $2 WHERE user_id = $1", user, now)
        .execute(db)
        .await?;
    Ok(())
}
