//! `meter_entries`: the mileage book as the machine writes it. Rows of the machine have a moment of evidence; a person's change
//! takes it away, and the machine leaves the row alone from then on.

use chrono::{DateTime, Utc};
use domain::book::MeterEntry;
use serde::Serialize;
use sqlx::PgConnection;

use crate::StoreError;
use crate::evidence::evidence;
use crate::sheet::{Decimal, Place, Row, Sent, Sheet};

/// What people search for to find the machine's entries.
const NOTES: &str = "Automatically synced from Smartcar";
const NOTES_BY_HAND: &str = "Automatically synced from Smartcar (manual sync)";

#[derive(Debug, Serialize)]
struct Columns {
    odometer_reading: Decimal,
    entry_date: DateTime<Utc>,
    notes: &'static str,
}

pub fn row(place: Place, entry: &MeterEntry) -> Result<Row, StoreError> {
    let columns = Columns {
        odometer_reading: entry.odometer.into(),
        entry_date: entry.anchor.at,
        notes: if entry.anchor.by_hand { NOTES_BY_HAND } else { NOTES },
    };
    let why = evidence("odometer", Some(&entry.anchor), &entry.evidence);
    Row::new(Sheet::MeterEntries, place, entry.evidence.until, &why, columns)
}

/// Writes and amends. What a person changed or deleted meanwhile stays as it is: it has no evidence any more, which is looked
/// at once more as each row is written.
pub async fn write(db: &mut PgConnection, rows: &Sent, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH row AS (
           SELECT row.*, own.*
           FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::text[], $6::bigint[], $7::bool[])
             AS row (id, vehicle, car, until, columns, digest, is_new)
           CROSS JOIN LATERAL json_to_record(row.columns::json) AS own (
             odometer_reading numeric, entry_date timestamptz, notes text, evidence jsonb)
         ), amended AS (
           UPDATE meter_entries AS entry
           SET car_id = row.car, odometer_reading = row.odometer_reading, entry_date = row.entry_date, notes = row.notes,
             evidence = row.evidence, evidence_until = row.until, digest = row.digest
           FROM row
           WHERE entry.id = row.id AND NOT row.is_new AND entry.evidence_until IS NOT NULL
         )
         INSERT INTO meter_entries (
           id, source_id, car_id, odometer_reading, entry_date, notes, evidence, evidence_until, digest, source_type,
           created_at)
         SELECT row.id, row.vehicle, row.car, row.odometer_reading, row.entry_date, row.notes,
           row.evidence, row.until, row.digest, 'smartcar_sync', $8
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
