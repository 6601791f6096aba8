//! Servers that stay up and misbehave: sessions ended, memory short, a queue deleted.

use std::time::Duration;

use harness::Services;
use simulator::Simulator;
use tokio::time::{sleep, timeout};

use crate::faults::simulate;
use crate::installation::{Installation, PATIENCE};
use crate::ledger;
use crate::length::strikes;

const STORED: &str = "SELECT count(*) FROM webhook_events";

#[tokio::test]
async fn sessions_that_the_database_ends_at_random_lose_and_park_nothing() {
    let database = harness::database().await;
    let installation = Installation::on(&database, &harness::amqp_url()).await;
    let workers = [installation.worker(), installation.worker()];
    let ends = strikes(60, 600);
    let simulation = simulate(&installation, installation.options(20, 14, f64::from(ends) * 0.12)).await;
    // Those that are at work first: between two transactions it is easy to be ended.
    let end_one = "SELECT count(*) FROM (
                       SELECT pid, state FROM pg_stat_activity
                       WHERE datname = current_database() AND pid <> pg_backend_pid()
                       ORDER BY state = 'idle', random() LIMIT 1) AS victim
                   WHERE pg_terminate_backend(pid) AND state <> 'idle'";
    let mut at_work = 0;
    for _ in 0..ends {
        sleep(Duration::from_millis(100)).await;
        at_work += installation.count(end_one).await;
    }
    assert!(at_work > 0, "nobody was interrupted");
    timeout(PATIENCE, simulation.finished()).await.unwrap();
    let ledger = simulation.stop().await;
    ledger::holds(&installation, &ledger).await;
    drop(workers);
    database.close().await;
}

#[tokio::test]
async fn a_broker_short_of_memory_closes_no_door_and_stops_no_worker() {
    let (database, services) = (harness::database().await, Services::private_rabbitmq().await);
    let installation = Installation::on(&database, &services.amqp_url()).await;
    let simulation = simulate(&installation, installation.options(20, 14, 15.0)).await;
    accepted(&simulation, 100).await;
    services.ctl(&["set_vm_memory_high_watermark", "0"]).await;
    let before = simulation.ledger().counts().accepted;
    // More than what was already on its way into the queue.
    accepted(&simulation, before + 100).await;
    let spooled = installation.door_counts(r#"ingest_kept_total{way="spool"}"#).await;
    assert!(spooled > 0, "the spool was not needed");

    let workers = [installation.worker(), installation.worker()];
    let events = format!("{}.events\t0", installation.namespace);
    harness::eventually(PATIENCE, "the backlog is stored and acknowledged during the alarm", async || {
        let queues = services.ctl(&["list_queues", "--quiet", "name", "messages"]).await;
        queues.lines().any(|line| line == events)
    })
    .await;
    assert!(installation.count(STORED).await >= 100);
    services.ctl(&["set_vm_memory_high_watermark", "0.4"]).await;
    timeout(PATIENCE, simulation.finished()).await.unwrap();
    let ledger = simulation.stop().await;
    assert_eq!(ledger.counts().given_up, 0, "{:?}", ledger.counts());
    ledger::holds(&installation, &ledger).await;
    drop(workers);
    database.close().await;
}

/// What is in a queue is lost by the hand that deletes it: here it is empty.
#[tokio::test]
async fn a_queue_deleted_under_its_consumers_is_made_again_and_consumed() {
    let (database, services) = (harness::database().await, Services::private_rabbitmq().await);
    let installation = Installation::on(&database, &services.amqp_url()).await;
    let workers = [installation.worker(), installation.worker()];
    let simulation = simulate(&installation, installation.options(20, 14, 6.0)).await;
    accepted(&simulation, 100).await;
    simulation.pause();
    harness::eventually(PATIENCE, "nothing is under way", async || {
        let counts = simulation.ledger().counts();
        counts.in_flight == 0 && installation.count(STORED).await == i64::try_from(counts.accepted).unwrap()
    })
    .await;

    let name = format!("{}.events", installation.namespace);
    services.ctl(&["delete_queue", &name]).await;
    // Two workers with two lanes each.
    let consumed = format!("{name}\t4");
    harness::eventually(PATIENCE, "the queue is consumed again", async || {
        let queues = services.ctl(&["list_queues", "--quiet", "name", "consumers"]).await;
        queues.lines().any(|line| line == consumed)
    })
    .await;
    simulation.resume();
    timeout(PATIENCE, simulation.finished()).await.unwrap();
    let ledger = simulation.stop().await;
    ledger::holds(&installation, &ledger).await;
    drop(workers);
    database.close().await;
}

/// Waits until the door has taken so many events.
async fn accepted(simulation: &Simulator, number: usize) {
    harness::eventually(PATIENCE, "the door has taken some events", async || {
        simulation.ledger().counts().accepted >= number
    })
    .await;
}
