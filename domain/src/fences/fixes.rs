//! Which positions are believed: newer than the last one, and such that the car can have come there.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::geometry::apart;
use crate::motion::Place;
use crate::reading::Reading;

/// Faster than this no car goes from one fix to the next.
const FASTEST_METRES_PER_HOUR: i64 = 250_000;
/// What two fixes of a standing car may lie apart.
const BLUR_M: i64 = 200;

/// Where the car was at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    #[serde(with = "crate::moment")]
    pub at: DateTime<Utc>,
    pub place: Place,
}

/// What is remembered of fixes in order to judge the next one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fixes {
    last: Option<Fix>,
    /// A newer one that is not believed, unless the next one agrees with it.
    odd: Option<Fix>,
}

impl Fixes {
    /// The fix of this reading, if it is one and is believed.
    pub fn believed(&mut self, reading: &Reading) -> Option<Fix> {
        let fix = Fix { at: reading.at, place: Place::of(reading)? };
        if self.last.as_ref().is_some_and(|last| last.at >= fix.at) {
            return None;
        }
        let agrees = |known: &Option<Fix>| known.as_ref().is_some_and(|known| fix.is_reached_from(known));
        if self.last.is_none() || agrees(&self.last) || agrees(&self.odd) {
            *self = Self { last: Some(fix.clone()), odd: None };
            Some(fix)
        } else {
            self.odd = Some(fix);
            None
        }
    }

    pub fn last(&self) -> Option<&Fix> {
        self.last.as_ref()
    }
}

impl Fix {
    fn is_reached_from(&self, before: &Self) -> bool {
        apart(&before.place, &self.place)
            .is_none_or(|metres| metres <= furthest(self.at - before.at) + BLUR_M)
    }
}

fn furthest(gap: TimeDelta) -> i64 {
    gap.num_milliseconds().max(0).saturating_mul(FASTEST_METRES_PER_HOUR) / 3_600_000
}
