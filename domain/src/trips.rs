//! Trips: from one standing to the next, as long as the odometer says.
//!
//! The odometer's way is cut into pieces that meet: where one trip ends in the book, the next begins. What is too short to
//! be a trip (a manoeuvre, a rounding) is not lost: it waits, and belongs to the next one. A trip goes on until something
//! shows that the car stood: the odometer itself, a place at which it was seen for a while, a filling or a charging, or
//! more time between two readings than the way took. Of a car that never says its odometer, places and speeds tell at
//! least how far it came.

mod drive;
mod levels;
mod purpose;
mod reckoning;
mod signs;
mod stand;
mod watch;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::book::{Book, Entry, EntryState, Evidence};
use crate::distance::Distance;
use crate::fact::RowId;
use crate::fences::Fixes;
use crate::fold::{Event, Scene};
use crate::motion::{Mileage, Place};
use crate::reading::{Milli, Reading};
use crate::within::Within;

use drive::{Drive, Next};
use levels::Levels;
use reckoning::Reckoning;
use signs::Sign;
use stand::Stand;
use watch::Alarms;

/// As fast is a drive on the whole, where nobody saw it.
const USUAL_METRES_PER_HOUR: i64 = 60_000;
/// A filling that is known less precisely than this says nothing of where a trip ended.
const PRECISE: TimeDelta = TimeDelta::minutes(30);

/// A line of the driver's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trip {
    pub start: Within,
    /// Absent while the car is on its way, as far as the readings say.
    pub end: Option<Within>,
    /// By the odometer; of a car without one at least this much, by places and speeds.
    pub distance: Distance,
    pub odometer_before: Option<Distance>,
    pub odometer_after: Option<Distance>,
    pub from: Option<Place>,
    pub to: Option<Place>,
    pub what: Journey,
    pub purpose: Option<Purpose>,
    /// Percent of the tank, where enough was burnt to be measured.
    pub fuel_used: Option<Milli>,
    /// Percent of the battery, where enough was used to be measured.
    pub charge_used: Option<Milli>,
    pub state: EntryState,
    pub evidence: Evidence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Journey {
    /// One drive.
    Drive,
    /// So many kilometres in a long time without readings: the distance is sure, one drive or several is not.
    Movement,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Purpose {
    Business,
    Private,
}

/// Which trips are of which purpose; the first rule that fits counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PurposeRule {
    pub purpose: Purpose,
    /// One of these fences is where the trip began or ended; empty: anywhere.
    pub fences: Vec<RowId>,
    /// On which weekdays it began, Monday first.
    pub weekdays: [bool; 7],
    /// Between these minutes of the day it began, by the people's clock: from inclusive, to exclusive; across midnight if `to`
    /// is not after `from`.
    pub from_minute: u16,
    pub to_minute: u16,
}

/// A time in which people wanted to know when the standing car leaves its place: from inclusive, until exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    #[serde(with = "crate::moment")]
    pub from: DateTime<Utc>,
    /// Absent while it goes on.
    #[serde(with = "crate::moment::option")]
    pub until: Option<DateTime<Utc>>,
}

impl Trip {
    /// When it began, as far as anybody can guess: as long before its end as its way takes at a usual speed.
    pub fn likely_start(&self) -> DateTime<Utc> {
        let end = self.end.map_or(self.start.by, |end| end.by);
        (end - self.usual_time()).clamp(self.start.after, self.start.by)
    }

    /// How long so many kilometres usually take: what can be said of a movement.
    pub fn usual_time(&self) -> TimeDelta {
        TimeDelta::milliseconds(self.distance.metres().saturating_mul(3_600_000) / USUAL_METRES_PER_HOUR)
    }
}

/// What the rule remembers of a car.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trips {
    fixes: Fixes,
    /// As they were read last.
    levels: Levels,
    road: Road,
    /// The trip before the standing: where it ended and what it used may still be told.
    ended: Option<Drive>,
    heeded: Heeded,
    alarms: Alarms,
    reckoning: Reckoning,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Road {
    #[default]
    Unknown,
    Standing(Box<Stand>),
    Driving(Box<Drive>),
}

/// The stops of other rules that were looked at already, by their beginnings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Heeded {
    #[serde(with = "crate::moment::option")]
    filled: Option<DateTime<Utc>>,
    #[serde(with = "crate::moment::option")]
    charged: Option<DateTime<Utc>>,
}

/// What other rules saw that a trip has to respect.
#[derive(Debug, Clone, Copy)]
pub struct Stops {
    pub filled: Option<Within>,
    pub charged: Option<Within>,
}

impl Trips {
    pub fn take(&mut self, event: &Event<'_>, stops: Stops, scene: &Scene<'_>, book: &mut Book) {
        match event {
            Event::Odometer(mileage) => {
                if self.reckoning.gives_way() {
                    // What was reckoned before is another series.
                    if let Road::Driving(drive) = std::mem::take(&mut self.road) {
                        self.arrive(*drive, scene, book);
                    }
                    self.ended = None;
                }
                self.counted(*mileage, scene, book);
            }
            Event::Reading(reading) => self.read(reading, scene, book),
            Event::Fact(_) => {}
        }
        self.heed(stops, scene, book);
    }

