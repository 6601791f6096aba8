//! The lane of the spool: what the door committed to the database while the broker did not confirm. One transaction
//! takes the rows out, folds them and commits.
//!
//! A row that cannot be handled fails its batch. Then rows are taken one at a time, until as many have passed as failed
//! together: the culprit fails alone and is parked. A panic counts as the delivery's fault too: it must not end one
//! worker after the other. There is no broker here that counts how often a delivery came back, so we count ourselves,
//! beforehand: a delivery that ends the whole process is found by that.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use broker::message::{DeliveryV1, Source, TraceContext};
use intake::batch;
use intake::{Understood, parked_delivery};
use opentelemetry::propagation::Injector;
use runtime::clock;
use sqlx::{Acquire, PgConnection};
use store::events::EventSource;
use store::spool::{self, SpoolRow, SpooledDelivery};
use store::{StoreError, act_as_machine, parked};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, warn};

use crate::lane::span;
use crate::settle::{Abandoned, insist};
use crate::{Worker, meter};

/// So often a row may be in hand when its worker ends. Once among its neighbours, and then alone.
const MOST_RETURNS: i32 = 4;

/// How often an empty spool is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Drains the spool until the program stops. What is in hand is finished first, unless the database is away: then it
/// was never taken.
pub(crate) async fn run(worker: Worker, stop: CancellationToken) -> anyhow::Result<()> {
    let (mut pace, owed) = (Pace::default(), Owed::default());
    while !stop.is_cancelled() {
        let limit = pace.limit(worker.batch.batch_size);
        match insist(&worker, &stop, || drain(&worker, limit, &owed)).await {
            Ok(Ok(drained)) => {
                pace.note(drained);
                if drained != Drained::Nothing {
                    continue;
                }
            }
            // Bytes in a bytea and text without NUL: there is nothing left that could be refused for its data.
            Ok(Err(error)) => {
                warn!(error = runtime::chain(&error), "cannot park a delivery, leaving it in the spool");
            }
            Err(Abandoned) => break,
        }
        stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await;
    }
    Ok(())
}

/// What one look at the spool came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Drained {
    Nothing,
    /// So many rows are done or parked.
    Rows(usize),
    /// So many rows could not be handled together, and still lie there.
    Faulty(usize),
}

/// How many rows are taken at once.
#[derive(Debug, Default)]
struct Pace {
    /// Rows that are still taken one at a time.
    careful: usize,
}

impl Pace {
    fn limit(&self, batch_size: u16) -> u16 {
        if self.careful > 0 { 1 } else { batch_size }
    }

    fn note(&mut self, drained: Drained) {
        self.careful = match drained {
            // Whatever failed together was taken by others meanwhile.
            Drained::Nothing => 0,
            Drained::Rows(rows) => self.careful.saturating_sub(rows),
            Drained::Faulty(rows) => rows,
        };
    }
}

/// Rows that were counted beforehand and could not be given back, since the database was away: this worker lives, and that
/// was none of their doing.
#[derive(Debug, Default)]
struct Owed(Mutex<Vec<i64>>);

impl Owed {
    fn note(&self, ids: &[i64]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(ids);
    }

