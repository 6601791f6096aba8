//! `alerts` as the machine writes them. Whether a person saw one is theirs to say and is left alone.

use chrono::{DateTime, Utc};
use domain::alert::{Alarm, Alert};
use domain::reading::Milli;
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::conditions;
use crate::evidence::evidence;
use crate::place;
use crate::sheet::{Place, Row, Sent, Sheet};

#[derive(Debug, Serialize)]
struct Columns {
    at: DateTime<Utc>,
    kind: &'static str,
    details: Value,
}

pub fn row(place: Place, alert: &Alert) -> Result<Row, StoreError> {
    let columns = Columns { at: alert.at, kind: alert.what.kind().name(), details: details(&alert.what) };
    let why = evidence("alerts", None, &alert.evidence);
    Row::new(Sheet::Alerts, place, alert.evidence.until, &why, columns)
}

/// What the kind needs to be told to a person, in the words of the api.
fn details(what: &Alarm) -> Value {
    match what {
        Alarm::FuelDrop { from, to } => json!({ "fromPercent": from.to_f64(), "toPercent": to.to_f64() }),
        Alarm::MovedWithoutDriving { metres, from, to } => {
            json!({ "km": Milli(*metres).to_f64(), "from": place::json(from), "to": place::json(to) })
        }
        Alarm::LeftItsPlace { from } => json!({ "from": place::json(from) }),
        Alarm::OdometerBehindPosition { straight, counted } => json!({
            "straightKm": Milli(straight.metres()).to_f64(),
            "countedKm": Milli(counted.metres()).to_f64(),
        }),
        Alarm::BatteryWeak { health } => json!({ "healthPercent": health.to_f64() }),
        Alarm::Condition(condition) => conditions::details(condition),
        Alarm::AtPlace { fence, name, passage: _ } => {
            json!({ "geofenceId": Uuid::from_u128(fence.0), "place": name })
        }
    }
}

/// Writes and amends.
pub async fn write(db: &mut PgConnection, rows: &Sent, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH row AS (
           SELECT row.*, own.*
           FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::text[], $6::bigint[], $7::bool[])
             AS row (id, vehicle, car, until, columns, digest, is_new)
           CROSS JOIN LATERAL json_to_record(row.columns::json) AS own (
             at timestamptz, kind text, details jsonb, evidence jsonb)
         ), amended AS (
           UPDATE alerts AS alert
           SET car_id = row.car, at = row.at, kind = row.kind, details = row.details,
             evidence = row.evidence,
             confidence = (row.evidence->>'confidence')::numeric, evidence_until = row.until, digest = row.digest
           FROM row
           WHERE alert.id = row.id AND NOT row.is_new AND alert.evidence_until IS NOT NULL
         )
         INSERT INTO alerts (
           id, source_id, car_id, at, kind, details, evidence, confidence, evidence_until, digest, created_at)
         SELECT row.id, row.vehicle, row.car, row.at, row.kind, row.details,
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
