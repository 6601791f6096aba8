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
}

/// The fill-ups of a car, newest first, behind a place.
pub async fn page(
    db: &mut PgConnection,
    car: Uuid,
    behind: Option<Place>,
    limit: i64,
) -> Result<Vec<FuelEntryRow>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id, filled_at::timestamptz AS "at!", source_type::text AS "source!",
             economy_l_per_100km::float8 AS economy_l_per_100km, cost_is_estimate, litres::float8 AS litres,
             odometer_reading::float8 AS odometer_km, full_tank, missed_previous,
             price_per_litre::float8 AS price_per_litre, total_cost::float8 AS total_cost, currency::text AS currency
           FROM fuel_entries
           WHERE car_id = $1 AND ($2::timestamptz IS NULL OR (filled_at::timestamptz, id) < ($2, $3))
           ORDER BY filled_at::timestamptz DESC, id DESC LIMIT $4"#,
        car,
        behind.map(|place| place.at),
        behind.map_or(Uuid::nil(), |place| place.id),
        limit,
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
             price_per_litre::float8 AS price_per_litre, total_cost::float8 AS total_cost, currency::text AS currency
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
    } = receipt;
    let id = sqlx::query_scalar!(
        "INSERT INTO fuel_entries (car_id, filled_at, litres, odometer_reading, full_tank, missed_previous,
           price_per_litre, total_cost, currency, source_type, created_at)
         VALUES ($1, $2, trim_scale($3::float8::numeric), trim_scale($4::float8::numeric), $5, $6,
           trim_scale($7::float8::numeric), trim_scale($8::float8::numeric), $9, 'manual', $10)
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
    } = receipt;
    sqlx::query!(
        "UPDATE fuel_entries
         SET filled_at = $3, litres = trim_scale($4::float8::numeric), odometer_reading = trim_scale($5::float8::numeric),
           full_tank = $6, missed_previous = $7,
           cost_is_estimate = cost_is_estimate
             AND total_cost IS NOT DISTINCT FROM trim_scale($9::float8::numeric)
             AND price_per_litre IS NOT DISTINCT FROM trim_scale($8::float8::numeric),
           price_per_litre = trim_scale($8::float8::numeric), total_cost = trim_scale($9::float8::numeric), currency = $10
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
        };
        Self {
            id: row.id,
            at: row.at,
            source: row.source,
            economy_l_per_100km: row.economy_l_per_100km,
            cost_is_estimate: row.cost_is_estimate,
            receipt,
        }
    }
}
