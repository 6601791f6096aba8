//! What has a time limit leaves when its time is over, and no sooner. (Retention is 30 days here.)

use std::time::Duration;

use harness::{TestDatabase, eventually};
use runtime::lifecycle::Lifecycle;
use sqlx::Executor;

use crate::support::{PATIENCE, start_scheduler};

/// Some schedulers on a database of their own.
struct Schedulers {
    life: Lifecycle,
    database: TestDatabase,
}

impl Schedulers {
    async fn start(database: TestDatabase, how_many: usize) -> Self {
        let (life, namespace) = (Lifecycle::new(Duration::from_secs(5)), harness::namespace());
        for _ in 0..how_many {
            start_scheduler(&database.url, &namespace, &life).await;
        }
        Self { life, database }
    }

    async fn texts(&self, query: &'static str) -> Vec<String> {
        sqlx::query_scalar(query).fetch_all(&self.database.pool).await.unwrap()
    }

    async fn leave(&self, query: &'static str, left: &[&str]) {
        eventually(PATIENCE, &format!("{query} gives {left:?}"), async || self.texts(query).await == left)
            .await;
    }

    async fn stop(self) {
        self.life.shut_down().await;
        self.database.close().await;
    }
}

/// Partitions for some days long ago and for some that are not, each with an event; and events without a partition.
const EVENTS: &str = "
    SELECT carvetka_make_partition('webhook_events', 'received_at',
      'webhook_events_' || to_char(day AT TIME ZONE 'UTC', 'YYYYMMDD'), day, day + interval '1 day')
    FROM (SELECT date_trunc('day', now() - make_interval(days => ago), 'UTC') AS day
          FROM unnest(ARRAY[25, 28, 33, 34, 35, 36, 50]) AS ago) AS days;
    INSERT INTO webhook_events (id, event_id, event_type, source, vehicle_id, body, waiting, processed, received_at)
    SELECT gen_random_uuid(), 'of day ' || ago, 'x', 'webhook', 'v', '', '{nobody}', false,
      now() - make_interval(days => ago)
    FROM unnest(ARRAY[0, 1, 25, 27, 28, 33, 34, 35, 36, 50, 60]) AS ago;";

/// Claims: those of more than 33 days ago are not needed any more.
const CLAIMS: &str = "
    INSERT INTO event_claims (event_id, claimed_at)
    SELECT 'of day ' || ago || ' ' || n, now() - make_interval(days => ago)
    FROM unnest(ARRAY[0, 29, 32, 34, 400]) AS ago, generate_series(1, CASE ago WHEN 400 THEN 5000 ELSE 1 END) AS n;";

const EVENTS_LEFT: &str = "SELECT event_id FROM webhook_events ORDER BY received_at";
const CLAIMS_LEFT: &str = "SELECT event_id FROM event_claims ORDER BY claimed_at";

#[tokio::test]
async fn events_and_later_the_claims_on_them_leave_whoever_of_two_schedulers_is_quicker() {
    let database = harness::database().await;
    database.pool.execute(EVENTS).await.unwrap();
    database.pool.execute(CLAIMS).await.unwrap();
    let schedulers = Schedulers::start(database, 2).await;
    schedulers.leave(EVENTS_LEFT, &["of day 28", "of day 27", "of day 25", "of day 1", "of day 0"]).await;
    schedulers.leave(CLAIMS_LEFT, &["of day 32 1", "of day 29 1", "of day 0 1"]).await;
    let partitions = "SELECT count(*)::text FROM pg_inherits WHERE inhparent = 'webhook_events'::regclass
          AND inhrelid::regclass::text
            < 'webhook_events_' || to_char((now() - interval '31 days') AT TIME ZONE 'UTC', 'YYYYMMDD')";
    schedulers.leave(partitions, &["0"]).await;
    schedulers.stop().await;
}

#[tokio::test]
async fn claims_stay_as_long_as_events_cannot_go() {
    let database = harness::database().await;
    database.pool.execute(EVENTS).await.unwrap();
    database.pool.execute(CLAIMS).await.unwrap();
    let metrics = runtime::metrics::install().unwrap();
    let mut reader = database.pool.begin().await.unwrap();
    reader.execute("SELECT FROM webhook_events").await.unwrap();
    let schedulers = Schedulers::start(database, 1).await;
    eventually(PATIENCE, "the events were found busy", async || {
        metrics.render().contains("scheduler_expiry_postponed_total 1")
    })
    .await;
    assert_eq!(schedulers.texts(EVENTS_LEFT).await.len(), 11);
    assert_eq!(schedulers.texts("SELECT count(*)::text FROM event_claims").await, ["5004"]);
    reader.rollback().await.unwrap();
    schedulers.stop().await;
}

