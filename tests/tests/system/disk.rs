//! Disks that are full: nobody is sent away, nothing is lost or parked, and with room all goes on without a hand.
//!
//! The servers keep their data on small file systems, which have to be mounted: that takes root, or a sudo that asks
//! no questions. Without them these tests fail and say so.

use std::time::Duration;

use harness::{Process, Services};
use simulator::Simulator;
use tokio::time::{sleep, timeout};

use crate::faults::simulate;
use crate::installation::{Installation, PATIENCE, counted};
use crate::ledger;

/// What a cluster with a few databases takes, and some more.
const OF_POSTGRES: u32 = 250;

/// The broker raises its alarm below 50 free ones.
const OF_RABBITMQ: u32 = 150;

const STORED: &str = "SELECT count(*) FROM webhook_events";

/// Until the first write fails for want of room.
#[tokio::test]
async fn a_database_with_a_full_disk_closes_no_door_and_goes_on_when_there_is_room() {
    let services = Services::private_postgres_on_disk(OF_POSTGRES).await;
    let database = harness::TestDatabase::on(&services.database_url()).await;
    let installation = Installation::on(&database, &harness::amqp_url()).await;
    let (workers, address) = two_workers(&installation).await;
    let simulation = simulate(&installation, installation.options(20, 14, 12.0)).await;
    more_are_accepted(&simulation).await;
    services.fill_disk(0);
    harness::eventually(PATIENCE, "the database has no room", async || {
        counted(&address, "worker_store_failures_total").await > 0
    })
    .await;
    more_are_accepted(&simulation).await;
    sleep(Duration::from_secs(2)).await;

    services.free_disk();
    // Without room for its log it may have ended altogether: then whoever supervises it starts it again.
    services.start("postgres").await;
    timeout(PATIENCE, simulation.finished()).await.unwrap();
    let ledger = simulation.stop().await;
    let counts = ledger.counts();
    assert_eq!(
        (counts.attempts, counts.given_up),
        (counts.events, 0),
        "the broker takes everything, and nobody was sent away: {counts:?}"
    );
    ledger::holds(&installation, &ledger).await;
    drop(workers);
    database.close().await;
}

#[tokio::test]
async fn a_broker_with_a_full_disk_closes_no_door_and_goes_on_when_there_is_room() {
    let (database, services) =
        (harness::database().await, Services::private_rabbitmq_on_disk(OF_RABBITMQ).await);
    let installation = Installation::on(&database, &services.amqp_url()).await;
    let simulation = simulate(&installation, installation.options(20, 14, 15.0)).await;
    more_are_accepted(&simulation).await;
    services.fill_disk(20);
    harness::eventually(PATIENCE, "deliveries go to the spool", async || spooled(&installation).await > 0)
        .await;
    more_are_accepted(&simulation).await;
    // What had reached the queue is stored and acknowledged while the alarm lasts.
    let (workers, _) = two_workers(&installation).await;
    harness::eventually(PATIENCE, "workers store during the alarm", async || {
        installation.count(STORED).await >= 100
    })
    .await;

    services.free_disk();
    harness::eventually(PATIENCE, "the queue is used again", async || {
        let before = queued(&installation).await;
        sleep(Duration::from_millis(100)).await;
        queued(&installation).await > before
    })
    .await;
    timeout(PATIENCE, simulation.finished()).await.unwrap();
    let ledger = simulation.stop().await;
    assert_eq!(ledger.counts().given_up, 0, "{:?}", ledger.counts());
    ledger::holds(&installation, &ledger).await;
    drop(workers);
    database.close().await;
}

async fn spooled(installation: &Installation) -> u64 {
    installation.door_counts(r#"ingest_kept_total{way="spool"}"#).await
}

async fn queued(installation: &Installation) -> u64 {
    installation.door_counts(r#"ingest_kept_total{way="queue"}"#).await
}

/// And where the first of them says what it counts.
async fn two_workers(installation: &Installation) -> ([Process; 2], String) {
    let mut command = installation.worker_command();
    command.env("METRICS_ADDR", "127.0.0.1:0");
    let mut first = Process::start(command);
    let address = first.address(PATIENCE, "health and metrics on").await;
    ([first, installation.worker()], address)
}

async fn more_are_accepted(simulation: &Simulator) {
    let before = simulation.ledger().counts().accepted;
    harness::eventually(PATIENCE, "the door takes more", async || {
        simulation.ledger().counts().accepted >= before + 100
    })
    .await;
}
