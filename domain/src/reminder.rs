//! When a service is due: by distance, by time, by the oil's life, whichever comes first, as a range of dates that the car's own
//! driving allows.
//!
//! Nothing here is folded: it is reckoned whenever somebody asks, from the mileage book as it is then and the moment at which they ask.

mod pace;
mod road;

use chrono::{DateTime, Months, TimeDelta, Utc};

pub use pace::{Pace, Spread};
pub use road::{Road, Shown};

use crate::distance::Distance;
use crate::reading::Milli;

/// What is to be done again and again, or once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Each so far, each so many months: one of them, or both.
    pub every: Option<Distance>,
    pub months: Option<u32>,
    /// When it was done last, or from when on it counts.
    pub done_at: DateTime<Utc>,
    /// What the counter showed then, where that is known.
    pub done_odometer: Option<Distance>,
}

/// How the oil's life goes down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OilLife {
    pub at: DateTime<Utc>,
    /// Percent.
    pub life: Milli,
    /// Thousandths of a point a day; none is known where it did not fall yet.
    pub a_day: Option<i64>,
}

/// What makes it due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Because {
    Distance,
    Time,
    OilLife,
}

/// How near it is, in the order of urgency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    Planned,
    Soon,
    Urgent,
    Due,
    Overdue,
}

/// When it is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub stage: Stage,
    /// What comes first; absent where nothing is known yet that could make it due.
    pub because: Option<Because>,
    /// What the counter will show.
    pub odometer: Option<Distance>,
    /// Below zero: past it, as far as the way since the last reading is estimated.
    pub left: Option<Distance>,
    /// The most likely date, and how early and late it may well be: one of ten times it is earlier, one of ten later.
    pub date: Option<Spread>,
}

/// This many days, or this far, or this part of the interval before it is due, it is soon.
const SOON: TimeDelta = TimeDelta::days(30);
const SOON_FAR: Distance = Distance::from_km(1_000);
const SOON_PART: i64 = 10;
/// Likewise urgent.
const URGENT: TimeDelta = TimeDelta::days(7);
const URGENT_FAR: Distance = Distance::from_km(200);
/// Who drives short intervals is not told all the time: at most this part of one before its end.
const MOST_PART: i64 = 4;
/// It is overdue when more than this part of the interval is past.
const OVERDUE_PART: i64 = 10;
/// Oil of which so little is left is to be changed (thousandths of a percent).
const OIL_SPENT: i64 = 5_000;
/// And soon of so little.
const OIL_SOON: i64 = 20_000;

/// When this plan is due, for somebody who asks at `now`. `seed`: whatever names the plan; the same gives the same range.
pub fn due(plan: &Plan, road: &Road, oil: Option<OilLife>, now: DateTime<Utc>, seed: u64) -> Due {
    let pace = road.pace();
    let by_distance = plan.every.and_then(|every| by_distance(plan, every, road, pace.as_ref(), now, seed));
    let by_time = plan.months.and_then(|months| by_time(plan, months, now));
    let by_oil = oil.and_then(|oil| by_oil(oil, now));
    let all = [&by_distance, &by_time, &by_oil];
    let stage =
        all.iter().filter_map(|one| one.as_ref()).map(|one| one.stage).max().unwrap_or(Stage::Planned);
    // What has a date comes before what has none, unless it is due already.
    let first = all.into_iter().flatten().min_by_key(|one| {
        let expected = one.date.as_ref().map_or(DateTime::<Utc>::MAX_UTC, |date| date.expected);
        (std::cmp::Reverse(one.stage.max(Stage::Urgent)), expected)
    });
    Due {
        stage,
        because: first.map(|one| one.because),
        odometer: by_distance.as_ref().and_then(|one| one.odometer),
        left: by_distance.as_ref().and_then(|one| one.left),
        date: first.and_then(|one| one.date),
    }
}

/// One reason for which it may be due.
struct Reason {
    because: Because,
    stage: Stage,
    odometer: Option<Distance>,
    left: Option<Distance>,
    date: Option<Spread>,
}

