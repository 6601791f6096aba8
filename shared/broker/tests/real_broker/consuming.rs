//! Taking, settling, parking, leaving.

use std::collections::BTreeSet;
use std::time::Duration;

use broker::{Consumer, Destination, Incoming, OpenError, PublishError, Queue, Settled};
use tokio::time::timeout;

use crate::fixture::{Fixture, GENEROUS, delivery, next, soon};

const WEBHOOK: Destination<'static> = Destination::Webhook { version: "4.0" };

impl Fixture {
    async fn publish(&self, numbers: std::ops::Range<u32>) {
        let deliveries: Vec<_> = numbers.map(delivery).collect();
        let messages = deliveries.iter().map(|delivery| (WEBHOOK, delivery));
        for answer in self.publisher().publish_all(messages, soon()).await {
            answer.unwrap();
        }
    }
}

/// Whether nothing comes for a while. Only ever used where what would come had every reason to come at once.
async fn is_silent(consumer: &mut Consumer) -> bool {
    timeout(Duration::from_millis(300), consumer.next()).await.is_err()
}

#[tokio::test]
async fn no_more_is_taken_than_the_prefetch() {
    let fixture = Fixture::new();
    fixture.publish(0..10).await;
    let mut consumer = fixture.consumer(Queue::Events, 4).await;
    let mut tags = Vec::new();
    for _ in 0..4 {
        tags.push(next(&mut consumer).await.tag);
    }
    assert!(is_silent(&mut consumer).await);
    assert_eq!(consumer.settler().held(), 4);
    assert_eq!(consumer.ack(tags[0]).await, Settled::Yes);
    next(&mut consumer).await;
}

#[tokio::test]
async fn waiting_for_the_next_may_be_given_up_without_losing_one() {
    let fixture = Fixture::new();
    let mut consumer = fixture.consumer(Queue::Events, 100).await;
    let publishing = fixture.publish(0..100);
    let consuming = async {
        let mut arrived = BTreeSet::new();
        while arrived.len() < 100 {
            if let Ok(incoming) = timeout(Duration::from_micros(200), consumer.next()).await {
                arrived.insert(incoming.unwrap().delivery().unwrap().event_id);
            }
        }
    };
    tokio::join!(publishing, consuming);
}

#[tokio::test]
async fn what_is_acknowledged_never_comes_again_and_the_rest_does() {
    let fixture = Fixture::new();
    fixture.publish(0..6).await;
    let mut consumer = fixture.consumer(Queue::Events, 10).await;
    let mut messages = Vec::new();
    for _ in 0..6 {
        messages.push(next(&mut consumer).await);
    }
    assert_eq!(consumer.ack(messages[4].tag).await, Settled::Yes);
    assert_eq!(consumer.ack_through(messages[2].tag).await, Settled::Yes);
    drop(consumer);

    let mut consumer = fixture.consumer(Queue::Events, 10).await;
    let again = [next(&mut consumer).await, next(&mut consumer).await];
    let ids = |messages: &[&Incoming]| -> BTreeSet<String> {
        messages.iter().map(|incoming| incoming.delivery().unwrap().event_id).collect()
    };
    assert_eq!(ids(&[&again[0], &again[1]]), ids(&[&messages[3], &messages[5]]));
    assert!(again.iter().all(|incoming| incoming.redelivered && incoming.broker_deliveries == Some(1)));
    assert!(again.iter().all(|incoming| incoming.attempts() == 0), "a return is no attempt");
    assert!(is_silent(&mut consumer).await);
}

