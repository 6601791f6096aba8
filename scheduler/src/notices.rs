//! People are told of alerts: what nobody decided about yet, and messages that are due, are asked for. Quiet hours, digests and
//! further attempts are only moments at which a message is due.

use std::time::Duration;

use anyhow::Context;
use broker::PublishError;
use broker::message::JobV1;
use chrono::TimeDelta;
use metrics::counter;
use runtime::clock;
use store::{notifications, outgoing};
use tokio::time::Instant;
use uuid::Uuid;

use crate::Scheduler;

/// Longer than a message is in a worker's hand; a job that was lost is asked for again after it.
const LEASE: TimeDelta = TimeDelta::minutes(3);
const AT_ONCE: i64 = 500;
const PUBLISH_WITHIN: Duration = Duration::from_secs(10);

/// Asks for what is to be decided, and for what is due. The lease is committed before: no lock is held across a network call.
pub(crate) async fn ask(scheduler: Scheduler) -> anyhow::Result<()> {
    if !scheduler.publisher.health().connected {
        return Ok(());
    }
    let now = clock::now();
    let mut db = scheduler.pool.acquire().await?;
    let alerts = notifications::lease(&mut db, now, now + LEASE, AT_ONCE).await?;
    let messages = outgoing::lease(&mut db, now, now + LEASE, AT_ONCE).await?;
    drop(db);
    let decided = publish(&scheduler, alerts, |alert_id| JobV1::NotifyV1 { alert_id }).await;
    let sent = publish(&scheduler, messages, |message_id| JobV1::SendV1 { message_id }).await;
    if decided.left.is_empty() && sent.left.is_empty() {
        return Ok(());
    }
    let mut db = scheduler.pool.acquire().await?;
    notifications::give_back(&mut db, &decided.left).await?;
    outgoing::give_back(&mut db, &sent.left).await?;
    decided.failed.or(sent.failed).map_or(Ok(()), |error| Err(error).context("cannot ask for notifications"))
}

/// What could not be asked for, and why.
#[derive(Default)]
struct Left {
    left: Vec<Uuid>,
    failed: Option<PublishError>,
}

async fn publish(scheduler: &Scheduler, ids: Vec<Uuid>, job: impl Fn(Uuid) -> JobV1) -> Left {
    let jobs: Vec<JobV1> = ids.iter().map(|id| job(*id)).collect();
    let messages: Vec<_> = jobs.iter().map(|job| (job.destination(), job)).collect();
    let answers = scheduler.publisher.publish_all(messages, Instant::now() + PUBLISH_WITHIN).await;
    let mut left = Left::default();
    for (id, answer) in ids.into_iter().zip(answers) {
        match answer {
            Ok(()) => counter!("scheduler_jobs_total", "job" => "notify").increment(1),
            Err(error) => {
                left.left.push(id);
                left.failed = Some(error);
            }
        }
    }
    left
}
