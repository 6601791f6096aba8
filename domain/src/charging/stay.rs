//! A stay at the plug while it is being understood: the legs in which current flowed, and what they brought.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::counter::{Habit, Scope, Shown, Step, Tally, step};
use super::curve::Curve;
use super::ends::Ends;
use super::gain::MOVING_GAIN;
use super::level::{Level, NEAR, TOGETHER};
use super::power::Power;
use super::{ChargingSession, DRIVEN, energy};
use crate::book::{Cited, Entry};
use crate::distance::Distance;
use crate::motion::{Mileage, Place};
use crate::reading::Milli;
use crate::within::Within;

/// Legs that are told apart; what comes after is a part of the last one.
const LEGS: usize = 8;
/// Readings that are cited: the first and the last of them.
const CITED: usize = 6;
/// Current may come back after this without anybody knowing of the plug.
pub(super) const RESUMES: TimeDelta = TimeDelta::minutes(90);
/// It may come back after this while the plug is known to be in.
const RESUMES_AT_PLUG: TimeDelta = TimeDelta::hours(24);
/// Without a level after the end, one is waited for this long.
const SETTLES: TimeDelta = TimeDelta::hours(24);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stay {
    #[serde(with = "crate::moment")]
    pub(super) key: DateTime<Utc>,
    pub(super) legs: Vec<Leg>,
    /// Thousandths of a percent.
    pub(super) level: Curve,
    pub(super) tally: Tally,
    pub(super) power: Power,
    pub(super) ends: Ends,
    pub(super) mileage: Option<Mileage>,
    /// Where the counter was read before it, or where the session before was, if that was later.
    pub(super) counted_from: Option<Mileage>,
    /// Watt hours of sessions before it that its levels show, too.
    pub(super) unlevelled: i64,
    /// Watt hours that were known when its end was.
    pub(super) at_end: Option<i64>,
    pub(super) place: Option<Place>,
    /// The car is somewhere else, or not plugged in any more: nothing resumes.
    pub(super) left: bool,
    /// When it was first seen that the cable is out.
    #[serde(with = "crate::moment::option")]
    pub(super) out: Option<DateTime<Utc>>,
    /// A level came after the end.
    pub(super) settled: bool,
    /// It ended because nothing was heard of it.
    pub(super) silent: bool,
    pub(super) origin: Origin,
    pub(super) doubt: Doubt,
    pub(super) warmth: Warmth,
    pub(super) cited: Vec<Cited>,
    /// As it stands in the book.
    pub(super) written: Option<ChargingSession>,
}

/// What is known of its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Origin {
    /// It began where the car stands.
    Here,
    /// No reading says when it had not begun yet.
    FoundGoingOn,
    /// Nobody knows where on a way.
    OnTheWay,
}

/// What is to be known before it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Doubt {
    None,
    /// A small gain of a car that stood, as far as its last odometer reading says.
    MayHaveMoved,
    /// The engine may have charged it.
    MayHaveBurnt,
}

/// Temperatures outside, summed up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Warmth {
    sum: i64,
    count: i64,
}

impl Warmth {
    pub(super) fn saw(&mut self, celsius: Milli) {
        (self.sum, self.count) = (self.sum + celsius.0, self.count + 1);
    }

    pub(super) fn mean(self) -> Option<Milli> {
        (self.count > 0).then(|| Milli(self.sum / self.count))
    }
}

/// Current that flowed without a break, as far as anybody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Leg {
    pub(super) start: Within,
    pub(super) end: Option<Within>,
    /// The newest sign that current flows.
    #[serde(with = "crate::moment")]
    pub(super) flowed: DateTime<Utc>,
    /// The newest sign that it brought anything; the beginning until then.
    #[serde(with = "crate::moment")]
    pub(super) gained: DateTime<Utc>,
    pub(super) start_level: Option<Milli>,
    pub(super) end_level: Option<Milli>,
    /// Found from what it brought.
    pub(super) inferred: bool,
}

