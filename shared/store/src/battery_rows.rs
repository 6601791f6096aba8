//! `battery_estimates` as the machine writes them.

use chrono::{DateTime, Utc};
use domain::battery::BatteryEstimate;
use serde::Serialize;
use sqlx::PgConnection;

use crate::StoreError;
use crate::evidence::evidence;
use crate::sheet::{Decimal, Place, Row, Sent, Sheet};

#[derive(Debug, Serialize)]
struct Columns {
    estimated_for: DateTime<Utc>,
    usable_kwh: Decimal,
    plus_minus_kwh: Decimal,
    health_percent: Option<Decimal>,
    trend_percent_per_year: Option<Decimal>,
    sessions: u16,
}

pub fn row(place: Place, estimate: &BatteryEstimate) -> Result<Row, StoreError> {
    let columns = Columns {
        estimated_for: estimate.month,
        usable_kwh: estimate.usable.into(),
        plus_minus_kwh: estimate.plus_minus.into(),
        health_percent: estimate.health.map(Decimal::from),
        trend_percent_per_year: estimate.trend.map(Decimal::from),
        sessions: estimate.sessions,
    };
    let why = evidence("battery", None, &estimate.evidence);
    Row::new(Sheet::BatteryEstimates, place, estimate.evidence.until, &why, columns)
}

/// Writes and amends.
pub async fn write(db: &mut PgConnection, rows: &Sent, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH row AS (
           SELECT row.*, own.*
           FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::text[], $6::bigint[], $7::bool[])
             AS row (id, vehicle, car, until, columns, digest, is_new)
           CROSS JOIN LATERAL json_to_record(row.columns::json) AS own (
             estimated_for timestamptz, usable_kwh numeric, plus_minus_kwh numeric, health_percent numeric,
             trend_percent_per_year numeric, sessions int, evidence jsonb)
         ), amended AS (
           UPDATE battery_estimates AS estimate
           SET car_id = row.car, estimated_for = row.estimated_for, usable_kwh = row.usable_kwh,
             plus_minus_kwh = row.plus_minus_kwh, health_percent = row.health_percent,
             trend_percent_per_year = row.trend_percent_per_year, sessions = row.sessions,
             evidence = row.evidence,
             confidence = (row.evidence->>'confidence')::numeric, evidence_until = row.until, digest = row.digest
           FROM row
           WHERE estimate.id = row.id AND NOT row.is_new AND estimate.evidence_until IS NOT NULL
         )
         INSERT INTO battery_estimates (
           id, source_id, car_id, estimated_for, usable_kwh, plus_minus_kwh, health_percent, trend_percent_per_year,
           sessions, evidence, confidence, evidence_until, digest, created_at)
         SELECT row.id, row.vehicle, row.car, row.estimated_for, row.usable_kwh, row.plus_minus_kwh, row.health_percent,
           row.trend_percent_per_year, row.sessions,
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
