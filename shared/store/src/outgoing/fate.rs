//! What became of a message.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// Its receiver has it.
pub async fn sent(db: &mut PgConnection, id: Uuid, now: DateTime<Utc>) -> Result<(), StoreError> {
    end(db, id, "sent", None, now).await
}

/// There is nothing to tell any more. Not where something came into it again while it was looked at.
pub async fn drop(db: &mut PgConnection, id: Uuid, why: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
    end(db, id, "dropped", Some(why), now).await
}

/// No retry helps, or there were enough.
pub async fn give_up(
    db: &mut PgConnection,
    id: Uuid,
    why: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    end(db, id, "given_up", Some(why), now).await
}

async fn end(
    db: &mut PgConnection,
    id: Uuid,
    state: &str,
    why: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE outgoing_messages SET state = $2, why = $3, ended_at = $4, sending_until = NULL, asked_until = NULL
         WHERE id = $1 AND state = 'waits' AND (sending_until IS NOT NULL OR $2 <> 'dropped')",
        id,
        state,
        why,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// It is tried again then.
pub async fn put_off(
    db: &mut PgConnection,
    id: Uuid,
    why: &str,
    due_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE outgoing_messages SET why = $2, due_at = $3, sending_until = NULL, asked_until = NULL
         WHERE id = $1 AND state = 'waits'",
        id,
        why,
        due_at,
    )
    .execute(db)
    .await?;
    Ok(())
}
