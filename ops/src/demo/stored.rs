//! What the pipeline stored, as the comparison at the end needs it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use super::expected::Point;

/// A car's name, and its mileage book in the car's time.
#[derive(Debug, Default)]
pub struct CarBook {
    pub name: String,
    pub entries: Vec<Point>,
}

/// How often each webhook is stored.
pub async fn events(pool: &PgPool) -> sqlx::Result<HashMap<String, i64>> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "SELECT event_id, count(*) FROM webhook_events WHERE source = 'webhook' GROUP BY event_id",
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().collect())
}

/// How many answers of Smartcar are stored, for which we had asked.
pub async fn answers(pool: &PgPool) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT count(*) FROM webhook_events WHERE source <> 'webhook'").fetch_one(pool).await
}

/// How many messages were ever parked.
pub async fn parked(pool: &PgPool) -> sqlx::Result<i64> {
    sqlx::query_scalar("SELECT count(*) FROM parked_messages").fetch_one(pool).await
}

/// The book of each connected car, by Smartcar's id.
pub async fn books(pool: &PgPool) -> sqlx::Result<HashMap<String, CarBook>> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT vehicle.smartcar_vehicle_id, car.name, entry.entry_date AS at,
           round(entry.odometer_reading * 1000)::bigint AS metres
         FROM smartcar_vehicles AS vehicle JOIN cars AS car ON car.id = vehicle.car_id
         LEFT JOIN meter_entries AS entry ON entry.source_id = vehicle.id
         ORDER BY entry.entry_date, entry.odometer_reading",
    )
    .fetch_all(pool)
    .await?;
    let mut books: HashMap<String, CarBook> = HashMap::new();
    for row in rows {
        let book = books.entry(row.smartcar_vehicle_id).or_default();
        book.name = row.name;
        book.entries.extend(row.at.zip(row.metres).map(|(at, metres)| Point { at, metres }));
    }
    Ok(books)
}

/// A car, and one entry if it has any.
#[derive(Debug, sqlx::FromRow)]
struct Row {
    smartcar_vehicle_id: String,
    name: String,
    at: Option<DateTime<Utc>>,
    metres: Option<i64>,
}
