//! Saying what became of each message that was taken.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lapin::Channel;
use lapin::options::{BasicAckOptions, BasicRejectOptions};
use metrics::Counter;
use tokio::time::timeout;

use crate::metric::ConsumerMeter;
use crate::queue::Queue;
use crate::session::{PATIENCE, Session};

/// What became of an acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a lost acknowledgement means that the message comes again"]
pub enum Settled {
    /// It is on its way: the broker does not confirm it. If the connection ends before it arrives, the message comes
    /// again all the same.
    Yes,
    /// The message belongs to a connection that is gone, or was settled before. Expect it to come again.
    Lost,
}

/// Which message of which consumer. Unlike AMQP's number it cannot settle the message of another connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tag {
    consumer: u64,
    number: u64,
}

/// Settles the messages of one [`crate::Consumer`], also from another task. Cheap to clone; the connection stays while there
/// is one.
#[derive(Clone)]
pub struct Settler(Arc<Hold>);

/// The messages that were handed out and not settled.
struct Hold {
    consumer: u64,
    channel: Channel,
    numbers: Mutex<BTreeSet<u64>>,
    meter: ConsumerMeter,
    /// Below everything else: the connection goes last.
    _session: Arc<Session>,
}

static CONSUMERS: AtomicU64 = AtomicU64::new(0);

impl Settler {
    pub(crate) fn new(queue: Queue, channel: Channel, session: Arc<Session>) -> Self {
        Self(Arc::new(Hold {
            consumer: CONSUMERS.fetch_add(1, Ordering::Relaxed),
            channel,
            numbers: Mutex::default(),
            meter: ConsumerMeter::new(&queue.to_string()),
            _session: session,
        }))
    }

    /// The message is done.
    pub async fn ack(&self, tag: Tag) -> Settled {
        if !self.release(tag) {
            return self.lost(1);
        }
        let ack = self.0.channel.basic_ack(tag.number, BasicAckOptions::default());
        self.send(ack, 1, &self.0.meter.acknowledged).await
    }

    /// This message and all that were handed out before it are done, but for those that were settled already.
    ///
    /// One frame, whatever their number. Whoever handles several batches at once needs a consumer for each: here an
    /// earlier batch would be acknowledged with a later one.
    pub async fn ack_through(&self, tag: Tag) -> Settled {
        let Some((last, count)) = self.release_through(tag) else {
            // Nothing is left of them: all settled, or all gone with their connection.
            let ours = tag.consumer == self.0.consumer && self.is_alive();
            return if ours { Settled::Yes } else { self.lost(1) };
        };
        let ack = self.0.channel.basic_ack(last, BasicAckOptions { multiple: true });
        self.send(ack, count, &self.0.meter.acknowledged).await
    }

    /// Handling it failed in a way that says nothing about it: back into the queue. The broker counts it, and parks
    /// the message after [`Queue::delivery_limit`].
    pub async fn reject(&self, tag: Tag) -> Settled {
        self.refuse(tag, true).await
    }

    /// No retry will help: into [`Queue::Parked`], where a person looks. From that queue, and from
    /// [`Queue::Unrouted`], there is nowhere further: the message is gone.
    pub async fn park(&self, tag: Tag) -> Settled {
        self.refuse(tag, false).await
    }

    /// How many messages were handed out and not settled.
    pub fn held(&self) -> usize {
        self.numbers().len()
    }

    /// `basic.reject` and not `basic.nack`: RabbitMQ 4.3 stopped counting the latter.
    async fn refuse(&self, tag: Tag, requeue: bool) -> Settled {
        if !self.release(tag) {
            return self.lost(1);
        }
        let reject = self.0.channel.basic_reject(tag.number, BasicRejectOptions { requeue });
        let counter = if requeue { &self.0.meter.rejected } else { &self.0.meter.parked };
        self.send(reject, 1, counter).await
    }

    async fn send(
        &self,
        frame: impl Future<Output = lapin::Result<()>>,
        count: u64,
        counter: &Counter,
    ) -> Settled {
        match timeout(PATIENCE, frame).await {
            Ok(Ok(())) => {
                counter.increment(count);
                Settled::Yes
            }
            Ok(Err(_)) | Err(_) => self.lost(count),
        }
    }

    fn lost(&self, count: u64) -> Settled {
        self.0.meter.lost.increment(count);
        Settled::Lost
    }

    pub(crate) fn channel(&self) -> &Channel {
        &self.0.channel
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.0.channel.status().connected()
    }

    pub(crate) fn hold(&self, number: u64) -> Tag {
        self.0.meter.consumed.increment(1);
        self.numbers().insert(number);
        Tag { consumer: self.0.consumer, number }
    }

    fn release(&self, tag: Tag) -> bool {
        tag.consumer == self.0.consumer && self.numbers().remove(&tag.number)
    }

    /// The last one that is not settled, and how many there are. RabbitMQ closes the channel when it is told to
    /// acknowledge up to a message that it does not expect any more.
    fn release_through(&self, tag: Tag) -> Option<(u64, u64)> {
        if tag.consumer != self.0.consumer {
            return None;
        }
        let mut numbers = self.numbers();
        let later = numbers.split_off(&(tag.number + 1));
        let settled = std::mem::replace(&mut *numbers, later);
        let count = u64::try_from(settled.len()).unwrap_or(u64::MAX);
        settled.last().map(|last| (*last, count))
    }

    fn numbers(&self) -> MutexGuard<'_, BTreeSet<u64>> {
        self.0.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
