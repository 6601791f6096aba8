//! How often the broker is told that something is done: once for each run of a batch.

use std::time::Duration;

use broker::{BrokerOptions, Consumer, ConsumerLink, Queue};
use runtime::lifecycle::Lifecycle;

use crate::support::{PATIENCE, Pipeline, odometer};
use crate::wiretap::{Ack, Wiretap};

/// One lane that waits until a batch of fifty is full.
const FULL_BATCHES: [&str; 6] = ["--batch-size", "50", "--batch-wait-ms", "10000", "--batches-at-once", "1"];

fn through(number: u64) -> Ack {
    Ack { through: number, multiple: true }
}

/// So many deliveries lie in the queue; a worker takes them, and says of them this.
async fn check(deliveries: u32, returned: usize, said: &[Ack]) {
    let mut pipeline = Pipeline::new().await;
    let car = pipeline.connected_car().await;
    let all: Vec<_> =
        (0..deliveries).map(|number| odometer(&car, number.into(), f64::from(number))).collect();
    let options = BrokerOptions::new(&harness::amqp_url(), &pipeline.namespace, "test").unwrap();
    pipeline.deliver(&all).await;
    give_back(&options, returned).await;

    let tap = Wiretap::to(&harness::amqp_url()).await;
    pipeline.worker_by(&tap.url, &FULL_BATCHES).await;
    pipeline.all_are_stored(all.len()).await;
    let queue = options.topology().queue(Queue::Events);
    harness::eventually(PATIENCE, &format!("{queue} is told {said:?}"), async || tap.acks(&queue) == said)
        .await;
    // Nor does it say any more at its end.
    pipeline.stop_workers().await;
    assert_eq!(tap.acks(&queue), said);
    pipeline.stop().await;
}

/// Takes so many, and leaves without a word: they come back.
async fn give_back(options: &BrokerOptions, number: usize) {
    let Ok(prefetch) = u16::try_from(number) else { panic!("{number} at once") };
    if prefetch == 0 {
        return;
    }
    let life = Lifecycle::new(Duration::from_secs(5));
    let link = ConsumerLink::start(options, &life.tasks());
    let mut consumer = Consumer::open(&link, Queue::Events, prefetch).await.unwrap();
    for _ in 0..number {
        consumer.next().await.unwrap();
    }
    drop((consumer, link));
    life.shut_down().await;
}

#[tokio::test]
async fn a_batch_of_many_deliveries_is_acknowledged_by_one_frame() {
    check(200, 0, &[50, 100, 150, 200].map(through)).await;
}

#[tokio::test]
async fn what_came_back_and_what_comes_for_the_first_time_are_acknowledged_by_one_frame_each() {
    check(50, 30, &[30, 50].map(through)).await;
}
