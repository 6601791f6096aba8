//! Brings deliveries to their end: done, or parked. What is the world's fault is waited for, with the messages in
//! hand; what is the data's own fault is found by halving the batch, and parked alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use intake::batch::{self, Outcome};
use intake::{Understood, parked_delivery};
use runtime::backoff::Backoff;
use runtime::clock;
use store::{StoreError, act_as_machine, parked};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::{Worker, meter};

/// The program stops and the world is still at fault: leave the messages with the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Abandoned;

/// Whether the database does what it is asked, as far as is known: the lane of the spool asks it twice a second.
#[derive(Debug, Clone, Default)]
pub(crate) struct Storing(Arc<AtomicBool>);

impl Storing {
    fn note(&self, works: bool) {
        self.0.store(!works, Ordering::Relaxed);
    }

    pub fn works(&self) -> bool {
        !self.0.load(Ordering::Relaxed)
    }
}

/// Handles the deliveries until each is committed or parked.
pub(crate) async fn bring_to_end(
    worker: &Worker,
    deliveries: &[Understood],
    stop: &CancellationToken,
) -> Result<(), Abandoned> {
    let all: Vec<&Understood> = deliveries.iter().collect();
    let mut parts: Vec<Vec<&Understood>> = vec![all];
    while let Some(part) = parts.pop() {
        let handled =
            insist(worker, stop, || batch::handle(&worker.pool, &worker.known, &part, clock::now())).await?;
        match (handled, part.as_slice()) {
            (Ok(outcome), _) => note(&part, outcome),
            (Err(error), [culprit]) => park(worker, culprit, &error, stop).await?,
            (Err(_), part) => {
                let (one, other) = part.split_at(part.len() / 2);
                parts.extend([other.to_vec(), one.to_vec()]);
            }
        }
    }
    Ok(())
}

/// Tries until it succeeds or the data are at fault. The first failure and the end of it are logged.
pub(crate) async fn insist<T, F>(
    worker: &Worker,
    stop: &CancellationToken,
    mut attempt: impl FnMut() -> F,
) -> Result<Result<T, StoreError>, Abandoned>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let mut waits = Backoff::RECONNECT.waits();
    let mut failed = false;
    loop {
        match attempt().await {
            Ok(done) => {
                worker.storing.note(true);
                if failed {
                    info!("the database answers again");
                }
                return Ok(Ok(done));
            }
            Err(error) if error.is_fault_of_the_data() => return Ok(Err(error)),
            Err(error) => {
                worker.storing.note(false);
                meter::store_failed();
                if !failed {
                    warn!(
                        error = runtime::chain(&error),
                        "cannot store, keeping the messages and trying again"
                    );
                }
                failed = true;
            }
        }
        let wait = waits.next().unwrap_or_default();
        if stop.run_until_cancelled(tokio::time::sleep(wait)).await.is_none() {
            return Err(Abandoned);
        }
    }
}

async fn park(
    worker: &Worker,
    culprit: &Understood,
    error: &StoreError,
    stop: &CancellationToken,
) -> Result<(), Abandoned> {
    let message = [parked_delivery(&culprit.delivery, runtime::chain(error), clock::now())];
    warn!(
        event.id = culprit.delivery.event_id,
        error = runtime::chain(error),
        "parked a delivery that cannot be stored"
    );
    let parking = async || {
        let mut tx = worker.pool.begin().await?;
        act_as_machine(&mut tx).await?;
        parked::insert(&mut tx, &message).await?;
        Ok(tx.commit().await?)
    };
    if let Err(error) = insist(worker, stop, parking).await? {
        // Bytes in a bytea and text without NUL: there is nothing left that could be refused for its data.
        warn!(error = runtime::chain(&error), "cannot park a delivery, leaving it with the broker");
        return Err(Abandoned);
    }
    meter::deliveries("parked", 1);
    Ok(())
}

fn note(part: &[&Understood], outcome: Outcome) {
    meter::batch(part, outcome, clock::now());
}