impl Leg {
    pub(super) fn begun(start: Within, inferred: bool) -> Self {
        Self {
            start,
            end: None,
            flowed: start.by,
            gained: start.by,
            start_level: None,
            end_level: None,
            inferred,
        }
    }

    /// It did not begin before this, nor end.
    pub(super) fn begins_after(&mut self, at: DateTime<Utc>) {
        self.start.after = self.start.after.max(at).min(self.start.by);
        if let Some(end) = &mut self.end {
            end.after = end.after.max(self.start.after);
        }
    }
}

impl Stay {
    pub(super) fn begun(leg: Leg, tally: Tally) -> Self {
        let mut stay = Self {
            key: leg.start.by,
            legs: vec![leg],
            level: Curve::default(),
            tally,
            power: Power::default(),
            ends: Ends::default(),
            mileage: None,
            counted_from: None,
            unlevelled: 0,
            at_end: None,
            place: None,
            left: false,
            out: None,
            settled: false,
            silent: false,
            origin: Origin::Here,
            doubt: Doubt::None,
            warmth: Warmth::default(),
            cited: Vec::new(),
            written: None,
        };
        stay.power.begins(leg.start.by);
        stay
    }

    /// Whether the counter began anew since it was read before: it does so at each plug, and this one is another.
    pub(super) fn counts(&mut self, habit: Habit) {
        let way = self.mileage.zip(self.counted_from);
        let way = way.map(|(here, there)| here.travelled.minus(there.travelled));
        if habit.begins_anew() && way.is_some_and(|way| way >= DRIVEN) {
            self.tally.scope = Scope::Anew;
        }
    }

    pub(super) fn first(&self) -> Option<&Leg> {
        self.legs.first()
    }

    pub(super) fn leg(&self) -> Option<&Leg> {
        self.legs.last()
    }

    /// The leg that is going on.
    pub(super) fn flowing(&mut self) -> Option<&mut Leg> {
        self.legs.last_mut().filter(|leg| leg.end.is_none())
    }

    pub(super) fn is_flowing(&self) -> bool {
        self.leg().is_some_and(|leg| leg.end.is_none())
    }

    /// When the last leg ended; `None` while one is going on.
    pub(super) fn end(&self) -> Option<Within> {
        self.leg()?.end
    }

    /// The highest level that was seen of the last leg.
    pub(super) fn top(&self) -> Option<Milli> {
        self.leg().and_then(|leg| leg.end_level.or(leg.start_level))
    }

    /// From before when to when current flowed, as far as was seen.
    pub(super) fn span(&self) -> Option<Within> {
        let (first, last) = (self.first()?, self.leg()?);
        Some(Within { after: first.start.after, by: last.end.map_or(last.flowed, |end| end.by) })
    }

    /// Thousandths of a percent, with what the way there and away took.
    pub(super) fn gained(&self) -> i64 {
        self.ends.gained(self.level.total())
    }

    /// When the counter was read last, and the thousandths of a percent that came after that, before it ended.
    pub(super) fn uncounted(&self) -> Option<(DateTime<Utc>, i64)> {
        let ended_later = |at: DateTime<Utc>| self.end().is_some_and(|end| end.by > at + TOGETHER);
        self.ends.uncounted().filter(|(at, _)| ended_later(*at))
    }

    /// Whether it ended just then, had begun before, and the counter was not read meanwhile.
    pub(super) fn ends_uncounted(&self, at: DateTime<Utc>) -> bool {
        at - self.key > TOGETHER
            && !self.tally.is_counting()
            && self.end().is_some_and(|end| (end.by - at).abs() <= TOGETHER)
    }

    /// Whether anything shows that energy came.
    pub(super) fn brought(&self) -> bool {
        self.level.total() > 0
            || self.gained() > MOVING_GAIN
            || self.tally.curve.total() > 0
            || self.power.peak.is_some()
    }

