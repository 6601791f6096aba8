//! What leaves when its time is over, whichever table it is in: kept together, so that all that the pipeline deletes
//! by age can be read in one place. (Whole days of events go with their partition: [`crate::partitions`]. States are
//! not deleted but thinned: [`crate::thinning`].)
//!
//! Each function does at most `limit` rows and passes over what somebody else is working on: it never waits for a
//! row, so that any number of schedulers may call it, and a worker waits for a small statement at most.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// How many rows of old events are gone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExpiredEvents {
    pub deleted: i64,
    /// Those of them that still waited for their connection.
    pub waiting: i64,
}

/// Deletes events that were received before this moment and for which there was no partition.
pub async fn delete_stray_events(
    db: &mut PgConnection,
    before: DateTime<Utc>,
    limit: i64,
) -> Result<ExpiredEvents, StoreError> {
    let row = sqlx::query!(
        r#"WITH gone AS (
             DELETE FROM webhook_events_default
             WHERE ctid = ANY (ARRAY(
               SELECT ctid FROM webhook_events_default WHERE received_at < $1
               ORDER BY received_at LIMIT $2 FOR UPDATE SKIP LOCKED))
             RETURNING processed
           )
           SELECT count(*) AS "deleted!", count(*) FILTER (WHERE NOT processed) AS "waiting!" FROM gone"#,
        before,
        limit,
    )
    .fetch_one(db)
    .await?;
    Ok(ExpiredEvents { deleted: row.deleted, waiting: row.waiting })
}

/// Deletes claims from before this moment, and says how many.
///
/// A claim has to outlive its event: the same delivery again would be taken for a new one, and collide with the row
/// that is still stored.
pub async fn delete_claims(
    db: &mut PgConnection,
    before: DateTime<Utc>,
    limit: i64,
) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "DELETE FROM event_claims WHERE event_id = ANY (ARRAY(
           SELECT event_id FROM event_claims WHERE claimed_at < $1
           ORDER BY claimed_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
        before,
        limit,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Deletes attempts to connect that were over before this moment, and says how many. Until then each keeps its code from
/// buying tokens twice.
pub async fn delete_attempts(
    db: &mut PgConnection,
    before: DateTime<Utc>,
    limit: i64,
) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "DELETE FROM connect_attempts WHERE id = ANY (ARRAY(
           SELECT id FROM connect_attempts WHERE expires_at < $1
           ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
        before,
        limit,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Deletes what was counted of calls in months that began before this day, and says how many rows.
pub async fn delete_usage(db: &mut PgConnection, before: NaiveDate, limit: i64) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "DELETE FROM api_usage WHERE ctid = ANY (ARRAY(
           SELECT ctid FROM api_usage WHERE month < $1 ORDER BY month LIMIT $2 FOR UPDATE SKIP LOCKED))",
        before,
        limit,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Deletes parked messages that a person settled before this moment, and says how many. Those that still wait for a
/// person stay.
pub async fn delete_settled(
    db: &mut PgConnection,
    before: DateTime<Utc>,
    limit: i64,
) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "DELETE FROM parked_messages WHERE id = ANY (ARRAY(
           SELECT id FROM parked_messages WHERE settled_at < $1
           ORDER BY settled_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
        before,
        limit,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Deletes messages to people that ended before this moment, and says how many.
pub async fn delete_messages(
    db: &mut PgConnection,
    before: DateTime<Utc>,
    limit: i64,
) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "DELETE FROM outgoing_messages WHERE id = ANY (ARRAY(
           SELECT id FROM outgoing_messages WHERE state <> 'waits' AND ended_at < $1
           ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
        before,
        limit,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Deletes addresses that nobody confirmed and whose code was over before this moment, and says how many.
pub async fn delete_confirmations(
    db: &mut PgConnection,
    before: DateTime<Utc>,
    limit: i64,
) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "DELETE FROM email_confirmations WHERE user_id = ANY (ARRAY(
           SELECT user_id FROM email_confirmations WHERE expires_at < $1
           ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))",
        before,
        limit,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// A parked message that may still hold positions.
#[derive(Debug)]
pub struct ParkedBody {
    pub id: Uuid,
    pub body: Vec<u8>,
    /// No person has settled it yet.
    pub waits: bool,
}

