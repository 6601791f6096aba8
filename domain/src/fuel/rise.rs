//! Rises of the level that are fill-ups, or may be.

use chrono::TimeDelta;

use super::gauge::FULL;
use super::habits::{Habits, median};
use super::stand::{Known, Part, STEP, Stop, between};
use crate::book::EntryState;
use crate::distance::Distance;
use crate::motion::STANDING;
use crate::reading::Milli;

/// Percent: less is no fill-up, however far the car came meanwhile.
const LEAST: i64 = 3_000;
/// Percent: what is taken to be burnt in between adds no more than this to a rise.
const COMPENSATED_AT_MOST: i64 = 10_000;
/// Litres that nobody buys less of, where the tank's size is known.
const LEAST_LITRES: Milli = Milli(5_000);
/// Rises this close in time and on the road are one fill-up.
const ONE_STOP: (TimeDelta, Distance) = (TimeDelta::minutes(30), Distance::from_km(2));
/// Stops since the last fill-up over which the level before the next one is looked for.
pub(super) const BEHIND: usize = 3;

/// A rise from one stop to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rise {
    /// The last that was read before it; not higher than usual there.
    pub before: Stop,
    /// The first that was read after it, with the level at which it settled.
    pub after: Stop,
    /// The car was not seen moving in between.
    pub stood: bool,
    pub merged: bool,
    pub state: EntryState,
    /// It is still the same standing.
    standing: bool,
    /// How many parts it rests on.
    pub parts: usize,
    /// Percent that were burnt between the two stops, as far as was learned; in thousandths.
    pub burnt: i64,
}

/// What bounds rises beside the levels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds<'a> {
    pub habits: &'a Habits,
    /// Litres.
    pub tank: Option<Milli>,
    /// It may have driven without burning anything.
    pub plugs_in: bool,
}

/// Stops since the last fill-up, oldest first.
pub(super) fn behind(stops: &mut Vec<Stop>, stop: Stop) {
    stops.push(stop);
    if stops.len() > BEHIND {
        stops.remove(0);
    }
}

/// All rises, oldest first, each with the number of its first part. `stops`: since the last fill-up before the parts.
pub(super) fn rises(mut stops: Vec<Stop>, parts: &[Part], bounds: Bounds<'_>) -> Vec<(usize, Rise)> {
    let mut found: Vec<(usize, Rise)> = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        let goes_on = match found.last_mut() {
            // A drive ends the settling for good, and so does anything else in between.
            Some((first, rise)) if *first + rise.parts == number => rise.goes_on(part),
            Some(_) | None => false,
        };
        if goes_on {
            stops.clear();
        } else if let Some(rise) = judge(&stops, part, bounds) {
            found.push((number, rise));
            stops.clear();
        }
        if let Some((first, rise)) = found.last_mut().filter(|(first, rise)| first + rise.parts == number + 1)
        {
            rise.grade(&parts[*first..=number], bounds);
        }
        behind(&mut stops, part.stop());
    }
    found
}

impl Rise {
    /// Percent, in thousandths.
    pub const fn height(&self) -> i64 {
        self.after.level.0 - self.before.level.0
    }

    /// Percent that were filled in, in thousandths: what was burnt before and after came on top of what the gauge shows.
    pub const fn bought(&self) -> i64 {
        self.height() + self.burnt
    }

    /// Nothing but what was burnt in between makes it a rise.
    pub fn is_compensated(&self, habits: &Habits) -> bool {
        self.height() < habits.threshold() / 2
    }

    /// Takes the part in if it still belongs to this fill-up.
    fn goes_on(&mut self, part: &Part) -> bool {
        self.standing &= part.stands;
        let rises = part.level.0 - self.after.level.0;
        let (time, way) = ONE_STOP;
        let close = part.first - self.after.at <= time
            && between(self.after.way, part.way).is_none_or(|came| came <= way);
        if !(self.standing || close && rises >= STEP) {
            return false;
        }
        if rises > 0 {
            self.after.level = part.level;
            self.merged |= rises >= STEP;
        }
        self.parts += 1;
        true
    }

    /// How sure its height makes it. `parts`: those that it rests on.
    fn grade(&mut self, parts: &[Part], bounds: Bounds<'_>) {
        let threshold = bounds.habits.threshold();
        // A level that sways says little of its height.
        let swaying = parts.iter().all(|part| part.swaying);
        let recorded = self.height() >= threshold && bounds.is_bought(self.height()) && !swaying;
        self.state = if recorded { EntryState::Recorded } else { EntryState::Candidate };
    }
}

impl Bounds<'_> {
    /// Whether anybody buys so little (thousandths of a percent), as far as the tank is known.
    fn is_bought(&self, rise: i64) -> bool {
        self.tank.is_none_or(|tank| rise * tank.0 / FULL.0 >= LEAST_LITRES.0)
    }
}

/// Whether the level rose to this part.
fn judge(stops: &[Stop], part: &Part, bounds: Bounds<'_>) -> Option<Rise> {
    let last = stops.last()?;
    let levels: Vec<Milli> = stops.iter().map(|stop| stop.level).collect();
    let base = median(&levels).map_or(last.level, |usual| usual.min(last.level));
    let way = between(last.way, part.way);
    let raw = part.level.0 - base.0;
    let burnt = way.and_then(|way| bounds.habits.burns(way)).unwrap_or(0);
    let counts = if bounds.plugs_in { 0 } else { burnt.min(COMPENSATED_AT_MOST) };
    // What was read later at the same stop without an odometer takes nothing from what is known of the way there.
    let is_sure = last.placed >= Known::About && part.placed >= Known::About;
    // No more than what was in it before, and what was not in it any more after.
    let at_most = base.0 + FULL.0 - part.level.0;
    let rise = raw + counts;
    if raw < LEAST || rise < bounds.habits.threshold() / 2 || !bounds.is_bought(rise) {
        return None;
    }
    let mut before = Stop { level: base, ..*last };
    if let Some(passed) =
        part.passed.filter(|passed| passed.at > last.at && passed.percent.0 <= base.0 + raw / 2)
    {
        (before.at, before.read) = (passed.at, passed.percent);
    }
    Some(Rise {
        before,
        after: Stop { at: part.first, level: part.level, read: part.read, ..part.stop() },
        stood: part.stands && way.is_none_or(|way| way <= STANDING),
        merged: false,
        state: EntryState::Candidate,
        standing: true,
        parts: 1,
        burnt: if is_sure { burnt.min(at_most) } else { 0 },
    })
}
