//! Faults of a broker that only a broker of the test's own may have.

use harness::Services;

use crate::fixture::{Fixture, GENEROUS, STATE};

const BROKER: &str = "rabbitmq";

async fn is_taken_again(door: &Fixture) {
    door.becomes_ready().await;
    harness::eventually(GENEROUS, "deliveries are taken", async || door.deliver(STATE).await.status() == 200)
        .await;
}

#[tokio::test]
async fn while_the_broker_is_short_of_memory_deliveries_are_put_off() {
    let servers = Services::private_rabbitmq().await;
    let door = Fixture::at(&servers.amqp_url(), &["--confirm-ms", "300"]).await;
    assert_eq!(door.deliver(STATE).await.status(), 200);

    servers.ctl(&["set_vm_memory_high_watermark", "0"]).await;
    // The broker tells us only when we publish.
    harness::eventually(GENEROUS, "the alarm is felt", async || door.deliver(STATE).await.status() == 503)
        .await;
    door.becomes_unready("short of memory or disk").await;

    servers.ctl(&["set_vm_memory_high_watermark", "0.4"]).await;
    is_taken_again(&door).await;
}

#[tokio::test]
async fn while_the_broker_is_short_of_memory_the_spool_takes_over_and_nobody_is_put_off() {
    let (servers, database) = (Services::private_rabbitmq().await, harness::database().await);
    let arguments = ["--confirm-ms", "300", "--database-url", &database.url];
    let door = Fixture::at(&servers.amqp_url(), &arguments).await;
    let kept = async |way: &str, enough: f64| {
        harness::eventually(GENEROUS, &format!("the {way} keeps deliveries"), async || {
            assert_eq!(door.deliver(STATE).await.status(), 200);
            door.metric(&format!(r#"ingest_kept_total{{way="{way}"}}"#)).await >= enough
        })
        .await;
    };
    kept("queue", 1.0).await;
    servers.ctl(&["set_vm_memory_high_watermark", "0"]).await;
    let before = door.metric(r#"ingest_kept_total{way="spool"}"#).await;
    kept("spool", before + 10.0).await;
    assert_eq!(door.get("/readyz").await.status(), 200);

    servers.ctl(&["set_vm_memory_high_watermark", "0.4"]).await;
    let before = door.metric(r#"ingest_kept_total{way="queue"}"#).await;
    kept("queue", before + 10.0).await;
}

#[tokio::test]
async fn what_was_answered_200_survives_a_killed_broker() {
    let servers = Services::private_rabbitmq().await;
    let door = Fixture::at(&servers.amqp_url(), &["--confirm-ms", "300"]).await;
    for _ in 0..20 {
        assert_eq!(door.deliver(STATE).await.status(), 200);
    }
    servers.kill(BROKER).await;
    door.becomes_unready("no connection to the broker").await;
    assert_eq!(door.deliver(STATE).await.status(), 503);

    servers.start(BROKER).await;
    door.becomes_ready().await;
    door.take(20).await;
}

#[tokio::test]
async fn a_broker_that_stands_still_keeps_nobody_waiting() {
    let servers = Services::private_rabbitmq().await;
    let door = Fixture::at(&servers.amqp_url(), &["--confirm-ms", "300"]).await;
    servers.freeze(BROKER).await;
    assert_eq!(door.deliver(STATE).await.status(), 503);
    door.becomes_unready("does not confirm").await;
    servers.thaw(BROKER).await;
    is_taken_again(&door).await;
}
