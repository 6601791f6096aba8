//! `poll_plans` and `poll_pace`: which cars are to be polled, when, and how many of them. Schedulers plan and ask;
//! workers poll, and note what came of it.

mod turn;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

pub use turn::{Turn, answered, begin, failed, put_back, rests};

/// A car whose time has come to be looked at, with all that is known for deciding about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Look {
    pub vehicle_id: Uuid,
    /// When its time to be looked at has come: with this a decision is only written while nobody else has decided.
    pub due_at: DateTime<Utc>,
    /// When its plan was made: when it was connected.
    pub planned_since: DateTime<Utc>,
    /// It was due already when it was last looked at, and nobody has asked for it since.
    pub wanted_since: Option<DateTime<Utc>>,
    pub asked_at: Option<DateTime<Utc>>,
    /// Jobs since one was answered.
    pub unanswered: i16,
    pub last_polled_at: Option<DateTime<Utc>>,
    pub asleep_until: Option<DateTime<Utc>>,
    /// When its newest webhook came, to the minute.
    pub heard_at: Option<DateTime<Utc>>,
    /// When its first webhook came.
    pub learning_since: Option<DateTime<Utc>>,
    /// About the longest of its usual silences.
    pub long_gap_seconds: Option<f64>,
    /// How often Smartcar was asked for it in this calendar month (UTC).
    pub calls_spent: i32,
}

/// What was decided about a car that was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrangement {
    pub vehicle_id: Uuid,
    /// [`Look::due_at`]
    pub due_at: DateTime<Utc>,
    pub next_poll_at: DateTime<Utc>,
    /// Since when it has been due and since when it is silent; `None` if it is not due.
    pub wanted: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

/// Lets the database end this transaction's session if nothing is heard of us for some seconds: a scheduler that was
/// frozen in the middle of it keeps nobody from the cars that it had locked.
pub async fn be_brief(db: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("SELECT set_config('idle_in_transaction_session_timeout', '5s', true)")
        .fetch_one(db)
        .await?;
    Ok(())
}

