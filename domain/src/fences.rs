//! Geofences: when the car entered, left, stayed in or passed a place that people marked.
//!
//! Entering is believed at once, leaving only when a second sign agrees, so that the blur of a fix at the edge makes no
//! events. Where a car is when it is seen for the first time says nothing of its coming. Only the fences that the car is in
//! are remembered. Of what happens people are told where and since when they want to be.

mod drawing;
mod fixes;
mod geometry;
mod passage;
mod visit;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::alert::{Alarm, Alert};
use crate::book::{Book, Entry, Evidence};
use crate::distance::Distance;
use crate::fact::RowId;
use crate::fold::{Event, Scene};
use crate::motion::{Mileage, Place};
use crate::reading::Position;

pub use drawing::Flaw;
pub use fixes::{Fix, Fixes};
pub use geometry::{apart, metres};
pub use passage::{Passage, Telling};
use visit::Visit;

/// Metres that a car must be beyond the edge before it has left; a tenth of the radius where that is more.
const MARGIN_M: f64 = 50.0;
/// Nothing happens twice at one fence within this time.
const COOLDOWN: TimeDelta = TimeDelta::minutes(15);
/// Fences that a car is in at once, and events that are remembered for their cooldown.
const MOST: usize = 16;
/// Between two fixes that lie closer in time the car went straight, near enough to say what it passed.
const PASSING_WITHIN: TimeDelta = TimeDelta::minutes(30);
/// Slower than this on the whole it did not go straight, or stood.
const PASSING_METRES_PER_HOUR: i64 = 4_000;
/// The way that confirms a leaving.
const DRIVEN_OFF: Distance = Distance::from_metres(300);

/// A marked place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fence {
    pub id: RowId,
    pub name: String,
    pub shape: Shape,
    /// Where fences overlap, the higher one names the place; of equal ones the smaller.
    pub priority: i16,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Shape {
    Circle {
        centre: Position,
        radius_m: u32,
    },
    /// Corners in order, without the first again at the end. The shorter way round the earth lies between two corners.
    Polygon {
        corners: Vec<Position>,
    },
}

impl Fence {
    /// What stands for every position in it where it is private: its id, as people write ids.
    pub fn zone(&self) -> String {
        let id = format!("{:032x}", self.id.0);
        [&id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]].join("-")
    }
}

/// Something that happened at a fence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FenceEvent {
    #[serde(with = "crate::moment")]
    pub at: DateTime<Utc>,
    pub fence: RowId,
    pub name: String,
    pub passage: Passage,
    /// Nobody saw it there: the way between two fixes leads through.
    pub inferred: bool,
    pub evidence: Evidence,
}

/// What the rule remembers of a car.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fences {
    fixes: Fixes,
    /// The fences that the car is in, as far as anybody knows.
    visits: Vec<Visit>,
    /// What happened within the cooldown.
    recent: Vec<(RowId, Passage, DateTime<Utc>)>,
}

impl Fences {
    pub fn take(&mut self, event: &Event<'_>, scene: &Scene<'_>, book: &mut Book) {
        match event {
            Event::Odometer(mileage) => self.counted(*mileage, scene, book),
            Event::Reading(reading) => {
                let before = self.fixes.last().cloned();
                match self.fixes.believed(reading) {
                    Some(fix) => self.seen(before.as_ref(), &fix, scene, book),
                    None => self.waited(reading.at, scene, book),
                }
            }
            Event::Fact(_) => {}
        }
    }

    /// The entries that a later moment may still change or take back: none. What is not sure yet is not written yet.
    pub fn open_entries(&self) -> Vec<Entry> {
        Vec::new()
    }

    fn seen(&mut self, before: Option<&Fix>, fix: &Fix, scene: &Scene<'_>, book: &mut Book) {
        let travelled = scene.motion.mileage.map(|mileage| mileage.travelled);
        for fence in &scene.setup.fences {
            let Some(beyond) = beyond(fence, &fix.place) else { continue };
            let visit = self.visits.iter().position(|visit| visit.fence == fence.id);
            match visit {
                Some(index) => {
                    let visit = &mut self.visits[index];
                    if visit.dwells(fix.at, beyond) {
                        self.happened(fence, Passage::Dwell, fix.at, scene, book);
                    } else if let Some(left) = visit.leaves(fix.at, beyond, fence.shape.margin(), travelled) {
                        self.visits.remove(index);
                        self.happened(fence, Passage::Exit, left, scene, book);
                    }
                }
                None if beyond <= 0.0 && self.visits.len() < MOST => {
                    self.visits.push(Visit::begun(fence.id, fix.at));
                    // Whom nobody saw outside, nobody saw coming.
                    if before.is_some() {
                        self.happened(fence, Passage::Enter, fix.at, scene, book);
                    }
                }
                None if before.is_some_and(|before| passes(&fence.shape, before, fix)) => {
                    self.happened(fence, Passage::Passed, fix.at, scene, book);
                }
                None => {}
            }
        }
    }

