//! `smartcar_sync_logs`: what was written, for people to see. A log, not the book: it tells what happened when,
//! also what was taken back later.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::book::{PageChanges, moment, says, thousandths};
use crate::sheet::{Row, Sheet};

/// Notes each change of the books, and each reading that was newly kept out of them. An entry that is amended because its
/// story goes on is no news; mileage is told whole, since people who press *Sync now* are shown it.
pub(crate) async fn note(
    db: &mut PgConnection,
    changes: &PageChanges,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let amended =
        changes.amend.iter().filter(|row| row.sheet == Sheet::MeterEntries || changes.is_late(row.vehicle));
    let mut notes: Vec<Note> = changes.insert.iter().filter_map(|row| Note::new(row, "inserted")).collect();
    notes.extend(amended.filter_map(|row| Note::new(row, "amended")));
    notes.extend(changes.retract.iter().filter_map(|row| {
        Note::of(row.vehicle, row.sheet, row.id, changes.before.get(&row.id)?, "retracted")
    }));
    if notes.is_empty() {
        return Ok(());
    }
    let vehicles: Vec<Uuid> = notes.iter().map(|note| note.vehicle).collect();
    let kinds: Vec<&str> = notes.iter().map(|note| note.kind).collect();
    let data: Vec<Value> = notes.into_iter().map(|note| note.data).collect();
    sqlx::query!(
        "INSERT INTO smartcar_sync_logs (smartcar_vehicle_id, sync_type, data, synced_at)
         SELECT vehicle_id, kind, data, $4
         FROM unnest($1::uuid[], $2::text[], $3::jsonb[]) AS note (vehicle_id, kind, data)",
        &vehicles,
        &kinds as &[&str],
        &data,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

struct Note {
    vehicle: Uuid,
    /// `sync_type`.
    kind: &'static str,
    data: Value,
}

impl Note {
    fn new(row: &Row, action: &str) -> Option<Self> {
        Self::of(row.vehicle, row.sheet, row.id, &serde_json::from_str(&row.columns).ok()?, action)
    }

    /// `None` for what the logs do not tell: what is told with something else, and doubts that were dispelled.
    fn of(vehicle: Uuid, sheet: Sheet, id: Uuid, columns: &Value, action: &str) -> Option<Self> {
        let (kind, name) = match sheet {
            Sheet::MeterEntries => ("odometer", "meter_entry_id"),
            Sheet::Quarantined if action == "inserted" => {
                let (value, why, at) = (&columns["value"], &columns["why"], &columns["at"]);
                let data = json!({ "action": "quarantined", "value": value, "why": why, "at": at });
                return Some(Self { vehicle, kind: "odometer", data });
            }
            Sheet::FuelEntries => ("fuel", "fuel_entry_id"),
            Sheet::ChargingSessions => ("charging", "charging_session_id"),
            Sheet::Trips => ("trip", "trip_id"),
            Sheet::BatteryEstimates => ("battery", "battery_estimate_id"),
            Sheet::GeofenceEvents => ("geofence", "geofence_event_id"),
            Sheet::Alerts => ("alert", "alert_id"),
            Sheet::Quarantined | Sheet::Issues | Sheet::Expenses => return None,
        };
        let mut data = json!({ name: id, "action": action, "at": moment(sheet, columns) });
        if sheet == Sheet::MeterEntries {
            data["odometer_km"] = json!(thousandths(&columns["odometer_reading"])?.to_f64());
        } else {
            data["says"] = json!(says(sheet, columns));
        }
        Some(Self { vehicle, kind, data })
    }
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
