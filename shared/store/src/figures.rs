//! How much of everything there is, for those who watch over the pipeline: one statement over small tables.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use crate::StoreError;

/// A car that stands in a garage without a network is silent for days; after these somebody should know.
pub const UNHEARD_AFTER: TimeDelta = TimeDelta::days(3);

/// Counts at one moment. An age is that of the oldest: `None` if there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    pub vehicles: Vehicles,
    /// Vehicles that have to be folded again.
    pub marked: i64,
    pub marked_since: Option<DateTime<Utc>>,
    /// Messages that a person has to look at.
    pub parked: i64,
    pub parked_since: Option<DateTime<Utc>>,
    /// Makers whose cars nobody asks at the moment.
    pub circuits_open: i64,
    /// Calls to Smartcar in this calendar month (UTC), also for connections that are gone.
    pub calls: i64,
}

/// Connections by how they are. One may be in several: an active one may be resting.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Vehicles {
    pub active: i64,
    /// Their owners have to agree once more.
    pub reauth_required: i64,
    /// Active, and no webhook came and no answer since the moment that was asked about.
    pub unheard: i64,
    /// Not asked for a while, because Smartcar or the car wants it so.
    pub resting: i64,
}

/// Counts. Active vehicles of which nothing was heard since `heard_since` are unheard.
pub async fn look(
    db: &mut PgConnection,
    now: DateTime<Utc>,
    heard_since: DateTime<Utc>,
) -> Result<Figures, StoreError> {
    let row = sqlx::query!(
        r#"WITH active AS (
             SELECT id, connected_at FROM smartcar_vehicles
             WHERE status = 'active' AND coalesce(is_active, true) AND car_id IS NOT NULL
           )
           SELECT
             (SELECT count(*) FROM active) AS "active!",
             (SELECT count(*) FROM smartcar_vehicles WHERE status = 'reauth_required') AS "reauth_required!",
             (SELECT count(*) FROM active
              LEFT JOIN vehicle_cadences AS cadence ON cadence.vehicle_id = active.id
              LEFT JOIN poll_plans AS plan ON plan.vehicle_id = active.id
              WHERE greatest(active.connected_at, heard_at, last_polled_at) < $2) AS "unheard!",
             (SELECT count(*) FROM vehicle_rests WHERE until > $1) AS "resting!",
             (SELECT count(*) FROM dirty_vehicles) AS "marked!",
             (SELECT min(marked_at) FROM dirty_vehicles) AS marked_since,
             (SELECT count(*) FROM parked_messages WHERE state = 'parked') AS "parked!",
             (SELECT min(parked_at) FROM parked_messages WHERE state = 'parked') AS parked_since,
             (SELECT count(*) FROM make_circuits WHERE open_until > $1) AS "circuits_open!",
             (SELECT coalesce(sum(calls), 0) FROM api_usage
              WHERE month = date_trunc('month', $1::timestamptz AT TIME ZONE 'UTC')::date) AS "calls!""#,
        now,
        heard_since,
    )
    .fetch_one(db)
    .await?;
    Ok(Figures {
        vehicles: Vehicles {
            active: row.active,
            reauth_required: row.reauth_required,
            unheard: row.unheard,
            resting: row.resting,
        },
        marked: row.marked,
        marked_since: row.marked_since,
        parked: row.parked,
        parked_since: row.parked_since,
        circuits_open: row.circuits_open,
        calls: row.calls,
    })
}
