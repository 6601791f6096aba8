//! The energy ledger of a car: litres, kilowatt hours, kilometres and money over the same span.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// What went in, and how far the car came, from the first to the last mileage entry of a span.
#[derive(Debug, Clone, PartialEq)]
pub struct Ledger {
    /// The mileage entries between which it is reckoned.
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
    pub km: Option<f64>,
    pub litres: f64,
    /// Fill-ups of which nobody knows how many litres they were.
    pub fills_without_litres: i64,
    /// How far all litres together may be off. What people wrote is exact.
    pub litres_plus_minus: f64,
    /// The machine's fill-ups of which nobody knows how far their litres may be off.
    pub fills_without_range: i64,
    /// Into the battery.
    pub kwh: f64,
    pub grid_kwh: f64,
    pub sessions_without_kwh: i64,
    /// Likewise of what reached the battery.
    pub kwh_plus_minus: f64,
    pub sessions_without_range: i64,
    /// Of which nobody knows (all of) what they cost.
    pub fills_without_cost: i64,
    pub sessions_without_cost: i64,
    /// Percent at the first and the last moment, as far as the car said.
    pub fuel_level_before: Option<f64>,
    pub fuel_level_after: Option<f64>,
    pub charge_before: Option<f64>,
    pub charge_after: Option<f64>,
    /// Litres.
    pub tank: Option<f64>,
    /// Kilowatt hours between empty and full, and how far that may be off.
    pub usable_kwh: Option<f64>,
    pub usable_plus_minus_kwh: Option<f64>,
}

/// What was paid in one currency.
#[derive(Debug, Clone, PartialEq)]
pub struct Paid {
    pub currency: String,
    pub fuel: f64,
    pub charging: f64,
}