/// The broker closes the channel when it is told to acknowledge what it does not expect: all others would come again.
#[tokio::test]
async fn acknowledging_through_a_message_that_was_settled_is_fine() {
    let fixture = Fixture::new();
    fixture.publish(0..4).await;
    let mut consumer = fixture.consumer(Queue::Events, 10).await;
    let mut tags = Vec::new();
    for _ in 0..4 {
        tags.push(next(&mut consumer).await.tag);
    }
    assert_eq!(consumer.park(tags[2]).await, Settled::Yes);
    assert_eq!(consumer.ack_through(tags[2]).await, Settled::Yes);
    assert_eq!(consumer.ack_through(tags[2]).await, Settled::Yes, "nothing was left to do");
    assert_eq!(consumer.ack(tags[0]).await, Settled::Lost, "it was settled");
    assert_eq!(consumer.ack(tags[3]).await, Settled::Yes);
    fixture.becomes(Queue::Parked, 1).await;
    drop(consumer);
    assert!(is_silent(&mut fixture.consumer(Queue::Events, 10).await).await);
}

#[tokio::test]
async fn a_tag_settles_nothing_of_another_consumer() {
    let fixture = Fixture::new();
    fixture.publish(0..2).await;
    let mut first = fixture.consumer(Queue::Events, 1).await;
    let mut second = fixture.consumer(Queue::Events, 1).await;
    let (one, other) = (next(&mut first).await, next(&mut second).await);
    assert_eq!(first.ack(other.tag).await, Settled::Lost);
    assert_eq!(first.ack_through(other.tag).await, Settled::Lost);
    assert_eq!(second.park(one.tag).await, Settled::Lost);
    assert_eq!((first.ack(one.tag).await, second.ack(other.tag).await), (Settled::Yes, Settled::Yes));
}

#[tokio::test]
async fn what_is_parked_says_where_and_why_it_died() {
    let fixture = Fixture::new();
    fixture.publish(7..8).await;
    let mut consumer = fixture.consumer(Queue::Events, 1).await;
    let incoming = next(&mut consumer).await;
    assert_eq!(consumer.park(incoming.tag).await, Settled::Yes);

    let parked = next(&mut fixture.consumer(Queue::Parked, 1).await).await;

    let death = parked.death.as_ref().unwrap();
    assert_eq!(fixture.options.topology().find(&death.queue), Some(Queue::Events));
    assert_eq!((death.reason.as_str(), death.count), ("rejected", 1));
    assert_eq!(parked.delivery().unwrap(), delivery(7), "it is still itself");
    assert!(parked.headers().contains_key("x-death"));
    assert!(!parked.copy().headers.contains_key("x-death"), "a copy begins anew");
}

#[tokio::test]
async fn who_fails_too_often_is_parked_by_the_broker() {
    let fixture = Fixture::new();
    fixture.publish(0..1).await;
    let mut consumer = fixture.consumer(Queue::Events, 1).await;
    let limit = Queue::Events.delivery_limit().unwrap();
    for returned in 0..=limit {
        let incoming = next(&mut consumer).await;
        assert_eq!(incoming.broker_deliveries.unwrap_or(0), returned);
        assert_eq!(consumer.reject(incoming.tag).await, Settled::Yes);
    }
    let parked = next(&mut fixture.consumer(Queue::Parked, 1).await).await;
    assert_eq!(parked.death.unwrap().reason, "delivery_limit");
}

#[tokio::test]
async fn what_is_parked_outlives_more_returns_than_any_limit() {
    let fixture = Fixture::new();
    let publisher = fixture.publisher();
    publisher.publish(Destination::Queue(Queue::Parked), &delivery(0), soon()).await.unwrap();
    let mut consumer = fixture.consumer(Queue::Parked, 1).await;
    for _ in 0..30 {
        let incoming = next(&mut consumer).await;
        assert_eq!(consumer.reject(incoming.tag).await, Settled::Yes);
    }
    next(&mut consumer).await;
}

