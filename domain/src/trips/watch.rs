//! What about a standing or arriving car is not as it should be: towed, stolen, or an odometer that does not count.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::Watch;
use super::drive::{Drive, SKEW};
use super::stand::{Away, Moved, Stand};
use crate::alert::{Alarm, Alert};
use crate::book::{Book, Entry, Evidence};
use crate::distance::Distance;
use crate::fences::apart;
use crate::fold::Scene;
use crate::motion::{Mileage, Place, STANDING};

/// As far as this a fix may be wrong, or a car be shunted.
const MOVED_M: i64 = 500;
/// Who is seen elsewhere for this long is there.
const SURE: TimeDelta = TimeDelta::minutes(5);
/// Whole kilometres hide up to one.
const KILOMETRE: i64 = 1_000;

/// What is remembered of alarms that may prove wrong, and of those that were raised.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Alarms {
    /// It was moved without being driven, unless the odometer only came late.
    moved: Option<Alert>,
    /// The odometer counted too little, as far as is known of a trip that goes on.
    behind: Option<Alert>,
    /// The standing car left its place: said once.
    has_left: bool,
}

impl Alarms {
    pub(super) fn open_entries(&self) -> impl Iterator<Item = Entry> {
        self.moved.iter().chain(&self.behind).cloned().map(Entry::Alert)
    }

    /// The odometer shows that the car was not driven to where it was seen.
    pub(super) fn stood(&mut self, moved: Option<Moved>, until: DateTime<Utc>, book: &mut Book) {
        let Some(Moved { at, from, to }) = moved else { return };
        self.has_left = false;
        let Some(metres) = apart(&from, &to).filter(|metres| *metres >= MOVED_M) else { return };
        let what = Alarm::MovedWithoutDriving { metres, from, to };
        let alert = Alert { at, what, evidence: Evidence::at(until) };
        book.put(Entry::Alert(alert.clone()));
        self.moved = Some(alert);
    }

    /// It is seen elsewhere.
    pub(super) fn seen(&mut self, stand: &Stand, scene: &Scene<'_>, book: &mut Book) {
        let is_sure = |away: &&Away| away.is_sure || away.until - away.since >= SURE;
        if let Some(away) = stand.away.as_ref().filter(is_sure) {
            self.leaves(stand, away.since, scene, book);
        }
    }

    /// The odometer says that it drove off. If it was only told late, the car stood where it stood before, and the place at
    /// which it arrived is given.
    pub(super) fn departed(
        &mut self,
        stand: &mut Stand,
        mileage: Mileage,
        scene: &Scene<'_>,
        book: &mut Book,
    ) -> Option<Place> {
        let away = stand.away.as_ref().map(|away| away.since);
        let left = [away, stand.drives_since].into_iter().flatten().fold(mileage.at, DateTime::min);
        self.leaves(stand, left, scene, book);
        self.has_left = false;
        self.behind = None;
        let alert = self.moved.take()?;
        let key = Entry::Alert(alert.clone()).key();
        let Alarm::MovedWithoutDriving { metres, from, to } = alert.what else { return None };
        if stand.away.is_some() || metres > stand.driven(mileage).metres() + KILOMETRE {
            return None;
        }
        book.withdraw(&key);
        stand.place = Some(from);
        Some(to)
    }

    fn leaves(&mut self, stand: &Stand, left: DateTime<Utc>, scene: &Scene<'_>, book: &mut Book) {
        let Some(from) = stand.place.clone() else { return };
        if !self.has_left && scene.setup.watched.iter().any(|watch| watch.counts_at(left)) {
            self.has_left = true;
            let what = Alarm::LeftItsPlace { from };
            book.put(Entry::Alert(Alert { at: left, what, evidence: Evidence::at(scene.until) }));
        }
    }

    /// Compares the odometer's way with the straight one. Whether that is about the end is known when the trip is over, or
    /// if place and odometer were read together.
    pub(super) fn compare(&mut self, drive: &Drive, is_over: bool, until: DateTime<Utc>, book: &mut Book) {
        if let Some(before) = self.behind.take() {
            book.withdraw(&Entry::Alert(before).key());
        }
        let fix = drive.to.as_ref().filter(|fix| is_over || (fix.at - drive.last.at).abs() <= SKEW);
        let (Some(from), Some(fix)) = (&drive.from, fix) else { return };
        let Some(straight) = apart(from, &fix.place).filter(|_| !drive.is_reckoned) else { return };
        let counted = drive.distance();
        if straight * 10 > counted.metres() * 11 + slack(drive) * 10 {
            let what = Alarm::OdometerBehindPosition { straight: Distance::from_metres(straight), counted };
            let alert = Alert { at: drive.last.at, what, evidence: Evidence::at(until) };
            book.put(Entry::Alert(alert.clone()));
            self.behind = Some(alert);
        }
    }
}

impl Watch {
    fn counts_at(&self, at: DateTime<Utc>) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

/// Metres that rounding may have taken away.
fn slack(drive: &Drive) -> i64 {
    let is_whole = |mileage: Mileage| mileage.odometer.metres() % KILOMETRE == 0;
    if is_whole(drive.booked) && is_whole(drive.last) { KILOMETRE } else { STANDING.metres() }
}
