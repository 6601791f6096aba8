//! `vehicle_states`, where they lie so far back that one a month is enough.

use chrono::TimeDelta;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{StoreError, vehicles};

/// The next vehicles in the order of their ids.
#[derive(Debug, Default)]
pub struct Stretch {
    /// The last one that was looked at; `None` if there was none: begin anew.
    pub last: Option<Uuid>,
    /// Those that have states to spare.
    pub crowded: Vec<Uuid>,
}

/// Looks at up to `limit` vehicles after this one, for states that [`thin`] would take away.
pub async fn crowded(
    db: &mut PgConnection,
    after: Uuid,
    older_than: TimeDelta,
    limit: i64,
) -> Result<Stretch, StoreError> {
    let days = days(older_than);
    let vehicles = sqlx::query!(
        r#"SELECT vehicle.id, EXISTS (
             SELECT FROM vehicle_states AS old
             WHERE old.vehicle_id = vehicle.id
               AND old.day < (SELECT max(day) FROM vehicle_states WHERE vehicle_id = vehicle.id) - $2::int
               AND EXISTS (
                 SELECT FROM vehicle_states AS first
                 WHERE first.vehicle_id = old.vehicle_id AND first.rules_version = old.rules_version
                   AND first.day >= date_trunc('month', old.day::timestamp)::date AND first.day < old.day)
           ) AS "crowded!"
           FROM (SELECT id FROM smartcar_vehicles WHERE id > $1 ORDER BY id LIMIT $3) AS vehicle
           ORDER BY vehicle.id"#,
        after,
        days,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(Stretch {
        last: vehicles.last().map(|vehicle| vehicle.id),
        crowded: vehicles.iter().filter(|vehicle| vehicle.crowded).map(|vehicle| vehicle.id).collect(),
    })
}

