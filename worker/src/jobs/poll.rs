//! Poll: a car is asked, and its answer goes the way of every delivery.
//!
//! Two jobs for one car are harmless: the second one finds that the car was polled a moment ago, or waits until the first
//! one is done.

use std::time::Duration;

use broker::message::JobV1;
use broker::{JobKind, Wait};
use chrono::{DateTime, TimeDelta, Utc};
use connections::{Connections, Source, SyncError, SyncOutcome};
use runtime::clock;
use sqlx::PgPool;
use store::StoreError;
use store::polls::{self, Turn};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::warn;
use uuid::Uuid;

use super::refresh::no_retry_helps;
use super::verdict::wait_for;
use super::{Handler, Verdict};

/// Longer than the platform may take for some calls one after the other (310 s each), and well below the half hour
/// within which the broker wants an answer.
const AT_MOST: Duration = Duration::from_mins(12);
/// Longer than that: the car is free again when its worker died.
const TURN: TimeDelta = TimeDelta::minutes(14);

/// A car that was polled so shortly before is not polled again: the job was asked for twice. Less than the half hour
/// that lies between two polls, since clocks differ.
const REST: TimeDelta = TimeDelta::minutes(20);

/// After a poll that failed for over an hour; twice as long each time, up to a day.
const FIRST_REST: TimeDelta = TimeDelta::hours(1);
const LONGEST_REST: TimeDelta = TimeDelta::days(1);

pub(crate) struct Polls {
    pub connections: Connections,
    pub pool: PgPool,
    pub at_once: u16,
    pub stop: CancellationToken,
    /// How long a poll in hand may still take when the program stops.
    pub patience: Duration,
}

impl Handler for Polls {
    const KIND: JobKind = JobKind::Poll;

    fn at_once(&self) -> u16 {
        self.at_once
    }

    async fn handle(&self, job: &JobV1, attempts: u32) -> Verdict {
        let vehicle = match job {
            JobV1::PollV1 { vehicle_id } => *vehicle_id,
            JobV1::RefreshV1 { .. }
            | JobV1::ReplayV1 { .. }
            | JobV1::NotifyV1 { .. }
            | JobV1::SendV1 { .. } => {
                return Verdict::Park { why: "this job is not for the queue of polls".to_owned() };
            }
        };
        match self.poll(vehicle, attempts).await {
            Ok(verdict) => verdict,
            Err(error) if error.is_fault_of_the_data() => Verdict::Park { why: runtime::chain(&error) },
            Err(error) => {
                warn!(job.name = Self::KIND.name(), error = runtime::chain(&error), "a job failed");
                // The plan cannot be written now either; the scheduler asks again in a day.
                Wait::after(attempts).map_or(Verdict::Done("given_up"), Verdict::Wait)
            }
        }
    }
}

impl Polls {
    async fn poll(&self, vehicle: Uuid, attempts: u32) -> Result<Verdict, StoreError> {
        let now = clock::now();
        let turn = polls::begin(&mut *self.pool.acquire().await?, vehicle, now, now + TURN, REST).await?;
        match turn {
            Turn::NotDue => return Ok(Verdict::Done("not_due")),
            Turn::TakenUntil(until) => {
                return Ok(wait_for(until - now, attempts).map_or(Verdict::Done("taken"), Verdict::Wait));
            }
            Turn::Mine => {}
        }
        let asking = timeout(AT_MOST, self.connections.sync_vehicle_data(vehicle, Source::Poll, now));
        let end = tokio::select! {
            asked = asking => asked.map_or(End::Failed("it took too long".to_owned()), End::of),
            () = self.out_of_patience() => End::Interrupted,
        };
        self.note(vehicle, end, attempts, clock::now()).await
    }

    async fn out_of_patience(&self) {
        self.stop.cancelled().await;
        tokio::time::sleep(self.patience).await;
    }

