//! A moment as sparse readings know it: some time after one of them, and not after another.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Some time after `after` and not after `by`; exactly then where both are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Within {
    #[serde(with = "crate::moment")]
    pub after: DateTime<Utc>,
    #[serde(with = "crate::moment")]
    pub by: DateTime<Utc>,
}

impl Within {
    pub const fn exactly(at: DateTime<Utc>) -> Self {
        Self { after: at, by: at }
    }

    pub fn width(self) -> TimeDelta {
        self.by - self.after
    }
}
