//! `vehicle_errors`: what the platform says is wrong with a connection, and the connection's status that follows.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// One word of the platform about one kind of error.
#[derive(Debug, Clone)]
pub struct ErrorWord {
    pub vehicle: Uuid,
    pub kind: String,
    /// Empty where the platform names none.
    pub code: String,
    pub is_open: bool,
    pub needs_reauthentication: bool,
    pub message: Option<String>,
    pub resolution_url: Option<String>,
    pub said_at: DateTime<Utc>,
    pub event_id: String,
}

/// Keeps the newest word of each kind, and makes the connection's status say whether the user has to connect
/// again. A disconnected one stays so.
pub async fn note(db: &mut PgConnection, words: Vec<ErrorWord>) -> Result<(), StoreError> {
    if words.is_empty() {
        return Ok(());
    }
    let mut newest: BTreeMap<(Uuid, String, String), ErrorWord> = BTreeMap::new();
    for word in words {
        let place = newest.entry((word.vehicle, word.kind.clone(), word.code.clone()));
        place
            .and_modify(|known| {
                if (known.said_at, &known.event_id) < (word.said_at, &word.event_id) {
                    *known = word.clone();
                }
            })
            .or_insert(word);
    }
    let words: Vec<ErrorWord> = newest.into_values().collect();
    upsert(&mut *db, &words).await?;
    let vehicles: Vec<Uuid> = words.iter().map(|word| word.vehicle).collect();
    sqlx::query!(
        "UPDATE smartcar_vehicles AS vehicle
         SET status = CASE WHEN broken.id IS NULL THEN 'active' ELSE 'reauth_required' END::connection_status
         FROM unnest($1::uuid[]) AS named (id)
         LEFT JOIN LATERAL (
           SELECT vehicle_id AS id FROM vehicle_errors
           WHERE vehicle_id = named.id AND is_open AND needs_reauthentication LIMIT 1
         ) AS broken ON true
         WHERE vehicle.id = named.id AND vehicle.status <> 'disconnected'",
        &vehicles,
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn upsert(db: &mut PgConnection, words: &[ErrorWord]) -> Result<(), StoreError> {
    let vehicles: Vec<Uuid> = words.iter().map(|word| word.vehicle).collect();
    let kinds: Vec<&str> = words.iter().map(|word| word.kind.as_str()).collect();
    let codes: Vec<&str> = words.iter().map(|word| word.code.as_str()).collect();
    let open: Vec<bool> = words.iter().map(|word| word.is_open).collect();
    let reauthentication: Vec<bool> = words.iter().map(|word| word.needs_reauthentication).collect();
    let messages: Vec<Option<&str>> = words.iter().map(|word| word.message.as_deref()).collect();
    let urls: Vec<Option<&str>> = words.iter().map(|word| word.resolution_url.as_deref()).collect();
    let said: Vec<DateTime<Utc>> = words.iter().map(|word| word.said_at).collect();
    let events: Vec<&str> = words.iter().map(|word| word.event_id.as_str()).collect();
    sqlx::query!(
        "INSERT INTO vehicle_errors AS known (vehicle_id, type, code, is_open, needs_reauthentication, message, resolution_url, said_at, event_id)
         SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bool[], $5::bool[], $6::text[], $7::text[], $8::timestamptz[], $9::text[])
         ON CONFLICT (vehicle_id, type, code) DO UPDATE
           SET is_open = excluded.is_open, needs_reauthentication = excluded.needs_reauthentication,
               message = excluded.message, resolution_url = excluded.resolution_url,
               said_at = excluded.said_at, event_id = excluded.event_id
           WHERE (excluded.said_at, excluded.event_id) > (known.said_at, known.event_id)",
        &vehicles,
        &kinds as &[&str],
        &codes as &[&str],
        &open,
        &reauthentication,
        &messages as &[Option<&str>],
        &urls as &[Option<&str>],
        &said,
        &events as &[&str],
    )
    .execute(db)
    .await?;
    Ok(())
}
