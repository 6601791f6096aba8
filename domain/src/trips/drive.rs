//! A car on its way: from the reading at which it stood to the newest one.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::levels::Levels;
use super::signs::{STOP, Sign, Stay, enough, is_near};
use super::stand::{PLACE_HOLDS, Stand};
use super::{Journey, Trip, purpose};
use crate::book::{Book, Cited, Entry, EntryKey, EntryState, Evidence, Mark};
use crate::distance::Distance;
use crate::fences::{Fence, Fix};
use crate::fold::Scene;
use crate::motion::{Mileage, Place, STANDING};
use crate::reading::{Milli, Signal, Value};
use crate::within::Within;

/// Shorter ones are manoeuvres.
const SHORTEST: Distance = Distance::from_metres(500);
/// Likewise, where nothing but two odometer readings tells of it.
const SHORTEST_INFERRED: Distance = Distance::from_km(1);
/// Faster on the whole than this was no car.
const FASTEST_METRES_PER_HOUR: i64 = 200_000;
/// Counters count in steps of up to this: within one, speed cannot be told.
const STEP: Distance = Distance::from_km(1);
/// Longer than this without a stop was no drive.
const LONGEST: TimeDelta = TimeDelta::hours(24);
/// Two readings with more time between them say little of how the car came from one to the other.
const GAP: TimeDelta = TimeDelta::minutes(60);
/// Slower than this over a whole gap, it stood for most of it.
const STROLL_METRES_PER_HOUR: i64 = 4_000;
/// After a gap like this even so much is no drive of one piece.
const LONG_GAP: TimeDelta = TimeDelta::hours(8);
const LONG_GAP_METRES_PER_HOUR: i64 = 30_000;
/// As fast at least as traffic that flows: what a gap is longer than its way takes, the car stood.
const TRAFFIC_METRES_PER_HOUR: i64 = 15_000;
/// The first reading of a drive comes within this way; then what lies before it is no movement of its own.
const HEAD: Distance = Distance::from_km(15);
/// What a car may have driven before it was seen moving: for so long, so fast.
const UNSEEN: TimeDelta = TimeDelta::minutes(30);
const UNSEEN_METRES_PER_HOUR: i64 = 130_000;
/// A car whose newest kilometres are older than this has arrived, as long as nothing else says that it drives.
const FRESH: TimeDelta = TimeDelta::minutes(10);
const SILENT: TimeDelta = TimeDelta::minutes(30);
/// Two readings as close as this show the odometer counting.
const COUNTING: TimeDelta = TimeDelta::minutes(5);
/// A car that cannot be reached for so long has arrived: it went into a garage.
const UNREACHABLE: TimeDelta = TimeDelta::minutes(15);
/// The parts of one report differ by this much.
pub(super) const SKEW: TimeDelta = TimeDelta::minutes(2);

/// What is known of a trip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Drive {
    /// Where the book ended before.
    pub(super) booked: Mileage,
    start: Within,
    pub(super) from: Option<Place>,
    at_start: Levels,
    /// Not yet at its end at this moment.
    #[serde(with = "crate::moment")]
    before_end: DateTime<Utc>,
    /// The first reading that shows what the odometer shows now.
    pub(super) last: Mileage,
    /// The newest one.
    #[serde(with = "crate::moment")]
    until: DateTime<Utc>,
    pub(super) to: Option<Fix>,
    /// The first ones since `last`.
    at_end: Levels,
    latest: Levels,
    what: Journey,
    /// Something beside two odometer readings shows that it moved.
    is_seen: bool,
    is_on_its_way: bool,
    #[serde(with = "crate::moment::option")]
    drove_last: Option<DateTime<Utc>>,
    #[serde(with = "crate::moment::option")]
    parked: Option<DateTime<Utc>>,
    /// Where it was seen last, and for how long.
    stay: Option<Stay>,
    /// For so long it was seen at one place on its way.
    stayed: Option<Within>,
    /// It was filled or charged in this time.
    stop: Option<Within>,
    pub(super) is_reckoned: bool,
    written: Option<Trip>,
}

