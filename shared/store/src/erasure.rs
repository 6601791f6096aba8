//! What is deleted when a person leaves and wants their data gone.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// How many rows went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erased {
    pub entries: u64,
    pub readings: u64,
    pub events: u64,
}

/// Deletes what a vehicle said and what the machine wrote because of it. What a person wrote, edited or took up stays
/// theirs. The caller has locked the vehicle and acts as the machine.
///
/// Reads the stored deliveries once from end to end (they have no index by vehicle: they would all pay for it, and few
/// people leave).
pub async fn erase(
    db: &mut PgConnection,
    vehicle: Uuid,
    smartcar_vehicle_id: &str,
    smartcar_user_id: Option<&str>,
) -> Result<Erased, StoreError> {
    let entries = sqlx::query!(
        "DELETE FROM meter_entries WHERE source_id = $1 AND evidence_until IS NOT NULL",
        vehicle
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!("DELETE FROM issues WHERE source_id = $1 AND evidence_until IS NOT NULL", vehicle)
        .execute(&mut *db)
        .await?;
    let readings =
        sqlx::query!("DELETE FROM readings WHERE vehicle_id = $1", vehicle).execute(&mut *db).await?;
    sqlx::query!("DELETE FROM untimed_readings WHERE vehicle_id = $1", vehicle).execute(&mut *db).await?;
    sqlx::query!("DELETE FROM vehicle_states WHERE vehicle_id = $1", vehicle).execute(&mut *db).await?;
    sqlx::query!("DELETE FROM quarantined_readings WHERE vehicle_id = $1", vehicle).execute(&mut *db).await?;
    sqlx::query!("DELETE FROM vehicle_errors WHERE vehicle_id = $1", vehicle).execute(&mut *db).await?;
    sqlx::query!("DELETE FROM smartcar_sync_logs WHERE smartcar_vehicle_id = $1", vehicle)
        .execute(&mut *db)
        .await?;
    sqlx::query!("DELETE FROM dirty_vehicles WHERE vehicle_id = $1", vehicle).execute(&mut *db).await?;
    // An event of several vehicles is kept under the first; it goes as a whole, the others' readings stay.
    let events = sqlx::query!(
        "UPDATE webhook_events SET body = '{}', error = 'its owner had it deleted', waiting = '{}', processed = true
         WHERE vehicle_id = $1 AND ($2::text IS NULL OR user_id IS NULL OR user_id = $2) AND body <> '{}'",
        smartcar_vehicle_id,
        smartcar_user_id,
    )
    .execute(db)
    .await?;
    Ok(Erased {
        entries: entries.rows_affected(),
        readings: readings.rows_affected(),
        events: events.rows_affected(),
    })
}