/// Locks messages that were parked before this moment and whose bodies nobody has looked over, the oldest first.
pub async fn parked_bodies(
    db: &mut PgConnection,
    before: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<ParkedBody>, StoreError> {
    let bodies = sqlx::query_as!(
        ParkedBody,
        r#"SELECT id, body, state = 'parked' AS "waits!" FROM parked_messages
           WHERE without_positions_since IS NULL AND parked_at < $1
           ORDER BY parked_at LIMIT $2 FOR UPDATE SKIP LOCKED"#,
        before,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(bodies)
}

/// A parked message that was looked over.
#[derive(Debug)]
pub struct LookedOver {
    pub id: Uuid,
    /// The body without positions and the hash of what it was; `None` if it held none.
    pub redacted: Option<(Vec<u8>, [u8; 32])>,
}

/// Notes that these bodies hold no positions from now on.
pub async fn note_without_positions(
    db: &mut PgConnection,
    messages: &[LookedOver],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = messages.iter().map(|message| message.id).collect();
    let redacted = |message: &'_ LookedOver| message.redacted.clone().unzip();
    let (bodies, hashes): (Vec<_>, Vec<_>) = messages.iter().map(redacted).unzip();
    let hashes: Vec<Option<Vec<u8>>> = hashes.into_iter().map(|hash| hash.map(Vec::from)).collect();
    sqlx::query!(
        "UPDATE parked_messages AS message
         SET without_positions_since = $4, body = coalesce(looked.body, message.body), original_sha256 = looked.hash
         FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS looked (id, body, hash)
         WHERE message.id = looked.id",
        &ids,
        &bodies as &[Option<Vec<u8>>],
        &hashes as &[Option<Vec<u8>>],
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// When the oldest delivery in the spool was put there; `None` if the spool is empty.
pub async fn oldest_spooled(db: &mut PgConnection) -> Result<Option<DateTime<Utc>>, StoreError> {
    // By the key, as the workers take them: walking over the table would pass all dead rows of the last outage.
    let oldest = sqlx::query_scalar!("SELECT spooled_at FROM ingest_spool ORDER BY id LIMIT 1")
        .fetch_optional(db)
        .await?;
    Ok(oldest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::{Executor, PgPool};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    async fn texts(pool: &PgPool, query: &'static str) -> Vec<String> {
        sqlx::query_scalar(query).fetch_all(pool).await.unwrap()
    }

    #[tokio::test]
    async fn claims_are_deleted_by_age_some_at_a_time_and_what_another_is_deleting_is_passed_over() {
        let database = harness::database().await;
        let (mut one, mut other) =
            (database.pool.begin().await.unwrap(), database.pool.begin().await.unwrap());
        database
            .pool
            .execute(
                "INSERT INTO event_claims VALUES ('c', '2026-03-03Z'), ('a', '2026-03-01Z'), ('b', '2026-03-02Z'),
                   ('d', '2026-03-04Z')",
            )
            .await
            .unwrap();
        let before = at("2026-03-04T00:00:00Z");
        assert_eq!(delete_claims(&mut one, before, 2).await.unwrap(), 2);
        assert_eq!(
            delete_claims(&mut other, before, 2).await.unwrap(),
            1,
            "it does not wait for the first one"
        );
        one.rollback().await.unwrap();
        other.commit().await.unwrap();
        let left = texts(&database.pool, "SELECT event_id FROM event_claims ORDER BY event_id").await;
        assert_eq!(left, ["a", "b", "d"]);
    }

    #[tokio::test]
    async fn stray_events_are_deleted_by_age_and_those_that_waited_are_counted() {
        let database = harness::database().await;
        database
            .pool
            .execute(
                "INSERT INTO webhook_events (id, event_id, event_type, source, vehicle_id, body, waiting, processed, received_at)
                 SELECT gen_random_uuid(), n, 'x', 'webhook', 'v', '', waiting, waiting = '{}', received_at
                 FROM (VALUES ('1', '{}'::text[], '2020-03-01Z'::timestamptz), ('2', '{v}', '2020-03-02Z'),
                              ('3', '{}', '2020-03-03Z')) AS event (n, waiting, received_at)",
            )
            .await
            .unwrap();
        let db = &mut database.pool.acquire().await.unwrap();
        let before = at("2020-03-03T00:00:00Z");
        let gone = async |db: &mut PgConnection| delete_stray_events(db, before, 1).await.unwrap();
        assert_eq!(gone(db).await, ExpiredEvents { deleted: 1, waiting: 0 });
        assert_eq!(gone(db).await, ExpiredEvents { deleted: 1, waiting: 1 });
        assert_eq!(gone(db).await, ExpiredEvents { deleted: 0, waiting: 0 });
        assert_eq!(texts(&database.pool, "SELECT event_id FROM webhook_events").await, ["3"]);
    }
}
