//! What happens at a marked place, and since when its people want to be told of it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::fact::RowId;

/// What a car does at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Passage {
    Enter,
    Exit,
    Dwell,
    Passed,
}

impl Passage {
    pub const ALL: [Self; 4] = [Self::Enter, Self::Exit, Self::Dwell, Self::Passed];

    /// What has this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|passage| passage.name() == name)
    }

    /// As it is stored, and as pages know it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enter => "enter",
            Self::Exit => "exit",
            Self::Dwell => "dwell",
            Self::Passed => "passed",
        }
    }
}

/// A time in which people want(ed) to be told of what happens at a place: from inclusive, until exclusive. What happened
/// before they asked is nobody's news.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Telling {
    pub fence: RowId,
    pub passage: Passage,
    #[serde(with = "crate::moment")]
    pub from: DateTime<Utc>,
    /// Absent while it goes on.
    #[serde(with = "crate::moment::option")]
    pub until: Option<DateTime<Utc>>,
}

impl Telling {
    pub(super) fn counts(&self, fence: RowId, passage: Passage, at: DateTime<Utc>) -> bool {
        (self.fence, self.passage) == (fence, passage)
            && self.from <= at
            && self.until.is_none_or(|until| at < until)
    }
}
