//! A message that ends the process of whoever takes it. The product has none that we know of, so the test ends the
//! process by its own hand whenever the message is being stored.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use harness::Process;
use serde_json::json;
use sqlx::PgPool;

use crate::installation::{Installation, PATIENCE, connect};
use crate::ledger;

const POISON: &str = "poison";
const PARKED: &str = "SELECT count(*) FROM parked_messages";
const HEALTHY: &str = "SELECT count(*) FROM webhook_events WHERE processed AND event_id LIKE 'healthy-%'";
/// Once among its neighbours, and apart until the broker has counted more than three returns.
const MOST_CRASHES: u32 = 5;

#[tokio::test]
async fn a_message_that_crashes_its_worker_is_parked_and_takes_no_neighbour_along() {
    let database = harness::database().await;
    let installation = Installation::on(&database, &harness::amqp_url()).await;
    linger_over_the_poison(&installation.pool).await;
    for car in 0..4 {
        connect(&installation.pool, &vehicle(car), "user", &vehicle(car)).await;
    }
    // All of them lie in the queue before the first worker looks, so that the poison has neighbours.
    for number in 0..200 {
        let id = if number == 60 { POISON.to_owned() } else { format!("healthy-{number}") };
        assert_eq!(installation.post(&body(&id, number)).await, 200);
    }

    // What took the second way is not counted by the broker, and not what this test is about.
    assert_eq!(installation.count("SELECT count(*) FROM ingest_spool").await, 0, "the broker is too slow");

    let mut workers: BTreeMap<String, Process> = BTreeMap::new();
    for name in ["one", "other"] {
        workers.insert(name.to_owned(), named_worker(&installation, name));
    }
    let mut crashes = 0;
    harness::eventually(PATIENCE, "the poison is parked and all others are stored", async || {
        if let Some((session, name)) = who_has_it_in_hand(&installation.pool).await {
            workers.get_mut(&name).unwrap().kill_9();
            end(&installation.pool, session).await;
            crashes += 1;
            workers.insert(name.clone(), named_worker(&installation, &name));
        }
        installation.count(PARKED).await == 1 && installation.count(HEALTHY).await == 199
    })
    .await;
    assert!((2..=MOST_CRASHES).contains(&crashes), "{crashes} crashes");
    assert_eq!(installation.count("SELECT count(*) FROM webhook_events").await, 199);
    assert_eq!(installation.count("SELECT count(*) FROM meter_entries").await, 199);
    ledger::book_follows_from_the_readings(&installation.pool).await;
    let parked: Vec<(String, Vec<u8>)> = sqlx::query_as("SELECT message_key, body FROM parked_messages")
        .fetch_all(&installation.pool)
        .await
        .unwrap();
    assert_eq!(parked, [(POISON.to_owned(), body(POISON, 60))]);
    drop(workers);
    database.close().await;
}

/// The spool has no broker that counts: workers count for themselves, beforehand.
#[tokio::test]
async fn a_spooled_message_that_crashes_its_worker_is_parked_and_takes_no_neighbour_along() {
    let database = harness::database().await;
    let installation = Installation::on(&database, &harness::amqp_url()).await;
    linger_over_the_poison(&installation.pool).await;
    connect(&installation.pool, &vehicle(0), "user", &vehicle(0)).await;
    for number in 0..20 {
        let id = if number == 6 { POISON.to_owned() } else { format!("healthy-{number}") };
        spool(&installation.pool, &id, &body(&id, number * 4)).await;
    }
    let mut worker = named_worker(&installation, "one");
    let mut crashes = 0;
    harness::eventually(PATIENCE, "the poison is parked and all others are stored", async || {
        if let Some((session, _)) = who_has_it_in_hand(&installation.pool).await {
            worker.kill_9();
            end(&installation.pool, session).await;
            crashes += 1;
            worker = named_worker(&installation, "one");
        }
        installation.count(PARKED).await == 1 && installation.count(HEALTHY).await == 19
    })
    .await;
    assert!((2..=MOST_CRASHES).contains(&crashes), "{crashes} crashes");
    assert_eq!(installation.count("SELECT count(*) FROM meter_entries").await, 19);
    assert_eq!(installation.count("SELECT count(*) FROM ingest_spool_returns").await, 0);
    ledger::book_follows_from_the_readings(&installation.pool).await;
    drop(worker);
    database.close().await;
}

/// What the door writes when the broker does not confirm.
async fn spool(pool: &PgPool, id: &str, body: &[u8]) {
    sqlx::query(
        "INSERT INTO ingest_spool (event_id, source, received_at, body, spooled_at) VALUES ($1, 'webhook', now(), $2, now())",
    )
    .bind(id)
    .bind(body)
    .execute(pool)
    .await
    .unwrap();
}

/// Whoever stores the poison stays in the middle of its transaction for as long as the test needs.
async fn linger_over_the_poison(pool: &PgPool) {
    sqlx::raw_sql(
        "CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN PERFORM pg_sleep(3600); RETURN NEW; END $$;
         CREATE TRIGGER linger BEFORE INSERT ON webhook_events FOR EACH ROW
         WHEN (NEW.event_id = 'poison') EXECUTE FUNCTION linger();",
    )
    .execute(pool)
    .await
    .unwrap();
}

/// The session that lingers, and the worker that it belongs to.
async fn who_has_it_in_hand(pool: &PgPool) -> Option<(i32, String)> {
    sqlx::query_as(
        "SELECT pid, application_name FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event = 'PgSleep'",
    )
    .fetch_optional(pool)
    .await
    .unwrap()
}

/// A session that sleeps does not see that its client is dead. Gone when this returns.
async fn end(pool: &PgPool, session: i32) {
    harness::eventually(PATIENCE, "the session of the dead worker is gone", async || {
        let there = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid = $1";
        sqlx::query_scalar::<_, i64>(there).bind(session).fetch_one(pool).await.unwrap() == 0
    })
    .await;
}

fn named_worker(installation: &Installation, name: &str) -> Process {
    let mut command = installation.worker_command();
    command.env("PGAPPNAME", name);
    Process::start(command)
}

fn vehicle(car: usize) -> String {
    format!("vehicle-{car}")
}

/// Each body tells of another moment, so that each healthy one is an entry of its own.
fn body(id: &str, number: usize) -> Vec<u8> {
    let minutes = i64::try_from(number).unwrap() * 10;
    let at = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(20_500) + TimeDelta::minutes(minutes);
    let signal = json!({
        "code": "odometer-traveleddistance", "status": { "value": "SUCCESS" },
        "body": { "value": 1000 + number, "unit": "km" }, "meta": { "oemUpdatedAt": at.timestamp_millis() },
    });
    let body = json!({
        "eventId": id, "eventType": "VEHICLE_STATE",
        "data": { "user": { "id": "user" }, "vehicle": { "id": vehicle(number % 4) }, "signals": [signal] },
        "triggers": [], "meta": { "version": "4.0" },
    });
    body.to_string().into_bytes()
}
