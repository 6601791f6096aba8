//! Partitions of the tables that grow with time.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use sqlx::postgres::types::PgInterval;

use crate::StoreError;

/// Makes the partitions that are absent until `ahead` from now, and says how many it made.
pub async fn make(db: &mut PgConnection, now: DateTime<Utc>, ahead: TimeDelta) -> Result<i32, StoreError> {
    let days = i32::try_from(ahead.num_days()).unwrap_or(i32::MAX);
    let ahead = PgInterval { months: 0, days, microseconds: 0 };
    let made = sqlx::query_scalar!(r#"SELECT carvetka_make_partitions($1, $2) AS "made!""#, now, ahead)
        .fetch_one(db)
        .await?;
    Ok(made)
}
