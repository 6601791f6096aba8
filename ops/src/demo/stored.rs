//! What the pipeline stored, as the comparison at the end needs it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use super::doings::{Span, Told};
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

/// The stored answers of Smartcar for which we had asked, as they came, by Smartcar's id.
pub async fn answers(pool: &PgPool) -> sqlx::Result<HashMap<String, Vec<String>>> {
    let rows: Vec<(Option<String>, String)> = sqlx::query_as(
        "SELECT vehicle_id, convert_from(body, 'UTF8') FROM webhook_events WHERE source <> 'webhook'",
    )
    .fetch_all(pool)
    .await?;
    let mut answers: HashMap<String, Vec<String>> = HashMap::new();
    for (smartcar_vehicle_id, body) in rows {
        answers.entry(smartcar_vehicle_id.unwrap_or_default()).or_default().push(body);
    }
    Ok(answers)
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

/// What each connected car's book tells of fill-ups, charging and trips, by Smartcar's id. What is only asked about is left out.
pub async fn told(pool: &PgPool) -> sqlx::Result<HashMap<String, Told>> {
    let rows: Vec<Entry> = sqlx::query_as(
        "SELECT vehicle.smartcar_vehicle_id, entry.what, entry.began AS from, entry.ended AS to, entry.metres
         FROM smartcar_vehicles AS vehicle JOIN (
           SELECT source_id, 'fill-up' AS what, coalesce(filled_after, filled_at) AS began, filled_at AS ended, NULL::bigint AS metres
           FROM fuel_entries WHERE state = 'recorded'
           UNION ALL
           SELECT source_id, 'session', started_after, coalesce(ended_at, started_at), NULL
           FROM charging_sessions WHERE state = 'recorded'
           UNION ALL
           SELECT source_id, 'trip', started_after, coalesce(ended_at, started_at), round(distance_km * 1000)::bigint
           FROM trips WHERE state = 'recorded'
         ) AS entry ON entry.source_id = vehicle.id
         ORDER BY entry.began",
    )
    .fetch_all(pool)
    .await?;
    let mut told: HashMap<String, Told> = HashMap::new();
    for Entry { smartcar_vehicle_id, what, from, to, metres } in rows {
        let told = told.entry(smartcar_vehicle_id).or_default();
        match what.as_str() {
            "fill-up" => told.fill_ups.push(Span { from, to }),
            "session" => told.sessions.push(Span { from, to }),
            _ => {
                told.trips += 1;
                told.trip_metres += metres.unwrap_or(0);
                let so_far = told.on_the_way.unwrap_or(Span { from, to });
                told.on_the_way = Some(Span { from: so_far.from.min(from), to: so_far.to.max(to) });
            }
        }
    }
    Ok(told)
}

/// An entry of any of these books.
#[derive(Debug, sqlx::FromRow)]
struct Entry {
    smartcar_vehicle_id: String,
    what: String,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    metres: Option<i64>,
}

/// What was spent, as far as a price is known: the currency, and the sum of fuel and of charging.
pub async fn spent(pool: &PgPool) -> sqlx::Result<Vec<Spent>> {
    sqlx::query_as(
        "SELECT currency, sum(fuel)::float8 AS fuel, sum(charging)::float8 AS charging FROM (
           SELECT currency, total_cost AS fuel, NULL::numeric AS charging FROM fuel_entries WHERE state = 'recorded'
           UNION ALL
           SELECT currency, NULL, cost FROM charging_sessions WHERE state = 'recorded'
         ) AS entry WHERE coalesce(fuel, charging) IS NOT NULL GROUP BY currency ORDER BY currency",
    )
    .fetch_all(pool)
    .await
}

/// Money of one currency.
#[derive(Debug, sqlx::FromRow)]
pub struct Spent {
    pub currency: String,
    pub fuel: Option<f64>,
    pub charging: Option<f64>,
}

/// A car, and one entry if it has any.
#[derive(Debug, sqlx::FromRow)]
struct Row {
    smartcar_vehicle_id: String,
    name: String,
    at: Option<DateTime<Utc>>,
    metres: Option<i64>,
}
