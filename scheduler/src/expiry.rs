//! What has a time limit leaves: events with the claims on them, what parked messages hold, attempts to connect, and what
//! was counted of calls.
//!
//! Events that still wait for their car to be connected leave with the others. Readings never do.

use std::time::Duration;

use chrono::{DateTime, Months, NaiveDate, TimeDelta, Utc};
use metrics::counter;
use runtime::clock;
use smartcar::redact::{Redacted, without_positions};
use sqlx::PgPool;
use store::expiry::{self, LookedOver};
use store::partitions::{self, OldestDay};
use store::{StoreError, act_as_machine};
use tracing::{info, warn};

use crate::Scheduler;

/// A missed turn costs nothing: things stay a little longer.
pub(crate) const EVERY: Duration = Duration::from_mins(10);

/// So much longer than its event a claim is kept: longer than clocks differ, and than a delivery is on its way.
const CLAIMS_OUTLIVE: TimeDelta = TimeDelta::days(3);

/// Calls are counted by the month: a year can be compared with the one before.
const USAGE_KEPT: Months = Months::new(13);

/// Messages to people, after they were sent or given up: why one did not come is asked soon, or never.
const MESSAGES_KEPT: TimeDelta = TimeDelta::days(30);

/// Rows of a step, and steps of a turn: what is left then has its turn next time.
const AT_ONCE: i64 = 2_000;
const STEPS: usize = 200;
/// Bodies are read, too.
const BODIES_AT_ONCE: i64 = 50;

/// Whether a turn came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Done,
    /// There is more, for another turn.
    More,
}

/// Events leave a whole day at a time. Claims leave after them: as long as events do not go, for whatever reason, all
/// claims stay as well.
pub(crate) async fn events(scheduler: Scheduler) -> anyhow::Result<()> {
    let (pool, before) = (&scheduler.pool, clock::now() - scheduler.events_retention);
    if drop_days(pool, before).await? == Progress::More
        || in_steps(AT_ONCE, || delete_strays(pool, before)).await? == Progress::More
    {
        return Ok(());
    }
    in_steps(AT_ONCE, || delete_claims(pool, before - CLAIMS_OUTLIVE)).await?;
    Ok(())
}

/// Parked messages are transit, and transit has a time limit. But they wait for a person, and what waits is never
/// dropped. So what a person settled is deleted, and of what still waits only the positions are: whose they are, and
/// whether that owner allows us to keep them, nobody can say of a message that nobody could read. Everything else in it
/// can be replayed as before. Only where the body speaks of places and is no JSON, nothing is left but its hash.
pub(crate) async fn parked(scheduler: Scheduler) -> anyhow::Result<()> {
    let (pool, now) = (&scheduler.pool, clock::now());
    let before = now - scheduler.events_retention;
    in_steps(AT_ONCE, || delete_settled(pool, before)).await?;
    in_steps(BODIES_AT_ONCE, || look_over(pool, before, now)).await?;
    Ok(())
}

/// Attempts to connect, a day after they were over; and what was counted of calls, when the same month of the year after
/// has passed.
pub(crate) async fn connecting(scheduler: Scheduler) -> anyhow::Result<()> {
    let (pool, now) = (&scheduler.pool, clock::now());
    in_steps(AT_ONCE, || delete_attempts(pool, now - TimeDelta::days(1))).await?;
    if let Some(before) = now.date_naive().checked_sub_months(USAGE_KEPT) {
        in_steps(AT_ONCE, || delete_usage(pool, before)).await?;
    }
    Ok(())
}

/// Messages to people, some time after their end, and addresses that nobody confirmed, a day after their code was over.
pub(crate) async fn messages(scheduler: Scheduler) -> anyhow::Result<()> {
    let (pool, now) = (&scheduler.pool, clock::now());
    in_steps(AT_ONCE, || delete_messages(pool, now - MESSAGES_KEPT)).await?;
    in_steps(AT_ONCE, || delete_confirmations(pool, now - TimeDelta::days(1))).await?;
    Ok(())
}

async fn drop_days(pool: &PgPool, before: DateTime<Utc>) -> Result<Progress, StoreError> {
    for _ in 0..STEPS {
        let mut tx = pool.begin().await?;
        match partitions::drop_oldest_events(&mut tx, before).await? {
            OldestDay::Stays => return Ok(Progress::Done),
            OldestDay::Busy => {
                counter!("scheduler_expiry_postponed_total").increment(1);
                return Ok(Progress::More);
            }
            OldestDay::Dropped { waiting } => {
                tx.commit().await?;
                count("day", 1);
                info!(
                    events.waiting = waiting,
                    "a day of events expired, {waiting} of them still waited for their car"
                );
            }
        }
    }
    Ok(Progress::More)
}

