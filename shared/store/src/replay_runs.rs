//! `replay_runs`: how far replays of all cars came that have not come to their end.

use chrono::{DateTime, Utc};
use domain::RULES_VERSION;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// How far a replay of all cars by today's rules came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// From when on it folds.
    pub since: DateTime<Utc>,
    pub began_at: DateTime<Utc>,
    /// All vehicles up to this one are done.
    pub done_until: Uuid,
    pub vehicles: i64,
    /// Of how many vehicles the books changed.
    pub changed: i64,
}

/// The run from this moment on that did not come to its end.
pub async fn find(db: &mut PgConnection, since: DateTime<Utc>) -> Result<Option<Run>, StoreError> {
    let run = sqlx::query_as!(
        Run,
        "SELECT since, began_at, done_until, vehicles, changed FROM replay_runs
         WHERE rules_version = $1 AND since = $2",
        RULES_VERSION,
        since,
    )
    .fetch_optional(db)
    .await?;
    Ok(run)
}

/// Notes how far it came.
pub async fn note(db: &mut PgConnection, run: Run) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO replay_runs (rules_version, since, began_at, done_until, vehicles, changed)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (rules_version, since) DO UPDATE
           SET began_at = excluded.began_at, done_until = excluded.done_until, vehicles = excluded.vehicles,
               changed = excluded.changed",
        RULES_VERSION,
        run.since,
        run.began_at,
        run.done_until,
        run.vehicles,
        run.changed,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// It came to its end. What older rules left behind is forgotten with it.
pub async fn end(db: &mut PgConnection, since: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query!(
        "DELETE FROM replay_runs WHERE rules_version < $1 OR (rules_version = $1 AND since = $2)",
        RULES_VERSION,
        since,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A connection whose history can be replayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vehicle {
    pub id: Uuid,
    pub car_id: Uuid,
    pub car_name: String,
}

/// Whose histories are replayed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Which {
    /// Of this car; `None`: of any.
    pub car: Option<Uuid>,
    /// This one; `None`: any.
    pub vehicle: Option<Uuid>,
}

/// The next connections after this one, in the order of their ids. One that was disconnected is left as it was when its
/// owner left.
pub async fn vehicles(
    db: &mut PgConnection,
    which: Which,
    after: Uuid,
    limit: i64,
) -> Result<Vec<Vehicle>, StoreError> {
    let vehicles = sqlx::query_as!(
        Vehicle,
        r#"SELECT vehicle.id, car.id AS car_id, car.name AS car_name
           FROM smartcar_vehicles AS vehicle JOIN cars AS car ON car.id = vehicle.car_id
           WHERE vehicle.id > $3 AND ($1::uuid IS NULL OR vehicle.car_id = $1) AND ($2::uuid IS NULL OR vehicle.id = $2)
             AND vehicle.status <> 'disconnected' AND coalesce(vehicle.is_active, true)
           ORDER BY vehicle.id LIMIT $4"#,
        which.car,
        which.vehicle,
        after,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(vehicles)
}

/// How many connections there are after this one.
pub async fn count(db: &mut PgConnection, which: Which, after: Uuid) -> Result<i64, StoreError> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM smartcar_vehicles AS vehicle
           WHERE vehicle.id > $3 AND vehicle.car_id IS NOT NULL
             AND ($1::uuid IS NULL OR vehicle.car_id = $1) AND ($2::uuid IS NULL OR vehicle.id = $2)
             AND vehicle.status <> 'disconnected' AND coalesce(vehicle.is_active, true)"#,
        which.car,
        which.vehicle,
        after,
    )
    .fetch_one(db)
    .await?;
    Ok(count)
}
