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
