//! Polling: cars whose time has come are looked at, and those that are due are asked for, the longest silent first and
//! no more than the platform allows. What it does not allow stays wanted, for everyone to see.
//!
//! A car is wanted once, however long it has been due, and is asked for once: after an outage there is one catch-up. What
//! is asked for is leased before, so that several schedulers share the work; a lease that is over binds nobody, and the
//! job that a frozen scheduler still publishes when it wakes is one that is asked for twice, which is harmless.

mod decide;
mod shed;

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use anyhow::Context;
use broker::message::JobV1;
use chrono::{DateTime, TimeDelta, Utc};
use connections::BudgetConfig;
use futures_util::future::try_join_all;
use metrics::counter;
use runtime::clock;
use sqlx::PgTransaction;
use store::StoreError;
use store::polls::{self, Arrangement, Look, Pace, Taken};
use tokio::time::Instant;
use uuid::Uuid;

use crate::Scheduler;
use decide::{Decision, decide, silent_since};

pub(crate) use shed::{EVERY as WATCH_EVERY, Watch, watch};

/// Longer than it takes to publish what is leased at once.
const LEASE: TimeDelta = TimeDelta::minutes(2);
const PUBLISH_WITHIN: Duration = Duration::from_secs(10);

/// Cars that are looked at in one transaction. If there are more, all of them are looked at.
const LOOKS: i64 = 2_000;
/// Pages of the plans that are looked at in one transaction then, some 20 000 cars', and by how many hands.
const PAGES: i64 = 256;
const HANDS: usize = 2;
/// Cars that are leased at once.
const ASKS: i64 = 500;
/// Times that cars are leased in a turn. What is left has its turn in a moment.
const ROUNDS: usize = 20;

/// A car that stays wanted is looked at again after so long, to be counted among those that are shed.
const STAYS_WANTED: TimeDelta = TimeDelta::days(1);

/// How fast polls may be asked for: three quarters of what the application may ask the platform, and half of what it may
/// ask at once. The rest is for people who press a button, and for polls that take more than one call.
pub(crate) fn pace(budget: &BudgetConfig) -> Pace {
    Pace { per_hour: budget.bucket_per_minute.saturating_mul(45), at_once: (budget.bucket / 2).max(1) }
}

/// Looks at the cars whose time has come, and asks for those that are due.
pub(crate) async fn plan(scheduler: Scheduler) -> anyhow::Result<()> {
    if look_at_some(&scheduler).await? == LOOKS.unsigned_abs() {
        look_at_all(&scheduler).await?;
    }
    ask_for_wanted(&scheduler).await
}

async fn look_at_some(scheduler: &Scheduler) -> Result<u64, StoreError> {
    let now = clock::now();
    let mut tx = scheduler.pool.begin().await?;
    polls::be_brief(&mut tx).await?;
    let looks = polls::due(&mut tx, now, LOOKS).await?;
    look(tx, looks, scheduler.calls_a_month, now).await
}

/// Goes through the plans from the beginning to the end: after an outage, or for the first time.
async fn look_at_all(scheduler: &Scheduler) -> Result<(), StoreError> {
    let pages = polls::pages(&mut *scheduler.pool.acquire().await?).await?;
    let next = AtomicI64::new(0);
    let hands = (0..HANDS).map(|_| async {
        loop {
            let first = next.fetch_add(PAGES, Ordering::Relaxed);
            if first >= pages {
                return Ok::<(), StoreError>(());
            }
            let now = clock::now();
            let mut tx = scheduler.pool.begin().await?;
            polls::be_brief(&mut tx).await?;
            let looks = polls::due_on(&mut tx, now, first..first + PAGES).await?;
            look(tx, looks, scheduler.calls_a_month, now).await?;
        }
    });
    try_join_all(hands).await?;
    Ok(())
}

/// Decides about the cars, and gives their number.
async fn look(
    mut tx: PgTransaction<'_>,
    looks: Vec<Look>,
    calls_a_month: u32,
    now: DateTime<Utc>,
) -> Result<u64, StoreError> {
    if looks.is_empty() {
        return Ok(0);
    }
    let decisions: Vec<Decision> = looks.iter().map(|car| decide(car, now, calls_a_month)).collect();
    let arrangements: Vec<Arrangement> =
        looks.iter().zip(&decisions).map(|(car, decision)| arrange(car, *decision, now)).collect();
    polls::arrange(&mut tx, &arrangements).await?;
    tx.commit().await?;
    count(&looks, &decisions);
    Ok(looks.len() as u64)
}

