//! `quarantined_readings`: what is kept out of the book until other readings agree with it.

use chrono::{DateTime, Utc};
use domain::book::{Doubt, Quarantined};
use serde::Serialize;
use sqlx::PgConnection;

use crate::sheet::{Place, Row, Sent, Sheet};
use crate::{StoreError, canonical};

#[derive(Debug, Serialize)]
struct Columns<'a> {
    at: DateTime<Utc>,
    signal: &'a str,
    value: String,
    why: String,
}

pub fn row(place: Place, entry: &Quarantined) -> Result<Row, StoreError> {
    let columns = Columns {
        at: entry.anchor.at,
        signal: entry.signal.as_str(),
        value: canonical::text(&entry.anchor.value),
        why: why(entry.why),
    };
    // In a word: its own column.
    let why = ();
    Row::new(Sheet::Quarantined, place, entry.evidence.until, &why, columns)
}

fn why(doubt: Doubt) -> String {
    match doubt {
        Doubt::Impossible => "no odometer shows this".to_owned(),
        Doubt::Falls { from } => format!("lower than {from} km before it"),
        Doubt::Leaps { from } => format!("further than a car can drive since it showed {from} km"),
        Doubt::Outlier => "the readings after it agree with each other and not with it".to_owned(),
        Doubt::BelowPerson { entry, .. } => {
            format!("lower than the {entry} km that a person wrote before it")
        }
    }
}

/// Writes and amends.
pub async fn write(db: &mut PgConnection, rows: &Sent) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH row AS (
           SELECT row.*, own.*
           FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::text[], $6::bigint[], $7::bool[])
             AS row (id, vehicle, car, until, columns, digest, is_new)
           CROSS JOIN LATERAL json_to_record(row.columns::json) AS own (
             at timestamptz, signal text, value text, why text)
         ), amended AS (
           UPDATE quarantined_readings AS entry
           SET at = row.at, signal = row.signal, value = row.value, why = row.why, evidence_until = row.until,
             digest = row.digest
           FROM row
           WHERE entry.id = row.id AND NOT row.is_new
         )
         INSERT INTO quarantined_readings (
           id, vehicle_id, at, signal, value, why, evidence_until, digest)
         SELECT row.id, row.vehicle, row.at, row.signal, row.value, row.why, row.until, row.digest
         FROM row WHERE is_new
         ON CONFLICT (id) DO NOTHING",
        &rows.ids,
        &rows.vehicles,
        &rows.cars,
        &rows.untils,
        &rows.columns as &[String],
        &rows.digests,
        &rows.is_new,
    )
    .execute(db)
    .await?;
    Ok(())
}
