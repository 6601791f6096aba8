//! What the car itself says: that current flows, that the cable is in, where it is and how far it came.

use chrono::{DateTime, TimeDelta, Utc};

use super::gain;
use super::level::{ONE_REPORT, TOGETHER};
use super::stay::{Doubt, Leg, RESUMES, Stay};
use super::{Charging, DRIVEN, STUCK, cited};
use crate::book::Book;
use crate::fold::Scene;
use crate::motion::Mileage;
use crate::reading::Reading;
use crate::within::Within;

/// The car's module tells the odometer of the arrival up to so much later.
const ARRIVES: TimeDelta = TimeDelta::hours(1);
/// A status says nothing while the flag beside it is younger than this: cars contradict themselves.
const FLAG_HOLDS: TimeDelta = TimeDelta::hours(24);

impl Charging {
    pub(super) fn status(&mut self, status: &str, reading: &Reading, scene: &Scene<'_>, book: &mut Book) {
        let flag_holds = self.flagged.is_some_and(|flagged| reading.at - flagged <= FLAG_HOLDS);
        match status.to_ascii_uppercase().as_str() {
            "CHARGING" if !flag_holds => self.flag(true, reading, scene, book),
            "NOT_CHARGING" if !flag_holds => self.flag(false, reading, scene, book),
            "FULLY_CHARGED" => {
                if flag_holds {
                    self.stop(reading.at);
                } else {
                    self.flag(false, reading, scene, book);
                }
                self.riddle.full = Some((reading.at, scene.motion.mileage));
                self.explain(reading.at, scene, book);
            }
            // Other words are of other makers' apps.
            _ => {}
        }
    }

    pub(super) fn flag(&mut self, charging: bool, reading: &Reading, scene: &Scene<'_>, book: &mut Book) {
        let at = reading.at;
        let was = self.flag.replace(charging);
        if !charging {
            self.stop(at);
            self.quiet = Some(at);
            return;
        }
        if let Some(leg) = self.stay.as_mut().and_then(Stay::flowing) {
            leg.flowed = at;
            return;
        }
        // What was said before and brought nothing since is not news.
        let brings = |stay: &Stay| stay.leg().is_some_and(|leg| at - leg.gained < STUCK);
        let goes_on = |stay: &Stay| stay.silent && brings(stay) || stay.left && stay.brought();
        let goes_on = self.stay.as_ref().is_some_and(goes_on) || self.is_just_out(at);
        if was != Some(true) || goes_on {
            self.begin(Leg::begun(self.since(at), false), cited(reading), scene, book);
        }
    }

    /// Whether the same report says that the cable is out, and ended a leg by that.
    fn is_just_out(&self, at: DateTime<Utc>) -> bool {
        let end = self.stay.as_ref().and_then(Stay::end).map(|end| end.by);
        self.out.is_some_and(|out| end == Some(out) && at - out <= ONE_REPORT)
    }

    /// Current flows since some time within this.
    pub(super) fn since(&self, at: DateTime<Utc>) -> Within {
        let last = self.last.map(|(_, span)| span.by);
        let after = self.quiet.max(last).unwrap_or(at);
        Within { after: after.min(at), by: at }
    }

    pub(super) fn stop(&mut self, at: DateTime<Utc>) {
        let Some(stay) = &mut self.stay else { return };
        if let Some(leg) = stay.flowing() {
            self.levels.charged(at);
            let end = Within { after: leg.flowed, by: at };
            stay.stop(end);
        } else if stay.end().is_some_and(|end| end.by == at) {
            // The silence ended with the word that it is over.
            stay.silent = false;
        }
    }

    pub(super) fn cable(&mut self, connected: bool, at: DateTime<Utc>, scene: &Scene<'_>, book: &mut Book) {
        // Some cars never know of their cable.
        if !connected && self.flag == Some(true) && self.flagged == Some(at) {
            return;
        }
        let told = self.cable.replace((at, connected));
        if connected {
            if let Some((told, true)) = told {
                self.is_in_again(told, at, scene, book);
            }
            if let Some(stay) = self.stay.as_mut().filter(|stay| !stay.left) {
                stay.tally.is_sure |= (at - stay.key).abs() <= TOGETHER;
            }
            // No engine charges a car at the plug.
            if let Some(stay) = self.stay.as_mut().filter(|stay| stay.doubt == Doubt::MayHaveBurnt) {
                let is_here = (at - stay.key).abs() <= TOGETHER;
                stay.doubt = if is_here { Doubt::None } else { stay.doubt };
            }
            return;
        }
        self.stop(at);
        self.quiet = Some(at);
        self.out = Some(at);
        if let Some(stay) = &mut self.stay {
            stay.out = stay.out.or(Some(at).filter(|_| !stay.left));
            stay.left = true;
        }
    }

