//! Delivers events as the platform does: at least once unless all four attempts fail, in no order, many at a
//! time.

mod handshake;
mod post;
mod retry;

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use handshake::{HandshakeError, shake};
pub use post::{ClientError, Post};
pub use retry::{ANSWER_WITHIN, wait_after};

use crate::chance::Chance;
use crate::cloud::Event;
use crate::ledger::{Attempt, Ledger};

/// Sends events, a bounded number of requests at a time; what waits for its next attempt does not count.
#[derive(Debug)]
pub struct Sender {
    route: Arc<Route>,
    deliveries: JoinSet<()>,
}

#[derive(Debug)]
struct Route {
    post: Arc<Post>,
    ledger: Arc<Ledger>,
    slots: Arc<Semaphore>,
    retry_scale: f64,
    stop: CancellationToken,
}

impl Sender {
    /// Stops when `stop` is cancelled: requests under way are finished, and no further attempt is made.
    pub fn new(
        post: Arc<Post>,
        ledger: Arc<Ledger>,
        concurrency: usize,
        retry_scale: f64,
        stop: CancellationToken,
    ) -> Self {
        let slots = Arc::new(Semaphore::new(concurrency.max(1)));
        Self { route: Arc::new(Route { post, ledger, slots, retry_scale, stop }), deliveries: JoinSet::new() }
    }

    /// Waits for a free slot and begins to deliver. An event that is sent again is another delivery of the
    /// same id.
    pub async fn send(&mut self, event: Arc<Event>) {
        while self.deliveries.try_join_next().is_some() {}
        let slot = self.route.slot().await;
        let nth = self.route.ledger.begun(&event);
        self.deliveries.spawn(Arc::clone(&self.route).deliver(event, nth, slot));
    }

    /// Waits until every delivery is over.
    pub async fn finish(mut self) {
        while self.deliveries.join_next().await.is_some() {}
    }
}

/// The right to make a request now.
type Slot = Option<OwnedSemaphorePermit>;

impl Route {
    async fn slot(&self) -> Slot {
        // The semaphore is never closed.
        Arc::clone(&self.slots).acquire_owned().await.ok()
    }

    async fn deliver(self: Arc<Self>, event: Arc<Event>, nth: usize, mut slot: Slot) {
        let mut ids = Chance::new(0).branch(&event.event_id.to_string(), i64::try_from(nth).unwrap_or(0));
        for failed_attempts in 1.. {
            if self.attempt(&event, &mut ids).await {
                break;
            }
            drop(slot.take());
            let Some(wait) = wait_after(failed_attempts, self.retry_scale) else {
                break;
            };
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
            }
            slot = self.slot().await;
        }
        self.ledger.ended(event.event_id);
    }

    /// One attempt: with its own delivery id and time, and so with its own signature.
    async fn attempt(&self, event: &Event, ids: &mut Chance) -> bool {
        let (delivery_id, delivered_at) = (ids.uuid(), self.ledger.now());
        let answer = self.post.send(event.body(delivery_id, delivered_at)).await;
        self.ledger.attempted(event.event_id, Attempt { delivery_id, delivered_at, answer });
        answer.is_success()
    }
}
