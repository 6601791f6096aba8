//! A series of odometer readings that agree with each other: what continues it, and what of it is written.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::units::{Scale, Units};
use crate::book::Doubt;
use crate::distance::Distance;
use crate::fact::RowId;

/// A fall up to this is rounding: the reading before it is kept.
const ROUNDING: Distance = Distance::from_km(1);
/// The most that a car drives in an hour, and the slack of rounding and of two clocks.
const FASTEST_METRES_PER_HOUR: i64 = 250_000;
const SLACK: Distance = Distance::from_km(5);
/// The most that a car drives in a day.
const FURTHEST_METRES_PER_DAY: i64 = 2_000_000;
/// An identical reading this soon after the last written entry is a duplicate.
const DUPLICATE_WITHIN: TimeDelta = TimeDelta::hours(1);

/// A series of readings that agree with each other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Track {
    pub(super) last: Option<Point>,
    /// The last entry that the machine wrote.
    pub(super) written: Option<Point>,
    /// The last entry that a person wrote, unless the readings contradict it.
    pub(super) person: Option<(Point, RowId)>,
    pub(super) units: Units,
}

/// What the odometer showed at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    #[serde(with = "crate::moment")]
    pub at: DateTime<Utc>,
    pub odometer: Distance,
}

/// Whether a reading continues a track.
pub(super) enum Fit {
    Yes {
        odometer: Distance,
    },
    /// Yes, in another unit than it is read in.
    OtherUnit {
        odometer: Distance,
        scale: Scale,
    },
    No(Doubt),
}

/// What becomes of a believed reading.
pub(super) enum Verdict {
    Write,
    /// The book says so already.
    Known,
    /// Just before it a person wrote more.
    BelowPerson(Point, RowId),
}

impl Track {
    pub(super) fn verdict(&self, here: Point) -> Verdict {
        let person = self.person.filter(|(said, _)| {
            said.at <= here.at && self.written.is_none_or(|written| written.at <= said.at)
        });
        if let Some((said, row)) = person
            && falls(said.odometer, here.odometer)
        {
            return Verdict::BelowPerson(said, row);
        }
        let before = person.map(|(said, _)| said).or(self.written);
        match before {
            // Below by rounding only: the book says it better.
            Some(before) if here.odometer < before.odometer => Verdict::Known,
            Some(before) if here.odometer == before.odometer => {
                if stands_for(before.at, here.at) {
                    Verdict::Known
                } else {
                    Verdict::Write
                }
            }
            Some(_) | None => Verdict::Write,
        }
    }

    pub(super) fn fit(&self, reported: Distance, at: DateTime<Utc>) -> Fit {
        let odometer = self.units.scale.apply(reported);
        let Some(last) = self.last else {
            return Fit::Yes { odometer };
        };
        if let Some(odometer) = last.next(odometer, at) {
            return Fit::Yes { odometer };
        }
        let other = self.units.scale.other(odometer, last.odometer);
        if let Some((odometer, scale)) =
            other.and_then(|scale| Some((last.next(scale.apply(reported), at)?, scale)))
        {
            return Fit::OtherUnit { odometer, scale };
        }
        Fit::No(if odometer < last.odometer {
            Doubt::Falls { from: last.odometer }
        } else {
            Doubt::Leaps { from: last.odometer }
        })
    }

    /// Whether the track goes on with this; a track without any reading goes on with everything.
    pub(super) fn continues(&self, odometer: Distance, at: DateTime<Utc>) -> bool {
        self.last.is_none_or(|last| last.next(odometer, at).is_some())
    }
}

impl Point {
    /// What the odometer shows at `at` if a reading of `odometer` continues this one: itself, or what it
    /// showed before if it fell by rounding. `None` if no car drives so.
    pub(super) fn next(self, odometer: Distance, at: DateTime<Utc>) -> Option<Distance> {
        let driven = odometer.minus(self.odometer);
        if driven < Distance::ZERO {
            return (!falls(self.odometer, odometer)).then_some(self.odometer);
        }
        (driven <= furthest(at - self.at)).then_some(odometer)
    }
}

/// Whether an entry of one moment stands for the same odometer at another: a standing car gets one entry a day, and
/// what is within the hour is a duplicate, also across midnight.
pub fn stands_for(one: DateTime<Utc>, other: DateTime<Utc>) -> bool {
    (one - other).abs() <= DUPLICATE_WITHIN || one.date_naive() == other.date_naive()
}

/// Lower by more than rounding.
pub(super) fn falls(before: Distance, after: Distance) -> bool {
    before.minus(after) > ROUNDING
}

/// How far a car can have come in this time.
pub(super) fn furthest(gap: TimeDelta) -> Distance {
    let hour = TimeDelta::hours(1).num_milliseconds();
    let day = TimeDelta::days(1).num_milliseconds();
    let gap = gap.num_milliseconds().max(0);
    let by_speed = gap.saturating_mul(FASTEST_METRES_PER_HOUR) / hour + SLACK.metres();
    let by_day = gap.max(day).saturating_mul(FURTHEST_METRES_PER_DAY) / day;
    Distance::from_metres(by_speed.min(by_day))
}
