//! Where a car stands now, as far as its owner agreed that this may be known.

use chrono::{DateTime, TimeDelta, Utc};
use domain::distance::Distance;
use domain::motion::{Place, STANDING};
use domain::reading::{Reading, Signal, TimeQuality, Value};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{StoreError, canonical};

/// What is known of where a car stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// No connection of the car may tell positions.
    NotAgreed,
    /// It did not tell any for a long time, or has driven on since it did.
    Unknown,
    At(DateTime<Utc>, Place),
}

/// What is older is no news of the car.
const SEEN_SINCE: TimeDelta = TimeDelta::days(62);
/// The odometer of the same stop is told so much later at most.
const SAME_STOP: TimeDelta = TimeDelta::minutes(10);

struct Seen {
    at: DateTime<Utc>,
    kind: String,
    value: String,
    odometer_then: Option<String>,
    odometer_now: Option<String>,
}

/// Where the car stands.
pub async fn of_car(db: &mut PgConnection, car: Uuid, now: DateTime<Utc>) -> Result<Standing, StoreError> {
    let agreed = telling(db, car).await?;
    if agreed.is_empty() {
        return Ok(Standing::NotAgreed);
    }
    let Some(seen) = newest(db, &agreed, now).await? else { return Ok(Standing::Unknown) };
    if has_driven_on(&seen)? {
        return Ok(Standing::Unknown);
    }
    let reading = Reading {
        at: seen.at,
        signal: Signal::new(Signal::LOCATION),
        value: canonical::parse(&seen.kind, &seen.value)?,
        quality: TimeQuality::Oem,
        original: None,
    };
    Ok(Place::of(&reading).map_or(Standing::Unknown, |place| Standing::At(reading.at, place)))
}

/// The connections that may tell positions.
async fn telling(db: &mut PgConnection, car: Uuid) -> Result<Vec<Uuid>, StoreError> {
    let vehicles = sqlx::query_scalar!(
        "SELECT id FROM smartcar_vehicles
         WHERE car_id = $1 AND location_consent AND status <> 'disconnected' AND coalesce(is_active, true)",
        car,
    )
    .fetch_all(db)
    .await?;
    Ok(vehicles)
}

/// The newest position, and what the odometer showed at that stop and last.
async fn newest(
    db: &mut PgConnection,
    vehicles: &[Uuid],
    now: DateTime<Utc>,
) -> Result<Option<Seen>, StoreError> {
    let seen = sqlx::query_as!(
        Seen,
        r#"WITH place AS (
             SELECT vehicle_id, at, kind, value FROM (
               (SELECT vehicle_id, at, kind, value FROM readings
                WHERE vehicle_id = ANY ($1) AND signal = $2 AND at > $4 ORDER BY at DESC, value_hash LIMIT 1)
               UNION ALL
               SELECT vehicle_id, received_at, kind, value FROM untimed_readings
               WHERE vehicle_id = ANY ($1) AND signal = $2 AND received_at > $4
             ) AS told ORDER BY at DESC LIMIT 1
           ), odometer AS (
             SELECT reading.at, reading.value FROM place JOIN readings AS reading USING (vehicle_id)
             WHERE reading.signal = $3 AND reading.at > $4 AND reading.kind = 'number'
               AND NOT EXISTS (
                 SELECT FROM quarantined_readings AS doubt
                 WHERE doubt.vehicle_id = reading.vehicle_id AND doubt.signal = reading.signal AND doubt.at = reading.at)
           )
           SELECT at AS "at!", kind::text AS "kind!", value AS "value!",
             (SELECT value FROM odometer WHERE at <= place.at + $5::interval ORDER BY at DESC LIMIT 1) AS odometer_then,
             (SELECT value FROM odometer ORDER BY at DESC LIMIT 1) AS odometer_now
           FROM place"#,
        vehicles,
        Signal::LOCATION,
        Signal::ODOMETER,
        now - SEEN_SINCE,
        SAME_STOP as _,
    )
    .fetch_optional(db)
    .await?;
    Ok(seen)
}

fn has_driven_on(seen: &Seen) -> Result<bool, StoreError> {
    let then = seen.odometer_then.as_deref().map(odometer).transpose()?.flatten();
    let now = seen.odometer_now.as_deref().map(odometer).transpose()?.flatten();
    Ok(then.zip(now).is_some_and(|(then, now)| now.minus(then) > STANDING))
}

fn odometer(text: &str) -> Result<Option<Distance>, StoreError> {
    match canonical::parse("number", text)? {
        Value::Number(km) => Ok(Some(Distance::from_km_reading(km))),
        Value::Bool(_) | Value::Text(_) | Value::Position(_) | Value::Structure(_) => Ok(None),
    }
}