    /// The cable is in, as it was when that was told before. A car that tells only what changes did not say that it went out; one that
    /// tells more did not say that it stayed in. Either way nobody knows of the plug while no current flowed.
    fn is_in_again(&mut self, told: DateTime<Utc>, at: DateTime<Utc>, scene: &Scene<'_>, book: &mut Book) {
        let (Some(stay), Some(earlier)) = (&self.stay, self.earlier.as_deref()) else { return };
        let (Some(leg), Some(end), Some(cited)) = (stay.leg(), earlier.end(), stay.cited.last()) else {
            return;
        };
        let resumed = stay.key == earlier.key && leg.start.by > end.by && at - leg.start.by <= TOGETHER;
        if !resumed || leg.inferred || told + TOGETHER >= end.by || leg.start.by - end.by <= RESUMES {
            return;
        }
        let (leg, cited) = (Leg::begun(leg.start, false), cited.clone());
        self.forget_news();
        if let Some(stay) = &mut self.stay {
            stay.left = true;
        }
        self.begin(leg, cited, scene, book);
        self.take_levels(leg.start.by);
    }

    /// It left, and the same report says that current flows: that is at another plug.
    fn goes_on_elsewhere(&mut self, reading: &Reading, scene: &Scene<'_>, book: &mut Book) {
        let at = reading.at;
        let says_so =
            self.flag == Some(true) && self.flagged.is_some_and(|flagged| at - flagged <= ONE_REPORT);
        let is_known = self.stay.as_ref().is_some_and(|stay| self.before_news(stay).is_some());
        if !says_so || !is_known {
            return;
        }
        self.forget_news();
        self.left_before(at);
        self.begin(Leg::begun(self.since(at), false), cited(reading), scene, book);
        self.take_levels(at);
    }

    pub(super) fn came(&mut self, mileage: Mileage, scene: &Scene<'_>, book: &mut Book) {
        self.levels.came(mileage);
        if let Some(stay) = &mut self.stay {
            stay.ends.came(mileage, &self.levels);
        }
        self.riddles_came(mileage);
        self.explain(mileage.at, scene, book);
        let Some(stay) = &mut self.stay else { return };
        let Some(start) = stay.first().map(|leg| leg.start.by) else { return };
        let before = stay.mileage;
        // Nearer to the beginning than the reading before it.
        let nearer = before.is_none_or(|before| mileage.at - start < start - before.at);
        let arrived = nearer && mileage.at - start <= ARRIVES;
        if arrived && stay.doubt != Doubt::MayHaveMoved {
            stay.mileage = Some(mileage);
            stay.counts(self.counts);
            return;
        }
        let Some(way) = stay.way(Some(mileage)) else { return };
        if stay.doubt == Doubt::MayHaveMoved {
            self.judge(way);
        } else if way >= DRIVEN {
            stay.left = true;
            self.stop(mileage.at);
            self.quiet = Some(mileage.at);
        }
    }

    pub(super) fn seen_at(&mut self, reading: &Reading, scene: &Scene<'_>, book: &mut Book) {
        let at = reading.at;
        let Some((_, place)) = &scene.motion.place else { return };
        let Some(stay) = &mut self.stay else { return };
        let Some(start) = stay.first().map(|leg| leg.start.by) else { return };
        let arrived = at - start <= ARRIVES;
        match &stay.place {
            // What was known of the place before was of another report.
            Some(_) if (at - start).abs() <= TOGETHER => stay.place = Some(place.clone()),
            None if arrived && !stay.left => stay.place = Some(place.clone()),
            Some(known) if gain::is_elsewhere(known, place) => {
                // An odometer that was read meanwhile knows better.
                let read = scene.motion.mileage.is_some_and(|mileage| mileage.at > start);
                if !read {
                    stay.left = true;
                    self.stop(at);
                    self.goes_on_elsewhere(reading, scene, book);
                }
            }
            Some(_) | None => {}
        }
    }
}