/// Events that came too late for a partition of their day.
async fn delete_strays(pool: &PgPool, before: DateTime<Utc>) -> Result<u64, StoreError> {
    let gone = expiry::delete_stray_events(&mut *pool.acquire().await?, before, AT_ONCE).await?;
    let (deleted, waiting) = (gone.deleted.cast_unsigned(), gone.waiting);
    if deleted > 0 {
        count("event", deleted);
        info!(
            events.deleted = deleted,
            events.waiting = waiting,
            "{deleted} events without a partition expired, {waiting} of them still waited for their car"
        );
    }
    Ok(deleted)
}

async fn delete_claims(pool: &PgPool, before: DateTime<Utc>) -> Result<u64, StoreError> {
    let deleted = expiry::delete_claims(&mut *pool.acquire().await?, before, AT_ONCE).await?;
    count("claim", deleted);
    Ok(deleted)
}

async fn delete_attempts(pool: &PgPool, before: DateTime<Utc>) -> Result<u64, StoreError> {
    let deleted = expiry::delete_attempts(&mut *pool.acquire().await?, before, AT_ONCE).await?;
    count("attempt", deleted);
    Ok(deleted)
}

async fn delete_usage(pool: &PgPool, before: NaiveDate) -> Result<u64, StoreError> {
    let deleted = expiry::delete_usage(&mut *pool.acquire().await?, before, AT_ONCE).await?;
    count("usage", deleted);
    Ok(deleted)
}

async fn delete_messages(pool: &PgPool, before: DateTime<Utc>) -> Result<u64, StoreError> {
    let deleted = expiry::delete_messages(&mut *pool.acquire().await?, before, AT_ONCE).await?;
    count("message", deleted);
    Ok(deleted)
}

async fn delete_confirmations(pool: &PgPool, before: DateTime<Utc>) -> Result<u64, StoreError> {
    let deleted = expiry::delete_confirmations(&mut *pool.acquire().await?, before, AT_ONCE).await?;
    count("confirmation", deleted);
    Ok(deleted)
}

async fn delete_settled(pool: &PgPool, before: DateTime<Utc>) -> Result<u64, StoreError> {
    let deleted = expiry::delete_settled(&mut *pool.acquire().await?, before, AT_ONCE).await?;
    count("parked", deleted);
    Ok(deleted)
}

/// Takes the positions out of messages that have been parked for too long, and warns of those that still wait: once,
/// since each message is looked over once.
async fn look_over(pool: &PgPool, before: DateTime<Utc>, now: DateTime<Utc>) -> Result<u64, StoreError> {
    let mut tx = pool.begin().await?;
    act_as_machine(&mut tx).await?;
    let bodies = expiry::parked_bodies(&mut tx, before, BODIES_AT_ONCE).await?;
    let looked: Vec<LookedOver> = bodies
        .iter()
        .map(|message| match without_positions(&message.body) {
            Redacted::Unchanged => LookedOver { id: message.id, redacted: None },
            Redacted::Changed { body, original_sha256 } => {
                LookedOver { id: message.id, redacted: Some((body, original_sha256)) }
            }
        })
        .collect();
    expiry::note_without_positions(&mut tx, &looked, now).await?;
    tx.commit().await?;
    let waiting = bodies.iter().filter(|message| message.waits).count();
    if waiting > 0 {
        warn!(
            messages.parked = waiting,
            "{waiting} parked messages wait for a person since {before} or longer, positions in them were removed"
        );
    }
    Ok(bodies.len().try_into().unwrap_or(u64::MAX))
}

/// Takes steps, each a transaction, until one does not find `full` rows any more.
async fn in_steps<Step>(full: i64, mut step: impl FnMut() -> Step) -> Result<Progress, StoreError>
where
    Step: Future<Output = Result<u64, StoreError>>,
{
    for _ in 0..STEPS {
        if step().await? < full.cast_unsigned() {
            return Ok(Progress::Done);
        }
    }
    Ok(Progress::More)
}

fn count(what: &'static str, gone: u64) {
    counter!("scheduler_expired_total", "what" => what).increment(gone);
}
