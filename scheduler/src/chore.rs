//! Something that is done again and again: at once after the start, and then each time the interval is over. A chore
//! that fails is tried again at its next turn; the first failure of a row and the end of it are logged.

use std::pin::Pin;
use std::time::Duration;

use metrics::counter;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::Scheduler;

type Turn = Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;

/// A table row: name, cadence, work.
pub(crate) struct Chore {
    pub name: &'static str,
    pub every: Duration,
    pub run: fn(Scheduler) -> Turn,
}

impl Chore {
    pub async fn repeat(self, scheduler: Scheduler, stop: CancellationToken) -> anyhow::Result<()> {
        let mut failing = false;
        while !stop.is_cancelled() {
            match (self.run)(scheduler.clone()).await {
                Ok(()) if failing => {
                    info!(chore.name = self.name, "{} works again", self.name);
                    failing = false;
                }
                Ok(()) => {}
                Err(error) => {
                    counter!("scheduler_failures_total", "chore" => self.name).increment(1);
                    if !failing {
                        let error = runtime::chain(error.as_ref());
                        warn!(
                            chore.name = self.name,
                            error, "{} failed, trying again at its next turn", self.name
                        );
                    }
                    failing = true;
                }
            }
            let _stopped = stop.run_until_cancelled(tokio::time::sleep(self.every)).await;
        }
        Ok(())
    }
}
