//! `ingest_spool`: deliveries that the door made durable here because the broker did not confirm them.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::StoreError;
use crate::events::EventSource;

/// A delivery as it lies in the spool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpooledDelivery {
    pub event_id: String,
    pub source: EventSource,
    pub received_at: DateTime<Utc>,
    pub body: Vec<u8>,
    /// The trace in which it came in, in the form of a W3C header.
    pub traceparent: Option<String>,
}

/// A row that was taken out of the spool.
#[derive(Debug, Clone)]
pub struct SpoolRow {
    pub id: i64,
    pub spooled_at: DateTime<Utc>,
    pub delivery: SpooledDelivery,
}

/// Makes this transaction fit for a promise that somebody waits for.
///
/// Its commit waits for the disk, also where somebody made the server not wait for it: what is answered 200 has to
/// survive the server's death (a stricter setting, of a standby, stays). And the server gives it up when nobody waits
/// any more: of a client that went away while a lock was waited for, it would not know.
pub async fn prepare(db: &mut PgConnection, within: Duration) -> Result<(), StoreError> {
    sqlx::query!(
        "SELECT set_config('statement_timeout', $1, true) AS timeout,
           set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on'
             ELSE current_setting('synchronous_commit') END, true) AS durable",
        within.as_millis().to_string(),
    )
    .fetch_one(db)
    .await?;
    Ok(())
}

