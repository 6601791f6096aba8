//! What the gauge said while the car stood: levels between two drives, cut where they step.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::habits::median;
use crate::distance::Distance;
use crate::motion::{Mileage, STANDING};
use crate::reading::Milli;

/// Percent: levels of one stop that differ by so much are before and after something.
pub(super) const STEP: i64 = 5_000;
/// Percent: who falls by so much while nobody knows the odometer has probably driven.
const UNSEEN: i64 = 2_000;
/// An odometer this near to a level was the odometer at it.
const NEAR: TimeDelta = TimeDelta::minutes(15);
/// An odometer this near to a level was about the odometer at it.
const ABOUT: TimeDelta = TimeDelta::minutes(60);
/// The level after a fill-up is what the gauge says within this time, and not what it says days later.
const SETTLES: TimeDelta = TimeDelta::hours(2);
/// Who moved between odometers so close in time was driving at both.
const DRIVING: TimeDelta = TimeDelta::minutes(10);
/// Fuel goes on swaying for so long after the car was seen moving.
const SWAYING: TimeDelta = TimeDelta::minutes(5);
/// A speed this near to a level was the speed at it.
const AT_ONCE: TimeDelta = TimeDelta::minutes(1);
/// Levels of a moving car count where for so long no other came.
const FOR_WANT: TimeDelta = TimeDelta::hours(24);
/// Levels of one stop that are remembered: the first and the last of them.
const MOST: (usize, usize) = (3, 8);

/// A level, and where the car was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Level {
    #[serde(with = "chrono::serde::ts_milliseconds")]
    at: DateTime<Utc>,
    percent: Milli,
    way: Option<Way>,
    known: Known,
    /// The car was moving: the fuel sways.
    swaying: bool,
    /// The last level between the one before and this, which was not looked at because it swayed.
    passed: Option<Passed>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Passed {
    #[serde(with = "chrono::serde::ts_milliseconds")]
    pub at: DateTime<Utc>,
    pub percent: Milli,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Way {
    pub travelled: Distance,
    pub odometer: Distance,
}

/// How well the odometer at a level is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Known {
    /// It is the last one that was heard of, however long ago.
    Guessed,
    About,
    Exactly,
}

/// The levels since what is settled, and how the car moved meanwhile.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Levels {
    open: Vec<Level>,
    mileage: Option<Mileage>,
    /// When the car was last seen moving, if it was not seen standing since.
    #[serde(with = "crate::moment::option")]
    moving: Option<DateTime<Utc>>,
    passed: Option<Passed>,
    /// The newest level that is settled.
    #[serde(with = "crate::moment::option")]
    settled: Option<DateTime<Utc>>,
}

/// What remains of a part when the next one is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stop {
    #[serde(with = "chrono::serde::ts_milliseconds")]
    pub at: DateTime<Utc>,
    pub level: Milli,
    /// What was read at that very moment.
    pub read: Milli,
    pub way: Option<Way>,
    pub known: Known,
    /// How well the way is known at one of its levels at least: where the car came to.
    pub placed: Known,
}

/// Levels of one stop that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub first: DateTime<Utc>,
    pub last: DateTime<Utc>,
    /// At its beginning.
    pub level: Milli,
    /// At its end.
    pub end: Milli,
    /// What was read first, and what last.
    pub read: Milli,
    pub read_last: Milli,
    pub way: Option<Way>,
    pub known: Known,
    pub placed: Known,
    pub readings: usize,
    pub swaying: bool,
    /// Of the same stop as the part before, as far as anybody knows.
    pub stands: bool,
    pub passed: Option<Passed>,
}

impl Way {
    fn of(mileage: Mileage) -> Self {
        Self { travelled: mileage.travelled, odometer: mileage.odometer }
    }
}

/// How far the car came in between; `None` if nobody knows.
pub(super) fn between(from: Option<Way>, to: Option<Way>) -> Option<Distance> {
    Some(to?.travelled.minus(from?.travelled))
}

fn moved(from: Option<Way>, to: Option<Way>) -> bool {
    between(from, to).is_some_and(|way| way > STANDING)
}

impl Part {
    pub fn stop(&self) -> Stop {
        Stop {
            at: self.last,
            level: self.end,
            read: self.read_last,
            way: self.way,
            known: self.known,
            placed: self.placed,
        }
    }
}

impl Levels {
    /// A level came. `false` if the gauge had said something else at the same moment.
    pub fn saw(&mut self, at: DateTime<Utc>, percent: Milli) -> bool {
        if self.open.last().is_some_and(|last| last.at == at) || self.settled == Some(at) {
            return false;
        }
        self.pass();
        let swaying = self.moving.is_some_and(|since| at - since <= SWAYING);
        let known = self.mileage.map_or(Known::Guessed, |mileage| known(at - mileage.at));
        let way = self.mileage.map(Way::of);
        self.open.push(Level { at, percent, way, known, swaying, passed: self.passed.take() });
        true
    }

