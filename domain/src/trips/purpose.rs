//! What a trip was for, by the rules that its people gave.

use chrono::{DateTime, Datelike, Timelike, Utc};
use chrono_tz::Tz;

use super::{Journey, Purpose, PurposeRule, Trip};
use crate::fences::{Fence, holds};
use crate::motion::Place;
use crate::setup::Setup;

const MINUTES_OF_A_DAY: u16 = 24 * 60;

/// The purpose of the first rule that fits. A movement fits only if it does so whenever it began.
pub(super) fn of(trip: &Trip, setup: &Setup) -> Option<Purpose> {
    let zone = setup.zone.unwrap_or(Tz::UTC);
    let began = match trip.what {
        Journey::Drive => vec![trip.likely_start()],
        Journey::Movement => vec![trip.start.after, trip.likely_start(), trip.start.by],
    };
    let fits = |rule: &&PurposeRule| {
        began.iter().all(|at| rule.counts_at(*at, zone)) && rule.counts_between(trip, &setup.fences)
    };
    setup.purposes.iter().find(fits).map(|rule| rule.purpose)
}

impl PurposeRule {
    fn counts_at(&self, at: DateTime<Utc>, zone: Tz) -> bool {
        let local = at.with_timezone(&zone);
        let minute = u16::try_from(local.hour() * 60 + local.minute()).unwrap_or(MINUTES_OF_A_DAY);
        let is_after = self.from_minute <= minute;
        let is_before = minute < self.to_minute;
        let in_time =
            if self.from_minute < self.to_minute { is_after && is_before } else { is_after || is_before };
        in_time && self.weekdays[local.weekday().num_days_from_monday() as usize]
    }

    fn counts_between(&self, trip: &Trip, fences: &[Fence]) -> bool {
        let meant =
            |place: &Place| fences.iter().any(|fence| self.fences.contains(&fence.id) && holds(fence, place));
        self.fences.is_empty() || trip.from.iter().chain(&trip.to).any(meant)
    }
}
