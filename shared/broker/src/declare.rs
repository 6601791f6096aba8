//! Makes what [`Topology`] names. Declaring is idempotent, also while other processes declare the same.

use std::iter;
use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use lapin::options::{
    ExchangeDeclareOptions, ExchangeDeleteOptions, QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Channel, ExchangeKind};
use thiserror::Error;
use tokio::time::timeout;

use crate::fields::{number, table, text};
use crate::queue::{JobKind, Queue, Work};
use crate::session::{Session, SessionError};
use crate::topology::{Topology, wait_key};
use crate::wait::Wait;

/// How many messages lie in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Depth {
    pub queue: Queue,
    /// Ready: not those that a consumer holds.
    pub messages: u32,
    /// For their next attempt. `None` for a queue whose messages nobody tries.
    pub waiting: Option<u32>,
}

/// Why the exchanges and queues could not be made.
#[derive(Debug, Error)]
pub enum DeclareError {
    /// Something of this name exists and is made differently: by another version of these programs, or by hand. It
    /// has to be deleted (its messages go with it) or another namespace be used.
    #[error("found something at the broker that is made differently")]
    Different(#[source] lapin::Error),
    /// The broker did not let us, or went away.
    #[error("cannot declare exchanges and queues")]
    Declare(#[source] lapin::Error),
    /// The broker began and did not finish in half a minute.
    #[error("the broker does not answer while we declare exchanges and queues")]
    Silent,
    /// There was no channel to declare on.
    #[error("cannot declare exchanges and queues without a channel")]
    Channel(#[source] SessionError),
}

/// Stands for "no limit": RabbitMQ 4 takes silence for 20, and 3.10 does not know its word for none (-1).
const NO_DELIVERY_LIMIT: u32 = 2_147_483_647;

/// To make all queues takes a healthy broker less than a second, and one that is busy with an election some more.
const PATIENCE_TO_DECLARE: Duration = Duration::from_secs(30);

impl Topology {
    /// Makes all exchanges, queues and bindings that do not exist yet.
    ///
    /// Some are only needed later (waits), but a message must never arrive where nothing is bound.
    pub async fn declare(&self, session: &Session) -> Result<(), DeclareError> {
        // Of its own: a refused declaration closes its channel.
        let channel = session.channel().await.map_err(DeclareError::Channel)?;
        match timeout(PATIENCE_TO_DECLARE, self.declare_on(&channel)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) if is_soft(&error, 406) => Err(DeclareError::Different(error)),
            Ok(Err(error)) => Err(DeclareError::Declare(error)),
            Err(_) => Err(DeclareError::Silent),
        }
    }

    /// Removes everything of this namespace, with all messages. For tests and demonstrations.
    pub async fn delete(&self, session: &Session) -> Result<(), DeclareError> {
        let channel = session.channel().await.map_err(DeclareError::Channel)?;
        let queues = self.all_queues().map(|(name, ..)| {
            let channel = channel.clone();
            async move { channel.queue_delete(name.into(), QueueDeleteOptions::default()).await }
        });
        let exchanges =
            self.exchanges().map(|(name, _)| channel.exchange_delete(name, ExchangeDeleteOptions::default()));
        try_join_all(queues).await.map_err(DeclareError::Declare)?;
        try_join_all(exchanges).await.map_err(DeclareError::Declare)?;
        Ok(())
    }

    /// How many messages are ready in a queue: not those that a consumer holds. `None` if the queue does not exist.
    pub async fn depth(&self, session: &Session, queue: Queue) -> Result<Option<u32>, DeclareError> {
        self.depth_of(session, self.queue(queue)).await
    }

    /// How many messages wait for this long; `None` if the queue does not exist.
    pub async fn waiting(
        &self,
        session: &Session,
        work: Work,
        wait: Wait,
    ) -> Result<Option<u32>, DeclareError> {
        self.depth_of(session, self.wait_queue(work, wait)).await
    }

    /// How much lies in all queues; 0 in those that do not exist yet.
    pub async fn depths(&self, session: &Session) -> Result<Vec<Depth>, DeclareError> {
        let mut depths = Vec::new();
        for queue in Queue::ALL {
            let messages = self.depth(session, queue).await?.unwrap_or(0);
            let waiting = match queue.work() {
                Some(work) => Some(self.all_waiting(session, work).await?),
                None => None,
            };
            depths.push(Depth { queue, messages, waiting });
        }
        Ok(depths)
    }

    async fn all_waiting(&self, session: &Session, work: Work) -> Result<u32, DeclareError> {
        let mut all = 0;
        for wait in Wait::ALL {
            all += self.waiting(session, work, wait).await?.unwrap_or(0);
        }
        Ok(all)
    }

    async fn depth_of(&self, session: &Session, name: String) -> Result<Option<u32>, DeclareError> {
        let channel = session.channel().await.map_err(DeclareError::Channel)?;
        let passive = QueueDeclareOptions { passive: true, durable: true, ..QueueDeclareOptions::default() };
        match channel.queue_declare(name.into(), passive, FieldTable::default()).await {
            Ok(queue) => Ok(Some(queue.message_count())),
            Err(error) if is_soft(&error, 404) => Ok(None),
            Err(error) => Err(DeclareError::Declare(error)),
        }
    }

    /// The steps depend on each other; within a step all requests are under way at once.
    async fn declare_on(&self, channel: &Channel) -> lapin::Result<()> {
        let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
        let alternate = || table([("alternate-exchange", text(self.unrouted.as_str()))]);
        every(self.exchanges().map(|(name, kind)| {
            let arguments = if name == self.unrouted { FieldTable::default() } else { alternate() };
            channel.exchange_declare(name, kind, durable, arguments)
        }))
        .await?;
        every(self.all_queues().map(|(name, _, arguments)| {
            channel.queue_declare(name.into(), QueueDeclareOptions::durable(), arguments)
        }))
        .await?;
        every(self.bindings().map(|(queue, exchange, key)| {
            channel.queue_bind(queue, exchange, key, QueueBindOptions::default(), FieldTable::default())
        }))
        .await
    }

    fn exchanges(&self) -> impl Iterator<Item = (ShortString, ExchangeKind)> {
        [
            (self.unrouted.clone(), ExchangeKind::Fanout),
            (self.dead.clone(), ExchangeKind::Fanout),
            (self.events.clone(), ExchangeKind::Topic),
            (self.jobs.clone(), ExchangeKind::Direct),
            (self.aside.clone(), ExchangeKind::Direct),
        ]
        .into_iter()
    }

    /// Name, key in the exchange `aside`, and arguments of every queue.
    fn all_queues(&self) -> impl Iterator<Item = (String, String, FieldTable)> {
        let queues = Queue::ALL.into_iter().map(|queue| (queue.to_string(), self.arguments(queue)));
        let waits = Work::ALL.into_iter().flat_map(|work| Wait::ALL.map(|wait| (work, wait)));
        let waits = waits.map(|(work, wait)| (wait_key(work, wait), self.wait_arguments(work, wait)));
        queues.chain(waits).map(|(key, arguments)| (format!("{}.{key}", self.namespace()), key, arguments))
    }

    /// Queue, exchange and key. `#` and not `*`: versions have dots, and `*` is one word.
    fn bindings(&self) -> impl Iterator<Item = (ShortString, ShortString, ShortString)> {
        let queue = |queue| ShortString::from(self.queue(queue));
        let ends = [
            (queue(Queue::Unrouted), self.unrouted.clone(), ShortString::default()),
            (queue(Queue::Parked), self.dead.clone(), ShortString::default()),
            (queue(Queue::Events), self.events.clone(), "webhook.#".into()),
            (queue(Queue::Events), self.events.clone(), "poll.#".into()),
        ];
        let jobs = JobKind::ALL.into_iter().map(|kind| {
            (ShortString::from(self.queue(Queue::Job(kind))), self.jobs.clone(), kind.name().into())
        });
        let aside = self.all_queues().map(|(name, key, _)| (name.into(), self.aside.clone(), key.into()));
        iter::empty().chain(ends).chain(jobs).chain(aside)
    }

    fn arguments(&self, queue: Queue) -> FieldTable {
        let limit = queue.delivery_limit().unwrap_or(NO_DELIVERY_LIMIT);
        match queue {
            Queue::Parked | Queue::Unrouted => quorum(limit, []),
            Queue::Events | Queue::Apart | Queue::Job(_) => quorum(
                limit,
                [
                    ("x-dead-letter-exchange", text(self.dead.as_str())),
                    ("x-dead-letter-strategy", text("at-least-once")),
                ],
            ),
        }
    }

    /// Back through an exchange with an alternate, not through the default one: should the queue be missing when the
    /// wait is over, the message becomes unrouted instead of staying here unseen.
    fn wait_arguments(&self, work: Work, wait: Wait) -> FieldTable {
        quorum(
            NO_DELIVERY_LIMIT,
            [
                ("x-message-ttl", number(wait.seconds() * 1_000)),
                ("x-dead-letter-exchange", text(self.aside.as_str())),
                ("x-dead-letter-routing-key", text(&work.queue().to_string())),
                ("x-dead-letter-strategy", text("at-least-once")),
            ],
        )
    }
}

/// At-least-once dead-lettering needs `reject-publish`: a queue that may drop its oldest message cannot promise
/// anything. A length limit is the operator's to set, by policy: arguments cannot be changed while messages are in.
fn quorum(delivery_limit: u32, more: impl IntoIterator<Item = (&'static str, AMQPValue)>) -> FieldTable {
    let common = [
        ("x-queue-type", text("quorum")),
        ("x-overflow", text("reject-publish")),
        ("x-delivery-limit", number(delivery_limit)),
    ];
    table(common.into_iter().chain(more))
}

/// Waits for all of them and gives the first error, if any.
async fn every<T>(
    requests: impl Iterator<Item = impl Future<Output = lapin::Result<T>>>,
) -> lapin::Result<()> {
    join_all(requests).await.into_iter().try_for_each(|answer| answer.map(|_| ()))
}

fn is_soft(error: &lapin::Error, code: u16) -> bool {
    matches!(error.kind(), lapin::ErrorKind::ProtocolError(error) if error.get_id() == code)
}
