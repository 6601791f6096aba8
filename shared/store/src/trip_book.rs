//! `trips` as people read and correct them. Nothing here acts as the machine: each write is a person's word.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::hand_entries::{Edit, Place};

/// A line of the driver's log.
#[derive(Debug, Clone, PartialEq)]
pub struct TripRow {
    pub id: Uuid,
    pub started_after: DateTime<Utc>,
    pub started_at: DateTime<Utc>,
    pub ended_after: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub distance_km: f64,
    pub odometer_before_km: Option<f64>,
    pub odometer_after_km: Option<f64>,
    pub from_latitude: Option<f64>,
    pub from_longitude: Option<f64>,
    pub from_private_zone: Option<String>,
    pub from_place_id: Option<Uuid>,
    pub to_latitude: Option<f64>,
    pub to_longitude: Option<f64>,
    pub to_private_zone: Option<String>,
    pub to_place_id: Option<Uuid>,
    pub what: String,
    pub purpose: Option<String>,
    pub fuel_used_percent: Option<f64>,
    pub charge_used_percent: Option<f64>,
    pub state: String,
    pub confidence: Option<f64>,
    pub source: String,
    pub notes: Option<String>,
    /// The newest reading that it rests on; absent on what is a person's.
    pub evidence_until: Option<DateTime<Utc>>,
}

/// What a person wants to be different; `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TripChange {
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub distance_km: Option<f64>,
    pub odometer_before_km: Edit<f64>,
    pub odometer_after_km: Edit<f64>,
    /// `business` or `private`.
    pub purpose: Edit<String>,
    pub notes: Edit<String>,
}

/// The trips of a car, newest first, behind a place; what is too small to be shown only where it is asked for.
pub async fn page(
    db: &mut PgConnection,
    car: Uuid,
    hidden: bool,
    behind: Option<Place>,
    limit: i64,
) -> Result<Vec<TripRow>, StoreError> {
    select(db, car, None, hidden, behind, limit).await
}

pub async fn find(db: &mut PgConnection, car: Uuid, id: Uuid) -> Result<Option<TripRow>, StoreError> {
    Ok(select(db, car, Some(id), true, None, 1).await?.pop())
}

async fn select(
    db: &mut PgConnection,
    car: Uuid,
    id: Option<Uuid>,
    hidden: bool,
    behind: Option<Place>,
    limit: i64,
) -> Result<Vec<TripRow>, StoreError> {
    let rows = sqlx::query_as!(
        TripRow,
        r#"SELECT id, started_after, started_at, ended_after, ended_at, distance_km::float8 AS "distance_km!",
             odometer_before::float8 AS odometer_before_km, odometer_after::float8 AS odometer_after_km, from_latitude,
             from_longitude, from_private_zone, from_place_id, to_latitude, to_longitude, to_private_zone, to_place_id,
             what, purpose, fuel_used_percent::float8 AS fuel_used_percent,
             charge_used_percent::float8 AS charge_used_percent, state::text AS "state!",
             confidence::float8 AS confidence, source_type AS source, notes, evidence_until
           FROM trips
           WHERE car_id = $1 AND ($2::uuid IS NULL OR id = $2) AND ($3 OR state <> 'hidden')
             AND ($4::timestamptz IS NULL OR (started_at, id) < ($4, $5))
           ORDER BY started_at DESC, id DESC LIMIT $6"#,
        car,
        id,
        hidden,
        behind.map(|place| place.at),
        behind.map_or(Uuid::nil(), |place| place.id),
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// Changes a trip of this car, whoever wrote it; says whether there is one.
pub async fn change(
    db: &mut PgConnection,
    car: Uuid,
    id: Uuid,
    change: &TripChange,
) -> Result<bool, StoreError> {
    let TripChange {
        started_at,
        ended_at,
        distance_km,
        odometer_before_km,
        odometer_after_km,
        purpose,
        notes,
    } = change;
    let (writes_before, before) = odometer_before_km.written();
    let (writes_after, after) = odometer_after_km.written();
    let (writes_purpose, purpose) = purpose.written();
    let (writes_notes, notes) = notes.written();
    let done = sqlx::query!(
        "UPDATE trips
         SET started_after = coalesce($3, started_after), started_at = coalesce($3, started_at),
           ended_after = coalesce($4, ended_after), ended_at = coalesce($4, ended_at),
           distance_km = coalesce(trim_scale($5::float8::numeric), distance_km),
           odometer_before = CASE WHEN $6 THEN trim_scale($7::float8::numeric) ELSE odometer_before END,
           odometer_after = CASE WHEN $8 THEN trim_scale($9::float8::numeric) ELSE odometer_after END,
           purpose = CASE WHEN $10 THEN $11 ELSE purpose END, notes = CASE WHEN $12 THEN $13 ELSE notes END
         WHERE id = $2 AND car_id = $1",
        car,
        id,
        *started_at,
        *ended_at,
        *distance_km,
        writes_before,
        before,
        writes_after,
        after,
        writes_purpose,
        purpose,
        writes_notes,
        notes,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}
