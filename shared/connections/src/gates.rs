//! What has to be passed before the platform is asked about a vehicle: its rest, its maker's circuit, its calls of this
//! month, and the application's bucket. Everything stands in the database, so that all processes share it.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, TimeDelta, Utc};
use sqlx::PgConnection;
use store::StoreError;
use store::api_usage::{self, Bucket, Taken};
use store::rests::{self, Circuit};
use store::vehicles::asking::Subject;
use uuid::Uuid;

use crate::sync::WaitReason;
use crate::{BudgetConfig, Source};

/// Five failures in a row, and cars of this make are left alone: for a minute first, for an hour at last.
pub(crate) const CIRCUIT: Circuit = Circuit {
    failures: 5,
    within: TimeDelta::hours(2),
    first_wait: TimeDelta::minutes(1),
    longest_wait: TimeDelta::hours(1),
    // As long as the platform may take to answer.
    probe: TimeDelta::minutes(6),
};

/// Of a hundred calls, so many are kept for people who press *Sync now*.
const KEPT_FOR_PEOPLE: u32 = 10;

/// What a gate says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    Open,
    Wait { until: DateTime<Utc>, why: WaitReason },
}

/// Calls that were counted before they are made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted {
    vehicle: Uuid,
    month: NaiveDate,
    calls: i32,
}

/// Whether the vehicle may be asked at all. Passing a maker's circuit may make this process the one that tries: then it
/// has to ask.
pub(crate) async fn rest(
    db: &mut PgConnection,
    subject: &Subject,
    now: DateTime<Utc>,
) -> Result<Gate, StoreError> {
    if let Some((until, why)) = rests::of(db, subject.id, now).await? {
        return Ok(Gate::Wait { until, why: why.into() });
    }
    let Some(make) = &subject.make else { return Ok(Gate::Open) };
    Ok(match rests::blocked_until(db, make, CIRCUIT, now).await? {
        Some(until) => Gate::Wait { until, why: WaitReason::MakeTrouble },
        None => Gate::Open,
    })
}

/// Counts calls for a vehicle; `None` if this month has not as many left.
pub(crate) async fn count(
    db: &mut PgConnection,
    vehicle: Uuid,
    calls: usize,
    limit: u32,
    now: DateTime<Utc>,
) -> Result<Option<Counted>, StoreError> {
    let counted = Counted { vehicle, month: month(now), calls: i32::try_from(calls).unwrap_or(i32::MAX) };
    let limit = i32::try_from(limit).unwrap_or(i32::MAX);
    let fits = api_usage::count(db, vehicle, counted.month, counted.calls, limit).await?;
    Ok(fits.then_some(counted))
}

/// Takes counted calls out of the application's bucket; if it has not as many, they are not counted.
pub(crate) async fn take(
    db: &mut PgConnection,
    counted: Counted,
    budget: BudgetConfig,
    now: DateTime<Utc>,
) -> Result<Gate, StoreError> {
    let bucket = Bucket { size: budget.bucket, per_minute: budget.bucket_per_minute };
    match api_usage::take(db, bucket, counted.calls, now).await? {
        Taken::Yes => Ok(Gate::Open),
        Taken::NotBefore(until) => {
            settle(db, counted, 0).await?;
            Ok(Gate::Wait { until, why: WaitReason::ApplicationLimit })
        }
    }
}

/// Corrects what was counted by what was spent.
pub(crate) async fn settle(db: &mut PgConnection, counted: Counted, spent: u32) -> Result<(), StoreError> {
    let difference = i32::try_from(spent).unwrap_or(i32::MAX).saturating_sub(counted.calls);
    if difference == 0 {
        return Ok(());
    }
    api_usage::correct(db, counted.vehicle, counted.month, difference).await
}

/// How many calls this source may have spent in a month.
pub(crate) fn limit(budget: BudgetConfig, source: Source) -> u32 {
    match source {
        Source::Manual => budget.calls_per_vehicle,
        Source::Poll => budget.calls_per_vehicle - budget.calls_per_vehicle / (100 / KEPT_FOR_PEOPLE),
    }
}

/// The first day of this month.
pub(crate) fn month(now: DateTime<Utc>) -> NaiveDate {
    let today = now.date_naive();
    today - Days::new(u64::from(today.day0()))
}

/// When the next month's calls begin.
pub(crate) fn next_month(now: DateTime<Utc>) -> DateTime<Utc> {
    (month(now) + Months::new(1)).and_time(NaiveTime::MIN).and_utc()
}

impl From<rests::Why> for WaitReason {
    fn from(why: rests::Why) -> Self {
        match why {
            rests::Why::Asleep => Self::Asleep,
            rests::Why::VehicleLimit => Self::VehicleLimit,
            rests::Why::MakeTrouble => Self::MakeTrouble,
            rests::Why::Billing => Self::Billing,
            rests::Why::OwnerAction => Self::OwnerAction,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_ends_where_the_next_one_begins() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let december = at("2026-12-31T23:59:59Z");
        assert_eq!(month(december).to_string(), "2026-12-01");
        assert_eq!(next_month(december), at("2027-01-01T00:00:00Z"));
        assert_eq!(month(next_month(december)).to_string(), "2027-01-01");
    }

    #[test]
    fn a_tenth_of_the_calls_is_kept_for_people() {
        let budget = BudgetConfig { calls_per_vehicle: 500, bucket: 120, bucket_per_minute: 2 };
        assert_eq!((limit(budget, Source::Poll), limit(budget, Source::Manual)), (450, 500));
    }
}
