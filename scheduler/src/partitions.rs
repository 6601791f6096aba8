//! Partitions are made long before the first row needs them.

use std::time::Duration;

use chrono::TimeDelta;
use metrics::counter;
use runtime::clock;
use store::partitions;
use tracing::info;

use crate::Scheduler;

/// A missed turn costs nothing: there are days in hand.
pub(crate) const EVERY: Duration = Duration::from_hours(1);
const AHEAD: TimeDelta = TimeDelta::days(8);

pub(crate) async fn make(scheduler: Scheduler) -> anyhow::Result<()> {
    let mut tx = scheduler.pool.begin().await?;
    let made = partitions::make(&mut tx, clock::now(), AHEAD).await?;
    tx.commit().await?;
    if made > 0 {
        counter!("scheduler_partitions_made_total").increment(u64::try_from(made).unwrap_or(0));
        info!(partitions.made = made, "made {made} partitions ahead");
    }
    Ok(())
}
