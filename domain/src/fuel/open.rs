//! A fill-up that later readings may still change: confirm, belie, or make more of.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::gauge::{FULL, Gauge};
use super::habits::{Habits, Tank};
use super::rise::{Bounds, Rise};
use super::stand::{Known, Part};
use super::{FillUp, Litres};
use crate::book::{Cited, EntryState, Evidence, Mark};
use crate::distance::Distance;
use crate::fold::Scene;
use crate::motion::{Place, STANDING};
use crate::reading::Milli;
use crate::within::Within;

/// A level that is read so far on speaks for or against a doubtful fill-up.
const FURTHER_ON: Distance = Distance::from_km(5);
/// Percent over what was to be expected: it speaks for it.
const SPEAKS_FOR: i64 = 5_000;
/// Percent over what was to be expected: less speaks against it.
const SPEAKS_AGAINST: i64 = 2_500;
/// Percent: after more use nobody can tell.
const TOO_FAR: i64 = 10_000;
/// People write down what they did so long before or after.
pub(super) const BY_MEMORY: TimeDelta = TimeDelta::hours(6);
/// A doubtful fill-up of which nothing is heard for so long stays doubtful.
const WAITS: TimeDelta = TimeDelta::days(14);
/// A position this near in time is the position at it.
const NEAR: TimeDelta = TimeDelta::minutes(15);
/// Percent: how well two levels tell what lies between, on a gauge that does not waver.
const GAUGE: i64 = 1_500;
/// Thousandths of the amount by which a tank differs from its brochure.
const TANK: i64 = 30;

/// A fill-up as it is written, and what it needs to be judged by what comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Open {
    pub fill: FillUp,
    /// Way travelled before and after it.
    pub from: Option<Distance>,
    pub to: Option<Distance>,
    /// Percent that were filled in, as far as anybody knows; in thousandths.
    pub bought: i64,
    stood: bool,
    pub stage: Stage,
    /// No later level will tell.
    undecidable: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Stage {
    /// Its levels may still change.
    Loose,
    Settled,
    /// Settled, and the ledger knows it.
    Counted,
}

/// What a later level says of a doubtful fill-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    For,
    Against,
    Nothing,
    TooFar,
}

impl Open {
    /// `before`: how the same fill-up was written until now.
    pub fn of(
        rise: &Rise,
        before: Option<&Self>,
        tank: Option<Tank>,
        habits: &Habits,
        gauge: Gauge,
        scene: &Scene<'_>,
    ) -> Self {
        let litres = tank.map(|tank| litres(rise, tank, habits));
        let exact = if rise.stood { Known::About } else { Known::Exactly };
        let odometer = rise.after.way.filter(|_| rise.stood || rise.after.known >= exact);
        let marks = [
            (rise.is_compensated(habits), Mark::Compensated),
            (rise.merged, Mark::Merged),
            (tank.is_some_and(|tank| tank.learned), Mark::TankLearned),
        ];
        let cite = |at, level| {
            let (signal, value) = gauge.reported(level, tank.map(|tank| tank.litres));
            Cited { at, signal, value }
        };
        let evidence = Evidence {
            until: scene.until,
            marks: marks.into_iter().filter_map(|(holds, mark)| holds.then_some(mark)).collect(),
            cited: vec![cite(rise.before.at, rise.before.read), cite(rise.after.at, rise.after.read)],
        };
        let fill = FillUp {
            between: Within { after: rise.before.at, by: rise.after.at },
            level_before: rise.before.level,
            level_after: rise.after.level,
            litres,
            odometer: odometer.map(|way| way.odometer),
            place: before.and_then(|before| before.fill.place.clone()),
            full: habits.is_full(rise.after.level),
            missed_previous: false,
            economy: None,
            economy_at_pump: None,
            state: rise.state,
            evidence,
        };
        Self {
            fill,
            from: rise.before.way.map(|way| way.travelled),
            to: rise.after.way.map(|way| way.travelled),
            bought: rise.bought(),
            stood: rise.stood,
            stage: Stage::Loose,
            undecidable: false,
        }
    }