fn arrange(car: &Look, decision: Decision, now: DateTime<Utc>) -> Arrangement {
    let (next_poll_at, wanted) = match decision {
        Decision::LookAgain { at } => (at, None),
        Decision::Poll(_) => (now + STAYS_WANTED, Some((car.wanted_since.unwrap_or(now), silent_since(car)))),
    };
    Arrangement { vehicle_id: car.vehicle_id, due_at: car.due_at, next_poll_at, wanted }
}

/// A car that was wanted a day ago already has lost that day's poll.
fn count(looks: &[Look], decisions: &[Decision]) {
    counter!("scheduler_looks_total").increment(looks.len() as u64);
    for (car, decision) in looks.iter().zip(decisions) {
        match (decision, car.wanted_since) {
            (Decision::Poll(_), Some(_)) => counter!("scheduler_polls_shed_total").increment(1),
            (Decision::Poll(why), None) => {
                counter!("scheduler_polls_due_total", "why" => why.name()).increment(1);
            }
            (Decision::LookAgain { .. }, _) => {}
        }
    }
}

async fn ask_for_wanted(scheduler: &Scheduler) -> anyhow::Result<()> {
    for _ in 0..ROUNDS {
        // What cannot be asked for is not taken.
        if !scheduler.publisher.health().connected {
            return Ok(());
        }
        let now = clock::now();
        let mut db = scheduler.pool.acquire().await?;
        if !polls::is_any_wanted(&mut db, now).await? {
            return Ok(());
        }
        let taken = polls::lease(&mut db, now, now + LEASE, scheduler.pace, ASKS).await?;
        drop(db);
        if taken.is_empty() {
            return Ok(());
        }
        let leased = taken.into_iter().filter_map(|taken| match taken {
            Taken::Leased(car) => Some(car),
            Taken::HeardMeanwhile => None,
        });
        ask(scheduler, leased.collect(), now + LEASE).await?;
    }
    Ok(())
}

/// Asks for the cars, and notes it if nobody else has leased them meanwhile.
async fn ask(scheduler: &Scheduler, cars: Vec<Look>, lease_until: DateTime<Utc>) -> anyhow::Result<()> {
    if cars.is_empty() || clock::now() >= lease_until {
        return Ok(());
    }
    let jobs: Vec<JobV1> = cars.iter().map(|car| JobV1::PollV1 { vehicle_id: car.vehicle_id }).collect();
    let messages: Vec<_> = jobs.iter().map(|job| (job.destination(), job)).collect();
    let answers = scheduler.publisher.publish_all(messages, Instant::now() + PUBLISH_WITHIN).await;
    let now = clock::now();
    let (mut asked, mut left, mut failed) = (Vec::new(), Vec::new(), None);
    for (car, answer) in cars.into_iter().zip(answers) {
        match answer {
            Ok(()) => {
                counter!("scheduler_jobs_total", "job" => "poll").increment(1);
                asked.push(asked_for(&car, scheduler.calls_a_month, now));
            }
            Err(error) => {
                left.push(car.vehicle_id);
                failed = Some(error);
            }
        }
    }
    let mut db = scheduler.pool.acquire().await?;
    polls::asked(&mut db, lease_until, now, &asked).await?;
    polls::give_back(&mut db, lease_until, &left).await?;
    failed.map_or(Ok(()), |error| Err(error).context("cannot ask for a poll"))
}

/// When a car that is asked for now is looked at next. A worker that polled it brings that forward.
fn asked_for(car: &Look, calls_a_month: u32, now: DateTime<Utc>) -> (Uuid, DateTime<Utc>) {
    let vehicle_id = car.vehicle_id;
    let car = Look { asked_at: Some(now), unanswered: car.unanswered.saturating_add(1), ..car.clone() };
    match decide(&car, now, calls_a_month) {
        Decision::LookAgain { at } => (vehicle_id, at),
        // It cannot be: nobody is asked again within half an hour.
        Decision::Poll(_) => (vehicle_id, now + decide::FLOOR),
    }
}
