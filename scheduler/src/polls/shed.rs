//! What is not asked for because the platform does not allow more: measured, and told of when it lasts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use metrics::gauge;
use runtime::clock;
use store::polls;
use tracing::{info, warn};

use crate::Scheduler;

pub(crate) const EVERY: Duration = Duration::from_secs(30);

/// Each car is to be polled once a day.
const TOO_LONG: TimeDelta = TimeDelta::days(1);

/// Remembers whether it has warned.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watch {
    shedding: Arc<AtomicBool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum News {
    Nothing,
    Begins,
    Ends,
}

impl Watch {
    fn see(&self, age: TimeDelta) -> News {
        let shedding = age > TOO_LONG;
        match (self.shedding.swap(shedding, Ordering::Relaxed), shedding) {
            (false, true) => News::Begins,
            (true, false) => News::Ends,
            (true, true) | (false, false) => News::Nothing,
        }
    }
}

/// Counts the cars that wait for being asked for, and says since when the first of them waits.
pub(crate) async fn watch(scheduler: Scheduler) -> anyhow::Result<()> {
    let backlog = polls::backlog(&mut *scheduler.pool.acquire().await?).await?;
    let age = backlog.since.map_or(TimeDelta::zero(), |since| (clock::now() - since).max(TimeDelta::zero()));
    let wanted = backlog.wanted;
    gauge!("scheduler_polls_wanted").set(f64::from(u32::try_from(wanted).unwrap_or(u32::MAX)));
    gauge!("scheduler_polls_oldest_wanted_seconds").set(age.as_seconds_f64());
    match scheduler.shed.see(age) {
        News::Nothing => {}
        News::Begins => warn!(
            polls.wanted = wanted,
            "{wanted} cars wait for being asked, some for more than a day: Smartcar allows too few calls for all, the \
             longest silent come first"
        ),
        News::Ends => info!(polls.wanted = wanted, "every car is asked within a day again"),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cars_that_wait_for_more_than_a_day_are_told_of_once_and_their_end_too() {
        let watch = Watch::default();
        let news = [0, 23, 25, 49, 24, 0, 30].map(|hours| watch.see(TimeDelta::hours(hours)));
        assert_eq!(
            news,
            [
                News::Nothing,
                News::Nothing,
                News::Begins,
                News::Nothing,
                News::Ends,
                News::Nothing,
                News::Begins
            ]
        );
    }
}
