//! `smartcar_grants`: consents and their sealed tokens. Nothing here opens a token.

use std::error::Error;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// Through which of the platform's APIs a consent was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiVersion {
    V2,
    V3,
}

impl ApiVersion {
    /// The name in the Postgres enum `smartcar_api_version`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::V2 => "v2",
            Self::V3 => "v3",
        }
    }

    pub(crate) fn parse(name: &str) -> Result<Self, Box<dyn Error + Send + Sync>> {
        [Self::V2, Self::V3]
            .into_iter()
            .find(|version| version.name() == name)
            .ok_or_else(|| format!("{name:?} is no version of the platform's API").into())
    }
}

/// A consent, as it is stored.
#[derive(Debug, Clone)]
pub struct Grant {
    pub id: Uuid,
    pub user_id: Uuid,
    pub api_version: ApiVersion,
    pub smartcar_user_id: Option<String>,
    pub scopes: Vec<String>,
    /// Only with v2.
    pub tokens: Option<SealedPair>,
    pub token_version: i64,
    /// Why the platform refuses to renew.
    pub reauth_reason: Option<String>,
    /// Somebody else is renewing the pair until then.
    pub refresh_leased_until: Option<DateTime<Utc>>,
}

/// A token pair as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedPair {
    pub access_token: String,
    pub refresh_token: String,
    pub token_expires_at: DateTime<Utc>,
    pub refresh_expires_at: DateTime<Utc>,
}

/// A consent that was just given.
#[derive(Debug)]
pub struct NewGrant<'a> {
    pub id: Uuid,
    pub user_id: Uuid,
    pub api_version: ApiVersion,
    pub smartcar_user_id: Option<&'a str>,
    pub external_id: Option<&'a str>,
    pub scopes: &'a [String],
    pub tokens: Option<&'a SealedPair>,
}

