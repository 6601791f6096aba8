//! What nobody saw is found from what it brought: a level that is higher than it was, a counter that counted.

use chrono::TimeDelta;

use super::level::{BACK, Level, SLOWEST, Step};
use super::stay::{Doubt, Leg, Origin, Stay};
use super::{Charging, DRIVEN, cited, energy};
use crate::book::Book;
use crate::distance::Distance;
use crate::fold::Scene;
use crate::motion::{Place, STANDING};
use crate::reading::{Milli, Reading};
use crate::within::Within;

/// A standing car that gained less only became warmer.
const STANDING_GAIN: i64 = 3000;
/// A car that moved may have come down from a mountain with as much as this.
pub(super) const MOVING_GAIN: i64 = 5000;
/// A rise that goes on does so by this much; less is the weather.
const GOES_ON: i64 = 2000;
/// Unless it does so at once.
const SOON: TimeDelta = TimeDelta::minutes(90);
const GOES_ON_SOON: i64 = 1000;
/// Two places that lie further apart are two.
const ELSEWHERE_METRES: f64 = 500.0;

impl Charging {
    pub(super) fn level(&mut self, percent: Milli, reading: &Reading, scene: &Scene<'_>, book: &mut Book) {
        let Some(step) = self.levels.saw(reading.at, percent, scene.motion.mileage) else { return };
        let at = step.now.at;
        if let Some(before) = step.before.filter(|_| self.is_back(&step)) {
            self.riddle.back = Some((before, step.now));
            self.explain(at, scene, book);
        }
        if self.rises_here(&step, reading) || self.look_back(&step, reading, scene, book) {
            self.levels.count_anew();
        } else if step.before.is_some_and(|before| before.gain(&step.now) <= 0) {
            self.quiet = self.quiet.max(Some(at));
        }
    }

    /// Whether the level belongs to the stay that there is: current flows, or it is the first one since.
    fn rises_here(&mut self, step: &Step, reading: &Reading) -> bool {
        let (Some(stay), now) = (&mut self.stay, &step.now) else { return false };
        let first = stay.leg().is_some_and(|leg| leg.start_level.is_none());
        let says_something =
            |before: &Level| !first || before.stands(now) == Some(true) || before.gain(now) > MOVING_GAIN;
        let base = step.before.filter(says_something);
        let Some(end) = stay.end() else {
            let rose = stay.rose_to(now, base.as_ref());
            stay.ends.begins(step.before, &self.levels);
            stay.ends.is_here(*now, &self.levels);
            if rose || first {
                stay.cite(cited(reading));
            }
            return true;
        };
        if stay.is_past(now, step.before.as_ref()) {
            stay.settled = true;
            return false;
        }
        stay.settled = now.at >= end.by;
        stay.ends.begins(step.before, &self.levels);
        if stay.way(now.mileage).is_some_and(|way| way >= DRIVEN) {
            stay.ends.left(*now, &self.levels);
        } else {
            stay.rose_to(now, base.as_ref());
            stay.ends.is_here(*now, &self.levels);
        }
        stay.cite(cited(reading));
        true
    }

    /// Whether the level is back where it was before the stay, as far as was asked where the car is.
    fn is_back(&self, step: &Step) -> bool {
        let (Some(stay), Some(before)) = (&self.stay, step.before) else { return false };
        before.at == stay.key
            && stay.rests_on_one_level()
            && stay.top() == Some(before.percent)
            && before.stands(&step.now) != Some(false)
            && before.gain(&step.now) < -BACK
            && stay
                .first()
                .and_then(|leg| leg.start_level)
                .is_some_and(|start| step.now.percent.0 - start.0 <= BACK)
    }

