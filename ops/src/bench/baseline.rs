//! The baseline: what one would write first. The odometer rule alone, inside the request, one delivery a transaction.

use anyhow::Context;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use sqlx::{PgConnection, PgPool};
use tokio::time::Instant;
use uuid::Uuid;

use super::Bench;
use super::deliveries::{PATH, requests};
use super::door_probe::{is_signed, serve};
use super::figures::{DELIVERIES, Figures, Unit};
use super::load::{self, Pace};
use super::options::Measurement;
use super::rows::Bare;

/// It gets so many deliveries for each second that other measurements run: about as many as it manages.
const PER_SECOND: usize = 1_000;

/// The signal that it understands.
const ODOMETER: &str = "odometer-traveleddistance";

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Figures> {
    let app = Router::new().route(PATH, post(receive)).with_state(bench.servers.pool.clone());
    let (address, _server) = serve(app).await?;
    load::run(address, requests(&bench.deliveries.before), Pace::Each, Instant::now()).await?;
    let number = usize::try_from(bench.options.seconds)? * PER_SECOND;
    let requests = requests(&bench.deliveries.all[..number.min(bench.deliveries.number())]);
    bench.servers.settle().await?;
    let effort = bench.effort();
    let mut served = load::run(address, requests, Pace::Each, Instant::now()).await?;
    let figures = bench.figures(Measurement::Baseline).with(DELIVERIES, served.per_second(), Unit::PerSecond);
    let figures = served.latencies.note(figures);
    Ok(effort.note(figures, served.requests).done())
}

async fn receive(State(pool): State<PgPool>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if !is_signed(&headers, &body) {
        return StatusCode::UNAUTHORIZED;
    }
    match write(&pool, &body).await {
        Ok(()) => StatusCode::OK,
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[derive(Debug, Deserialize)]
struct Odometer {
    value: f64,
}

async fn write(pool: &PgPool, body: &[u8]) -> anyhow::Result<()> {
    let delivery: Bare<'_> = serde_json::from_slice(body).context("cannot read a delivery")?;
    let mut tx = pool.begin().await?;
    let claimed = sqlx::query(
        "INSERT INTO event_claims (event_id, claimed_at) VALUES ($1, now()) ON CONFLICT DO NOTHING",
    )
    .bind(delivery.event_id)
    .execute(&mut *tx)
    .await?;
    if claimed.rows_affected() == 0 {
        return Ok(());
    }
    sqlx::query(
        "INSERT INTO webhook_events (id, event_id, event_type, source, vehicle_id, body, waiting, processed, received_at)
         VALUES ($1, $2, 'VEHICLE_STATE', 'webhook', $3, $4, '{}', true, now())",
    )
    .bind(Uuid::new_v4())
    .bind(delivery.event_id)
    .bind(delivery.data.vehicle.id)
    .bind(body)
    .execute(&mut *tx)
    .await?;
    let signal = delivery.data.signals.iter().find(|signal| signal.code == ODOMETER);
    if let Some((at, body)) = signal.and_then(|signal| Some((signal.at()?, signal.body?))) {
        let odometer: Odometer = serde_json::from_str(body.get()).context("cannot read an odometer")?;
        enter(&mut tx, delivery.data.vehicle.id, at, odometer.value).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// An entry, unless the newest one says more, or says the same and is less than a day old.
async fn enter(db: &mut PgConnection, vehicle: &str, at: DateTime<Utc>, km: f64) -> anyhow::Result<()> {
    let (connection, car): (Uuid, Uuid) =
        sqlx::query_as("SELECT id, car_id FROM smartcar_vehicles WHERE smartcar_vehicle_id = $1")
            .bind(vehicle)
            .fetch_one(&mut *db)
            .await?;
    let newest: Option<(f64, DateTime<Utc>)> = sqlx::query_as(
        "SELECT odometer_reading::float8, entry_date FROM meter_entries WHERE car_id = $1 ORDER BY entry_date DESC LIMIT 1",
    )
    .bind(car)
    .fetch_optional(&mut *db)
    .await?;
    if newest.is_some_and(|(last_km, last_at)| {
        km <= last_km && (km < last_km || at - last_at < TimeDelta::days(1))
    }) {
        return Ok(());
    }
    let entry = Uuid::new_v4();
    sqlx::query("SELECT set_config('carvetka.machine', 'on', true)").execute(&mut *db).await?;
    sqlx::query(
        "INSERT INTO meter_entries (id, car_id, odometer_reading, entry_date, source_type, source_id)
         VALUES ($1, $2, $3::float8::numeric, $4, 'smartcar_sync', $5)",
    )
    .bind(entry)
    .bind(car)
    .bind(km)
    .bind(at)
    .bind(connection)
    .execute(&mut *db)
    .await?;
    sqlx::query(
        "INSERT INTO smartcar_sync_logs (smartcar_vehicle_id, sync_type, data)
         VALUES ($1, 'odometer', jsonb_build_object('meter_entry_id', $2::uuid))",
    )
    .bind(connection)
    .bind(entry)
    .execute(&mut *db)
    .await?;
    Ok(())
}
