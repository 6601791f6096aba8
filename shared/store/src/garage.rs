//! `cars`: whose they are, and what their owner sees at a glance. Carvetka's own table; nothing here writes it.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// A car as its owner sees it in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct CarRow {
    pub id: Uuid,
    pub name: String,
    pub make: Option<String>,
    pub model: Option<String>,
    pub year: Option<i32>,
    pub vin: Option<String>,
    pub powertrain: Option<String>,
    /// The connection's state in the database's word; `None` if the car was never connected.
    pub connection: Option<String>,
    pub last_synced_at: Option<DateTime<Utc>>,
    /// The newest entry of the mileage book.
    pub odometer_km: Option<f64>,
    pub odometer_at: Option<DateTime<Utc>>,
}

/// More cars than any person has; a list is not cut in pages.
const MOST: i64 = 1_000;

/// Whether the car exists and is this person's.
pub async fn is_owned(db: &mut PgConnection, user: Uuid, car: Uuid) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM cars WHERE id = $1 AND user_id = $2) AS "found!""#,
        car,
        user,
    )
    .fetch_one(db)
    .await?;
    Ok(found)
}

/// The person's cars, by name.
pub async fn of_user(db: &mut PgConnection, user: Uuid) -> Result<Vec<CarRow>, StoreError> {
    let rows = sqlx::query_as!(
        CarRow,
        r#"SELECT car.id, car.name, car.make, car.model, car.year, car.vin, car.powertrain,
             connection.status AS "connection?", connection.last_synced_at AS "last_synced_at?",
             newest.km AS "odometer_km?", newest.at AS "odometer_at?"
           FROM cars AS car
           LEFT JOIN LATERAL (
             SELECT CASE WHEN coalesce(is_active, true) THEN status::text ELSE 'disconnected' END AS status, last_synced_at
             FROM smartcar_vehicles WHERE car_id = car.id AND user_id = car.user_id
             ORDER BY status = 'disconnected', connected_at DESC LIMIT 1
           ) AS connection ON true
           LEFT JOIN LATERAL (
             SELECT odometer_reading::float8 AS km, entry_date::timestamptz AS at
             FROM meter_entries WHERE car_id = car.id ORDER BY entry_date DESC, id DESC LIMIT 1
           ) AS newest ON true
           WHERE car.user_id = $1
           ORDER BY car.name, car.id LIMIT $2"#,
        user,
        MOST,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}
