//! `trips` as the machine writes them.

use chrono::{DateTime, Utc};
use domain::setup::Setup;
use domain::trips::{Journey, Purpose, Trip};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::evidence::evidence;
use crate::place::Spot;
use crate::sheet::{Decimal, Place, Row, Sent, Sheet, state};

#[derive(Debug, Serialize)]
struct Columns {
    started_after: DateTime<Utc>,
    started_at: DateTime<Utc>,
    ended_after: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    distance_km: Decimal,
    odometer_before: Option<Decimal>,
    odometer_after: Option<Decimal>,
    from_latitude: Option<f64>,
    from_longitude: Option<f64>,
    from_private_zone: Option<String>,
    from_place_id: Option<Uuid>,
    to_latitude: Option<f64>,
    to_longitude: Option<f64>,
    to_private_zone: Option<String>,
    to_place_id: Option<Uuid>,
    what: &'static str,
    purpose: Option<&'static str>,
    fuel_used_percent: Option<Decimal>,
    charge_used_percent: Option<Decimal>,
    state: &'static str,
}

pub fn row(place: Place, trip: &Trip, setup: &Setup) -> Result<Row, StoreError> {
    let (from, to) = (Spot::of(trip.from.as_ref(), setup), Spot::of(trip.to.as_ref(), setup));
    let columns = Columns {
        started_after: trip.start.after,
        started_at: trip.start.by,
        ended_after: trip.end.map(|end| end.after),
        ended_at: trip.end.map(|end| end.by),
        distance_km: trip.distance.into(),
        odometer_before: trip.odometer_before.map(Decimal::from),
        odometer_after: trip.odometer_after.map(Decimal::from),
        from_latitude: from.latitude,
        from_longitude: from.longitude,
        from_private_zone: from.private_zone,
        from_place_id: from.place_id,
        to_latitude: to.latitude,
        to_longitude: to.longitude,
        to_private_zone: to.private_zone,
        to_place_id: to.place_id,
        what: journey(trip.what),
        purpose: trip.purpose.map(purpose),
        fuel_used_percent: trip.fuel_used.map(Decimal::from),
        charge_used_percent: trip.charge_used.map(Decimal::from),
        state: state(trip.state),
    };
    let why = evidence("trips", None, &trip.evidence);
    Row::new(Sheet::Trips, place, trip.evidence.until, &why, columns)
}

fn journey(what: Journey) -> &'static str {
    match what {
        Journey::Drive => "drive",
        Journey::Movement => "movement",
    }
}

fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Business => "business",
        Purpose::Private => "private",
    }
}

/// Writes and amends; what a person changed or deleted meanwhile stays as it is.
pub async fn write(db: &mut PgConnection, rows: &Sent, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH row AS (
           SELECT row.*, own.*
           FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::text[], $6::bigint[], $7::bool[])
             AS row (id, vehicle, car, until, columns, digest, is_new)
           CROSS JOIN LATERAL json_to_record(row.columns::json) AS own (
             started_after timestamptz, started_at timestamptz, ended_after timestamptz, ended_at timestamptz,
             distance_km numeric, odometer_before numeric, odometer_after numeric, from_latitude float8,
             from_longitude float8, from_private_zone text, from_place_id uuid, to_latitude float8, to_longitude float8,
             to_private_zone text, to_place_id uuid, what text, purpose text, fuel_used_percent numeric,
             charge_used_percent numeric, state entry_state, evidence jsonb)
         ), amended AS (
           UPDATE trips AS trip
           SET car_id = row.car, started_after = row.started_after, started_at = row.started_at,
             ended_after = row.ended_after, ended_at = row.ended_at, distance_km = row.distance_km,
             odometer_before = row.odometer_before, odometer_after = row.odometer_after,
             from_latitude = row.from_latitude, from_longitude = row.from_longitude,
             from_private_zone = row.from_private_zone, from_place_id = row.from_place_id,
             to_latitude = row.to_latitude, to_longitude = row.to_longitude, to_private_zone = row.to_private_zone,
             to_place_id = row.to_place_id, what = row.what, purpose = row.purpose,
             fuel_used_percent = row.fuel_used_percent, charge_used_percent = row.charge_used_percent,
             state = row.state, evidence = row.evidence,
             confidence = (row.evidence->>'confidence')::numeric, evidence_until = row.until, digest = row.digest
           FROM row
           WHERE trip.id = row.id AND NOT row.is_new AND trip.evidence_until IS NOT NULL
         )
         INSERT INTO trips (
           id, source_id, car_id, started_after, started_at, ended_after, ended_at, distance_km, odometer_before,
           odometer_after, from_latitude, from_longitude, from_private_zone, from_place_id, to_latitude, to_longitude,
           to_private_zone, to_place_id, what, purpose, fuel_used_percent, charge_used_percent, state, evidence,
           confidence, evidence_until, digest, source_type, created_at)
         SELECT row.id, row.vehicle, row.car, row.started_after, row.started_at, row.ended_after, row.ended_at,
           row.distance_km, row.odometer_before, row.odometer_after, row.from_latitude, row.from_longitude,
           row.from_private_zone, row.from_place_id, row.to_latitude, row.to_longitude, row.to_private_zone,
           row.to_place_id, row.what, row.purpose, row.fuel_used_percent, row.charge_used_percent, row.state,
           row.evidence, (row.evidence->>'confidence')::numeric, row.until, row.digest, 'smartcar_sync', $8
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
