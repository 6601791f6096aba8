//! `charging_sessions` as people read and correct them. Nothing here acts as the machine: each write is a person's word.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::hand_entries::{Edit, Place};

/// A stay at the plug.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionRow {
    pub id: Uuid,
    pub started_after: DateTime<Utc>,
    pub started_at: DateTime<Utc>,
    pub ended_after: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub start_soc: Option<f64>,
    pub end_soc: Option<f64>,
    pub energy_kwh: Option<f64>,
    pub energy_plus_minus_kwh: Option<f64>,
    pub energy_source: Option<String>,
    pub grid_kwh: Option<f64>,
    pub grid_plus_minus_kwh: Option<f64>,
    pub current_type: Option<String>,
    pub peak_kw: Option<f64>,
    pub odometer_km: Option<f64>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub private_zone: Option<String>,
    pub place_id: Option<Uuid>,
    pub segments: Value,
    pub inferred: bool,
    pub cost: Option<f64>,
    pub cost_low: Option<f64>,
    pub cost_high: Option<f64>,
    pub currency: Option<String>,
    pub cost_share: Option<f64>,
    pub cost_parts: Option<Value>,
    pub expense_id: Option<Uuid>,
    pub state: String,
    pub confidence: Option<f64>,
    pub source: String,
    pub notes: Option<String>,
    /// The newest reading that it rests on; absent on what is a person's.
    pub evidence_until: Option<DateTime<Utc>>,
}

/// What a person wants to be different; `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SessionChange {
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub start_soc: Edit<f64>,
    pub end_soc: Edit<f64>,
    pub energy_kwh: Edit<f64>,
    pub grid_kwh: Edit<f64>,
    pub odometer_km: Edit<f64>,
    /// With its currency, ISO 4217.
    pub cost: Edit<(f64, String)>,
    pub notes: Edit<String>,
}

/// The sessions of a car, newest first, behind a place; what is too small to be shown only where it is asked for.
pub async fn page(
    db: &mut PgConnection,
    car: Uuid,
    hidden: bool,
    behind: Option<Place>,
    limit: i64,
) -> Result<Vec<SessionRow>, StoreError> {
    select(db, car, None, hidden, behind, limit).await
}

pub async fn find(db: &mut PgConnection, car: Uuid, id: Uuid) -> Result<Option<SessionRow>, StoreError> {
    Ok(select(db, car, Some(id), true, None, 1).await?.pop())
}

async fn select(
    db: &mut PgConnection,
    car: Uuid,
    id: Option<Uuid>,
    hidden: bool,
    behind: Option<Place>,
    limit: i64,
) -> Result<Vec<SessionRow>, StoreError> {
    let rows = sqlx::query_as!(
        SessionRow,
        r#"SELECT id, started_after, started_at, ended_after, ended_at, start_soc::float8 AS start_soc,
             end_soc::float8 AS end_soc, energy_kwh::float8 AS energy_kwh,
             energy_plus_minus_kwh::float8 AS energy_plus_minus_kwh, energy_source, grid_kwh::float8 AS grid_kwh,
             grid_plus_minus_kwh::float8 AS grid_plus_minus_kwh, current_type, peak_kw::float8 AS peak_kw,
             odometer_reading::float8 AS odometer_km, latitude, longitude, private_zone, place_id, segments, inferred,
             cost::float8 AS cost, cost_low::float8 AS cost_low, cost_high::float8 AS cost_high, currency,
             cost_share::float8 AS cost_share, cost_parts, expense_id, state::text AS "state!",
             confidence::float8 AS confidence, source_type AS source, notes, evidence_until
           FROM charging_sessions
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

/// Changes a session of this car, whoever wrote it; says whether there is one.
pub async fn change(
    db: &mut PgConnection,
    car: Uuid,
    id: Uuid,
    change: &SessionChange,
) -> Result<bool, StoreError> {
    let SessionChange {
        started_at,
        ended_at,
        start_soc,
        end_soc,
        energy_kwh,
        grid_kwh,
        odometer_km,
        cost,
        notes,
    } = change;
    let (writes_start_soc, start_soc) = start_soc.written();
    let (writes_end_soc, end_soc) = end_soc.written();
    let (writes_energy, energy) = energy_kwh.written();
    let (writes_grid, grid) = grid_kwh.written();
    let (writes_odometer, odometer) = odometer_km.written();
    let (writes_cost, cost) = cost.written();
    let (writes_notes, notes) = notes.written();
    // What a person says of it is exact, and what was derived from other numbers goes with them.
    let is_more_than_price = started_at.is_some()
        || ended_at.is_some()
        || writes_start_soc
        || writes_end_soc
        || writes_energy
        || writes_grid
        || writes_odometer;
    let done = sqlx::query!(
        "UPDATE charging_sessions
         SET started_after = coalesce($3, started_after), started_at = coalesce($3, started_at),
           ended_after = coalesce($4, ended_after), ended_at = coalesce($4, ended_at),
           start_soc = CASE WHEN $5 THEN trim_scale($6::float8::numeric) ELSE start_soc END,
           end_soc = CASE WHEN $7 THEN trim_scale($8::float8::numeric) ELSE end_soc END,
           energy_kwh = CASE WHEN $9 THEN trim_scale($10::float8::numeric) ELSE energy_kwh END,
           energy_plus_minus_kwh = CASE WHEN $9 THEN NULL ELSE energy_plus_minus_kwh END,
           energy_source = CASE WHEN $9 THEN 'meter' ELSE energy_source END,
           grid_kwh = CASE WHEN $11 THEN trim_scale($12::float8::numeric) ELSE grid_kwh END,
           grid_plus_minus_kwh = CASE WHEN $11 THEN NULL ELSE grid_plus_minus_kwh END,
           odometer_reading = CASE WHEN $13 THEN trim_scale($14::float8::numeric) ELSE odometer_reading END,
           cost = CASE WHEN $15 THEN trim_scale($16::float8::numeric) ELSE cost END,
           cost_low = CASE WHEN $15 AND ($20 OR evidence_until IS NULL) THEN trim_scale($16::float8::numeric) ELSE cost_low END,
           cost_high = CASE WHEN $15 AND ($20 OR evidence_until IS NULL) THEN trim_scale($16::float8::numeric) ELSE cost_high END,
           currency = CASE WHEN $15 THEN $17 ELSE currency END,
           notes = CASE WHEN $18 THEN $19 ELSE notes END
         WHERE id = $2 AND car_id = $1",
        car,
        id,
        *started_at,
        *ended_at,
        writes_start_soc,
        start_soc,
        writes_end_soc,
        end_soc,
        writes_energy,
        energy,
        writes_grid,
        grid,
        writes_odometer,
        odometer,
        writes_cost,
        cost.map(|(amount, _)| *amount),
        cost.map(|(_, currency)| currency.as_str()),
        writes_notes,
        notes,
        is_more_than_price,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}