    /// Whether it was charged since the level was read before, without anybody seeing it.
    fn look_back(&mut self, step: &Step, reading: &Reading, scene: &Scene<'_>, book: &mut Book) -> bool {
        let (Some(before), now) = (step.before, step.now) else { return false };
        let stood = before.stands(&now) == Some(true);
        let goes_on = stood && self.goes_on(&before, &now);
        let fresh = |low: &Level| stood && now.at - low.at <= SLOWEST && low.percent < before.percent;
        let from = step.low.filter(fresh).filter(|_| !goes_on).unwrap_or(before);
        let gain = from.gain(&now) - self.known_of(&from, scene);
        // Nobody comes down from a mountain at the plug.
        let found =
            if stood || self.plugged().is_some() { gain >= STANDING_GAIN } else { gain > MOVING_GAIN };
        if !found && !goes_on {
            return false;
        }
        let after = self.last.map_or(from.at, |(_, span)| from.at.max(span.by)).min(now.at);
        let start = Within { after, by: now.at };
        let leg = Leg { end: Some(start), start_level: Some(from.percent), ..Leg::begun(start, true) };
        self.begin(leg, cited(reading), scene, book);
        let doubt = self.doubts(stood, &now, scene);
        let Some(stay) = &mut self.stay else { return true };
        stay.rose_to(&now, Some(&from));
        stay.ends.begins(Some(from), &self.levels);
        stay.ends.is_here(now, &self.levels);
        stay.settled = true;
        if stay.key == now.at {
            stay.doubt = doubt;
            stay.origin = if stood { Origin::Here } else { Origin::OnTheWay };
        } else if stood && stay.origin == Origin::OnTheWay {
            stay.origin = Origin::Here;
        }
        if stay.doubt == Doubt::MayHaveMoved && stay.level.total() > MOVING_GAIN {
            stay.doubt = Doubt::None;
        }
        true
    }

    /// Of a rise since this level, thousandths of a percent that are known to have come in the session before.
    fn known_of(&self, from: &Level, scene: &Scene<'_>) -> i64 {
        let usable =
            energy::usable(scene, self.gross).filter(|_| self.last.is_some() && !self.is_after_last(from));
        usable.map_or(0, |usable| self.unlevelled * 100_000 / usable)
    }

    /// Whether a rise that was found goes on.
    fn goes_on(&self, before: &Level, now: &Level) -> bool {
        let leg = self.stay.as_ref().and_then(Stay::leg);
        let rose_until = leg.filter(|leg| leg.inferred).and_then(|leg| leg.end).map(|end| end.by);
        let least = if now.at - before.at <= SOON { GOES_ON_SOON } else { GOES_ON };
        rose_until == Some(before.at) && before.gain(now) >= least
    }

    fn doubts(&self, stood: bool, now: &Level, scene: &Scene<'_>) -> Doubt {
        let may_burn = scene.setup.may_burn() && (scene.setup.powertrain.is_some() || self.burns);
        let read = now.mileage.is_some_and(|mileage| mileage.at >= now.at);
        // No engine charges a car at the plug.
        let may_burn = may_burn && self.plugged().is_none() && !self.has_counted(now.at);
        match (stood, may_burn, read) {
            (false, true, _) => Doubt::MayHaveBurnt,
            (true, _, false) => Doubt::MayHaveMoved,
            (false, false, _) | (true, _, true) => Doubt::None,
        }
    }

    /// The odometer says whether a car that gained a little had stood.
    pub(super) fn judge(&mut self, way: Distance) {
        let Some(stay) = &mut self.stay else { return };
        if way <= STANDING {
            stay.doubt = Doubt::None;
        } else {
            // It may have come down from a mountain.
            stay.legs.clear();
        }
    }
}

/// Whether these are two places, for sure.
pub(super) fn is_elsewhere(one: &Place, other: &Place) -> bool {
    match (one.position(), other.position()) {
        (Some(one), Some(other)) => {
            let metres_per_degree = 111_320.0;
            let degrees = |e6: i32| f64::from(e6) / 1e6;
            let latitude = degrees(one.latitude_e6);
            let north = (degrees(other.latitude_e6) - latitude) * metres_per_degree;
            let mut east = (degrees(other.longitude_e6) - degrees(one.longitude_e6)).abs();
            east = east.min(360.0 - east) * metres_per_degree * latitude.to_radians().cos();
            north.hypot(east) > ELSEWHERE_METRES
        }
        // A zone hides where the car is, also from us.
        (None, _) | (_, None) => false,
    }
}
