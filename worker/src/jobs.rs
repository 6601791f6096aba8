//! Jobs: a message that asks for something to be looked at. A job that fails waits in a queue and comes again; one
//! that failed too often is parked.

use std::time::Duration;

use broker::message::JobV1;
use broker::{Incoming, JobKind, Queue, Settled, Wait, Work};
use intake::replay::replay;
use runtime::clock;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::lane::{Messages, note, open};
use crate::{Worker, meter};

const KIND: JobKind = JobKind::Replay;
const PREFETCH: u16 = 4;
const PUBLISH_WITHIN: Duration = Duration::from_secs(5);

pub(crate) async fn run(worker: Worker, stop: CancellationToken) -> anyhow::Result<()> {
    while let Some(mut consumer) = open(&worker, Queue::Job(KIND), PREFETCH, &stop).await {
        let mut messages = Messages::new(&mut consumer, &stop);
        while let Some(message) = messages.next().await {
            let settled = match message.job() {
                Ok(job) => match work(&worker, &job).await {
                    Ok(()) => messages.consumer.ack(message.tag).await,
                    Err(error) => {
                        warn!(job.name = KIND.name(), error = runtime::chain(error.as_ref()), "a job failed");
                        put_off(&worker, &messages, &message).await
                    }
                },
                Err(error) => {
                    warn!(error = runtime::chain(&error), "parked a message that is no job");
                    messages.consumer.park(message.tag).await
                }
            };
            note(settled);
        }
    }
    Ok(())
}

async fn work(worker: &Worker, job: &JobV1) -> anyhow::Result<()> {
    match job {
        JobV1::ReplayV1 { vehicle_id } => {
            replay(&worker.pool, *vehicle_id, clock::now()).await?;
            meter::job(KIND.name(), "done");
            Ok(())
        }
        JobV1::PollV1 { .. } | JobV1::RefreshV1 { .. } | JobV1::NotifyV1 { .. } => {
            anyhow::bail!("this job is not for the queue of replays")
        }
    }
}

/// A copy waits, confirmed, before the original is acknowledged. Without a wait left it is parked.
async fn put_off(worker: &Worker, messages: &Messages<'_>, message: &Incoming) -> Settled {
    let Some(wait) = Wait::after(message.attempts()) else {
        meter::job(KIND.name(), "parked");
        return messages.consumer.park(message.tag).await;
    };
    meter::job(KIND.name(), "waits");
    let deadline = Instant::now() + PUBLISH_WITHIN;
    match worker.publisher.retry_later(message, Work::Job(KIND), wait, deadline).await {
        Ok(()) => messages.consumer.ack(message.tag).await,
        Err(error) => {
            warn!(error = runtime::chain(&error), "cannot put a job off, giving it back");
            messages.consumer.reject(message.tag).await
        }
    }
}
