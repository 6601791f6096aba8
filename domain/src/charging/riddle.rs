//! What does not fit the stay that is known: a counter that counted, or a battery that is full, although the car drove since.
//! Then it was plugged in again, and nobody saw it.

use chrono::{DateTime, TimeDelta, Utc};

use super::counter::{Count, Shown, Step, Tally, step};
use super::level::{Level, NEAR, ONE_REPORT, TOGETHER};
use super::stay::{Doubt, Leg, Stay};
use super::{Charging, DRIVEN, energy};
use crate::book::{Book, Cited};
use crate::distance::Distance;
use crate::fold::Scene;
use crate::motion::Mileage;
use crate::reading::{Milli, Reading, Signal, Value};
use crate::within::Within;

/// A counter that counted less than this drifted.
const COUNTED: i64 = 1000;
/// Of a counter that began anew, this much is worth a line.
const WORTH: i64 = 300;
/// A counter that is known to begin anew each time did so, if it differs by this much after a drive.
const DIFFERS: i64 = 300;
/// Who is full again after such a way was charged: no battery shows its losses later.
const TELLING: Distance = Distance::from_km(10);

impl Charging {
    pub(super) fn counted(&mut self, now: Shown, reading: &Reading, scene: &Scene<'_>, book: &mut Book) {
        let again = self.counter.is_some_and(|(last, _)| last.shown.at == now.at);
        let before = match self.counter {
            // Of two values of one moment, that of before was there first.
            Some((_, Some(before))) if again && before.shown.wh == now.wh => return,
            Some((_, before)) if again => before,
            Some((last, before)) => {
                self.went_on(before, &last);
                Some(last)
            }
            None => None,
        };
        self.counter = Some((Count { shown: now, mileage: scene.motion.mileage }, before));
        let before = before.map(|before| before.shown);
        let fell = before.is_some_and(|before| matches!(step(before.wh, now.wh), Step::Anew(_)));
        if fell {
            self.counts.fell();
        }
        let differs = before.is_some_and(|before| (before.wh - now.wh).abs() >= DIFFERS);
        self.riddle.counted =
            again && self.riddle.counted || before.is_some_and(|before| before.wh != now.wh);
        if differs {
            self.levels.charged(now.at);
        }
        let of_the_stay = |end: Within| !fell && before.is_none_or(|before| before.at < end.by);
        let is_out = self.cable.is_some_and(|(_, connected)| !connected);
        let ends_now = is_out && self.stay.as_ref().is_some_and(|stay| stay.ends_uncounted(now.at));
        if let Some(stay) = &mut self.stay
            && (ends_now || (stay.key - now.at).abs() <= TOGETHER || stay.end().is_none_or(of_the_stay))
        {
            self.riddle.counted &= !ends_now;
            if stay.counted(now) {
                stay.cite(super::cited(reading));
                stay.counts_on(now.at, energy::usable(scene, self.gross));
            }
            return;
        }
        let Some(before) = before else { return };
        if is_out && !fell && self.went_on_here(before, now) {
            self.riddle.counted = false;
            return;
        }
        if !matches!(step(before.wh, now.wh), Step::Rose(wh) if wh >= COUNTED) || self.is_in_last(before.at) {
            // Of what it counted, some (or all) came in a session that is over.
            return;
        }
        let after = self.last.map_or(before.at, |(_, span)| before.at.max(span.by)).min(now.at);
        let start = Within { after, by: now.at };
        self.is_plugged_in(now.at);
        self.begin(Leg { end: Some(start), ..Leg::begun(start, true) }, cite(now), scene, book);
        if let Some(stay) = &mut self.stay {
            stay.counted(now);
        }
    }

    /// The counter was read before the cable went out, and again after: what it counted in between came at that plug. Says
    /// whether that is so.
    fn went_on_here(&mut self, before: Shown, now: Shown) -> bool {
        let drove = self.counter.and_then(|(now, before)| before?.way(&now)).is_some_and(|way| way >= DRIVEN);
        let Some(stay) = self.stay.as_mut().filter(|_| !drove) else { return false };
        let is_its = stay.tally.last().is_some_and(|last| last.at == before.at);
        let Some(out) = stay.out.filter(|out| is_its && *out > before.at + ONE_REPORT) else { return false };
        stay.goes_on_until(out);
        stay.counted(now);
        true
    }

