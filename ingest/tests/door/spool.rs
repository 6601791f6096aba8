//! The second way: while the broker does not confirm, deliveries are committed to the database and answered 200.

use std::time::Duration;

use harness::TestDatabase;
use harness::proxy::Proxy;
use tokio::task::JoinSet;

use crate::fixture::{Fixture, GENEROUS, SECRET, STATE, STATE_ID, sign};

const TRIED_IN_VAIN: &str = r#"broker_published_total{outcome="unknown"}"#;

/// A broker that is not there, and a door that knows the way to this database.
async fn without_a_broker(database_url: &str, arguments: &[&str]) -> (Proxy, Fixture) {
    let broker = Proxy::to(&harness::amqp_url()).await;
    broker.refuse();
    let arguments = [&["--database-url", database_url], arguments].concat();
    let door = Fixture::just_opened(broker.url(), &arguments).await;
    (broker, door)
}

/// A door with both ways open, and the wire to its broker.
async fn with_both_ways(database: &TestDatabase, arguments: &[&str]) -> (Proxy, Fixture) {
    let broker = Proxy::to(&harness::amqp_url()).await;
    let arguments = [&["--database-url", &database.url], arguments].concat();
    let door = Fixture::just_opened(broker.url(), &arguments).await;
    // It is ready with one of them already, and connected before it can publish.
    harness::eventually(GENEROUS, "the spool is open", async || door.metric("ingest_spool_open").await > 0.0)
        .await;
    go_to_the_queue_again(&door).await;
    door.take(door.queued().await).await;
    sqlx::query("DELETE FROM ingest_spool").execute(&database.pool).await.unwrap();
    (broker, door)
}

/// Waits until the broker keeps deliveries again. Nobody has to ask for that: one that tries finds out.
async fn go_to_the_queue_again(door: &Fixture) {
    let queued = r#"ingest_kept_total{way="queue"}"#;
    let before = door.metric(queued).await;
    harness::eventually(GENEROUS, "deliveries go to the queue again", async || {
        assert_eq!(door.deliver(STATE).await.status(), 200);
        door.metric(queued).await > before
    })
    .await;
}

/// What lies in the spool, oldest first.
async fn spooled(database: &TestDatabase) -> Vec<(String, Vec<u8>)> {
    sqlx::query_as("SELECT event_id, body FROM ingest_spool WHERE source = 'webhook' ORDER BY id")
        .fetch_all(&database.pool)
        .await
        .unwrap()
}

async fn is_refused(door: &Fixture) {
    let answer = door.deliver(STATE).await;
    assert_eq!(answer.status(), 503);
    assert_eq!(answer.headers()["retry-after"], "5");
    let said = answer.text().await.unwrap();
    assert!(said.contains("into the queue") && said.contains("nor into the spool"), "{said}");
}