/// Thins the states of these vehicles that are more than `older_than` before the head to the first of each month, and
/// says how many are gone. A vehicle that somebody is folding is passed over.
///
/// Each state is where a fold may begin: with fewer of them it begins earlier and reads more readings, and nothing
/// else changes. The head is never one of those, and a vehicle's first state is the first of its month. States of
/// different rules do not stand in for each other.
pub async fn thin(
    db: &mut PgConnection,
    vehicles: &[Uuid],
    older_than: TimeDelta,
    limit: i64,
) -> Result<u64, StoreError> {
    // Locked before the head is read: it may go back while somebody folds.
    let vehicles = vehicles::try_lock(db, vehicles).await?;
    let done = sqlx::query!(
        "DELETE FROM vehicle_states AS state
         USING (
           SELECT old.vehicle_id, old.day
           FROM unnest($1::uuid[]) AS wanted (id)
           CROSS JOIN LATERAL (SELECT max(day) AS day FROM vehicle_states WHERE vehicle_id = wanted.id) AS head
           JOIN vehicle_states AS old ON old.vehicle_id = wanted.id AND old.day < head.day - $2::int
           WHERE EXISTS (
             SELECT FROM vehicle_states AS first
             WHERE first.vehicle_id = old.vehicle_id AND first.rules_version = old.rules_version
               AND first.day >= date_trunc('month', old.day::timestamp)::date AND first.day < old.day)
           LIMIT $3
         ) AS spare
         WHERE state.vehicle_id = spare.vehicle_id AND state.day = spare.day",
        &vehicles,
        days(older_than),
        limit,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

fn days(span: TimeDelta) -> i32 {
    i32::try_from(span.num_days()).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;
    use sqlx::PgPool;

    /// A car of that connection with states at the end of these days, which these rules folded.
    async fn car(pool: &PgPool, vehicle: Uuid, days: &[(&str, i32)]) {
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
        for (day, rules_version) in days {
            sqlx::query(
                "INSERT INTO vehicle_states (vehicle_id, day, rules_version, state, tail)
                 VALUES ($1, $2::date, $3, '{}', '[]')",
            )
            .bind(vehicle)
            .bind(day.parse::<NaiveDate>().unwrap())
            .bind(rules_version)
            .execute(pool)
            .await
            .unwrap();
        }
    }

    async fn states(pool: &PgPool) -> Vec<String> {
        sqlx::query_scalar("SELECT day || ' ' || rules_version FROM vehicle_states ORDER BY vehicle_id, day")
            .fetch_all(pool)
            .await
            .unwrap()
    }

    const OLDER_THAN: TimeDelta = TimeDelta::days(40);

    async fn thin_one(pool: &PgPool, vehicle: Uuid, limit: i64) -> u64 {
        let mut tx = pool.begin().await.unwrap();
        let gone = thin(&mut tx, &[vehicle], OLDER_THAN, limit).await.unwrap();
        tx.commit().await.unwrap();
        gone
    }

    async fn crowded_cars(pool: &PgPool) -> Vec<Uuid> {
        let mut db = pool.acquire().await.unwrap();
        crowded(&mut db, Uuid::nil(), OLDER_THAN, 9).await.unwrap().crowded
    }

    #[tokio::test]
    async fn of_old_states_the_first_of_each_month_is_kept() {
        let database = harness::database().await;
        let (pool, vehicle) = (&database.pool, Uuid::new_v4());
        let days = [
            "1970-01-01",
            "2026-01-07",
            "2026-01-31",
            "2026-02-02",
            "2026-02-03",
            "2026-03-01",
            "2026-03-11",
            "2026-03-12",
            "2026-03-13",
            "2026-04-21",
        ];
        car(pool, vehicle, &days.map(|day| (day, 1))).await;
        assert_eq!(crowded_cars(pool).await, [vehicle]);
        assert_eq!(thin_one(pool, vehicle, 2).await, 2, "some at a time");
        assert_eq!(thin_one(pool, vehicle, 9).await, 1);
        assert!(crowded_cars(pool).await.is_empty());
        assert_eq!(thin_one(pool, vehicle, 9).await, 0);
        assert_eq!(
            states(pool).await,
            [
                "1970-01-01 1",
                "2026-01-07 1",
                "2026-02-02 1",
                "2026-03-01 1",
                "2026-03-12 1",
                "2026-03-13 1",
                "2026-04-21 1"
            ]
        );
    }

    #[tokio::test]
    async fn the_states_of_a_car_that_has_been_silent_for_years_stay_as_they_are() {
        let database = harness::database().await;
        let (pool, vehicle) = (&database.pool, Uuid::new_v4());
        car(pool, vehicle, &[("2020-01-07", 1), ("2020-01-08", 1), ("2020-01-31", 1)]).await;
        assert_eq!(thin_one(pool, vehicle, 9).await, 0);
        assert_eq!(states(pool).await.len(), 3);
    }

    #[tokio::test]
    async fn a_state_of_other_rules_does_not_stand_in_for_one_of_these() {
        let database = harness::database().await;
        let (pool, vehicle) = (&database.pool, Uuid::new_v4());
        let days =
            [("2026-01-07", 1), ("2026-01-08", 2), ("2026-01-09", 1), ("2026-01-10", 2), ("2026-04-21", 2)];
        car(pool, vehicle, &days).await;
        assert_eq!(thin_one(pool, vehicle, 9).await, 2);
        assert_eq!(states(pool).await, ["2026-01-07 1", "2026-01-08 2", "2026-04-21 2"]);
    }

    #[tokio::test]
    async fn the_states_of_a_car_that_somebody_is_folding_are_left_alone() {
        let database = harness::database().await;
        let (pool, vehicle) = (&database.pool, Uuid::new_v4());
        car(pool, vehicle, &[("2026-01-07", 1), ("2026-01-08", 1), ("2026-04-21", 1)]).await;
        let mut worker = pool.begin().await.unwrap();
        vehicles::lock(&mut worker, &[vehicle]).await.unwrap();
        assert_eq!(thin_one(pool, vehicle, 9).await, 0);
        worker.rollback().await.unwrap();
        assert_eq!(thin_one(pool, vehicle, 9).await, 1);
    }

    #[tokio::test]
    async fn a_round_comes_by_every_car_and_begins_anew() {
        let database = harness::database().await;
        let pool = &database.pool;
        for n in 1..=3 {
            let days: &[(&str, i32)] =
                if n == 2 { &[("2026-01-07", 1), ("2026-01-08", 1), ("2026-04-21", 1)] } else { &[] };
            car(pool, Uuid::from_u128(n), days).await;
        }
        let mut db = pool.acquire().await.unwrap();
        let mut look = async |after| crowded(&mut db, after, OLDER_THAN, 2).await.unwrap();
        let first = look(Uuid::nil()).await;
        assert_eq!((first.last, first.crowded), (Some(Uuid::from_u128(2)), vec![Uuid::from_u128(2)]));
        let second = look(Uuid::from_u128(2)).await;
        assert_eq!((second.last, second.crowded), (Some(Uuid::from_u128(3)), vec![]));
        assert_eq!(look(Uuid::from_u128(3)).await.last, None);
    }
}
