//! What the bare probes write: the same rows of the same tables as the worker's deliveries and readings.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use anyhow::{Context, ensure};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::Bench;

/// The least of a delivery that has to be understood to store its readings.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Bare<'a> {
    pub event_id: &'a str,
    #[serde(borrow)]
    pub data: Data<'a>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Data<'a> {
    #[serde(borrow)]
    pub vehicle: Vehicle<'a>,
    #[serde(borrow)]
    pub signals: Vec<Signal<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Vehicle<'a> {
    pub id: &'a str,
}

#[derive(Debug, Deserialize)]
pub(super) struct Signal<'a> {
    pub code: &'a str,
    #[serde(borrow)]
    pub body: Option<&'a RawValue>,
    pub meta: Option<Meta>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Meta {
    oem_updated_at: Option<i64>,
}

impl Signal<'_> {
    /// When the car said it; `None` for what has no time.
    pub fn at(&self) -> Option<DateTime<Utc>> {
        let milliseconds = self.meta.as_ref()?.oem_updated_at.filter(|at| *at > 0)?;
        DateTime::from_timestamp_millis(milliseconds)
    }
}

/// The rows of a batch, column by column.
#[derive(Debug, Default)]
pub(super) struct Rows {
    event_ids: Vec<String>,
    vehicles: Vec<String>,
    bodies: Vec<Vec<u8>>,
    /// In their order, each once, so that two lanes never wait for each other.
    readings: BTreeSet<ReadingRow>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct ReadingRow {
    vehicle: Uuid,
    at: DateTime<Utc>,
    signal: String,
    value_hash: i64,
    value: String,
}

impl<'a> FromIterator<&'a [u8]> for Rows {
    /// Bodies that are no deliveries are left out: there are none.
    fn from_iter<T: IntoIterator<Item = &'a [u8]>>(bodies: T) -> Self {
        let mut rows = Self::default();
        for body in bodies {
            if let Ok(delivery) = serde_json::from_slice::<Bare<'_>>(body) {
                rows.add(&delivery, body);
            }
        }
        rows
    }
}

impl Rows {
    fn add(&mut self, delivery: &Bare<'_>, body: &[u8]) {
        let vehicle = delivery.data.vehicle.id;
        self.event_ids.push(delivery.event_id.to_owned());
        self.vehicles.push(vehicle.to_owned());
        self.bodies.push(body.to_vec());
        let id = Uuid::try_parse(vehicle).unwrap_or_default();
        for signal in &delivery.data.signals {
            if let (Some(at), Some(body)) = (signal.at(), signal.body) {
                let value = body.get();
                self.readings.insert(ReadingRow {
                    vehicle: id,
                    at,
                    signal: signal.code.to_owned(),
                    value_hash: digest(value),
                    value: value.to_owned(),
                });
            }
        }
    }

    /// Three bulk inserts and a commit.
    pub async fn insert(self, pool: &PgPool) -> anyhow::Result<()> {
        let now = runtime::clock::now();
        let mut tx = pool.begin().await.context("cannot begin a transaction")?;
        sqlx::query(
            "INSERT INTO event_claims (event_id, claimed_at)
             SELECT event_id, $2 FROM unnest($1::text[]) AS event_id ORDER BY event_id ON CONFLICT DO NOTHING",
        )
        .bind(&self.event_ids)
        .bind(now)
        .execute(&mut *tx)
        .await
        .context("cannot insert claims")?;
        let ids: Vec<Uuid> = self.event_ids.iter().map(|_| Uuid::new_v4()).collect();
        sqlx::query(
            "INSERT INTO webhook_events (id, event_id, event_type, source, vehicle_id, body, waiting, processed, received_at)
             SELECT id, event_id, 'VEHICLE_STATE', 'webhook', vehicle_id, body, '{}', true, $5
             FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[]) AS event (id, event_id, vehicle_id, body)",
        )
        .bind(&ids)
        .bind(&self.event_ids)
        .bind(&self.vehicles)
        .bind(&self.bodies)
        .bind(now)
        .execute(&mut *tx)
        .await
        .context("cannot insert deliveries")?;
        insert_readings(&self.readings, &mut tx).await?;
        tx.commit().await.context("cannot commit")
    }
}

async fn insert_readings(readings: &BTreeSet<ReadingRow>, db: &mut PgConnection) -> anyhow::Result<()> {
    let vehicles: Vec<Uuid> = readings.iter().map(|row| row.vehicle).collect();
    let times: Vec<DateTime<Utc>> = readings.iter().map(|row| row.at).collect();
    let signals: Vec<&str> = readings.iter().map(|row| row.signal.as_str()).collect();
    let hashes: Vec<i64> = readings.iter().map(|row| row.value_hash).collect();
    let values: Vec<&str> = readings.iter().map(|row| row.value.as_str()).collect();
    sqlx::query(
        "INSERT INTO readings (vehicle_id, at, signal, kind, value, value_hash, quality, by_hand)
         SELECT vehicle_id, at, signal, 'structure', value, value_hash, 'oem', false
         FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::bigint[], $5::text[])
           AS reading (vehicle_id, at, signal, value_hash, value)
         ON CONFLICT DO NOTHING",
    )
    .bind(&vehicles)
    .bind(&times)
    .bind(&signals)
    .bind(&hashes)
    .bind(&values)
    .execute(db)
    .await
    .context("cannot insert readings")?;
    Ok(())
}

/// How much is stored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stored {
    deliveries: usize,
    pub readings: usize,
    /// Of the mileage book.
    pub entries: usize,
}

/// Counts what is stored.
pub(super) async fn stored(pool: &PgPool) -> anyhow::Result<Stored> {
    let (deliveries, readings, entries): (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM webhook_events), (SELECT count(*) FROM readings),
           (SELECT count(*) FROM meter_entries)",
    )
    .fetch_one(pool)
    .await
    .context("cannot count what is stored")?;
    Ok(Stored {
        deliveries: deliveries.try_into()?,
        readings: readings.try_into()?,
        entries: entries.try_into()?,
    })
}

/// An error unless every delivery is stored, once. (Ids are unique among the claims, which are as many.)
pub(super) async fn check_stored(bench: &Bench) -> anyhow::Result<Stored> {
    check_stored_in_all(bench, bench.deliveries.number()).await
}

/// The same for a measurement that sent so many.
pub(super) async fn check_stored_in_all(bench: &Bench, number: usize) -> anyhow::Result<Stored> {
    let pool = &bench.servers.pool;
    let claims: i64 = sqlx::query_scalar("SELECT count(*) FROM event_claims")
        .fetch_one(pool)
        .await
        .context("cannot count the claims")?;
    let claims = usize::try_from(claims)?;
    let expected = bench.deliveries.before.len() + number;
    let stored = stored(pool).await?;
    ensure!(
        stored.deliveries == expected && claims == expected,
        "of {expected} deliveries {claims} were claimed and {} are stored",
        stored.deliveries
    );
    Ok(stored)
}

fn digest(value: &str) -> i64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish().cast_signed()
}
