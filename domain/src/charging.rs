//! Charging sessions: from plug to unplug, with the current that flowed in between.
//!
//! What cars say of charging is believed where nothing contradicts it: a flag opens a stay (`stay`), a flag, a drive or
//! long silence ends it. What nobody saw is found from what it brought (`gain`): a level that is higher, a counter that
//! counted. Both ways lead to the same stays, so that one charging is never written twice.

mod counter;
mod curve;
mod ends;
mod energy;
mod gain;
mod level;
mod power;
mod riddle;
mod said;
mod session;
mod stay;
mod told;
mod writing;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::book::{Book, Cited, Entry, EntryKey};
use crate::distance::Distance;
use crate::fold::{Event, Scene};
use crate::motion::{Mileage, Place};
use crate::reading::{Milli, Reading, Signal, Value};
use crate::within::Within;

pub use session::{ChargingSession, Current, Energy, EnergySource, Finished, Piece, Segment};

use counter::{Count, Habit, Shown, Tally};
use level::{Level, Levels, NEAR, ONE_REPORT, TOGETHER};
use stay::{Doubt, Leg, Origin, Stay};
use told::Told;

/// A car that drove this far was unplugged.
const DRIVEN: Distance = Distance::from_km(1);
/// Without any sign for this long, a charging that never ended has ended.
const STALE: TimeDelta = TimeDelta::hours(12);
/// A flag that brings nothing for this long is stuck.
const STUCK: TimeDelta = TimeDelta::hours(24);

/// For so long a temperature still says something of a session that begins.
const WARM: TimeDelta = TimeDelta::hours(6);

/// What the rule remembers of a car.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charging {
    stay: Option<Stay>,
    /// Whether current flows, as the car said last.
    flag: Option<bool>,
    /// When it said so by the signal that says nothing else.
    #[serde(with = "crate::moment::option")]
    flagged: Option<DateTime<Utc>>,
    /// Whether the cable is in, as the car said last.
    #[serde(with = "crate::moment::beside")]
    cable: Option<(DateTime<Utc>, bool)>,
    /// When it was seen out last.
    #[serde(with = "crate::moment::option")]
    out: Option<DateTime<Utc>>,
    /// The newest moment at which no current flowed for sure.
    #[serde(with = "crate::moment::option")]
    quiet: Option<DateTime<Utc>>,
    levels: Levels,
    /// The counter's newest reading, and the one of an earlier moment before it.
    counter: Option<(Count, Option<Count>)>,
    counts: Habit,
    riddle: Riddle,
    /// When anything was heard last.
    #[serde(with = "crate::moment::option")]
    heard: Option<DateTime<Utc>>,
    /// The stay as it was before this moment: before what is heard just now.
    #[serde(with = "crate::moment::option")]
    kept: Option<DateTime<Utc>>,
    earlier: Option<Box<Stay>>,
    /// Kilowatt hours, as the car says.
    gross: Option<Milli>,
    /// It tells of a tank.
    burns: bool,
    /// The last session's.
    #[serde(with = "crate::moment::beside")]
    last: Option<(DateTime<Utc>, Within)>,
    last_mileage: Option<Mileage>,
    last_told: Told,
    /// Watt hours that sessions which ended just now were told late: they may as well be of the next one.
    news: i64,
    /// Watt hours that came in it, and in those before it, since the level was read.
    unlevelled: i64,
    /// How warm it was outside.
    #[serde(with = "crate::moment::beside")]
    celsius: Option<(DateTime<Utc>, Milli)>,
    finished: Vec<Finished>,
}

/// What was heard just now and does not fit what is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Riddle {
    /// The counter differs.
    counted: bool,
    /// The battery is full.
    #[serde(with = "crate::moment::beside")]
    full: Option<(DateTime<Utc>, Option<Mileage>)>,
    /// From the first of these levels to the second, it fell to where it was before the stay.
    back: Option<(Level, Level)>,
}

impl Charging {
    pub fn take(&mut self, event: &Event<'_>, scene: &Scene<'_>, book: &mut Book) {
        if !scene.setup.may_plug_in() {
            return;
        }
        self.pass(event.at(), scene, book);
        match event {
            Event::Odometer(mileage) => self.came(*mileage, scene, book),
            Event::Reading(reading) => self.saw(reading, scene, book),
            Event::Fact(_) => {}
        }
        self.write(scene, book);
    }

