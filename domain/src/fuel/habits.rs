//! What was learned of a car: what it burns, how its gauge wavers, how full its full tank is, how much it holds.

use serde::{Deserialize, Serialize};

use super::gauge::FULL;
use crate::distance::Distance;
use crate::reading::Milli;
use crate::setup::Setup;

/// Percent: a rise of so much is written down.
const RECORDED: i64 = 10_000;
/// Percent: however much a gauge wavers, a rise of so much is a fill-up.
const RECORDED_AT_MOST: i64 = 40_000;
/// What a car burns is known after so much of the way.
const KNOWN_AFTER: Distance = Distance::from_km(100);
/// Older ways count less: at this length everything is halved.
const HALVED_AT: Distance = Distance::from_km(2_000);
/// Percent a kilometre that no car burns, in thousandths: what bounds a fall while nothing is learned.
const MOST_PER_KM: i64 = 250;
/// Between stops that lie so close hardly anything is burnt: what differs is the gauge's wavering.
const NEIGHBOURS: Distance = Distance::from_km(10);
/// Differences between neighbours that are remembered, and from how many of them the wavering is reckoned.
const DIFFERENCES: (usize, usize) = (15, 5);
/// From the median of absolute differences to a standard deviation, in ten thousandths: of any bell curve.
const SIGMA: i64 = 14_826;
/// Percent: what counts as full on every gauge.
const SURELY_FULL: Milli = Milli(95_000);
/// Percent: the ends of fill-ups that lie so close to the highest are the same: full.
const SAME_TOP: i64 = 2_000;
/// Percent: a gauge whose top is lower has not been seen full.
const LOWEST_TOP: Milli = Milli(80_000);
/// Ends of fill-ups that are remembered, and how many must agree on the top.
const TOPS: (usize, usize) = (8, 3);
/// Guesses of the tank that are remembered, and how many are needed.
const TANKS: (usize, usize) = (9, 3);
/// Litres: no road car's tank holds less or more.
const TANK: (Milli, Milli) = (Milli(15_000), Milli(200_000));

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Habits {
    /// Thousandths of a percent that were burnt on the way of `over`.
    burnt: i64,
    over: Distance,
    /// How far neighbouring stops were apart, oldest first.
    differences: Vec<i64>,
    /// What the gauge said after fill-ups, oldest first.
    tops: Vec<Milli>,
    /// The tank's litres by receipts.
    receipts: Vec<Milli>,
    /// The tank's litres as the car itself tells.
    told: Vec<Milli>,
}

/// How much the tank holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tank {
    pub litres: Milli,
    pub learned: bool,
}

impl Habits {
    /// The tank as people know it, else as receipts tell it, else as the car does.
    pub fn tank(&self, setup: &Setup) -> Option<Tank> {
        let known = setup.tank.filter(|litres| litres.0 > 0).map(|litres| Tank { litres, learned: false });
        let enough = |guesses: &[Milli]| (guesses.len() >= TANKS.1).then(|| median(guesses)).flatten();
        let learned = || enough(&self.receipts).map(|litres| Tank { litres, learned: true });
        let told = || enough(&self.told).map(|litres| Tank { litres, learned: false });
        known.or_else(learned).or_else(told)
    }

    /// Percent that are burnt on such a way as far as was learned, in thousandths.
    pub fn burns(&self, way: Distance) -> Option<i64> {
        let known = self.over >= KNOWN_AFTER;
        known.then(|| (way.metres().max(0) * self.burnt.max(0)) / self.over.metres())
    }

    /// Percent that may be burnt on such a way when the car is driven hard, in thousandths.
    pub fn burns_at_most(&self, way: Distance) -> i64 {
        let unlearned = way.metres().max(0) * MOST_PER_KM / 1000;
        self.burns(way).map_or(unlearned, |burnt| 2 * burnt)
    }

    /// Percent by which a level must rise to be written down, in thousandths.
    pub fn threshold(&self) -> i64 {
        (4 * self.wavering()).clamp(RECORDED, RECORDED_AT_MOST)
    }

    /// The standard deviation of the gauge between neighbouring stops, in thousandths of a percent; zero until it is known.
    pub fn wavering(&self) -> i64 {
        if self.differences.len() < DIFFERENCES.1 {
            return 0;
        }
        let mut sorted = self.differences.clone();
        sorted.sort_unstable();
        sorted[sorted.len() / 2] * SIGMA / 10_000
    }

    /// The level after a fill-up that filled the tank.
    pub fn is_full(&self, level: Milli) -> bool {
        let top = self.tops.iter().copied().max().filter(|top| *top >= LOWEST_TOP);
        let same = |one: Milli, top: Milli| top.0 - one.0 <= SAME_TOP;
        let agreed = top.filter(|top| self.tops.iter().filter(|level| same(**level, *top)).count() >= TOPS.1);
        level >= SURELY_FULL || agreed.is_some_and(|top| same(level, top))
    }

    /// The car went from one stop to the next, and nobody filled it.
    pub fn went(&mut self, way: Distance, fell: i64) {
        if way <= Distance::ZERO {
            return;
        }
        if way <= NEIGHBOURS {
            let expected = self.burns(way).unwrap_or(0);
            remember(&mut self.differences, (fell - expected).abs(), DIFFERENCES.0);
        }
        self.burnt += fell;
        self.over = self.over.plus(way);
        if self.over >= HALVED_AT {
            self.burnt /= 2;
            self.over = Distance::from_metres(self.over.metres() / 2);
        }
    }

    pub fn filled_up_to(&mut self, level: Milli) {
        remember(&mut self.tops, level, TOPS.0);
    }

    /// So many litres raised the level by so much (thousandths of a percent).
    pub fn took(&mut self, litres: Milli, rise: i64) {
        learn(&mut self.receipts, Milli(litres.0 * FULL.0 / rise.max(1)));
    }

    pub fn told_tank(&mut self, litres: Milli) {
        learn(&mut self.told, litres);
    }
}

fn learn(guesses: &mut Vec<Milli>, tank: Milli) {
    if (TANK.0..=TANK.1).contains(&tank) {
        remember(guesses, tank, TANKS.0);
    }
}

fn remember<T>(all: &mut Vec<T>, one: T, most: usize) {
    if all.len() >= most {
        all.remove(0);
    }
    all.push(one);
}

/// The middle one; the mean of the two in the middle of an even number.
pub(super) fn median(values: &[Milli]) -> Option<Milli> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = sorted[(sorted.len() - 1) / 2];
    Some(Milli(lower.0.midpoint(upper.0)))
}
