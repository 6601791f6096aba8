//! The books of a car on their way out, a page at a time and oldest first: whoever writes them to a file or a slow client
//! keeps neither rows in memory nor a connection for long.

use chrono::{DateTime, Utc};
use exchange::record::Kind;
use exchange::write::{Book, Fields};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::hand_entries::Place;

/// Rows of a page.
pub const PAGE: i64 = 500;

/// A page of a book.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    pub rows: Vec<Fields>,
    /// Where the next page begins; `None` behind the last.
    pub next: Option<Place>,
}

/// What a car is called and is: the head of a whole export.
pub async fn car(db: &mut PgConnection, car: Uuid) -> Result<Option<Fields>, StoreError> {
    let found = sqlx::query_scalar!(
        r#"SELECT jsonb_build_object('id', id, 'name', name, 'make', make, 'model', model, 'year', year, 'vin', vin,
             'powertrain', powertrain, 'tankCapacityL', tank_capacity_l, 'batteryCapacityKwh', battery_capacity_kwh
           ) AS "car!"
           FROM cars WHERE id = $1"#,
        car,
    )
    .fetch_optional(db)
    .await?;
    Ok(found.map(object))
}

/// The page of a book that begins behind a place.
pub async fn page(
    db: &mut PgConnection,
    car: Uuid,
    book: Book,
    behind: Option<Place>,
) -> Result<Page, StoreError> {
    let behind = behind
        .unwrap_or(Place { at: DateTime::UNIX_EPOCH - chrono::TimeDelta::days(365_000), id: Uuid::nil() });
    let rows = match book {
        Book::Entries(Kind::MeterEntries) => meter_entries(db, car, behind).await?,
        Book::Entries(Kind::FuelEntries) => fuel_entries(db, car, behind).await?,
        Book::Entries(Kind::ChargingSessions) => charging_sessions(db, car, behind).await?,
        Book::Entries(Kind::Trips) => trips(db, car, behind).await?,
        Book::Entries(Kind::Expenses) => expenses(db, car, behind).await?,
        Book::BatteryEstimates => battery_estimates(db, car, behind).await?,
        Book::GeofenceEvents => geofence_events(db, car, behind).await?,
        Book::Alerts => alerts(db, car, behind).await?,
        Book::Issues => issues(db, car, behind).await?,
    };
    let is_full = i64::try_from(rows.len()).is_ok_and(|rows| rows == PAGE);
    let next = rows.last().filter(|_| is_full).map(|row| Place { at: row.at, id: row.id });
    Ok(Page { rows: rows.into_iter().map(|row| object(row.fields)).collect(), next })
}

struct Row {
    at: DateTime<Utc>,
    id: Uuid,
    fields: Value,
}

fn object(value: Value) -> Fields {
    match value {
        Value::Object(fields) => fields,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Fields::new(),
    }
}

async fn meter_entries(db: &mut PgConnection, car: Uuid, behind: Place) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT entry_date::timestamptz AS "at!", id, jsonb_build_object('entryDate', entry_date::timestamptz,
             'odometerKm', odometer_reading, 'notes', notes, 'source', source_type, 'id', id) AS "fields!"
           FROM meter_entries WHERE car_id = $1 AND (entry_date::timestamptz, id) > ($2, $3)
           ORDER BY entry_date::timestamptz, id LIMIT $4"#,
        car,
        behind.at,
        behind.id,
        PAGE,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

async fn fuel_entries(db: &mut PgConnection, car: Uuid, behind: Place) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT filled_at::timestamptz AS "at!", id, jsonb_build_object('filledAt', filled_at::timestamptz,
             'litres', litres, 'odometerKm', odometer_reading, 'fullTank', full_tank, 'missedPrevious', missed_previous,
             'pricePerLitre', price_per_litre, 'totalCost', total_cost, 'currency', currency, 'state', state,
             'notes', notes, 'costIsEstimate', cost_is_estimate, 'economyLPer100km', economy_l_per_100km,
             'confidence', confidence, 'source', source_type, 'id', id) AS "fields!"
           FROM fuel_entries WHERE car_id = $1 AND (filled_at::timestamptz, id) > ($2, $3)
           ORDER BY filled_at::timestamptz, id LIMIT $4"#,
        car,
        behind.at,
        behind.id,
        PAGE,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

