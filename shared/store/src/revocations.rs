//! `pending_revocations`: consents that people took back and that the platform has not confirmed yet.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::vehicles::connecting::Ended;

/// A consent that the platform has to be told about.
#[derive(Debug, Clone)]
pub struct Pending {
    pub vehicle_id: Uuid,
    pub smartcar_vehicle_id: String,
    pub smartcar_user_id: Option<String>,
    pub grant_id: Option<Uuid>,
    pub asked_at: DateTime<Utc>,
    pub tries: i32,
}

/// Notes that this consent has to be revoked. It is due after `lease`: until then the caller tries.
pub async fn note(
    db: &mut PgConnection,
    ended: &Ended,
    lease: TimeDelta,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO pending_revocations (vehicle_id, smartcar_vehicle_id, smartcar_user_id, grant_id, asked_at, next_try_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (vehicle_id) DO UPDATE
           SET smartcar_vehicle_id = excluded.smartcar_vehicle_id, smartcar_user_id = excluded.smartcar_user_id,
               grant_id = excluded.grant_id, asked_at = excluded.asked_at, next_try_at = excluded.next_try_at, tries = 0",
        ended.id,
        ended.smartcar_vehicle_id,
        ended.smartcar_user_id,
        ended.grant_id,
        now,
        now + lease,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes up to `limit` that are due, for as long as `lease`; each failed try doubles the wait, up to a day.
pub async fn lease(
    db: &mut PgConnection,
    lease: TimeDelta,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Pending>, StoreError> {
    let pending = sqlx::query_as!(
        Pending,
        "UPDATE pending_revocations
         SET tries = tries + 1,
             next_try_at = $1 + least(interval '1 day', make_interval(secs => $2 * 2 ^ least(tries, 20)))
         WHERE vehicle_id IN (
           SELECT vehicle_id FROM pending_revocations WHERE next_try_at <= $1
           ORDER BY next_try_at LIMIT $3 FOR UPDATE SKIP LOCKED
         )
         RETURNING vehicle_id, smartcar_vehicle_id, smartcar_user_id, grant_id, asked_at, tries",
        now,
        lease.as_seconds_f64(),
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(pending)
}

/// It is revoked, or nobody tries any more.
pub async fn settle(db: &mut PgConnection, vehicle: Uuid) -> Result<(), StoreError> {
    sqlx::query!("DELETE FROM pending_revocations WHERE vehicle_id = $1", vehicle).execute(db).await?;
    Ok(())
}

/// Whether this vehicle is connected with the same user of the platform, perhaps to another car: then revoking would
/// take that away, too.
pub async fn is_used_otherwise(
    db: &mut PgConnection,
    smartcar_vehicle_id: &str,
    smartcar_user_id: Option<&str>,
) -> Result<bool, StoreError> {
    let is_used = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM smartcar_vehicles
             WHERE smartcar_vehicle_id = $1 AND ($2::text IS NULL OR smartcar_user_id IS NULL OR smartcar_user_id = $2)
               AND status <> 'disconnected') AS "is_used!""#,
        smartcar_vehicle_id,
        smartcar_user_id,
    )
    .fetch_one(db)
    .await?;
    Ok(is_used)
}
