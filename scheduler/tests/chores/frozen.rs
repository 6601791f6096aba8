//! A scheduler that stands still while it holds something, and goes on later, does no harm.

use std::net::TcpListener;
use std::time::Duration;

use broker::JobKind;
use harness::proxy::Proxy;
use harness::{Process, eventually};
use runtime::lifecycle::Lifecycle;
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::{Jobs, PATIENCE, connected_car_called, start_scheduler};

async fn plan(pool: &PgPool, vehicle: Uuid) -> String {
    sqlx::query_scalar(
        "SELECT concat_ws(' ', unanswered, asked_at, next_poll_at, wanted_since) FROM poll_plans WHERE vehicle_id = $1",
    )
    .bind(vehicle)
    .fetch_one(pool)
    .await
    .unwrap()
}

async fn is_due(pool: &PgPool, vehicle: Uuid) {
    sqlx::query("UPDATE poll_plans SET next_poll_at = now() WHERE vehicle_id = $1")
        .bind(vehicle)
        .execute(pool)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_scheduler_that_is_frozen_over_its_lease_changes_nothing_when_it_wakes() {
    let (database, namespace) = (harness::database().await, harness::namespace());
    let pool = &database.pool;
    let life = Lifecycle::new(Duration::from_secs(5));
    let (first, second) = (connected_car_called("v-1", pool).await, connected_car_called("v-2", pool).await);
    let mut jobs = Jobs::open(JobKind::Poll, &namespace, &life).await;

    // It can take from the database what it cannot hand to the broker: the lease is in its hand.
    let wire = Proxy::to(&harness::amqp_url()).await;
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = harness::program("scheduler");
    command.args(["--look-every-seconds", "1", "--database-url", &database.url, "--amqp-url", wire.url()]);
    command.args(["--amqp-namespace", &namespace, "--metrics-addr", &address.to_string()]);
    let mut frozen = Process::start(command);
    frozen.ready(PATIENCE, &format!("http://{address}/readyz")).await;
    wire.freeze();
    is_due(pool, first).await;
    eventually(PATIENCE, "it has its lease", async || {
        sqlx::query_scalar("SELECT lease_until IS NOT NULL FROM poll_plans WHERE vehicle_id = $1")
            .bind(first)
            .fetch_one(pool)
            .await
            .unwrap()
    })
    .await;
    frozen.signal("STOP");

    // Its lease is over, and another one does the work.
    sqlx::query("UPDATE poll_plans SET lease_until = now()").execute(pool).await.unwrap();
    let other = Lifecycle::new(Duration::from_secs(5));
    start_scheduler(&database.url, &namespace, &other).await;
    assert_eq!(jobs.next().await, first);
    eventually(PATIENCE, "it is written down", async || plan(pool, first).await.starts_with("1 ")).await;
    let as_the_other_left_it = plan(pool, first).await;
    other.shut_down().await;

    frozen.signal("CONT");
    wire.thaw();
    is_due(pool, second).await;
    // Perhaps it asks for the first one again, too. That is a job that finds nothing to do.
    while jobs.next().await != second {}
    eventually(PATIENCE, "it works again", async || plan(pool, second).await.starts_with("1 ")).await;
    assert_eq!(plan(pool, first).await, as_the_other_left_it);
    frozen.terminate();
    assert!(frozen.wait(PATIENCE).await.success());
    drop(jobs);
    life.shut_down().await;
    database.close().await;
}
