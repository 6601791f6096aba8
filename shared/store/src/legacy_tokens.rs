//! Tokens that an older web app left in the clear beside its vehicles (`smartcar_vehicles.access_token` and
//! `refresh_token`): they become grants, sealed, and leave the columns.
//!
//! The one file of this crate whose statements are not checked when it is built: the columns exist on such databases only.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// A pair in the clear. Never printed.
#[derive(sqlx::FromRow)]
pub struct PlainPair {
    pub user_id: Uuid,
    /// The vehicles that it opens.
    pub vehicles: Vec<Uuid>,
    pub access_token: String,
    pub refresh_token: String,
    pub token_expires_at: Option<DateTime<Utc>>,
    pub connected_at: Option<DateTime<Utc>>,
}

/// Whether this database ever had such columns.
pub async fn exist(db: &mut PgConnection) -> Result<bool, StoreError> {
    let columns: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_attribute
         WHERE attrelid = 'smartcar_vehicles'::regclass AND NOT attisdropped
           AND attname IN ('access_token', 'refresh_token', 'token_expires_at')",
    )
    .fetch_one(db)
    .await?;
    Ok(columns == 3)
}

/// Up to `limit` pairs that are still in the clear. A vehicle without an owner keeps none: its tokens are nobody's.
pub async fn plain(db: &mut PgConnection, limit: i64) -> Result<Vec<PlainPair>, StoreError> {
    let pairs = sqlx::query_as(
        "SELECT user_id, array_agg(id ORDER BY id) AS vehicles, min(access_token) AS access_token, refresh_token,
           min(token_expires_at) AS token_expires_at, max(connected_at) AS connected_at
         FROM smartcar_vehicles
         WHERE coalesce(refresh_token, '') <> '' AND coalesce(access_token, '') <> '' AND user_id IS NOT NULL
         GROUP BY user_id, refresh_token ORDER BY 2 LIMIT $1",
    )
    .bind(limit)
    .fetch_all(db)
    .await?;
    Ok(pairs)
}

/// Takes the tokens of these vehicles out of the clear, which from now on use this grant unless they have one.
pub async fn take_out(db: &mut PgConnection, vehicles: &[Uuid], grant: Uuid) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE smartcar_vehicles SET access_token = NULL, refresh_token = NULL, grant_id = coalesce(grant_id, $2)
         WHERE id = ANY ($1)",
    )
    .bind(vehicles)
    .bind(grant)
    .execute(db)
    .await?;
    Ok(())
}