    /// The entries that a later moment may still change or take back.
    pub fn open_entries(&self) -> Vec<Entry> {
        self.stay.iter().filter_map(Stay::entry).collect()
    }

    /// Sessions that nothing but a late reading can change any more, each given once.
    pub fn take_finished(&mut self) -> Vec<Finished> {
        std::mem::take(&mut self.finished)
    }

    /// When current flowed, or the cable was in, as far as was seen last.
    pub fn last(&self) -> Option<Within> {
        self.stay.as_ref().and_then(Stay::span).or(self.last.map(|(_, span)| span))
    }

    /// What silence means, now that something is heard again.
    fn pass(&mut self, at: DateTime<Utc>, scene: &Scene<'_>, book: &mut Book) {
        if self.heard.is_none_or(|heard| at > heard) {
            self.explain(at, scene, book);
        }
        if self.kept.is_none_or(|kept| at > kept + TOGETHER) {
            self.know_end(at, scene);
            self.earlier = self.stay.clone().map(|stay| Box::new(Stay { written: None, ..stay }));
            self.kept = Some(at);
            self.news = 0;
        }
        self.heard = Some(at);
        let plugged = self.plugged();
        let level = self.levels.last.map(|level| level.at);
        let Some(stay) = &mut self.stay else { return };
        if let Some(leg) = stay.flowing() {
            let (flowed, gained) = (leg.flowed, leg.gained);
            if at - gained >= STUCK {
                stay.stop(Within { after: gained, by: at });
                stay.silent = true;
            } else if at - flowed > STALE {
                stay.stop(Within { after: flowed, by: at });
                stay.silent = true;
            }
        }
        // What was found went on until the cable was out, as may be heard a little later.
        let is_found = stay.leg().is_some_and(|leg| leg.inferred);
        let just_out = is_found && stay.out.is_some_and(|out| at - out <= NEAR);
        if !just_out && stay.is_over(at, plugged, level) {
            self.finish(at, scene, book);
        }
    }

    /// When the plug was last seen in, if it was not seen out since.
    fn plugged(&self) -> Option<DateTime<Utc>> {
        self.cable.and_then(|(at, connected)| connected.then_some(at))
    }

    /// The stay is over, as is known now: only a late reading can change it.
    fn finish(&mut self, at: DateTime<Utc>, scene: &Scene<'_>, book: &mut Book) {
        if let Some(stay) = &self.stay
            && stay.left
            && stay.doubt == Doubt::None
            && self.flag == Some(true)
        {
            if stay.brought() {
                self.flag = None;
            } else {
                // It drove away while it said that it was charging, and had charged nothing.
                self.withdraw(book);
            }
        }
        self.write(scene, book);
        let late = self.told_late(scene);
        self.news += late;
        let Some(stay) = self.stay.take() else { return };
        let stands = stay.way(scene.motion.mileage).is_some_and(|way| way < DRIVEN);
        let celsius = stay.warmth.mean();
        let shown = self.shown(&stay, scene);
        if let (Some(span), Some(session)) = (stay.span(), stay.written) {
            // What is read just now is not of this session, but perhaps of the next one.
            let known = [self.levels.last, self.levels.before].into_iter().flatten();
            let level = known.into_iter().find(|level| self.kept.is_none_or(|kept| level.at < kept));
            let is_levelled = level.is_some_and(|level| self.is_after_last(&level));
            let before = if is_levelled { 0 } else { self.unlevelled };
            let wh = session.energy.map_or(0, |energy| energy.wh);
            self.unlevelled = before + if is_levelled { wh } else { (wh - shown).max(0) };
            let rested = if stands { at - span.by } else { TimeDelta::zero() };
            self.last = Some((stay.key, span));
            self.last_mileage = stay.mileage;
            self.last_told = Told { wh, late, late_until: self.heard, rose: stay.tally.rose };
            self.finished.push(Finished { session, celsius, rested });
        }
    }