    /// Learns from two readings of the counter: by now, all that was said with them is known.
    fn went_on(&mut self, before: Option<Count>, last: &Count) {
        let Some(before) = before.filter(|before| before.shown.wh >= COUNTED) else { return };
        let drove = before.way(last).is_some_and(|way| way >= DRIVEN);
        if drove && last.shown.wh > before.shown.wh {
            self.counts.went_on();
        }
    }

    /// Whether the counter counted since the reading before, and tells of this moment.
    pub(super) fn has_counted(&self, at: DateTime<Utc>) -> bool {
        self.counter.is_some_and(|(now, before)| {
            let differs = before.is_some_and(|before| (now.shown.wh - before.shown.wh).abs() >= COUNTED);
            differs && (now.shown.at - at).abs() <= TOGETHER
        })
    }

    /// Looks at what did not fit, now that more is known. `at`: of what is heard now.
    pub(super) fn explain(&mut self, at: DateTime<Utc>, scene: &Scene<'_>, book: &mut Book) {
        self.take_back(at, scene, book);
        if let Some((now, Some(before))) = self.counter.filter(|_| self.riddle.counted) {
            if let Some((wh, told)) = self.counted_anew(&before, &now, at, scene) {
                self.riddle.counted = false;
                let begun = self.begin_unseen(now.shown.at, before.shown.at, cite(now.shown), scene, book);
                if let Some(stay) = self.stay.as_mut().filter(|_| begun && wh > 0) {
                    let start = stay.first().map_or(now.shown.at, |leg| leg.start.after);
                    stay.tally = Tally::begin(Some(Shown { at: start, wh: now.shown.wh - wh }), None);
                    stay.counted(now.shown);
                    stay.tally.told = told.max(self.news);
                    stay.doubt = Doubt::None;
                }
            }
            self.riddle.counted &= at - now.shown.at <= NEAR;
        }
        if let Some((full, mileage)) = self.riddle.full {
            if self.way_since_last(mileage).is_some_and(|way| way >= TELLING) {
                self.riddle.full = None;
                let status = Value::Text("FULLY_CHARGED".to_owned());
                let cited = Cited { at: full, signal: Signal::new(Signal::CHARGING_STATUS), value: status };
                // Some time since the level was read before.
                let levels = [self.levels.last, self.levels.before].into_iter().flatten();
                let before = levels.map(|level| level.at).find(|read| *read + TOGETHER < full);
                let counted = self.counter.map(|(now, before)| before.unwrap_or(now).shown.at);
                let told = counted.map_or(0, |counted| self.told_since(counted - TOGETHER, counted, scene));
                // Something else of the same moment may have told of it already: then that is known better.
                let is_known = self.stay.as_ref().is_some_and(|stay| stay.key + TOGETHER >= full);
                let begun = self.begin_unseen(full, before.unwrap_or(full), cited, scene, book) && !is_known;
                if let Some(stay) = self.stay.as_mut().filter(|stay| begun && stay.key == full) {
                    stay.tally.told = told.max(self.news);
                }
            }
            self.riddle.full = self.riddle.full.filter(|_| at - full <= NEAR);
        }
    }

    /// The level was back where it was: then only an odd one had raised it, if the car stood.
    fn take_back(&mut self, at: DateTime<Utc>, scene: &Scene<'_>, book: &mut Book) {
        let Some((before, now)) = self.riddle.back else { return };
        let is_near = |mileage: &Mileage| mileage.at + TOGETHER >= now.at && mileage.at - now.at <= NEAR;
        let read = scene.motion.mileage.filter(is_near);
        if read.is_none() && at - now.at <= NEAR {
            // Of one report, all is heard first.
            return;
        }
        self.riddle.back = None;
        let stood = before.stands(&Level { mileage: read.or(now.mileage), ..now }) != Some(false);
        if stood && self.stay.as_ref().is_some_and(|stay| stay.key == before.at && stay.rests_on_one_level())
        {
            self.withdraw(book);
        }
    }

