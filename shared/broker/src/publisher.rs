//! Publishing: `Ok` only after the broker confirmed, an answer by the deadline in any case, and an error that says
//! whether the message may have arrived.

mod lane;
mod supervisor;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use runtime::lifecycle::Tasks;
use thiserror::Error;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use crate::message::{DeliveryV1, JobV1, Message};
use crate::options::BrokerOptions;
use crate::topology::{Destination, Topology};

use lane::{Lane, Outcome};
use supervisor::{Board, Supervisor};

/// Why a message was not confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PublishError {
    /// There was no connection, or the broker told us to stop, until the deadline. Surely not sent.
    #[error("cannot reach the broker")]
    Unavailable,
    /// As many messages as we allow were waiting for their confirms, until the deadline. Surely not sent.
    #[error("cannot publish, too many messages wait for the broker")]
    Full,
    /// The broker said no: a queue is full, or failed. Not stored in at least one queue.
    #[error("the broker refused the message")]
    Refused,
    /// No answer by the deadline, or the connection ended before one. It may have arrived, and may still arrive:
    /// publishing it again may make two.
    #[error("the broker did not say whether it has the message")]
    Unknown,
}

/// What readiness asks of a publisher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublisherHealth {
    /// Whether there is a connection over which exchanges and queues were declared.
    pub connected: bool,
    /// Whether the broker told us to stop, being short of memory or disk.
    pub blocked: bool,
    /// When the last confirm came.
    pub last_confirm: Option<Instant>,
    /// How many messages were sent and are not confirmed.
    pub in_flight: usize,
}

/// Publishes over a connection that is kept alive behind it. Cheap to clone.
#[derive(Clone)]
pub struct Publisher(Arc<Shared>);

struct Shared {
    topology: Topology,
    board: Arc<Board>,
    slots: Vec<watch::Receiver<Option<Arc<Lane>>>>,
    turn: AtomicUsize,
}

impl Publisher {
    /// How many unconfirmed messages each channel may have. More only add latency.
    pub const WINDOW: usize = 256;

    /// Starts to connect, and returns at once: also when the broker is away.
    ///
    /// The connection is made again whenever it is lost. It outlives the order to stop until all clones are dropped,
    /// or nothing was published for two seconds, so that work in hand can finish.
    pub fn start(options: &BrokerOptions, tasks: &Tasks) -> Self {
        let board = Arc::new(Board::new());
        let (ends, slots): (Vec<_>, Vec<_>) = (0..options.channels).map(|_| watch::channel(None)).unzip();
        let supervisor =
            Supervisor::new(options.named("publishing"), tasks.stopping(), ends, Arc::clone(&board));
        tasks.spawn("publisher", async move {
            supervisor.run().await;
            Ok(())
        });
        let topology = options.topology.clone();
        Self(Arc::new(Shared { topology, board, slots, turn: AtomicUsize::new(0) }))
    }

    /// Publishes and waits for the broker's confirm: for our queues, that a quorum has the message on disk.
    ///
    /// Answers by the deadline. A caller who goes away earlier leaves the message in an unknown state.
    pub async fn publish<'a>(
        &self,
        to: Destination<'_>,
        message: impl Into<Message<'a>>,
        deadline: Instant,
    ) -> Result<(), PublishError> {
        let started = Instant::now();
        let outcome = self.attempt(to, message.into(), started, deadline).await;
        let board = &self.0.board;
        board.meter.note(outcome);
        if outcome.is_ok() {
            board.confirmed(started);
        }
        outcome
    }

    /// Publishes a webhook or a poll answer where deliveries go.
    pub async fn deliver(
        &self,
        to: Destination<'_>,
        delivery: &DeliveryV1,
        deadline: Instant,
    ) -> Result<(), PublishError> {
        self.publish(to, delivery, deadline).await
    }

    /// Publishes a job to its queue.
    pub async fn enqueue(&self, job: &JobV1, deadline: Instant) -> Result<(), PublishError> {
        self.publish(job.destination(), job, deadline).await
    }

    /// Publishes many, as many at once as the windows hold. The answers are in the order of the messages.
    pub async fn publish_all<'a, M: Into<Message<'a>>>(
        &self,
        messages: impl IntoIterator<Item = (Destination<'a>, M)>,
        deadline: Instant,
    ) -> Vec<Result<(), PublishError>> {
        let at_once = Self::WINDOW * self.0.slots.len();
        let mut publishing = FuturesOrdered::new();
        let mut answers = Vec::new();
        for (to, message) in messages {
            if publishing.len() == at_once {
                answers.extend(publishing.next().await);
            }
            publishing.push_back(self.publish(to, message.into(), deadline));
        }
        while let Some(answer) = publishing.next().await {
            answers.push(answer);
        }
        answers
    }

    /// Whether publishing works, as far as is known.
    pub fn health(&self) -> PublisherHealth {
        self.0.board.health()
    }

    /// The names that it publishes to.
    pub fn topology(&self) -> &Topology {
        &self.0.topology
    }

    async fn attempt(
        &self,
        to: Destination<'_>,
        message: Message<'_>,
        started: Instant,
        deadline: Instant,
    ) -> Result<(), PublishError> {
        if started >= deadline {
            return Err(PublishError::Unavailable);
        }
        loop {
            let lane = self.lane(deadline).await?;
            let permit = match timeout_at(deadline, lane.permit()).await {
                Ok(Some(permit)) => permit,
                Ok(None) => continue,
                Err(_) => return Err(PublishError::Full),
            };
            match timeout_at(deadline, lane.send(permit, self.0.topology.route(to), message.encode())).await {
                Ok(Outcome::Acknowledged) => return Ok(()),
                Ok(Outcome::Refused) => return Err(PublishError::Refused),
                Ok(Outcome::NotSent) => lane.discard(),
                Ok(Outcome::Unknown) => return Err(PublishError::Unknown),
                Err(_) => {
                    // Its confirm may never come, and would keep its place for ever.
                    lane.discard();
                    return Err(PublishError::Unknown);
                }
            }
        }
    }

    /// The next lane in turn, once it can be used.
    async fn lane(&self, deadline: Instant) -> Result<Arc<Lane>, PublishError> {
        let turn = self.0.turn.fetch_add(1, Ordering::Relaxed);
        let slot = &self.0.slots[turn % self.0.slots.len()];
        if let Some(lane) = slot.borrow().as_ref().filter(|lane| lane.is_usable()) {
            return Ok(Arc::clone(lane));
        }
        let mut slot = slot.clone();
        let usable = slot.wait_for(|lane| lane.as_ref().is_some_and(|lane| lane.is_usable()));
        match timeout_at(deadline, usable).await {
            // The second: the supervisor is gone, no lane will ever come.
            Err(_) | Ok(Err(_)) => Err(PublishError::Unavailable),
            Ok(Ok(lane)) => lane.clone().ok_or(PublishError::Unavailable),
        }
    }
}
