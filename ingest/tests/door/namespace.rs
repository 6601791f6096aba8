//! Names at a broker that one test has for itself, and a look into the queue behind the door.

use std::thread;
use std::time::Duration;

use broker::{BrokerOptions, Consumer, ConsumerLink, Incoming, Queue, Session, Settled};
use runtime::lifecycle::Lifecycle;
use tokio::time::timeout;

use crate::fixture::GENEROUS;

/// Names, and the way to them that no fault of the test touches. All that has them is removed when it is dropped.
pub struct Namespace {
    pub name: String,
    options: BrokerOptions,
}

impl Namespace {
    pub fn new() -> Self {
        Self::at(&harness::amqp_url())
    }

    pub fn at(amqp_url: &str) -> Self {
        let name = harness::namespace();
        let options = BrokerOptions::new(amqp_url, &name, "test itself").unwrap();
        Self { name, options }
    }

    /// Takes what is in the queue, which has to be so many. Nothing more may be there.
    pub async fn take(&self, how_many: u32) -> Vec<Incoming> {
        // A broker that has just started counts a quorum queue's messages some seconds later.
        let counted = async || self.queued().await == how_many;
        harness::eventually(GENEROUS, &format!("{how_many} deliveries are in the queue"), counted).await;
        let life = Lifecycle::new(Duration::from_secs(8));
        let link = ConsumerLink::start(&self.options, &life.tasks());
        let mut consumer = Consumer::open(&link, Queue::Events, 100).await.unwrap();
        let mut taken = Vec::new();
        for _ in 0..how_many {
            let incoming = timeout(GENEROUS, consumer.next()).await.unwrap().unwrap();
            assert_eq!(consumer.ack(incoming.tag).await, Settled::Yes);
            taken.push(incoming);
        }
        taken
    }

    /// How many deliveries wait in the queue.
    pub async fn queued(&self) -> u32 {
        let session = Session::open(&self.options).await.unwrap();
        let depth = self.options.topology().depth(&session, Queue::Events).await;
        session.close().await;
        depth.unwrap().unwrap()
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let options = self.options.clone();
        // A thread with a runtime of its own, because the test's may not be blocked on.
        let removal = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let session = Session::open(&options).await.unwrap();
                options.topology().delete(&session).await.unwrap();
                session.close().await;
            });
        });
        removal.join().ok();
    }
}
