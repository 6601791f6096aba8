//! What is due is asked for: once, by however many schedulers.

use std::time::Duration;

use broker::JobKind;
use runtime::lifecycle::Lifecycle;
use uuid::Uuid;

use crate::support::{Jobs, PATIENCE, connected_car, connected_car_called, start_scheduler};

#[tokio::test]
async fn a_marked_car_is_asked_for_once_by_two_schedulers() {
    let (database, namespace) = (harness::database().await, harness::namespace());
    let life = Lifecycle::new(Duration::from_secs(5));
    let vehicle = connected_car(&database.pool).await;
    sqlx::query("SELECT carvetka_mark_dirty($1, now(), 'a test')")
        .bind(vehicle)
        .execute(&database.pool)
        .await
        .unwrap();
    let mut jobs = Jobs::open(JobKind::Replay, &namespace, &life).await;
    start_scheduler(&database.url, &namespace, &life).await;
    start_scheduler(&database.url, &namespace, &life).await;
    assert_eq!(jobs.all().await, [vehicle]);
    drop(jobs);
    life.shut_down().await;
    database.close().await;
}

#[tokio::test]
async fn a_silent_car_whose_state_older_rules_folded_is_folded_by_todays() {
    let (database, namespace) = (harness::database().await, harness::namespace());
    let life = Lifecycle::new(Duration::from_secs(5));
    let vehicle = connected_car(&database.pool).await;
    let current = connected_car_called("v-2", &database.pool).await;
    let folded = "INSERT INTO vehicle_states (vehicle_id, day, settled_until, rules_version, state, tail)
                  VALUES ($1, '2026-03-01', '2026-03-01 12:00Z', $2, '{}', '[]')";
    sqlx::query(folded).bind(vehicle).bind(domain::RULES_VERSION - 1).execute(&database.pool).await.unwrap();
    sqlx::query(folded).bind(current).bind(domain::RULES_VERSION).execute(&database.pool).await.unwrap();
    start_scheduler(&database.url, &namespace, &life).await;
    let marked = async || {
        let marked: Vec<Uuid> = sqlx::query_scalar("SELECT vehicle_id FROM dirty_vehicles")
            .fetch_all(&database.pool)
            .await
            .unwrap();
        marked == [vehicle]
    };
    harness::eventually(PATIENCE, "the vehicle is marked", marked).await;
    life.shut_down().await;
    database.close().await;
}

#[tokio::test]
async fn an_event_that_came_before_its_car_was_connected_is_found_by_the_sweep() {
    let (database, namespace) = (harness::database().await, harness::namespace());
    let life = Lifecycle::new(Duration::from_secs(5));
    sqlx::query(
        "INSERT INTO webhook_events (id, event_id, event_type, source, vehicle_id, user_id, body, waiting, processed, received_at)
         VALUES (gen_random_uuid(), 'e-1', 'VEHICLE_STATE', 'webhook', 'v-1', 'u-1', '{}', '{v-1}', false, now()),
                (gen_random_uuid(), 'e-2', 'VEHICLE_STATE', 'webhook', 'v-1', 'somebody else', '{}', '{v-1}', false, now())",
    )
    .execute(&database.pool)
    .await
    .unwrap();
    start_scheduler(&database.url, &namespace, &life).await;
    let vehicle = connected_car(&database.pool).await;
    let marked = async || {
        let marked: Vec<Uuid> = sqlx::query_scalar("SELECT vehicle_id FROM dirty_vehicles")
            .fetch_all(&database.pool)
            .await
            .unwrap();
        marked == [vehicle]
    };
    harness::eventually(PATIENCE, "the vehicle is marked", marked).await;
    life.shut_down().await;
    database.close().await;
}

#[tokio::test]
async fn partitions_are_made_ahead_and_rows_of_the_default_one_move_into_theirs() {
    let (database, namespace) = (harness::database().await, harness::namespace());
    let life = Lifecycle::new(Duration::from_secs(5));
    let tomorrow = "webhook_events_' || to_char((now() + interval '1 day') AT TIME ZONE 'UTC', 'YYYYMMDD')";
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "DO $$ BEGIN EXECUTE 'DROP TABLE {tomorrow}; END $$;
         INSERT INTO webhook_events (id, event_id, event_type, source, vehicle_id, body, waiting, processed, received_at)
         VALUES (gen_random_uuid(), 'e-1', 'x', 'webhook', 'v', '', ARRAY[]::text[], true, now() + interval '1 day')"
    )))
    .execute(&database.pool)
    .await
    .unwrap();
    let in_default = async || -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM webhook_events_default")
            .fetch_one(&database.pool)
            .await
            .unwrap()
    };
    assert_eq!(in_default().await, 1);
    start_scheduler(&database.url, &namespace, &life).await;
    harness::eventually(PATIENCE, "the row moves", async || in_default().await == 0).await;
    let kept: i64 =
        sqlx::query_scalar("SELECT count(*) FROM webhook_events").fetch_one(&database.pool).await.unwrap();
    assert_eq!(kept, 1);
    life.shut_down().await;
    database.close().await;
}