    /// The entries that a later moment may still change or take back.
    pub fn open_entries(&self) -> Vec<Entry> {
        let driving = match &self.road {
            Road::Driving(drive) => Some(drive.as_ref()),
            Road::Unknown | Road::Standing(_) => None,
        };
        let trips = driving.into_iter().chain(&self.ended).filter_map(Drive::written).map(Entry::Trip);
        trips.chain(self.alarms.open_entries()).collect()
    }

    /// The odometer (or, without one, what was reckoned in its stead) says how far the car has come.
    fn counted(&mut self, mileage: Mileage, scene: &Scene<'_>, book: &mut Book) {
        self.road = match std::mem::take(&mut self.road) {
            Road::Unknown => Road::Standing(Box::new(Stand::begun(mileage, self.fixes.last(), self.levels))),
            Road::Standing(mut stand) if stand.holds(mileage) => {
                let moved = stand.confirmed(mileage);
                self.alarms.stood(moved, scene.until, book);
                self.placed(&stand, mileage.at, scene, book);
                Road::Standing(stand)
            }
            Road::Standing(stand) => self.depart(*stand, mileage, false, scene, book),
            Road::Driving(mut drive) => match drive.next(mileage, scene, self.fixes.last()) {
                Next::GoesOn => self.write(drive, scene, book),
                Next::Stands => Road::Standing(Box::new(self.arrive(*drive, scene, book))),
                Next::Stopped { unclear } => {
                    let stand = self.arrive(*drive, scene, book);
                    self.depart(stand, mileage, unclear, scene, book)
                }
            },
        };
    }

    /// `unclear`: there were several trips in between, and nobody knows where one ended.
    fn depart(
        &mut self,
        mut stand: Stand,
        mileage: Mileage,
        unclear: bool,
        scene: &Scene<'_>,
        book: &mut Book,
    ) -> Road {
        let to = self.alarms.departed(&mut stand, mileage, scene, book);
        self.ended = None;
        let mut drive = Drive::begun(stand, mileage, unclear, self.reckoning.is_used(), self.fixes.last());
        drive.placed(mileage.at, to.as_ref());
        self.write(Box::new(drive), scene, book)
    }

    fn arrive(&mut self, mut drive: Drive, scene: &Scene<'_>, book: &mut Book) -> Stand {
        drive.arrived(self.fixes.last());
        drive.write(scene, book);
        self.alarms.compare(&drive, true, scene.until, book);
        let stand = drive.stand();
        self.ended = Some(drive);
        stand
    }

    /// Where it stands is where it arrived.
    fn placed(&mut self, stand: &Stand, at: DateTime<Utc>, scene: &Scene<'_>, book: &mut Book) {
        if let Some(ended) = &mut self.ended
            && ended.placed(at, stand.place.as_ref())
        {
            ended.write(scene, book);
            self.alarms.compare(ended, true, scene.until, book);
        }
    }

    fn write(&mut self, mut drive: Box<Drive>, scene: &Scene<'_>, book: &mut Book) -> Road {
        drive.write(scene, book);
        self.alarms.compare(&drive, false, scene.until, book);
        Road::Driving(drive)
    }

    fn read(&mut self, reading: &Reading, scene: &Scene<'_>, book: &mut Book) {
        let at = reading.at;
        let before = self.fixes.last().cloned();
        let fix = self.fixes.believed(reading);
        let sign = Sign::of(reading);
        if scene.motion.mileage.is_none()
            && let Some(reckoned) = self.reckoning.saw(at, before.as_ref(), fix.as_ref(), sign)
        {
            self.counted(reckoned, scene, book);
        }
        let levels = Levels::of(reading);
        self.levels = levels.map_or(self.levels, |levels| levels.or(self.levels));
        if let Some(ended) = &mut self.ended
            && ended.told(at, fix.as_ref(), levels)
        {
            ended.write(scene, book);
            self.alarms.compare(ended, true, scene.until, book);
        }
        match &mut self.road {
            Road::Unknown => {}
            Road::Standing(stand) => {
                stand.saw(at, fix.as_ref(), sign, levels, &scene.setup.fences);
                if fix.is_some() {
                    self.alarms.seen(stand, scene, book);
                }
            }
            Road::Driving(drive) => {
                let told = drive.told(at, fix.as_ref(), levels);
                let saw = drive.saw(at, fix.as_ref(), sign, &scene.setup.fences);
                if told || saw {
                    drive.write(scene, book);
                    self.alarms.compare(drive, false, scene.until, book);
                }
            }
        }
    }

    /// Fillings and chargings are stops, also where nothing else shows it.
    fn heed(&mut self, stops: Stops, scene: &Scene<'_>, book: &mut Book) {
        let Heeded { filled, charged } = &mut self.heeded;
        let filling = stops.filled.filter(|filled| filled.width() <= PRECISE);
        for (stop, heeded) in [(filling, filled), (stops.charged, charged)] {
            let Some(stop) = stop else { continue };
            let is_new = *heeded != Some(stop.after);
            *heeded = Some(stop.after);
            if let Road::Driving(drive) = &mut self.road {
                drive.stopped(stop, is_new);
            }
        }
        if let Road::Driving(drive) = &self.road
            && drive.has_stopped()
            && let Road::Driving(drive) = std::mem::take(&mut self.road)
        {
            self.road = Road::Standing(Box::new(self.arrive(*drive, scene, book)));
        }
    }
}
