//! What is deleted when a person wants the data of their car gone: everything that the car told and that the machine concluded
//! from it. What a person wrote, edited or took up stays theirs. Table by table: [`FATES`].

mod fates;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::vehicles::VehicleKey;

pub use fates::{FATES, Fate};
#[cfg(test)]
pub(crate) use tests::Person;

/// How many rows went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erased {
    /// Of the books.
    pub entries: u64,
    pub readings: u64,
    /// Deliveries and parked messages whose bytes were thrown away.
    pub events: u64,
}

/// Deletes what all connections that this car ever had told, and what the machine wrote because of it; the connections, too.
/// The caller has ended and locked them, and acts as the machine.
///
/// Reads the stored deliveries once from end to end (they have no index by vehicle: they would all pay for it, and few
/// people leave).
pub async fn erase(db: &mut PgConnection, car: Uuid, now: DateTime<Utc>) -> Result<Erased, StoreError> {
    let connections = connections(db, car).await?;
    let ids: Vec<Uuid> = connections.iter().map(|one| one.id).collect();
    let mut erased = Erased { entries: entries(db, &ids).await?, ..Erased::default() };
    clear_evidence(db, &ids).await?;
    forget_decisions(db, car).await?;
    sqlx::query!("DELETE FROM notifications WHERE car_id = $1", car).execute(&mut *db).await?;
    let readings = sqlx::query!("DELETE FROM readings WHERE vehicle_id = ANY ($1)", &ids);
    erased.readings = readings.execute(&mut *db).await?.rows_affected();
    for one in &connections {
        if !one.went_elsewhere {
            erased.events += throw_away_bytes(db, one, now).await?;
        }
        note(db, one, now).await?;
    }
    // What hangs by a connection goes with it: states, marks, plans, errors, logs.
    sqlx::query!("DELETE FROM smartcar_vehicles WHERE id = ANY ($1)", &ids).execute(db).await?;
    Ok(erased)
}

/// When the data of these vehicles were deleted, for those of which they were.
pub async fn erased(
    db: &mut PgConnection,
    keys: &[&VehicleKey],
) -> Result<HashMap<VehicleKey, DateTime<Utc>>, StoreError> {
    let vehicles: Vec<&str> = keys.iter().map(|key| key.smartcar_vehicle_id.as_str()).collect();
    let users: Vec<Option<&str>> = keys.iter().map(|key| key.smartcar_user_id.as_deref()).collect();
    let rows = sqlx::query!(
        r#"SELECT key.vehicle AS "vehicle!", key.person, max(erased.erased_at) AS "at!"
           FROM unnest($1::text[], $2::text[]) AS key (vehicle, person)
           JOIN erased_vehicles AS erased ON erased.vehicle_hash = sha256(convert_to(key.vehicle, 'UTF8'))
             AND (key.person IS NULL OR erased.user_hash IN ('', sha256(convert_to(key.person, 'UTF8'))))
           GROUP BY 1, 2"#,
        &vehicles as &[&str],
        &users as &[Option<&str>],
    )
    .fetch_all(db)
    .await?;
    let key = |vehicle, user| VehicleKey { smartcar_vehicle_id: vehicle, smartcar_user_id: user };
    Ok(rows.into_iter().map(|row| (key(row.vehicle, row.person), row.at)).collect())
}

/// A connection whose data go.
struct Gone {
    id: Uuid,
    smartcar_vehicle_id: String,
    smartcar_user_id: Option<String>,
    /// The vehicle is connected to another car by now: what came of it may be that car's.
    went_elsewhere: bool,
}

async fn connections(db: &mut PgConnection, car: Uuid) -> Result<Vec<Gone>, StoreError> {
    let gone = sqlx::query_as!(
        Gone,
        r#"SELECT vehicle.id, known.id AS "smartcar_vehicle_id!", vehicle.smartcar_user_id,
             EXISTS (SELECT FROM smartcar_vehicles AS other WHERE other.smartcar_vehicle_id = known.id
               AND other.smartcar_user_id IS NOT DISTINCT FROM vehicle.smartcar_user_id
               AND other.car_id <> vehicle.car_id) AS "went_elsewhere!"
           FROM smartcar_vehicles AS vehicle,
             LATERAL (SELECT regexp_replace(vehicle.smartcar_vehicle_id, '^former:[^:]*:', '')) AS known (id)
           WHERE vehicle.car_id = $1"#,
        car,
    )
    .fetch_all(db)
    .await?;
    Ok(gone)
}

/// The machine's entries. What has a moment of evidence is the machine's; what has none is a person's.
async fn entries(db: &mut PgConnection, vehicles: &[Uuid]) -> Result<u64, StoreError> {
    let deleted = sqlx::query_scalar!(
        r#"WITH meter AS (
             DELETE FROM meter_entries WHERE source_id = ANY ($1) AND evidence_until IS NOT NULL RETURNING id
           ), fuel AS (
             DELETE FROM fuel_entries WHERE source_id = ANY ($1) AND evidence_until IS NOT NULL RETURNING id
           ), session AS (
             DELETE FROM charging_sessions WHERE source_id = ANY ($1) AND evidence_until IS NOT NULL RETURNING id
           ), expense AS (
             DELETE FROM expenses WHERE source_id = ANY ($1) AND evidence_until IS NOT NULL RETURNING id
           ), trip AS (
             DELETE FROM trips WHERE source_id = ANY ($1) AND evidence_until IS NOT NULL RETURNING id
           ), issue AS (
             DELETE FROM issues WHERE source_id = ANY ($1) AND evidence_until IS NOT NULL RETURNING id
           ), estimate AS (
             DELETE FROM battery_estimates WHERE source_id = ANY ($1) RETURNING id
           ), passage AS (
             DELETE FROM geofence_events WHERE source_id = ANY ($1) RETURNING id
           ), alert AS (
             DELETE FROM alerts WHERE source_id = ANY ($1) RETURNING id
           )
           SELECT count(*) AS "count!" FROM (
             SELECT id FROM meter UNION ALL SELECT id FROM fuel UNION ALL SELECT id FROM session
             UNION ALL SELECT id FROM expense UNION ALL SELECT id FROM trip UNION ALL SELECT id FROM issue
             UNION ALL SELECT id FROM estimate UNION ALL SELECT id FROM passage UNION ALL SELECT id FROM alert
           ) AS gone"#,
        vehicles,
    )
    .fetch_one(db)
    .await?;
    Ok(u64::try_from(deleted).unwrap_or_default())
}

