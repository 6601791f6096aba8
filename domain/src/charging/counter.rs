//! The car's own counter of energy, as cars count: from any number, with falls to zero, small drifts and old values that
//! stay until the next charging has begun.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::curve::Curve;
use crate::distance::Distance;
use crate::motion::Mileage;

/// A counter that falls by no more than this only drifts.
const DRIFT_WH: i64 = 500;
/// Over a shorter time than this, counters' steps say little of power.
const SHORTEST: TimeDelta = TimeDelta::minutes(2);

/// What the counter showed, in watt hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Shown {
    #[serde(with = "crate::moment")]
    pub(super) at: DateTime<Utc>,
    pub(super) wh: i64,
}

/// What the counter showed, and where the car was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Count {
    pub(super) shown: Shown,
    pub(super) mileage: Option<Mileage>,
}

impl Count {
    /// The way from here to there, as far as anybody knows.
    pub(super) fn way(&self, later: &Self) -> Option<Distance> {
        Some(later.mileage?.travelled.minus(self.mileage?.travelled))
    }
}

/// What the counter counted during a stay.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each says something else of the counter, and any of them may be so"
)]
pub(super) struct Tally {
    last: Option<Shown>,
    /// When it had last counted more.
    #[serde(with = "crate::moment::option")]
    pub(super) rose: Option<DateTime<Utc>>,
    /// The reading from which on power can be told.
    #[serde(with = "crate::moment::beside")]
    since: Option<(DateTime<Utc>, i64)>,
    pub(super) curve: Curve,
    /// It still showed the old value when the stay had begun.
    held: bool,
    /// So much more it was if the counter began anew unseen.
    perhaps: i64,
    /// So much of it may have come in the session before.
    pub(super) told: i64,
    /// It was seen at the plug that it began anew for.
    pub(super) is_sure: bool,
    /// When it was read first, it had fallen: it began anew after what was told before.
    began_anew: bool,
    /// It began anew on the way.
    pub(super) resets: bool,
    pub(super) scope: Scope,
}

/// What a counter counted since it was read before the stay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Scope {
    #[default]
    Stay,
    /// It began anew before its first reading in the stay, as this car's counter does at each plug.
    Anew,
    /// Another session lies in between: it counted that, too.
    Shared,
}

/// Whether a car's counter begins anew at each plug, as was seen so far: more than nought if so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Habit(i8);

impl Habit {
    /// A fall says more than a rise: a counter that begins anew may have come further than the time before.
    const FELL: i8 = 2;
    const MOST: i8 = 8;

    pub(super) fn fell(&mut self) {
        self.0 = (self.0 + Self::FELL).min(Self::MOST);
    }

    /// It rose after a drive, from something.
    pub(super) fn went_on(&mut self) {
        self.0 = (self.0 - 1).max(-Self::MOST);
    }

    pub(super) const fn begins_anew(self) -> bool {
        self.0 > 0
    }
}

/// How a counter came from one reading to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Rose(i64),
    Drifted,
    /// It began anew and shows this since.
    Anew(i64),
}

pub(super) fn step(before: i64, now: i64) -> Step {
    if now > before {
        Step::Rose(now - before)
    } else if before - now <= DRIFT_WH && now * 2 >= before {
        Step::Drifted
    } else {
        Step::Anew(now)
    }
}

impl Tally {
    /// Begins with what the counter showed before the stay. Without it, a counter of a stay whose beginning was `seen`
    /// counts from zero.
    pub(super) fn begin(before: Option<Shown>, seen: Option<DateTime<Utc>>) -> Self {
        let zero = seen.map(|at| Shown { at, wh: 0 });
        Self { last: before.or(zero), ..Self::default() }
    }

    /// `from`: not before this did the current flow, and not after `to`.
    pub(super) fn saw(&mut self, now: Shown, from: DateTime<Utc>, to: DateTime<Utc>) {
        if let Some(last) = self.last {
            let first = self.since.is_none();
            let from = from.max(last.at);
            let before = self.curve.total();
            match step(last.wh, now.wh) {
                Step::Rose(wh) => {
                    // A counter that kept its old value and began anew since shows all of what came.
                    if first || self.held {
                        self.perhaps = last.wh;
                    }
                    self.held = false;
                    self.curve.add(from, to, wh);
                }
                Step::Drifted => self.held |= first,
                Step::Anew(wh) => {
                    self.began_anew |= first;
                    self.resets |= !first && !self.held;
                    self.held = false;
                    self.curve.add(from, to, wh);
                }
            }
            if self.curve.total() > before {
                self.rose = Some(now.at);
            }
        }
        if self.last.is_none() {
            // Perhaps all of it came since the stay began, before anybody looked.
            self.perhaps = now.wh;
        }
        self.last = Some(now);
        self.since.get_or_insert((now.at, self.curve.total()));
    }

    pub(super) fn is_counting(&self) -> bool {
        self.since.is_some()
    }

    /// Whether it counted what came in this stay, and nothing else.
    pub(super) fn tells(&self) -> bool {
        self.is_counting() && self.scope != Scope::Shared
    }

    pub(super) fn last(&self) -> Option<Shown> {
        self.last
    }

    /// What was counted: of its two readings, the one that is nearer to what another source says.
    pub(super) fn wh(&self, elsewhere: Option<i64>) -> i64 {
        let least = self.curve.total();
        if self.scope == Scope::Anew {
            return least + self.perhaps;
        }
        match elsewhere {
            Some(wh) if (least + self.perhaps - wh).abs() < (least - wh).abs() => least + self.perhaps,
            Some(_) | None => least,
        }
    }

    /// How much of it may have come in the session before.
    pub(super) fn doubt(&self) -> i64 {
        let told = if self.is_sure && self.began_anew { 0 } else { self.told };
        told + if self.is_sure || self.scope != Scope::Anew { 0 } else { self.perhaps }
    }

    /// Watts on the average since the first reading of the stay, if that is long enough ago.
    pub(super) fn watts(&self) -> Option<i64> {
        let ((since, wh), last) = (self.since?, self.last?);
        let took = last.at - since;
        (took >= SHORTEST).then(|| (self.curve.total() - wh) * 3_600_000 / took.num_milliseconds())
    }
}