    fn withdraw(&mut self, book: &mut Book) {
        if let Some(stay) = self.stay.take()
            && stay.written.is_some()
        {
            book.withdraw(&EntryKey::ChargingSession { at: stay.key });
        }
    }

    /// Puts the stay into the book if it is not there as it is now.
    fn write(&mut self, scene: &Scene<'_>, book: &mut Book) {
        let Some(stay) = &mut self.stay else { return };
        let Some(mut session) = writing::session(stay, scene, self.gross) else {
            self.withdraw(book);
            return;
        };
        if let Some(written) = &stay.written {
            let until = std::mem::replace(&mut session.evidence.until, written.evidence.until);
            if session == *written {
                return;
            }
            session.evidence.until = until;
        }
        stay.written = Some(session.clone());
        book.put(Entry::ChargingSession(session));
    }

    fn saw(&mut self, reading: &Reading, scene: &Scene<'_>, book: &mut Book) {
        let (at, signal) = (reading.at, &reading.signal);
        match &reading.value {
            Value::Bool(charging) if signal.is(Signal::IS_CHARGING) => {
                self.flagged = Some(at);
                self.flag(*charging, reading, scene, book);
            }
            Value::Text(status) if signal.is(Signal::CHARGING_STATUS) => {
                self.status(status, reading, scene, book);
            }
            Value::Bool(connected) if signal.is(Signal::CABLE_CONNECTED) => {
                self.cable(*connected, at, scene, book);
            }
            Value::Number(kwh) if signal.is(Signal::ENERGY_ADDED) => {
                self.counted(Shown { at, wh: kwh.0 }, reading, scene, book);
            }
            Value::Number(percent) if signal.is(Signal::STATE_OF_CHARGE) => {
                self.level(*percent, reading, scene, book);
            }
            Value::Number(gross) if signal.is(Signal::BATTERY_CAPACITY) => self.gross = Some(*gross),
            Value::Number(_) if signal.is(Signal::FUEL_LEVEL) || signal.is(Signal::FUEL_AMOUNT) => {
                self.burns = true;
            }
            Value::Number(celsius) if signal.is(Signal::OUTSIDE_TEMPERATURE) => {
                self.celsius = Some((at, *celsius));
                if let Some(stay) = self.stay.as_mut().filter(|stay| stay.is_flowing()) {
                    stay.warmth.saw(*celsius);
                }
            }
            Value::Number(_) => {
                if let Some(stay) = self.stay.as_mut().filter(|stay| stay.is_flowing()) {
                    stay.power.saw(reading);
                }
            }
            Value::Position(_) | Value::Text(_) if signal.is(Signal::LOCATION) => {
                self.seen_at(reading, scene, book);
            }
            Value::Bool(_) | Value::Text(_) | Value::Position(_) | Value::Structure(_) => {}
        }
    }

    /// Current flows (again): in the stay that there is, or in a new one.
    fn begin(&mut self, mut leg: Leg, cited: Cited, scene: &Scene<'_>, book: &mut Book) {
        self.levels.charged(leg.start.by);
        let mileage = scene.motion.mileage;
        let since = if leg.inferred { leg.start.after } else { leg.start.by };
        let plugged = self.plugged();
        let out = self.out.filter(|out| leg.start.by - *out <= NEAR);
        if let Some(stay) = &mut self.stay {
            if stay.resumes(since, plugged, stay.way(mileage)) || stay.goes_on(&leg, out, stay.way(mileage)) {
                if let Some(end) = stay.end() {
                    leg.begins_after(end.after);
                }
                if !leg.inferred {
                    stay.doubt = Doubt::None;
                }
                stay.resume(leg);
                stay.cite(cited);
                return;
            }
            if let Some(span) = stay.span() {
                leg.begins_after(span.by);
            }
            self.finish(leg.start.by, scene, book);
        }
        if self.last.is_some_and(|(key, _)| key >= leg.start.by) {
            return;
        }
        let known = self.quiet.is_some() || self.last.is_some();
        let (before, tally) = self.tally(&leg, known);
        let mut stay = Stay::begun(leg, tally);
        let shared = before.is_some_and(|before| self.is_in_last(before.shown.at));
        stay.counted_from = if shared { self.last_mileage } else { before.and_then(|before| before.mileage) };
        if !known && !leg.inferred {
            stay.origin = Origin::FoundGoingOn;
        }
        stay.mileage = mileage;
        stay.counts(self.counts);
        stay.unlevelled = if self.is_levelled(&leg) { 0 } else { self.unlevelled };
        stay.place = place(&leg, scene);
        if let Some((_, celsius)) = self.celsius.filter(|(seen, _)| leg.start.by - *seen <= WARM) {
            stay.warmth.saw(celsius);
        }
        let twice = before.map_or(0, |before| self.told_twice(before.shown.at, leg.inferred));
        stay.tally.told = self.news.max(twice);
        stay.tally.is_sure = plugged.is_some_and(|seen| seen + TOGETHER >= leg.start.by) || !leg.inferred;
        stay.cite(cited);
        self.stay = Some(stay);
    }