    /// The odometer is known anew: it tells where the car was when these were heard.
    pub(super) fn riddles_came(&mut self, mileage: Mileage) {
        let is_nearer = |at: DateTime<Utc>, known: Option<Mileage>| {
            let until = mileage.at - at;
            (TimeDelta::zero()..=NEAR).contains(&until) && known.is_none_or(|known| until < at - known.at)
        };
        let counts = self.counter.iter_mut().flat_map(|(now, before)| std::iter::once(now).chain(before));
        for count in counts.filter(|count| is_nearer(count.shown.at, count.mileage)) {
            count.mileage = Some(mileage);
        }
        if let Some((full, known)) = &mut self.riddle.full
            && is_nearer(*full, *known)
        {
            *known = Some(mileage);
        }
    }

    /// Watt hours that came at another plug than where the counter was read before, if that is sure; and how many of them may
    /// have come at the plug before.
    fn counted_anew(
        &self,
        before: &Count,
        now: &Count,
        at: DateTime<Utc>,
        scene: &Scene<'_>,
    ) -> Option<(i64, i64)> {
        let (was, is) = (before.shown.wh, now.shown.wh);
        let little = (was - is).abs() < DIFFERS;
        // Counters drift, and some cars never say that the cable is out.
        if little && self.out.is_none() {
            return None;
        }
        before.way(now).filter(|way| *way >= if little { TELLING } else { DRIVEN })?;
        // The stay that is known began where the counter was read.
        let stays = self.stay.as_ref().is_some_and(|stay| !stay.left);
        if stays && self.way_since_last(now.mileage).is_none_or(|way| way < DRIVEN) {
            return None;
        }
        let is_in = self.was_in(now.shown.at, at);
        let (wh, least, begun) = match step(was, is) {
            Step::Rose(_) | Step::Drifted if !is_in => return None,
            Step::Rose(_) | Step::Drifted if self.counts.begins_anew() => (is, COUNTED, true),
            // It counted what was found already.
            Step::Anew(_) if !is_in && self.is_told_since(before.shown.at) => return None,
            // No drift makes it fall so far.
            Step::Anew(wh) => (wh, WORTH, true),
            Step::Rose(wh) => (wh, COUNTED, false),
            Step::Drifted => return None,
        };
        if begun && is_in && self.is_said_in(now.shown.at) {
            return (wh >= least).then_some((wh, 0));
        }
        // Some of it may have come before the car left, if it began anew then or not at all.
        let told = self.told_since(before.shown.at, before.shown.at, scene);
        let shared = if begun && is > was { was } else { 0 };
        (wh >= least).then_some((wh, told + shared))
    }

    /// Whether the cable was in then, as was said in the report of that moment, or before it and not in it. `at`: of what is heard
    /// now.
    fn was_in(&self, then: DateTime<Utc>, at: DateTime<Utc>) -> bool {
        let Some(seen) = self.plugged() else { return false };
        if seen + TOGETHER >= then { self.is_said_in(then) } else { at > then + TOGETHER }
    }

    /// Whether the report of that moment says that the cable is in.
    fn is_said_in(&self, then: DateTime<Utc>) -> bool {
        let just_out = self.out.is_some_and(|out| out <= then && then - out <= TOGETHER);
        let is_with = |seen: DateTime<Utc>| seen + TOGETHER >= then && seen <= then + ONE_REPORT;
        self.plugged().is_some_and(|seen| is_with(seen) && !(just_out && seen > then))
    }

    /// Whether a session is known that lies between that moment and now.
    fn is_told_since(&self, at: DateTime<Utc>) -> bool {
        let spans = [self.stay.as_ref().and_then(Stay::span), self.last.map(|(_, span)| span)];
        spans.into_iter().flatten().any(|span| span.after + TOGETHER >= at && span.by > at)
    }

    /// How far it came to here since it was charged last, as far as anybody knows.
    fn way_since_last(&self, here: Option<Mileage>) -> Option<Distance> {
        let last = self.stay.as_ref().and_then(|stay| stay.mileage).or(self.last_mileage)?;
        Some(here?.travelled.minus(last.travelled))
    }

