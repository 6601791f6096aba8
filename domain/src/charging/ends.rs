//! The levels before and after a stay: what they differ by and what the way between them took is what came.

use serde::{Deserialize, Serialize};

use super::level::{Level, Levels};
use crate::motion::{Mileage, STANDING};

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ends {
    before: Option<Level>,
    /// The last one that was read at the plug.
    here: Option<Level>,
    /// The first one that was read after the car had left.
    after: Option<Level>,
    /// Thousandths of a percent that the ways between them took: all of it, and the way away.
    used: (i64, i64),
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
        self.reckon(levels);
    }

    pub(super) fn left(&mut self, level: Level, levels: &Levels) {
        self.after = Some(level);
        self.reckon(levels);
    }

    pub(super) fn came(&mut self, mileage: Mileage, levels: &Levels) {
        let mut is_nearer = false;
        for level in [&mut self.before, &mut self.here, &mut self.after].into_iter().flatten() {
            is_nearer |= level.came(mileage);
        }
        if is_nearer {
            self.reckon(levels);
        }
    }

    /// Thousandths of a percent that came, where so much of it was seen as rises at the plug.
    pub(super) fn gained(&self, seen: i64) -> i64 {
        let (all, away) = self.used;
        let last = self.after.or(self.here);
        let whole = self.before.zip(last).map_or(0, |(before, last)| before.gain(&last) + all);
        let rest = self.here.zip(self.after).map_or(0, |(here, after)| here.gain(&after) + away);
        let rest = if rest >= TELLING { rest } else { 0 };
        whole.max(seen + rest)
    }

    /// The level after it, if that is higher than what was seen at the plug.
    pub(super) fn after(&self) -> Option<&Level> {
        self.after.as_ref()
    }

    fn reckon(&mut self, levels: &Levels) {
        let used = |from: Option<Level>, to: Option<Level>| {
            let way = from?.way(&to?).filter(|way| *way > STANDING)?;
            Some(levels.expected_use(way).min(from?.percent.0))
        };
        let all = used(self.before, self.after.or(self.here)).unwrap_or(0);
        self.used = (all, used(self.here, self.after).unwrap_or(0));
    }
}