/// What an odometer reading makes of a drive.
pub(super) enum Next {
    GoesOn,
    /// It ended where it was.
    Stands,
    /// It ended there, and another began since; `unclear`: with more stops, nobody knows where.
    Stopped {
        unclear: bool,
    },
}

impl Drive {
    /// The odometer shows more than while it stood.
    pub(super) fn begun(
        stand: Stand,
        mileage: Mileage,
        unclear: bool,
        is_reckoned: bool,
        fix: Option<&Fix>,
    ) -> Self {
        let away = stand.away.as_ref().map(|away| away.since);
        let moving = [away, stand.drives_since].into_iter().flatten().min();
        let start = Within { after: stand.until, by: moving.unwrap_or(mileage.at) };
        let unclear = unclear || stand.away.as_ref().is_some_and(|away| away.left_a_stop);
        let distance = stand.driven(mileage);
        let what = if unclear { Journey::Movement } else { journey(start, moving, mileage.at, distance) };
        let stayed = stand.away.as_ref().map(|away| away.stay.seen).filter(|seen| seen.width() >= STOP);
        let at_start = stand.levels();
        let mut drive = Self {
            booked: stand.booked,
            start,
            from: stand.place,
            at_start,
            before_end: stand.drove_last.unwrap_or(stand.until),
            last: mileage,
            until: mileage.at,
            to: None,
            at_end: Levels::default(),
            latest: at_start,
            what,
            is_seen: moving.is_some() || mileage.at - stand.until <= COUNTING,
            is_on_its_way: mileage.at - stand.until <= FRESH,
            drove_last: stand.drove_last,
            parked: stand.parked,
            stay: stand.away.map(|away| away.stay),
            stayed,
            stop: None,
            is_reckoned,
            written: None,
        };
        drive.reached(fix);
        drive
    }

    /// Takes in the odometer.
    pub(super) fn next(&mut self, mileage: Mileage, scene: &Scene<'_>, fix: Option<&Fix>) -> Next {
        let gain = mileage.travelled.minus(self.last.travelled);
        let stood = mileage.at - self.last.at;
        let place = self.to.as_ref().map(|fix| &fix.place);
        if gain <= Distance::ZERO || (gain <= STANDING && stood >= STOP) {
            self.until = mileage.at;
            self.is_on_its_way = false;
            let has_stopped = stood >= enough(place, &scene.setup.fences) || self.has_stopped();
            return if has_stopped { Next::Stands } else { Next::GoesOn };
        }
        let gap = mileage.at - self.until;
        let is_long_movement = self.what == Journey::Movement && self.distance() > HEAD;
        let (halt, arrives) = self.halt(mileage.at);
        if halt.is_some() && !arrives {
            return Next::Stopped { unclear: halt.is_some_and(|halt| self.until < halt.after - STOP) };
        }
        if gap - time_for(gain, TRAFFIC_METRES_PER_HOUR) >= STOP
            || is_long_movement
            || mileage.at - self.start.by > LONGEST
        {
            return Next::Stopped { unclear: false };
        }
        self.extend(mileage, fix);
        if arrives { Next::Stands } else { Next::GoesOn }
    }

    /// The stop since the newest odometer reading, if there was one, and whether it lasts: then the next reading tells what it
    /// showed there.
    fn halt(&mut self, at: DateTime<Utc>) -> (Option<Within>, bool) {
        if let Some(stop) = self.stop {
            return (Some(stop), at <= stop.by + STOP);
        }
        let Some(stayed) = self.stayed.take() else { return (None, false) };
        let (from_last, to_now) = (stayed.after <= self.until + SKEW, at - SKEW <= stayed.by);
        if from_last && to_now {
            // The odometer went on: the fixes did not, they are old.
            self.stay = None;
            return (None, false);
        }
        (Some(stayed), !from_last && at <= stayed.by + STOP)
    }

    fn extend(&mut self, mileage: Mileage, fix: Option<&Fix>) {
        self.is_on_its_way = mileage.at - self.until <= FRESH;
        self.before_end = self.drove_last.map_or(self.until, |drove| drove.max(self.until));
        self.last = mileage;
        self.until = mileage.at;
        self.to = None;
        self.at_end = Levels::default();
        self.what = Journey::Drive;
        self.is_seen = true;
        self.reached(fix);
    }

