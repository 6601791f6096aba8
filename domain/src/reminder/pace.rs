//! How far a car is driven, by its own last weeks and, where it is known, by the same weeks of the year before.

use chrono::{DateTime, TimeDelta, Utc};

use super::road::Road;
use crate::distance::Distance;

/// So many weeks count, as many entries and days are needed.
const WEEKS: i32 = 13;
const ENTRIES: usize = 3;
const DAYS: TimeDelta = TimeDelta::days(14);
const YEAR: TimeDelta = TimeDelta::days(364);
/// Of a hundred, so much counts what was a year ago.
const LAST_YEAR: i64 = 30;
/// The lowest and highest tenths of the weeks are taken for the tenth beside them: one holiday is no habit.
const TENTHS: usize = 10;
/// So many futures are tried, and nobody plans further ahead than so many weeks.
const FUTURES: usize = 200;
const FURTHEST: i64 = 520;
/// A car of which nothing was heard for long is not taken to go on for ever.
const GOES_ON: TimeDelta = TimeDelta::days(60);

const DAY: i64 = 86_400;
const WEEK: i64 = 7 * DAY;

/// The car's habits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pace {
    /// Metres of each week, as they are drawn from.
    weeks: Vec<i64>,
    /// Metres.
    a_week: i64,
}

/// A date that is not certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    pub early: DateTime<Utc>,
    pub expected: DateTime<Utc>,
    pub late: DateTime<Utc>,
}

impl Spread {
    pub const fn exactly(at: DateTime<Utc>) -> Self {
        Self { early: at, expected: at, late: at }
    }
}

impl Pace {
    /// `None` where too little is known.
    pub(super) fn of(road: &Road) -> Option<Self> {
        let newest = road.newest()?;
        let from = newest.at - TimeDelta::weeks(1) * WEEKS;
        let first = road.first_since(from)?;
        if newest.at - first.at < DAYS || road.entries_since(from) < ENTRIES {
            return None;
        }
        let weeks = winsorised(road.weeks(newest.at, WEEKS));
        let mean = mean(&weeks)?;
        let ago = newest.at - YEAR;
        let before =
            road.is_known(ago - TimeDelta::weeks(1) * WEEKS).then(|| winsorised(road.weeks(ago, WEEKS)));
        let a_week = match before.as_deref().and_then(self::mean) {
            Some(before) => (mean * (100 - LAST_YEAR) + before * LAST_YEAR) / 100,
            None => mean,
        };
        // The weeks keep their shape, and come to what is expected.
        let scaled = |week: &i64| if mean > 0 { week * a_week / mean } else { a_week };
        Some(Self { weeks: weeks.iter().map(scaled).collect(), a_week })
    }

    pub const fn a_day(&self) -> Distance {
        Distance::from_metres(self.a_week / 7)
    }

    /// How far it goes in this time.
    pub fn way(&self, time: TimeDelta) -> Distance {
        let seconds = time.clamp(TimeDelta::zero(), GOES_ON).num_seconds();
        Distance::from_metres(self.a_week * seconds / WEEK)
    }

    /// When it has come so far, from a moment on: one of ten futures is there before `early`, and one after `late`.
    pub(super) fn until(&self, way: Distance, from: DateTime<Utc>, seed: u64) -> Option<Spread> {
        if self.a_week <= 0 {
            return None;
        }
        let goal = way.metres();
        if goal <= 0 {
            let passed = TimeDelta::try_seconds(goal.saturating_mul(WEEK) / self.a_week)?;
            return from.checked_add_signed(passed).map(Spread::exactly);
        }
        let mut chance = Chance(seed);
        let mut futures: Vec<i64> = (0..FUTURES).map(|_| self.seconds(goal, &mut chance)).collect();
        futures.sort_unstable();
        let at = |seconds: i64| from.checked_add_signed(TimeDelta::try_seconds(seconds)?);
        let expected = i64::try_from(i128::from(goal) * i128::from(WEEK) / i128::from(self.a_week)).ok()?;
        if expected > FURTHEST * WEEK {
            return None;
        }
        let expected = at(expected)?;
        Some(Spread {
            early: at(futures[FUTURES / 10])?.min(expected),
            expected,
            late: at(futures[FUTURES - 1 - FUTURES / 10])?.max(expected),
        })
    }

    /// How long one future takes, whose weeks are drawn from those that were.
    fn seconds(&self, goal: i64, chance: &mut Chance) -> i64 {
        let mut left = goal;
        for week in 0..FURTHEST {
            let way = self.weeks[chance.below(self.weeks.len())];
            if way >= left {
                return week * WEEK + left * WEEK / way.max(1);
            }
            left -= way;
        }
        FURTHEST * WEEK
    }
}

/// Chance that is always the same for the same seed (`SplitMix64`, public domain, by Sebastiano Vigna).
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % (end.max(1) as u64)).unwrap_or(0)
    }
}

fn winsorised(mut weeks: Vec<i64>) -> Vec<i64> {
    let mut sorted = weeks.clone();
    sorted.sort_unstable();
    let Some(last) = sorted.len().checked_sub(1) else { return weeks };
    let cut = (last + TENTHS / 2) / TENTHS;
    let (low, high) = (sorted[cut], sorted[last - cut]);
    for week in &mut weeks {
        *week = (*week).clamp(low, high);
    }
    weeks
}

fn mean(weeks: &[i64]) -> Option<i64> {
    let number = i64::try_from(weeks.len()).ok().filter(|number| *number > 0)?;
    Some(weeks.iter().sum::<i64>() / number)
}
