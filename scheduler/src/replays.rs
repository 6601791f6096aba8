//! Cars whose book does not follow from their readings any more are replayed: marked by the worker, by a person's
//! correction, or because events waited for their connection.

use std::time::Duration;

use anyhow::Context;
use broker::message::JobV1;
use chrono::{DateTime, TimeDelta, Utc};
use metrics::counter;
use runtime::clock;
use store::{dirty, events};
use tokio::time::Instant;
use uuid::Uuid;

use crate::Scheduler;

/// Longer than a replay takes; a job that was lost is asked for again after it.
const LEASE: TimeDelta = TimeDelta::minutes(2);
const AT_ONCE: i64 = 500;
const PUBLISH_WITHIN: Duration = Duration::from_secs(10);

/// Asks for the replay of every marked car. The lease is committed before the job is published: no lock is held
/// across a network call, and a scheduler that dies in between costs two minutes.
pub(crate) async fn ask(scheduler: Scheduler) -> anyhow::Result<()> {
    let mut db = scheduler.pool.acquire().await?;
    let vehicles = dirty::lease(&mut db, clock::now(), LEASE, AT_ONCE).await?;
    drop(db);
    for vehicle_id in vehicles {
        let job = JobV1::ReplayV1 { vehicle_id };
        scheduler
            .publisher
            .enqueue(&job, Instant::now() + PUBLISH_WITHIN)
            .await
            .context("cannot ask for a replay")?;
        counter!("scheduler_jobs_total", "job" => "replay").increment(1);
    }
    Ok(())
}

/// Cars whose state older rules folded are folded by today's, some at a time: those that report are marked by the worker
/// at once, and these are the silent ones.
pub(crate) async fn upgrade(scheduler: Scheduler) -> anyhow::Result<()> {
    let mut db = scheduler.pool.acquire().await?;
    dirty::mark_older_rules(&mut db, AT_ONCE, AT_ONCE).await?;
    Ok(())
}

/// Finds events that came before their car was connected and that nobody has folded since.
pub(crate) async fn sweep(scheduler: Scheduler) -> anyhow::Result<()> {
    let now = clock::now();
    let mut tx = scheduler.pool.begin().await?;
    let vehicles = events::vehicles_with_waiting(&mut tx, AT_ONCE).await?;
    let marks: Vec<(Uuid, DateTime<Utc>, &str)> =
        vehicles.into_iter().map(|vehicle| (vehicle, now, "events waited for its connection")).collect();
    if !marks.is_empty() {
        dirty::mark(&mut tx, &marks).await?;
    }
    tx.commit().await?;
    Ok(())
}
