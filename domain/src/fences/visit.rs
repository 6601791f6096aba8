//! A car in a fence: since when, whether it stayed, and whether it seems to have left.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::DRIVEN_OFF;
use crate::distance::Distance;
use crate::fact::RowId;
use crate::motion::{Mileage, STANDING};

/// Who is still inside after this time stays.
const DWELLS_AFTER: TimeDelta = TimeDelta::minutes(5);
/// Who is outside for this long, and nothing says otherwise, has left.
const LEFT_AFTER: TimeDelta = TimeDelta::minutes(5);

/// What is known of a car in a fence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Visit {
    pub(super) fence: RowId,
    #[serde(with = "crate::moment")]
    since: DateTime<Utc>,
    has_dwelt: bool,
    /// What the odometer said first after the car came.
    counted: Option<Mileage>,
    leaving: Option<Leaving>,
}

/// The first fix outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Leaving {
    #[serde(with = "crate::moment")]
    since: DateTime<Utc>,
    travelled: Option<Distance>,
    /// The odometer says that the car did not move.
    doubted: bool,
}

impl Visit {
    pub(super) const fn begun(fence: RowId, since: DateTime<Utc>) -> Self {
        Self { fence, since, has_dwelt: false, counted: None, leaving: None }
    }

    /// Takes in a fix within; true if it shows for the first time that the car stays.
    pub(super) fn dwells(&mut self, at: DateTime<Utc>, beyond: f64) -> bool {
        if beyond > 0.0 {
            return false;
        }
        self.leaving = None;
        let dwells = !self.has_dwelt && at - self.since >= DWELLS_AFTER;
        self.has_dwelt |= dwells;
        dwells
    }

    /// Takes in a fix that is not within: the moment of leaving, if this is the second one beyond the margin.
    pub(super) fn leaves(
        &mut self,
        at: DateTime<Utc>,
        beyond: f64,
        margin: f64,
        travelled: Option<Distance>,
    ) -> Option<DateTime<Utc>> {
        if beyond < margin {
            return None;
        }
        let known = self.leaving;
        self.leaving.get_or_insert(Leaving { since: at, travelled, doubted: false });
        known.map(|leaving| leaving.since)
    }

    /// Takes in the odometer; true if it shows for the first time that the car stands.
    pub(super) fn stood(&mut self, mileage: Mileage) -> bool {
        let before = *self.counted.get_or_insert(mileage);
        let stands = before.at < mileage.at && mileage.travelled.minus(before.travelled) <= STANDING;
        let dwells = !self.has_dwelt && self.leaving.is_none() && stands;
        self.has_dwelt |= dwells;
        dwells
    }

    /// The moment of leaving, if the odometer confirms it. If it shows that the car did not move, the fix outside was wrong,
    /// unless a second one says the same.
    pub(super) fn drove_off(&mut self, mileage: Mileage) -> Option<DateTime<Utc>> {
        let leaving = self.leaving.as_mut()?;
        let before = *leaving.travelled.get_or_insert(mileage.travelled);
        let driven = mileage.travelled.minus(before);
        leaving.doubted = driven <= Distance::ZERO;
        (driven >= DRIVEN_OFF).then_some(leaving.since)
    }

    /// The moment of leaving, if that is some minutes ago by now.
    pub(super) fn stayed_outside(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let left = |leaving: &Leaving| !leaving.doubted && at - leaving.since >= LEFT_AFTER;
        self.leaving.filter(left).map(|leaving| leaving.since)
    }
}
