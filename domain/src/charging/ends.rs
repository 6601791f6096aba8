//! The levels before and after a stay: what they differ by and what the way between them took is what came.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::level::{Level, Levels, TOGETHER};
use crate::motion::{Mileage, STANDING};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ends {
    before: Option<Level>,
    /// The last one that was read at the plug.
    here: Option<Level>,
    /// The first one that was read after the car had left.
    after: Option<Level>,
    /// When the counter was read last at the plug, and the level that was read with it.
    #[serde(with = "crate::moment::beside")]
    counted: Option<(DateTime<Utc>, Option<Level>)>,
    used: Used,
}

/// Thousandths of a percent that the ways between levels took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Used {
    /// From the level before to the last one.
    all: i64,
    /// From the last level at the plug to the one after.
    away: i64,
    /// From the level at the counter's last reading to the one after.
    since_counted: i64,
}

/// Less than this may as well be a reckoning that is a little off.
const TELLING: i64 = 3000;

impl Ends {
    pub(super) fn begins(&mut self, before: Option<Level>, levels: &Levels) {
        self.before = self.before.or(before);
        self.reckon(levels);
    }

    pub(super) fn is_here(&mut self, level: Level, levels: &Levels) {
        self.here = Some(level);
        if let Some((counted, with)) = &mut self.counted
            && is_with(&level, *counted)
        {
            *with = Some(level);
        }
        self.reckon(levels);
    }

    pub(super) fn left(&mut self, level: Level, levels: &Levels) {
        self.after = Some(level);
        self.reckon(levels);
    }

    /// The counter was read at the plug.
    pub(super) fn counted(&mut self, at: DateTime<Utc>) {
        self.counted = Some((at, self.here.filter(|level| is_with(level, at))));
    }

    pub(super) fn came(&mut self, mileage: Mileage, levels: &Levels) {
        let mut is_nearer = false;
        let with_counter = self.counted.iter_mut().filter_map(|(_, level)| level.as_mut());
        let levels_of_it = [&mut self.before, &mut self.here, &mut self.after];
        for level in levels_of_it.into_iter().flatten().chain(with_counter) {
            is_nearer |= level.came(mileage);
        }
        if is_nearer {
            self.reckon(levels);
        }
    }

    /// Thousandths of a percent that came, where so much of it was seen as rises at the plug.
    pub(super) fn gained(&self, seen: i64) -> i64 {
        let Used { all, away, .. } = self.used;
        let last = self.after.or(self.here);
        let whole = self.before.zip(last).map_or(0, |(before, last)| before.gain(&last) + all);
        let rest = self.here.zip(self.after).map_or(0, |(here, after)| here.gain(&after) + away);
        let rest = if rest >= TELLING { rest } else { 0 };
        whole.max(seen + rest)
    }

    /// When the counter was read last, and the thousandths of a percent that came after that: it went on until nobody knows
    /// when before the car had left.
    pub(super) fn uncounted(&self) -> Option<(DateTime<Utc>, i64)> {
        let (at, level) = self.counted?;
        let gain = level?.gain(self.after.as_ref()?) + self.used.since_counted;
        (gain >= TELLING).then_some((at, gain))
    }

    /// The level after it, if that is higher than what was seen at the plug.
    pub(super) fn after(&self) -> Option<&Level> {
        self.after.as_ref()
    }

    fn reckon(&mut self, levels: &Levels) {
        let with_counter = self.counted.and_then(|(_, level)| level);
        let used = |from: Option<Level>, to: Option<Level>| {
            let way = from?.way(&to?).filter(|way| *way > STANDING)?;
            Some(levels.expected_use(way).min(from?.percent.0))
        };
        self.used = Used {
            all: used(self.before, self.after.or(self.here)).unwrap_or(0),
            away: used(self.here, self.after).unwrap_or(0),
            since_counted: used(with_counter, self.after).unwrap_or(0),
        };
    }
}

/// Whether the level was read with what was read then.
fn is_with(level: &Level, at: DateTime<Utc>) -> bool {
    (level.at - at).abs() <= TOGETHER
}
