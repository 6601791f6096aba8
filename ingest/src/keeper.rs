//! Makes a delivery durable, in the queue or else in the spool, and knows whether that works at present.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use broker::PublishError;
use broker::message::DeliveryV1;
use runtime::http::Readiness;
use thiserror::Error;
use tracing::{info, warn};

use crate::metric;
use crate::queue::QueueWay;
use crate::spell::Spell;
use crate::spool::{Spool, SpoolError};

/// Where a delivery is safe. Only with one of these may the answer be 200.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// A quorum of the broker has it on disk.
    InQueue,
    /// The database has committed it to the spool. It may have reached the queue as well: then it is a duplicate.
    InSpool,
}

/// Why a delivery is not safe. The sender has to bring it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotKept {
    /// There is no other way.
    #[error("cannot put the delivery into the queue")]
    InQueue(#[source] PublishError),
    /// Both ways are closed.
    #[error("cannot put the delivery into the queue ({queue}), nor into the spool")]
    Anywhere {
        queue: PublishError,
        #[source]
        spool: SpoolError,
    },
}

/// Keeps deliveries. Cheap to clone.
#[derive(Clone)]
pub struct Keeper(Arc<Inner>);

struct Inner {
    queue: QueueWay,
    spool: Option<Spool>,
    /// Deliveries that had to take the second way.
    detour: Mutex<Spell>,
    /// Deliveries that were not kept at all.
    refusal: Mutex<Spell>,
}

impl Keeper {
    /// Keeps deliveries in the queue and, where there is one, in the spool when the queue does not take them in time.
    pub(crate) fn new(queue: QueueWay, spool: Option<Spool>) -> Self {
        Self(Arc::new(Inner { queue, spool, detour: Mutex::default(), refusal: Mutex::default() }))
    }

    /// Makes a delivery durable; `version` is the form of its envelope.
    ///
    /// Each way has its own time. While the broker is known to be away, to be blocked or not to confirm, the spool is
    /// asked first, and nobody waits.
    ///
    /// An error does not mean that it is gone: what was sent without a confirm may still arrive, and what was
    /// written without an answer may be committed. The sender brings it again, and the worker knows it by its id.
    pub async fn keep(&self, version: &str, delivery: &DeliveryV1) -> Result<Kept, NotKept> {
        let kept = match &self.0.spool {
            None => self.queue(version, delivery).await.map_err(NotKept::InQueue),
            Some(spool) if spool.is_promising() && !self.0.queue.is_promising() => {
                match self.spool(spool, delivery).await {
                    Ok(kept) => Ok(kept),
                    Err(spool) => self
                        .queue(version, delivery)
                        .await
                        .map_err(|queue| NotKept::Anywhere { queue, spool }),
                }
            }
            Some(spool) => match self.queue(version, delivery).await {
                Ok(kept) => Ok(kept),
                Err(queue) => {
                    self.spool(spool, delivery).await.map_err(|spool| NotKept::Anywhere { queue, spool })
                }
            },
        };
        self.note(kept);
        kept
    }

    /// Whether a delivery that came now could be kept, as far as is known.
    pub fn readiness(&self) -> Readiness {
        match (self.0.queue.trouble(), &self.0.spool) {
            (None, _) => Readiness::Ready,
            (Some(queue), None) => Readiness::not(queue),
            (Some(_), Some(spool)) if spool.is_open() => Readiness::Ready,
            (Some(queue), Some(_)) => Readiness::not(format!("{queue}; and the spool cannot be written")),
        }
    }

    async fn queue(&self, version: &str, delivery: &DeliveryV1) -> Result<Kept, PublishError> {
        self.0.queue.put(version, delivery).await?;
        Ok(Kept::InQueue)
    }

    async fn spool(&self, spool: &Spool, delivery: &DeliveryV1) -> Result<Kept, SpoolError> {
        spool.put(delivery).await?;
        Ok(Kept::InSpool)
    }

    /// Counts each, and logs where a spell begins and ends.
    fn note(&self, kept: Result<Kept, NotKept>) {
        match kept {
            Ok(Kept::InQueue) => {
                metric::kept("queue");
                if let Some(spooled) = lock(&self.0.detour).ends() {
                    info!(
                        deliveries.spooled = spooled,
                        "deliveries go to the queue again, {spooled} went to the spool"
                    );
                }
            }
            Ok(Kept::InSpool) => {
                metric::kept("spool");
                if lock(&self.0.detour).goes_on() {
                    let why = self.0.queue.trouble().unwrap_or("the broker did not confirm in time");
                    warn!(error = why, "deliveries go to the spool: {why}");
                }
            }
            Err(error) => {
                if lock(&self.0.refusal).goes_on() {
                    let error = runtime::chain(&error);
                    warn!(error, "deliveries cannot be kept and are answered 503: {error}");
                }
                return;
            }
        }
        if let Some(refused) = lock(&self.0.refusal).ends() {
            info!(
                deliveries.refused = refused,
                "deliveries are kept again, {refused} were not and come again"
            );
        }
    }
}

fn lock(spell: &Mutex<Spell>) -> MutexGuard<'_, Spell> {
    spell.lock().unwrap_or_else(PoisonError::into_inner)
}
