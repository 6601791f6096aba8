//! How far a car came that never says its odometer: at least as far as its places lie apart, or as its speed took it.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::signs::{ELSEWHERE_M, Sign};
use crate::distance::Distance;
use crate::fences::{Fix, apart};
use crate::motion::{Mileage, Place};

/// A speed is true for no longer than this.
const SPEED_HOLDS: TimeDelta = TimeDelta::minutes(5);

/// What is remembered of the way without an odometer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Reckoning {
    used: bool,
    travelled: Distance,
    /// Metres an hour.
    #[serde(with = "crate::moment::beside")]
    speed: Option<(DateTime<Utc>, i64)>,
    /// The place from which the next leg is measured, and how far the car had come there.
    from: Option<(Place, Distance)>,
}

impl Reckoning {
    pub(super) const fn is_used(&self) -> bool {
        self.used
    }

    /// An odometer speaks: true if something was reckoned before.
    pub(super) fn gives_way(&mut self) -> bool {
        std::mem::take(self).used
    }

    /// How far the car has come by now, if this says something of it.
    pub(super) fn saw(
        &mut self,
        at: DateTime<Utc>,
        before: Option<&Fix>,
        fix: Option<&Fix>,
        sign: Option<Sign>,
    ) -> Option<Mileage> {
        let was = self.travelled;
        self.drive_on(at, sign);
        if let Some(fix) = fix {
            self.measure(fix);
        }
        let parks = matches!(sign, Some(Sign::Halts | Sign::Parked));
        let tells =
            self.travelled > was || parks || (fix.is_some() && (before.is_none() || self.speed.is_none()));
        self.used |= tells;
        tells.then_some(Mileage { at, odometer: self.travelled, travelled: self.travelled })
    }

    fn drive_on(&mut self, at: DateTime<Utc>, sign: Option<Sign>) {
        if let Some((since, speed)) = self.speed
            && sign.is_some_and(|sign| sign != Sign::Silent)
        {
            let hold = (at - since).min(SPEED_HOLDS).num_milliseconds();
            self.travelled = self.travelled.plus(Distance::from_metres(speed * hold / 3_600_000));
        }
        match sign {
            Some(Sign::Moves(speed)) => self.speed = Some((at, speed)),
            Some(Sign::Halts | Sign::Parked) => self.speed = None,
            Some(Sign::InGear) => self.speed = self.speed.map(|(_, speed)| (at, speed)),
            Some(Sign::Silent) | None => {}
        }
    }

    fn measure(&mut self, fix: &Fix) {
        let Some((place, travelled)) = &self.from else {
            self.from = Some((fix.place.clone(), self.travelled));
            return;
        };
        let leg = apart(place, &fix.place).unwrap_or(0);
        if leg >= ELSEWHERE_M {
            self.travelled = self.travelled.max(travelled.plus(Distance::from_metres(leg)));
            self.from = Some((fix.place.clone(), self.travelled));
        }
    }
}
