//! Waits, at their real length: the shortest is five seconds.

use std::time::{Duration, Instant};

use broker::{Destination, Queue, Settled, Wait, Work};
use lapin::options::QueueDeleteOptions;

use crate::fixture::{Fixture, delivery, next, soon};

#[tokio::test]
async fn what_failed_comes_back_after_its_wait_with_one_attempt_more() {
    let fixture = Fixture::new();
    let publisher = fixture.publisher();
    publisher.deliver(Destination::Webhook { version: "4.0" }, &delivery("e"), soon()).await.unwrap();
    let mut consumer = fixture.consumer(Queue::Events, 1).await;
    let incoming = next(&mut consumer).await;
    let failed = Instant::now();

    let wait = Wait::after(incoming.attempts()).unwrap();
    publisher.retry_later(&incoming, Work::Delivery, wait, soon()).await.unwrap();
    assert_eq!(consumer.ack(incoming.tag).await, Settled::Yes);
    let again = next(&mut consumer).await;

    assert!(failed.elapsed() >= Duration::from_millis(4_900), "{:?}", failed.elapsed());
    assert_eq!((again.attempts(), again.redelivered), (1, false));
    assert_eq!(again.death.as_ref().unwrap().reason, "expired");
    let mut original = again.delivery().unwrap();
    original.attempts = 0;
    assert_eq!(original, delivery("e"));
}

#[tokio::test]
async fn a_long_wait_does_not_hold_back_a_short_one() {
    let fixture = Fixture::new();
    let publisher = fixture.publisher();
    for (wait, id) in [(Wait::S3600, "long"), (Wait::S30, "middle"), (Wait::S5, "short")] {
        publisher.publish(Destination::Later(Work::Delivery, wait), &delivery(id), soon()).await.unwrap();
    }
    let mut consumer = fixture.consumer(Queue::Events, 10).await;
    assert_eq!(next(&mut consumer).await.delivery().unwrap().event_id, "short");
    let session = fixture.session().await;
    let topology = fixture.options.topology();
    assert_eq!(topology.waiting(&session, Work::Delivery, Wait::S3600).await.unwrap(), Some(1));
}

#[tokio::test]
async fn work_waits_for_its_own_queue() {
    let fixture = Fixture::new();
    let publisher = fixture.publisher();
    for work in Work::ALL {
        publisher.publish(Destination::Later(work, Wait::S5), &delivery(work.queue()), soon()).await.unwrap();
    }
    for work in Work::ALL {
        let incoming = next(&mut fixture.consumer(work.queue(), 1).await).await;
        assert_eq!(incoming.delivery().unwrap().event_id, work.queue().to_string());
    }
}

#[tokio::test]
async fn what_waited_for_a_queue_that_is_gone_becomes_unrouted() {
    let fixture = Fixture::new();
    let publisher = fixture.publisher();
    let later = Destination::Later(Work::Delivery, Wait::S5);
    publisher.publish(later, &delivery("e"), soon()).await.unwrap();
    let events = fixture.options.topology().queue(Queue::Events);
    fixture.channel().await.queue_delete(events.into(), QueueDeleteOptions::default()).await.unwrap();
    fixture.becomes(Queue::Unrouted, 1).await;
}
