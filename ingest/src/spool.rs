//! The second way: the table `ingest_spool`, from where workers take deliveries beside the queue. All that wait at one
//! moment are committed together, over one connection.

mod writer;

use std::time::Duration;

use broker::message::{DeliveryV1, Source};
use opentelemetry::propagation::Extractor;
use runtime::lifecycle::Tasks;
use store::events::EventSource;
use store::spool::SpooledDelivery;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout_at};

use crate::config::SpoolConfig;
use crate::metric;

use writer::{Condition, Ticket, Writer};

/// Why a delivery is not in the spool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SpoolError {
    /// As many as are held in memory waited already, until the deadline. Surely not written.
    #[error("too many deliveries wait for the spool")]
    Full,
    /// No commit was seen by the deadline. It may be there all the same.
    #[error("the spool did not commit the delivery in time")]
    Late,
    /// The database cannot be reached, or it refuses; the log says why. It may be there all the same.
    #[error("the spool cannot be written")]
    Failed,
}

/// Commits deliveries to the spool. Cheap to clone.
#[derive(Clone)]
pub struct Spool {
    inbox: mpsc::Sender<Ticket>,
    condition: watch::Receiver<Condition>,
    within: Duration,
}

impl Spool {
    /// How many deliveries are committed together at most; as many more may wait. A body has at most 64 KiB.
    const AT_ONCE: usize = 256;

    /// Starts the task that writes, and returns at once: also when the database is away. `None` without a database.
    ///
    /// The task outlives the order to stop until all clones are dropped, so that work in hand can finish.
    ///
    /// # Errors
    ///
    /// If the address of the database cannot be read. The reason does not quote it.
    pub fn start(config: &SpoolConfig, tasks: &Tasks) -> anyhow::Result<Option<Self>> {
        let Some(url) = config.database_url() else {
            return Ok(None);
        };
        let options = store::address(url)?.application_name("carvetka ingest");
        let (inbox, tickets) = mpsc::channel(Self::AT_ONCE);
        let (writer, condition) = Writer::new(options, tickets, config.within());
        tasks.spawn("spool", writer.run());
        Ok(Some(Self { inbox, condition, within: config.within() }))
    }

    /// Waits until the delivery is committed.
    pub async fn put(&self, delivery: &DeliveryV1) -> Result<(), SpoolError> {
        let began = Instant::now();
        let put = self.attempt(delivery, began + self.within).await;
        match put {
            Ok(()) => metric::spooled(began.elapsed()),
            Err(error) => metric::not_spooled(error),
        }
        put
    }

    /// Whether it is worth a try: nothing speaks against it.
    pub fn is_promising(&self) -> bool {
        *self.condition.borrow() != Condition::Closed
    }

    /// Whether it is known to work.
    pub fn is_open(&self) -> bool {
        *self.condition.borrow() == Condition::Open
    }

    async fn attempt(&self, delivery: &DeliveryV1, deadline: Instant) -> Result<(), SpoolError> {
        let place = match timeout_at(deadline, self.inbox.reserve()).await {
            Ok(Ok(place)) => place,
            Ok(Err(_)) => return Err(SpoolError::Failed),
            Err(_) => return Err(SpoolError::Full),
        };
        let (answer, committed) = oneshot::channel();
        place.send(Ticket { delivery: spooled(delivery), answer });
        match timeout_at(deadline, committed).await {
            Ok(answer) => answer.unwrap_or(Err(SpoolError::Failed)),
            Err(_) => Err(SpoolError::Late),
        }
    }
}

fn spooled(delivery: &DeliveryV1) -> SpooledDelivery {
    SpooledDelivery {
        event_id: delivery.event_id.clone(),
        source: match delivery.source {
            Source::Webhook => EventSource::Webhook,
            Source::Poll => EventSource::Poll,
            Source::Manual => EventSource::Manual,
        },
        received_at: delivery.received_at,
        body: delivery.body.clone(),
        traceparent: delivery.trace.get("traceparent").map(ToOwned::to_owned),
    }
}
