//! Battery health: what the battery holds, estimated from sessions that can tell, with how far it may be off.

//!
//! A session tells how much energy made how many points. One alone tells little, so nothing is said before there are
//! five; then a month's estimate is the median of its sessions, weighted by how much of the battery each one went through.

mod figures;

use chrono::{DateTime, Datelike, TimeDelta, TimeZone, Utc};
use serde::{Deserialize, Serialize};

use crate::alert::{Alarm, Alert};
use crate::book::{Book, Entry, EntryState, Evidence, Mark};
use crate::charging::{EnergySource, Finished};
use crate::fold::Scene;
use crate::reading::Milli;
use crate::setup::Chemistry;

use figures::{Point, Points};

/// What the sessions of one month say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatteryEstimate {
    /// The month's first moment, UTC.
    #[serde(with = "crate::moment")]
    pub month: DateTime<Utc>,
    /// Kilowatt hours between empty and full.
    pub usable: Milli,
    pub plus_minus: Milli,
    /// Percent of what it held when it was new (or as first known), where that is known.
    pub health: Option<Milli>,
    /// Percentage points a year; absent until there are enough months.
    pub trend: Option<Milli>,
    pub sessions: u16,
    pub evidence: Evidence,
}

/// Fewer sessions say nothing.
const ENOUGH: u32 = 5;
/// So many sessions make the reference that health is measured by. It never changes again.
const REFERENCE: u32 = 10;
/// A session tells something if it went through so much of the battery (thousandths of a percent), within these levels.
const SMALLEST_GAIN: i64 = 30_000;
const LOWEST_START: Milli = Milli(10_000);
const HIGHEST_END: Milli = Milli(95_000);
/// A battery of lithium iron phosphate knows where it is when it is full and has rested.
const RESTED: TimeDelta = TimeDelta::minutes(30);
/// Cold batteries hold less, and hot ones seem to hold more (thousandths of a degree Celsius).
const COLDEST: Milli = Milli(10_000);
const HOTTEST: Milli = Milli(30_000);
/// No car has a battery outside of these, in watt hours: then the counter counts something else.
const SMALLEST_BATTERY: i64 = 1_000;
const BIGGEST_BATTERY: i64 = 300_000;
/// Below this health (thousandths of a percent), for sure, people are told; and again only after it was above the other.
const WEAK: i64 = 80_000;
const WELL: i64 = 85_000;
/// So many thousandths of a percentage point a year are too much, if that went on for half a year.
const FAST_LOSS: i64 = -4_000;
const LONG_ENOUGH: TimeDelta = TimeDelta::days(182);

/// What the rule remembers of a car.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Battery {
    points: Points,
    sessions: u32,
    /// Watt hours of the first good sessions.
    reference: Option<i64>,
    /// Of the month that is going on.
    estimate: Option<BatteryEstimate>,
    /// People were told.
    weak: bool,
}

impl Battery {
    /// Takes in a session that nothing but a late reading can change any more.
    pub fn charged(&mut self, finished: &Finished, scene: &Scene<'_>, book: &mut Book) {
        let Some(point) = told(finished, scene) else { return };
        self.points.add(point);
        self.sessions += 1;
        if self.sessions == REFERENCE {
            self.reference = self.points.median(0).map(|estimate| estimate.wh);
        }
        if self.sessions >= ENOUGH {
            self.write(point.at, scene, book);
        }
    }

    /// The entries that a later moment may still change or take back.
    pub fn open_entries(&self) -> Vec<Entry> {
        self.estimate.iter().cloned().map(Entry::BatteryEstimate).collect()
    }

    /// Kilowatt hours that the battery holds, as far as was learned.
    pub fn usable(&self) -> Option<Milli> {
        self.estimate.as_ref().map(|estimate| estimate.usable)
    }

    fn write(&mut self, at: DateTime<Utc>, scene: &Scene<'_>, book: &mut Book) {
        let month = month(at);
        let first = self.points.since(month, ENOUGH);
        let Some(found) = self.points.median(first) else { return };
        let reference =
            scene.setup.battery_usable.map(|usable| usable.0).or(self.reference).filter(|wh| *wh > 0);
        let per_mille = |wh: i64| reference.map(|reference| Milli(wh * 100_000 / reference));
        let trend = self.points.trend();
        let loses = trend.and_then(|trend| Some((per_mille(trend.per_year)?, per_mille(trend.at_best)?)));
        let estimate = BatteryEstimate {
            month,
            usable: Milli(found.wh),
            plus_minus: Milli(found.plus_minus),
            health: per_mille(found.wh),
            trend: loses.map(|(trend, _)| trend),
            sessions: found.sessions,
            evidence: Evidence::at(scene.until),
        };
        book.put(Entry::BatteryEstimate(estimate.clone()));
        let at_best = per_mille(found.wh + found.plus_minus);
        let fades = loses.is_some_and(|(trend, at_best)| trend.0 < FAST_LOSS && at_best.0 < 0)
            && self.points.span() >= LONG_ENOUGH;
        let is_weak = at_best.is_some_and(|health| health.0 < WEAK) || fades;
        let is_well = at_best.is_some_and(|health| health.0 >= WELL) && !fades;
        if let (true, false, Some(health)) = (is_weak, self.weak, estimate.health) {
            let what = Alarm::BatteryWeak { health };
            book.put(Entry::Alert(Alert { at, what, evidence: Evidence::at(scene.until) }));
        }
        self.weak = is_weak || self.weak && !is_well;
        self.estimate = Some(estimate);
    }
}

/// What a session tells of the battery, if it tells anything.
fn told(finished: &Finished, scene: &Scene<'_>) -> Option<Point> {
    let session = &finished.session;
    let energy = session.energy?;
    let measured = match energy.source {
        EnergySource::Counter | EnergySource::Meter => true,
        // Reckoned from what is asked for, or on the grid's side of the charger as likely as not.
        EnergySource::Level | EnergySource::Power => false,
    };
    let doubted =
        |mark: &Mark| matches!(mark, Mark::Disagrees | Mark::Compensated | Mark::Inferred | Mark::Silent);
    let (start, end) = (session.start_level?, session.end_level?);
    let full_and_rested = scene.setup.chemistry == Some(Chemistry::Lfp) && finished.rested >= RESTED;
    let mild = finished.celsius.is_none_or(|celsius| (COLDEST..=HOTTEST).contains(&celsius));
    let tells = measured
        && session.state == EntryState::Recorded
        && !session.evidence.marks.iter().any(doubted)
        && start >= LOWEST_START
        && (end <= HIGHEST_END || full_and_rested)
        && mild;
    let gain: i64 =
        session.segments.iter().filter_map(|leg| Some((leg.end_level?.0 - leg.start_level?.0).max(0))).sum();
    let wh = energy.wh * 100_000 / gain.max(1);
    let plausible = gain >= SMALLEST_GAIN && (SMALLEST_BATTERY..=BIGGEST_BATTERY).contains(&wh);
    let at = session.end?.by;
    (tells && plausible).then_some(Point { at, wh, gain, sessions: 1 })
}

fn month(at: DateTime<Utc>) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(at.year(), at.month(), 1, 0, 0, 0).single().unwrap_or(at)
}