/// Puts the deliveries into the spool.
pub async fn insert(
    db: &mut PgConnection,
    deliveries: &[&SpooledDelivery],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let event_ids: Vec<&str> = deliveries.iter().map(|one| one.event_id.as_str()).collect();
    let sources: Vec<&str> = deliveries.iter().map(|one| one.source.name()).collect();
    let received: Vec<DateTime<Utc>> = deliveries.iter().map(|one| one.received_at).collect();
    let bodies: Vec<&[u8]> = deliveries.iter().map(|one| one.body.as_slice()).collect();
    let traces: Vec<Option<&str>> = deliveries.iter().map(|one| one.traceparent.as_deref()).collect();
    sqlx::query!(
        "INSERT INTO ingest_spool (event_id, source, received_at, body, traceparent, spooled_at)
         SELECT event_id, source::delivery_source, received_at, body, traceparent, $6
         FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::bytea[], $5::text[])
           AS delivery (event_id, source, received_at, body, traceparent)",
        &event_ids as &[&str],
        &sources as &[&str],
        &received,
        &bodies as &[&[u8]],
        &traces as &[Option<&str>],
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether [`insert`] would be allowed: the table is there, the role may write it, and the server is no standby. An
/// error says why there is no answer.
pub async fn is_writable(db: &mut PgConnection) -> Result<bool, StoreError> {
    let writable = sqlx::query_scalar!(
        r#"SELECT has_table_privilege('ingest_spool', 'INSERT')
             AND NOT current_setting('transaction_read_only')::bool AS "writable!""#
    )
    .fetch_one(db)
    .await?;
    Ok(writable)
}

/// Whether there is something to take, for those who look often: one cheap question and no transaction.
pub async fn is_empty(db: &mut PgConnection) -> Result<bool, StoreError> {
    // By the key: walking over the table would pass all dead rows of the last outage.
    let first =
        sqlx::query_scalar!("SELECT id FROM ingest_spool ORDER BY id LIMIT 1").fetch_optional(db).await?;
    Ok(first.is_none())
}

/// Takes up to `limit` rows out of the spool with this transaction, the oldest first. What another transaction is
/// taking is passed over, so that any number of workers take at once and none waits for another.
pub async fn take(db: &mut PgConnection, limit: i64) -> Result<Vec<SpoolRow>, StoreError> {
    // `ARRAY`, so that the rows are chosen once: joined with `IN`, the choice may run again and take more.
    let rows = sqlx::query!(
        r#"DELETE FROM ingest_spool
           WHERE id = ANY (ARRAY(SELECT id FROM ingest_spool ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED))
           RETURNING id, event_id, source::text AS "source!", received_at, body, traceparent, spooled_at"#,
        limit,
    )
    .fetch_all(db)
    .await?;
    let mut taken = Vec::with_capacity(rows.len());
    for row in rows {
        taken.push(SpoolRow {
            id: row.id,
            spooled_at: row.spooled_at,
            delivery: SpooledDelivery {
                event_id: row.event_id,
                source: EventSource::parse(&row.source)
                    .map_err(StoreError::corrupt("ingest_spool", "source"))?,
                received_at: row.received_at,
                body: row.body,
                traceparent: row.traceparent,
            },
        });
    }
    taken.sort_unstable_by_key(|row| row.id);
    Ok(taken)
}

/// How often each of these rows was in hand when its worker ended; the most of them.
pub async fn returns(db: &mut PgConnection, ids: &[i64]) -> Result<i32, StoreError> {
    let most = sqlx::query_scalar!(
        r#"SELECT coalesce(max(times), 0) AS "most!" FROM ingest_spool_returns WHERE spool_id = ANY ($1)"#,
        ids
    )
    .fetch_one(db)
    .await?;
    Ok(most)
}

/// Counts on beforehand: until [`done`] or [`given_back`] says otherwise, whoever has these rows in hand has ended.
/// To be committed by itself before the work begins, while the work's own transaction holds the rows.
pub async fn begin(db: &mut PgConnection, ids: &[i64]) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO ingest_spool_returns AS known (spool_id, times) SELECT id, 1 FROM unnest($1::bigint[]) AS id
         ON CONFLICT (spool_id) DO UPDATE SET times = known.times + 1",
        ids
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The rows were given back by one who lives: that was none of their doing.
pub async fn given_back(db: &mut PgConnection, ids: &[i64]) -> Result<(), StoreError> {
    sqlx::query!("UPDATE ingest_spool_returns SET times = times - 1 WHERE spool_id = ANY ($1)", ids)
        .execute(db)
        .await?;
    Ok(())
}

/// The rows are gone, and so is what was counted of them.
pub async fn done(db: &mut PgConnection, ids: &[i64]) -> Result<(), StoreError> {
    sqlx::query!("DELETE FROM ingest_spool_returns WHERE spool_id = ANY ($1)", ids).execute(db).await?;
    Ok(())
}

/// Takes this one row; false if somebody else took it meanwhile.
pub async fn remove(db: &mut PgConnection, id: i64) -> Result<bool, StoreError> {
    let done = sqlx::query!("DELETE FROM ingest_spool WHERE id = $1", id).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::act_as_machine;
    use sqlx::{Connection, Executor};

    fn delivery(event_id: &str) -> SpooledDelivery {
        SpooledDelivery {
            event_id: event_id.to_owned(),
            source: EventSource::Manual,
            received_at: DateTime::UNIX_EPOCH,
            body: vec![0, 255, b'{'],
            traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
        }
    }

    async fn put(db: &mut PgConnection, event_ids: &[&str]) {
        let deliveries: Vec<SpooledDelivery> = event_ids.iter().map(|id| delivery(id)).collect();
        insert(db, &deliveries.iter().collect::<Vec<_>>(), DateTime::UNIX_EPOCH).await.unwrap();
    }

    fn ids(rows: &[SpoolRow]) -> Vec<&str> {
        rows.iter().map(|row| row.delivery.event_id.as_str()).collect()
    }

    #[tokio::test]
    async fn what_is_taken_is_what_was_put_in_oldest_first() {
        let database = harness::database().await;
        let db = &mut database.pool.acquire().await.unwrap();
        assert!(is_empty(db).await.unwrap());
        put(db, &["b", "a", "b"]).await;
        assert!(!is_empty(db).await.unwrap());

        let taken = take(db, 2).await.unwrap();
        assert_eq!(ids(&taken), ["b", "a"]);
        assert_eq!(taken[0].delivery, delivery("b"));
        let rest = take(db, 2).await.unwrap();
        assert_eq!(ids(&rest), ["b"], "the same event twice is two rows");
        assert!(is_empty(db).await.unwrap());
    }

    #[tokio::test]
    async fn what_one_is_taking_another_passes_over_and_gets_when_it_is_given_back() {
        let database = harness::database().await;
        let (mut one, mut other) =
            (database.pool.begin().await.unwrap(), database.pool.begin().await.unwrap());
        {
            let db = &mut database.pool.acquire().await.unwrap();
            put(db, &["a", "b", "c"]).await;
        }
        assert_eq!(ids(&take(&mut one, 2).await.unwrap()), ["a", "b"]);
        assert_eq!(ids(&take(&mut other, 2).await.unwrap()), ["c"]);
        one.rollback().await.unwrap();
        let again = take(&mut other, 1).await.unwrap();
        assert_eq!(ids(&again), ["a"]);
        assert!(!remove(&mut other, again[0].id).await.unwrap(), "it is taken already");
        other.commit().await.unwrap();
        let db = &mut database.pool.acquire().await.unwrap();
        let last = take(db, 9).await.unwrap();
        assert_eq!(ids(&last), ["b"]);
    }

    #[tokio::test]
    async fn who_ends_with_rows_in_hand_leaves_a_count_and_who_gives_them_back_leaves_none() {
        let database = harness::database().await;
        let db = &mut database.pool.acquire().await.unwrap();
        begin(db, &[1, 2]).await.unwrap();
        begin(db, &[2]).await.unwrap();
        assert_eq!((returns(db, &[1]).await.unwrap(), returns(db, &[1, 2, 3]).await.unwrap()), (1, 2));
        given_back(db, &[2]).await.unwrap();
        assert_eq!(returns(db, &[2]).await.unwrap(), 1);
        done(db, &[1, 2]).await.unwrap();
        assert_eq!(returns(db, &[1, 2]).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn only_a_role_and_a_server_that_may_write_are_writable() {
        let database = harness::database().await;
        let db = &mut database.pool.acquire().await.unwrap();
        assert!(is_writable(db).await.unwrap());
        db.execute("SET default_transaction_read_only = on").await.unwrap();
        assert!(!is_writable(db).await.unwrap(), "as on a standby");
        db.execute("RESET default_transaction_read_only").await.unwrap();
        db.execute("SET ROLE pg_monitor").await.unwrap();
        assert!(!is_writable(db).await.unwrap(), "without the right");
        db.execute("RESET ROLE; DROP TABLE ingest_spool").await.unwrap();
        assert!(is_writable(db).await.is_err(), "without the table");
    }

    #[tokio::test]
    async fn a_commit_waits_for_the_disk_whatever_the_server_is_told() {
        let database = harness::database().await;
        let db = &mut database.pool.acquire().await.unwrap();
        for (told, does) in [("off", "on"), ("on", "on"), ("remote_apply", "remote_apply")] {
            sqlx::query("SELECT set_config('synchronous_commit', $1, false)")
                .bind(told)
                .execute(&mut **db)
                .await
                .unwrap();
            let mut tx = db.begin().await.unwrap();
            act_as_machine(&mut tx).await.unwrap();
            prepare(&mut tx, Duration::from_secs(9)).await.unwrap();
            let now: String =
                sqlx::query_scalar("SHOW synchronous_commit").fetch_one(&mut *tx).await.unwrap();
            assert_eq!(now, does);
        }
    }

    #[tokio::test]
    async fn who_waits_for_a_lock_is_not_waited_for() {
        let database = harness::database().await;
        let mut holder = database.pool.begin().await.unwrap();
        holder.execute("LOCK TABLE ingest_spool").await.unwrap();
        let mut tx = database.pool.begin().await.unwrap();
        prepare(&mut tx, Duration::from_millis(50)).await.unwrap();
        let waited = insert(&mut tx, &[&delivery("a")], DateTime::UNIX_EPOCH).await.unwrap_err();
        assert!(!waited.is_fault_of_the_data(), "it may be tried again");
    }
}