    /// The odometer tells whether the car stood or went on.
    fn counted(&mut self, mileage: Mileage, scene: &Scene<'_>, book: &mut Book) {
        for mut visit in std::mem::take(&mut self.visits) {
            let Some(fence) = scene.setup.fences.iter().find(|fence| fence.id == visit.fence) else {
                continue;
            };
            if visit.stood(mileage) {
                self.happened(fence, Passage::Dwell, mileage.at, scene, book);
            }
            match visit.drove_off(mileage) {
                Some(left) => self.happened(fence, Passage::Exit, left, scene, book),
                None => self.visits.push(visit),
            }
        }
    }

    /// Nothing new of where it is: who is outside for some minutes has left.
    fn waited(&mut self, at: DateTime<Utc>, scene: &Scene<'_>, book: &mut Book) {
        for visit in std::mem::take(&mut self.visits) {
            let Some(fence) = scene.setup.fences.iter().find(|fence| fence.id == visit.fence) else {
                continue;
            };
            match visit.stayed_outside(at) {
                Some(left) => self.happened(fence, Passage::Exit, left, scene, book),
                None => self.visits.push(visit),
            }
        }
    }

    /// Writes it, and an alert where people want to be told, unless the same happened here just before.
    fn happened(
        &mut self,
        fence: &Fence,
        passage: Passage,
        at: DateTime<Utc>,
        scene: &Scene<'_>,
        book: &mut Book,
    ) {
        self.recent.retain(|(_, _, before)| at - *before < COOLDOWN);
        if self.recent.iter().any(|(id, before, _)| (*id, *before) == (fence.id, passage)) {
            return;
        }
        if self.recent.len() == MOST {
            self.recent.remove(0);
        }
        self.recent.push((fence.id, passage, at));
        book.put(Entry::FenceEvent(FenceEvent {
            at,
            fence: fence.id,
            name: fence.name.clone(),
            passage,
            inferred: passage == Passage::Passed,
            evidence: Evidence::at(scene.until),
        }));
        if scene.setup.told.iter().any(|telling| telling.counts(fence.id, passage, at)) {
            let what = Alarm::AtPlace { fence: fence.id, name: fence.name.clone(), passage };
            book.put(Entry::Alert(Alert { at, what, evidence: Evidence::at(scene.until) }));
        }
    }
}

/// Metres from the place to the fence's edge, negative within; `None` where a private zone hides it.
fn beyond(fence: &Fence, place: &Place) -> Option<f64> {
    match place {
        Place::At(position) => Some(fence.shape.beyond(*position)),
        Place::Private(zone) => is_called(fence.id, zone).then_some(-1.0),
    }
}

/// Whether a private zone's text means this fence: its id as people write ids, with hyphens or without.
fn is_called(fence: RowId, zone: &str) -> bool {
    u128::from_str_radix(&zone.replace('-', ""), 16).is_ok_and(|id| id == fence.0)
}

/// Whether the way between two fixes outside leads through, as straight and as fast as who passes goes.
fn passes(shape: &Shape, before: &Fix, after: &Fix) -> bool {
    let (Place::At(from), Place::At(to)) = (&before.place, &after.place) else { return false };
    let gap = after.at - before.at;
    let metres_per_hour = metres(*from, *to) * 3_600_000 / gap.num_milliseconds().max(1);
    gap <= PASSING_WITHIN
        && metres_per_hour >= PASSING_METRES_PER_HOUR
        && !shape.contains(*from)
        && shape.lies_between(*from, *to)
}

/// Whether a place lies in a fence.
pub fn holds(fence: &Fence, place: &Place) -> bool {
    beyond(fence, place).is_some_and(|beyond| beyond <= 0.0)
}

/// The fence that names this position: the one of the highest priority that it lies in, of equal ones the smallest.
pub fn named(fences: &[Fence], at: Position) -> Option<&Fence> {
    named_place(fences, &Place::At(at))
}

/// Likewise for a place: a private zone is named by its own fence.
pub fn named_place<'a>(fences: &'a [Fence], place: &Place) -> Option<&'a Fence> {
    fences.iter().filter(|fence| holds(fence, place)).min_by(|one, other| {
        let by_priority = other.priority.cmp(&one.priority);
        by_priority.then(one.shape.area().total_cmp(&other.shape.area())).then(one.id.cmp(&other.id))
    })
}
