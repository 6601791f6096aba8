//! One request at the door, from its head to its answer: counted in any case, also when the sender does not wait.

use tokio::time::Instant;

use crate::metric;

/// Lives as long as the request is in hand.
pub struct Visit {
    since: Instant,
    outcome: &'static str,
}

impl Visit {
    pub fn begin() -> Self {
        metric::request_began();
        Self { since: Instant::now(), outcome: "gone" }
    }

    pub fn end(mut self, outcome: &'static str) {
        self.outcome = outcome;
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        metric::request_ended(self.outcome, self.since.elapsed());
    }
}
