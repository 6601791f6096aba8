//! What the car burns, from fill-up to fill-up: by the levels, and as at the pump.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::FillUp;
use super::gauge::FULL;
use crate::distance::Distance;
use crate::reading::Milli;

/// Over a shorter way nothing is said.
const SHORTEST: Distance = Distance::from_km(50);
/// Percent of the tank: of less nothing is said.
const LEAST: i64 = 10_000;
/// Litres that stand for [`LEAST`] where nobody knows the tank.
const LEAST_LITRES: Milli = Milli(5_000);
/// Over so long a way a missing fill-up can be told from the levels.
const TELLING: Distance = Distance::from_km(100);
/// Thousandths of what is usual: outside of these a fill-up was missed, or one was none.
const PLAUSIBLE: (i64, i64) = (400, 2_500);
/// Ways between fill-ups that are remembered, and how many make something usual.
const USUAL: (usize, usize) = (7, 3);
/// Thousandths: figures that differ by more do not agree.
const AGREE: i64 = 100;

/// A fill-up of the book, whoever wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fill {
    pub at: DateTime<Utc>,
    pub odometer: Option<Distance>,
    pub litres: Option<Milli>,
    pub full: bool,
    pub missed_previous: bool,
    /// Percent, where the gauge was read.
    pub level_after: Option<Milli>,
}

/// What was burnt over some fill-ups.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Economy {
    /// Litres per 100 km, corrected by the levels, and over which way.
    pub by_level: Option<Figure>,
    /// Litres per 100 km from full tank to full tank, and over which way.
    pub at_pump: Option<Figure>,
    /// They differ by more than a tenth: one of the fill-ups is probably wrong, or one is missing.
    pub disagree: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figure {
    pub per_100_km: Milli,
    pub over: Distance,
}

impl From<&FillUp> for Fill {
    fn from(fill: &FillUp) -> Self {
        Self {
            at: fill.between.by,
            odometer: fill.odometer,
            litres: fill.litres.map(|litres| litres.amount),
            full: fill.full,
            missed_previous: fill.missed_previous,
            level_after: Some(fill.level_after),
        }
    }
}

/// What was burnt from the first of these fill-ups to the last, oldest first; `tank` in litres. Ways on which a fill-up is
/// missing, has no litres, or on which the odometer fell are left out of both figures.
pub fn economy(fills: &[Fill], tank: Option<Milli>) -> Economy {
    let (mut by_level, mut at_pump) = (Burnt::default(), Burnt::default());
    let follows = |one: &Fill, next: &Fill| {
        let sinks = one.odometer.zip(next.odometer).is_some_and(|(before, after)| after < before);
        !next.missed_previous && next.litres.is_some() && !sinks
    };
    for chain in fills.chunk_by(follows) {
        let leveled = |fill: &&Fill| fill.odometer.is_some() && level(fill).is_some();
        by_level.add(chain, leveled, tank);
        at_pump.add(chain, |fill| fill.odometer.is_some() && fill.full, None);
    }
    let (by_level, at_pump) = (by_level.figure(tank), at_pump.figure(tank));
    let disagree = by_level.zip(at_pump).is_some_and(|(one, other)| {
        let (low, high) = (one.per_100_km.min(other.per_100_km), one.per_100_km.max(other.per_100_km));
        (high.0 - low.0) * 1000 > low.0 * AGREE
    });
    Economy { by_level, at_pump, disagree }
}

/// Percent after the fill-up; a full tank needs no gauge.
fn level(fill: &Fill) -> Option<Milli> {
    fill.level_after.or(fill.full.then_some(FULL))
}

#[derive(Debug, Clone, Copy, Default)]
struct Burnt {
    litres: i64,
    over: Distance,
}

impl Burnt {
    /// Adds what was burnt from the first to the last fill-up of the chain that will do as an end. With a tank, the levels at
    /// both ends are reckoned with.
    fn add(&mut self, chain: &[Fill], ends: impl Fn(&&Fill) -> bool, tank: Option<Milli>) {
        let Some(first) = chain.iter().position(|fill| ends(&fill)) else { return };
        let Some(last) = chain.iter().rposition(|fill| ends(&fill)).filter(|last| *last > first) else {
            return;
        };
        let bought: i64 =
            chain[first + 1..=last].iter().filter_map(|fill| fill.litres).map(|litres| litres.0).sum();
        let levels = level(&chain[first]).zip(level(&chain[last]));
        let kept = tank.zip(levels).map_or(0, |(tank, (from, to))| (to.0 - from.0) * tank.0 / FULL.0);
        let way = chain[first].odometer.zip(chain[last].odometer).filter(|(from, to)| from <= to);
        if let Some((from, to)) = way {
            self.litres += bought - kept;
            self.over = self.over.plus(to.minus(from));
        }
    }

