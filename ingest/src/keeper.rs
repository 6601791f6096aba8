//! Makes a delivery durable, and knows whether that works at present.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use broker::message::DeliveryV1;
use broker::{Destination, PublishError, Publisher};
use runtime::http::Readiness;
use thiserror::Error;
use tokio::time::Instant;
use tracing::{info, warn};

/// Where a delivery is safe. Only with one of these may the answer be 200.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// A quorum of the broker has it on disk.
    InQueue,
}

/// Why a delivery is not safe. The sender has to bring it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotKept {
    #[error("cannot put the delivery into the queue")]
    InQueue(#[source] PublishError),
}

/// Keeps deliveries. Cheap to clone.
#[derive(Clone)]
pub struct Keeper {
    publisher: Publisher,
    confirm_within: Duration,
    trouble: Arc<Mutex<Trouble>>,
}

/// What is known of failures, so that a spell of thousands is two lines in the log, and readiness tells the truth.
#[derive(Debug, Default)]
struct Trouble {
    /// The last failure of the present spell.
    last: Option<Instant>,
    /// How many deliveries were not kept in it.
    refused: u64,
}

impl Keeper {
    /// For how long a failure without a confirm after it counts as "cannot keep". Not for ever: a door that is not
    /// ready gets no deliveries, and so would never learn that the broker confirms again.
    const DOUBT: Duration = Duration::from_secs(5);

    /// Keeps deliveries in the broker's queue, if that confirms `within` the given time.
    pub fn new(publisher: Publisher, within: Duration) -> Self {
        Self {
            publisher,
            confirm_within: within,
            trouble: Arc::default(),
        }
    }

    /// Makes a delivery durable; `version` is the form of its envelope.
    ///
    /// An error does not mean that it is gone: a publish without a confirm may still arrive. The sender brings it
    /// again, and the worker knows it by its id.
    pub async fn keep(&self, version: &str, delivery: &DeliveryV1) -> Result<Kept, NotKept> {
        let deadline = Instant::now() + self.confirm_within;
        let published = self
            .publisher
            .deliver(Destination::Webhook { version }, delivery, deadline)
            .await;
        match published {
            Ok(()) => {
                self.trouble().kept();
                Ok(Kept::InQueue)
            }
            Err(error) => {
                self.trouble().not_kept(error);
                Err(NotKept::InQueue(error))
            }
        }
    }

    /// Whether a delivery that came now could be kept, as far as is known.
    pub fn readiness(&self) -> Readiness {
        let health = self.publisher.health();
        let failed = self.trouble().last.filter(|at| at.elapsed() < Self::DOUBT);
        if !health.connected {
            Readiness::not("no connection to the broker")
        } else if health.blocked {
            Readiness::not("the broker takes no messages: it is short of memory or disk")
        } else if failed.is_some_and(|failed| health.last_confirm.is_none_or(|confirmed| confirmed < failed))
        {
            Readiness::not("the broker does not confirm what is published")
        } else {
            Readiness::Ready
        }
    }

    fn trouble(&self) -> std::sync::MutexGuard<'_, Trouble> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Trouble {
    /// While some deliveries are kept and others are not, the spell goes on.
    const CALM: Duration = Duration::from_secs(5);

    fn kept(&mut self) {
        if self.last.is_some_and(|at| at.elapsed() >= Self::CALM) {
            let refused = self.refused;
            info!(
                deliveries.refused = refused,
                "deliveries are kept again, {refused} were not and come again"
            );
            *self = Self::default();
        }
    }

    fn not_kept(&mut self, error: PublishError) {
        if self.last.is_none() {
            let error = runtime::chain(&error);
            warn!(error, "deliveries cannot be kept and are answered 503: {error}");
        }
        self.last = Some(Instant::now());
        self.refused += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spell_of_failures_is_one_until_there_was_calm() {
        let mut trouble = Trouble::default();
        trouble.not_kept(PublishError::Unknown);
        trouble.kept();
        trouble.not_kept(PublishError::Unknown);
        assert_eq!(trouble.refused, 2, "what is kept in between does not end it");

        trouble.last = Some(Instant::now().checked_sub(Trouble::CALM).unwrap());
        trouble.kept();
        assert_eq!((trouble.last, trouble.refused), (None, 0));
    }
}
