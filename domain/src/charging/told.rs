//! What sessions were told with, so that nothing is told twice: what is told late may as well have come at the next plug.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::level::ONE_REPORT;
use super::stay::Stay;
use super::{Charging, writing};
use crate::fold::Scene;

/// What the last session was told with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Told {
    pub(super) wh: i64,
    /// So much of it was told after its end, and until when.
    pub(super) late: i64,
    #[serde(with = "crate::moment::option")]
    pub(super) late_until: Option<DateTime<Utc>>,
    /// When its counter had last counted more.
    #[serde(with = "crate::moment::option")]
    pub(super) rose: Option<DateTime<Utc>>,
}

impl Charging {
    /// What a stay had brought, as was known when its end was.
    pub(super) fn know_end(&mut self, at: DateTime<Utc>, scene: &Scene<'_>) {
        let Some(stay) = &mut self.stay else { return };
        stay.at_end = match stay.end() {
            Some(end) if at > end.by + ONE_REPORT => {
                stay.at_end.or_else(|| Some(writing::wh(stay, scene, self.gross)))
            }
            Some(_) | None => None,
        };
    }

    /// Watt hours of the stay that were told after its end, or by what is heard just now: nobody knows whether they came in it or
    /// in the next one.
    pub(super) fn told_late(&self, scene: &Scene<'_>) -> i64 {
        let Some(stay) = &self.stay else { return 0 };
        let wh = |stay: &Stay| writing::wh(stay, scene, self.gross);
        let before = stay.at_end.or_else(|| self.before_news(stay).map(wh));
        before.map_or(0, |before| (wh(stay) - before).max(0))
    }

    /// Watt hours that came after the counter was read then and before what is heard just now: in the stay that is known, if not
    /// before `at`, and in the session before it.
    pub(super) fn told_since(&self, at: DateTime<Utc>, counted: DateTime<Utc>, scene: &Scene<'_>) -> i64 {
        let stay = self.stay.as_ref().map(|stay| self.before_news(stay).unwrap_or(stay));
        let of_stay = stay.map_or(0, |stay| {
            let Some(session) = writing::session(stay, scene, self.gross) else { return 0 };
            let flow = session.flow.iter().filter(|piece| piece.to > at);
            let wh = stay.tally.last().filter(|last| last.at <= at).map_or(0, |_| stay.tally.curve.total());
            let more = session.energy.filter(|_| wh > 0).map_or(0, |energy| energy.wh - wh);
            flow.map(|piece| piece.wh).sum::<i64>().max(more)
        });
        of_stay + if self.is_in_last(counted) { self.last_told.wh } else { 0 }
    }

    /// Watt hours that the last session was told with after the counter had been read then: they may be counted anew.
    pub(super) fn told_twice(&self, counted: DateTime<Utc>, inferred: bool) -> i64 {
        let Told { wh, late, late_until, .. } = self.last_told;
        if inferred && self.is_in_last(counted) {
            return wh;
        }
        if late_until.is_some_and(|until| counted + ONE_REPORT < until) { late } else { 0 }
    }

    /// The stay as it was before what is heard just now, if it is the same.
    pub(super) fn before_news(&self, stay: &Stay) -> Option<&Stay> {
        self.earlier.as_deref().filter(|earlier| earlier.key == stay.key)
    }
}
