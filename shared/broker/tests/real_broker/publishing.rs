//! What `Ok` and each error of a publish promise, at a healthy broker.

use std::collections::HashSet;
use std::time::Duration;

use broker::message::{JobV1, RawMessage};
use broker::{Destination, JobKind, PublishError, Publisher, Queue, Work};
use lapin::options::{BasicGetOptions, ExchangeDeleteOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use crate::fixture::{Fixture, delivery, next, soon};

const WEBHOOK: Destination<'static> = Destination::Webhook { version: "4.0" };

#[tokio::test]
async fn a_confirmed_delivery_arrives_as_it_was_published() {
    let fixture = Fixture::new();
    let publisher = fixture.publisher();
    let sent = delivery("e-1");
    publisher.deliver(WEBHOOK, &sent, soon()).await.unwrap();

    let incoming = next(&mut fixture.consumer(Queue::Events, 10).await).await;

    assert_eq!(incoming.delivery().unwrap(), sent);
    assert_eq!(incoming.routing_key, "webhook.4.0");
    assert_eq!((incoming.redelivered, incoming.attempts(), incoming.death), (false, 0, None));
}

#[tokio::test]
async fn each_destination_has_its_queue() {
    let fixture = Fixture::new();
    let publisher = fixture.publisher();
    publisher.deliver(Destination::Poll { version: "3" }, &delivery("p"), soon()).await.unwrap();
    publisher.publish(Destination::Queue(Queue::Apart), &delivery("a"), soon()).await.unwrap();
    let id = Uuid::from_u128(7);
    for job in [
        JobV1::PollV1 { vehicle_id: id },
        JobV1::RefreshV1 { grant_id: id },
        JobV1::ReplayV1 { vehicle_id: id },
        JobV1::NotifyV1 { alert_id: id },
    ] {
        publisher.enqueue(&job, soon()).await.unwrap();
        let incoming = next(&mut fixture.consumer(Queue::Job(job.kind()), 1).await).await;
        assert_eq!(incoming.job().unwrap(), job);
        assert_eq!(incoming.copy().id.unwrap(), format!("{}:{id}", job.kind().name()));
    }
    assert_eq!((fixture.depth(Queue::Events).await, fixture.depth(Queue::Apart).await), (1, 1));
}

#[tokio::test]
async fn many_at_once_are_answered_in_their_order() {
    let fixture = Fixture::new();
    let publisher = fixture.publisher();
    let deliveries: Vec<_> = (0..1_000).map(delivery).collect();
    let answers = publisher.publish_all(deliveries.iter().map(|delivery| (WEBHOOK, delivery)), soon()).await;
    assert_eq!(answers, vec![Ok(()); 1_000]);

    let mut consumer = fixture.consumer(Queue::Events, 1_000).await;
    let mut arrived = HashSet::new();
    while arrived.len() < 1_000 {
        arrived.insert(next(&mut consumer).await.delivery().unwrap().event_id);
    }
}

#[tokio::test]
async fn several_channels_are_used_in_turn() {
    let mut fixture = Fixture::new();
    fixture.options = fixture.options.clone().with_channels(3);
    let publisher = fixture.publisher();
    let deliveries: Vec<_> = (0..100).map(delivery).collect();
    let answers = publisher.publish_all(deliveries.iter().map(|delivery| (WEBHOOK, delivery)), soon()).await;
    assert_eq!(answers, vec![Ok(()); 100]);
    assert_eq!(fixture.depth(Queue::Events).await, 100);
}

#[tokio::test]
async fn what_no_queue_is_bound_for_lands_in_unrouted() {
    let fixture = Fixture::new();
    let publisher = fixture.publisher();
    publisher.deliver(WEBHOOK, &delivery(1), soon()).await.unwrap();
    let channel = fixture.channel().await;
    let topology = fixture.options.topology();
    let (events, namespace) = (topology.queue(Queue::Events), topology.namespace().to_owned());
    let exchange = format!("{namespace}.events");
    channel
        .queue_unbind(events.into(), exchange.into(), "webhook.#".into(), FieldTable::default())
        .await
        .unwrap();

    publisher.deliver(WEBHOOK, &delivery(2), soon()).await.unwrap();

    let mut consumer = fixture.consumer(Queue::Unrouted, 1).await;
    let incoming = next(&mut consumer).await;
    assert_eq!(incoming.delivery().unwrap().event_id, "2");
    assert_eq!(incoming.routing_key, "webhook.4.0");
}

#[tokio::test]
async fn a_full_queue_refuses_and_the_publisher_hears_of_it() {
    let fixture = Fixture::new();
    let publisher = fixture.publisher();
    fixture.bind_a_tiny_queue("webhook.tiny").await;
    let tiny = Destination::Webhook { version: "tiny" };
    let mut answers = Vec::new();
    for number in 0..10 {
        answers.push(publisher.deliver(tiny, &delivery(number), soon()).await);
    }
    assert!(answers.contains(&Err(PublishError::Refused)), "{answers:?}");
    // A refusal is about one message: the channel goes on.
    publisher.deliver(WEBHOOK, &delivery(99), soon()).await.unwrap();
}

/// Publishers on many threads share a channel. If one got the answer to another's message, some of those for the full
/// queue would seem stored and some of the others refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn no_publisher_gets_the_answer_to_anothers_message() {
    let fixture = Fixture::new();
    let publisher = fixture.publisher();
    fixture.bind_a_tiny_queue("webhook.tiny").await;
    let tiny = Destination::Webhook { version: "tiny" };
    while publisher.deliver(tiny, &delivery("filler"), soon()).await.is_ok() {}

    let mut publishers = JoinSet::new();
    for number in 0..64 {
        let publisher = publisher.clone();
        publishers.spawn(async move {
            for _ in 0..100 {
                let (to, right) = match number % 2 {
                    0 => (WEBHOOK, Ok(())),
                    _ => (tiny, Err(PublishError::Refused)),
                };
                assert_eq!(publisher.deliver(to, &delivery(number), soon()).await, right);
            }
        });
    }
    publishers.join_all().await;
}