/// Stores a consent. With v3 the consents of a user to all their cars are one here, with the scopes of all of them: what one
/// of the cars may not be asked, the platform refuses. Gives the id under which it is.
pub async fn insert(
    db: &mut PgConnection,
    new: &NewGrant<'_>,
    now: DateTime<Utc>,
) -> Result<Uuid, StoreError> {
    let id = sqlx::query_scalar!(
        "INSERT INTO smartcar_grants AS known
           (id, user_id, api_version, smartcar_user_id, external_id, scopes, access_token, refresh_token, token_expires_at, refresh_expires_at, created_at)
         VALUES ($1, $2, $3::text::smartcar_api_version, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT (user_id, smartcar_user_id) WHERE api_version = 'v3' DO UPDATE
           SET scopes = ARRAY(SELECT DISTINCT unnest(known.scopes || excluded.scopes) ORDER BY 1), external_id = excluded.external_id, reauth_reason = NULL, reauth_since = NULL
         RETURNING id",
        new.id,
        new.user_id,
        new.api_version.name(),
        new.smartcar_user_id,
        new.external_id,
        new.scopes,
        new.tokens.map(|pair| pair.access_token.as_str()),
        new.tokens.map(|pair| pair.refresh_token.as_str()),
        new.tokens.map(|pair| pair.token_expires_at),
        new.tokens.map(|pair| pair.refresh_expires_at),
        now,
    )
    .fetch_one(db)
    .await?;
    Ok(id)
}

/// Completes a consent with what the platform said of it after its tokens were stored.
pub async fn describe(
    db: &mut PgConnection,
    grant: Uuid,
    smartcar_user_id: &str,
    scopes: &[String],
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE smartcar_grants SET smartcar_user_id = $2, scopes = $3 WHERE id = $1",
        grant,
        smartcar_user_id,
        scopes,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn find(db: &mut PgConnection, grant: Uuid) -> Result<Option<Grant>, StoreError> {
    let row = sqlx::query!(
        r#"SELECT id, user_id, api_version::text AS "api_version!", smartcar_user_id, scopes, access_token, refresh_token,
             token_expires_at, refresh_expires_at, token_version, reauth_reason, refresh_leased_until
           FROM smartcar_grants WHERE id = $1"#,
        grant,
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let tokens = match (row.access_token, row.refresh_token, row.token_expires_at, row.refresh_expires_at) {
        (Some(access_token), Some(refresh_token), Some(token_expires_at), Some(refresh_expires_at)) => {
            Some(SealedPair { access_token, refresh_token, token_expires_at, refresh_expires_at })
        }
        // The table knows no half pair.
        (..) => None,
    };
    Ok(Some(Grant {
        id: row.id,
        user_id: row.user_id,
        api_version: ApiVersion::parse(&row.api_version)
            .map_err(StoreError::corrupt("smartcar_grants", "api_version"))?,
        smartcar_user_id: row.smartcar_user_id,
        scopes: row.scopes,
        tokens,
        token_version: row.token_version,
        reauth_reason: row.reauth_reason,
        refresh_leased_until: row.refresh_leased_until,
    }))
}

/// Takes the right to renew the pair of this version, until a moment. `false` if somebody else has it, or has renewed
/// the pair meanwhile, or the platform refuses to renew.
pub async fn lease(
    db: &mut PgConnection,
    (grant, version): (Uuid, i64),
    lease: Uuid,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let leased = sqlx::query!(
        "UPDATE smartcar_grants SET refresh_lease = $3, refresh_leased_until = $4
         WHERE id = $1 AND token_version = $2 AND refresh_token IS NOT NULL AND reauth_since IS NULL
           AND (refresh_leased_until IS NULL OR refresh_leased_until <= $5)",
        grant,
        version,
        lease,
        until,
        now,
    )
    .execute(db)
    .await?;
    Ok(leased.rows_affected() == 1)
}

/// Gives the right back without having renewed anything.
pub async fn release(db: &mut PgConnection, grant: Uuid, lease: Uuid) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE smartcar_grants SET refresh_lease = NULL, refresh_leased_until = NULL WHERE id = $1 AND refresh_lease = $2",
        grant,
        lease,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Replaces the pair of this version by a newer one. `false` if somebody else did so before: then the newer pair is
/// theirs.
///
/// Asks for the version and not for the lease: who was frozen and comes back with a pair that the platform gave it has
/// the newest one, unless another is stored. Also one that was refused meanwhile for want of this pair works again.
pub async fn renew(
    db: &mut PgConnection,
    (grant, version): (Uuid, i64),
    pair: &SealedPair,
) -> Result<bool, StoreError> {
    let renewed = sqlx::query!(
        "UPDATE smartcar_grants
         SET access_token = $3, refresh_token = $4, token_expires_at = $5, refresh_expires_at = $6,
             token_version = token_version + 1, refresh_lease = NULL, refresh_leased_until = NULL,
             reauth_reason = NULL, reauth_since = NULL
         WHERE id = $1 AND token_version = $2",
        grant,
        version,
        pair.access_token,
        pair.refresh_token,
        pair.token_expires_at,
        pair.refresh_expires_at,
    )
    .execute(db)
    .await?;
    Ok(renewed.rows_affected() == 1)
}

/// Notes that the platform refuses to renew the pair of this version. `false` if there is a newer pair.
pub async fn refuse(
    db: &mut PgConnection,
    (grant, version): (Uuid, i64),
    reason: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let refused = sqlx::query!(
        "UPDATE smartcar_grants
         SET reauth_reason = $3, reauth_since = coalesce(reauth_since, $4), refresh_lease = NULL, refresh_leased_until = NULL
         WHERE id = $1 AND token_version = $2",
        grant,
        version,
        reason,
        now,
    )
    .execute(db)
    .await?;
    Ok(refused.rows_affected() == 1)
}

/// The vehicles that are connected with this consent.
pub async fn vehicles(db: &mut PgConnection, grant: Uuid) -> Result<Vec<Uuid>, StoreError> {
    let vehicles = sqlx::query_scalar!(
        "SELECT id FROM smartcar_vehicles WHERE grant_id = $1 AND status <> 'disconnected' ORDER BY id",
        grant,
    )
    .fetch_all(db)
    .await?;
    Ok(vehicles)
}

/// Forgets a consent with its tokens, unless a connected vehicle uses it or it is needed to revoke something.
pub async fn forget_unused(db: &mut PgConnection, grant: Uuid) -> Result<bool, StoreError> {
    let forgotten = sqlx::query!(
        "DELETE FROM smartcar_grants WHERE id = $1
           AND NOT EXISTS (SELECT FROM smartcar_vehicles WHERE grant_id = $1 AND status <> 'disconnected')
           AND NOT EXISTS (SELECT FROM pending_revocations WHERE grant_id = $1)",
        grant,
    )
    .execute(db)
    .await?;
    Ok(forgotten.rows_affected() == 1)
}

/// Forgets consents that nothing uses and that are older than this: a newer one of the same car has replaced them, or whoever
/// made them died before their car was connected. Gives how many.
pub async fn forget_abandoned(db: &mut PgConnection, before: DateTime<Utc>) -> Result<u64, StoreError> {
    let forgotten = sqlx::query!(
        "DELETE FROM smartcar_grants AS unused WHERE created_at < $1
           AND NOT EXISTS (SELECT FROM smartcar_vehicles WHERE grant_id = unused.id AND status <> 'disconnected')
           AND NOT EXISTS (SELECT FROM pending_revocations WHERE grant_id = unused.id)",
        before,
    )
    .execute(db)
    .await?;
    Ok(forgotten.rows_affected())
}

/// A pair that another key sealed than the one that should.
#[derive(Debug)]
pub struct OldSeal {
    pub id: Uuid,
    pub token_version: i64,
    pub access_token: String,
    pub refresh_token: String,
}

/// Up to `limit` grants after this one whose tokens are not sealed with this key, in the order of their ids.
pub async fn sealed_otherwise(
    db: &mut PgConnection,
    key_id: &str,
    after: Uuid,
    limit: i64,
) -> Result<Vec<OldSeal>, StoreError> {
    let old = sqlx::query_as!(
        OldSeal,
        r#"SELECT id, token_version, access_token AS "access_token!", refresh_token AS "refresh_token!" FROM smartcar_grants
           WHERE id > $2 AND access_token IS NOT NULL
             AND NOT (split_part(access_token, '.', 2) = $1 AND split_part(refresh_token, '.', 2) = $1)
           ORDER BY id LIMIT $3"#,
        key_id,
        after,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(old)
}

/// Replaces a sealed pair by the same pair sealed anew. `false` if it was renewed meanwhile: that sealed it, too.
pub async fn reseal(
    db: &mut PgConnection,
    old: &OldSeal,
    access_token: &str,
    refresh_token: &str,
) -> Result<bool, StoreError> {
    let resealed = sqlx::query!(
        "UPDATE smartcar_grants SET access_token = $3, refresh_token = $4 WHERE id = $1 AND token_version = $2 AND refresh_token = $5",
        old.id,
        old.token_version,
        access_token,
        refresh_token,
        old.refresh_token,
    )
    .execute(db)
    .await?;
    Ok(resealed.rows_affected() == 1)
}

/// How many token pairs each key seals: key ids and numbers.
pub async fn by_key(db: &mut PgConnection) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT split_part(access_token, '.', 2) AS "key!", count(*) AS "pairs!" FROM smartcar_grants
           WHERE access_token IS NOT NULL GROUP BY 1 ORDER BY 1"#,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.key, row.pairs)).collect())
}