    /// Gives back what could not be given back before.
    async fn settle(&self, db: &mut PgConnection) -> Result<(), StoreError> {
        let ids = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if !ids.is_empty() {
            spool::given_back(db, &ids).await?;
            self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
        Ok(())
    }
}

async fn drain(worker: &Worker, limit: u16, owed: &Owed) -> Result<Drained, StoreError> {
    let mut db = worker.pool.acquire().await?;
    owed.settle(&mut db).await?;
    if spool::is_empty(&mut db).await? {
        meter::spool(0, None);
        return Ok(Drained::Nothing);
    }
    let mut tx = db.begin().await?;
    act_as_machine(&mut tx).await?;
    let rows = spool::take(&mut tx, limit.into()).await?;
    let Some(oldest) = rows.first() else {
        return Ok(Drained::Nothing);
    };
    let age = clock::now() - oldest.spooled_at;
    let number = rows.len();
    let alone = (number == 1).then(|| oldest.clone());
    let Err(why) = attempt(worker, tx, rows, owed).await? else {
        meter::spool(number, Some(age));
        return Ok(Drained::Rows(number));
    };
    let Some(culprit) = alone else {
        warn!(error = why, "cannot handle deliveries of the spool together, taking them one at a time");
        return Ok(Drained::Faulty(number));
    };
    park(&mut db, culprit, why).await?;
    meter::spool(1, Some(age));
    Ok(Drained::Rows(1))
}

/// Handles the rows, unless workers ended with them in hand; says why they cannot be handled like this.
async fn attempt(
    worker: &Worker,
    mut tx: sqlx::PgTransaction<'_>,
    rows: Vec<SpoolRow>,
    owed: &Owed,
) -> Result<Result<(), String>, StoreError> {
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let mut beside = worker.pool.acquire().await?;
    let returns = spool::returns(&mut beside, &ids).await?;
    if returns > 0 && rows.len() > 1 {
        return Ok(Err("a worker ended with some of them in hand".to_owned()));
    }
    if returns >= MOST_RETURNS {
        return Ok(Err("whoever had it in hand has ended".to_owned()));
    }
    spool::begin(&mut beside, &ids).await?;
    let handled = unless_it_panics(handle(worker, &mut tx, rows)).await;
    let failed = match handled {
        Ok(Ok(handled)) => match tx.commit().await {
            Ok(()) => {
                handled.note(worker);
                return Ok(Ok(()));
            }
            Err(error) => Err(StoreError::from(error)),
        },
        failed => {
            // Not merely dropped: that would wait for us, and what follows waits for the rows that it has locked.
            let ended = tx.rollback().await.map_err(StoreError::from);
            match failed {
                Ok(Err(error)) if !error.is_fault_of_the_data() => Err(error),
                Ok(Err(error)) => ended.map(|()| Err(runtime::chain(&error))),
                Ok(Ok(_)) | Err(Panicked) => ended.map(|()| Err("handling it panicked".to_owned())),
            }
        }
    };
    if spool::given_back(&mut beside, &ids).await.is_err() {
        owed.note(&ids);
    }
    failed
}

/// What was handled and is to be committed.
struct Done {
    deliveries: Vec<Understood>,
    handled: batch::Handled,
}

impl Done {
    /// Call after the commit.
    fn note(self, worker: &Worker) {
        let batch: Vec<&Understood> = self.deliveries.iter().collect();
        meter::batch(&batch, self.handled.committed(&worker.known), clock::now());
    }
}

/// Handles the rows in the transaction that took them, which the caller commits.
async fn handle(worker: &Worker, tx: &mut PgConnection, rows: Vec<SpoolRow>) -> Result<Done, StoreError> {
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let deliveries: Vec<Understood> =
        rows.into_iter().map(|row| Understood::of(delivery(row.delivery))).collect();
    let batch: Vec<&Understood> = deliveries.iter().collect();
    spool::done(tx, &ids).await?;
    let span = span(batch.iter().map(|one| &one.delivery.trace));
    let handled = batch::handle_in(tx, &worker.known, &batch, clock::now()).instrument(span).await?;
    Ok(Done { deliveries, handled })
}

/// Takes a row out of the spool to where a person looks.
async fn park(db: &mut PgConnection, row: SpoolRow, why: String) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    act_as_machine(&mut tx).await?;
    if !spool::remove(&mut tx, row.id).await? {
        return Ok(());
    }
    spool::done(&mut tx, &[row.id]).await?;
    let message = parked_delivery(&delivery(row.delivery), why, clock::now());
    parked::insert(&mut tx, std::slice::from_ref(&message)).await?;
    tx.commit().await?;
    warn!(event.id = message.message_key, error = message.why, "parked a delivery that cannot be stored");
    meter::deliveries("parked", 1);
    Ok(())
}

/// What the door would have published.
fn delivery(spooled: SpooledDelivery) -> DeliveryV1 {
    let mut trace = TraceContext::default();
    if let Some(traceparent) = spooled.traceparent {
        trace.set("traceparent", traceparent);
    }
    DeliveryV1 {
        event_id: spooled.event_id,
        received_at: spooled.received_at,
        source: match spooled.source {
            EventSource::Webhook => Source::Webhook,
            EventSource::Poll => Source::Poll,
            EventSource::Manual => Source::Manual,
        },
        attempts: 0,
        body: spooled.body,
        trace,
    }
}

/// The work panicked; the hook has written how.
#[derive(Debug)]
struct Panicked;

/// Ends with the panic instead of passing it on. What the work held is dropped, so its transaction is rolled back.
async fn unless_it_panics<T>(work: impl Future<Output = T>) -> Result<T, Panicked> {
    let mut work = pin!(work);
    std::future::poll_fn(|context| {
        catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)))
            .map_or(Poll::Ready(Err(Panicked)), |polled| polled.map(Ok))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_fault_as_many_rows_are_taken_one_at_a_time_as_failed_together() {
        let mut pace = Pace::default();
        let limits: Vec<u16> = [
            Drained::Rows(200),
            Drained::Faulty(3),
            Drained::Rows(1),
            Drained::Rows(1),
            Drained::Rows(1),
            Drained::Faulty(200),
            Drained::Nothing,
        ]
        .into_iter()
        .map(|drained| {
            pace.note(drained);
            pace.limit(200)
        })
        .collect();
        assert_eq!(limits, [200, 1, 1, 1, 200, 1, 200]);
    }

    #[tokio::test]
    async fn a_panic_ends_the_work_and_not_the_worker() {
        let done = unless_it_panics(async {
            tokio::task::yield_now().await;
            7
        });
        assert_eq!(done.await.unwrap(), 7);
        let panics = unless_it_panics(async {
            tokio::task::yield_now().await;
            assert!(std::hint::black_box(false), "a bug");
        });
        assert!(panics.await.is_err());
    }
}