#[tokio::test]
async fn a_publisher_who_goes_away_takes_nobody_with_him() {
    let fixture = Fixture::new();
    let publisher = fixture.publisher();
    publisher.deliver(WEBHOOK, &delivery(0), soon()).await.unwrap();
    // More than two windows of them: if each kept its place, nobody could publish any more.
    for number in 0..3 * Publisher::WINDOW {
        let sent = delivery(number);
        let publishing = publisher.deliver(WEBHOOK, &sent, soon());
        timeout(Duration::ZERO, publishing).await.ok();
    }
    publisher.deliver(WEBHOOK, &delivery("last"), soon()).await.unwrap();
    assert_eq!(publisher.health().in_flight, 0);
}

#[tokio::test]
async fn a_deadline_that_is_over_sends_nothing() {
    let fixture = Fixture::new();
    let publisher = fixture.publisher();
    publisher.deliver(WEBHOOK, &delivery(0), soon()).await.unwrap();
    assert_eq!(
        publisher.deliver(WEBHOOK, &delivery(1), Instant::now()).await,
        Err(PublishError::Unavailable)
    );
    assert_eq!(fixture.depth(Queue::Events).await, 1);
}

#[tokio::test]
async fn a_lost_exchange_is_unknown_once_and_then_comes_back() {
    let fixture = Fixture::new();
    let publisher = fixture.publisher();
    publisher.deliver(WEBHOOK, &delivery(0), soon()).await.unwrap();
    let exchange = format!("{}.events", fixture.options.topology().namespace());
    fixture.channel().await.exchange_delete(exchange.into(), ExchangeDeleteOptions::default()).await.unwrap();

    assert_eq!(publisher.deliver(WEBHOOK, &delivery(1), soon()).await, Err(PublishError::Unknown));
    publisher.deliver(WEBHOOK, &delivery(2), soon()).await.unwrap();
}

#[tokio::test]
async fn a_message_that_nobody_understands_can_be_published_again_as_it_was() {
    let fixture = Fixture::new();
    let publisher = fixture.publisher();
    let odd = RawMessage {
        id: Some("from tomorrow".to_owned()),
        kind: Some("delivery.v9".to_owned()),
        content_type: None,
        headers: [("x-mood".to_owned(), "good".into()), ("x-level".to_owned(), 9.into())]
            .into_iter()
            .collect(),
        body: vec![0, 159, 146, 150],
    };
    publisher.publish(Destination::Queue(Queue::Job(JobKind::Replay)), &odd, soon()).await.unwrap();
    let mut consumer = fixture.consumer(Queue::Job(JobKind::Replay), 1).await;
    let incoming = next(&mut consumer).await;
    assert_eq!(incoming.copy(), odd);
    assert_eq!(incoming.queue.work(), Some(Work::Job(JobKind::Replay)));
    assert_eq!(
        incoming.job().unwrap_err().to_string(),
        "cannot read a message of type \"delivery.v9\", expected `job.v1`"
    );
}

#[tokio::test]
async fn messages_survive_because_they_say_so() {
    let fixture = Fixture::new();
    fixture.publisher().deliver(WEBHOOK, &delivery(0), soon()).await.unwrap();
    let channel = fixture.channel().await;
    let events = fixture.options.topology().queue(Queue::Events);
    let got = channel.basic_get(events.into(), BasicGetOptions::default()).await.unwrap().unwrap();
    assert_eq!(*got.properties.delivery_mode(), Some(2));
    assert_eq!(got.properties.content_type().as_ref().unwrap().as_str(), "application/json");
}

impl Fixture {
    /// A second queue for one key, which holds a message or two and then refuses.
    async fn bind_a_tiny_queue(&self, key: &str) {
        let session = self.session().await;
        self.options.topology().declare(&session).await.unwrap();
        let channel = self.channel().await;
        let name = format!("{}.tiny", self.options.topology().namespace());
        let mut arguments = FieldTable::default();
        arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
        arguments.insert("x-overflow".into(), AMQPValue::LongString("reject-publish".into()));
        arguments.insert("x-max-length".into(), AMQPValue::LongLongInt(1));
        // It is not of our topology, so nobody else removes it.
        arguments.insert("x-expires".into(), AMQPValue::LongLongInt(60_000));
        let durable = QueueDeclareOptions::durable();
        channel.queue_declare(name.as_str().into(), durable, arguments).await.unwrap();
        let exchange = format!("{}.events", self.options.topology().namespace());
        let options = QueueBindOptions::default();
        channel
            .queue_bind(name.into(), exchange.into(), key.into(), options, FieldTable::default())
            .await
            .unwrap();
    }
}