/// Locks up to `limit` cars whose time has come, until the transaction ends. What another scheduler is looking at is
/// passed over.
pub async fn due(db: &mut PgConnection, now: DateTime<Utc>, limit: i64) -> Result<Vec<Look>, StoreError> {
    let looks = sqlx::query_as!(
        Look,
        r#"SELECT plan.vehicle_id, next_poll_at AS due_at, plan.created_at AS planned_since, wanted_since, asked_at, unanswered, last_polled_at,
             asleep_until, heard_at AS "heard_at?", learning_since AS "learning_since?",
             long_gap_seconds AS "long_gap_seconds?", coalesce(calls, 0) AS "calls_spent!"
           FROM poll_plans AS plan
           LEFT JOIN vehicle_cadences AS cadence ON cadence.vehicle_id = plan.vehicle_id
           LEFT JOIN api_usage AS usage ON usage.vehicle_id = plan.vehicle_id
             AND month = date_trunc('month', $1::timestamptz AT TIME ZONE 'UTC')::date
           WHERE next_poll_at <= $1 ORDER BY next_poll_at LIMIT $2 FOR UPDATE OF plan SKIP LOCKED"#,
        now,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(looks)
}

/// How many pages the plans lie on.
pub async fn pages(db: &mut PgConnection) -> Result<i64, StoreError> {
    let pages = sqlx::query_scalar!(
        r#"SELECT pg_relation_size('poll_plans') / current_setting('block_size')::bigint AS "pages!""#
    )
    .fetch_one(db)
    .await?;
    Ok(pages)
}

/// As [`due`], for all cars whose plans lie on these pages, and without a lock: when very many are due, reading the table
/// from its beginning to its end is several times as quick as going through it in the order of time, and a lock on each
/// row costs as much as writing it.
pub async fn due_on(
    db: &mut PgConnection,
    now: DateTime<Utc>,
    pages: std::ops::Range<i64>,
) -> Result<Vec<Look>, StoreError> {
    let looks = sqlx::query_as!(
        Look,
        r#"SELECT plan.vehicle_id, next_poll_at AS due_at, plan.created_at AS planned_since, wanted_since, asked_at, unanswered, last_polled_at,
             asleep_until, heard_at AS "heard_at?", learning_since AS "learning_since?",
             long_gap_seconds AS "long_gap_seconds?", coalesce(calls, 0) AS "calls_spent!"
           FROM poll_plans AS plan
           LEFT JOIN vehicle_cadences AS cadence ON cadence.vehicle_id = plan.vehicle_id
           LEFT JOIN api_usage AS usage ON usage.vehicle_id = plan.vehicle_id
             AND month = date_trunc('month', $1::timestamptz AT TIME ZONE 'UTC')::date
           WHERE next_poll_at <= $1
             AND plan.ctid >= format('(%s,0)', $2::bigint)::tid AND plan.ctid < format('(%s,0)', $3::bigint)::tid"#,
        now,
        pages.start,
        pages.end,
    )
    .fetch_all(db)
    .await?;
    Ok(looks)
}

/// Writes down what was decided, unless somebody else has decided since the cars were looked at.
pub async fn arrange(db: &mut PgConnection, arrangements: &[Arrangement]) -> Result<(), StoreError> {
    let vehicles: Vec<Uuid> = arrangements.iter().map(|one| one.vehicle_id).collect();
    let due: Vec<DateTime<Utc>> = arrangements.iter().map(|one| one.due_at).collect();
    let next: Vec<DateTime<Utc>> = arrangements.iter().map(|one| one.next_poll_at).collect();
    let wanted: Vec<Option<DateTime<Utc>>> =
        arrangements.iter().map(|one| one.wanted.map(|(since, _)| since)).collect();
    let silent: Vec<Option<DateTime<Utc>>> =
        arrangements.iter().map(|one| one.wanted.map(|(_, silent)| silent)).collect();
    sqlx::query!(
        "UPDATE poll_plans AS plan
         SET next_poll_at = new.next_poll_at, wanted_since = new.wanted_since, silent_since = new.silent_since
         FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[])
           AS new (vehicle_id, next_poll_at, wanted_since, silent_since, due_at)
         WHERE plan.vehicle_id = new.vehicle_id AND plan.next_poll_at = new.due_at",
        &vehicles,
        &next,
        &wanted as &[Option<DateTime<Utc>>],
        &silent as &[Option<DateTime<Utc>>],
        &due,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// How fast polls may be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// So many an hour in the long run.
    pub per_hour: u32,
    /// So many at once after a quiet time.
    pub at_once: u32,
}

/// Whether any car is wanted and nobody is about to ask for it.
pub async fn is_any_wanted(db: &mut PgConnection, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let any = sqlx::query_scalar!(
        r#"SELECT EXISTS (
             SELECT FROM poll_plans WHERE wanted_since IS NOT NULL AND (lease_until IS NULL OR lease_until <= $1)
           ) AS "any!""#,
        now,
    )
    .fetch_one(db)
    .await?;
    Ok(any)
}

/// A wanted car that was taken up.
#[derive(Debug, Clone, PartialEq)]
pub enum Taken {
    /// This scheduler may ask for it until its lease is over.
    Leased(Look),
    /// A webhook of it came while it waited for its turn: it is to be looked at anew, and others have precedence.
    HeardMeanwhile,
}

