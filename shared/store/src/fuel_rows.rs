//! `fuel_entries` as the machine writes them.

use chrono::{DateTime, Utc};
use domain::fuel::{self, FillUp};
use domain::setup::Setup;
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::evidence::evidence;
use crate::place::Spot;
use crate::sheet::{Decimal, Place, Row, Sent, Sheet, state};

#[derive(Debug, Serialize)]
struct Columns<'a> {
    filled_after: DateTime<Utc>,
    filled_at: DateTime<Utc>,
    level_before: Decimal,
    level_after: Decimal,
    litres: Option<Decimal>,
    litres_plus_minus: Option<Decimal>,
    odometer_reading: Option<Decimal>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    private_zone: Option<String>,
    place_id: Option<Uuid>,
    full_tank: bool,
    missed_previous: bool,
    economy_l_per_100km: Option<Decimal>,
    economy_at_pump_l_per_100km: Option<Decimal>,
    price_per_litre: Option<Decimal>,
    total_cost: Option<Decimal>,
    currency: Option<&'a str>,
    cost_is_estimate: bool,
    state: &'static str,
}

pub fn row(place: Place, fill: &FillUp, setup: &Setup) -> Result<Row, StoreError> {
    let Spot { latitude, longitude, private_zone, place_id } = Spot::of(fill.place.as_ref(), setup);
    let price = fuel::price(fill, setup);
    let columns = Columns {
        filled_after: fill.between.after,
        filled_at: fill.between.by,
        level_before: fill.level_before.into(),
        level_after: fill.level_after.into(),
        litres: fill.litres.map(|litres| litres.amount.into()),
        litres_plus_minus: fill.litres.map(|litres| litres.plus_minus.into()),
        odometer_reading: fill.odometer.map(Decimal::from),
        latitude,
        longitude,
        private_zone,
        place_id,
        full_tank: fill.full,
        missed_previous: fill.missed_previous,
        economy_l_per_100km: fill.economy.map(Decimal::from),
        economy_at_pump_l_per_100km: fill.economy_at_pump.map(Decimal::from),
        price_per_litre: price.map(|price| price.per_litre.into()),
        total_cost: price.and_then(|price| price.total).map(Decimal::from),
        currency: price.as_ref().map(|price| price.currency.as_str()),
        cost_is_estimate: price.is_some_and(|price| price.is_estimate),
        state: state(fill.state),
    };
    let why = evidence("fuel", None, &fill.evidence);
    Row::new(Sheet::FuelEntries, place, fill.evidence.until, &why, columns)
}

/// Writes and amends; what a person changed or deleted meanwhile stays as it is.
pub async fn write(db: &mut PgConnection, rows: &Sent, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH row AS (
           SELECT row.*, own.*
           FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::text[], $6::bigint[], $7::bool[])
             AS row (id, vehicle, car, until, columns, digest, is_new)
           CROSS JOIN LATERAL json_to_record(row.columns::json) AS own (
             filled_after timestamptz, filled_at timestamptz, level_before numeric, level_after numeric, litres numeric,
             litres_plus_minus numeric, odometer_reading numeric, latitude float8, longitude float8, private_zone text,
             place_id uuid, full_tank bool, missed_previous bool, economy_l_per_100km numeric,
             economy_at_pump_l_per_100km numeric, price_per_litre numeric, total_cost numeric, currency text,
             cost_is_estimate bool, state text, evidence jsonb)
         ), amended AS (
           UPDATE fuel_entries AS entry
           SET car_id = row.car, filled_after = row.filled_after, filled_at = row.filled_at,
             level_before = row.level_before, level_after = row.level_after, litres = row.litres,
             litres_plus_minus = row.litres_plus_minus, odometer_reading = row.odometer_reading,
             latitude = row.latitude, longitude = row.longitude, private_zone = row.private_zone,
             place_id = row.place_id, full_tank = row.full_tank, missed_previous = row.missed_previous,
             economy_l_per_100km = row.economy_l_per_100km,
             economy_at_pump_l_per_100km = row.economy_at_pump_l_per_100km, price_per_litre = row.price_per_litre,
             total_cost = row.total_cost, currency = row.currency, cost_is_estimate = row.cost_is_estimate,
             state = row.state, evidence = row.evidence,
             confidence = (row.evidence->>'confidence')::numeric, evidence_until = row.until, digest = row.digest
           FROM row
           WHERE entry.id = row.id AND NOT row.is_new AND entry.evidence_until IS NOT NULL
         )
         INSERT INTO fuel_entries (
           id, source_id, car_id, filled_after, filled_at, level_before, level_after, litres, litres_plus_minus,
           odometer_reading, latitude, longitude, private_zone, place_id, full_tank, missed_previous,
           economy_l_per_100km, economy_at_pump_l_per_100km, price_per_litre, total_cost, currency, cost_is_estimate,
           state, evidence, confidence, evidence_until, digest, source_type, created_at)
         SELECT row.id, row.vehicle, row.car, row.filled_after, row.filled_at, row.level_before, row.level_after, row.litres,
           row.litres_plus_minus, row.odometer_reading, row.latitude, row.longitude, row.private_zone, row.place_id,
           row.full_tank, row.missed_previous, row.economy_l_per_100km, row.economy_at_pump_l_per_100km,
           row.price_per_litre, row.total_cost, row.currency, row.cost_is_estimate, row.state,
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
