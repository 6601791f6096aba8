//! Cars are asked for when they are due: once, by however many schedulers, and no more than the platform allows.

use std::time::Duration;

use broker::JobKind;
use harness::eventually;
use runtime::lifecycle::Lifecycle;
use sqlx::{AssertSqlSafe, Executor, PgPool};
use uuid::Uuid;

use crate::support::{Jobs, PATIENCE, connected_car_called, start_scheduler, start_scheduler_with};

async fn cars(pool: &PgPool, number: usize) -> Vec<Uuid> {
    let mut cars = Vec::new();
    for number in 0..number {
        cars.push(connected_car_called(&format!("v-{number}"), pool).await);
    }
    cars
}

async fn ask(pool: &PgPool, sql: impl Into<String>) -> Vec<String> {
    sqlx::query_scalar(AssertSqlSafe(sql.into())).fetch_all(pool).await.unwrap()
}

#[tokio::test]
async fn a_car_that_is_due_is_asked_for_once_by_two_schedulers() {
    let (database, namespace) = (harness::database().await, harness::namespace());
    let life = Lifecycle::new(Duration::from_secs(5));
    let vehicle = cars(&database.pool, 2).await[1];
    let mut jobs = Jobs::open(JobKind::Poll, &namespace, &life).await;
    sqlx::query("UPDATE poll_plans SET next_poll_at = now() WHERE vehicle_id = $1")
        .bind(vehicle)
        .execute(&database.pool)
        .await
        .unwrap();
    start_scheduler(&database.url, &namespace, &life).await;
    start_scheduler(&database.url, &namespace, &life).await;
    assert_eq!(jobs.all().await, [vehicle], "the other one is looked at in half an hour");
    let plan = "SELECT concat_ws(' ', unanswered, next_poll_at > now() + interval '23 hours', wanted_since, lease_until)
                FROM poll_plans WHERE asked_at IS NOT NULL";
    assert_eq!(ask(&database.pool, plan).await, ["1 t"], "it is looked at again in a day");
    drop(jobs);
    life.shut_down().await;
    database.close().await;
}

/// All of them were due several times while nobody looked: their time of the day has passed, and they are silent for
/// longer than they have ever been.
#[tokio::test]
async fn after_two_hours_of_outage_each_car_is_caught_up_with_once() {
    let (database, namespace) = (harness::database().await, harness::namespace());
    let life = Lifecycle::new(Duration::from_secs(5));
    let mut due = cars(&database.pool, 30).await;
    database
        .pool
        .execute(
            "UPDATE poll_plans SET next_poll_at = now() - interval '2 hours', last_polled_at = now() - interval '50 hours',
               created_at = now() - interval '30 days';
             UPDATE vehicle_cadences SET heard_at = now() - interval '3 hours', learning_since = now() - interval '30 days',
               long_gap_seconds = 60",
        )
        .await
        .unwrap();
    let mut jobs = Jobs::open(JobKind::Poll, &namespace, &life).await;
    start_scheduler(&database.url, &namespace, &life).await;
    let mut asked = jobs.all().await;
    asked.sort_unstable();
    due.sort_unstable();
    assert_eq!(asked, due);
    drop(jobs);
    life.shut_down().await;
    database.close().await;
}

