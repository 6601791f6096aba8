//! `geofence_events` as people read them.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::hand_entries::Place;

/// What happened at a place.
#[derive(Debug, Clone, PartialEq)]
pub struct HappeningRow {
    pub id: Uuid,
    pub geofence_id: Uuid,
    /// As the place was called then.
    pub name: String,
    pub at: DateTime<Utc>,
    /// `enter`, `exit`, `dwell` or `passed`.
    pub passage: String,
    /// Nobody saw it there: the way between two fixes leads through.
    pub inferred: bool,
    pub confidence: Option<f64>,
}

/// Which ones are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Happenings {
    /// At this place only.
    pub geofence: Option<Uuid>,
    /// Where the car only passed, too.
    pub passed: bool,
    pub behind: Option<Place>,
}

/// What happened at the marked places of a car, newest first.
pub async fn happenings(
    db: &mut PgConnection,
    car: Uuid,
    asked: Happenings,
    limit: i64,
) -> Result<Vec<HappeningRow>, StoreError> {
    let Happenings { geofence, passed, behind } = asked;
    let rows = sqlx::query_as!(
        HappeningRow,
        "SELECT id, geofence_id, name, at, passage, inferred, confidence::float8 AS confidence FROM geofence_events
         WHERE car_id = $1 AND ($2::timestamptz IS NULL OR (at, id) < ($2, $3))
           AND ($4::uuid IS NULL OR geofence_id = $4) AND ($5 OR passage <> 'passed')
         ORDER BY at DESC, id DESC LIMIT $6",
        car,
        behind.map(|place| place.at),
        behind.map_or(Uuid::nil(), |place| place.id),
        geofence,
        passed,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}
