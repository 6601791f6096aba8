//! A look at the spool: a delivery that lies there for minutes says that no worker runs. Nobody else would say so, since
//! the door answers 200 all the while.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use metrics::gauge;
use runtime::clock;
use store::expiry;
use tracing::{info, warn};

use crate::Scheduler;

pub(crate) const EVERY: Duration = Duration::from_secs(15);

/// Workers take what is in the spool within seconds.
const TOO_LONG: TimeDelta = TimeDelta::minutes(5);

/// Remembers whether it has warned.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watch {
    stuck: Arc<AtomicBool>,
}

/// What is new about the spool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    Nothing,
    Stuck,
    MovesAgain,
}

impl Watch {
    fn see(&self, age: TimeDelta) -> News {
        let stuck = age > TOO_LONG;
        match (self.stuck.swap(stuck, Ordering::Relaxed), stuck) {
            (false, true) => News::Stuck,
            (true, false) => News::MovesAgain,
            (true, true) | (false, false) => News::Nothing,
        }
    }
}

/// Measures the age of the oldest delivery in the spool (0 while it is empty); the beginning and the end of a spool
/// that nobody empties are logged.
pub(crate) async fn look(scheduler: Scheduler) -> anyhow::Result<()> {
    let oldest = expiry::oldest_spooled(&mut *scheduler.pool.acquire().await?).await?;
    let age = oldest.map_or(TimeDelta::zero(), |since| (clock::now() - since).max(TimeDelta::zero()));
    gauge!("scheduler_spool_oldest_seconds").set(age.as_seconds_f64());
    match scheduler.spool.see(age) {
        News::Nothing => {}
        News::Stuck => {
            let minutes = age.num_minutes();
            warn!(
                spool.age_seconds = age.num_seconds(),
                "deliveries lie in the spool for {minutes} minutes, is a worker running?"
            );
        }
        News::MovesAgain => info!(spool.age_seconds = age.num_seconds(), "the spool is emptied again"),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spool_that_nobody_empties_is_told_of_once_and_its_end_too() {
        let watch = Watch::default();
        let ages = [0, 5, 6, 7, 60, 1, 0, 6];
        let news = ages.map(|minutes| watch.see(TimeDelta::minutes(minutes)));
        assert_eq!(
            news,
            [
                News::Nothing,
                News::Nothing,
                News::Stuck,
                News::Nothing,
                News::Nothing,
                News::MovesAgain,
                News::Nothing,
                News::Stuck
            ]
        );
    }
}
