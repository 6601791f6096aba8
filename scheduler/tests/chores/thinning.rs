//! Old states are thinned, and the book stays what it is.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::fold::Sighting;
use domain::reading::{Milli, Reading, Signal, TimeQuality, Value};
use intake::replay::{self, Since};
use runtime::lifecycle::Lifecycle;
use sqlx::PgPool;
use store::readings;
use uuid::Uuid;

use crate::support::{PATIENCE, connected_car, start_scheduler};

fn drove(day: i64, km: i64) -> Sighting {
    let start: DateTime<Utc> = "2026-01-01T08:00:00Z".parse().unwrap();
    let reading = Reading {
        at: start + TimeDelta::days(day),
        signal: Signal::new(Signal::ODOMETER),
        value: Value::Number(Milli(km * 1000)),
        quality: TimeQuality::Oem,
        original: None,
    };
    Sighting { reading, by_hand: false }
}

async fn hear(pool: &PgPool, vehicle: Uuid, seen: &[Sighting]) {
    let seen: Vec<(Uuid, Sighting)> = seen.iter().map(|seen| (vehicle, seen.clone())).collect();
    readings::insert(&mut pool.acquire().await.unwrap(), &seen).await.unwrap();
}

/// The mileage book, row by row, with all that the machine notes beside it.
async fn book(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT concat_ws(' ', entry_date, odometer_reading, id, evidence, evidence_until) FROM meter_entries ORDER BY entry_date",
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

async fn states(pool: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM vehicle_states").fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn a_late_reading_far_back_gives_the_same_book_after_thinning() {
    let (database, namespace) = (harness::database().await, harness::namespace());
    let (pool, now) = (&database.pool, runtime::clock::now());
    let vehicle = connected_car(pool).await;
    let silent = 37..44;
    let days: Vec<Sighting> =
        (0..120).filter(|day| !silent.contains(day)).map(|day| drove(day, 10_000 + 10 * day)).collect();
    // As a life comes, some weeks after the other: a fold keeps the states of its last weeks alone.
    for weeks in days.chunks(30) {
        hear(pool, vehicle, weeks).await;
        replay::from(pool, vehicle, Since::Moment(weeks[0].reading.at), now).await.unwrap();
    }
    let (before, stored) = (book(pool).await, states(pool).await);
    assert!(stored > 100, "a state for each day: {stored}");

    let life = Lifecycle::new(Duration::from_secs(5));
    start_scheduler(&database.url, &namespace, &life).await;
    harness::eventually(PATIENCE, "old states are thinned", async || states(pool).await < 50).await;
    life.shut_down().await;
    assert_eq!(book(pool).await, before);

    let late = drove(40, 10_400);
    hear(pool, vehicle, std::slice::from_ref(&late)).await;
    replay::from(pool, vehicle, Since::Moment(late.reading.at), now).await.unwrap();
    let after = book(pool).await;
    assert_eq!(after.len(), before.len() + 1, "the late reading has its entry");
    replay::from(pool, vehicle, Since::TheStart, now).await.unwrap();
    assert_eq!(book(pool).await, after, "as if it had been read from the very first reading on");
    database.close().await;
}
