//! A car that stands, as far as its odometer says.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::levels::Levels;
use super::signs::{Sign, Stay, is_elsewhere};
use crate::distance::Distance;
use crate::fences::{Fence, Fix};
use crate::motion::{Mileage, Place, STANDING};

/// A place belongs to an odometer reading that is not older than this, where the car may have moved on.
pub(super) const PLACE_HOLDS: TimeDelta = TimeDelta::minutes(15);
/// Gear in and out within this time, and no way made: a manoeuvre.
const MANOEUVRE: TimeDelta = TimeDelta::minutes(2);

/// What is known of a standing car.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stand {
    /// Up to here the way is in the book.
    pub(super) booked: Mileage,
    /// The first reading that shows what the odometer shows now.
    pub(super) since: Mileage,
    /// The newest one.
    #[serde(with = "crate::moment")]
    pub(super) until: DateTime<Utc>,
    pub(super) place: Option<Place>,
    /// As they were read last while it stood here.
    latest: Levels,
    /// The highest since the newest odometer reading.
    highest: Levels,
    /// Since the newest odometer reading it is seen elsewhere.
    pub(super) away: Option<Away>,
    /// It was seen driving after the newest odometer reading, and parked again.
    #[serde(with = "crate::moment::option")]
    pub(super) drives_since: Option<DateTime<Utc>>,
    #[serde(with = "crate::moment::option")]
    pub(super) drove_last: Option<DateTime<Utc>>,
    #[serde(with = "crate::moment::option")]
    pub(super) parked: Option<DateTime<Utc>>,
}

/// Fixes elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Away {
    #[serde(with = "crate::moment")]
    pub(super) since: DateTime<Utc>,
    #[serde(with = "crate::moment")]
    pub(super) until: DateTime<Utc>,
    pub(super) stay: Stay,
    /// It stopped at another place and left it again.
    pub(super) left_a_stop: bool,
    /// More than one fix says so.
    pub(super) is_sure: bool,
}

/// The car is elsewhere and its odometer did not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Moved {
    pub(super) at: DateTime<Utc>,
    pub(super) from: Place,
    pub(super) to: Place,
}

impl Stand {
    /// The first odometer reading of all.
    pub(super) fn begun(mileage: Mileage, fix: Option<&Fix>, levels: Levels) -> Self {
        let near = fix.filter(|fix| mileage.at - fix.at <= PLACE_HOLDS);
        Self::after(mileage, mileage, mileage.at, near.map(|fix| fix.place.clone()), levels)
    }

    pub(super) fn after(
        booked: Mileage,
        since: Mileage,
        until: DateTime<Utc>,
        place: Option<Place>,
        latest: Levels,
    ) -> Self {
        Self {
            booked,
            since,
            until,
            place,
            latest,
            highest: Levels::default(),
            away: None,
            drives_since: None,
            drove_last: None,
            parked: None,
        }
    }

    pub(super) fn holds(&self, mileage: Mileage) -> bool {
        self.driven(mileage) <= STANDING
    }

    pub(super) fn driven(&self, mileage: Mileage) -> Distance {
        mileage.travelled.minus(self.since.travelled)
    }

    pub(super) fn levels(&self) -> Levels {
        self.highest.or(self.latest)
    }

    /// The odometer shows the same again: wherever the car was seen meanwhile, it was not driven there.
    pub(super) fn confirmed(&mut self, mileage: Mileage) -> Option<Moved> {
        self.until = mileage.at;
        self.highest = Levels::default();
        (self.drives_since, self.drove_last, self.parked) = (None, None, None);
        let Away { since, stay, .. } = self.away.take()?;
        let from = self.place.replace(stay.place.clone());
        from.map(|from| Moved { at: since, from, to: stay.place })
    }

    pub(super) fn saw(
        &mut self,
        at: DateTime<Utc>,
        fix: Option<&Fix>,
        sign: Option<Sign>,
        levels: Option<Levels>,
        fences: &[Fence],
    ) {
        if let Some(levels) = levels {
            self.latest = levels.or(self.latest);
            self.highest = self.highest.highest(levels);
        }
        if let Some(fix) = fix {
            self.placed(fix, fences);
        }
        match sign {
            Some(Sign::Moves(_) | Sign::InGear) => {
                self.drives_since.get_or_insert(at);
                (self.drove_last, self.parked) = (Some(at), None);
            }
            Some(Sign::Parked) => {
                self.parked = Some(at);
                if self.away.is_none() && self.drives_since.is_some_and(|since| at - since <= MANOEUVRE) {
                    self.drives_since = None;
                }
            }
            Some(Sign::Halts | Sign::Silent) | None => {}
        }
    }

    fn placed(&mut self, fix: &Fix, fences: &[Fence]) {
        let Some(here) = &self.place else {
            if fix.at - self.until <= PLACE_HOLDS {
                self.place = Some(fix.place.clone());
            }
            return;
        };
        match &mut self.away {
            // Back, or it never was elsewhere. Where it stopped on the way is known all the same.
            Some(away) if !is_elsewhere(here, &fix.place) && !away.left_a_stop && !away.is_sure => {
                self.away = None;
            }
            Some(away) => {
                let left = away.stay.seen(fix).is_some_and(|stay| stay.is_stop(fences));
                away.left_a_stop |= left;
                (away.until, away.is_sure) = (fix.at, true);
            }
            None if is_elsewhere(here, &fix.place) => {
                let (at, stay) = (fix.at, Stay::at(fix));
                self.away = Some(Away { since: at, until: at, stay, left_a_stop: false, is_sure: false });
            }
            None => {}
        }
    }
}
