//! Partitions of the tables that grow with time: made ahead, and dropped when all in them has expired.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use sqlx::postgres::types::PgInterval;

use crate::StoreError;

/// SQLSTATE `lock_not_available`: what a `lock_timeout` ends with (PostgreSQL's manual, appendix A).
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// Makes the partitions that are absent until `ahead` from now, and says how many it made.
///
/// Waits for those who read or write their tables for half a second at most, since everyone else then waits as well. An error
/// means that the transaction has failed; later is early enough.
pub async fn make(db: &mut PgConnection, now: DateTime<Utc>, ahead: TimeDelta) -> Result<i32, StoreError> {
    let days = i32::try_from(ahead.num_days()).unwrap_or(i32::MAX);
    let ahead = PgInterval { months: 0, days, microseconds: 0 };
    let made = sqlx::query_scalar!(r#"SELECT carvetka_make_partitions($1, $2) AS "made!""#, now, ahead)
        .fetch_one(db)
        .await?;
    Ok(made)
}

/// What became of the oldest day of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OldestDay {
    /// It is not that old.
    Stays,
    /// It is gone with this transaction; so many of its events still waited for their connection, at most.
    Dropped { waiting: i64 },
    /// Somebody reads or writes the events for longer than one may be waited for, or makes partitions. The
    /// transaction has failed; later is early enough.
    Busy,
}

/// Drops the oldest day of `webhook_events` with this transaction, if all of it is before this moment.
///
/// Until the transaction ends, nobody else can read or write events: it should end at once. Waits for those who work
/// with the events for half a second at most, since everyone else then waits as well.
pub async fn drop_oldest_events(
    db: &mut PgConnection,
    before: DateTime<Utc>,
) -> Result<OldestDay, StoreError> {
    let dropped = sqlx::query!("SELECT dropped, waiting FROM carvetka_drop_oldest_events($1)", before)
        .fetch_one(db)
        .await;
    match dropped {
        Ok(row) => Ok(match row.dropped {
            Some(_) => OldestDay::Dropped { waiting: row.waiting.unwrap_or(0) },
            None => OldestDay::Stays,
        }),
        Err(sqlx::Error::Database(refusal)) if refusal.code().as_deref() == Some(LOCK_NOT_AVAILABLE) => {
            Ok(OldestDay::Busy)
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::Executor;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// Two old days: one event of the first one waits, none of the second.
    const OLD_DAYS: &str = "
        SELECT carvetka_make_partition('webhook_events', 'received_at', name, from_at, from_at + interval '1 day')
        FROM (VALUES ('webhook_events_20260301', '2026-03-01Z'::timestamptz), ('webhook_events_20260302', '2026-03-02Z'))
          AS day (name, from_at);
        INSERT INTO webhook_events (id, event_id, event_type, source, vehicle_id, body, waiting, processed, received_at)
        SELECT gen_random_uuid(), n, 'x', 'webhook', 'v', '', waiting, waiting = '{}', received_at
        FROM (VALUES ('1', '{}'::text[], '2026-03-01 00:00Z'::timestamptz), ('2', '{v}', '2026-03-01 23:59Z'),
                     ('3', '{}', '2026-03-02 00:00Z')) AS event (n, waiting, received_at)";

    #[tokio::test]
    async fn a_day_of_events_is_dropped_when_all_of_it_is_over() {
        let database = harness::database().await;
        let db = &mut database.pool.acquire().await.unwrap();
        db.execute(OLD_DAYS).await.unwrap();
        let almost = at("2026-03-01T23:59:59.999Z");
        assert_eq!(drop_oldest_events(db, almost).await.unwrap(), OldestDay::Stays);
        let over = at("2026-03-02T00:00:00Z");
        assert_eq!(drop_oldest_events(db, over).await.unwrap(), OldestDay::Dropped { waiting: 1 });
        assert_eq!(drop_oldest_events(db, over).await.unwrap(), OldestDay::Stays);
        let left: Vec<String> = sqlx::query_scalar("SELECT event_id FROM webhook_events ORDER BY event_id")
            .fetch_all(&mut **db)
            .await
            .unwrap();
        assert_eq!(left, ["3"]);
    }

    #[tokio::test]
    async fn whatever_time_zone_a_session_has_a_day_is_a_day_of_utc() {
        let database = harness::database().await;
        let db = &mut database.pool.acquire().await.unwrap();
        db.execute(OLD_DAYS).await.unwrap();
        db.execute("SET TIME ZONE 'Pacific/Auckland'; SET datestyle = 'SQL, DMY'").await.unwrap();
        let almost = at("2026-03-01T23:59:59Z");
        assert_eq!(drop_oldest_events(db, almost).await.unwrap(), OldestDay::Stays);
        let over = at("2026-03-02T00:00:00Z");
        assert_eq!(drop_oldest_events(db, over).await.unwrap(), OldestDay::Dropped { waiting: 1 });
    }

    #[tokio::test]
    async fn who_works_with_the_events_is_not_waited_for_for_long() {
        let database = harness::database().await;
        let db = &mut database.pool.acquire().await.unwrap();
        db.execute(OLD_DAYS).await.unwrap();
        let over = at("2026-03-02T00:00:00Z");

        let mut reader = database.pool.begin().await.unwrap();
        reader.execute("SELECT FROM webhook_events").await.unwrap();
        assert_eq!(drop_oldest_events(db, over).await.unwrap(), OldestDay::Busy);
        reader.rollback().await.unwrap();

        let mut maker = database.pool.begin().await.unwrap();
        make(&mut maker, at("2026-03-09T00:00:00Z"), TimeDelta::days(1)).await.unwrap();
        assert_eq!(drop_oldest_events(db, over).await.unwrap(), OldestDay::Busy);
        maker.rollback().await.unwrap();

        assert_eq!(drop_oldest_events(db, over).await.unwrap(), OldestDay::Dropped { waiting: 1 });
    }

    #[tokio::test]
    async fn who_reads_the_events_for_long_is_not_waited_for_with_partitions_either() {
        let database = harness::database().await;
        let db = &mut database.pool.acquire().await.unwrap();
        let (next_year, week) = (at("2031-03-09T00:00:00Z"), TimeDelta::days(7));
        let mut reader = database.pool.begin().await.unwrap();
        reader.execute("SELECT FROM webhook_events").await.unwrap();
        let refused = make(db, next_year, week).await.unwrap_err();
        assert!(format!("{refused:?}").contains("lock timeout"), "{refused:?}");
        reader.rollback().await.unwrap();
        assert!(make(db, next_year, week).await.unwrap() > 7);
    }
}
