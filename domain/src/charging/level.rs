//! The level of the battery as cars tell it: as a percentage or as a fraction, now and then nonsense.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::distance::Distance;
use crate::motion::{Mileage, STANDING};
use crate::reading::Milli;

/// Readings that must agree before a car's percentages are taken for fractions.
const AGREE: u8 = 5;
/// Fractions differ by at least this much over these readings (thousandths): nearly empty batteries do not.
const SPREAD: i64 = 50;
/// No battery holds more, in thousandths of a percent.
const HIGHEST: i64 = 105_000;
/// A car that loses so much where it stands, or (where nobody knows whether it stood) faster than this, is doubted until
/// it says so again.
const SUSPICIOUS: i64 = 20_000;
const FASTEST_LOSS_PER_HOUR: i64 = 60_000;
/// A level is back where it was, give or take this.
pub(super) const BACK: i64 = 2000;
/// What was lost over a shorter way says nothing of consumption.
const SHORTEST_WAY: Distance = Distance::from_km(10);
/// What a battery that is nearly empty does not lose, an engine may have driven (thousandths of a percent).
const NEARLY_EMPTY: i64 = 15_000;
/// What was said so close to a level was said with it.
pub(super) const TOGETHER: TimeDelta = TimeDelta::minutes(5);
/// What lies further apart is in the order in which it happened.
pub(super) const ONE_REPORT: TimeDelta = TimeDelta::minutes(1);
/// An odometer this soon after a level may be nearer to it than the one before.
pub(super) const NEAR: TimeDelta = TimeDelta::minutes(15);
/// The way that consumption is learned from: older ways fade.
const MEMORY: Distance = Distance::from_km(1000);

/// A believed level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Level {
    #[serde(with = "crate::moment")]
    pub(super) at: DateTime<Utc>,
    pub(super) percent: Milli,
    /// The odometer as it was known then.
    pub(super) mileage: Option<Mileage>,
}

/// What the rule remembers of levels.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Levels {
    scale: Scale,
    pub(super) last: Option<Level>,
    /// The one before.
    pub(super) before: Option<Level>,
    /// The newest of the lowest ones since the car stands where it stands.
    pub(super) low: Option<Level>,
    suspect: Option<Level>,
    /// The newest moment at which energy came, or had come.
    #[serde(with = "crate::moment::option")]
    charged: Option<DateTime<Utc>>,
    /// Thousandths of a percent that ways took, and metres of these ways.
    used: (i64, i64),
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Scale {
    #[default]
    Percent,
    /// So many readings might be fractions, between these.
    Perhaps {
        count: u8,
        least: i64,
        most: i64,
    },
    Fraction,
}

/// What a believed level is to be compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) now: Level,
    pub(super) before: Option<Level>,
    pub(super) low: Option<Level>,
}

impl Level {
    /// Whether the odometer has not counted between the two, as far as it was asked; `None`: nobody knows.
    pub(super) fn stands(&self, later: &Self) -> Option<bool> {
        let way = self.way(later)?;
        Some(way <= STANDING)
    }

    pub(super) fn way(&self, later: &Self) -> Option<Distance> {
        Some(later.mileage?.travelled.minus(self.mileage?.travelled))
    }

    /// The odometer was read after it: whether that tells better where the car was then.
    pub(super) fn came(&mut self, mileage: Mileage) -> bool {
        let (since, until) = (self.mileage.map(|known| self.at - known.at), mileage.at - self.at);
        let is_nearer =
            until >= TimeDelta::zero() && until <= NEAR && since.is_none_or(|since| until < since);
        if is_nearer {
            self.mileage = Some(mileage);
        }
        is_nearer
    }

    /// Thousandths of a percent from here to there.
    pub(super) const fn gain(&self, later: &Self) -> i64 {
        later.percent.0 - self.percent.0
    }
}

