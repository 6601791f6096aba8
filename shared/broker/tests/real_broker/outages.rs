//! Brokers that are killed, frozen or short of memory: each test has one of its own.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use broker::{Consumer, Destination, PublishError, Publisher, Queue, Settled};
use harness::Services;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::fixture::{Fixture, GENEROUS, delivery, next, soon};

const WEBHOOK: Destination<'static> = Destination::Webhook { version: "4.0" };

fn within(seconds: u64) -> Instant {
    Instant::now() + Duration::from_secs(seconds)
}

/// Publishers that never stop, and the ids of everything that was confirmed to them.
struct Load {
    confirmed: Arc<Mutex<BTreeSet<u32>>>,
    stop: Arc<AtomicBool>,
    publishers: JoinSet<()>,
}

impl Load {
    fn start(publisher: &Publisher) -> Self {
        let mut load = Self { confirmed: Arc::default(), stop: Arc::default(), publishers: JoinSet::new() };
        let ids = Arc::new(AtomicU32::new(0));
        for _ in 0..32 {
            let (publisher, ids) = (publisher.clone(), Arc::clone(&ids));
            let (confirmed, stop) = (Arc::clone(&load.confirmed), Arc::clone(&load.stop));
            load.publishers.spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let id = ids.fetch_add(1, Ordering::Relaxed);
                    if publisher.deliver(WEBHOOK, &delivery(id), within(2)).await.is_ok() {
                        confirmed.lock().unwrap().insert(id);
                    }
                    // Some thousand a second are enough; all of them have to be read at the end.
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            });
        }
        load
    }

    fn confirmed(&self) -> usize {
        self.confirmed.lock().unwrap().len()
    }

    /// More of them, as many as there are publishers.
    async fn goes_on(&self) {
        let before = self.confirmed();
        harness::eventually(GENEROUS, "publishing goes on", async || self.confirmed() > before + 100).await;
    }

    async fn end(self) -> BTreeSet<u32> {
        self.stop.store(true, Ordering::Relaxed);
        self.publishers.join_all().await;
        self.confirmed.lock().unwrap().clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_was_confirmed_is_there_after_the_broker_was_killed() {
    let services = Services::private_rabbitmq().await;
    let fixture = Fixture::at(&services.amqp_url());
    let load = Load::start(&fixture.publisher());
    load.goes_on().await;
    for _ in 0..2 {
        services.kill("rabbitmq").await;
        services.start("rabbitmq").await;
        load.goes_on().await;
    }
    let mut missing = load.end().await;

    let mut consumer = fixture.consumer(Queue::Events, 500).await;
    while !missing.is_empty() {
        let message = timeout(GENEROUS, consumer.next()).await;
        let message =
            message.unwrap_or_else(|_| panic!("{} confirmed ones are gone", missing.len())).unwrap();
        missing.remove(&message.delivery().unwrap().event_id.parse().unwrap());
        assert_eq!(consumer.ack(message.tag).await, Settled::Yes);
    }
}

#[tokio::test]
async fn under_a_memory_alarm_nothing_is_published_and_what_is_in_hand_is_settled() {
    let services = Services::private_rabbitmq().await;
    let fixture = Fixture::at(&services.amqp_url());
    let publisher = fixture.publisher();
    for id in 0..3 {
        publisher.deliver(WEBHOOK, &delivery(id), soon()).await.unwrap();
    }
    let mut consumer = fixture.consumer(Queue::Events, 1).await;
    let held = next(&mut consumer).await;

    services.ctl(&["set_vm_memory_high_watermark", "0"]).await;
    // The broker tells us when we publish. What it was told by is stuck on the way.
    let mut answers = Vec::new();
    harness::eventually(GENEROUS, "readiness shows it", async || {
        answers.push(publisher.deliver(WEBHOOK, &delivery("stuck"), within(1)).await);
        publisher.health().blocked
    })
    .await;
    assert_eq!(answers.last(), Some(&Err(PublishError::Unknown)));
    let refused = publisher.deliver(WEBHOOK, &delivery("held back"), within(1)).await;
    assert_eq!(refused, Err(PublishError::Unavailable));

    assert_eq!(consumer.ack(held.tag).await, Settled::Yes);
    let held = next(&mut consumer).await;
    assert_eq!(consumer.ack(held.tag).await, Settled::Yes);

    services.ctl(&["set_vm_memory_high_watermark", "0.4"]).await;
    harness::eventually(GENEROUS, "readiness shows it", async || !publisher.health().blocked).await;
    publisher.deliver(WEBHOOK, &delivery("after"), soon()).await.unwrap();
    let mut seen = Vec::new();
    while seen.last().is_none_or(|id| id != "after") {
        let message = next(&mut consumer).await;
        seen.push(message.delivery().unwrap().event_id);
        assert_eq!(consumer.ack(message.tag).await, Settled::Yes);
    }
    assert!(!seen.contains(&"held back".to_owned()), "{seen:?}");
}

#[tokio::test]
async fn a_frozen_broker_is_answered_for_by_the_deadline_and_used_again_when_it_thaws() {
    let services = Services::private_rabbitmq().await;
    let fixture = Fixture::at(&format!("{}?heartbeat=2", services.amqp_url()));
    let publisher = fixture.publisher();
    publisher.deliver(WEBHOOK, &delivery(0), soon()).await.unwrap();
    let link = fixture.link();
    let mut consumer = Consumer::open(&link, Queue::Events, 10).await.unwrap();
    let held = next(&mut consumer).await;

    services.freeze("rabbitmq").await;
    assert_eq!(publisher.deliver(WEBHOOK, &delivery(1), within(1)).await, Err(PublishError::Unknown));
    for _ in 0..8 {
        let answer = publisher.deliver(WEBHOOK, &delivery(2), within(1)).await;
        assert_eq!(answer, Err(PublishError::Unavailable));
    }
    // Two heartbeats of silence: the consumer ends as well, and what it holds is lost to it.
    assert!(timeout(GENEROUS, consumer.next()).await.unwrap().is_none());
    assert_eq!(consumer.ack(held.tag).await, Settled::Lost);

    services.thaw("rabbitmq").await;
    harness::eventually(GENEROUS, "publishing works again", async || {
        publisher.deliver(WEBHOOK, &delivery(3), within(2)).await.is_ok()
    })
    .await;
    let mut consumer = Consumer::open(&link, Queue::Events, 10).await.unwrap();
    let mut seen = BTreeSet::new();
    while !seen.contains("3") {
        seen.insert(next(&mut consumer).await.delivery().unwrap().event_id);
    }
    assert!(seen.contains("0"), "what was held comes again");
}
