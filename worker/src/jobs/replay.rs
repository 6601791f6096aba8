//! Replay: a car's history is folded again.

use broker::message::JobV1;
use broker::{JobKind, Wait};
use intake::replay::replay;
use runtime::clock;
use sqlx::PgPool;
use tracing::warn;

use super::{Handler, Verdict};

pub(crate) struct Replays {
    pub pool: PgPool,
}

impl Handler for Replays {
    const KIND: JobKind = JobKind::Replay;

    /// Each folds with a processor's whole strength.
    fn at_once(&self) -> u16 {
        1
    }

    async fn handle(&self, job: &JobV1, attempts: u32) -> Verdict {
        let vehicle = match job {
            JobV1::ReplayV1 { vehicle_id } => *vehicle_id,
            JobV1::PollV1 { .. }
            | JobV1::RefreshV1 { .. }
            | JobV1::NotifyV1 { .. }
            | JobV1::SendV1 { .. } => {
                return Verdict::Park { why: "this job is not for the queue of replays".to_owned() };
            }
        };
        match replay(&self.pool, vehicle, clock::now()).await {
            Ok(()) => Verdict::Done("done"),
            Err(error) => {
                let error = runtime::chain(&error);
                warn!(job.name = Self::KIND.name(), error, "a job failed");
                Wait::after(attempts).map_or(Verdict::Park { why: error }, Verdict::Wait)
            }
        }
    }
}