impl Levels {
    /// Takes in what the car says. `None`: it is not believed, or not yet.
    pub(super) fn saw(&mut self, at: DateTime<Utc>, number: Milli, mileage: Option<Mileage>) -> Option<Step> {
        let percent = self.scaled(number)?;
        let now = Level { at, percent, mileage };
        if self.is_doubtful(&now) {
            self.suspect = Some(now);
            return None;
        }
        self.suspect = None;
        self.learn();
        let step = Step { now, before: self.last, low: self.low };
        self.before = self.last;
        let stands = self.last.is_some_and(|last| last.stands(&now) == Some(true));
        if !stands || self.low.is_none_or(|low| now.percent <= low.percent) {
            self.low = Some(now);
        }
        self.last = Some(now);
        Some(step)
    }

    /// The odometer is known anew: it tells where the car was when the last levels were read.
    pub(super) fn came(&mut self, mileage: Mileage) {
        let levels = [&mut self.last, &mut self.before, &mut self.low];
        for level in levels.into_iter().flatten() {
            level.came(mileage);
        }
    }

    /// Energy came, or had come, at this moment.
    pub(super) fn charged(&mut self, at: DateTime<Utc>) {
        self.charged = self.charged.max(Some(at));
    }

    /// What is known of charging is written: from here on gains count anew.
    pub(super) fn count_anew(&mut self) {
        self.low = self.last;
    }

    /// Thousandths of a percent that this way takes, as far as was learned.
    pub(super) fn expected_use(&self, way: Distance) -> i64 {
        let (points, metres) = self.used;
        if metres == 0 { 0 } else { points * way.metres().max(0) / metres }
    }

    fn scaled(&mut self, number: Milli) -> Option<Milli> {
        if !(0..=HIGHEST).contains(&number.0) {
            return None;
        }
        let might_be_fraction = number.0 <= 1000;
        match &mut self.scale {
            Scale::Fraction if number.0 <= 1050 => return Some(Milli((number.0 * 100).min(100_000))),
            Scale::Percent if might_be_fraction => {
                self.scale = Scale::Perhaps { count: 1, least: number.0, most: number.0 };
            }
            Scale::Perhaps { count, least, most } if might_be_fraction => {
                *count = count.saturating_add(1);
                (*least, *most) = ((*least).min(number.0), (*most).max(number.0));
                if *count >= AGREE && *most - *least >= SPREAD {
                    *self = Self { scale: Scale::Fraction, used: self.used, ..Self::default() };
                    return Some(Milli(number.0 * 100));
                }
            }
            Scale::Fraction => *self = Self { used: self.used, ..Self::default() },
            Scale::Perhaps { .. } => self.scale = Scale::Percent,
            Scale::Percent => {}
        }
        Some(Milli(number.0.min(100_000)))
    }

    /// A battery does not run empty where it stands, and not at once. What is said twice is believed.
    fn is_doubtful(&self, now: &Level) -> bool {
        let (Some(last), None) = (self.last, self.suspect) else { return false };
        let loss = -last.gain(now);
        if self.before.is_some_and(|before| before.gain(now).abs() <= BACK) {
            // Rather was the last one odd.
            return false;
        }
        if now.percent.0 == 0 && last.percent.0 >= 10_000 {
            return true;
        }
        let minutes = (now.at - last.at).num_minutes().max(1);
        loss >= SUSPICIOUS
            && match last.stands(now) {
                Some(stands) => stands,
                None => loss * 60 > FASTEST_LOSS_PER_HOUR * minutes,
            }
    }

    /// From the level before the last to the last: by now, all that was said with them is known.
    fn learn(&mut self) {
        let (Some(before), Some(last)) = (self.before, self.last) else { return };
        let Some(way) = before.way(&last).filter(|way| *way >= SHORTEST_WAY) else { return };
        let is_between = |at: DateTime<Utc>| at > before.at + TOGETHER && at <= last.at + TOGETHER;
        let gain = before.gain(&last);
        if gain < 0 && last.percent.0 > NEARLY_EMPTY && !self.charged.is_some_and(is_between) {
            let (points, metres) = self.used;
            let fade = |old: i64| if metres > MEMORY.metres() { old / 2 } else { old };
            self.used = (fade(points) - gain, fade(metres) + way.metres());
        }
    }
}

/// How long a small gain may take to count as one: slower is the weather.
pub(super) const SLOWEST: TimeDelta = TimeDelta::hours(24);
