//! Programs and servers die under load; nothing is lost and nothing is doubled.

use std::time::Duration;

use harness::Services;
use simulator::{Faults, Options, Simulator};
use tokio::time::sleep;

use crate::installation::{Installation, PATIENCE};
use crate::ledger;

/// What the platform's network does on an ordinary bad day.
pub fn a_bad_day() -> Faults {
    Faults { duplicates: 0.2, shuffle: chrono::TimeDelta::hours(3), ..Faults::none() }
}

/// Starts the simulation paused in effect: its cars are connected before the first of them reports.
pub async fn simulate(installation: &Installation, options: Options) -> Simulator {
    let simulation = Simulator::start(options).await.unwrap();
    simulation.pause();
    installation.connect(&simulation.fleet()).await;
    simulation.resume();
    simulation
}

#[tokio::test]
async fn a_worker_killed_in_mid_batch_loses_and_doubles_nothing() {
    let database = harness::database().await;
    let installation = Installation::on(&database, &harness::amqp_url()).await;
    let mut workers = vec![installation.worker(), installation.worker()];
    let options = Options { faults: a_bad_day(), ..installation.options(20, 14, 10.0) };
    let simulation = simulate(&installation, options).await;
    for kill in 0..8 {
        sleep(Duration::from_millis(700 + 137 * kill)).await;
        let mut victim = workers.remove(0);
        victim.kill_9();
        workers.push(installation.worker());
    }
    tokio::time::timeout(PATIENCE, simulation.finished()).await.unwrap();
    let ledger = simulation.stop().await;
    ledger::holds(&installation, &ledger).await;
    drop(workers);
    database.close().await;
}

#[tokio::test]
async fn a_broker_restarted_under_load_closes_no_door_loses_and_doubles_nothing() {
    let (database, services) = (harness::database().await, Services::private_rabbitmq().await);
    let installation = Installation::on(&database, &services.amqp_url()).await;
    let workers = [installation.worker(), installation.worker()];
    let options = Options { faults: a_bad_day(), ..installation.options(20, 14, 30.0) };
    let simulation = simulate(&installation, options).await;
    sleep(Duration::from_secs(5)).await;
    services.stop("rabbitmq").await;
    sleep(Duration::from_secs(2)).await;
    services.start("rabbitmq").await;
    tokio::time::timeout(PATIENCE, simulation.finished()).await.unwrap();
    let ledger = simulation.stop().await;
    let counts = ledger.counts();
    assert_eq!(
        (counts.attempts, counts.given_up),
        (counts.events + counts.duplicates, 0),
        "what the broker did not take went to the spool, and nobody was sent away: {counts:?}"
    );
    ledger::holds(&installation, &ledger).await;
    drop(workers);
    database.close().await;
}

#[tokio::test]
async fn a_database_restarted_under_load_loses_nothing_and_parks_nothing() {
    let services = Services::private_postgres().await;
    let database = harness::TestDatabase::on(&services.database_url()).await;
    let installation = Installation::on(&database, &harness::amqp_url()).await;
    let workers = [installation.worker(), installation.worker()];
    let simulation = simulate(&installation, installation.options(20, 14, 15.0)).await;
    for _ in 0..2 {
        sleep(Duration::from_secs(3)).await;
        services.kill("postgres").await;
        sleep(Duration::from_secs(1)).await;
        services.start("postgres").await;
    }
    tokio::time::timeout(PATIENCE, simulation.finished()).await.unwrap();
    let ledger = simulation.stop().await;
    assert_eq!(ledger.counts().given_up, 0, "the door needs no database: {:?}", ledger.counts());
    ledger::holds(&installation, &ledger).await;
    drop(workers);
    database.close().await;
}

#[tokio::test]
async fn a_worker_that_is_told_to_stop_finishes_what_it_has_in_hand() {
    let database = harness::database().await;
    let installation = Installation::on(&database, &harness::amqp_url()).await;
    let mut worker = installation.worker();
    let simulation = simulate(&installation, installation.options(20, 14, 5.0)).await;
    sleep(Duration::from_secs(2)).await;
    worker.terminate();
    let status = worker.wait(Duration::from_secs(10)).await;
    assert!(status.success(), "{status}: {}", worker.output());
    let another = installation.worker();
    tokio::time::timeout(PATIENCE, simulation.finished()).await.unwrap();
    let ledger = simulation.stop().await;
    ledger::holds(&installation, &ledger).await;
    drop(another);
    database.close().await;
}
