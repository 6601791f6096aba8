//! `untimed_readings`: the last value of signals that the platform gives no time for.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::reading::{Signal, Value};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{StoreError, canonical};

#[derive(Debug)]
pub struct UntimedReading {
    pub vehicle: Uuid,
    pub signal: Signal,
    pub value: Value,
    pub received_at: DateTime<Utc>,
}

/// Keeps the newest of each signal. The same value is written again after an hour only: most of these signals
/// never change and come with every delivery.
pub async fn upsert(db: &mut PgConnection, readings: &[UntimedReading]) -> Result<(), StoreError> {
    // One a key, the newest, in one order: a statement may not touch a row twice, and two may not deadlock.
    let mut newest: BTreeMap<(Uuid, &Signal), &UntimedReading> = BTreeMap::new();
    for reading in readings {
        let place = newest.entry((reading.vehicle, &reading.signal)).or_insert(reading);
        if place.received_at <= reading.received_at {
            *place = reading;
        }
    }
    let readings: Vec<&UntimedReading> = newest.into_values().collect();
    let vehicles: Vec<Uuid> = readings.iter().map(|reading| reading.vehicle).collect();
    let signals: Vec<&str> = readings.iter().map(|reading| reading.signal.as_str()).collect();
    let kinds: Vec<&str> = readings.iter().map(|reading| canonical::kind(&reading.value)).collect();
    let values: Vec<String> = readings.iter().map(|reading| canonical::text(&reading.value)).collect();
    let received: Vec<DateTime<Utc>> = readings.iter().map(|reading| reading.received_at).collect();
    sqlx::query!(
        "INSERT INTO untimed_readings AS known (vehicle_id, signal, kind, value, received_at)
         SELECT vehicle_id, signal, kind::reading_kind, value, received_at
         FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
           AS reading (vehicle_id, signal, kind, value, received_at)
         ON CONFLICT (vehicle_id, signal) DO UPDATE
           SET kind = excluded.kind, value = excluded.value, received_at = excluded.received_at
           WHERE excluded.received_at > known.received_at
             AND ((excluded.kind, excluded.value) IS DISTINCT FROM (known.kind, known.value)
               OR excluded.received_at > known.received_at + interval '1 hour')",
        &vehicles,
        &signals as &[&str],
        &kinds as &[&str],
        &values,
        &received,
    )
    .execute(db)
    .await?;
    Ok(())
}
