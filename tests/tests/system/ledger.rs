//! What must hold whatever was killed: everything accepted is stored, nothing is stored twice, and the book is the
//! fold of the stored readings, computed here once more in one go.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::book::Entry;
use domain::fold::Sighting;
use domain::reading::{Milli, Reading, Signal, TimeQuality, Value};
use domain::setup::Setup;
use domain::timeline::{Settled, advance};
use simulator::Ledger;
use sqlx::PgPool;
use uuid::Uuid;

use crate::installation::{Installation, PATIENCE};

/// Waits until everything that the sender was promised is stored, and then looks at it all.
pub async fn holds(installation: &Installation, ledger: &Ledger) {
    let accepted: BTreeSet<String> =
        ledger.accepted().into_iter().map(|event| event.event_id.to_string()).collect();
    assert!(accepted.len() > 300, "too little happened to prove anything: {}", accepted.len());
    let mut missing = accepted.clone();
    harness::eventually(PATIENCE, "all accepted events are stored", async || {
        missing = accepted.difference(&stored(&installation.pool).await).cloned().collect();
        missing.is_empty()
    })
    .await;
    let twice = "SELECT count(*) - count(DISTINCT event_id) FROM webhook_events";
    assert_eq!(installation.count(twice).await, 0, "events were stored twice");
    assert_eq!(installation.count("SELECT count(*) FROM parked_messages").await, 0, "something was parked");
    assert_eq!(installation.count("SELECT count(*) FROM dirty_vehicles").await, 0, "a fold failed");
    book_follows_from_the_readings(&installation.pool).await;
}

async fn stored(pool: &PgPool) -> BTreeSet<String> {
    let ids: Vec<String> =
        sqlx::query_scalar("SELECT event_id FROM webhook_events").fetch_all(pool).await.unwrap();
    ids.into_iter().collect()
}

/// Moment and metres.
type Line = (DateTime<Utc>, i64);

pub async fn book_follows_from_the_readings(pool: &PgPool) {
    let vehicles: Vec<Uuid> =
        sqlx::query_scalar("SELECT id FROM smartcar_vehicles").fetch_all(pool).await.unwrap();
    for vehicle in vehicles {
        let written: Vec<Line> = sqlx::query_as(
            "SELECT entry_date, (odometer_reading * 1000)::bigint FROM meter_entries WHERE source_id = $1
             ORDER BY entry_date, odometer_reading",
        )
        .bind(vehicle)
        .fetch_all(pool)
        .await
        .unwrap();
        assert_eq!(written, folded(pool, vehicle).await, "the book of {vehicle}");
    }
}

async fn folded(pool: &PgPool, vehicle: Uuid) -> Vec<Line> {
    let readings: Vec<(DateTime<Utc>, f64)> =
        sqlx::query_as("SELECT at, value::float8 FROM readings WHERE vehicle_id = $1 AND signal = $2")
            .bind(vehicle)
            .bind(Signal::ODOMETER)
            .fetch_all(pool)
            .await
            .unwrap();
    let sightings = readings.into_iter().map(|(at, km)| {
        let (signal, value) = (Signal::new(Signal::ODOMETER), Value::Number(Milli::from_f64(km).unwrap()));
        let reading = Reading { at, signal, value, quality: TimeQuality::Oem, original: None };
        Sighting { reading, by_hand: false }
    });
    let outcome = advance(Settled::default(), sightings, [], &Setup::default());
    let mut lines: Vec<Line> = outcome
        .book
        .entries()
        .filter_map(|entry| match entry {
            Entry::Meter(entry) => Some((entry.anchor.at, entry.odometer.metres())),
            _ => None,
        })
        .collect();
    lines.sort_unstable();
    lines
}
