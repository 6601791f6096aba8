//! `event_claims` and `webhook_events`: which deliveries were folded, and their bytes.

use std::collections::HashSet;
use std::error::Error;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::vehicles::VehicleKey;

/// A delivery as it is kept.
#[derive(Debug)]
pub struct NewEvent {
    pub event_id: String,
    pub event_type: String,
    pub source: EventSource,
    /// Smartcar's id; empty if the event names none.
    pub vehicle_id: String,
    /// Smartcar's id of the user, where the event names one.
    pub user_id: Option<String>,
    pub body: Vec<u8>,
    pub original_sha256: Option<Vec<u8>>,
    /// Smartcar's ids of the vehicles in it that nobody has connected yet.
    pub waiting: Vec<String>,
    pub error: Option<String>,
    pub received_at: DateTime<Utc>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventSource {
    Webhook,
    Poll,
    Manual,
}

impl EventSource {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Poll => "poll",
            Self::Manual => "manual",
        }
    }

    pub(crate) fn parse(name: &str) -> Result<Self, Box<dyn Error + Send + Sync>> {
        [Self::Webhook, Self::Poll, Self::Manual]
            .into_iter()
            .find(|source| source.name() == name)
            .ok_or_else(|| format!("{name:?} brings no deliveries").into())
    }
}

/// An event that waits until its vehicle is connected.
#[derive(Debug)]
pub struct WaitingEvent {
    pub event_id: String,
    pub body: Vec<u8>,
    pub by_hand: bool,
    pub received_at: DateTime<Utc>,
}

/// Claims the events for this transaction and gives those that nobody had claimed before.
///
/// A second worker with one of the same events waits here until the first one commits or rolls back. All
/// claim in the order of the ids, so that no two wait for each other.
pub async fn claim(
    db: &mut PgConnection,
    event_ids: &[&str],
    now: DateTime<Utc>,
) -> Result<HashSet<String>, StoreError> {
    let mut sorted = event_ids.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let claimed = sqlx::query_scalar!(
        "INSERT INTO event_claims (event_id, claimed_at)
         SELECT event_id, $2 FROM unnest($1::text[]) AS event_id
         ON CONFLICT DO NOTHING RETURNING event_id",
        &sorted as &[&str],
        now,
    )
    .fetch_all(db)
    .await?;
    Ok(claimed.into_iter().collect())
}

/// Stores deliveries that were claimed in the same transaction.
pub async fn insert(db: &mut PgConnection, events: &[NewEvent]) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = events.iter().map(|event| id(&event.event_id)).collect();
    let event_ids: Vec<&str> = events.iter().map(|event| event.event_id.as_str()).collect();
    let types: Vec<&str> = events.iter().map(|event| event.event_type.as_str()).collect();
    let sources: Vec<&str> = events.iter().map(|event| event.source.name()).collect();
    let vehicles: Vec<&str> = events.iter().map(|event| event.vehicle_id.as_str()).collect();
    let users: Vec<Option<&str>> = events.iter().map(|event| event.user_id.as_deref()).collect();
    let bodies: Vec<&[u8]> = events.iter().map(|event| event.body.as_slice()).collect();
    let hashes: Vec<Option<&[u8]>> = events.iter().map(|event| event.original_sha256.as_deref()).collect();
    let waiting: Vec<String> = events.iter().map(|event| event.waiting.join(SEPARATOR)).collect();
    let errors: Vec<Option<&str>> = events.iter().map(|event| event.error.as_deref()).collect();
    let received: Vec<DateTime<Utc>> = events.iter().map(|event| event.received_at).collect();
    sqlx::query!(
        "INSERT INTO webhook_events (id, event_id, event_type, source, vehicle_id, user_id, body, original_sha256, waiting, processed, error, received_at)
         SELECT id, event_id, event_type, source::delivery_source, vehicle_id, user_id, body, original_sha256,
           string_to_array(waiting, $12), waiting = '', error, received_at
         FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::bytea[], $9::text[], $10::text[], $11::timestamptz[])
           AS event (id, event_id, event_type, source, vehicle_id, user_id, body, original_sha256, waiting, error, received_at)",
        &ids,
        &event_ids as &[&str],
        &types as &[&str],
        &sources as &[&str],
        &vehicles as &[&str],
        &users as &[Option<&str>],
        &bodies as &[&[u8]],
        &hashes as &[Option<&[u8]>],
        &waiting,
        &errors as &[Option<&str>],
        &received,
        SEPARATOR,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes up to `limit` events that wait for this connection; its part of them counts as processed with this
/// transaction.
pub async fn take_waiting(
    db: &mut PgConnection,
    key: &VehicleKey,
    limit: i64,
) -> Result<Vec<WaitingEvent>, StoreError> {
    let events = sqlx::query_as!(
        WaitingEvent,
        r#"WITH taken AS (
             SELECT received_at, id, array_remove(waiting, $1) AS waiting FROM webhook_events
             WHERE waiting @> ARRAY[$1] AND NOT processed AND ($2::text IS NULL OR user_id IS NULL OR user_id = $2)
             ORDER BY received_at LIMIT $3 FOR UPDATE
           )
           UPDATE webhook_events AS event
           SET waiting = taken.waiting, processed = cardinality(taken.waiting) = 0,
               error = CASE WHEN cardinality(taken.waiting) = 0 THEN NULL ELSE error END
           FROM taken WHERE event.received_at = taken.received_at AND event.id = taken.id
           RETURNING event.event_id, event.body, event.source = 'manual' AS "by_hand!", event.received_at"#,
        key.smartcar_vehicle_id,
        key.smartcar_user_id,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(events)
}

/// Vehicles that are connected and have events that came before they were: the sweep that finds what fell
/// between connecting and replaying.
pub async fn vehicles_with_waiting(db: &mut PgConnection, limit: i64) -> Result<Vec<Uuid>, StoreError> {
    let vehicles = sqlx::query_scalar!(
        "SELECT DISTINCT vehicle.id
         FROM webhook_events AS event
         CROSS JOIN LATERAL unnest(event.waiting) AS waiting (vehicle_id)
         JOIN smartcar_vehicles AS vehicle ON vehicle.smartcar_vehicle_id = waiting.vehicle_id
           AND (vehicle.smartcar_user_id IS NULL OR event.user_id IS NULL OR event.user_id = vehicle.smartcar_user_id)
         WHERE NOT event.processed AND vehicle.status <> 'disconnected' AND vehicle.car_id IS NOT NULL
         LIMIT $1",
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(vehicles)
}

/// Between ids in one text: no id has it.
const SEPARATOR: &str = "\u{1f}";

/// The row's id follows from the event's: storing twice is storing once.
fn id(event_id: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, event_id.as_bytes())
}
