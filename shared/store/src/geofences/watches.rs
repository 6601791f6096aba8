//! `car_watches`: since when somebody wants to be told that the standing car leaves its place.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// Since when the car is watched; `None` if it is not.
pub async fn since(db: &mut PgConnection, car: Uuid) -> Result<Option<DateTime<Utc>>, StoreError> {
    let since = sqlx::query_scalar!(
        "SELECT watched_from FROM car_watches WHERE car_id = $1 AND watched_until IS NULL",
        car,
    )
    .fetch_optional(db)
    .await?;
    Ok(since)
}

/// Watches the car from now on; a watch that goes on goes on.
pub async fn begin(db: &mut PgConnection, car: Uuid, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO car_watches (car_id, watched_from) VALUES ($1, $2)
         ON CONFLICT (car_id) WHERE watched_until IS NULL DO NOTHING",
        car,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Watches the car no more.
pub async fn end(db: &mut PgConnection, car: Uuid, now: DateTime<Utc>) -> Result<(), StoreError> {
    // Also by a clock that went back, or within the same instant, a watch ends after it began.
    sqlx::query!(
        "UPDATE car_watches SET watched_until = greatest($2, watched_from + interval '1 millisecond')
         WHERE car_id = $1 AND watched_until IS NULL",
        car,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}