    /// Writes down what came of it, and says what becomes of the job.
    async fn note(
        &self,
        vehicle: Uuid,
        end: End,
        attempts: u32,
        now: DateTime<Utc>,
    ) -> Result<Verdict, StoreError> {
        let mut db = self.pool.acquire().await?;
        match end {
            End::Answered => {
                polls::answered(&mut db, vehicle, now).await?;
                Ok(Verdict::Done("done"))
            }
            End::Ask { again: until, why } => {
                if let Some(wait) = wait_for(until - now, attempts) {
                    polls::put_back(&mut db, vehicle).await?;
                    return Ok(Verdict::Wait(wait));
                }
                polls::rests(&mut db, vehicle, now, until).await?;
                Ok(Verdict::Done(why))
            }
            End::Over(why) => {
                polls::put_back(&mut db, vehicle).await?;
                Ok(Verdict::Done(why))
            }
            End::Interrupted => {
                polls::put_back(&mut db, vehicle).await?;
                Ok(Verdict::GiveBack)
            }
            End::Broken(why) => {
                polls::put_back(&mut db, vehicle).await?;
                Ok(Verdict::Park { why })
            }
            End::Failed(error) => {
                warn!(job.name = JobKind::Poll.name(), error, "a job failed");
                if let Some(wait) = Wait::after(attempts) {
                    polls::put_back(&mut db, vehicle).await?;
                    return Ok(Verdict::Wait(wait));
                }
                let failures = polls::failed(&mut db, vehicle).await?;
                polls::rests(&mut db, vehicle, now, now + rest_after(failures)).await?;
                Ok(Verdict::Done("given_up"))
            }
        }
    }
}

/// How asking ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Answered,
    /// It helps to ask again then, and not before.
    Ask {
        again: DateTime<Utc>,
        why: &'static str,
    },
    /// Nothing more is to be asked of this car.
    Over(&'static str),
    /// Through no fault of the car's.
    Failed(String),
    Broken(String),
    /// The program stops.
    Interrupted,
}

impl End {
    fn of(asked: Result<SyncOutcome, SyncError>) -> Self {
        match asked {
            Ok(
                SyncOutcome::Written { .. } | SyncOutcome::Duplicate { .. } | SyncOutcome::NothingNew { .. },
            ) => Self::Answered,
            Ok(SyncOutcome::Wait { until, .. }) => Self::Ask { again: until, why: "rests" },
            Ok(SyncOutcome::BudgetExhausted { until }) => Self::Ask { again: until, why: "budget" },
            Ok(SyncOutcome::Reconnect(_)) => Self::Over("reconnect"),
            Err(SyncError::NotConnected) => Self::Over("gone"),
            Err(error) => {
                let text = runtime::chain(&error);
                if is_broken(&error) { Self::Broken(text) } else { Self::Failed(text) }
            }
        }
    }
}

/// What is stored cannot be read, or what we ask cannot be asked: that does not pass by itself.
fn is_broken(error: &SyncError) -> bool {
    match error {
        SyncError::Vault(_) | SyncError::Platform(_) => true,
        SyncError::Store(error) => error.is_fault_of_the_data(),
        SyncError::Refresh(error) => no_retry_helps(error),
        SyncError::NotConnected => false,
    }
}

fn rest_after(failures: i16) -> TimeDelta {
    let doublings = u32::try_from(failures.clamp(1, 10) - 1).unwrap_or(0);
    (FIRST_REST * 2_i32.pow(doublings)).min(LONGEST_REST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_car_that_cannot_be_asked_rests_for_longer_each_time_up_to_a_day() {
        let hours = [0, 1, 2, 3, 5, 6, 1000].map(|failures| rest_after(failures).num_hours());
        assert_eq!(hours, [1, 1, 2, 4, 16, 24, 24]);
    }

    #[test]
    fn every_answer_of_the_platform_has_its_end() {
        let until = DateTime::UNIX_EPOCH;
        let why = connections::WaitReason::Asleep;
        for (asked, end) in [
            (Ok(SyncOutcome::NothingNew { odometer_km: None }), End::Answered),
            (Ok(SyncOutcome::Duplicate { odometer_km: None, readings_new: 1 }), End::Answered),
            (Ok(SyncOutcome::Written { entries: vec![], readings_new: 1 }), End::Answered),
            (Ok(SyncOutcome::Wait { until, why }), End::Ask { again: until, why: "rests" }),
            (Ok(SyncOutcome::BudgetExhausted { until }), End::Ask { again: until, why: "budget" }),
            (Err(SyncError::NotConnected), End::Over("gone")),
        ] {
            assert_eq!(End::of(asked), end);
        }
    }
}
