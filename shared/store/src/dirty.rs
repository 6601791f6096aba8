//! `dirty_vehicles`: cars that have to be folded anew from a moment on, for whatever reason. One mechanism for
//! readings beyond the horizon, changed facts, changed rules and folds that failed: the replay job.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::RULES_VERSION;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// A vehicle is marked since a moment. The version tells this mark from one that somebody sets meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub since: DateTime<Utc>,
    pub version: Uuid,
}

/// Marks the vehicles on the machine's behalf. A vehicle that is marked already is marked further back if need be,
/// and keeps its place and its lease.
pub async fn mark(db: &mut PgConnection, marks: &[(Uuid, DateTime<Utc>, &str)]) -> Result<(), StoreError> {
    let mut marks = marks.to_vec();
    marks.sort_unstable();
    marks.dedup_by_key(|mark| mark.0);
    let vehicles: Vec<Uuid> = marks.iter().map(|mark| mark.0).collect();
    let since: Vec<DateTime<Utc>> = marks.iter().map(|mark| mark.1).collect();
    let why: Vec<&str> = marks.iter().map(|mark| mark.2).collect();
    sqlx::query!(
        "INSERT INTO dirty_vehicles AS known (vehicle_id, dirty_since, why)
         SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::text[])
         ON CONFLICT (vehicle_id) DO UPDATE SET dirty_since = excluded.dirty_since, version = gen_random_uuid()
           WHERE excluded.dirty_since < known.dirty_since",
        &vehicles,
        &since,
        &why as &[&str],
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Marks up to `limit` vehicles whose states older rules folded and that nobody marked yet; none while `enough` others wait
/// for their replay. Gives how many.
pub async fn mark_older_rules(db: &mut PgConnection, limit: i64, enough: i64) -> Result<u64, StoreError> {
    let marked = sqlx::query!(
        "INSERT INTO dirty_vehicles (vehicle_id, dirty_since, why)
         SELECT DISTINCT old.vehicle_id, 'epoch'::timestamptz, 'its state was written by older rules'
         FROM vehicle_states AS old
         WHERE old.rules_version < $1
           AND NOT EXISTS (SELECT FROM dirty_vehicles AS mark WHERE mark.vehicle_id = old.vehicle_id)
           AND (SELECT count(*) FROM dirty_vehicles) < $3
         LIMIT $2
         ON CONFLICT (vehicle_id) DO NOTHING",
        RULES_VERSION,
        limit,
        enough,
    )
    .execute(db)
    .await?;
    Ok(marked.rows_affected())
}

/// The marks of these vehicles. Locks nothing: people mark cars while they hold rows of the book.
pub async fn of(db: &mut PgConnection, vehicles: &[Uuid]) -> Result<HashMap<Uuid, Mark>, StoreError> {
    let rows = sqlx::query!(
        "SELECT vehicle_id, dirty_since, version FROM dirty_vehicles WHERE vehicle_id = ANY ($1)",
        vehicles,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.vehicle_id, Mark { since: row.dirty_since, version: row.version }))
        .collect())
}

/// The marked vehicles of a car: of several one after the other, the books are of all.
pub async fn of_car(db: &mut PgConnection, car: Uuid) -> Result<Vec<Uuid>, StoreError> {
    let vehicles = sqlx::query_scalar!(
        "SELECT mark.vehicle_id FROM dirty_vehicles AS mark
         JOIN smartcar_vehicles AS vehicle ON vehicle.id = mark.vehicle_id
         WHERE vehicle.car_id = $1 ORDER BY vehicle.connected_at",
        car,
    )
    .fetch_all(db)
    .await?;
    Ok(vehicles)
}

/// Marks the vehicle since this moment, in the place of the mark that was heeded up to there. A mark that somebody set
/// meanwhile stays.
pub async fn move_on(
    db: &mut PgConnection,
    vehicle: Uuid,
    heeded: Option<Uuid>,
    since: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO dirty_vehicles AS mark (vehicle_id, dirty_since, why) VALUES ($1, $3, 'its history is being replayed')
         ON CONFLICT (vehicle_id) DO UPDATE SET dirty_since = excluded.dirty_since WHERE mark.version = $2",
        vehicle,
        heeded,
        since,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes away marks that were heeded: (vehicle, version). A mark that somebody set meanwhile stays.
pub async fn settle(db: &mut PgConnection, heeded: &[(Uuid, Uuid)]) -> Result<(), StoreError> {
    let mut heeded = heeded.to_vec();
    heeded.sort_unstable();
    let (vehicles, versions): (Vec<Uuid>, Vec<Uuid>) = heeded.into_iter().unzip();
    sqlx::query!(
        "DELETE FROM dirty_vehicles AS mark USING unnest($1::uuid[], $2::uuid[]) AS heeded (vehicle_id, version)
         WHERE mark.vehicle_id = heeded.vehicle_id AND mark.version = heeded.version",
        &vehicles,
        &versions,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes the mark away of a vehicle that there is nothing to fold for.
pub async fn forget(db: &mut PgConnection, vehicle: Uuid) -> Result<(), StoreError> {
    sqlx::query!("DELETE FROM dirty_vehicles WHERE vehicle_id = $1", vehicle).execute(db).await?;
    Ok(())
}

/// Leases up to `limit` marked vehicles, those marked first: the caller asks for their replay, and nobody else
/// does so until the lease is over. A vehicle whose replay does not help is leased for twice as long each time,
/// up to an hour.
pub async fn lease(
    db: &mut PgConnection,
    now: DateTime<Utc>,
    lease: TimeDelta,
    limit: i64,
) -> Result<Vec<Uuid>, StoreError> {
    let vehicles = sqlx::query_scalar!(
        "UPDATE dirty_vehicles
         SET leased_until = $1 + least(interval '1 hour', make_interval(secs => $2 * 2 ^ least(asked, 20))), asked = asked + 1
         WHERE vehicle_id IN (
           SELECT vehicle_id FROM dirty_vehicles
           WHERE leased_until IS NULL OR leased_until < $1
           ORDER BY marked_at LIMIT $3 FOR UPDATE SKIP LOCKED
         )
         RETURNING vehicle_id",
        now,
        lease.as_seconds_f64(),
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(vehicles)
}
