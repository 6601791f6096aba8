//! `geofence_events` as the machine writes them.

use chrono::{DateTime, Utc};
use domain::fences::FenceEvent;
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::evidence::evidence;
use crate::sheet::{Place, Row, Sent, Sheet};

#[derive(Debug, Serialize)]
struct Columns<'a> {
    geofence_id: Uuid,
    name: &'a str,
    at: DateTime<Utc>,
    passage: &'static str,
    inferred: bool,
}

pub fn row(place: Place, event: &FenceEvent) -> Result<Row, StoreError> {
    let columns = Columns {
        geofence_id: Uuid::from_u128(event.fence.0),
        name: &event.name,
        at: event.at,
        passage: event.passage.name(),
        inferred: event.inferred,
    };
    let why = evidence("fences", None, &event.evidence);
    Row::new(Sheet::GeofenceEvents, place, event.evidence.until, &why, columns)
}

/// Writes and amends.
pub async fn write(db: &mut PgConnection, rows: &Sent, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH row AS (
           SELECT row.*, own.*
           FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::text[], $6::bigint[], $7::bool[])
             AS row (id, vehicle, car, until, columns, digest, is_new)
           CROSS JOIN LATERAL json_to_record(row.columns::json) AS own (
             geofence_id uuid, name text, at timestamptz, passage text, inferred bool, evidence jsonb)
         ), amended AS (
           UPDATE geofence_events AS event
           SET car_id = row.car, geofence_id = row.geofence_id, name = row.name, at = row.at, passage = row.passage,
             inferred = row.inferred, evidence = row.evidence,
             confidence = (row.evidence->>'confidence')::numeric, evidence_until = row.until, digest = row.digest
           FROM row
           WHERE event.id = row.id AND NOT row.is_new AND event.evidence_until IS NOT NULL
         )
         INSERT INTO geofence_events (
           id, source_id, car_id, geofence_id, name, at, passage, inferred, evidence, confidence, evidence_until,
           digest, created_at)
         SELECT row.id, row.vehicle, row.car, row.geofence_id, row.name, row.at, row.passage, row.inferred,
           row.evidence, (row.evidence->>'confidence')::numeric, row.until, row.digest, $8
         FROM row WHERE is_new
         ON CONFLICT (id) DO NOTHING",
        &rows.ids,
        &rows.vehicles,
        &rows.cars,
        &rows.untils,
        &rows.columns as &[String],
        &rows.digests,
        &rows.is_new,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}
