//! `webhook_endpoints`: where programs of a person's are told.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// More than any person needs.
pub const MOST: i64 = 10;

/// Where a program is told. Secrets are sealed for `webhook_endpoints/<id>/secret`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub id: Uuid,
    pub url: String,
    pub secret: String,
    /// The one before, that signs, too, for a while.
    pub former_secret: Option<String>,
    pub former_until: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub disabled_at: Option<DateTime<Utc>>,
    pub why_disabled: Option<String>,
    /// How the newest message that ended, or was tried, fared.
    pub last_state: Option<String>,
    pub last_at: Option<DateTime<Utc>>,
    pub last_why: Option<String>,
}

/// The person's endpoints, oldest first.
pub async fn list(db: &mut PgConnection, user: Uuid) -> Result<Vec<Endpoint>, StoreError> {
    let rows = sqlx::query_as!(
        Endpoint,
        r#"SELECT one.id, one.url, one.secret, one.former_secret, one.former_until, one.created_at, one.disabled_at, one.why_disabled,
             last.state AS "last_state?", last.created_at AS "last_at?", last.why AS last_why
           FROM webhook_endpoints AS one
           LEFT JOIN LATERAL (
             SELECT state, created_at, why FROM outgoing_messages
             WHERE user_id = $1 AND endpoint_id = one.id AND attempts > 0 ORDER BY created_at DESC LIMIT 1
           ) AS last ON true
           WHERE one.user_id = $1 ORDER BY one.created_at, one.id"#,
        user,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// One of the person's endpoints.
pub async fn find(db: &mut PgConnection, user: Uuid, id: Uuid) -> Result<Option<Endpoint>, StoreError> {
    Ok(list(db, user).await?.into_iter().find(|endpoint| endpoint.id == id))
}

/// Writes one. Whether there was room for it.
pub async fn add(
    db: &mut PgConnection,
    user: Uuid,
    id: Uuid,
    url: &str,
    sealed_secret: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let added = sqlx::query!(
        "INSERT INTO webhook_endpoints (id, user_id, url, secret, created_at)
         SELECT $2, $1, $3, $4, $5 WHERE (SELECT count(*) FROM webhook_endpoints WHERE user_id = $1) < $6",
        user,
        id,
        url,
        sealed_secret,
        now,
        MOST,
    )
    .execute(db)
    .await?;
    Ok(added.rows_affected() > 0)
}

/// Whether there was one to delete. What is on its way there goes, too.
pub async fn delete(db: &mut PgConnection, user: Uuid, id: Uuid) -> Result<bool, StoreError> {
    let gone = sqlx::query!("DELETE FROM webhook_endpoints WHERE user_id = $1 AND id = $2", user, id)
        .execute(db)
        .await?;
    Ok(gone.rows_affected() > 0)
}

/// Gives it another secret; the one before signs, too, until then.
pub async fn rotate(
    db: &mut PgConnection,
    user: Uuid,
    id: Uuid,
    sealed_secret: &str,
    former_until: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let rotated = sqlx::query!(
        "UPDATE webhook_endpoints SET former_secret = secret, former_until = $4, secret = $3 WHERE user_id = $1 AND id = $2",
        user,
        id,
        sealed_secret,
        former_until,
    )
    .execute(db)
    .await?;
    Ok(rotated.rows_affected() > 0)
}

/// Sends there again. Whether there is such a one.
pub async fn enable(db: &mut PgConnection, user: Uuid, id: Uuid) -> Result<bool, StoreError> {
    let enabled = sqlx::query!(
        "UPDATE webhook_endpoints SET disabled_at = NULL, why_disabled = NULL WHERE user_id = $1 AND id = $2",
        user,
        id,
    )
    .execute(db)
    .await?;
    Ok(enabled.rows_affected() > 0)
}

/// Sends nothing there any more; what waits for it is given up.
pub async fn disable(
    db: &mut PgConnection,
    id: Uuid,
    why: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH off AS (
           UPDATE webhook_endpoints SET disabled_at = $3, why_disabled = $2 WHERE id = $1 AND disabled_at IS NULL
         )
         UPDATE outgoing_messages SET state = 'given_up', why = $2, ended_at = $3, sending_until = NULL, asked_until = NULL
         WHERE endpoint_id = $1 AND state = 'waits'",
        id,
        why,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Secrets as they are sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldSeal {
    pub id: Uuid,
    pub secret: String,
    pub former_secret: Option<String>,
}

/// Endpoints whose secrets another key than this sealed, by id, behind one.
pub async fn sealed_otherwise(
    db: &mut PgConnection,
    key_id: &str,
    after: Uuid,
    limit: i64,
) -> Result<Vec<OldSeal>, StoreError> {
    let old = sqlx::query_as!(
        OldSeal,
        "SELECT id, secret, former_secret FROM webhook_endpoints
         WHERE id > $2 AND NOT (split_part(secret, '.', 2) = $1 AND coalesce(split_part(former_secret, '.', 2) = $1, true))
         ORDER BY id LIMIT $3",
        key_id,
        after,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(old)
}

/// Replaces sealed secrets by the same ones sealed anew. `false` if they were changed meanwhile.
pub async fn reseal(
    db: &mut PgConnection,
    old: &OldSeal,
    secret: &str,
    former_secret: Option<&str>,
) -> Result<bool, StoreError> {
    let resealed = sqlx::query!(
        "UPDATE webhook_endpoints SET secret = $3, former_secret = $4 WHERE id = $1 AND secret = $2",
        old.id,
        old.secret,
        secret,
        former_secret,
    )
    .execute(db)
    .await?;
    Ok(resealed.rows_affected() > 0)
}
