//! A car's states are kept for each day, and one a month is enough for days that hardly any reading reaches back to.
//! A fold that does reach so far begins with an older state and reads more readings; its outcome is the same.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::TimeDelta;
use metrics::counter;
use sqlx::PgPool;
use store::{StoreError, thinning};
use uuid::Uuid;

use crate::Scheduler;

/// With [`CARS`] and [`STEPS`], three million cars a day: more often than there is anything to do.
pub(crate) const EVERY: Duration = Duration::from_mins(1);

/// Before the car's newest state. Longer than the horizon of 35 days, within which deliveries are folded at once.
const OLDER_THAN: TimeDelta = TimeDelta::days(40);

const CARS: i64 = 200;
const STEPS: usize = 10;
/// At most so many states at once: a car that was imported may have years of them.
const STATES: i64 = 2_000;

/// The car up to which this scheduler has come on its way round. Nothing depends on it: after a start, the round begins
/// anew.
#[derive(Debug, Clone, Default)]
pub(crate) struct Place(Arc<Mutex<Uuid>>);

impl Place {
    fn get(&self) -> Uuid {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, place: Uuid) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }
}

/// Goes on with the round by some cars.
pub(crate) async fn thin(scheduler: Scheduler) -> anyhow::Result<()> {
    for _ in 0..STEPS {
        let mut db = scheduler.pool.acquire().await?;
        let stretch = thinning::crowded(&mut db, scheduler.thinned.get(), OLDER_THAN, CARS).await?;
        drop(db);
        // Before anything can fail: cars that fail must not keep the others from their turn.
        scheduler.thinned.set(stretch.last.unwrap_or_default());
        if !stretch.crowded.is_empty() {
            let gone = thin_states(&scheduler.pool, &stretch.crowded).await?;
            counter!("scheduler_expired_total", "what" => "state").increment(gone);
        }
        if stretch.last.is_none() {
            break;
        }
    }
    Ok(())
}

async fn thin_states(pool: &PgPool, vehicles: &[Uuid]) -> Result<u64, StoreError> {
    let mut tx = pool.begin().await?;
    let gone = thinning::thin(&mut tx, vehicles, OLDER_THAN, STATES).await?;
    tx.commit().await?;
    Ok(gone)
}
