//! `connect_attempts`: people on their way to the consent page and back.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::grants::ApiVersion;

/// What somebody began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    pub user_id: Uuid,
    pub car_id: Uuid,
    pub api_version: ApiVersion,
    pub external_id: String,
    pub scopes: Vec<String>,
    pub location_consent: bool,
    pub popup: bool,
    pub return_to: Option<String>,
}

/// The marks by which an attempt is found again: hashes, of 32 bytes each.
#[derive(Debug, Clone, Copy)]
pub struct Marks<'a> {
    pub state_hash: &'a [u8],
    pub browser_hash: &'a [u8],
}

/// What came of bringing an attempt back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Consumed {
    /// From now on nobody else has it.
    Taken(Attempt),
    /// There is no such attempt.
    Unknown,
    Expired(Attempt),
    Used(Attempt),
    /// Another browser began it. It stays as it was.
    Foreign,
    /// This code came back before.
    CodeUsed(Attempt),
}

pub async fn insert(
    db: &mut PgConnection,
    attempt: &Attempt,
    marks: Marks<'_>,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO connect_attempts
           (state_hash, browser_hash, user_id, car_id, api_version, external_id, scopes, location_consent, popup, return_to, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5::text::smartcar_api_version, $6, $7, $8, $9, $10, $11, $12)",
        marks.state_hash,
        marks.browser_hash,
        attempt.user_id,
        attempt.car_id,
        attempt.api_version.name(),
        attempt.external_id,
        &attempt.scopes,
        attempt.location_consent,
        attempt.popup,
        attempt.return_to,
        now,
        expires_at,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What we called this user before, towards the platform.
pub async fn external_id(db: &mut PgConnection, user: Uuid) -> Result<Option<String>, StoreError> {
    let known = sqlx::query_scalar!(
        r#"SELECT coalesce(
             (SELECT external_id FROM smartcar_grants WHERE user_id = $1 AND external_id IS NOT NULL ORDER BY created_at LIMIT 1),
             (SELECT external_id FROM connect_attempts WHERE user_id = $1 ORDER BY created_at LIMIT 1))"#,
        user,
    )
    .fetch_one(db)
    .await?;
    Ok(known)
}

/// Takes the attempt, once: one statement finds it and uses it up, together with the code that it brings.
///
/// Not within a transaction: a code that came back before is refused by the table itself.
pub async fn consume(
    db: &mut PgConnection,
    marks: Marks<'_>,
    code_hash: Option<&[u8]>,
    now: DateTime<Utc>,
) -> Result<Consumed, StoreError> {
    let taken = sqlx::query!(
        "UPDATE connect_attempts SET used_at = $3, code_hash = $4
         WHERE state_hash = $1 AND browser_hash = $2 AND used_at IS NULL AND expires_at > $3",
        marks.state_hash,
        marks.browser_hash,
        now,
        code_hash,
    )
    .execute(&mut *db)
    .await;
    let taken = match taken {
        Ok(done) => Ok(done.rows_affected() == 1),
        Err(sqlx::Error::Database(refusal)) if refusal.is_unique_violation() => Err(()),
        Err(error) => return Err(error.into()),
    };
    let Some(found) = find(db, marks).await? else {
        return Ok(Consumed::Unknown);
    };
    Ok(match (taken, found) {
        (Err(()), Found { attempt, .. }) => Consumed::CodeUsed(attempt),
        (Ok(true), Found { attempt, .. }) => Consumed::Taken(attempt),
        (Ok(false), Found { is_foreign: true, .. }) => Consumed::Foreign,
        (Ok(false), Found { attempt, is_used: true, .. }) => Consumed::Used(attempt),
        (Ok(false), Found { attempt, is_used: false, .. }) => Consumed::Expired(attempt),
    })
}

struct Found {
    attempt: Attempt,
    is_foreign: bool,
    is_used: bool,
}

async fn find(db: &mut PgConnection, marks: Marks<'_>) -> Result<Option<Found>, StoreError> {
    let row = sqlx::query!(
        r#"SELECT user_id, car_id, api_version::text AS "api_version!", external_id, scopes, location_consent, popup,
             return_to, browser_hash <> $2 AS "is_foreign!", used_at IS NOT NULL AS "is_used!"
           FROM connect_attempts WHERE state_hash = $1"#,
        marks.state_hash,
        marks.browser_hash,
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let attempt = Attempt {
        user_id: row.user_id,
        car_id: row.car_id,
        api_version: ApiVersion::parse(&row.api_version)
            .map_err(StoreError::corrupt("connect_attempts", "api_version"))?,
        external_id: row.external_id,
        scopes: row.scopes,
        location_consent: row.location_consent,
        popup: row.popup,
        return_to: row.return_to,
    };
    Ok(Some(Found { attempt, is_foreign: row.is_foreign, is_used: row.is_used }))
}
