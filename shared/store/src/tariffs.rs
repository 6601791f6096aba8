//! `tariffs` and `tariff_versions`: what charging costs, as people keep it. Triggers mark the cars that a change prices anew.

mod known;
mod sessions;
mod versions;

use chrono::{DateTime, Utc};
use domain::setup::Currency;
use domain::tariff::Parts;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::hand_entries::Edit;

pub use known::{for_vehicles, of_user};
pub use sessions::{PricedSession, StoredCost, locked_sessions, priced_sessions};
pub use versions::{add_version, end, withdraw};

/// A tariff with its versions that count, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct TariffRow {
    pub id: Uuid,
    pub name: String,
    pub network: Option<String>,
    pub is_default: bool,
    /// The geofences that name it.
    pub places: Vec<Uuid>,
    pub versions: Vec<VersionRow>,
}

/// What a tariff says at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionRow {
    pub id: Uuid,
    pub valid_from: DateTime<Utc>,
    /// Exclusive.
    pub valid_to: Option<DateTime<Utc>>,
    pub terms: Terms,
}

/// What a version says.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms {
    pub currency: Currency,
    pub zone: chrono_tz::Tz,
    pub parts: Parts,
}

/// What a person wants to write.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTariff {
    pub name: String,
    pub network: Option<String>,
    pub is_default: bool,
}

/// What a person wants to be different; `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TariffChange {
    pub name: Option<String>,
    pub network: Edit<String>,
    pub is_default: Option<bool>,
}

/// More tariffs than any person has; a list is not cut in pages.
pub const MOST: i64 = 200;

/// The person's tariffs, by name.
pub async fn list(db: &mut PgConnection, user: Uuid) -> Result<Vec<TariffRow>, StoreError> {
    read(db, user, None).await
}

/// One of the person's tariffs.
pub async fn find(db: &mut PgConnection, user: Uuid, id: Uuid) -> Result<Option<TariffRow>, StoreError> {
    Ok(read(db, user, Some(id)).await?.pop())
}

async fn read(db: &mut PgConnection, user: Uuid, only: Option<Uuid>) -> Result<Vec<TariffRow>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT tariff.id, tariff.name, tariff.network, tariff.is_default,
             ARRAY(SELECT fence.id FROM geofences AS fence
               WHERE fence.tariff_id = tariff.id AND fence.user_id = tariff.user_id ORDER BY fence.id) AS "places!"
           FROM tariffs AS tariff
           WHERE tariff.user_id = $1 AND ($2::uuid IS NULL OR tariff.id = $2)
           ORDER BY tariff.name, tariff.id LIMIT $3"#,
        user,
        only,
        MOST,
    )
    .fetch_all(&mut *db)
    .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut versions = versions::of(db, &ids).await?;
    let with_versions = rows.into_iter().map(|row| TariffRow {
        versions: versions.remove(&row.id).unwrap_or_default(),
        id: row.id,
        name: row.name,
        network: row.network,
        is_default: row.is_default,
        places: row.places,
    });
    Ok(with_versions.collect())
}

/// Writes a tariff without any version. Of several defaults, the version that began last counts.
pub async fn add(
    db: &mut PgConnection,
    user: Uuid,
    tariff: &NewTariff,
    now: DateTime<Utc>,
) -> Result<Uuid, StoreError> {
    let NewTariff { name, network, is_default } = tariff;
    let id = sqlx::query_scalar!(
        "INSERT INTO tariffs (user_id, name, network, is_default, created_at) VALUES ($1, $2, $3, $4, $5) RETURNING id",
        user,
        name,
        network.as_deref(),
        is_default,
        now,
    )
    .fetch_one(db)
    .await?;
    Ok(id)
}

/// Changes where a tariff counts and what it is called; says whether the person has it.
pub async fn change(
    db: &mut PgConnection,
    user: Uuid,
    id: Uuid,
    change: &TariffChange,
) -> Result<bool, StoreError> {
    let TariffChange { name, network, is_default } = change;
    let (writes_network, network) = network.written();
    let done = sqlx::query!(
        "UPDATE tariffs SET name = coalesce($3, name), network = CASE WHEN $4 THEN $5 ELSE network END,
           is_default = coalesce($6, is_default)
         WHERE id = $2 AND user_id = $1",
        user,
        id,
        name.as_deref(),
        writes_network,
        network,
        *is_default,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Deletes a tariff with its versions; says whether the person had it. Places that named it name none.
pub async fn delete(db: &mut PgConnection, user: Uuid, id: Uuid) -> Result<bool, StoreError> {
    sqlx::query!("UPDATE geofences SET tariff_id = NULL WHERE tariff_id = $2 AND user_id = $1", user, id)
        .execute(&mut *db)
        .await?;
    let done =
        sqlx::query!("DELETE FROM tariffs WHERE id = $2 AND user_id = $1", user, id).execute(db).await?;
    Ok(done.rows_affected() > 0)
}
