//! Jobs: a message that asks for something to be looked at. A job that fails waits in a queue and comes again; one
//! that failed too often is parked, or left to the scheduler, which asks again.
//!
//! Each kind has a lane of its own and a limited number in hand, so that a platform that takes minutes keeps nobody
//! waiting but those who wait for it.

mod notify;
mod poll;
mod refresh;
mod replay;
mod verdict;

use std::pin::pin;
use std::time::Duration;

use broker::message::JobV1;
use broker::{Incoming, JobKind, Queue, Settled, Settler, Work};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::lane::{note, open};
use crate::{Worker, meter};

pub(crate) use notify::Notices;
pub(crate) use poll::Polls;
pub(crate) use refresh::Refreshes;
pub(crate) use replay::Replays;
pub(crate) use verdict::Verdict;

const PUBLISH_WITHIN: Duration = Duration::from_secs(5);

/// One kind of job, and how it is done.
pub(crate) trait Handler: Send + Sync + 'static {
    const KIND: JobKind;

    /// How many are in hand at once. As many are fetched, so that none grows old in a hand that does not work on it: the
    /// broker takes back what is not settled within half an hour.
    fn at_once(&self) -> u16;

    /// Brings one job to its end. `attempts` is how often it failed before.
    fn handle(&self, job: &JobV1, attempts: u32) -> impl Future<Output = Verdict> + Send;
}

/// Takes jobs of a kind until the program stops; then what is in hand is finished. A lost consumer is opened again, and
/// what was in hand goes on meanwhile.
pub(crate) async fn run<H: Handler>(
    worker: Worker,
    handler: H,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let mut in_hand = FuturesUnordered::new();
    let (queue, at_once) = (Queue::Job(H::KIND), handler.at_once());
    while let Some(mut consumer) = meanwhile(&mut in_hand, open(&worker, queue, at_once, &stop)).await {
        let settler = consumer.settler();
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => {
                    consumer.cancel().await;
                    while in_hand.next().await.is_some() {}
                    return Ok(());
                }
                Some(()) = in_hand.next(), if !in_hand.is_empty() => {}
                message = consumer.next(), if in_hand.len() < usize::from(at_once) => match message {
                    Some(message) => {
                        in_hand.push(bring_to_end(&worker, &handler, settler.clone(), message));
                    }
                    None => break,
                },
            }
        }
    }
    while in_hand.next().await.is_some() {}
    Ok(())
}

/// Waits for something while the work in hand goes on.
async fn meanwhile<Job, T>(in_hand: &mut FuturesUnordered<Job>, awaited: impl Future<Output = T>) -> T
where
    Job: Future<Output = ()>,
{
    let mut awaited = pin!(awaited);
    loop {
        tokio::select! {
            biased;
            done = &mut awaited => return done,
            Some(()) = in_hand.next(), if !in_hand.is_empty() => {}
        }
    }
}

async fn bring_to_end<H: Handler>(worker: &Worker, handler: &H, settler: Settler, message: Incoming) {
    let verdict = match message.job() {
        Ok(job) => handler.handle(&job, message.attempts()).await,
        Err(error) => Verdict::Park { why: format!("it is no job: {}", runtime::chain(&error)) },
    };
    meter::job(H::KIND.name(), verdict.name());
    note(settle(worker, &settler, &message, H::KIND, verdict).await);
}

async fn settle(
    worker: &Worker,
    settler: &Settler,
    message: &Incoming,
    kind: JobKind,
    verdict: Verdict,
) -> Settled {
    match verdict {
        Verdict::Done(_) => settler.ack(message.tag).await,
        Verdict::GiveBack => settler.reject(message.tag).await,
        Verdict::Park { why } => {
            warn!(job.name = kind.name(), error = why, "parked a job");
            settler.park(message.tag).await
        }
        // A copy waits, confirmed, before the original is acknowledged.
        Verdict::Wait(wait) => {
            let deadline = Instant::now() + PUBLISH_WITHIN;
            match worker.publisher.retry_later(message, Work::Job(kind), wait, deadline).await {
                Ok(()) => settler.ack(message.tag).await,
                Err(error) => {
                    warn!(error = runtime::chain(&error), "cannot put a job off, giving it back");
                    settler.reject(message.tag).await
                }
            }
        }
    }
}
