//! `meter_entries`: the mileage book. Rows of the machine have a moment of evidence; a person's change takes it away,
//! and the machine leaves the row alone from then on.

use chrono::{DateTime, Utc};
use domain::book::{Changes, MeterEntry};
use domain::reading::Milli;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::evidence::evidence;
use crate::scope::Scope;

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
            notes: if entry.anchor.by_hand { NOTES_BY_HAND } else { NOTES }.to_owned(),
            evidence: evidence("odometer", Some(&entry.anchor), &entry.evidence),
            until: entry.evidence.until,
        }
    }

    pub fn line(&self) -> String {
        format!("{} {} km", self.at.format("%Y-%m-%d %H:%M"), Milli(self.metres))
    }
}

/// The machine's rows that folding on may change.
pub async fn reachable(db: &mut PgConnection, scope: &Scope) -> Result<Vec<MeterRow>, StoreError> {
    let rows = sqlx::query_as!(
        MeterRow,
        r#"SELECT entry.id AS "id!", entry.source_id AS "vehicle!", entry.car_id AS "car!",
             round(entry.odometer_reading * 1000)::bigint AS "metres!", entry.entry_date::timestamptz AS "at!",
             coalesce(entry.notes, '') AS "notes!", entry.evidence AS "evidence!", entry.evidence_until AS "until!"
           FROM unnest($1::uuid[], $2::timestamptz[]) AS fold (vehicle_id, since)
           JOIN meter_entries AS entry ON entry.source_id = fold.vehicle_id AND entry.evidence_until > fold.since
           UNION
           SELECT entry.id, entry.source_id, entry.car_id, round(entry.odometer_reading * 1000)::bigint,
             entry.entry_date::timestamptz, coalesce(entry.notes, ''), entry.evidence, entry.evidence_until
           FROM meter_entries AS entry
           WHERE entry.id = ANY ($3) AND entry.evidence_until IS NOT NULL"#,
        &scope.vehicles,
        &scope.since,
        &scope.open,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

/// Writes, amends and takes back. A row that a person changed or deleted meanwhile is left as it is: it has no
/// evidence any more, which is looked at once more as each row is written.
pub async fn apply(
    db: &mut PgConnection,
    todo: &Changes<MeterRow>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    insert(&mut *db, &todo.insert, now).await?;
    amend(&mut *db, &todo.amend).await?;
    if !todo.retract.is_empty() {
        let ids: Vec<Uuid> = todo.retract.iter().map(|row| row.id).collect();
        sqlx::query!("DELETE FROM meter_entries WHERE id = ANY ($1) AND evidence_until IS NOT NULL", &ids)
            .execute(db)
            .await?;
    }
    Ok(())
}

async fn insert(db: &mut PgConnection, rows: &[MeterRow], now: DateTime<Utc>) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let columns = Columns::of(rows);
    sqlx::query!(
        "INSERT INTO meter_entries (id, source_id, car_id, odometer_reading, entry_date, notes, evidence, evidence_until, source_type, created_at)
         SELECT id, source_id, car_id, trim_scale(metres / 1000.0), at, notes, evidence, evidence_until, 'smartcar_sync', $9
         FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::timestamptz[], $6::text[], $7::jsonb[], $8::timestamptz[])
           AS row (id, source_id, car_id, metres, at, notes, evidence, evidence_until)
         ON CONFLICT (id) DO NOTHING",
        &columns.ids,
        &columns.vehicles,
        &columns.cars,
        &columns.metres,
        &columns.times,
        &columns.notes as &[&str],
        &columns.evidence,
        &columns.untils,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn amend(db: &mut PgConnection, rows: &[MeterRow]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let columns = Columns::of(rows);
    sqlx::query!(
        "UPDATE meter_entries AS entry
         SET car_id = row.car_id, odometer_reading = trim_scale(row.metres / 1000.0), entry_date = row.at,
             notes = row.notes, evidence = row.evidence, evidence_until = row.evidence_until
         FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::timestamptz[], $5::text[], $6::jsonb[], $7::timestamptz[])
           AS row (id, car_id, metres, at, notes, evidence, evidence_until)
         WHERE entry.id = row.id AND entry.evidence_until IS NOT NULL",
        &columns.ids,
        &columns.cars,
        &columns.metres,
        &columns.times,
        &columns.notes as &[&str],
        &columns.evidence,
        &columns.untils,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Rows as columns, the form in which many are sent at once.
struct Columns<'a> {
    ids: Vec<Uuid>,
    vehicles: Vec<Uuid>,
    cars: Vec<Uuid>,
    metres: Vec<i64>,
    times: Vec<DateTime<Utc>>,
    notes: Vec<&'a str>,
    evidence: Vec<serde_json::Value>,
    untils: Vec<DateTime<Utc>>,
}

impl<'a> Columns<'a> {
    fn of(rows: &'a [MeterRow]) -> Self {
        Self {
            ids: rows.iter().map(|row| row.id).collect(),
            vehicles: rows.iter().map(|row| row.vehicle).collect(),
            cars: rows.iter().map(|row| row.car).collect(),
            metres: rows.iter().map(|row| row.metres).collect(),
            times: rows.iter().map(|row| row.at).collect(),
            notes: rows.iter().map(|row| row.notes.as_str()).collect(),
            evidence: rows.iter().map(|row| row.evidence.clone()).collect(),
            untils: rows.iter().map(|row| row.until).collect(),
        }
    }
}
