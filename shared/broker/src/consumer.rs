//! Taking messages out of a queue, and saying what became of each.

use std::sync::Arc;

use futures_util::StreamExt;
use lapin::options::{BasicCancelOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use thiserror::Error;
use tokio::time::timeout;
use tracing::debug;

use crate::declare::DeclareError;
use crate::incoming::Incoming;
use crate::link::ConsumerLink;
use crate::queue::Queue;
use crate::session::{PATIENCE, Session, SessionError, answer};
use crate::settler::{Settled, Settler, Tag};

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

/// Takes messages from one queue, over a channel of its own.
///
/// Dropping it gives what is not settled back to the broker, which counts that as a return.
pub struct Consumer {
    queue: Queue,
    stream: lapin::Consumer,
    settler: Settler,
    /// lapin says that it ends once, and lets whoever asks again wait for ever.
    ended: bool,
}

impl Consumer {
    /// Starts to take from `queue`, at most `prefetch` messages ahead of what was settled.
    ///
    /// Waits for a connection as long as the program runs, and declares all queues, so that one that was deleted
    /// comes back. An error means that the broker was there and refused.
    pub async fn open(link: &ConsumerLink, queue: Queue, prefetch: u16) -> Result<Self, OpenError> {
        loop {
            let session = link.session().await.ok_or(OpenError::Stopped)?;
            match Self::subscribe(link, &session, queue, prefetch).await {
                Ok(consumer) => return Ok(consumer),
                Err(error) if session.is_alive() => return Err(error),
                // The link is connecting anew; so do we.
                Err(error) => {
                    debug!(error = runtime::chain(&error), "lost the connection while opening a consumer");
                }
            }
        }
    }

    async fn subscribe(
        link: &ConsumerLink,
        session: &Arc<Session>,
        queue: Queue,
        prefetch: u16,
    ) -> Result<Self, OpenError> {
        link.topology().declare(session).await.map_err(OpenError::Declare)?;
        let name = link.topology().queue(queue);
        let channel = session.channel().await.map_err(OpenError::Consume)?;
        answer(channel.basic_qos(prefetch, BasicQosOptions::default())).await.map_err(OpenError::Consume)?;
        let options = BasicConsumeOptions::default();
        let consume = channel.basic_consume(name.as_str().into(), "".into(), options, FieldTable::default());
        let stream = answer(consume).await.map_err(OpenError::Consume)?;
        let settler = Settler::new(queue, channel, Arc::clone(session));
        Ok(Self { queue, stream, settler, ended: false })
    }

    /// The next message. `None` when no more will come, however often it is asked: the connection was lost, the queue
    /// deleted, or it was cancelled. Open another one then.
    ///
    /// May be cancelled without losing a message.
    pub async fn next(&mut self) -> Option<Incoming> {
        if self.ended {
            return None;
        }
        let next = self.take().await;
        self.ended = next.is_none();
        next
    }

    async fn take(&mut self) -> Option<Incoming> {
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
        let cancel = self.settler.channel().basic_cancel(self.stream.tag(), BasicCancelOptions::default());
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
