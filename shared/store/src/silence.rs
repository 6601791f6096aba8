//! Cars of which nothing is heard for longer than they are used to be silent: an alert, once a silence. The fold has no clock, so this
//! is noticed from outside, and the alert is no part of the book.

use chrono::{DateTime, Utc};
use domain::alert::AlertKind;
use domain::cadence;
use sqlx::PgConnection;

use crate::StoreError;

/// Notes which silences are over, and raises an alert for each car that has become silent. How many are new; `None` if somebody
/// else is doing it.
pub async fn notice(db: &mut PgConnection, now: DateTime<Utc>) -> Result<Option<u64>, StoreError> {
    let is_ours = sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_xact_lock(hashtextextended('carvetka silences', 0)) AS "ours!""#
    )
    .fetch_one(&mut *db)
    .await?;
    if !is_ours {
        return Ok(None);
    }
    sqlx::query!(
        "UPDATE alerts SET details = details || jsonb_build_object('overAt', vehicle.last_synced_at)
         FROM smartcar_vehicles AS vehicle
         WHERE vehicle.id = alerts.source_id AND alerts.kind = 'car_offline' AND alerts.details ->> 'overAt' IS NULL
           AND vehicle.last_synced_at > (alerts.details ->> 'silentSince')::timestamptz",
    )
    .execute(&mut *db)
    .await?;
    let raised = sqlx::query!(
        "INSERT INTO alerts (id, source_id, car_id, at, kind, details, created_at)
         SELECT gen_random_uuid(), vehicle.id, vehicle.car_id, vehicle.last_synced_at + limits.silence, $2,
           jsonb_build_object('silentSince', vehicle.last_synced_at, 'isGrave', false, 'overAt', NULL), $1
         FROM smartcar_vehicles AS vehicle
         JOIN vehicle_cadences AS cadence ON cadence.vehicle_id = vehicle.id
         CROSS JOIN LATERAL (
           SELECT least(make_interval(secs => $4), greatest(make_interval(secs => $3),
             make_interval(secs => $5 * cadence.long_gap_seconds))) AS silence
         ) AS limits
         WHERE vehicle.status = 'active' AND coalesce(vehicle.is_active, true) AND vehicle.car_id IS NOT NULL
           AND cadence.long_gap_seconds IS NOT NULL AND vehicle.last_synced_at < $1::timestamptz - limits.silence
           AND NOT EXISTS (
             SELECT FROM alerts AS told WHERE told.source_id = vehicle.id AND told.kind = 'car_offline'
               AND told.details ->> 'overAt' IS NULL)",
        now,
        AlertKind::CarOffline.name(),
        cadence::SHORTEST.as_seconds_f64(),
        cadence::LONGEST.as_seconds_f64(),
        f64::from(cadence::TIMES),
    )
    .execute(db)
    .await?;
    Ok(Some(raised.rows_affected()))
}