async fn charging_sessions(db: &mut PgConnection, car: Uuid, behind: Place) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT started_at AS at, id, jsonb_build_object('startedAfter', started_after, 'startedAt', started_at,
             'endedAfter', ended_after, 'endedAt', ended_at, 'startSoc', start_soc, 'endSoc', end_soc,
             'energyKwh', energy_kwh, 'gridKwh', grid_kwh, 'currentType', current_type, 'peakKw', peak_kw,
             'odometerKm', odometer_reading, 'latitude', latitude, 'longitude', longitude, 'privateZone', private_zone,
             'cost', cost, 'currency', currency, 'inferred', inferred, 'state', state, 'segments', segments,
             'flow', flow, 'notes', notes, 'costLow', cost_low, 'costHigh', cost_high, 'costShare', cost_share,
             'confidence', confidence, 'source', source_type, 'id', id) AS "fields!"
           FROM charging_sessions WHERE car_id = $1 AND (started_at, id) > ($2, $3)
           ORDER BY started_at, id LIMIT $4"#,
        car,
        behind.at,
        behind.id,
        PAGE,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

async fn trips(db: &mut PgConnection, car: Uuid, behind: Place) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT started_at AS at, id, jsonb_build_object('startedAfter', started_after, 'startedAt', started_at,
             'endedAfter', ended_after, 'endedAt', ended_at, 'distanceKm', distance_km,
             'odometerBeforeKm', odometer_before, 'odometerAfterKm', odometer_after, 'fromLatitude', from_latitude,
             'fromLongitude', from_longitude, 'fromPrivateZone', from_private_zone, 'toLatitude', to_latitude,
             'toLongitude', to_longitude, 'toPrivateZone', to_private_zone, 'what', what, 'purpose', purpose,
             'fuelUsedPercent', fuel_used_percent, 'chargeUsedPercent', charge_used_percent, 'state', state,
             'notes', notes, 'confidence', confidence, 'source', source_type, 'id', id) AS "fields!"
           FROM trips WHERE car_id = $1 AND (started_at, id) > ($2, $3)
           ORDER BY started_at, id LIMIT $4"#,
        car,
        behind.at,
        behind.id,
        PAGE,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

async fn expenses(db: &mut PgConnection, car: Uuid, behind: Place) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT coalesce(occurred_at, created_at)::timestamptz AS "at!", id, jsonb_build_object(
             'occurredAt', coalesce(occurred_at, created_at)::timestamptz, 'category', category, 'amount', amount,
             'currency', currency, 'odometerKm', odometer_reading, 'notes', notes, 'source', source_type, 'id', id
           ) AS "fields!"
           FROM expenses WHERE car_id = $1 AND (coalesce(occurred_at, created_at)::timestamptz, id) > ($2, $3)
           ORDER BY coalesce(occurred_at, created_at)::timestamptz, id LIMIT $4"#,
        car,
        behind.at,
        behind.id,
        PAGE,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

async fn battery_estimates(db: &mut PgConnection, car: Uuid, behind: Place) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT estimated_for AS at, id, jsonb_build_object('estimatedFor', estimated_for, 'usableKwh', usable_kwh,
             'plusMinusKwh', plus_minus_kwh, 'healthPercent', health_percent,
             'trendPercentPerYear', trend_percent_per_year, 'sessions', sessions, 'confidence', confidence, 'id', id
           ) AS "fields!"
           FROM battery_estimates WHERE car_id = $1 AND (estimated_for, id) > ($2, $3)
           ORDER BY estimated_for, id LIMIT $4"#,
        car,
        behind.at,
        behind.id,
        PAGE,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

async fn geofence_events(db: &mut PgConnection, car: Uuid, behind: Place) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT at, id, jsonb_build_object('at', at, 'passage', passage, 'place', name, 'inferred', inferred,
             'confidence', confidence, 'id', id) AS "fields!"
           FROM geofence_events WHERE car_id = $1 AND (at, id) > ($2, $3) ORDER BY at, id LIMIT $4"#,
        car,
        behind.at,
        behind.id,
        PAGE,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

async fn alerts(db: &mut PgConnection, car: Uuid, behind: Place) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT at, id, jsonb_build_object('at', at, 'kind', kind, 'details', details, 'seenAt', seen_at,
             'dismissedAt', dismissed_at, 'confidence', confidence, 'id', id) AS "fields!"
           FROM alerts WHERE car_id = $1 AND (at, id) > ($2, $3) ORDER BY at, id LIMIT $4"#,
        car,
        behind.at,
        behind.id,
        PAGE,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

async fn issues(db: &mut PgConnection, car: Uuid, behind: Place) -> Result<Vec<Row>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT coalesce(occurred_at, created_at)::timestamptz AS "at!", id, jsonb_build_object(
             'at', coalesce(occurred_at, created_at)::timestamptz, 'title', title, 'description', description,
             'status', status, 'source', source_type, 'id', id) AS "fields!"
           FROM issues WHERE car_id = $1 AND (coalesce(occurred_at, created_at)::timestamptz, id) > ($2, $3)
           ORDER BY coalesce(occurred_at, created_at)::timestamptz, id LIMIT $4"#,
        car,
        behind.at,
        behind.id,
        PAGE,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}
