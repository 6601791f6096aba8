//! What an operator can count on.

use broker::{Consumer, Destination, PublishError, Queue, Settled};
use harness::proxy::Proxy;
use tokio::time::Instant;

use crate::fixture::{Fixture, GENEROUS, delivery, next, soon};

#[tokio::test]
async fn outcomes_connections_and_lost_acknowledgements_are_counted() {
    let metrics = runtime::metrics::install().unwrap();
    let proxy = Proxy::to(&harness::amqp_url()).await;
    let fixture = Fixture::through(proxy.url());
    let publisher = fixture.publisher();
    let webhook = Destination::Webhook { version: "4.0" };
    for id in 0..2 {
        publisher.deliver(webhook, &delivery(id), soon()).await.unwrap();
    }
    let late = publisher.deliver(webhook, &delivery(2), Instant::now()).await;
    assert_eq!(late, Err(PublishError::Unavailable));
    let link = fixture.link();
    let mut consumer = Consumer::open(&link, Queue::Events, 10).await.unwrap();
    let (first, second) = (next(&mut consumer).await, next(&mut consumer).await);
    assert_eq!(consumer.ack(first.tag).await, Settled::Yes);
    proxy.cut();
    while consumer.next().await.is_some() {}
    assert_eq!(consumer.ack(second.tag).await, Settled::Lost);
    harness::eventually(GENEROUS, "both are connected again", async || {
        link.is_connected() && publisher.health().connected
    })
    .await;

    let printed = metrics.render();
    for line in [
        r#"broker_published_total{outcome="confirmed"} 2"#,
        r#"broker_published_total{outcome="unavailable"} 1"#,
        r#"broker_consumed_total{queue="events"} 2"#,
        r#"broker_settled_total{queue="events",how="acknowledged"} 1"#,
        r#"broker_settlements_lost_total{queue="events"} 1"#,
        r#"broker_connections_total{connection="test publishing"} 2"#,
        r#"broker_connections_total{connection="test consuming"} 2"#,
        r#"broker_connected{connection="test consuming"} 1"#,
        r#"broker_blocked{connection="test publishing"} 0"#,
        "broker_confirm_seconds_count 2",
        "broker_in_flight 0",
    ] {
        assert!(printed.lines().any(|printed| printed == line), "no `{line}` in\n{printed}");
    }
}
