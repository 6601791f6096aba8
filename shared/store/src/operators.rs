//! What operators see of the pipeline beside its figures: nothing of people, and of cars their ids alone.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// A connection of which nothing was heard for long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SilentVehicle {
    /// `smartcar_vehicles.id`.
    pub id: Uuid,
    /// When it was heard or asked last, or else connected.
    pub since: Option<DateTime<Utc>>,
}

/// Active connections of which nothing was heard since, the longest silent first.
pub async fn silent(
    db: &mut PgConnection,
    heard_since: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<SilentVehicle>, StoreError> {
    let vehicles = sqlx::query_as!(
        SilentVehicle,
        "SELECT vehicle.id, greatest(vehicle.connected_at, heard_at, last_polled_at) AS since
         FROM smartcar_vehicles AS vehicle
         LEFT JOIN vehicle_cadences AS cadence ON cadence.vehicle_id = vehicle.id
         LEFT JOIN poll_plans AS plan ON plan.vehicle_id = vehicle.id
         WHERE vehicle.status = 'active' AND coalesce(vehicle.is_active, true) AND vehicle.car_id IS NOT NULL
           AND greatest(vehicle.connected_at, heard_at, last_polled_at) < $1
         ORDER BY since, vehicle.id LIMIT $2",
        heard_since,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(vehicles)
}

/// How deliveries fared lately.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lately {
    pub stored: i64,
    /// Seconds between the door and the commit, of the slowest.
    pub slowest_seconds: Option<f64>,
    /// When the newest of all was taken in at the door.
    pub newest_at: Option<DateTime<Utc>>,
}

/// Deliveries that came in since; of a large number only the newest are looked at.
pub async fn lately(db: &mut PgConnection, since: DateTime<Utc>) -> Result<Lately, StoreError> {
    const LOOKED_AT: i64 = 5_000;
    let lately = sqlx::query_as!(
        Lately,
        r#"WITH newest AS (
             SELECT event_id, received_at FROM webhook_events WHERE received_at >= $1
             ORDER BY received_at DESC LIMIT $2
           )
           SELECT count(*) AS "stored!",
             extract(epoch FROM max(claim.claimed_at - newest.received_at))::float8 AS slowest_seconds,
             coalesce(max(newest.received_at), (SELECT max(received_at) FROM webhook_events)) AS newest_at
           FROM newest LEFT JOIN event_claims AS claim USING (event_id)"#,
        since,
        LOOKED_AT,
    )
    .fetch_one(db)
    .await?;
    Ok(lately)
}

/// Deliveries in the spool, and since when the oldest lies there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spooled {
    pub deliveries: i64,
    pub since: Option<DateTime<Utc>>,
}

pub async fn spooled(db: &mut PgConnection) -> Result<Spooled, StoreError> {
    let spooled = sqlx::query_as!(
        Spooled,
        r#"SELECT count(*) AS "deliveries!", min(spooled_at) AS since FROM ingest_spool"#
    )
    .fetch_one(db)
    .await?;
    Ok(spooled)
}

/// How the consents stand that have tokens of their own (API v2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenHealth {
    pub held: i64,
    /// The next use renews them.
    pub to_renew: i64,
    /// Their refresh tokens end within [`ENDING_WITHIN`]: they should have been renewed long before.
    pub ending: i64,
    /// Smartcar refuses to renew them: their owners have to agree once more.
    pub refused: i64,
}

/// So long before its end a consent should have been renewed.
pub const ENDING_WITHIN: TimeDelta = TimeDelta::days(7);

pub async fn tokens(db: &mut PgConnection, now: DateTime<Utc>) -> Result<TokenHealth, StoreError> {
    let tokens = sqlx::query_as!(
        TokenHealth,
        r#"SELECT
             count(*) FILTER (WHERE refresh_token IS NOT NULL) AS "held!",
             count(*) FILTER (WHERE reauth_since IS NULL AND token_expires_at <= $1) AS "to_renew!",
             count(*) FILTER (WHERE reauth_since IS NULL AND refresh_expires_at <= $2) AS "ending!",
             count(*) FILTER (WHERE reauth_since IS NOT NULL) AS "refused!"
           FROM smartcar_grants"#,
        now,
        now + ENDING_WITHIN,
    )
    .fetch_one(db)
    .await?;
    Ok(tokens)
}

/// A parked message without what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedLine {
    pub id: Uuid,
    pub queue: String,
    pub why: String,
    pub bytes: i32,
    pub parked_at: DateTime<Utc>,
}

/// Those that wait for a person, oldest first.
pub async fn parked(db: &mut PgConnection, limit: i64) -> Result<Vec<ParkedLine>, StoreError> {
    let lines = sqlx::query_as!(
        ParkedLine,
        r#"SELECT id, queue, why, octet_length(body) AS "bytes!", parked_at
           FROM parked_messages WHERE state = 'parked' ORDER BY parked_at, id LIMIT $1"#,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(lines)
}
