//! A worker's turn at a car: one at a time, and what came of it.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// Whether a worker may poll a car.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It is the worker's, until the moment that it gave.
    Mine,
    /// Nothing may be asked of it any more, it was polled a moment ago, or it is known to be asleep: nothing to do.
    NotDue,
    /// Another worker polls it, or died while it did, until then.
    TakenUntil(DateTime<Utc>),
}

/// Takes a car for polling until `until`, if it was not polled within the last `rest`.
pub async fn begin(
    db: &mut PgConnection,
    vehicle: Uuid,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
    rest: TimeDelta,
) -> Result<Turn, StoreError> {
    let begun = sqlx::query!(
        "UPDATE poll_plans SET polling_until = $3
         WHERE vehicle_id = $1 AND (polling_until IS NULL OR polling_until <= $2)
           AND (last_polled_at IS NULL OR last_polled_at <= $4) AND (asleep_until IS NULL OR asleep_until <= $2)",
        vehicle,
        now,
        until,
        now - rest,
    )
    .execute(&mut *db)
    .await?;
    if begun.rows_affected() == 1 {
        return Ok(Turn::Mine);
    }
    let taken = sqlx::query_scalar!(
        r#"SELECT polling_until AS "until!" FROM poll_plans WHERE vehicle_id = $1 AND polling_until > $2"#,
        vehicle,
        now,
    )
    .fetch_optional(db)
    .await?;
    Ok(taken.map_or(Turn::NotDue, Turn::TakenUntil))
}

/// Gives a car back that was not asked for anything, or whose job waits to be tried again.
pub async fn put_back(db: &mut PgConnection, vehicle: Uuid) -> Result<(), StoreError> {
    sqlx::query!("UPDATE poll_plans SET polling_until = NULL WHERE vehicle_id = $1", vehicle)
        .execute(db)
        .await?;
    Ok(())
}

/// Notes that Smartcar answered for this car. The scheduler looks at it anew.
pub async fn answered(db: &mut PgConnection, vehicle: Uuid, now: DateTime<Utc>) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE poll_plans
         SET polling_until = NULL, last_polled_at = $2, unanswered = 0, failures = 0, asleep_until = NULL,
           next_poll_at = least(next_poll_at, $2), wanted_since = NULL, silent_since = NULL
         WHERE vehicle_id = $1",
        vehicle,
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes that asking for this car does not help before `until`. It is due again then, whatever the job that said so.
pub async fn rests(
    db: &mut PgConnection,
    vehicle: Uuid,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE poll_plans
         SET polling_until = NULL, asked_at = NULL, unanswered = 0, asleep_until = $3,
           next_poll_at = least(next_poll_at, $2), wanted_since = NULL, silent_since = NULL
         WHERE vehicle_id = $1",
        vehicle,
        now,
        until,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes that asking for this car failed for good this time, and gives how often that happened in a row.
pub async fn failed(db: &mut PgConnection, vehicle: Uuid) -> Result<i16, StoreError> {
    let failures = sqlx::query_scalar!(
        "UPDATE poll_plans SET failures = least(failures + 1, 1000) WHERE vehicle_id = $1 RETURNING failures",
        vehicle,
    )
    .fetch_optional(db)
    .await?;
    Ok(failures.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use harness::TestDatabase;

    const CAR: Uuid = Uuid::from_u128(1);
    const REST: TimeDelta = TimeDelta::minutes(20);

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::minutes(minute)
    }

    async fn car() -> TestDatabase {
        let database = harness::database().await;
        sqlx::query(
            "WITH person AS (INSERT INTO auth.users DEFAULT VALUES RETURNING id),
                  car AS (INSERT INTO cars (user_id, name) SELECT id, 'a car' FROM person RETURNING id)
             INSERT INTO smartcar_vehicles (id, car_id, smartcar_vehicle_id, smartcar_user_id)
             SELECT $1, id, 'v', 'u' FROM car",
        )
        .bind(CAR)
        .execute(&database.pool)
        .await
        .unwrap();
        database
    }

    async fn turn(database: &TestDatabase, minute: i64) -> Turn {
        let mut db = database.pool.acquire().await.unwrap();
        begin(&mut db, CAR, at(minute), at(minute + 10), REST).await.unwrap()
    }

    #[tokio::test]
    async fn of_two_jobs_for_a_car_one_polls_it_and_the_other_finds_it_done() {
        let database = car().await;
        assert_eq!(turn(&database, 0).await, Turn::Mine);
        assert_eq!(turn(&database, 1).await, Turn::TakenUntil(at(10)));
        answered(&mut database.pool.acquire().await.unwrap(), CAR, at(2)).await.unwrap();
        assert_eq!(turn(&database, 3).await, Turn::NotDue);
        assert_eq!(turn(&database, 22).await, Turn::Mine);
    }

    #[tokio::test]
    async fn a_car_whose_worker_died_is_free_again_when_its_turn_is_over() {
        let database = car().await;
        assert_eq!(turn(&database, 0).await, Turn::Mine);
        assert_eq!(turn(&database, 10).await, Turn::Mine);
    }

    #[tokio::test]
    async fn a_car_that_is_put_back_can_be_taken_at_once() {
        let database = car().await;
        assert_eq!(turn(&database, 0).await, Turn::Mine);
        put_back(&mut database.pool.acquire().await.unwrap(), CAR).await.unwrap();
        assert_eq!(turn(&database, 1).await, Turn::Mine);
    }

    #[tokio::test]
    async fn a_car_that_rests_is_not_polled_before_its_rest_is_over() {
        let database = car().await;
        rests(&mut database.pool.acquire().await.unwrap(), CAR, at(0), at(60)).await.unwrap();
        assert_eq!(turn(&database, 59).await, Turn::NotDue);
        assert_eq!(turn(&database, 60).await, Turn::Mine);
    }

    #[tokio::test]
    async fn a_car_that_nobody_may_ask_any_more_is_not_polled() {
        let database = car().await;
        sqlx::query("UPDATE smartcar_vehicles SET status = 'disconnected'")
            .execute(&database.pool)
            .await
            .unwrap();
        assert_eq!(turn(&database, 0).await, Turn::NotDue);
        assert_eq!(failed(&mut database.pool.acquire().await.unwrap(), CAR).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn failures_in_a_row_are_counted_until_an_answer_comes() {
        let database = car().await;
        let mut db = database.pool.acquire().await.unwrap();
        assert_eq!((failed(&mut db, CAR).await.unwrap(), failed(&mut db, CAR).await.unwrap()), (1, 2));
        answered(&mut db, CAR, at(0)).await.unwrap();
        assert_eq!(failed(&mut db, CAR).await.unwrap(), 1);
    }
}