    /// Watt hours that the levels in it show.
    fn shown(&self, stay: &Stay, scene: &Scene<'_>) -> i64 {
        energy::usable(scene, self.gross).map_or(0, |usable| stay.level.total() * usable / 100_000)
    }

    /// Whether that was before the last session had ended.
    fn is_in_last(&self, at: DateTime<Utc>) -> bool {
        self.last.is_some_and(|(_, span)| at < span.by)
    }

    /// Whether the level was read between the last session and this one: then its rise is of this one alone.
    fn is_levelled(&self, leg: &Leg) -> bool {
        let mut before = [self.levels.last, self.levels.before].into_iter().flatten();
        // What is read in the report that shows it shows it, too.
        let until = if leg.inferred { leg.start.by - TOGETHER } else { leg.start.by };
        self.last.is_none() || before.any(|level| self.is_after_last(&level) && level.at < until)
    }

    /// Whether the level was read after the last session, or in the report that told of its end.
    fn is_after_last(&self, level: &Level) -> bool {
        let is_with = |span: Within| level.at > span.after && level.at + TOGETHER >= span.by;
        // The counter may tell later what had come after it.
        let is_counted = self.last_told.rose.is_none_or(|rose| level.at + ONE_REPORT >= rose);
        self.last.is_none_or(|(_, span)| (level.at >= span.by || is_with(span)) && is_counted)
    }

    /// What the counter showed before it, and what it counts.
    fn tally(&self, leg: &Leg, known: bool) -> (Option<Count>, Tally) {
        let (before, now) = match self.counter {
            // Of this very moment: its first reading.
            Some((now, before)) if now.shown.at >= leg.start.by => (before, Some(now)),
            Some((now, Some(before))) if now.shown.at + TOGETHER >= leg.start.by => (Some(before), Some(now)),
            Some((now, _)) => (Some(now), None),
            None => (None, None),
        };
        let shared = before.is_some_and(|before| self.is_in_last(before.shown.at));
        if let Some(now) = now.filter(|_| shared && !leg.inferred) {
            // What it counted until then is another session's, or partly; from then on it is this one's.
            return (before, Tally::begin(Some(now.shown), None));
        }
        let mut tally = Tally::begin(before.map(|before| before.shown), known.then_some(leg.start.after));
        if let Some(now) = now {
            tally.saw(now.shown, leg.start.after, now.shown.at);
        }
        let since = before.map(|before| before.shown.at).max(self.last.map(|(_, span)| span.by));
        tally.scope = if self.counts.begins_anew() && self.out.is_some_and(|out| Some(out) >= since) {
            counter::Scope::Anew
        } else if shared {
            counter::Scope::Shared
        } else {
            counter::Scope::Stay
        };
        (before, tally)
    }
}

fn cited(reading: &Reading) -> Cited {
    Cited { at: reading.at, signal: reading.signal.clone(), value: reading.value.clone() }
}

/// Where the car is, if it has not driven since that was seen.
fn place(leg: &Leg, scene: &Scene<'_>) -> Option<Place> {
    let (seen, place) = scene.motion.place.as_ref()?;
    let stands = scene.motion.standing_since.is_some_and(|since| since.at <= *seen);
    (stands || leg.start.by - *seen <= TimeDelta::minutes(15)).then(|| place.clone())
}
