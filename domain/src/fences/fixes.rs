//! Which positions are believed: newer than the last one, and such that the car can have come there.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::geometry::apart;
use crate::motion::Place;
use crate::reading::{Position, Reading, Signal, Value};

/// Faster than this no car goes from one fix to the next.
const FASTEST_METRES_PER_HOUR: i64 = 250_000;
/// What two fixes of a standing car may lie apart.
const BLUR_M: i64 = 200;
/// What a receiver without a fix says, off the coast of Africa.
const NOWHERE: Position = Position { latitude_e6: 0, longitude_e6: 0 };
/// No road comes this near to it: what was seen here is at sea, and may have been there before.
const AT_SEA_M: i64 = 50_000;

/// Where the car was at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    pub at: DateTime<Utc>,
    pub place: Place,
}

/// What is remembered of fixes in order to judge the next one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fixes {
    last: Option<Fix>,
    /// A newer one that is not believed, unless the next one agrees with it.
    odd: Option<Fix>,
    /// Before any fix, it said that it is nowhere.
    nowhere: Option<Fix>,
}

impl Fixes {
    /// The fixes that this reading tells, oldest first: mostly its own or none. `NOWHERE` is one only of a car that is seen
    /// near it, if need be afterwards.
    pub fn told(&mut self, reading: &Reading) -> Vec<Fix> {
        if is_nowhere(reading) {
            let fix = Fix { at: reading.at, place: Place::At(NOWHERE) };
            match &self.last {
                Some(last) if fix.is_near(last) => return vec![fix],
                Some(_) => {}
                None => self.nowhere = Some(fix),
            }
            return Vec::new();
        }
        let Some(place) = Place::of(reading) else { return Vec::new() };
        let fix = Fix { at: reading.at, place };
        let was_near = |before: &Fix| fix.is_near(before) && fix.is_reached_from(before);
        let before = self.nowhere.take().filter(was_near);
        before.into_iter().chain([fix]).collect()
    }

    /// The fix, if it is believed.
    pub fn believed(&mut self, fix: Fix) -> Option<Fix> {
        if self.last.as_ref().is_some_and(|last| last.at >= fix.at) {
            return None;
        }
        let agrees = |known: &Option<Fix>| known.as_ref().is_some_and(|known| fix.is_reached_from(known));
        if self.last.is_none() || agrees(&self.last) || agrees(&self.odd) {
            *self = Self { last: Some(fix.clone()), ..Self::default() };
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

    fn is_near(&self, other: &Self) -> bool {
        apart(&self.place, &other.place).is_some_and(|metres| metres <= AT_SEA_M)
    }
}

fn is_nowhere(reading: &Reading) -> bool {
    reading.signal.is(Signal::LOCATION) && reading.value == Value::Position(NOWHERE)
}

fn furthest(gap: TimeDelta) -> i64 {
    gap.num_milliseconds().max(0).saturating_mul(FASTEST_METRES_PER_HOUR) / 3_600_000
}
