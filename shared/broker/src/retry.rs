//! Moving a message that cannot be handled here and now: to wait, or to be handled alone. Both publish a copy and
//! wait for its confirm; acknowledge the original only after that, so that a crash between makes two and never none.

use tokio::time::Instant;

use crate::incoming::Incoming;
use crate::publisher::{PublishError, Publisher};
use crate::queue::{Queue, Work};
use crate::topology::Destination;
use crate::wait::Wait;

impl Publisher {
    /// Publishes a copy, with one failed attempt more, that comes back to the queue of `work` after `wait`.
    ///
    /// Which wait is [`Wait::after`]'s to say, given [`Incoming::attempts`].
    pub async fn retry_later(
        &self,
        message: &Incoming,
        work: Work,
        wait: Wait,
        deadline: Instant,
    ) -> Result<(), PublishError> {
        let copy = message.copy().with_attempts(message.attempts().saturating_add(1));
        self.publish(Destination::Later(work, wait), &copy, deadline).await
    }

    /// Publishes copies into [`Queue::Apart`], as they are. The answers are in the order of the messages.
    pub async fn set_apart(&self, messages: &[Incoming], deadline: Instant) -> Vec<Result<(), PublishError>> {
        let copies: Vec<_> = messages.iter().map(Incoming::copy).collect();
        let apart: Vec<_> = copies.iter().map(|copy| (Destination::Queue(Queue::Apart), copy)).collect();
        self.publish_all(apart, deadline).await
    }
}
