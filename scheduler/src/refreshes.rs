//! Consents are renewed before they end: those whose refresh token has not long to live, needed or not, and those whose
//! access token ends while their cars wait for being asked. All others are renewed by whoever needs them.

use std::time::Duration;

use anyhow::Context;
use broker::message::JobV1;
use chrono::TimeDelta;
use metrics::{counter, gauge};
use runtime::clock;
use store::refresh_plans::{self, Ahead};
use tokio::time::Instant;

use crate::Scheduler;

/// A missed turn costs nothing: there are days in hand.
pub(crate) const EVERY: Duration = Duration::from_secs(10);

/// The same as whoever renews looks for; asked for earlier, a job would find nothing to do.
const AHEAD: Ahead = Ahead { access: connections::REFRESH_AHEAD, refresh: connections::REFRESH_TOKEN_AHEAD };

/// Longer than it takes to renew a consent; a job that was lost is asked for again after it, and ever more rarely.
const LEASE: TimeDelta = TimeDelta::minutes(10);
/// So many consents that end, and so many whose cars are wanted next.
const AT_ONCE: i64 = 100;
const PUBLISH_WITHIN: Duration = Duration::from_secs(10);

/// When a consent ends so soon, its renewal must have failed for long: people should look.
const ALARMING: TimeDelta = TimeDelta::days(7);

/// Asks for the renewal of what has to be renewed, and counts what is about to end.
pub(crate) async fn ask(scheduler: Scheduler) -> anyhow::Result<()> {
    if !scheduler.publisher.health().connected {
        return Ok(());
    }
    let now = clock::now();
    let mut db = scheduler.pool.acquire().await?;
    let grants = refresh_plans::lease(&mut db, now, LEASE, AHEAD, AT_ONCE).await?;
    let ending = refresh_plans::ending(&mut db, now + ALARMING).await?;
    drop(db);
    gauge!("scheduler_consents_ending").set(f64::from(u32::try_from(ending).unwrap_or(u32::MAX)));
    for grant_id in grants {
        let job = JobV1::RefreshV1 { grant_id };
        scheduler
            .publisher
            .enqueue(&job, Instant::now() + PUBLISH_WITHIN)
            .await
            .context("cannot ask for the renewal of a consent")?;
        counter!("scheduler_jobs_total", "job" => "refresh").increment(1);
    }
    Ok(())
}