#[tokio::test]
async fn who_cancels_gets_what_had_arrived_and_can_settle_it() {
    let fixture = Fixture::new();
    fixture.publish(0..5).await;
    let mut consumer = fixture.consumer(Queue::Events, 3).await;
    let mut last = next(&mut consumer).await;
    consumer.cancel().await;
    let mut taken = 1;
    while let Some(incoming) = timeout(GENEROUS, consumer.next()).await.unwrap() {
        last = incoming;
        taken += 1;
    }
    assert_eq!(taken, 3);
    assert_eq!(consumer.ack_through(last.tag).await, Settled::Yes);
    drop(consumer);
    fixture.becomes(Queue::Events, 2).await;
    let left = next(&mut fixture.consumer(Queue::Events, 1).await).await;
    assert!(!left.redelivered, "what was not handed out was never taken");
}

#[tokio::test]
async fn what_has_ended_stays_ended_however_often_it_is_asked() {
    let fixture = Fixture::new();
    let mut consumer = fixture.consumer(Queue::Events, 3).await;
    consumer.cancel().await;
    for _ in 0..3 {
        assert!(timeout(GENEROUS, consumer.next()).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_settler_outlives_its_consumer() {
    let fixture = Fixture::new();
    fixture.publish(0..1).await;
    let mut consumer = fixture.consumer(Queue::Events, 1).await;
    let incoming = next(&mut consumer).await;
    let settler = consumer.settler();
    drop(consumer);
    assert_eq!(settler.ack(incoming.tag).await, Settled::Yes);
    drop(settler);
    fixture.becomes(Queue::Events, 0).await;
    assert!(is_silent(&mut fixture.consumer(Queue::Events, 1).await).await);
}

#[tokio::test]
async fn a_deleted_queue_ends_the_consumer_and_opening_brings_it_back() {
    let fixture = Fixture::new();
    let link = fixture.link();
    let mut consumer = Consumer::open(&link, Queue::Events, 10).await.unwrap();
    let session = fixture.session().await;
    fixture.options.topology().delete(&session).await.unwrap();

    assert!(timeout(GENEROUS, consumer.next()).await.unwrap().is_none());

    let mut consumer = Consumer::open(&link, Queue::Events, 10).await.unwrap();
    fixture.publish(0..1).await;
    next(&mut consumer).await;
}

#[tokio::test]
async fn a_stopping_program_settles_what_it_has_in_hand() {
    let mut fixture = Fixture::new();
    fixture.publish(0..1_000).await;
    let link = fixture.link();
    let mut consumer = Consumer::open(&link, Queue::Events, 1_000).await.unwrap();
    let mut last = next(&mut consumer).await;
    for _ in 1..1_000 {
        last = next(&mut consumer).await;
    }
    let stopping = fixture.lifecycle.stopping();
    let work = async move {
        stopping.cancelled().await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(consumer.ack_through(last.tag).await, Settled::Yes);
    };
    tokio::join!(work, fixture.stop());
    assert!(matches!(Consumer::open(&link, Queue::Events, 1).await, Err(OpenError::Stopped)));

    assert_eq!(fixture.depth(Queue::Events).await, 0);
}

#[tokio::test]
async fn a_stopping_program_publishes_what_it_has_in_hand() {
    let mut fixture = Fixture::new();
    let publisher = fixture.publisher();
    publisher.deliver(WEBHOOK, &delivery(0), soon()).await.unwrap();
    let stopping = fixture.lifecycle.stopping();
    let work = async move {
        stopping.cancelled().await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        publisher.deliver(WEBHOOK, &delivery(1), soon()).await
    };
    let (answer, ()) = tokio::join!(work, fixture.stop());
    answer.unwrap();
    assert_eq!(fixture.depth(Queue::Events).await, 2);
}

#[tokio::test]
async fn a_publisher_that_somebody_keeps_does_not_keep_the_program() {
    let mut fixture = Fixture::new();
    let publisher = fixture.publisher();
    publisher.deliver(WEBHOOK, &delivery(0), soon()).await.unwrap();
    timeout(GENEROUS, fixture.stop()).await.unwrap();
    let late = publisher.deliver(WEBHOOK, &delivery(1), soon()).await;
    assert_eq!(late, Err(PublishError::Unavailable), "and it does not wait for its deadline");
}
