//! People are told once that a service is due and that a car is silent, however many schedulers look.

use std::time::Duration;

use chrono::TimeDelta;
use runtime::clock;
use runtime::lifecycle::Lifecycle;
use sqlx::PgPool;

use crate::support::{PATIENCE, connected_car, start_scheduler};

async fn alerts(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT concat_ws(' ', kind, details ->> 'title', details ->> 'stage') FROM alerts ORDER BY kind, details ->> 'title', created_at",
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn each_stage_and_each_silence_is_told_once() {
    let (database, namespace) = (harness::database().await, harness::namespace());
    let (pool, now) = (&database.pool, clock::now());
    let vehicle = connected_car(pool).await;
    sqlx::query(
        "INSERT INTO service_reminders (car_id, title, interval_months, done_at)
         SELECT car_id, title, months, $2 FROM smartcar_vehicles,
           (VALUES ('belt', 60), ('brakes', 24), ('oil', 12)) AS plan (title, months) WHERE id = $1",
    )
    .bind(vehicle)
    .bind(now - TimeDelta::days(360))
    .execute(pool)
    .await
    .unwrap();
    sqlx::query(
        "UPDATE vehicle_cadences SET heard_at = $2, learning_since = $2, long_gap_seconds = 7200 WHERE vehicle_id = $1",
    )
    .bind(vehicle)
    .bind(now - TimeDelta::hours(9))
    .execute(pool)
    .await
    .unwrap();
    sqlx::query("UPDATE smartcar_vehicles SET last_synced_at = $2 WHERE id = $1")
        .bind(vehicle)
        .bind(now - TimeDelta::hours(9))
        .execute(pool)
        .await
        .unwrap();
    let life = Lifecycle::new(Duration::from_secs(5));
    start_scheduler(&database.url, &namespace, &life).await;
    start_scheduler(&database.url, &namespace, &life).await;
    harness::eventually(PATIENCE, "people are told", async || alerts(pool).await.len() >= 2).await;
    life.shut_down().await;
    assert_eq!(alerts(pool).await, ["car_offline", "service_due oil urgent"]);

    // The car speaks again, the service goes from urgent to due, and all of it is looked at anew.
    sqlx::query("UPDATE smartcar_vehicles SET last_synced_at = $2 WHERE id = $1")
        .bind(vehicle)
        .bind(now)
        .execute(pool)
        .await
        .unwrap();
    sqlx::query(
        "UPDATE service_reminders SET looked_at = NULL, interval_months = least(interval_months, 11)",
    )
    .execute(pool)
    .await
    .unwrap();
    let life = Lifecycle::new(Duration::from_secs(5));
    start_scheduler(&database.url, &namespace, &life).await;
    let over = async || {
        sqlx::query_scalar::<_, bool>(
            "SELECT details ->> 'overAt' IS NOT NULL FROM alerts WHERE kind = 'car_offline'",
        )
        .fetch_one(pool)
        .await
        .unwrap()
    };
    harness::eventually(PATIENCE, "the silence is over", over).await;
    harness::eventually(PATIENCE, "all are due", async || alerts(pool).await.len() >= 5).await;
    life.shut_down().await;
    assert_eq!(
        alerts(pool).await,
        [
            "car_offline",
            "service_due belt due",
            "service_due brakes due",
            "service_due oil urgent",
            "service_due oil due"
        ]
    );
    database.close().await;
}
