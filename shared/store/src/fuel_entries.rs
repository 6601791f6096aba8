//! `fuel_entries` as people read and write them.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::hand_entries::Place;

/// A fill-up in the book.
#[derive(Debug, Clone, PartialEq)]
pub struct FuelEntryRow {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub source: String,
    pub economy_l_per_100km: Option<f64>,
    pub cost_is_estimate: bool,
    pub receipt: FuelReceipt,
    pub finding: FuelFinding,
}

/// What the machine found beside what a receipt says; on what is a person's as it was found then, or empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FuelFinding {
    /// It was filled after this moment.
    pub filled_after: Option<DateTime<Utc>>,
    /// Percent.
    pub level_before: Option<f64>,
    /// Percent.
    pub level_after: Option<f64>,
    pub litres_plus_minus: Option<f64>,
    pub economy_at_pump_l_per_100km: Option<f64>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub private_zone: Option<String>,
    pub place_id: Option<Uuid>,
    /// `candidate`, `recorded`, `hidden`, `confirmed`.
    pub state: Option<String>,
    pub confidence: Option<f64>,
    /// The newest reading that it rests on; absent on what is a person's.
    pub evidence_until: Option<DateTime<Utc>>,
}

/// What stands on a receipt, or what a person remembers of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FuelReceipt {
    pub litres: Option<f64>,
    pub odometer_km: Option<f64>,
    pub full_tank: Option<bool>,
    /// A fill-up before this one is not in the book.
    pub missed_previous: Option<bool>,
    pub price_per_litre: Option<f64>,
    pub total_cost: Option<f64>,
    /// ISO 4217, of both amounts.
    pub currency: Option<String>,
    pub notes: Option<String>,
}

/// The fill-ups of a car, newest first, behind a place; what is too small to be shown only where it is asked for.
pub async fn page(
    db: &mut PgConnection,
    car: Uuid,
    hidden: bool,
    behind: Option<Place>,
    limit: i64,
) -> Result<Vec<FuelEntryRow>, StoreError> {
    select(db, car, None, hidden, behind, limit).await
}

pub async fn find(db: &mut PgConnection, car: Uuid, id: Uuid) -> Result<Option<FuelEntryRow>, StoreError> {
    Ok(select(db, car, Some(id), true, None, 1).await?.pop())
}

async fn select(
    db: &mut PgConnection,
    car: Uuid,
    id: Option<Uuid>,
    hidden: bool,
    behind: Option<Place>,
    limit: i64,
) -> Result<Vec<FuelEntryRow>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id, filled_at::timestamptz AS "at!", source_type::text AS "source!",
             economy_l_per_100km::float8 AS economy_l_per_100km, cost_is_estimate, litres::float8 AS litres,
             odometer_reading::float8 AS odometer_km, full_tank, missed_previous,
             price_per_litre::float8 AS price_per_litre, total_cost::float8 AS total_cost, currency::text AS currency, notes,
             filled_after, level_before::float8 AS level_before, level_after::float8 AS level_after,
             litres_plus_minus::float8 AS litres_plus_minus,
             economy_at_pump_l_per_100km::float8 AS economy_at_pump_l_per_100km, latitude, longitude, private_zone,
             place_id, state::text AS state, confidence::float8 AS confidence, evidence_until
           FROM fuel_entries
           WHERE car_id = $1 AND ($6::uuid IS NULL OR id = $6)
             AND ($5 OR state IS DISTINCT FROM 'hidden')
             AND ($2::timestamptz IS NULL OR (filled_at::timestamptz, id) < ($2, $3))
           ORDER BY filled_at::timestamptz DESC, id DESC LIMIT $4"#,
        car,
        behind.map(|place| place.at),
        behind.map_or(Uuid::nil(), |place| place.id),
        limit,
        hidden,
        id,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(FuelEntryRow::from).collect())
}

/// The fill-up of this car, locked until the transaction ends: a person is about to change it.
pub async fn find_for_change(
    db: &mut PgConnection,
    car: Uuid,
    id: Uuid,
) -> Result<Option<FuelEntryRow>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT id, filled_at::timestamptz AS "at!", source_type::text AS "source!",
             economy_l_per_100km::float8 AS economy_l_per_100km, cost_is_estimate, litres::float8 AS litres,
             odometer_reading::float8 AS odometer_km, full_tank, missed_previous,
             price_per_litre::float8 AS price_per_litre, total_cost::float8 AS total_cost, currency::text AS currency, notes,
             filled_after, level_before::float8 AS level_before, level_after::float8 AS level_after,
             litres_plus_minus::float8 AS litres_plus_minus,
             economy_at_pump_l_per_100km::float8 AS economy_at_pump_l_per_100km, latitude, longitude, private_zone,
             place_id, state::text AS state, confidence::float8 AS confidence, evidence_until
           FROM fuel_entries WHERE id = $2 AND car_id = $1 FOR UPDATE"#,
        car,
        id,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(FuelEntryRow::from))
}

