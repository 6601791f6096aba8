//! Where charging sessions stood: whose place would change if a person's places were others.

use chrono::{DateTime, Utc};
use domain::motion::Place;
use domain::reading::Position;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// A session of one of the person's cars whose place is known.
#[derive(Debug, Clone, PartialEq)]
pub struct PlacedSession {
    pub id: Uuid,
    pub car: Uuid,
    pub car_name: String,
    pub started_at: DateTime<Utc>,
    pub place: Place,
    pub geofence: Option<Uuid>,
    pub cost: Option<f64>,
    pub currency: Option<String>,
    /// A person's word: it stays as it is.
    pub is_locked: bool,
}

/// The sessions since a moment, newest first, at most `limit`.
pub async fn placed_sessions(
    db: &mut PgConnection,
    user: Uuid,
    since: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<PlacedSession>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT session.id, session.car_id, car.name AS car_name, session.started_at, session.latitude, session.longitude,
             session.private_zone, session.place_id, session.cost::float8 AS cost, session.currency,
             session.evidence_until IS NULL AS "is_locked!"
           FROM charging_sessions AS session JOIN cars AS car ON car.id = session.car_id
           WHERE car.user_id = $1 AND session.started_at >= $2 AND session.state IN ('recorded', 'confirmed')
             AND (session.private_zone IS NOT NULL OR (session.latitude IS NOT NULL AND session.longitude IS NOT NULL))
           ORDER BY session.started_at DESC, session.id DESC LIMIT $3"#,
        user,
        since,
        limit,
    )
    .fetch_all(db)
    .await?;
    let placed = rows.into_iter().filter_map(|row| {
        let place = match (row.private_zone, row.latitude, row.longitude) {
            (Some(zone), _, _) => Place::Private(zone),
            // People may write the table by themselves: what is no place on earth is in no place of theirs.
            (None, latitude, longitude) => Place::At(Position::from_degrees(latitude?, longitude?).ok()?),
        };
        Some(PlacedSession {
            id: row.id,
            car: row.car_id,
            car_name: row.car_name,
            started_at: row.started_at,
            place,
            geofence: row.place_id,
            cost: row.cost,
            currency: row.currency,
            is_locked: row.is_locked,
        })
    });
    Ok(placed.collect())
}
