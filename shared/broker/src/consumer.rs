//! Taking messages out of a queue, and saying what became of each.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::StreamExt;
use lapin::Channel;
use lapin::options::{
    BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicQosOptions, BasicRejectOptions,
};
use lapin::types::FieldTable;
use metrics::Counter;
use thiserror::Error;
use tokio::time::timeout;
use tracing::debug;

use crate::declare::DeclareError;
use crate::incoming::Incoming;
use crate::link::ConsumerLink;
use crate::metric::ConsumerMeter;
use crate::session::{PATIENCE, Session, SessionError, answer};
use crate::topology::Queue;

/// Why nothing can be taken from a queue.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The program stops.
    #[error("cannot consume, the program stops")]
    Stopped,
    /// See [`DeclareError`].
    #[error("cannot consume from a queue that is not declared")]
    Declare(#[source] DeclareError),
    /// The broker did not let us, or did not answer.
    #[error("cannot consume")]
    Consume(#[source] SessionError),
}

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

/// Takes messages from one queue, over a channel of its own.
///
/// Dropping it gives what is not settled back to the broker, which counts that as a return.
pub struct Consumer {
    queue: Queue,
    stream: lapin::Consumer,
    settler: Settler,
}

/// Settles the messages of one [`Consumer`], also from another task. Cheap to clone; the connection stays while there
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

impl Consumer {
    /// Starts to take from `queue`, at most `prefetch` messages ahead of what was settled.
    ///
    /// Waits for a connection as long as the program runs, and declares all queues, so that one that was deleted
    /// comes back. An error means that the broker was there and refused.
    pub async fn open(link: &ConsumerLink, queue: Queue, prefetch: u16) -> Result<Self, OpenError> {
        loop {
            let session = link.session().await.ok_or(OpenError::Stopped)?;
            match Self::subscribe(link, &session, queue, prefetch).await {
                Err(error) if session.is_alive() => return Err(error),
                Err(error) => debug!(
                    error = runtime::chain(&error),
                    "lost the connection while opening a consumer"
                ),
                Ok(consumer) => return Ok(consumer),
            }
        }
    }

    async fn subscribe(
        link: &ConsumerLink,
        session: &Arc<Session>,
        queue: Queue,
        prefetch: u16,
    ) -> Result<Self, OpenError> {
        link.topology()
            .declare(session)
            .await
            .map_err(OpenError::Declare)?;
        let name = link.topology().queue(queue);
        let channel = session.channel().await.map_err(OpenError::Consume)?;
        answer(channel.basic_qos(prefetch, BasicQosOptions::default()))
            .await
            .map_err(OpenError::Consume)?;
        let options = BasicConsumeOptions::default();
        let consume = channel.basic_consume(name.as_str().into(), "".into(), options, FieldTable::default());
        let stream = answer(consume).await.map_err(OpenError::Consume)?;
        let settler = Settler(Arc::new(Hold {
            consumer: CONSUMERS.fetch_add(1, Ordering::Relaxed),
            channel,
            numbers: Mutex::default(),
            meter: ConsumerMeter::new(&queue.to_string()),
            _session: Arc::clone(session),
        }));
        Ok(Self {
            queue,
            stream,
            settler,
        })
    }

    /// The next message. `None` when no more will come: the connection was lost, the queue deleted, or it was
    /// cancelled. Open another one then.
    ///
    /// May be cancelled without losing a message.
    pub async fn next(&mut self) -> Option<Incoming> {
        match self.stream.next().await {
            // What lies here of a dead connection comes again; to handle it now would be to handle it twice.
            Some(Ok(delivery)) if self.settler.is_alive() => {
                let tag = self.settler.hold(delivery.delivery_tag);
                Some(Incoming::new(tag, self.queue, delivery))
            }
            Some(Ok(_)) | None => None,
            Some(Err(error)) => {
                debug!(consumer.queue = %self.queue, error = runtime::chain(&error), "the consumer ended");
                None
            }
        }
    }

    /// Takes no more from the queue. [`Consumer::next`] still gives what had arrived here, and then `None`; all of it
    /// can be settled.
    pub async fn cancel(&mut self) {
        let cancel = self
            .settler
            .0
            .channel
            .basic_cancel(self.stream.tag(), BasicCancelOptions::default());
        // A connection that cannot even do this gives nothing more either.
        let _ = timeout(PATIENCE, cancel).await;
    }

    /// Where the messages come from.
    pub fn queue(&self) -> Queue {
        self.queue
    }

    /// A handle that settles this consumer's messages.
    pub fn settler(&self) -> Settler {
        self.settler.clone()
    }

    /// See [`Settler::ack`].
    pub async fn ack(&self, tag: Tag) -> Settled {
        self.settler.ack(tag).await
    }

    /// See [`Settler::ack_through`].
    pub async fn ack_through(&self, tag: Tag) -> Settled {
        self.settler.ack_through(tag).await
    }

    /// See [`Settler::reject`].
    pub async fn reject(&self, tag: Tag) -> Settled {
        self.settler.reject(tag).await
    }

    /// See [`Settler::park`].
    pub async fn park(&self, tag: Tag) -> Settled {
        self.settler.park(tag).await
    }
}

impl Settler {
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
        let reject = self
            .0
            .channel
            .basic_reject(tag.number, BasicRejectOptions { requeue });
        let counter = if requeue {
            &self.0.meter.rejected
        } else {
            &self.0.meter.parked
        };
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

    fn is_alive(&self) -> bool {
        self.0.channel.status().connected()
    }

    fn hold(&self, number: u64) -> Tag {
        self.0.meter.consumed.increment(1);
        self.numbers().insert(number);
        Tag {
            consumer: self.0.consumer,
            number,
        }
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
