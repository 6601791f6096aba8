//! Programs that are told to stop under full load: they end in time, and leave almost nothing to be done twice.

use simulator::{Options, Simulator};
use tokio::time::timeout;

use crate::faults::{a_bad_day, simulate};
use crate::installation::{Installation, PATIENCE, STOPPED_WITHIN, counted};
use crate::ledger;
use crate::length::strikes;

const STORED: &str = "SELECT count(*) FROM webhook_events";
const BATCH: u64 = 50;
/// Two lanes.
const LANES: u64 = 2;

#[tokio::test]
async fn a_worker_told_to_stop_under_full_load_ends_in_time_and_gives_back_at_most_a_batch_a_lane() {
    let database = harness::database().await;
    let installation = Installation::on(&database, &harness::amqp_url()).await;
    let stops = strikes(3, 10);
    // All of it is in the queue before the first worker looks: that is as full as a load can be.
    let options = installation.options(20, days(stops), 2.0);
    let simulation = simulate(&installation, options).await;
    timeout(PATIENCE, simulation.finished()).await.unwrap();
    let ledger = simulation.stop().await;
    for _ in 0..stops {
        let before = installation.count(STORED).await;
        let mut worker = installation.worker();
        harness::eventually(PATIENCE, "the worker has stored some", async || {
            installation.count(STORED).await > before
        })
        .await;
        worker.terminate();
        let status = worker.wait(STOPPED_WITHIN).await;
        assert!(status.success(), "{status}");
    }
    let stored = usize::try_from(installation.count(STORED).await).unwrap();
    assert!(stored < ledger.accepted().len(), "there was nothing left to do: {stored}");

    let mut command = installation.worker_command();
    command.env("METRICS_ADDR", "127.0.0.1:0");
    let mut last = harness::Process::start(command);
    let address = last.address(PATIENCE, "health and metrics on").await;
    ledger::holds(&installation, &ledger).await;
    let returned = counted(&address, "worker_set_apart_total").await;
    assert!(returned <= LANES * BATCH, "{returned} came again");
    let twice = counted(&address, r#"worker_deliveries_total{outcome="duplicate"}"#).await;
    let spooled = installation.door_counts(r#"ingest_kept_total{way="spool"}"#).await;
    let sent: usize = ledger.events().iter().map(|event| event.attempts.len()).sum();
    assert_eq!(
        twice,
        0,
        "work that was committed came again: the broker gave {returned} back; the platform sent {} events {sent} times, \
         of which the door put {spooled} into the spool",
        ledger.events().len()
    );
    drop(last);
    database.close().await;
}

#[tokio::test]
async fn a_door_told_to_stop_under_full_load_ends_in_time_and_has_kept_all_that_it_answered() {
    let database = harness::database().await;
    let mut installation = Installation::on(&database, &harness::amqp_url()).await;
    let workers = [installation.worker(), installation.worker()];
    let stops = strikes(3, 20);
    let options = Options {
        faults: a_bad_day(),
        concurrency: 64,
        // Half a second instead of 25: nobody waits for a real server here.
        retry_scale: 0.02,
        ..installation.options(20, days(stops), f64::from(stops) * 1.5)
    };
    let simulation = simulate(&installation, options).await;
    for stop in 0..stops {
        more_are_accepted(&simulation).await;
        let status = installation.stop_and_restart_the_door().await;
        assert!(status.success(), "stop {stop}: {status}");
    }
    timeout(PATIENCE, simulation.finished()).await.unwrap();
    let ledger = simulation.stop().await;
    ledger::holds(&installation, &ledger).await;
    drop(workers);
    database.close().await;
}

/// So many days of the cars' lives are enough for so many stops.
fn days(stops: u32) -> i64 {
    i64::from(stops) * 5
}

async fn more_are_accepted(simulation: &Simulator) {
    let before = simulation.ledger().counts().accepted;
    harness::eventually(PATIENCE, "the door is at work", async || {
        simulation.ledger().counts().accepted > before + 100
    })
    .await;
}
