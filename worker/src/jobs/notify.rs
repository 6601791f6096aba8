//! Notify: it is decided how a person is told of an alert, and messages are sent.
//!
//! Deciding is one transaction, so that it is done once. Sending is not: a worker that dies between the mail server's word and the
//! note of it sends again, under the same id, by which the receiver knows that it is one message.

mod decide;
mod send;

use broker::message::JobV1;
use broker::{JobKind, Wait};
use notify::{Mail, NotifyConfig, Webhooks};
use runtime::clock;
use secrecy::SecretString;
use sqlx::PgPool;
use tracing::warn;
use vault::KeyRing;

use super::{Handler, Verdict};

/// Others' servers are waited for, and nobody else is kept waiting by that.
const AT_ONCE: u16 = 16;

pub(crate) struct Notices {
    pub pool: PgPool,
    /// `None`: nobody is written to.
    pub mail: Option<Mail>,
    pub webhooks: Webhooks,
    /// `None`: nothing that is sealed can be opened.
    pub keys: Option<KeyRing>,
}

impl Notices {
    /// # Errors
    ///
    /// If what the operator said of mail or of keys cannot be used.
    pub fn new(pool: PgPool, config: &NotifyConfig, keys: Option<&SecretString>) -> anyhow::Result<Self> {
        Ok(Self {
            pool,
            mail: Mail::new(config)?,
            webhooks: Webhooks::new(config.webhooks_to_private)?,
            keys: keys.map(KeyRing::parse).transpose()?,
        })
    }
}

impl Handler for Notices {
    const KIND: JobKind = JobKind::Notify;

    fn at_once(&self) -> u16 {
        AT_ONCE
    }

    async fn handle(&self, job: &JobV1, attempts: u32) -> Verdict {
        let done = match job {
            JobV1::NotifyV1 { alert_id } => decide::decide(self, *alert_id, clock::now()).await,
            JobV1::SendV1 { message_id } => send::send(self, *message_id).await,
            JobV1::PollV1 { .. } | JobV1::RefreshV1 { .. } | JobV1::ReplayV1 { .. } => {
                return Verdict::Park { why: "this job is not for the queue of notifications".to_owned() };
            }
        };
        match done {
            Ok(what) => Verdict::Done(what),
            Err(error) if error.is_fault_of_the_data() => Verdict::Park { why: runtime::chain(&error) },
            Err(error) => {
                warn!(job.name = Self::KIND.name(), error = runtime::chain(&error), "a job failed");
                // The scheduler asks again as long as it is needed.
                Wait::after(attempts).map_or(Verdict::Done("given_up"), Verdict::Wait)
            }
        }
    }
}