#[tokio::test]
async fn what_the_platform_does_not_allow_stays_wanted_and_the_longest_silent_come_first() {
    let (database, namespace) = (harness::database().await, harness::namespace());
    let life = Lifecycle::new(Duration::from_secs(5));
    let cars = cars(&database.pool, 5).await;
    for (days, car) in [40, 10, 30, 20, 50].into_iter().zip(&cars) {
        sqlx::query(
            "UPDATE poll_plans SET next_poll_at = now(), last_polled_at = now() - make_interval(days => $2)
             WHERE vehicle_id = $1",
        )
        .bind(car)
        .bind(days)
        .execute(&database.pool)
        .await
        .unwrap();
    }
    let metrics = runtime::metrics::install().unwrap();
    let mut jobs = Jobs::open(JobKind::Poll, &namespace, &life).await;
    let little = ["--smartcar-bucket", "4", "--smartcar-bucket-per-minute", "1"];
    start_scheduler_with(&little, &database.url, &namespace, &life).await;
    let mut asked = jobs.all().await;
    asked.sort_unstable();
    let mut longest = [cars[0], cars[4]];
    longest.sort_unstable();
    assert_eq!(asked, longest, "half of the bucket");
    assert_eq!(ask(&database.pool, "SELECT count(wanted_since)::text FROM poll_plans").await, ["3"]);

    database.pool.execute("UPDATE poll_plans SET wanted_since = wanted_since - interval '2 days', next_poll_at = now() WHERE wanted_since IS NOT NULL").await.unwrap();
    eventually(PATIENCE, "a day's poll is counted as lost", async || {
        metrics.render().contains("scheduler_polls_shed_total 3")
    })
    .await;
    drop(jobs);
    life.shut_down().await;
    start_again_and_watch(&database.url, &namespace).await;
    database.close().await;
}

/// A scheduler tells how many cars wait as soon as it starts.
async fn start_again_and_watch(database_url: &str, namespace: &str) {
    let metrics = runtime::metrics::install().unwrap();
    let life = Lifecycle::new(Duration::from_secs(5));
    start_scheduler_with(
        &["--smartcar-bucket", "1", "--smartcar-bucket-per-minute", "1"],
        database_url,
        namespace,
        &life,
    )
    .await;
    eventually(PATIENCE, "the waiting cars are counted", async || {
        metrics.render().lines().any(|line| {
            let wanted = line.strip_prefix("scheduler_polls_wanted ");
            wanted.is_some_and(|wanted| (1.0..=3.0).contains(&wanted.parse::<f64>().unwrap()))
        })
    })
    .await;
    life.shut_down().await;
}

#[tokio::test]
async fn a_car_whose_month_is_used_up_is_left_alone() {
    let (database, namespace) = (harness::database().await, harness::namespace());
    let life = Lifecycle::new(Duration::from_secs(5));
    let cars = cars(&database.pool, 2).await;
    sqlx::query("INSERT INTO api_usage VALUES ($1, date_trunc('month', now() AT TIME ZONE 'UTC')::date, 8)")
        .bind(cars[0])
        .execute(&database.pool)
        .await
        .unwrap();
    database.pool.execute("UPDATE poll_plans SET next_poll_at = now()").await.unwrap();
    let mut jobs = Jobs::open(JobKind::Poll, &namespace, &life).await;
    start_scheduler_with(&["--smartcar-calls-per-vehicle", "10"], &database.url, &namespace, &life).await;
    assert_eq!(jobs.all().await, [cars[1]]);
    drop(jobs);
    life.shut_down().await;
    database.close().await;
}

#[tokio::test]
async fn very_many_cars_are_looked_at_in_one_turn() {
    let (database, namespace) = (harness::database().await, harness::namespace());
    let life = Lifecycle::new(Duration::from_secs(5));
    database
        .pool
        .execute(
            "WITH person AS (INSERT INTO auth.users DEFAULT VALUES RETURNING id),
               car AS (INSERT INTO cars (user_id, name) SELECT id, 'a car' FROM person, generate_series(1, 30000) RETURNING id)
             INSERT INTO smartcar_vehicles (car_id, smartcar_vehicle_id, smartcar_user_id) SELECT id, id::text, 'u' FROM car;
             UPDATE poll_plans SET next_poll_at = now() - random() * interval '2 hours',
               last_polled_at = now() - interval '1 hour'",
        )
        .await
        .unwrap();
    start_scheduler(&database.url, &namespace, &life).await;
    eventually(PATIENCE, "each has its next time within the day", async || {
        ask(&database.pool, "SELECT count(*)::text FROM poll_plans WHERE next_poll_at <= now()").await
            == ["0"]
    })
    .await;
    let hours = "SELECT count(DISTINCT date_trunc('hour', next_poll_at))::text FROM poll_plans";
    let hours: u32 = ask(&database.pool, hours).await[0].parse().unwrap();
    assert!(hours >= 24, "spread over {hours} hours");
    life.shut_down().await;
    database.close().await;
}
