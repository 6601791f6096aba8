//! `dirty_vehicles`: cars that have to be folded anew from a moment on, for whatever reason. One mechanism for
//! readings beyond the horizon, changed facts, changed rules and folds that failed: the replay job.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// Marks the vehicles; an earlier mark stays.
pub async fn mark(db: &mut PgConnection, marks: &[(Uuid, DateTime<Utc>, &str)]) -> Result<(), StoreError> {
    let mut marks = marks.to_vec();
    marks.sort_unstable();
    let vehicles: Vec<Uuid> = marks.iter().map(|mark| mark.0).collect();
    let since: Vec<DateTime<Utc>> = marks.iter().map(|mark| mark.1).collect();
    let why: Vec<&str> = marks.iter().map(|mark| mark.2).collect();
    sqlx::query!(
        "SELECT carvetka_mark_dirty(vehicle_id, since, why)
         FROM unnest($1::uuid[], $2::timestamptz[], $3::text[]) AS mark (vehicle_id, since, why)",
        &vehicles,
        &since,
        &why as &[&str],
    )
    .fetch_all(db)
    .await?;
    Ok(())
}

/// Takes the marks of these vehicles away for this transaction. A mark that somebody sets meanwhile waits
/// for us and stays.
pub async fn take(
    db: &mut PgConnection,
    vehicles: &[Uuid],
) -> Result<HashMap<Uuid, DateTime<Utc>>, StoreError> {
    let rows = sqlx::query!(
        "DELETE FROM dirty_vehicles WHERE vehicle_id = ANY ($1) RETURNING vehicle_id, dirty_since",
        vehicles,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.vehicle_id, row.dirty_since))
        .collect())
}

/// Leases up to `limit` marked vehicles, those marked first: the caller asks for their replay, and nobody else
/// does so until the lease is over.
pub async fn lease(
    db: &mut PgConnection,
    now: DateTime<Utc>,
    lease: TimeDelta,
    limit: i64,
) -> Result<Vec<Uuid>, StoreError> {
    let vehicles = sqlx::query_scalar!(
        "UPDATE dirty_vehicles SET leased_until = $2
         WHERE vehicle_id IN (
           SELECT vehicle_id FROM dirty_vehicles
           WHERE leased_until IS NULL OR leased_until < $1
           ORDER BY marked_at LIMIT $3 FOR UPDATE SKIP LOCKED
         )
         RETURNING vehicle_id",
        now,
        now + lease,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(vehicles)
}
