//! `smartcar_sync_logs`: what was written, for people to see. A log, not the book: it tells what happened when,
//! also what was taken back later.

use chrono::{DateTime, Utc};
use domain::book::Changes;
use domain::reading::Milli;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::meter_entries::MeterRow;
use crate::quarantine::QuarantineRow;

/// Notes each change of the mileage book, and each reading that was newly kept out of it.
pub(crate) async fn note(
    db: &mut PgConnection,
    book: &Changes<MeterRow>,
    quarantined: &Changes<QuarantineRow>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let written = |action: &'static str| {
        move |row: &MeterRow| {
            let km = Milli(row.metres).to_f64();
            let data = json!({ "meter_entry_id": row.id, "action": action, "odometer_km": km, "at": row.at });
            (row.vehicle, data)
        }
    };
    let mut notes: Vec<(Uuid, serde_json::Value)> = book.insert.iter().map(written("inserted")).collect();
    notes.extend(book.amend.iter().map(written("amended")));
    notes.extend(book.retract.iter().map(written("retracted")));
    notes.extend(quarantined.insert.iter().map(|row| {
        (row.vehicle, json!({ "action": "quarantined", "value": row.value, "why": row.why, "at": row.at }))
    }));
    if notes.is_empty() {
        return Ok(());
    }
    let (vehicles, data): (Vec<Uuid>, Vec<serde_json::Value>) = notes.into_iter().unzip();
    sqlx::query!(
        "INSERT INTO smartcar_sync_logs (smartcar_vehicle_id, sync_type, data, synced_at)
         SELECT vehicle_id, 'odometer', data, $3 FROM unnest($1::uuid[], $2::jsonb[]) AS note (vehicle_id, data)",
        &vehicles,
        &data,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A change of the mileage book, as it was noted.
#[derive(Debug, Clone, PartialEq)]
pub struct Noted {
    pub meter_entry_id: Uuid,
    pub odometer_km: f64,
    /// The moment at the car.
    pub at: DateTime<Utc>,
    pub action: Action,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Inserted,
    Amended,
    Retracted,
}

/// What was noted of this vehicle's book at this very moment, in the order of the entries: `now` of who wrote it.
pub async fn written_at(
    db: &mut PgConnection,
    vehicle: Uuid,
    now: DateTime<Utc>,
) -> Result<Vec<Noted>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT (data->>'meter_entry_id')::uuid AS "meter_entry_id!", (data->>'odometer_km')::float8 AS "odometer_km!",
             (data->>'at')::timestamptz AS "at!", data->>'action' AS "action!"
           FROM smartcar_sync_logs
           WHERE smartcar_vehicle_id = $1 AND synced_at = $2 AND data ? 'meter_entry_id'
           ORDER BY 3, 1"#,
        vehicle,
        now,
    )
    .fetch_all(db)
    .await?;
    let action = |name: &str| match name {
        "inserted" => Ok(Action::Inserted),
        "amended" => Ok(Action::Amended),
        "retracted" => Ok(Action::Retracted),
        other => Err(StoreError::corrupt("smartcar_sync_logs", "data")(other.into())),
    };
    rows.into_iter()
        .map(|row| {
            Ok(Noted {
                meter_entry_id: row.meter_entry_id,
                odometer_km: row.odometer_km,
                at: row.at,
                action: action(&row.action)?,
            })
        })
        .collect()
}