#[tokio::test]
async fn while_the_broker_is_away_deliveries_are_spooled_at_once_and_the_door_is_ready() {
    let database = harness::database().await;
    let (broker, door) = without_a_broker(&database.url, &[]).await;
    door.becomes_ready().await;
    let answer = door.deliver(STATE).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.text().await.unwrap(), r#"{"status":"accepted"}"#);

    assert_eq!(spooled(&database).await, [(STATE_ID.to_owned(), STATE.as_bytes().to_vec())]);
    assert!(door.metric(r#"ingest_kept_total{way="spool"}"#).await > 0.0);
    assert!(door.metric("ingest_spool_seconds_count").await > 0.0);
    assert!(
        door.metric(r#"broker_published_total{outcome="unavailable"}"#).await < 1.0,
        "nobody waited for a broker that is known to be away"
    );

    broker.accept();
    go_to_the_queue_again(&door).await;
}

#[tokio::test]
async fn what_the_broker_does_not_confirm_in_time_is_spooled_though_it_may_have_arrived() {
    let database = harness::database().await;
    let (broker, door) = with_both_ways(&database, &["--confirm-ms", "300"]).await;
    broker.freeze_answers();
    assert_eq!(door.deliver(STATE).await.status(), 200);
    assert!(door.metric(TRIED_IN_VAIN).await > 0.0);
    assert_eq!(spooled(&database).await.len(), 1);
    door.becomes_ready().await;

    broker.thaw();
    let arrived = door.take(1).await;
    assert_eq!(arrived[0].delivery().unwrap().event_id, STATE_ID, "the worker knows the two by their id");
}

#[tokio::test]
async fn a_broker_that_does_not_confirm_costs_few_deliveries_their_patience() {
    let database = harness::database().await;
    let (broker, door) = with_both_ways(&database, &["--confirm-ms", "100"]).await;
    broker.freeze_answers();
    for _ in 0..40 {
        assert_eq!(door.deliver(STATE).await.status(), 200);
    }
    assert_eq!(spooled(&database).await.len(), 40);
    let tried = door.metric(TRIED_IN_VAIN).await;
    assert!((1.0..40.0).contains(&tried), "{tried} of 40 waited for the broker");

    broker.thaw();
    go_to_the_queue_again(&door).await;
}

#[tokio::test]
async fn only_with_both_ways_closed_it_is_503_and_either_of_them_opens_the_door_again() {
    let database = harness::database().await;
    let spool = Proxy::to(&database.url).await;
    spool.refuse();
    let (broker, door) = without_a_broker(spool.url(), &["--confirm-ms", "300", "--spool-ms", "300"]).await;
    door.becomes_unready("no connection to the broker; and the spool cannot be written").await;
    assert_eq!(door.get("/healthz").await.status(), 200, "a restart would not help");
    is_refused(&door).await;
    assert_eq!(door.claim(STATE, &sign("another", STATE)).await, 401, "a forgery is one all the same");

    spool.accept();
    door.becomes_ready().await;
    assert_eq!(door.claim(STATE, &sign(SECRET, STATE)).await, 200);
    assert_eq!(spooled(&database).await.len(), 1);

    spool.refuse();
    door.becomes_unready("the spool cannot be written").await;
    broker.accept();
    door.becomes_ready().await;
    assert_eq!(door.deliver(STATE).await.status(), 200);
    door.take(1).await;
}

#[tokio::test]
async fn a_database_that_stands_still_keeps_nobody_waiting_and_is_used_again() {
    let database = harness::database().await;
    let spool = Proxy::to(&database.url).await;
    let (_broker, door) = without_a_broker(spool.url(), &["--confirm-ms", "300", "--spool-ms", "300"]).await;
    door.becomes_ready().await;
    spool.freeze();
    is_refused(&door).await;
    door.becomes_unready("the spool cannot be written").await;
    assert!(door.metric(r#"ingest_spool_failures_total{reason="late"}"#).await > 0.0);

    spool.thaw();
    door.becomes_ready().await;
    assert_eq!(door.deliver(STATE).await.status(), 200);
}

#[tokio::test]
async fn a_database_that_restarts_between_two_deliveries_is_not_noticed() {
    let database = harness::database().await;
    let spool = Proxy::to(&database.url).await;
    let (_broker, door) = without_a_broker(spool.url(), &[]).await;
    door.becomes_ready().await;
    for _ in 0..10 {
        assert_eq!(door.deliver(STATE).await.status(), 200);
        spool.cut();
    }
    assert!(spooled(&database).await.len() >= 10);
}

#[tokio::test]
async fn without_a_need_for_it_a_missing_database_closes_nothing() {
    let arguments = ["--database-url", "postgres://nobody@127.0.0.1:1/nothing"];
    let door = Fixture::new(&arguments).await;
    assert_eq!(door.deliver(STATE).await.status(), 200);
    door.take(1).await;
    assert_eq!(door.get("/readyz").await.status(), 200);
    assert!(door.metric("ingest_spool_open").await < 1.0);
}

#[tokio::test]
async fn a_database_without_the_table_is_no_way() {
    let database = harness::database().await;
    sqlx::query("DROP TABLE ingest_spool").execute(&database.pool).await.unwrap();
    let (_broker, door) =
        without_a_broker(&database.url, &["--confirm-ms", "100", "--spool-ms", "100"]).await;
    door.becomes_unready("the spool cannot be written").await;
    is_refused(&door).await;
}

#[tokio::test]
async fn those_who_wait_together_are_committed_together() {
    const MANY: usize = 600;
    let database = harness::database().await;
    let (_broker, door) = without_a_broker(&database.url, &["--requests-in-hand", "1000"]).await;
    door.becomes_ready().await;
    let mut senders = JoinSet::new();
    for number in 0..MANY {
        let body = STATE.replace(STATE_ID, &format!("event-{number}"));
        let request = door.post(body.clone()).header("SC-Signature", sign(SECRET, &body));
        senders.spawn(async move { request.send().await.unwrap().status() });
    }
    assert!(senders.join_all().await.iter().all(|status| *status == 200));

    let mut ids: Vec<String> = spooled(&database).await.into_iter().map(|(id, _)| id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), MANY);
    // Each commit has one moment for all its rows.
    let commits: i64 = sqlx::query_scalar("SELECT count(DISTINCT spooled_at) FROM ingest_spool")
        .fetch_one(&database.pool)
        .await
        .unwrap();
    assert!(usize::try_from(commits).unwrap() < MANY, "{commits} commits");
}

#[tokio::test]
async fn told_to_stop_it_still_commits_what_is_in_hand() {
    let database = harness::database().await;
    let spool = Proxy::to(&database.url).await;
    let (_broker, door) = without_a_broker(spool.url(), &[]).await;
    door.becomes_ready().await;
    spool.freeze_answers();
    let request = door.post(STATE).header("SC-Signature", sign(SECRET, STATE));
    let mut sending = JoinSet::new();
    sending.spawn(async move { request.send().await.unwrap().status() });
    harness::eventually(GENEROUS, "the delivery is in hand", async || {
        door.metric("ingest_requests_in_hand").await > 0.0
    })
    .await;
    door.life.stopping().cancel();
    tokio::time::sleep(Duration::from_millis(50)).await;
    spool.thaw();
    assert_eq!(sending.join_next().await.unwrap().unwrap(), 200);
    assert!(!spooled(&database).await.is_empty());
}
