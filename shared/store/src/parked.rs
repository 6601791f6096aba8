//! `parked_messages`: what no retry will help, kept until a person has looked at it.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

#[derive(Debug, Clone)]
pub struct ParkedMessage {
    /// The queue that it was taken from.
    pub queue: String,
    /// What makes the message the same when it comes again.
    pub message_key: String,
    pub why: String,
    pub body: Vec<u8>,
    pub headers: serde_json::Value,
    pub parked_at: DateTime<Utc>,
}

/// A parked message as people see it.
#[derive(Debug)]
pub struct ParkedRow {
    pub id: Uuid,
    pub queue: String,
    pub message_key: String,
    pub why: String,
    pub body: Vec<u8>,
    pub headers: serde_json::Value,
    pub state: String,
    pub parked_at: DateTime<Utc>,
}

/// Parks the messages. One that comes again is parked once; one that was replayed and failed again is parked anew.
pub async fn insert(db: &mut PgConnection, messages: &[ParkedMessage]) -> Result<(), StoreError> {
    let mut messages: Vec<&ParkedMessage> = messages.iter().collect();
    messages.sort_by(|one, other| one.message_key.cmp(&other.message_key));
    messages.dedup_by(|one, other| one.message_key == other.message_key);
    let ids: Vec<Uuid> = messages.iter().map(|_| Uuid::new_v4()).collect();
    let queues: Vec<&str> = messages.iter().map(|message| message.queue.as_str()).collect();
    let keys: Vec<&str> = messages.iter().map(|message| message.message_key.as_str()).collect();
    let whys: Vec<String> = messages.iter().map(|message| message.why.replace('\0', "\u{fffd}")).collect();
    let bodies: Vec<&[u8]> = messages.iter().map(|message| message.body.as_slice()).collect();
    let headers: Vec<serde_json::Value> = messages.iter().map(|message| message.headers.clone()).collect();
    let times: Vec<DateTime<Utc>> = messages.iter().map(|message| message.parked_at).collect();
    sqlx::query!(
        "INSERT INTO parked_messages AS known (id, queue, message_key, why, body, headers, parked_at)
         SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::jsonb[], $7::timestamptz[])
         ON CONFLICT (message_key) DO UPDATE
           SET state = 'parked', settled_at = NULL, why = excluded.why, parked_at = excluded.parked_at
           WHERE known.state = 'replayed'",
        &ids,
        &queues as &[&str],
        &keys as &[&str],
        &whys,
        &bodies as &[&[u8]],
        &headers,
        &times,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Those that wait for a person, oldest first.
pub async fn list(db: &mut PgConnection, limit: i64) -> Result<Vec<ParkedRow>, StoreError> {
    let rows = sqlx::query_as!(
        ParkedRow,
        r#"SELECT id, queue, message_key, why, body, headers, state::text AS "state!", parked_at
           FROM parked_messages WHERE state = 'parked' ORDER BY parked_at, id LIMIT $1"#,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows)
}

pub async fn find(db: &mut PgConnection, id: Uuid) -> Result<Option<ParkedRow>, StoreError> {
    let row = sqlx::query_as!(
        ParkedRow,
        r#"SELECT id, queue, message_key, why, body, headers, state::text AS "state!", parked_at
           FROM parked_messages WHERE id = $1"#,
        id,
    )
    .fetch_optional(db)
    .await?;
    Ok(row)
}

/// What a person did about a parked message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    Replayed,
    Discarded,
}

/// Whether it was parked until now; somebody else may have been quicker.
pub async fn settle(
    db: &mut PgConnection,
    id: Uuid,
    how: Settlement,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let state = match how {
        Settlement::Replayed => "replayed",
        Settlement::Discarded => "discarded",
    };
    let done = sqlx::query!(
        "UPDATE parked_messages SET state = $2::text::parked_state, settled_at = $3
         WHERE id = $1 AND state = 'parked'",
        id,
        state,
        now,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