/// Writes a fill-up of a person; gives its id.
pub async fn add(
    db: &mut PgConnection,
    car: Uuid,
    at: DateTime<Utc>,
    receipt: &FuelReceipt,
    now: DateTime<Utc>,
) -> Result<Uuid, StoreError> {
    let FuelReceipt {
        litres,
        odometer_km,
        full_tank,
        missed_previous,
        price_per_litre,
        total_cost,
        currency,
        notes,
    } = receipt;
    let id = sqlx::query_scalar!(
        "INSERT INTO fuel_entries (car_id, filled_at, litres, odometer_reading, full_tank, missed_previous,
           price_per_litre, total_cost, currency, source_type, created_at, notes)
         VALUES ($1, $2, trim_scale($3::float8::numeric), trim_scale($4::float8::numeric), $5, $6,
           trim_scale($7::float8::numeric), trim_scale($8::float8::numeric), $9, 'manual', $10, $11)
         RETURNING id",
        car,
        at,
        *litres,
        *odometer_km,
        *full_tank,
        *missed_previous,
        *price_per_litre,
        *total_cost,
        currency.as_deref(),
        now,
        notes.as_deref(),
    )
    .fetch_one(db)
    .await?;
    Ok(id)
}

/// Puts a person's words in the place of what stood in a fill-up of this car. What they cost is theirs from then on.
pub async fn replace(
    db: &mut PgConnection,
    car: Uuid,
    id: Uuid,
    at: DateTime<Utc>,
    receipt: &FuelReceipt,
) -> Result<(), StoreError> {
    let FuelReceipt {
        litres,
        odometer_km,
        full_tank,
        missed_previous,
        price_per_litre,
        total_cost,
        currency,
        notes,
    } = receipt;
    sqlx::query!(
        "UPDATE fuel_entries
         SET filled_at = $3, litres = trim_scale($4::float8::numeric), odometer_reading = trim_scale($5::float8::numeric),
           full_tank = $6, missed_previous = $7,
           cost_is_estimate = cost_is_estimate
             AND total_cost IS NOT DISTINCT FROM trim_scale($9::float8::numeric)
             AND price_per_litre IS NOT DISTINCT FROM trim_scale($8::float8::numeric),
           price_per_litre = trim_scale($8::float8::numeric), total_cost = trim_scale($9::float8::numeric), currency = $10,
           notes = $11
         WHERE id = $2 AND car_id = $1",
        car,
        id,
        at,
        *litres,
        *odometer_km,
        *full_tank,
        *missed_previous,
        *price_per_litre,
        *total_cost,
        currency.as_deref(),
        notes.as_deref(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes a fill-up of this car; says whether there was one.
pub async fn delete(db: &mut PgConnection, car: Uuid, id: Uuid) -> Result<bool, StoreError> {
    let done =
        sqlx::query!("DELETE FROM fuel_entries WHERE id = $2 AND car_id = $1", car, id).execute(db).await?;
    Ok(done.rows_affected() > 0)
}

struct Row {
    id: Uuid,
    at: DateTime<Utc>,
    source: String,
    economy_l_per_100km: Option<f64>,
    cost_is_estimate: bool,
    litres: Option<f64>,
    odometer_km: Option<f64>,
    full_tank: Option<bool>,
    missed_previous: Option<bool>,
    price_per_litre: Option<f64>,
    total_cost: Option<f64>,
    currency: Option<String>,
    notes: Option<String>,
    filled_after: Option<DateTime<Utc>>,
    level_before: Option<f64>,
    level_after: Option<f64>,
    litres_plus_minus: Option<f64>,
    economy_at_pump_l_per_100km: Option<f64>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    private_zone: Option<String>,
    place_id: Option<Uuid>,
    state: Option<String>,
    confidence: Option<f64>,
    evidence_until: Option<DateTime<Utc>>,
}

impl From<Row> for FuelEntryRow {
    fn from(row: Row) -> Self {
        let receipt = FuelReceipt {
            litres: row.litres,
            odometer_km: row.odometer_km,
            full_tank: row.full_tank,
            missed_previous: row.missed_previous,
            price_per_litre: row.price_per_litre,
            total_cost: row.total_cost,
            currency: row.currency,
            notes: row.notes,
        };
        let finding = FuelFinding {
            filled_after: row.filled_after,
            level_before: row.level_before,
            level_after: row.level_after,
            litres_plus_minus: row.litres_plus_minus,
            economy_at_pump_l_per_100km: row.economy_at_pump_l_per_100km,
            latitude: row.latitude,
            longitude: row.longitude,
            private_zone: row.private_zone,
            place_id: row.place_id,
            state: row.state,
            confidence: row.confidence,
            evidence_until: row.evidence_until,
        };
        Self {
            id: row.id,
            at: row.at,
            source: row.source,
            economy_l_per_100km: row.economy_l_per_100km,
            cost_is_estimate: row.cost_is_estimate,
            receipt,
            finding,
        }
    }
}
