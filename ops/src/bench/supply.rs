//! Deliveries for runs that need more of them than fit into memory: made ahead on a thread of its own, as many as are
//! asked for at once.

use std::sync::Arc;

use anyhow::{Context, ensure};
use tokio::sync::mpsc;

use super::deliveries::{Deliveries, Delivery, requests};

/// So many portions are made ahead.
const AHEAD: usize = 1;

/// Portion by portion. The fleet's past is an end to it: then the run fails and says what to do.
pub(super) struct Supply {
    portions: mpsc::Receiver<Vec<Delivery>>,
    size: usize,
}

impl Supply {
    /// Portions of this size.
    pub fn of(deliveries: &Deliveries, size: usize) -> Self {
        let (sender, portions) = mpsc::channel(AHEAD);
        let mut endless = deliveries.endless();
        tokio::task::spawn_blocking(move || {
            // Ends when nobody wants any more, and with the run.
            while sender.blocking_send(endless.by_ref().take(size).collect()).is_ok() {}
        });
        Self { portions, size }
    }

    /// The next portion.
    pub async fn next(&mut self) -> anyhow::Result<Vec<Delivery>> {
        let portion = self.portions.recv().await.context("the deliveries could not be made")?;
        ensure!(
            portion.len() == self.size,
            "the fleet has told everything of its past: take more --cars, or a shorter run"
        );
        Ok(portion)
    }

    /// The next portion as whole requests.
    pub async fn next_requests(&mut self) -> anyhow::Result<Arc<Vec<Vec<u8>>>> {
        Ok(requests(&self.next().await?))
    }
}