    /// Whether both are the same fill-up.
    pub fn is_of(&self, other: &Self) -> bool {
        self.fill.between.by == other.fill.between.by
    }

    pub fn is_settled(&self) -> bool {
        self.stage != Stage::Loose
    }

    pub fn is_candidate(&self) -> bool {
        self.fill.state == EntryState::Candidate
    }

    pub fn confirm(&mut self) {
        self.fill.state = EntryState::Recorded;
        if !self.fill.evidence.marks.contains(&Mark::Confirmed) {
            self.fill.evidence.marks.push(Mark::Confirmed);
        }
    }

    /// Lets later levels speak. `false`: there was no fill-up.
    pub fn stands_trial(&mut self, later: &[Part], bounds: Bounds<'_>) -> bool {
        if !self.is_candidate() || self.undecidable {
            return true;
        }
        let mut words = later.iter().map(|part| self.hear(part, bounds));
        match words.find(|word| *word != Word::Nothing).unwrap_or(Word::Nothing) {
            Word::For => self.confirm(),
            Word::Against => return false,
            Word::TooFar => self.undecidable = true,
            Word::Nothing => {}
        }
        true
    }

    fn hear(&self, part: &Part, bounds: Bounds<'_>) -> Word {
        let (Some(from), Some(to), Some(way)) = (self.from, self.to, part.way) else { return Word::Nothing };
        if part.first <= self.fill.between.by || way.travelled.minus(to) < FURTHER_ON || part.swaying {
            return Word::Nothing;
        }
        let burnt = if bounds.plugs_in { Some(0) } else { bounds.habits.burns(way.travelled.minus(from)) };
        let over = part.level.0 - self.fill.level_before.0 + burnt.unwrap_or(0);
        if burnt.is_some_and(|burnt| burnt > TOO_FAR) {
            return Word::TooFar;
        }
        match over {
            // What is found by reckoning is not confirmed by the same reckoning.
            over if over >= SPEAKS_FOR && self.fill.evidence.marks.contains(&Mark::Compensated) => {
                Word::TooFar
            }
            over if over >= SPEAKS_FOR => Word::For,
            over if over < SPEAKS_AGAINST && burnt.is_some() => Word::Against,
            _ => Word::Nothing,
        }
    }

    /// Takes the place where the car is, if that is where it was filled up.
    pub fn locate(&mut self, scene: &Scene<'_>) {
        let motion = scene.motion;
        let Some((at, place)) = motion.place.as_ref().filter(|_| self.fill.place.is_none()) else { return };
        let Within { by, .. } = self.fill.between;
        let stands_on =
            motion.mileage.zip(self.to).is_none_or(|(now, then)| now.travelled.minus(then) <= STANDING);
        let since = motion.standing_since.map_or(by, |since| since.at);
        let same_stop = self.stood && stands_on && motion.mileage.is_some() && *at >= since - NEAR;
        let near = (*at - by).abs() <= NEAR && (self.stood || self.fill.between.width() <= NEAR);
        if same_stop || near {
            self.fill.place = Some(Place::clone(place));
        }
    }

    /// How far a moment lies outside of when it may have happened.
    pub fn apart(&self, at: DateTime<Utc>) -> TimeDelta {
        let Within { after, by } = self.fill.between;
        (after - at).max(at - by).max(TimeDelta::zero())
    }

    /// Nothing that comes after this moment changes it.
    pub fn is_closed(&self, now: DateTime<Utc>) -> bool {
        let since = now - self.fill.between.by;
        self.is_settled() && since > BY_MEMORY && (!self.is_candidate() || self.undecidable || since > WAITS)
    }
}

fn litres(rise: &Rise, tank: Tank, habits: &Habits) -> Litres {
    let of_tank = |percent: i64| percent * tank.litres.0 / FULL.0;
    let amount = of_tank(rise.bought());
    // Nobody saw what was burnt.
    let gauge = of_tank(GAUGE.max(2 * habits.wavering()) + rise.burnt);
    Litres { amount: Milli(amount), plus_minus: Milli(gauge + amount * TANK / 1000) }
}
