//! Refresh: the tokens of a consent are renewed before they run out.

use broker::message::JobV1;
use broker::{JobKind, Wait};
use connections::{Connections, RefreshError, Refreshed};
use runtime::clock;
use smartcar::client::Advice;
use tracing::{info, warn};

use super::{Handler, Verdict};

const AT_ONCE: u16 = 4;

pub(crate) struct Refreshes {
    pub connections: Connections,
}

impl Handler for Refreshes {
    const KIND: JobKind = JobKind::Refresh;

    fn at_once(&self) -> u16 {
        AT_ONCE
    }

    async fn handle(&self, job: &JobV1, attempts: u32) -> Verdict {
        let grant = match job {
            JobV1::RefreshV1 { grant_id } => *grant_id,
            JobV1::PollV1 { .. } | JobV1::ReplayV1 { .. } | JobV1::NotifyV1 { .. } | JobV1::SendV1 { .. } => {
                return Verdict::Park { why: "this job is not for the queue of refreshes".to_owned() };
            }
        };
        let refreshed = self.connections.refresh_access_token(grant, clock::now()).await;
        if let Ok(Refreshed::ReauthRequired { .. }) = refreshed {
            info!(grant.id = %grant, "a consent cannot be renewed, its owner has to connect again");
        }
        let verdict = judge(refreshed, attempts);
        if verdict == Verdict::Done(GIVEN_UP) {
            warn!(grant.id = %grant, "a consent could not be renewed for over an hour, it is tried again later");
        }
        verdict
    }
}

/// It is not parked: the scheduler asks again as long as it is needed.
const GIVEN_UP: &str = "given_up";

/// What becomes of the job.
fn judge(refreshed: Result<Refreshed, RefreshError>, attempts: u32) -> Verdict {
    match refreshed {
        Ok(Refreshed::Renewed) => Verdict::Done("done"),
        Ok(Refreshed::StillFresh) => Verdict::Done("not_due"),
        Ok(Refreshed::Gone) => Verdict::Done("gone"),
        Ok(Refreshed::ReauthRequired { .. }) => Verdict::Done("reconnect"),
        Err(error) if no_retry_helps(&error) => Verdict::Park { why: runtime::chain(&error) },
        Err(_) => Wait::after(attempts).map_or(Verdict::Done(GIVEN_UP), Verdict::Wait),
    }
}

/// What is stored cannot be read (a key is missing, or a row is broken), or what we ask cannot be asked.
pub(crate) fn no_retry_helps(error: &RefreshError) -> bool {
    match error {
        RefreshError::Vault(_) => true,
        RefreshError::Store(error) => error.is_fault_of_the_data(),
        RefreshError::Platform(error) => error.advice == Advice::Bug,
        RefreshError::Busy | RefreshError::Silent => false,
    }
}