fn by_distance(
    plan: &Plan,
    every: Distance,
    road: &Road,
    pace: Option<&Pace>,
    now: DateTime<Utc>,
    seed: u64,
) -> Option<Reason> {
    let newest = road.newest()?;
    let begun = plan.done_odometer.map_or_else(
        || road.travelled_at(plan.done_at),
        |odometer| Some(road.travelled_when(odometer, plan.done_at)),
    )?;
    let goal = begun.plus(every);
    let to_go = goal.minus(newest.travelled);
    let since = pace.map_or(Distance::ZERO, |pace| pace.way(now - newest.at));
    let left = to_go.minus(since);
    let date = pace.and_then(|pace| pace.until(to_go, newest.at, seed));
    let part = |part: i64| Distance::from_metres(every.metres() / part);
    let within = |far: Distance| left <= far.min(part(MOST_PART));
    let in_time = |span: TimeDelta| date.is_some_and(|date| date.expected - now <= span) && within(every);
    let stage = if left < Distance::ZERO.minus(part(OVERDUE_PART)) {
        Stage::Overdue
    } else if left <= Distance::ZERO {
        Stage::Due
    } else if within(URGENT_FAR) || in_time(URGENT) {
        Stage::Urgent
    } else if within(SOON_FAR) || left <= part(SOON_PART) || in_time(SOON) {
        Stage::Soon
    } else {
        Stage::Planned
    };
    let odometer = Some(newest.odometer.plus(to_go));
    Some(Reason { because: Because::Distance, stage, odometer, left: Some(left), date })
}

fn by_time(plan: &Plan, months: u32, now: DateTime<Utc>) -> Option<Reason> {
    let at = plan.done_at.checked_add_months(Months::new(months))?;
    let (left, whole) = (at - now, at - plan.done_at);
    let stage = if left < -(whole / 10) {
        Stage::Overdue
    } else if left <= TimeDelta::zero() {
        Stage::Due
    } else if left <= URGENT.min(whole / 4) {
        Stage::Urgent
    } else if left <= SOON.min(whole / 4).max(whole / 10) {
        Stage::Soon
    } else {
        Stage::Planned
    };
    let date = Some(Spread::exactly(at));
    Some(Reason { because: Because::Time, stage, odometer: None, left: None, date })
}

fn by_oil(oil: OilLife, now: DateTime<Utc>) -> Option<Reason> {
    let a_day = oil.a_day.filter(|a_day| *a_day > 0);
    let date = a_day.and_then(|a_day| {
        let days = TimeDelta::try_days((oil.life.0 - OIL_SPENT).max(0) / a_day)?;
        oil.at.checked_add_signed(days).map(Spread::exactly)
    });
    let stage = match oil.life.0 {
        life if life <= 0 => Stage::Overdue,
        life if life <= OIL_SPENT => Stage::Due,
        _ if date.is_some_and(|date| date.expected - now <= URGENT) => Stage::Urgent,
        ..OIL_SOON => Stage::Soon,
        _ => Stage::Planned,
    };
    (date.is_some() || stage > Stage::Planned).then_some(Reason {
        because: Because::OilLife,
        stage,
        odometer: None,
        left: None,
        date,
    })
}

/// The service was done: from where on the next interval counts. With a fixed plan that is the next line of its grid, however early
/// or late it was done; otherwise where it was done.
#[must_use]
pub fn next(plan: &Plan, is_fixed: bool, at: DateTime<Utc>, odometer: Option<Distance>) -> Plan {
    if !is_fixed {
        return Plan { done_at: at, done_odometer: odometer, ..plan.clone() };
    }
    let months = plan.months.and_then(|months| {
        let mut line = plan.done_at;
        // The line that is nearest to when it was done, and at least the next one.
        for _ in 0..1_000 {
            let following = line.checked_add_months(Months::new(months.max(1)))?;
            let half = following + (following - line) / 2;
            line = following;
            if at < half {
                break;
            }
        }
        Some(line)
    });
    let odometer = match (plan.every, plan.done_odometer, odometer) {
        (Some(every), Some(begun), Some(done)) => {
            let every = every.metres().max(1);
            let lines = ((done.minus(begun).metres() + every / 2) / every).max(1);
            Some(begun.plus(Distance::from_metres(lines * every)))
        }
        (_, _, done) => done,
    };
    Plan { done_at: months.unwrap_or(at), done_odometer: odometer, ..plan.clone() }
}

impl Stage {
    /// As it is stored, and as pages know it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Soon => "soon",
            Self::Urgent => "urgent",
            Self::Due => "due",
            Self::Overdue => "overdue",
        }
    }
}

impl Because {
    /// As pages know it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Distance => "distance",
            Self::Time => "time",
            Self::OilLife => "oil_life",
        }
    }
}