    /// A fix from just before the reading tells its place; and whoever parked just before it had arrived then.
    fn reached(&mut self, fix: Option<&Fix>) {
        self.to = fix.filter(|fix| self.last.at - fix.at <= SKEW).cloned();
        self.parked = self.parked.filter(|parked| self.last.at - *parked <= STOP);
        self.is_on_its_way |= self.drove_last.is_some_and(|drove| self.last.at - drove <= SKEW);
        self.is_on_its_way &= self.parked.is_none();
    }

    /// Takes in where it is and how full, as far as that belongs to its end; true if the trip says more now.
    pub(super) fn told(&mut self, at: DateTime<Utc>, fix: Option<&Fix>, levels: Option<Levels>) -> bool {
        let before = (self.to.is_none(), self.at_end);
        if self.to.is_none() {
            self.to = fix.filter(|fix| fix.at - self.until <= PLACE_HOLDS).cloned();
        }
        if let Some(levels) = levels {
            self.latest = levels.or(self.latest);
            if at >= self.last.at {
                self.at_end = self.at_end.or(levels);
            }
        }
        before != (self.to.is_none(), self.at_end)
    }

    /// The car was confirmed to stand here.
    pub(super) fn placed(&mut self, at: DateTime<Utc>, place: Option<&Place>) -> bool {
        let Some(place) = place.filter(|_| self.to.is_none()) else { return false };
        self.to = Some(Fix { at, place: place.clone() });
        true
    }

    /// Takes in what shows whether it goes on; true if the trip says something else now.
    pub(super) fn saw(
        &mut self,
        at: DateTime<Utc>,
        fix: Option<&Fix>,
        sign: Option<Sign>,
        fences: &[Fence],
    ) -> bool {
        let before = (self.is_on_its_way, self.parked);
        if let Some(fix) = fix {
            self.stays(fix, fences);
        }
        match sign {
            Some(sign) if sign.drives() => {
                (self.drove_last, self.parked, self.is_on_its_way) = (Some(at), None, true);
            }
            Some(Sign::Parked) => {
                self.parked.get_or_insert(at);
                self.is_on_its_way = false;
            }
            Some(Sign::Halts | Sign::Moves(_) | Sign::InGear | Sign::Silent) | None => {}
        }
        let newest = self.drove_last.map_or(self.until, |drove| drove.max(self.until));
        let longest = if sign == Some(Sign::Silent) { UNREACHABLE } else { SILENT };
        self.is_on_its_way &= at - newest <= longest;
        before != (self.is_on_its_way, self.parked)
    }

    fn stays(&mut self, fix: &Fix, fences: &[Fence]) {
        match &mut self.stay {
            Some(stay) => {
                stay.seen(fix);
                if stay.is_stop(fences) {
                    self.stayed = Some(stay.seen);
                }
            }
            None => self.stay = Some(Stay::at(fix)),
        }
    }

    /// Another rule saw it filled or charged in this time.
    pub(super) fn stopped(&mut self, stop: Within, is_new: bool) {
        let is_known = self.stop.is_some_and(|known| known.after == stop.after);
        if (is_new || is_known) && stop.by > self.start.by {
            self.stop = Some(stop);
        }
    }

    /// Whether it stood when its odometer was read last.
    pub(super) fn has_stopped(&self) -> bool {
        self.stop.is_some_and(|stop| stop.after - SKEW <= self.until && is_near(self.until, stop))
    }

    /// It is over: what was seen after the newest reading may belong to the next one.
    pub(super) fn arrived(&mut self, fix: Option<&Fix>) {
        self.is_on_its_way = false;
        let near = |fix: &&Fix| fix.at > self.before_end && (self.last.at - fix.at).abs() <= PLACE_HOLDS;
        self.to = self.to.take().or_else(|| fix.filter(near).cloned());
    }

    /// How it stands where it ended.
    pub(super) fn stand(&self) -> Stand {
        let too_short = self.written.is_none() && !self.is_too_fast();
        let booked = if too_short { self.booked } else { self.last };
        let place = self.to.as_ref().map(|fix| fix.place.clone());
        Stand::after(booked, self.last, self.until, place, self.at_end.or(self.latest))
    }