    /// Ends the leg that is going on, if one is.
    pub(super) fn stop(&mut self, end: Within) {
        let Some(leg) = self.flowing() else { return };
        leg.end = Some(end);
        // A flag that was contradicted at its own moment is no leg.
        let nothing = !leg.inferred && leg.start.by == end.by && leg.start_level == leg.end_level;
        let flowed = end.after;
        self.power.ends(flowed);
        self.settled = false;
        if nothing && !self.brought() {
            self.legs.pop();
        }
    }

    /// The counter counted more than the levels showed where the rise that was found had ended: it went on.
    pub(super) fn counts_on(&mut self, at: DateTime<Utc>, usable: Option<i64>) {
        let end = self.leg().filter(|leg| leg.inferred).and_then(|leg| leg.end);
        if let Some((end, usable)) = end.filter(|end| end.by < at && self.tally.tells()).zip(usable)
            && energy::is_more(self.tally.curve.total(), self.gained(), usable)
        {
            self.goes_on_until(self.out.filter(|out| *out > end.by).unwrap_or(at));
        }
    }

    /// Whether a level that is read now is of a rise that went on after its last level, as the counter says.
    fn counted_on(&self, now: &Level, before: Option<&Level>) -> bool {
        let (Some(leg), Some(last)) = (self.leg(), self.tally.last()) else { return false };
        let went_on = |end: Within| before.is_some_and(|before| before.at < end.by);
        leg.inferred && leg.end.is_some_and(went_on) && now.at - last.at <= NEAR
    }

    /// Whether a level that is read after the end says nothing of this stay.
    pub(super) fn is_past(&self, now: &Level, before: Option<&Level>) -> bool {
        let next = before.zip(self.end()).is_some_and(|(before, end)| before.at >= end.by);
        next || self.settled && !self.counted_on(now, before)
    }

    /// It is found that current flowed until some time before the cable went out.
    pub(super) fn goes_on_until(&mut self, out: DateTime<Utc>) {
        if let Some(leg) = self.legs.last_mut()
            && let Some(end) = leg.end.filter(|end| end.by < out)
        {
            leg.end = Some(Within { after: end.after, by: out });
        }
    }

    /// Nothing but a single level tells of it.
    pub(super) fn rests_on_one_level(&self) -> bool {
        self.legs.len() == 1 && self.legs.iter().all(|leg| leg.inferred) && self.tally.curve.total() == 0
    }

    /// Current flows again.
    pub(super) fn resume(&mut self, leg: Leg) {
        self.power.begins(leg.start.by);
        self.settled = false;
        let full = self.legs.len() == LEGS || std::mem::take(&mut self.silent);
        match self.legs.last_mut() {
            Some(last)
                if leg.inferred && last.inferred && last.end.is_some_and(|end| end.by >= leg.start.after) =>
            {
                last.end = leg.end;
            }
            Some(last) if full || last.end.is_some_and(|end| end.by >= leg.start.by) => {
                last.end = leg.end;
                last.flowed = leg.flowed;
                last.gained = last.gained.max(leg.gained);
                last.inferred &= leg.inferred;
            }
            Some(_) | None => self.legs.push(leg),
        }
    }

    /// Whether current that flows (again) since then belongs to this stay. `plugged`: the plug was seen in at this moment,
    /// and not out since.
    pub(super) fn resumes(
        &self,
        since: DateTime<Utc>,
        plugged: Option<DateTime<Utc>>,
        way: Option<Distance>,
    ) -> bool {
        let Some(end) = self.end() else { return true };
        let at_plug = self.is_at(plugged);
        let longest = if at_plug { RESUMES_AT_PLUG } else { RESUMES };
        let moved = way.is_some_and(|way| way >= DRIVEN);
        !self.left && !moved && since - end.by <= longest
    }