/// Leases wanted cars until `lease_until`, the longest silent first: at most `limit`, and no more than the pace allows,
/// from which they are taken. Nobody else asks for them until then.
///
/// One statement, so that nobody holds the pace who is frozen or talks to the broker.
pub async fn lease(
    db: &mut PgConnection,
    now: DateTime<Utc>,
    lease_until: DateTime<Utc>,
    pace: Pace,
    limit: i64,
) -> Result<Vec<Taken>, StoreError> {
    let rows = sqlx::query!(
        r#"WITH pace AS (
             SELECT least($4, coalesce(allowance, $4)
               + $5 * greatest(0, extract(epoch FROM $1 - counted_at)::double precision) / 3600) AS allowance
             FROM poll_pace FOR UPDATE
           ), first AS (
             SELECT vehicle_id, silent_since FROM poll_plans
             WHERE wanted_since IS NOT NULL AND (lease_until IS NULL OR lease_until <= $1)
             ORDER BY silent_since LIMIT coalesce((SELECT least($3, floor(allowance)::bigint) FROM pace), 0)
             FOR UPDATE SKIP LOCKED
           ), judged AS (
             SELECT first.vehicle_id, heard_at, learning_since, long_gap_seconds, coalesce(calls, 0) AS calls_spent,
               coalesce(heard_at > silent_since, false) AS heard_meanwhile
             FROM first
             LEFT JOIN vehicle_cadences AS cadence ON cadence.vehicle_id = first.vehicle_id
             LEFT JOIN api_usage AS usage ON usage.vehicle_id = first.vehicle_id
               AND month = date_trunc('month', $1::timestamptz AT TIME ZONE 'UTC')::date
           ), taken AS (
             UPDATE poll_plans AS plan
             SET lease_until = CASE WHEN heard_meanwhile THEN NULL ELSE $2::timestamptz END,
               next_poll_at = CASE WHEN heard_meanwhile THEN $1::timestamptz ELSE next_poll_at END,
               wanted_since = CASE WHEN heard_meanwhile THEN NULL ELSE wanted_since END,
               silent_since = CASE WHEN heard_meanwhile THEN NULL ELSE silent_since END
             FROM judged WHERE plan.vehicle_id = judged.vehicle_id
             RETURNING plan.vehicle_id, next_poll_at, plan.created_at, wanted_since, asked_at, unanswered, last_polled_at, asleep_until,
               heard_at, learning_since, long_gap_seconds, calls_spent, heard_meanwhile
           ), spent AS (
             UPDATE poll_pace SET counted_at = greatest(counted_at, $1),
               allowance = pace.allowance - (SELECT count(*) FROM taken WHERE NOT heard_meanwhile)
             FROM pace
           )
           SELECT vehicle_id AS "vehicle_id!", next_poll_at AS "due_at!", created_at AS "planned_since!", wanted_since, asked_at,
             unanswered AS "unanswered!", last_polled_at, asleep_until, heard_at, learning_since, long_gap_seconds,
             calls_spent AS "calls_spent!", heard_meanwhile AS "heard_meanwhile!"
           FROM taken"#,
        now,
        lease_until,
        limit,
        f64::from(pace.at_once),
        f64::from(pace.per_hour),
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            if row.heard_meanwhile {
                return Taken::HeardMeanwhile;
            }
            Taken::Leased(Look {
                vehicle_id: row.vehicle_id,
                due_at: row.due_at,
                planned_since: row.planned_since,
                wanted_since: row.wanted_since,
                asked_at: row.asked_at,
                unanswered: row.unanswered,
                last_polled_at: row.last_polled_at,
                asleep_until: row.asleep_until,
                heard_at: row.heard_at,
                learning_since: row.learning_since,
                long_gap_seconds: row.long_gap_seconds,
                calls_spent: row.calls_spent,
            })
        })
        .collect())
}