    /// The odometer is known anew: it tells where the car was when the last levels were read.
    pub fn came(&mut self, mileage: Mileage) {
        let here = Some(Way::of(mileage));
        let Some(before) = self.mileage.replace(mileage) else {
            for level in self.open.iter_mut().filter(|level| mileage.at - level.at <= ABOUT) {
                (level.way, level.known) = (here, known(mileage.at - level.at));
            }
            return;
        };
        let stood = mileage.travelled.minus(before.travelled) <= STANDING;
        let driving = !stood && mileage.at - before.at <= DRIVING;
        for level in self.open.iter_mut().rev().take_while(|level| level.at >= before.at) {
            let (since, until) = (level.at - before.at, mileage.at - level.at);
            if stood {
                level.known = Known::Exactly;
                level.swaying &= since <= TimeDelta::zero();
            } else if until < since && until <= ABOUT {
                (level.way, level.known) = (here, known(until));
            }
            level.swaying |= driving && since > TimeDelta::zero();
        }
        self.moving = driving.then_some(mileage.at);
    }

    pub fn speed(&mut self, at: DateTime<Utc>, moves: bool) {
        self.moving = moves.then_some(at);
        for level in self.open.iter_mut().rev().take_while(|level| at - level.at <= AT_ONCE) {
            level.swaying |= moves;
        }
    }

    /// The levels in parts, oldest first. `before`: the stop before them.
    pub fn parts(&self, before: Option<&Stop>) -> Vec<Part> {
        let mut groups: Vec<(bool, Vec<Level>)> = Vec::new();
        let mut newest = self.settled;
        for level in &self.open {
            if level.is_passed_over(newest) {
                continue;
            }
            newest = Some(level.at);
            let last = groups.last().and_then(|(_, group)| group.last());
            let (way, end) = match (last, before) {
                (Some(last), _) => (last.way, Some(last.percent)),
                (None, Some(stop)) => (stop.way, Some(stop.level)),
                (None, None) => (None, None),
            };
            let unseen =
                level.known == Known::Guessed && end.is_some_and(|end| end.0 - level.percent.0 >= UNSEEN);
            let stands = end.is_some() && !unseen && !moved(way, level.way);
            match groups.last_mut() {
                Some((_, group)) if stands && !steps(group, level) => group.push(*level),
                Some(_) | None => groups.push((stands, vec![*level])),
            }
        }
        groups.iter().filter_map(|(stands, group)| part(*stands, group)).collect()
    }

    /// Whether what happened at this moment is not settled.
    pub fn is_open(&self, at: DateTime<Utc>) -> bool {
        self.settled.is_none_or(|settled| settled < at)
    }

    /// What is up to this moment is settled.
    pub fn forget(&mut self, until: DateTime<Utc>) {
        self.open.retain(|level| level.at > until);
        self.settled = Some(until);
    }

    /// Keeps the beginning and the end of a long stop. `last`: its part.
    pub fn thin(&mut self, last: &Part) {
        let first = self.open.partition_point(|level| level.at < last.first);
        while self.open.len() - first > MOST.1 {
            self.open.remove(first + MOST.0);
        }
    }

    /// The newest level is no longer the newest: if it swayed and others speak for it, it is passed over.
    fn pass(&mut self) {
        let newest = self.open.iter().rev().nth(1).map(|level| level.at).or(self.settled);
        if let Some(level) = self.open.pop_if(|level| level.is_passed_over(newest)) {
            self.passed = Some(Passed { at: level.at, percent: level.percent });
        }
    }
}

impl Level {
    fn is_passed_over(&self, newest: Option<DateTime<Utc>>) -> bool {
        self.swaying && newest.is_some_and(|newest| self.at - newest <= FOR_WANT)
    }
}

fn known(apart: TimeDelta) -> Known {
    match apart {
        apart if apart <= NEAR => Known::Exactly,
        apart if apart <= ABOUT => Known::About,
        _ => Known::Guessed,
    }
}

fn percents(levels: &[Level]) -> Vec<Milli> {
    levels.iter().map(|level| level.percent).collect()
}

fn steps(group: &[Level], level: &Level) -> bool {
    median(&percents(group)).is_some_and(|middle| (level.percent.0 - middle.0).abs() >= STEP)
}

/// `None` of nothing.
fn part(stands: bool, levels: &[Level]) -> Option<Part> {
    let (first, last) = (levels.first()?, levels.last()?);
    let known = levels.iter().map(|level| level.known).min()?;
    let settled = levels.partition_point(|level| level.at - first.at <= SETTLES);
    // Who may have driven meanwhile ends with what was read last, not with what was read in between.
    let ending = if known == Known::Guessed { levels.len().saturating_sub(3) } else { 0 };
    Some(Part {
        first: first.at,
        last: last.at,
        level: median(&percents(&levels[..settled]))?,
        end: median(&percents(&levels[ending..]))?,
        read: first.percent,
        read_last: last.percent,
        way: first.way,
        known,
        placed: levels.iter().map(|level| level.known).max().unwrap_or(known),
        readings: levels.len(),
        swaying: levels.iter().all(|level| level.swaying),
        stands,
        passed: first.passed,
    })
}