    /// Whether a rise that was found went on until the cable went out, as the same report says.
    pub(super) fn goes_on(&self, leg: &Leg, out: Option<DateTime<Utc>>, way: Option<Distance>) -> bool {
        let end = self.leg().filter(|last| last.inferred).and_then(|last| last.end);
        let follows = |end: Within| leg.start.after <= end.by && out.is_some_and(|out| out >= end.by);
        leg.inferred && end.is_some_and(follows) && way.is_none_or(|way| way < DRIVEN)
    }

    /// Whether the plug that was seen in then, and not out since, is that of this stay.
    fn is_at(&self, plugged: Option<DateTime<Utc>>) -> bool {
        let since = self.first().map(|leg| leg.start.after);
        plugged.zip(since).is_some_and(|(plugged, since)| plugged + TOGETHER >= since)
    }

    /// Whether nothing but a late reading can change it any more.
    /// `level`: when the level was read last.
    pub(super) fn is_over(
        &self,
        at: DateTime<Utc>,
        plugged: Option<DateTime<Utc>>,
        level: Option<DateTime<Utc>>,
    ) -> bool {
        let (Some(leg), Some(end)) = (self.leg(), self.end()) else { return self.legs.is_empty() };
        let waited = at - end.by;
        let at_plug = self.is_at(plugged);
        let may_resume = !self.left && waited <= if at_plug { RESUMES_AT_PLUG } else { RESUMES };
        let may_go_on = leg.inferred && level <= Some(end.by);
        let unsettled = !self.settled || may_go_on || self.doubt == Doubt::MayHaveMoved;
        let may_settle = unsettled && waited <= SETTLES;
        // Of one report, all is heard first.
        waited > TOGETHER && !may_resume && !may_settle
    }

    /// The way since the car came here, as far as its odometer was read here.
    pub(super) fn way(&self, mileage: Option<Mileage>) -> Option<Distance> {
        Some(mileage?.travelled.minus(self.mileage?.travelled))
    }

    /// A level while current flows, or the one after. `base`: what it was before this leg; `from`: not before this did
    /// it rise.
    pub(super) fn rose_to(&mut self, now: &Level, base: Option<&Level>) -> bool {
        let Some(leg) = self.legs.last_mut() else { return false };
        let before = leg.end_level.or(leg.start_level);
        let begun = base.map(|base| base.percent).filter(|base| *base <= now.percent);
        let top = before.or(begun);
        leg.start_level = leg.start_level.or(begun).or(Some(now.percent));
        let gain = top.map_or(0, |top| now.percent.0 - top.0);
        if gain > 0 || leg.end_level.is_none() {
            leg.end_level = Some(now.percent);
        }
        if gain > 0 {
            let last = base.map_or(leg.start.after, |base| base.at);
            let to = leg.end.map_or(now.at, |end| end.by.min(now.at));
            self.level.add(last.max(leg.start.after), to, gain);
            leg.gained = to;
            if leg.end.is_none() {
                leg.flowed = leg.flowed.max(to);
            }
        }
        gain > 0
    }

    pub(super) fn counted(&mut self, now: Shown) -> bool {
        let before = self.tally.curve.total();
        let leg = if self.tally.is_counting() { self.leg() } else { self.first() };
        let from = leg.map_or(now.at, |leg| leg.start.after);
        let to = self.end().map_or(now.at, |end| end.by.min(now.at));
        let fell = self.tally.last().is_some_and(|last| matches!(step(last.wh, now.wh), Step::Anew(_)));
        if !fell {
            self.ends.counted(now.at);
        }
        self.tally.saw(now, from, to);
        let gained = self.tally.curve.total() > before;
        if gained && let Some(leg) = self.flowing() {
            (leg.gained, leg.flowed) = (now.at, now.at);
        }
        gained
    }

    pub(super) fn cite(&mut self, reading: Cited) {
        if self.cited.len() == CITED {
            self.cited.remove(CITED / 2);
        }
        self.cited.push(reading);
    }

    pub(super) fn entry(&self) -> Option<Entry> {
        self.written.clone().map(Entry::ChargingSession)
    }
}