/// What a person took over is theirs; which readings had led to it is not.
async fn clear_evidence(db: &mut PgConnection, vehicles: &[Uuid]) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH meter AS (
           UPDATE meter_entries SET evidence = NULL, source_id = NULL WHERE source_id = ANY ($1)
         ), fuel AS (
           UPDATE fuel_entries SET evidence = NULL, confidence = NULL, source_id = NULL WHERE source_id = ANY ($1)
         ), session AS (
           UPDATE charging_sessions SET evidence = NULL, confidence = NULL, source_id = NULL WHERE source_id = ANY ($1)
         ), expense AS (
           UPDATE expenses SET source_id = NULL WHERE source_id = ANY ($1)
         ), trip AS (
           UPDATE trips SET evidence = NULL, confidence = NULL, source_id = NULL WHERE source_id = ANY ($1)
         )
         UPDATE issues SET evidence = NULL, source_id = NULL WHERE source_id = ANY ($1)",
        vehicles,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What entries of the machine had said before, and what people decided about them: each names what the car told. Without
/// decisions, what a person took over cannot be undone any more, and that is right: nothing would come back in its place.
async fn forget_decisions(db: &mut PgConnection, car: Uuid) -> Result<(), StoreError> {
    sqlx::query!(
        "DELETE FROM entry_history
         WHERE car_id = $1 AND coalesce(before ->> 'source_type', 'smartcar_sync') = 'smartcar_sync'",
        car,
    )
    .execute(&mut *db)
    .await?;
    // That a counter was replaced is a person's own word.
    sqlx::query!("DELETE FROM decisions WHERE car_id = $1 AND kind <> 'odometer'", car)
        .execute(&mut *db)
        .await?;
    sqlx::query!(
        "WITH there AS (
           SELECT id FROM meter_entries WHERE car_id = $1 UNION ALL SELECT id FROM fuel_entries WHERE car_id = $1
           UNION ALL SELECT id FROM charging_sessions WHERE car_id = $1 UNION ALL SELECT id FROM trips WHERE car_id = $1
           UNION ALL SELECT id FROM expenses WHERE car_id = $1
         ), line AS (
           DELETE FROM attached_lines WHERE car_id = $1 AND row_id NOT IN (SELECT id FROM there)
         )
         DELETE FROM book_import_rows AS row USING book_imports AS import
         WHERE import.id = row.import_id AND import.car_id = $1 AND row.what <> 'written'
           AND row.row_id NOT IN (SELECT id FROM there)",
        car,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The bytes of deliveries, those that are parked, too. An event of several vehicles goes as a whole; the others' readings
/// stay. That there was an event stays, so that it is not taken for a new one.
async fn throw_away_bytes(db: &mut PgConnection, gone: &Gone, now: DateTime<Utc>) -> Result<u64, StoreError> {
    // As JSON writes it: nothing else in a body looks like this.
    let named = format!("\"{}\"", gone.smartcar_vehicle_id);
    let events = sqlx::query!(
        "UPDATE webhook_events
         SET body = '{}', original_sha256 = NULL, vehicle_id = '', user_id = NULL, waiting = '{}', processed = true, error = $4
         WHERE (vehicle_id = $1 AND ($2::text IS NULL OR user_id IS NULL OR user_id = $2))
           -- Only events that name no user are of several vehicles.
           OR (user_id IS NULL AND vehicle_id <> $1 AND position($3::bytea IN body) > 0)",
        gone.smartcar_vehicle_id,
        gone.smartcar_user_id,
        named.as_bytes(),
        ERASED,
    )
    .execute(&mut *db)
    .await?;
    let own = format!("\"{}\"", gone.id);
    let parked = sqlx::query!(
        "UPDATE parked_messages
         SET body = '', original_sha256 = NULL, headers = '{}', why = $4, state = 'discarded',
           settled_at = coalesce(settled_at, $3), without_positions_since = coalesce(without_positions_since, $3)
         WHERE position($1::bytea IN body) > 0 OR position($2::bytea IN body) > 0",
        named.as_bytes(),
        own.as_bytes(),
        now,
        ERASED,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(r#"SELECT carvetka_forget_older_log($1) AS "done: bool""#, gone.smartcar_vehicle_id)
        .execute(db)
        .await?;
    Ok(events.rows_affected() + parked.rows_affected())
}

/// Why an event has no bytes.
pub const ERASED: &str = "its owner had it deleted";

/// From now on what is still under way of this vehicle is thrown away when it arrives.
async fn note(db: &mut PgConnection, gone: &Gone, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query!(
        r#"SELECT carvetka_note_erased($1, $2, $3) AS "done: bool""#,
        gone.smartcar_vehicle_id,
        gone.smartcar_user_id,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}
