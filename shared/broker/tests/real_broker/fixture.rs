//! A namespace of its own at the tests' broker for each test, and the things that a test has to do with it.

use std::fmt::Display;
use std::thread;
use std::time::Duration;

use broker::message::{DeliveryV1, Source};
use broker::{BrokerOptions, Consumer, ConsumerLink, Incoming, Publisher, Queue, Session};
use chrono::DateTime;
use runtime::lifecycle::Lifecycle;
use tokio::time::{Instant, timeout};

/// How long anything may take that does come. Generous: it only ends a test that hangs.
pub const GENEROUS: Duration = Duration::from_mins(1);

/// A namespace, and programs in it. Everything is removed when it is dropped.
pub struct Fixture {
    pub options: BrokerOptions,
    pub lifecycle: Lifecycle,
    direct: BrokerOptions,
}

impl Fixture {
    /// At the broker that all tests share.
    pub fn new() -> Self {
        Self::through(&harness::amqp_url())
    }

    /// At that broker, but its programs reach it by this address; the test itself takes the direct way.
    pub fn through(url: &str) -> Self {
        Self::between(url, &harness::amqp_url())
    }

    /// At another broker.
    pub fn at(url: &str) -> Self {
        Self::between(url, url)
    }

    fn between(url: &str, direct: &str) -> Self {
        let namespace = harness::namespace();
        Self {
            options: BrokerOptions::new(url, &namespace, "test").unwrap(),
            lifecycle: Lifecycle::new(Duration::from_secs(8)),
            direct: BrokerOptions::new(direct, &namespace, "test itself").unwrap(),
        }
    }

    pub fn publisher(&self) -> Publisher {
        Publisher::start(&self.options, &self.lifecycle.tasks())
    }

    pub fn link(&self) -> ConsumerLink {
        ConsumerLink::start(&self.options, &self.lifecycle.tasks())
    }

    pub async fn consumer(&self, queue: Queue, prefetch: u16) -> Consumer {
        Consumer::open(&self.link(), queue, prefetch).await.unwrap()
    }

    /// Tells its programs to stop, and waits until they have.
    pub async fn stop(&mut self) {
        let another = Lifecycle::new(Duration::from_secs(8));
        std::mem::replace(&mut self.lifecycle, another).shut_down().await;
    }

    /// Waits until a queue holds so many.
    pub async fn becomes(&self, queue: Queue, depth: u32) {
        let what = format!("{queue} holds {depth}");
        harness::eventually(GENEROUS, &what, async || self.depth(queue).await == depth).await;
    }

    /// A channel without any of this crate around it.
    pub async fn channel(&self) -> lapin::Channel {
        let properties = lapin::ConnectionProperties::default();
        let connection = lapin::Connection::connect(&harness::amqp_url(), properties).await.unwrap();
        // The channel keeps the connection.
        connection.create_channel().await.unwrap()
    }

    /// A connection that no fault of the test touches.
    pub async fn session(&self) -> Session {
        Session::open(&self.direct).await.unwrap()
    }

    /// How many messages are ready in a queue.
    pub async fn depth(&self, queue: Queue) -> u32 {
        let session = self.session().await;
        let depth = self.direct.topology().depth(&session, queue).await.unwrap();
        session.close().await;
        depth.unwrap()
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let direct = self.direct.clone();
        // A thread with a runtime of its own, because the test's may not be blocked on.
        let removal = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let session = Session::open(&direct).await.unwrap();
                direct.topology().delete(&session).await.unwrap();
                session.close().await;
            });
        });
        removal.join().ok();
    }
}

pub fn delivery(id: impl Display) -> DeliveryV1 {
    let received_at = DateTime::from_timestamp_millis(1_777_000_000_000).unwrap();
    DeliveryV1::new(id.to_string(), received_at, Source::Webhook, br#"{"a":1}"#.to_vec())
}

/// A deadline that no healthy broker misses.
pub fn soon() -> Instant {
    Instant::now() + GENEROUS
}

/// The next message, which does come.
pub async fn next(consumer: &mut Consumer) -> Incoming {
    timeout(GENEROUS, consumer.next()).await.expect("a message").expect("a consumer that lives")
}
