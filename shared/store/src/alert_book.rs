//! `alerts` as people read them, and what they did with them. An alert that was seen or dismissed stays so, whatever the
//! machine writes into its row.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::hand_entries::Place;

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertRow {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub kind: String,
    pub details: Value,
    pub confidence: Option<f64>,
    pub seen_at: Option<DateTime<Utc>>,
    pub dismissed_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

/// What a person does with an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attention {
    Seen,
    Dismissed,
}

/// The alerts of a car, newest first, behind a place; dismissed ones only where they are asked for.
pub async fn page(
    db: &mut PgConnection,
    car: Uuid,
    dismissed: bool,
    behind: Option<Place>,
    limit: i64,
) -> Result<Vec<AlertRow>, StoreError> {
    let rows = sqlx::query_as!(
        AlertRow,
        r#"SELECT id, at, kind, details, confidence::float8 AS confidence, seen_at, dismissed_at, created_at
           FROM alerts
           WHERE car_id = $1 AND ($2 OR dismissed_at IS NULL)
             AND ($3::timestamptz IS NULL OR (at, id) < ($3, $4))
           ORDER BY at DESC, id DESC LIMIT $5"#,
        car,
        dismissed,
        behind.map(|place| place.at),
        behind.map_or(Uuid::nil(), |place| place.id),
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

pub async fn find(db: &mut PgConnection, car: Uuid, id: Uuid) -> Result<Option<AlertRow>, StoreError> {
    let row = sqlx::query_as!(
        AlertRow,
        r#"SELECT id, at, kind, details, confidence::float8 AS confidence, seen_at, dismissed_at, created_at
           FROM alerts WHERE id = $2 AND car_id = $1"#,
        car,
        id,
    )
    .fetch_optional(db)
    .await?;
    Ok(row)
}

/// Notes what a person did, the first time; `None` if there is no such alert.
pub async fn note(
    db: &mut PgConnection,
    car: Uuid,
    id: Uuid,
    what: Attention,
    now: DateTime<Utc>,
) -> Result<Option<AlertRow>, StoreError> {
    let row = sqlx::query_as!(
        AlertRow,
        r#"UPDATE alerts
           SET seen_at = coalesce(seen_at, $3), dismissed_at = CASE WHEN $4 THEN coalesce(dismissed_at, $3) ELSE dismissed_at END
           WHERE id = $2 AND car_id = $1
           RETURNING id, at, kind, details, confidence::float8 AS confidence, seen_at, dismissed_at, created_at"#,
        car,
        id,
        now,
        what == Attention::Dismissed,
    )
    .fetch_optional(db)
    .await?;
    Ok(row)
}
