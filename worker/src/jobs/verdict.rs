//! What becomes of a job. There is no fifth way, and a handler has to name one.

use broker::Wait;
use chrono::TimeDelta;

/// The end of a job, for now or for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// There is nothing left to do; for what reason is counted.
    Done(&'static str),
    /// The world was not ready. Try again after the wait.
    Wait(Wait),
    /// The program stops before it can be finished: somebody else does it, at once.
    GiveBack,
    /// No retry will help. A person must look.
    Park { why: String },
}

impl Verdict {
    /// As it is counted.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Done(what) => what,
            Self::Wait(_) => "waits",
            Self::GiveBack => "given_back",
            Self::Park { .. } => "parked",
        }
    }
}

/// The shortest wait that is not too short. `None` if there is none so long, or the job has waited too often.
pub(crate) fn wait_for(remaining: TimeDelta, attempts: u32) -> Option<Wait> {
    Wait::after(attempts)?;
    Wait::ALL.into_iter().find(|wait| TimeDelta::seconds(wait.seconds().into()) >= remaining)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_waits_as_long_as_it_was_told_and_a_little_more() {
        for (remaining, wait) in [
            (-3, Some(Wait::S5)),
            (5, Some(Wait::S5)),
            (6, Some(Wait::S30)),
            (121, Some(Wait::S600)),
            (3600, Some(Wait::S3600)),
            (3601, None),
        ] {
            assert_eq!(wait_for(TimeDelta::seconds(remaining), 0), wait, "{remaining} s");
        }
    }

    #[test]
    fn a_job_does_not_wait_for_ever() {
        let waits = (0..7).map(|attempts| wait_for(TimeDelta::seconds(1), attempts).is_some());
        assert_eq!(waits.collect::<Vec<_>>(), [true, true, true, true, true, false, false]);
    }
}
