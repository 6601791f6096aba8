//! Programs that are killed outright, again and again: at moments that nobody chose, and at the worst one.

use std::time::Duration;

use harness::Process;
use harness::proxy::Proxy;
use simulator::Options;
use simulator::chance::Chance;
use sqlx::{Connection, PgConnection};
use tokio::time::{sleep, timeout};

use crate::faults::{a_bad_day, simulate};
use crate::installation::{Installation, PATIENCE, counted};
use crate::ledger;
use crate::length::strikes;

const STORED: &str = "SELECT count(*) FROM webhook_events";

#[tokio::test]
async fn workers_killed_at_random_lose_and_double_nothing() {
    let database = harness::database().await;
    let installation = Installation::on(&database, &harness::amqp_url()).await;
    let mut workers = [installation.worker(), installation.worker()];
    let kills = strikes(20, 200);
    let options = Options { faults: a_bad_day(), ..installation.options(20, 14, f64::from(kills) * 0.5) };
    let simulation = simulate(&installation, options).await;
    let mut chance = Chance::new(20);
    for _ in 0..kills {
        moment(&mut chance).await;
        let victim = usize::try_from(chance.between(0, 1)).unwrap();
        workers[victim].kill_9();
        workers[victim] = installation.worker();
    }
    timeout(PATIENCE, simulation.finished()).await.unwrap();
    let ledger = simulation.stop().await;
    ledger::holds(&installation, &ledger).await;
    drop(workers);
    database.close().await;
}

#[tokio::test]
async fn a_door_killed_at_random_keeps_whatever_it_had_answered() {
    let database = harness::database().await;
    let mut installation = Installation::on(&database, &harness::amqp_url()).await;
    let workers = [installation.worker(), installation.worker()];
    let kills = strikes(10, 100);
    let options = Options {
        faults: a_bad_day(),
        // Half a second instead of 25: nobody waits for a real server here.
        retry_scale: 0.02,
        ..installation.options(20, 14, f64::from(kills))
    };
    let simulation = simulate(&installation, options).await;
    let mut chance = Chance::new(10);
    for _ in 0..kills {
        moment(&mut chance).await;
        installation.kill_and_restart_the_door().await;
    }
    timeout(PATIENCE, simulation.finished()).await.unwrap();
    let ledger = simulation.stop().await;
    let counts = ledger.counts();
    assert!(counts.attempts > counts.events + counts.duplicates, "nobody met a closed door: {counts:?}");
    ledger::holds(&installation, &ledger).await;
    drop(workers);
    database.close().await;
}

/// The worst moment: committed, and the acknowledgement is under way. It never arrives.
#[tokio::test]
async fn what_was_committed_and_not_acknowledged_is_recognised_when_it_comes_again() {
    let database = harness::database().await;
    let installation = Installation::on(&database, &harness::amqp_url()).await;
    let wire = Proxy::to(&installation.amqp_url).await;
    // All of it is in the queue before anything is taken out, so that there is always more.
    let simulation = simulate(&installation, installation.options(10, 14, 2.0)).await;
    timeout(PATIENCE, simulation.finished()).await.unwrap();
    let ledger = simulation.stop().await;
    let mut worker = small_worker(&installation, &wire);
    for round in 0..strikes(6, 12) {
        commit_without_acknowledging(&installation, &database.url, &wire).await;
        if round % 2 == 0 {
            worker.kill_9();
            worker = small_worker(&installation, &wire);
        }
        wire.thaw();
    }
    ledger::holds(&installation, &ledger).await;
    let address = worker.address(PATIENCE, "health and metrics on").await;
    harness::eventually(PATIENCE, "duplicates are recognised", async || {
        counted(&address, r#"worker_deliveries_total{outcome="duplicate"}"#).await > 0
    })
    .await;
    drop(worker);
    database.close().await;
}

/// Some time between two blows.
async fn moment(chance: &mut Chance) {
    sleep(Duration::from_millis(chance.between(150, 850).unsigned_abs())).await;
}

/// A worker that takes little at a time, and says what it counts.
fn small_worker(installation: &Installation, wire: &Proxy) -> Process {
    let mut command = installation.worker_command();
    command.env("AMQP_URL", wire.url()).env("BATCH_SIZE", "10").env("METRICS_ADDR", "127.0.0.1:0");
    Process::start(command)
}

/// Holds a transaction back until the wire to the broker is frozen, and cuts the wire when it is committed.
async fn commit_without_acknowledging(installation: &Installation, database_url: &str, wire: &Proxy) {
    let before = installation.count(STORED).await;
    more_are_stored(installation, before + 20).await;
    let mut own = PgConnection::connect(database_url).await.unwrap();
    let mut gate = own.begin().await.unwrap();
    sqlx::query("LOCK TABLE webhook_events IN SHARE MODE").execute(&mut *gate).await.unwrap();
    let held = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'webhook_events'::regclass";
    harness::eventually(PATIENCE, "a batch is held back", async || installation.count(held).await > 0).await;
    wire.freeze();
    let before = installation.count(STORED).await;
    gate.rollback().await.unwrap();
    more_are_stored(installation, before).await;
    wire.cut();
    // What the wire held back is gone with it; nobody tells when. Too early would spoil this round and no promise.
    sleep(Duration::from_millis(100)).await;
}

async fn more_are_stored(installation: &Installation, than: i64) {
    harness::eventually(PATIENCE, "more is stored", async || installation.count(STORED).await > than).await;
}
