//! What a car really did: the book that a perfect observer would have written, folded from its segments.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::place::{Place, PlaceKind};
use super::segment::{Doing, Gauges, Segment};

/// The true book of a car up to a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Truth {
    pub as_of: DateTime<Utc>,
    pub first: Gauges,
    pub now: Gauges,
    /// The odometer where a drive began or ended.
    pub track: Vec<TrackPoint>,
    pub trips: Vec<Trip>,
    pub fills: Vec<Fill>,
    pub sessions: Vec<Session>,
    pub services: Vec<Service>,
    /// What the battery lost while the car stood.
    pub drained_wh: u64,
}

/// The odometer at a moment; on a straight line between two points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TrackPoint {
    pub at: DateTime<Utc>,
    pub odometer_m: u64,
}

/// A drive from one standing to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trip {
    pub started_at: DateTime<Utc>,
    /// The end, or the moment of the book while `open`.
    pub ended_at: DateTime<Utc>,
    pub open: bool,
    pub from: Place,
    pub to: Place,
    pub metres: u64,
    pub fuel_ml: u32,
    pub battery_wh: u32,
}

/// A fill-up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fill {
    pub started_at: DateTime<Utc>,
    pub ended_at: DateTime<Utc>,
    pub place: Place,
    pub odometer_m: u64,
    pub before_ml: u32,
    pub after_ml: u32,
}

/// From plug to unplug, with at least some current in between.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Session {
    pub plugged_at: DateTime<Utc>,
    /// First and last moment of current.
    pub started_at: DateTime<Utc>,
    pub ended_at: DateTime<Utc>,
    /// Absent while the cable is in.
    pub unplugged_at: Option<DateTime<Utc>>,
    pub place: Place,
    pub odometer_m: u64,
    pub before_wh: u32,
    pub after_wh: u32,
    /// What was taken from the grid: 90 % of it arrive on AC, 95 % on DC.
    pub grid_wh: u32,
    pub peak_watts: u32,
}

/// A visit to the workshop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Service {
    pub at: DateTime<Utc>,
    pub odometer_m: u64,
}

impl Truth {
    /// The book of these segments (in order, without gaps) up to a moment; `None` before the first of them.
    pub fn of(segments: &[Segment], as_of: DateTime<Utc>) -> Option<Self> {
        let first = segments.first().filter(|first| first.from <= as_of)?;
        let mut truth = Self {
            as_of,
            first: first.before,
            now: first.before,
            track: vec![TrackPoint { at: first.from, odometer_m: first.before.odometer_m }],
            trips: Vec::new(),
            fills: Vec::new(),
            sessions: Vec::new(),
            services: Vec::new(),
            drained_wh: 0,
        };
        let mut plugged_at = None;
        for segment in segments.iter().take_while(|segment| segment.from < as_of) {
            let open = segment.until > as_of;
            let segment = segment.cut_at(as_of);
            plugged_at = segment.plugged().then_some(plugged_at.unwrap_or(segment.from));
            truth.unplug(&segment);
            truth.write(&segment, open, plugged_at.unwrap_or(segment.from));
            truth.now = segment.after;
        }
        Some(truth)
    }

    fn write(&mut self, segment: &Segment, open: bool, plugged_at: DateTime<Utc>) {
        match segment.doing {
            Doing::Standing { .. } => {
                self.drained_wh += u64::from(segment.before.battery_wh - segment.after.battery_wh);
            }
            Doing::Driving { to } => self.drive(segment, to, open),
            Doing::Refuelling => self.fills.push(Fill {
                started_at: segment.from,
                ended_at: segment.until,
                place: segment.place,
                odometer_m: segment.before.odometer_m,
                before_ml: segment.before.fuel_ml,
                after_ml: segment.after.fuel_ml,
            }),
            Doing::Charging { watts } => self.charge(segment, watts, plugged_at),
            Doing::InService if open => {}
            Doing::InService => {
                self.services.push(Service { at: segment.until, odometer_m: segment.after.odometer_m });
            }
        }
    }

    fn drive(&mut self, segment: &Segment, to: Place, open: bool) {
        self.track.extend([
            TrackPoint { at: segment.from, odometer_m: segment.before.odometer_m },
            TrackPoint { at: segment.until, odometer_m: segment.after.odometer_m },
        ]);
        self.track.dedup();
        let metres = segment.after.odometer_m - segment.before.odometer_m;
        let fuel_ml = segment.before.fuel_ml - segment.after.fuel_ml;
        let battery_wh = segment.before.battery_wh - segment.after.battery_wh;
        match self.trips.last_mut().filter(|trip| trip.ended_at == segment.from) {
            Some(trip) => {
                trip.ended_at = segment.until;
                trip.open = open;
                trip.to = to;
                trip.metres += metres;
                trip.fuel_ml += fuel_ml;
                trip.battery_wh += battery_wh;
            }
            None => self.trips.push(Trip {
                started_at: segment.from,
                ended_at: segment.until,
                open,
                from: segment.place,
                to,
                metres,
                fuel_ml,
                battery_wh,
            }),
        }
    }

    fn charge(&mut self, segment: &Segment, watts: u32, plugged_at: DateTime<Utc>) {
        let grid_wh = grid_wh(segment);
        match self.sessions.last_mut().filter(|session| session.unplugged_at.is_none()) {
            Some(session) => {
                session.ended_at = segment.until;
                session.after_wh = segment.after.battery_wh;
                session.grid_wh += grid_wh;
                session.peak_watts = session.peak_watts.max(watts);
            }
            None => self.sessions.push(Session {
                plugged_at,
                started_at: segment.from,
                ended_at: segment.until,
                unplugged_at: None,
                place: segment.place,
                odometer_m: segment.before.odometer_m,
                before_wh: segment.before.battery_wh,
                after_wh: segment.after.battery_wh,
                grid_wh,
                peak_watts: watts,
            }),
        }
    }

    fn unplug(&mut self, segment: &Segment) {
        let open = self.sessions.last_mut().filter(|session| session.unplugged_at.is_none());
        if let Some(session) = open.filter(|_| !segment.plugged()) {
            session.unplugged_at = Some(segment.from);
        }
    }
}

fn grid_wh(segment: &Segment) -> u32 {
    let gained = segment.after.battery_wh - segment.before.battery_wh;
    let per_cent = if segment.place.kind == PlaceKind::FastCharger { 95 } else { 90 };
    u32::try_from(u64::from(gained) * 100 / per_cent).unwrap_or(u32::MAX)
}