/// Candidates are no facts: only what is recorded or confirmed counts, and what is too small to be shown.
pub async fn ledger(
    db: &mut PgConnection,
    car: Uuid,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Ledger, StoreError> {
    let row = sqlx::query_as!(
        Ledger,
        r#"WITH way AS (
             SELECT min(since) AS since, max(until) AS until, sum(km) AS km
             FROM (
               SELECT min(at) AS since, max(at) AS until,
                 (array_agg(km ORDER BY at DESC))[1] - (array_agg(km ORDER BY at))[1] AS km
               FROM (
                 SELECT entry_date::timestamptz AS at, odometer_reading AS km,
                   -- A counter that was changed goes on as another one.
                   (SELECT count(*) FROM decisions AS changed
                    WHERE changed.car_id = $1 AND changed.verdict = 'replaced' AND changed.at <= entry_date) AS counter
                 FROM meter_entries WHERE car_id = $1 AND entry_date >= $2 AND entry_date < $3
               ) AS entry GROUP BY counter
             ) AS of_one_counter
           ), fuel AS (
             SELECT coalesce(sum(litres), 0) AS litres, count(*) FILTER (WHERE litres IS NULL) AS unknown,
               coalesce(sum(litres_plus_minus) FILTER (WHERE litres IS NOT NULL AND evidence_until IS NOT NULL), 0) AS plus_minus,
               count(*) FILTER (WHERE litres IS NOT NULL AND evidence_until IS NOT NULL AND litres_plus_minus IS NULL) AS vague,
               count(*) FILTER (WHERE total_cost IS NULL OR currency IS NULL) AS unpriced
             FROM fuel_entries, way
             WHERE car_id = $1 AND filled_at > way.since AND filled_at <= way.until AND state IS DISTINCT FROM 'candidate'
           ), charge AS (
             SELECT coalesce(sum(energy_kwh), 0) AS kwh, coalesce(sum(coalesce(grid_kwh, energy_kwh)), 0) AS grid,
               count(*) FILTER (WHERE energy_kwh IS NULL) AS unknown,
               coalesce(sum(energy_plus_minus_kwh) FILTER (WHERE energy_kwh IS NOT NULL), 0) AS plus_minus,
               count(*) FILTER (WHERE energy_kwh IS NOT NULL AND evidence_until IS NOT NULL AND energy_plus_minus_kwh IS NULL) AS vague,
               count(*) FILTER (WHERE cost IS NULL OR currency IS NULL OR cost_share < 1) AS unpriced
             FROM charging_sessions, way
             WHERE car_id = $1 AND started_at >= way.since AND started_at < way.until AND state <> 'candidate'
           ), battery AS (
             SELECT coalesce(learned.usable_kwh, car.battery_usable_kwh, car.battery_capacity_kwh * 0.94)::float8 AS usable,
               CASE WHEN learned.usable_kwh IS NOT NULL THEN learned.plus_minus_kwh
                 WHEN car.battery_usable_kwh IS NOT NULL THEN 0
                 -- Makers leave 3 to 10 per cent of what is built in.
                 ELSE car.battery_capacity_kwh * 0.04 END::float8 AS plus_minus
             FROM cars AS car LEFT JOIN LATERAL (
               SELECT usable_kwh, plus_minus_kwh FROM battery_estimates WHERE car_id = car.id AND estimated_for < $3
               ORDER BY estimated_for DESC LIMIT 1) AS learned ON true
             WHERE car.id = $1
           ), level AS (
             SELECT reading.signal, reading.at, reading.value::float8 AS percent
             FROM readings AS reading JOIN smartcar_vehicles AS vehicle ON vehicle.id = reading.vehicle_id, way
             WHERE vehicle.car_id = $1 AND reading.kind = 'number'
               AND reading.signal IN ('internalcombustionengine-fuellevel', 'tractionbattery-stateofcharge')
               AND reading.at BETWEEN way.since - interval '6 hours' AND way.until + interval '6 hours'
           )
           SELECT way.since AS "from", way.until AS "to", way.km::float8 AS km, fuel.litres::float8 AS "litres!",
             fuel.unknown AS "fills_without_litres!", fuel.plus_minus::float8 AS "litres_plus_minus!",
             fuel.vague AS "fills_without_range!", charge.kwh::float8 AS "kwh!", charge.grid::float8 AS "grid_kwh!",
             charge.unknown AS "sessions_without_kwh!", charge.plus_minus::float8 AS "kwh_plus_minus!",
             charge.vague AS "sessions_without_range!", fuel.unpriced AS "fills_without_cost!",
             charge.unpriced AS "sessions_without_cost!",
             (SELECT percent FROM level WHERE signal = 'internalcombustionengine-fuellevel'
                AND at <= way.since + interval '6 hours' ORDER BY abs(extract(epoch FROM at - way.since)) LIMIT 1) AS fuel_level_before,
             (SELECT percent FROM level WHERE signal = 'internalcombustionengine-fuellevel'
                AND at >= way.until - interval '6 hours' ORDER BY abs(extract(epoch FROM at - way.until)) LIMIT 1) AS fuel_level_after,
             (SELECT percent FROM level WHERE signal = 'tractionbattery-stateofcharge'
                AND at <= way.since + interval '6 hours' ORDER BY abs(extract(epoch FROM at - way.since)) LIMIT 1) AS charge_before,
             (SELECT percent FROM level WHERE signal = 'tractionbattery-stateofcharge'
                AND at >= way.until - interval '6 hours' ORDER BY abs(extract(epoch FROM at - way.until)) LIMIT 1) AS charge_after,
             car.tank_capacity_l::float8 AS tank,
             battery.usable AS usable_kwh, battery.plus_minus AS usable_plus_minus_kwh
           FROM cars AS car, way, fuel, charge, battery WHERE car.id = $1"#,
        car,
        from,
        to,
    )
    .fetch_one(db)
    .await?;
    Ok(row)
}

/// What was paid for fuel and for charging between two mileage entries as [`ledger`] names them, each currency for itself.
pub async fn paid(
    db: &mut PgConnection,
    car: Uuid,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<Paid>, StoreError> {
    let rows = sqlx::query_as!(
        Paid,
        r#"SELECT currency AS "currency!", sum(fuel)::float8 AS "fuel!", sum(charging)::float8 AS "charging!"
           FROM (
             SELECT currency::text AS currency, total_cost AS fuel, 0 AS charging FROM fuel_entries
             WHERE car_id = $1 AND filled_at > $2 AND filled_at <= $3 AND total_cost IS NOT NULL
               AND state IS DISTINCT FROM 'candidate'
             UNION ALL
             SELECT currency, 0, cost FROM charging_sessions
             WHERE car_id = $1 AND started_at >= $2 AND started_at < $3 AND cost IS NOT NULL AND state <> 'candidate'
           ) AS payment
           WHERE currency IS NOT NULL GROUP BY currency ORDER BY currency"#,
        car,
        from,
        to,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}
