//! How long a message that failed waits before it is tried again. Each wait has a queue of its own: a queue lets only
//! its first message expire, so that among mixed times a long one would hold back the short ones behind it.

use std::time::Duration;

/// One of the five waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Wait {
    /// Five seconds.
    S5,
    /// Half a minute.
    S30,
    /// Two minutes.
    S120,
    /// Ten minutes.
    S600,
    /// An hour.
    S3600,
}

impl Wait {
    /// All waits, the shortest first: the order in which a message goes through them.
    pub const ALL: [Self; 5] = [Self::S5, Self::S30, Self::S120, Self::S600, Self::S3600];

    /// In whole seconds.
    pub const fn seconds(self) -> u32 {
        match self {
            Self::S5 => 5,
            Self::S30 => 30,
            Self::S120 => 120,
            Self::S600 => 600,
            Self::S3600 => 3600,
        }
    }

    /// As a duration.
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.seconds() as u64)
    }

    /// The wait of a message that failed now and had failed `attempts` times before; `None` when waiting longer would
    /// not help and a person must look.
    ///
    /// Six tries in all, over an hour and a quarter: an outage of the database or of Smartcar that lasts longer is
    /// handled by keeping the messages, not by this table.
    pub fn after(attempts: u32) -> Option<Self> {
        usize::try_from(attempts).ok().and_then(|attempts| Self::ALL.get(attempts)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedule_that_the_runbook_promises() {
        let table: Vec<Option<u64>> =
            (0..8).map(|attempts| Wait::after(attempts).map(|wait| wait.duration().as_secs())).collect();
        assert_eq!(table, [Some(5), Some(30), Some(120), Some(600), Some(3600), None, None, None]);
        assert_eq!(Wait::after(u32::MAX), None);
    }
}