    fn figure(self, tank: Option<Milli>) -> Option<Figure> {
        let least = tank.map_or(LEAST_LITRES.0, |tank| tank.0 * LEAST / FULL.0);
        let enough = self.over >= SHORTEST && self.litres >= least;
        enough.then(|| Figure { per_100_km: per_100_km(self.litres, self.over), over: self.over })
    }
}

/// `amount` in thousandths, as what it is for each 100 km.
fn per_100_km(amount: i64, over: Distance) -> Milli {
    Milli(amount * 100_000 / over.metres().max(1))
}

/// What has to be remembered from one fill-up to the next.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ledger {
    since: Option<Since>,
    full: Option<SinceFull>,
    /// Thousandths of a percent per 100 km between fill-ups, oldest first.
    usual: Vec<i64>,
}

/// After the last fill-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Since {
    travelled: Distance,
    level: Milli,
    /// Percent (thousandths) that came or went without being burnt or seen as a fill-up.
    added: i64,
}

/// After the last full tank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct SinceFull {
    travelled: Distance,
    litres: i64,
}

/// A fill-up as the ledger counts it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counted {
    /// Way travelled before and after it.
    pub from: Option<Distance>,
    pub to: Option<Distance>,
    pub level_before: Milli,
    pub level_after: Milli,
    pub litres: Option<Milli>,
    pub full: bool,
    /// What follows from unusual use: nothing, where the car may have driven without burning anything.
    pub plugs_in: bool,
}

/// What follows from a fill-up for the way before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    pub missed_previous: bool,
    pub by_level: Option<Milli>,
    pub at_pump: Option<Milli>,
}

impl Ledger {
    /// Counts a fill-up; fill-ups come oldest first. `tank` in litres.
    pub fn count(&mut self, fill: Counted, tank: Option<Milli>) -> Verdict {
        let (missed_previous, by_level) = self.since_last(fill, tank);
        if missed_previous {
            self.full = None;
        }
        let at_pump = self.since_full(fill, tank);
        self.since = fill.to.map(|travelled| Since { travelled, level: fill.level_after, added: 0 });
        Verdict { missed_previous, by_level, at_pump }
    }

    /// Fuel came in (or went, if negative) that no rise of the level shows: a receipt, or a drop while the car stood. Percent in
    /// thousandths, if the tank is known.
    pub fn came(&mut self, litres: i64, percent: Option<i64>) {
        if let Some(full) = &mut self.full {
            full.litres += litres.max(0);
        }
        self.since =
            self.since.zip(percent).map(|(since, percent)| Since { added: since.added + percent, ..since });
    }

    /// The way between is not known: another counter begins.
    pub fn break_off(&mut self) {
        (self.since, self.full) = (None, None);
    }

    fn since_last(&mut self, fill: Counted, tank: Option<Milli>) -> (bool, Option<Milli>) {
        let Some((since, from)) = self.since.zip(fill.from) else { return (false, None) };
        let over = from.minus(since.travelled);
        let burnt = since.level.0 + since.added - fill.level_before.0;
        let rate = per_100_km(burnt, over).0;
        let (least, most) = PLAUSIBLE;
        let unusual = |usual: i64| rate * 1000 < usual * least || rate * 1000 > usual * most;
        if over >= TELLING && !fill.plugs_in && self.usual().is_some_and(unusual) {
            return (true, None);
        }
        if over < SHORTEST || burnt < LEAST {
            return (false, None);
        }
        if self.usual.len() >= USUAL.0 {
            self.usual.remove(0);
        }
        self.usual.push(rate);
        (false, tank.map(|tank| Milli(rate * tank.0 / FULL.0)))
    }

    fn since_full(&mut self, fill: Counted, tank: Option<Milli>) -> Option<Milli> {
        self.full = self
            .full
            .zip(fill.litres)
            .map(|(full, bought)| SinceFull { litres: full.litres + bought.0, ..full });
        if !fill.full {
            return None;
        }
        let before =
            std::mem::replace(&mut self.full, fill.to.map(|travelled| SinceFull { travelled, litres: 0 }));
        let (before, to) = before.zip(fill.to)?;
        let burnt = Burnt { litres: before.litres, over: to.minus(before.travelled) };
        burnt.figure(tank).map(|figure| figure.per_100_km)
    }

    /// What is usual between fill-ups.
    fn usual(&self) -> Option<i64> {
        let mut sorted = self.usual.clone();
        sorted.sort_unstable();
        (sorted.len() >= USUAL.1).then(|| sorted[sorted.len() / 2])
    }
}