    pub(super) fn written(&self) -> Option<Trip> {
        self.written.clone()
    }

    pub(super) fn distance(&self) -> Distance {
        self.last.travelled.minus(self.booked.travelled)
    }

    /// Writes it as it is known now, or takes it back where it is no trip.
    pub(super) fn write(&mut self, scene: &Scene<'_>, book: &mut Book) {
        let shortest = if self.is_seen { SHORTEST } else { SHORTEST_INFERRED };
        let is_trip = self.distance() >= shortest && !self.is_too_fast();
        let trip = is_trip.then(|| self.trip(scene));
        match &trip {
            Some(trip) => book.put(Entry::Trip(trip.clone())),
            None if self.written.is_some() => book.withdraw(&EntryKey::Trip { at: self.start.after }),
            None => {}
        }
        self.written = trip;
    }

    fn trip(&self, scene: &Scene<'_>) -> Trip {
        let is_drive = self.what == Journey::Drive;
        let at_end = self.at_end.or(self.latest);
        let odometer = |mileage: Mileage| (!self.is_reckoned).then_some(mileage.odometer);
        let mut trip = Trip {
            start: self.start,
            end: self.end(),
            distance: self.distance(),
            odometer_before: odometer(self.booked),
            odometer_after: odometer(self.last),
            from: self.from.clone(),
            to: self.to.as_ref().filter(|_| !self.is_on_its_way).map(|fix| fix.place.clone()),
            what: self.what,
            purpose: None,
            fuel_used: self.at_start.fuel_until(at_end).filter(|_| is_drive),
            charge_used: self.at_start.charge_until(at_end).filter(|_| is_drive),
            state: EntryState::Recorded,
            evidence: self.evidence(scene.until),
        };
        trip.purpose = purpose::of(&trip, scene.setup);
        trip
    }

    fn end(&self) -> Option<Within> {
        if self.is_on_its_way {
            return None;
        }
        let stayed = self.stay.as_ref().map(|stay| stay.seen).filter(|seen| seen.width() >= STOP);
        let stood = [self.parked, stayed.map(|stayed| stayed.after)].into_iter().flatten();
        let by = stood.fold(self.last.at, DateTime::min).max(self.start.by);
        Some(Within { after: self.before_end.min(by), by })
    }

    fn evidence(&self, until: DateTime<Utc>) -> Evidence {
        if self.is_reckoned {
            return Evidence { marks: vec![Mark::Inferred], ..Evidence::at(until) };
        }
        let cited = [self.booked, self.last].map(|mileage| Cited {
            at: mileage.at,
            signal: Signal::new(Signal::ODOMETER),
            value: Value::Number(Milli(mileage.odometer.metres())),
        });
        Evidence { cited: cited.to_vec(), ..Evidence::at(until) }
    }

    /// Faster on the whole than a car is, even if it took all the time that there was.
    fn is_too_fast(&self) -> bool {
        self.distance() > STEP
            && time_for(self.distance(), FASTEST_METRES_PER_HOUR) > self.last.at - self.start.after
    }
}

/// One drive, or so long a gap that nobody can say.
fn journey(
    start: Within,
    moving: Option<DateTime<Utc>>,
    until: DateTime<Utc>,
    distance: Distance,
) -> Journey {
    let whole = until - start.after;
    // Seen moving, it may have come from where it stood in this time.
    let seen = moving.map(|since| until - since);
    let gap =
        seen.filter(|seen| time_for(distance, UNSEEN_METRES_PER_HOUR) <= *seen + UNSEEN).unwrap_or(whole);
    let is_slower_than = |metres_per_hour| gap > time_for(distance, metres_per_hour);
    let is_stroll = gap > GAP && is_slower_than(STROLL_METRES_PER_HOUR);
    let is_day = gap > LONG_GAP && is_slower_than(LONG_GAP_METRES_PER_HOUR);
    if is_stroll || is_day { Journey::Movement } else { Journey::Drive }
}

fn time_for(distance: Distance, metres_per_hour: i64) -> TimeDelta {
    TimeDelta::milliseconds(distance.metres().saturating_mul(3_600_000) / metres_per_hour)
}