#[tokio::test]
async fn what_a_person_settled_is_deleted_and_what_waits_for_a_person_loses_only_its_positions() {
    let database = harness::database().await;
    let place = r#"{"data":{"signals":[{"code":"location-preciselocation","group":"Location","body":{"latitude":48.2082,"longitude":16.3738}},{"code":"odometer-traveleddistance","body":{"value":120.5,"unit":"km"}}]}}"#;
    let broken = r#"{"latitude":48.2082,"#;
    let plain = r#"{ "kept" : "as it came" }"#;
    for (key, state, body, days) in [
        ("replayed long ago", "replayed", plain, 31),
        ("discarded long ago", "discarded", plain, 31),
        ("replayed lately", "replayed", plain, 29),
        ("waits", "parked", place, 31),
        ("waits broken", "parked", broken, 31),
        ("waits without a place", "parked", plain, 31),
        ("waits since lately", "parked", place, 29),
    ] {
        sqlx::query(
            "INSERT INTO parked_messages (id, queue, message_key, why, body, headers, state, parked_at, settled_at)
             SELECT gen_random_uuid(), 'events', $1, 'a test', $3, '{}', $2::parked_state, at,
               CASE WHEN $2 <> 'parked' THEN at END
             FROM (SELECT now() - make_interval(days => $4) AS at) AS moment",
        )
        .bind(key)
        .bind(state)
        .bind(body.as_bytes())
        .bind(days)
        .execute(&database.pool)
        .await
        .unwrap();
    }
    let schedulers = Schedulers::start(database, 2).await;
    schedulers
        .leave(
            "SELECT message_key FROM parked_messages WHERE without_positions_since IS NOT NULL ORDER BY message_key",
            &["waits", "waits broken", "waits without a place"],
        )
        .await;
    schedulers
        .leave(
            "SELECT message_key FROM parked_messages ORDER BY message_key",
            &["replayed lately", "waits", "waits broken", "waits since lately", "waits without a place"],
        )
        .await;
    let bodies = schedulers
        .texts("SELECT convert_from(body, 'UTF8') FROM parked_messages WHERE state = 'parked' ORDER BY message_key")
        .await;
    assert!(!bodies[0].contains("48.2082") && bodies[0].contains("120.5"), "{}", bodies[0]);
    assert!(!bodies[1].contains("48.2082"), "{}", bodies[1]);
    assert_eq!(bodies[2..], [place, plain]);
    let hashes = "SELECT message_key FROM parked_messages WHERE original_sha256 = sha256($$";
    let hashes: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("{hashes}{place}$$::bytea)")))
        .fetch_all(&schedulers.database.pool)
        .await
        .unwrap();
    assert_eq!(hashes, ["waits"]);
    schedulers.stop().await;
}

#[tokio::test]
async fn attempts_to_connect_and_counts_of_calls_leave_when_nobody_needs_them_any_more() {
    let database = harness::database().await;
    database
        .pool
        .execute(
            "INSERT INTO api_usage (vehicle_id, month, calls)
             SELECT gen_random_uuid(), date_trunc('month', now() - make_interval(months => ago))::date, ago
             FROM unnest(ARRAY[0, 1, 12, 14, 40]) AS ago;
             WITH person AS (INSERT INTO auth.users DEFAULT VALUES RETURNING id),
               car AS (INSERT INTO cars (user_id, name) SELECT id, 'a car' FROM person RETURNING id, user_id)
             INSERT INTO connect_attempts (state_hash, browser_hash, user_id, car_id, api_version, external_id, scopes,
               location_consent, popup, created_at, expires_at)
             SELECT sha256(convert_to(hours::text, 'UTF8')), sha256(''), user_id, id, 'v3', hours::text, '{}', false, false,
               now(), now() - make_interval(hours => hours)
             FROM car, unnest(ARRAY[-1, 1, 23, 25, 1000]) AS hours",
        )
        .await
        .unwrap();
    let schedulers = Schedulers::start(database, 2).await;
    schedulers.leave("SELECT calls::text FROM api_usage ORDER BY calls", &["0", "1", "12"]).await;
    let attempts = "SELECT external_id FROM connect_attempts ORDER BY expires_at DESC";
    schedulers.leave(attempts, &["-1", "1", "23"]).await;
    schedulers.stop().await;
}

#[tokio::test]
async fn the_age_of_what_lies_in_the_spool_is_measured() {
    let database = harness::database().await;
    database
        .pool
        .execute(
            "INSERT INTO ingest_spool (event_id, source, received_at, body, spooled_at)
             VALUES ('e-1', 'webhook', now(), '', now() - interval '1000 seconds'), ('e-2', 'webhook', now(), '', now())",
        )
        .await
        .unwrap();
    let metrics = runtime::metrics::install().unwrap();
    let schedulers = Schedulers::start(database, 1).await;
    eventually(PATIENCE, "the oldest delivery's age is told", async || {
        metrics.render().lines().any(|line| {
            let age = line.strip_prefix("scheduler_spool_oldest_seconds ");
            age.is_some_and(|age| (1000.0..1300.0).contains(&age.parse::<f64>().unwrap()))
        })
    })
    .await;
    schedulers.stop().await;
}
