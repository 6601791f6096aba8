//! A message that kills whoever takes it, among healthy ones.

use std::collections::BTreeSet;
use std::time::Duration;

use broker::{Consumer, ConsumerLink, Destination, Incoming, Publisher, Queue, Settled};
use runtime::lifecycle::Lifecycle;

use crate::fixture::{Fixture, GENEROUS, delivery, next, soon};

const POISON: &str = "poison";
const HEALTHY: usize = 20;

/// A worker as it should be: what came back is set apart, and what is apart is taken one at a time. It dies, with all
/// connections and everything in hand, when it looks at the poison.
struct Worker {
    events: Consumer,
    apart: Consumer,
    publisher: Publisher,
    lifecycle: Lifecycle,
}

impl Worker {
    async fn start(fixture: &Fixture) -> Self {
        let lifecycle = Lifecycle::new(Duration::ZERO);
        let link = ConsumerLink::start(&fixture.options, &lifecycle.tasks());
        Self {
            events: Consumer::open(&link, Queue::Events, 50).await.unwrap(),
            apart: Consumer::open(&link, Queue::Apart, 1).await.unwrap(),
            publisher: Publisher::start(&fixture.options, &lifecycle.tasks()),
            lifecycle,
        }
    }

    /// Works until it dies, or until everything healthy is done and there is nothing to do.
    async fn run(mut self, done: &mut BTreeSet<String>) {
        loop {
            tokio::select! {
                Some(incoming) = self.apart.next() => match handle(&incoming, done) {
                    Ok(()) => assert_eq!(self.apart.ack(incoming.tag).await, Settled::Yes),
                    Err(Killed) => break,
                },
                Some(incoming) = self.events.next() => match self.take(&incoming, done).await {
                    Ok(()) => assert_eq!(self.events.ack(incoming.tag).await, Settled::Yes),
                    Err(Killed) => break,
                },
                () = tokio::time::sleep(Duration::from_secs(1)) => break,
            }
        }
        drop((self.events, self.apart, self.publisher));
        self.lifecycle.shut_down().await;
    }

    async fn take(&self, incoming: &Incoming, done: &mut BTreeSet<String>) -> Result<(), Killed> {
        if !incoming.redelivered {
            return handle(incoming, done);
        }
        let answers = self.publisher.set_apart(std::slice::from_ref(incoming), soon()).await;
        assert_eq!(answers, [Ok(())]);
        Ok(())
    }
}

#[derive(Debug)]
struct Killed;

fn handle(incoming: &Incoming, done: &mut BTreeSet<String>) -> Result<(), Killed> {
    let id = incoming.delivery().unwrap().event_id;
    if id == POISON {
        return Err(Killed);
    }
    done.insert(id);
    Ok(())
}

#[tokio::test]
async fn poison_ends_parked_and_takes_no_healthy_neighbour_with_it() {
    let fixture = Fixture::new();
    let publisher = fixture.publisher();
    for number in 0..HEALTHY {
        if number == 3 {
            publisher
                .deliver(Destination::Webhook { version: "4.0" }, &delivery(POISON), soon())
                .await
                .unwrap();
        }
        publisher.deliver(Destination::Webhook { version: "4.0" }, &delivery(number), soon()).await.unwrap();
    }

    let mut done = BTreeSet::new();
    let mut deaths = 0;
    while fixture.depth(Queue::Parked).await == 0 {
        Worker::start(&fixture).await.run(&mut done).await;
        deaths += 1;
        assert!(deaths < 20, "the poison goes round");
    }
    Worker::start(&fixture).await.run(&mut done).await;

    assert_eq!(done.len(), HEALTHY, "{done:?}");
    harness::eventually(GENEROUS, "nothing is left", async || {
        fixture.depth(Queue::Events).await + fixture.depth(Queue::Apart).await == 0
    })
    .await;
    assert_eq!(fixture.depth(Queue::Parked).await, 1);
    let parked = next(&mut fixture.consumer(Queue::Parked, 1).await).await;
    assert_eq!(parked.delivery().unwrap().event_id, POISON);
    let death = parked.death.unwrap();
    assert_eq!(fixture.options.topology().find(&death.queue), Some(Queue::Apart));
    assert_eq!(death.reason, "delivery_limit");
}
