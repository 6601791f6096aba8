//! `meter_entries`: the mileage book. Only rows of the machine that no person has decided about are touched.

use chrono::{DateTime, Utc};
use domain::book::{Changes, MeterEntry};
use domain::reading::Milli;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::book::{Reach, evidence};

/// What people search for to find the machine's entries.
const NOTES: &str = "Automatically synced from Smartcar";
const NOTES_BY_HAND: &str = "Automatically synced from Smartcar (manual sync)";

/// A row as the machine writes it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MeterRow {
    pub id: Uuid,
    pub vehicle: Uuid,
    pub car: Uuid,
    pub metres: i64,
    pub at: DateTime<Utc>,
    pub notes: String,
    pub evidence: serde_json::Value,
    pub until: DateTime<Utc>,
}

impl MeterRow {
    pub fn new(id: Uuid, vehicle: Uuid, car: Uuid, entry: &MeterEntry) -> Self {
        Self {
            id,
            vehicle,
            car,
            metres: entry.odometer.metres(),
            at: entry.anchor.at,
            notes: if entry.anchor.by_hand {
                NOTES_BY_HAND
            } else {
                NOTES
            }
            .to_owned(),
            evidence: evidence("odometer", Some(&entry.anchor), &entry.evidence),
            until: entry.evidence.until,
        }
    }

    pub fn line(&self) -> String {
        format!("{} {} km", self.at.format("%Y-%m-%d %H:%M"), Milli(self.metres))
    }
}

/// The machine's rows that folding on may change.
pub async fn reachable(db: &mut PgConnection, reach: &Reach) -> Result<Vec<MeterRow>, StoreError> {
    let rows = sqlx::query_as!(
        MeterRow,
        r#"SELECT entry.id AS "id!", entry.source_id AS "vehicle!", entry.car_id AS "car!",
             round(entry.odometer_reading * 1000)::bigint AS "metres!", entry.entry_date::timestamptz AS "at!",
             coalesce(entry.notes, '') AS "notes!", entry.evidence AS "evidence!", entry.evidence_until AS "until!"
           FROM unnest($1::uuid[], $2::timestamptz[]) AS fold (vehicle_id, since)
           JOIN meter_entries AS entry ON entry.source_id = fold.vehicle_id AND entry.evidence_until > fold.since
           WHERE entry.source_type::text = 'smartcar_sync'
             AND NOT EXISTS (SELECT FROM decisions WHERE decisions.row_id = entry.id)
           UNION
           SELECT entry.id, entry.source_id, entry.car_id, round(entry.odometer_reading * 1000)::bigint,
             entry.entry_date::timestamptz, coalesce(entry.notes, ''), entry.evidence, entry.evidence_until
           FROM meter_entries AS entry
           WHERE entry.id = ANY ($3) AND entry.source_type::text = 'smartcar_sync'
             AND NOT EXISTS (SELECT FROM decisions WHERE decisions.row_id = entry.id)"#,
        &reach.vehicles,
        &reach.since,
        &reach.open,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// Writes, amends and takes back.
pub async fn apply(
    db: &mut PgConnection,
    todo: &Changes<MeterRow>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    upsert(
        &mut *db,
        &[todo.insert.as_slice(), todo.amend.as_slice()].concat(),
        now,
    )
    .await?;
    if !todo.retract.is_empty() {
        let ids: Vec<Uuid> = todo.retract.iter().map(|row| row.id).collect();
        sqlx::query!("DELETE FROM meter_entries WHERE id = ANY ($1)", &ids)
            .execute(db)
            .await?;
    }
    Ok(())
}

async fn upsert(db: &mut PgConnection, rows: &[MeterRow], now: DateTime<Utc>) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let vehicles: Vec<Uuid> = rows.iter().map(|row| row.vehicle).collect();
    let cars: Vec<Uuid> = rows.iter().map(|row| row.car).collect();
    let metres: Vec<i64> = rows.iter().map(|row| row.metres).collect();
    let times: Vec<DateTime<Utc>> = rows.iter().map(|row| row.at).collect();
    let notes: Vec<&str> = rows.iter().map(|row| row.notes.as_str()).collect();
    let evidence: Vec<serde_json::Value> = rows.iter().map(|row| row.evidence.clone()).collect();
    let untils: Vec<DateTime<Utc>> = rows.iter().map(|row| row.until).collect();
    sqlx::query!(
        "INSERT INTO meter_entries (id, source_id, car_id, odometer_reading, entry_date, notes, evidence, evidence_until, source_type, created_at)
         SELECT id, source_id, car_id, trim_scale(metres / 1000.0), at, notes, evidence, evidence_until, 'smartcar_sync', $9
         FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::timestamptz[], $6::text[], $7::jsonb[], $8::timestamptz[])
           AS row (id, source_id, car_id, metres, at, notes, evidence, evidence_until)
         ON CONFLICT (id) DO UPDATE
           SET car_id = excluded.car_id, odometer_reading = excluded.odometer_reading,
               entry_date = excluded.entry_date, notes = excluded.notes, evidence = excluded.evidence,
               evidence_until = excluded.evidence_until",
        &ids,
        &vehicles,
        &cars,
        &metres,
        &times,
        &notes as &[&str],
        &evidence,
        &untils,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}
