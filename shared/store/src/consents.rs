//! `consents`: who agreed to what, and when they took it back. Written by triggers, whoever connects.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// What a person said to a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentRow {
    pub at: DateTime<Utc>,
    pub car_id: Uuid,
    /// `given`, `withdrawn` or `forgotten`.
    pub what: String,
    /// Whether positions may be kept.
    pub location: bool,
    /// What the platform may be asked for, where that is known.
    pub scopes: Vec<String>,
}

/// More than anybody says in a life.
const MOST: i64 = 1_000;

/// What this person said, newest first.
pub async fn of(db: &mut PgConnection, user: Uuid) -> Result<Vec<ConsentRow>, StoreError> {
    let rows = sqlx::query_as!(
        ConsentRow,
        "SELECT at, car_id, what, location, scopes FROM consents WHERE user_id = $1 ORDER BY at DESC, id LIMIT $2",
        user,
        MOST,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}