/// Gives leased cars back that could not be asked for: they are wanted as before.
pub async fn give_back(
    db: &mut PgConnection,
    lease_until: DateTime<Utc>,
    vehicles: &[Uuid],
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE poll_plans SET lease_until = NULL WHERE vehicle_id = ANY ($1) AND lease_until = $2",
        vehicles,
        lease_until,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes that these cars were asked for, and when each is looked at next. Says for how many it did: a lease that was over,
/// and taken by another scheduler, changes nothing any more.
pub async fn asked(
    db: &mut PgConnection,
    lease_until: DateTime<Utc>,
    now: DateTime<Utc>,
    next: &[(Uuid, DateTime<Utc>)],
) -> Result<u64, StoreError> {
    let (vehicles, next): (Vec<Uuid>, Vec<DateTime<Utc>>) = next.iter().copied().unzip();
    let done = sqlx::query!(
        "UPDATE poll_plans AS plan
         SET lease_until = NULL, wanted_since = NULL, silent_since = NULL,
           -- Not wanted any more: a worker was quicker than this note, and knows better.
           asked_at = CASE WHEN plan.wanted_since IS NULL THEN asked_at ELSE $2 END,
           unanswered = CASE WHEN plan.wanted_since IS NULL THEN unanswered ELSE least(unanswered + 1, 1000) END,
           next_poll_at = CASE WHEN plan.wanted_since IS NULL THEN plan.next_poll_at ELSE new.next_poll_at END
         FROM unnest($3::uuid[], $4::timestamptz[]) AS new (vehicle_id, next_poll_at)
         WHERE plan.vehicle_id = new.vehicle_id AND plan.lease_until = $1",
        lease_until,
        now,
        &vehicles,
        &next,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// The cars that are wanted, and since when the first of them is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    pub wanted: i64,
    pub since: Option<DateTime<Utc>>,
}

pub async fn backlog(db: &mut PgConnection) -> Result<Backlog, StoreError> {
    let row = sqlx::query!(
        r#"SELECT count(*) AS "wanted!", min(wanted_since) AS since FROM poll_plans WHERE wanted_since IS NOT NULL"#
    )
    .fetch_one(db)
    .await?;
    Ok(Backlog { wanted: row.wanted, since: row.since })
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use harness::TestDatabase;
    use sqlx::{Executor, PgPool};

    use crate::cadence;

    const PACE: Pace = Pace { per_hour: 60, at_once: 3 };

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::minutes(minute)
    }

    /// Connected cars whose time to be looked at is given in minutes; their ids count from one.
    async fn cars(times: &[i64]) -> TestDatabase {
        let database = harness::database().await;
        for (number, minute) in times.iter().enumerate() {
            let vehicle = Uuid::from_u128(number as u128 + 1);
            connect(&database.pool, vehicle).await;
            sqlx::query("UPDATE poll_plans SET next_poll_at = $2, created_at = $3 WHERE vehicle_id = $1")
                .bind(vehicle)
                .bind(at(*minute))
                .bind(at(-1_000))
                .execute(&database.pool)
                .await
                .unwrap();
        }
        database
    }

    async fn connect(pool: &PgPool, vehicle: Uuid) {
        sqlx::query(
            "WITH person AS (INSERT INTO auth.users DEFAULT VALUES RETURNING id),
                  car AS (INSERT INTO cars (user_id, name) SELECT id, 'a car' FROM person RETURNING id)
             INSERT INTO smartcar_vehicles (id, car_id, smartcar_vehicle_id, smartcar_user_id)
             SELECT $1, id, $1::text, 'u' FROM car",
        )
        .bind(vehicle)
        .execute(pool)
        .await
        .unwrap();
    }

    /// Wanted since the first minute, silent since these minutes.
    async fn wanted(silent_since: &[i64]) -> TestDatabase {
        let database = cars(&vec![0; silent_since.len()]).await;
        let arrangements: Vec<Arrangement> = silent_since
            .iter()
            .enumerate()
            .map(|(number, minute)| Arrangement {
                vehicle_id: Uuid::from_u128(number as u128 + 1),
                due_at: at(0),
                next_poll_at: at(5_000),
                wanted: Some((at(0), at(*minute))),
            })
            .collect();
        let mut db = database.pool.acquire().await.unwrap();
        arrange(&mut db, &arrangements).await.unwrap();
        sqlx::query("UPDATE poll_pace SET counted_at = $1").bind(at(0)).execute(&mut *db).await.unwrap();
        database
    }

    fn leased(taken: &[Taken]) -> Vec<u128> {
        let mut numbers: Vec<u128> = taken
            .iter()
            .filter_map(|taken| match taken {
                Taken::Leased(car) => Some(car.vehicle_id.as_u128()),
                Taken::HeardMeanwhile => None,
            })
            .collect();
        numbers.sort_unstable();
        numbers
    }

    #[tokio::test]
    async fn cars_whose_time_has_come_are_found_and_passed_over_while_another_looks_at_them() {
        let database = cars(&[0, 5, 10, 20]).await;
        let (mut one, mut other) =
            (database.pool.begin().await.unwrap(), database.pool.begin().await.unwrap());
        let first = due(&mut one, at(10), 2).await.unwrap();
        assert_eq!(first.iter().map(|car| car.vehicle_id.as_u128()).collect::<Vec<_>>(), [1, 2]);
        let second = due(&mut other, at(10), 2).await.unwrap();
        assert_eq!(second.iter().map(|car| car.vehicle_id.as_u128()).collect::<Vec<_>>(), [3]);
    }

    #[tokio::test]
    async fn cars_whose_time_has_come_are_found_page_by_page_too() {
        let database = cars(&[0, 5, 10, 20]).await;
        let mut db = database.pool.acquire().await.unwrap();
        let pages = pages(&mut db).await.unwrap();
        let found = due_on(&mut db, at(10), 0..pages).await.unwrap();
        let mut numbers: Vec<u128> = found.iter().map(|car| car.vehicle_id.as_u128()).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [1, 2, 3]);
        assert!(due_on(&mut db, at(10), pages..pages + 9).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn of_two_who_look_at_the_same_pages_the_first_decides() {
        let database = cars(&[0, 5]).await;
        let mut db = database.pool.acquire().await.unwrap();
        let pages = pages(&mut db).await.unwrap();
        let seen = due_on(&mut db, at(10), 0..pages).await.unwrap();
        for next in [at(100), at(200)] {
            let decided: Vec<Arrangement> = seen
                .iter()
                .map(|car| Arrangement {
                    vehicle_id: car.vehicle_id,
                    due_at: car.due_at,
                    next_poll_at: next,
                    wanted: None,
                })
                .collect();
            arrange(&mut db, &decided).await.unwrap();
        }
        let still = due_on(&mut db, at(150), 0..pages).await.unwrap();
        assert_eq!(still.iter().map(|car| car.due_at).collect::<Vec<_>>(), [at(100), at(100)]);
    }

    #[tokio::test]
    async fn an_answer_that_came_before_its_asking_was_noted_stays_an_answer() {
        let database = wanted(&[0]).await;
        let db = &mut database.pool.acquire().await.unwrap();
        let car = Uuid::from_u128(1);
        assert_eq!(leased(&lease(db, at(1), at(3), PACE, 9).await.unwrap()), [1]);
        answered(db, car, at(1)).await.unwrap();
        asked(db, at(3), at(2), &[(car, at(100))]).await.unwrap();
        let still = "SELECT count(*) FROM poll_plans
                     WHERE asked_at IS NULL AND unanswered = 0 AND lease_until IS NULL AND next_poll_at = $1";
        let plans: i64 = sqlx::query_scalar(still).bind(at(1)).fetch_one(&mut **db).await.unwrap();
        assert_eq!(plans, 1);
    }

    #[tokio::test]
    async fn who_is_frozen_while_looking_loses_the_cars_to_others() {
        let database = cars(&[0]).await;
        let mut frozen = database.pool.begin().await.unwrap();
        be_brief(&mut frozen).await.unwrap();
        assert_eq!(due(&mut frozen, at(0), 9).await.unwrap().len(), 1);
        let patience = std::time::Duration::from_mins(1);
        harness::eventually(patience, "the car can be looked at", async || {
            let mut other = database.pool.begin().await.unwrap();
            due(&mut other, at(0), 9).await.unwrap().len() == 1
        })
        .await;
        let late = Arrangement {
            vehicle_id: Uuid::from_u128(1),
            due_at: at(0),
            next_poll_at: at(999),
            wanted: None,
        };
        assert!(arrange(&mut frozen, &[late]).await.is_err(), "its session is over");
    }

    #[tokio::test]
    async fn the_longest_silent_are_leased_first_and_no_more_than_the_pace_allows() {
        let database = wanted(&[40, 10, 30, 20, 50]).await;
        let db = &mut database.pool.acquire().await.unwrap();
        let taken = lease(db, at(0), at(2), PACE, 9).await.unwrap();
        assert_eq!(leased(&taken), [2, 3, 4], "a bucket of three");
        assert!(lease(db, at(0), at(2), PACE, 9).await.unwrap().is_empty());
        let taken = lease(db, at(1), at(3), PACE, 9).await.unwrap();
        assert_eq!(leased(&taken), [1], "one more a minute");
    }

    #[tokio::test]
    async fn a_lease_keeps_others_away_until_it_is_over_and_a_late_holder_changes_nothing() {
        let database = wanted(&[10]).await;
        let db = &mut database.pool.acquire().await.unwrap();
        let car = Uuid::from_u128(1);
        assert_eq!(leased(&lease(db, at(0), at(2), PACE, 9).await.unwrap()), [1]);
        assert!(!is_any_wanted(db, at(1)).await.unwrap());
        assert!(lease(db, at(1), at(3), PACE, 9).await.unwrap().is_empty());
        assert!(is_any_wanted(db, at(2)).await.unwrap());
        assert_eq!(leased(&lease(db, at(2), at(4), PACE, 9).await.unwrap()), [1]);
        assert_eq!(asked(db, at(2), at(3), &[(car, at(100))]).await.unwrap(), 0, "the first holder is late");
        give_back(db, at(2), &[car]).await.unwrap();
        assert_eq!(asked(db, at(4), at(3), &[(car, at(200))]).await.unwrap(), 1);
        let again = due(&mut *db, at(200), 9).await.unwrap();
        assert_eq!((again[0].asked_at, again[0].unanswered, again[0].wanted_since), (Some(at(3)), 1, None));
    }

    #[tokio::test]
    async fn a_car_that_was_heard_of_while_it_waited_lets_others_go_first() {
        let database = wanted(&[10, 20]).await;
        let db = &mut database.pool.acquire().await.unwrap();
        cadence::note(db, &[(Uuid::from_u128(1), at(15))]).await.unwrap();
        let taken = lease(db, at(20), at(22), PACE, 1).await.unwrap();
        assert_eq!(taken, [Taken::HeardMeanwhile]);
        assert_eq!(leased(&lease(db, at(20), at(22), PACE, 1).await.unwrap()), [2]);
        let looks = due(db, at(20), 9).await.unwrap();
        assert_eq!((looks.len(), looks[0].heard_at), (1, Some(at(15))), "it is looked at anew, at once");
    }

    #[tokio::test]
    async fn what_could_not_be_asked_for_is_wanted_as_before() {
        let database = wanted(&[10]).await;
        let db = &mut database.pool.acquire().await.unwrap();
        lease(db, at(0), at(2), PACE, 9).await.unwrap();
        give_back(db, at(2), &[Uuid::from_u128(1)]).await.unwrap();
        assert_eq!(leased(&lease(db, at(1), at(3), PACE, 9).await.unwrap()), [1]);
    }

    #[tokio::test]
    async fn many_schedulers_at_once_lease_each_car_once_and_keep_the_pace() {
        let database = wanted(&(0..40).collect::<Vec<_>>()).await;
        let mut schedulers = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let pool = database.pool.clone();
            schedulers.spawn(async move {
                let mut numbers = Vec::new();
                for _ in 0..6 {
                    let db = &mut pool.acquire().await.unwrap();
                    let pace = Pace { per_hour: 1, at_once: 25 };
                    numbers.extend(leased(&lease(db, at(0), at(2), pace, 3).await.unwrap()));
                }
                numbers
            });
        }
        let mut numbers: Vec<u128> = schedulers.join_all().await.concat();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=25).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_plan_comes_with_an_active_connection_and_goes_with_it() {
        let database = cars(&[0]).await;
        let plans = async || -> i64 {
            sqlx::query_scalar("SELECT count(*) FROM poll_plans").fetch_one(&database.pool).await.unwrap()
        };
        for (change, left) in [
            ("UPDATE smartcar_vehicles SET status = 'reauth_required'", 0),
            ("UPDATE smartcar_vehicles SET status = 'active'", 1),
            ("UPDATE smartcar_vehicles SET is_active = false", 0),
            ("UPDATE smartcar_vehicles SET is_active = NULL", 1),
            ("UPDATE smartcar_vehicles SET car_id = NULL", 0),
            ("DELETE FROM smartcar_vehicles", 0),
        ] {
            database.pool.execute(change).await.unwrap();
            assert_eq!(plans().await, left, "{change}");
        }
    }

    #[tokio::test]
    async fn the_backlog_is_counted() {
        let database = wanted(&[10, 20]).await;
        let db = &mut database.pool.acquire().await.unwrap();
        assert_eq!(backlog(db).await.unwrap(), Backlog { wanted: 2, since: Some(at(0)) });
        database
            .pool
            .execute("UPDATE poll_plans SET wanted_since = NULL, silent_since = NULL")
            .await
            .unwrap();
        assert_eq!(backlog(db).await.unwrap(), Backlog { wanted: 0, since: None });
    }
}