    /// It was plugged in again by now, some time after this. Says whether that is the stay that is known then.
    fn begin_unseen(
        &mut self,
        by: DateTime<Utc>,
        after: DateTime<Utc>,
        cited: Cited,
        scene: &Scene<'_>,
        book: &mut Book,
    ) -> bool {
        if self.stay.as_ref().is_some_and(|stay| stay.key + TOGETHER >= by) {
            // Something else of the same moment told of it already.
            return true;
        }
        let counted = self.stay.as_ref().and_then(|stay| stay.tally.last()).is_some_and(|last| last.at >= by);
        if counted && self.kept.is_some_and(|kept| kept > by) {
            // It is known too late where the car was then: what was heard is of the old stay.
            return false;
        }
        let old = self.earlier.as_deref().or(self.stay.as_ref()).and_then(Stay::span);
        if [old, self.last.map(|(_, span)| span)].into_iter().flatten().any(|span| span.by > by) {
            // Later than that it was seen at the plug where it was before.
            return false;
        }
        self.forget_news();
        self.is_plugged_in(by);
        self.leaves(by, scene);
        self.left_before(by);
        let last = self.stay.as_ref().and_then(Stay::span).or(self.last.map(|(_, span)| span));
        let start = Within { after: last.map_or(after, |last| last.by.max(after.min(by))).min(by), by };
        self.begin(Leg { end: Some(start), ..Leg::begun(start, true) }, cited, scene, book);
        self.take_levels(by);
        true
    }

    /// It left some time before this, and nobody knows when.
    pub(super) fn left_before(&mut self, by: DateTime<Utc>) {
        let Some(stay) = &mut self.stay else { return };
        if let Some(leg) = stay.flowing() {
            let flowed = leg.flowed;
            stay.stop(Within { after: flowed, by: flowed + (by - flowed).max(TimeDelta::zero()) / 2 });
        }
        stay.left = true;
    }

    /// What was heard just now is not of the stay that is known.
    pub(super) fn forget_news(&mut self) {
        if let (Some(stay), Some(earlier)) = (&mut self.stay, self.earlier.take()) {
            let written = stay.written.take();
            *stay = *earlier;
            stay.written = written;
        }
    }

    /// It was charged by then. If the cable was in as the car said last, it is in, though it may have been out meanwhile.
    fn is_plugged_in(&mut self, by: DateTime<Utc>) {
        if let Some((seen, true)) = &mut self.cable {
            *seen = by.max(*seen);
        }
    }

    /// The stay that is known was left some time before this. If the level of this moment is known, so is what it was when the
    /// car left: less by what the counter says came since.
    fn leaves(&mut self, by: DateTime<Utc>, scene: &Scene<'_>) {
        let level = self.levels.last.filter(|level| (level.at - by).abs() <= TOGETHER);
        let counted = self.counter.map(|(now, _)| now.shown).filter(|shown| shown.at == by);
        let usable = energy::usable(scene, self.gross);
        if let (Some(stay), Some(level), Some(counted), Some(usable)) =
            (&mut self.stay, level, counted, usable)
        {
            let percent = Milli((level.percent.0 - counted.wh * 100_000 / usable).max(0));
            stay.ends.left(Level { percent, ..level }, &self.levels);
        }
    }

    /// The level of this moment was heard before anybody knew of the stay.
    pub(super) fn take_levels(&mut self, at: DateTime<Utc>) {
        let (last, before) = (self.levels.last, self.levels.before);
        let is_fresh = before.is_some_and(|before| self.is_after_last(&before));
        let unlevelled = if is_fresh { 0 } else { self.unlevelled };
        let Some(stay) = self.stay.as_mut() else { return };
        match last {
            Some(last) if (last.at - at).abs() <= TOGETHER => {
                stay.ends.begins(before, &self.levels);
                stay.ends.is_here(last, &self.levels);
                stay.rose_to(&last, before.filter(|before| before.percent <= last.percent).as_ref());
                stay.settled = true;
                stay.unlevelled = unlevelled;
            }
            Some(_) | None => stay.ends.begins(last, &self.levels),
        }
    }
}

fn cite(shown: Shown) -> Cited {
    Cited { at: shown.at, signal: Signal::new(Signal::ENERGY_ADDED), value: Value::Number(Milli(shown.wh)) }
}
