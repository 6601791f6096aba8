//! The versions of tariffs. What a version says is never edited: it ends where the next one begins, and one that was a mistake
//! is superseded but stays readable, because costs name it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::setup::Currency;
use domain::tariff::Parts;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Terms, VersionRow};
use crate::StoreError;

/// The versions of these tariffs that count, oldest first.
pub(super) async fn of(
    db: &mut PgConnection,
    tariffs: &[Uuid],
) -> Result<HashMap<Uuid, Vec<VersionRow>>, StoreError> {
    let rows = sqlx::query!(
        "SELECT id, tariff_id, valid_from, valid_to, currency, zone, parts FROM tariff_versions
         WHERE tariff_id = ANY ($1) AND superseded_at IS NULL ORDER BY tariff_id, valid_from",
        tariffs,
    )
    .fetch_all(db)
    .await?;
    let mut versions: HashMap<Uuid, Vec<VersionRow>> = HashMap::new();
    for row in rows {
        let terms = Terms::read(&row.currency, &row.zone, row.parts)?;
        let version = VersionRow { id: row.id, valid_from: row.valid_from, valid_to: row.valid_to, terms };
        versions.entry(row.tariff_id).or_default().push(version);
    }
    Ok(versions)
}

/// Says from a moment on otherwise what this tariff says, until the version after it. One that began at the same moment is
/// superseded. `None`: the person has no such tariff.
pub async fn add_version(
    db: &mut PgConnection,
    user: Uuid,
    tariff: Uuid,
    valid_from: DateTime<Utc>,
    terms: &Terms,
    now: DateTime<Utc>,
) -> Result<Option<Uuid>, StoreError> {
    if !lock(db, user, tariff).await? {
        return Ok(None);
    }
    sqlx::query!(
        "UPDATE tariff_versions SET superseded_at = $3
         WHERE tariff_id = $1 AND valid_from = $2 AND superseded_at IS NULL",
        tariff,
        valid_from,
        now,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "UPDATE tariff_versions SET valid_to = $2
         WHERE tariff_id = $1 AND valid_from < $2 AND (valid_to IS NULL OR valid_to > $2) AND superseded_at IS NULL",
        tariff,
        valid_from,
    )
    .execute(&mut *db)
    .await?;
    let Terms { currency, zone, parts } = terms;
    let parts = serde_json::to_value(parts).map_err(|error| corrupt_parts(error.into()))?;
    let id = sqlx::query_scalar!(
        "INSERT INTO tariff_versions (tariff_id, valid_from, valid_to, currency, zone, parts, created_at)
         SELECT $1, $2, min(later.valid_from), $3, $4, $5, $6
         FROM tariff_versions AS later
         WHERE later.tariff_id = $1 AND later.valid_from > $2 AND later.superseded_at IS NULL
         RETURNING id",
        tariff,
        valid_from,
        currency.as_str(),
        zone.name(),
        parts,
        now,
    )
    .fetch_one(db)
    .await?;
    Ok(Some(id))
}

/// Lets the tariff say nothing from a moment on: later versions are superseded. Says whether the person has it.
pub async fn end(
    db: &mut PgConnection,
    user: Uuid,
    tariff: Uuid,
    at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    if !lock(db, user, tariff).await? {
        return Ok(false);
    }
    sqlx::query!(
        "UPDATE tariff_versions
         SET superseded_at = CASE WHEN valid_from >= $2 THEN $3::timestamptz END,
           valid_to = CASE WHEN valid_from >= $2 THEN valid_to ELSE $2 END
         WHERE tariff_id = $1 AND (valid_to IS NULL OR valid_to > $2) AND superseded_at IS NULL",
        tariff,
        at,
        now,
    )
    .execute(db)
    .await?;
    Ok(true)
}

/// Takes a version back as if it had never been said: the one before it goes on until this one's end. Says whether there was
/// such a version.
pub async fn withdraw(
    db: &mut PgConnection,
    user: Uuid,
    tariff: Uuid,
    version: Uuid,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    if !lock(db, user, tariff).await? {
        return Ok(false);
    }
    let taken = sqlx::query!(
        "UPDATE tariff_versions SET superseded_at = $3
         WHERE id = $2 AND tariff_id = $1 AND superseded_at IS NULL
         RETURNING valid_from, valid_to",
        tariff,
        version,
        now,
    )
    .fetch_optional(&mut *db)
    .await?;
    let Some(taken) = taken else { return Ok(false) };
    sqlx::query!(
        "UPDATE tariff_versions SET valid_to = $3
         WHERE tariff_id = $1 AND valid_to = $2 AND superseded_at IS NULL",
        tariff,
        taken.valid_from,
        taken.valid_to,
    )
    .execute(db)
    .await?;
    Ok(true)
}

/// Two changes of one tariff come one after the other. Says whether the person has it.
async fn lock(db: &mut PgConnection, user: Uuid, tariff: Uuid) -> Result<bool, StoreError> {
    let found =
        sqlx::query_scalar!("SELECT id FROM tariffs WHERE id = $2 AND user_id = $1 FOR UPDATE", user, tariff)
            .fetch_optional(db)
            .await?;
    Ok(found.is_some())
}

impl Terms {
    pub(super) fn read(currency: &str, zone: &str, parts: serde_json::Value) -> Result<Self, StoreError> {
        let currency = Currency::parse(currency)
            .map_err(|error| StoreError::corrupt("tariff_versions", "currency")(error.into()))?;
        let zone: chrono_tz::Tz = zone.parse().map_err(|error: chrono_tz::ParseError| {
            StoreError::corrupt("tariff_versions", "zone")(error.to_string().into())
        })?;
        let parts: Parts = serde_json::from_value(parts).map_err(|error| corrupt_parts(error.into()))?;
        Ok(Self { currency, zone, parts })
    }
}

fn corrupt_parts(error: Box<dyn std::error::Error + Send + Sync>) -> StoreError {
    StoreError::corrupt("tariff_versions", "parts")(error)
}
