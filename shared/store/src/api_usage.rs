//! `api_usage` and `api_bucket`: how often the platform was asked, counted before it is asked, by all processes together.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// Counts calls for a vehicle in a month (its first day), unless that would make them more than `limit`: then nothing is
/// counted and it is `false`.
pub async fn count(
    db: &mut PgConnection,
    vehicle: Uuid,
    month: NaiveDate,
    calls: i32,
    limit: i32,
) -> Result<bool, StoreError> {
    let counted = sqlx::query!(
        "INSERT INTO api_usage AS known (vehicle_id, month, calls) SELECT $1, $2, $3::integer WHERE $3::integer <= $4
         ON CONFLICT (vehicle_id, month) DO UPDATE SET calls = known.calls + excluded.calls
           WHERE known.calls + excluded.calls <= $4",
        vehicle,
        month,
        calls,
        limit,
    )
    .execute(db)
    .await?;
    Ok(counted.rows_affected() == 1)
}

/// Corrects what was counted by what was really spent.
pub async fn correct(
    db: &mut PgConnection,
    vehicle: Uuid,
    month: NaiveDate,
    difference: i32,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE api_usage SET calls = greatest(calls + $3, 0) WHERE vehicle_id = $1 AND month = $2",
        vehicle,
        month,
        difference,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// How many calls were spent for a vehicle in a month.
pub async fn spent(db: &mut PgConnection, vehicle: Uuid, month: NaiveDate) -> Result<i64, StoreError> {
    let spent = sqlx::query_scalar!(
        "SELECT calls FROM api_usage WHERE vehicle_id = $1 AND month = $2",
        vehicle,
        month
    )
    .fetch_optional(db)
    .await?;
    Ok(spent.map_or(0, i64::from))
}

/// How the application's bucket fills.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    pub size: u32,
    pub per_minute: u32,
}

/// Whether calls may be made now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    Yes,
    /// Not before then.
    NotBefore(DateTime<Utc>),
}

/// Takes calls out of the application's bucket, or says when there will be as many.
pub async fn take(
    db: &mut PgConnection,
    bucket: Bucket,
    calls: i32,
    now: DateTime<Utc>,
) -> Result<Taken, StoreError> {
    // A clock that is behind another process's takes nothing back out of the bucket.
    let taken = sqlx::query_scalar!(
        r#"UPDATE api_bucket
           SET calls = least($1, coalesce(calls, $1) + greatest(extract(epoch FROM $4 - counted_at)::float8, 0) * $2 / 60) - $3,
               counted_at = greatest(counted_at, $4), rests_until = NULL
           WHERE (rests_until IS NULL OR rests_until <= $4)
             AND least($1, coalesce(calls, $1) + greatest(extract(epoch FROM $4 - counted_at)::float8, 0) * $2 / 60) >= $3
           RETURNING true AS "taken!""#,
        f64::from(bucket.size),
        f64::from(bucket.per_minute),
        f64::from(calls),
        now,
    )
    .fetch_optional(&mut *db)
    .await?;
    if taken.is_some() {
        return Ok(Taken::Yes);
    }
    let row = sqlx::query!("SELECT calls, counted_at, rests_until FROM api_bucket").fetch_one(db).await?;
    let there = row.calls.unwrap_or(f64::from(bucket.size));
    let missing = (f64::from(calls) - there).max(0.0) * 60.0 / f64::from(bucket.per_minute);
    // Never for ever: what is more than the bucket holds is tried again all the same.
    let missing = TimeDelta::milliseconds(whole(missing.min(86_400.0) * 1_000.0));
    let filled = row.counted_at + missing;
    Ok(Taken::NotBefore(filled.max(row.rests_until.unwrap_or(filled)).max(now + TimeDelta::seconds(1))))
}

/// The platform says that the application asks too often: nobody asks before then.
pub async fn rest(db: &mut PgConnection, until: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE api_bucket SET calls = 0, rests_until = greatest(rests_until, $1), counted_at = greatest(counted_at, $1)",
        until
    )
    .execute(db)
    .await?;
    Ok(())
}

#[expect(clippy::cast_possible_truncation, reason = "at most a day of milliseconds")]
fn whole(milliseconds: f64) -> i64 {
    milliseconds.ceil() as i64
}
