//! What the scheduler, and others, ask of a worker.

use std::borrow::Cow;

use lapin::BasicProperties;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{ATTEMPTS, MessageError, TraceContext, Wire, is_type, properties};
use crate::fields::{number, table};
use crate::queue::JobKind;

/// A job. It names what to look at and nothing else: what is to be done is decided from what is there when the job
/// runs, so that a job that comes twice, or late, is harmless.
///
/// Only ever add variants, and fields with a default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum JobV1 {
    /// Ask Smartcar for the signals of this vehicle, if it is still due.
    PollV1 {
        /// `smartcar_vehicles.id`
        vehicle_id: Uuid,
    },
    /// Renew the tokens of this grant, if they are still about to expire.
    RefreshV1 {
        /// `smartcar_grants.id`
        grant_id: Uuid,
    },
    /// Fold the history of this vehicle again: it was just connected, or rules, facts or old readings changed.
    ReplayV1 {
        /// `smartcar_vehicles.id`
        vehicle_id: Uuid,
    },
    /// Decide how the person is told of this alert, if nobody did.
    NotifyV1 {
        /// `alerts.id`
        alert_id: Uuid,
    },
    /// Send this message to its person, if it is still due.
    SendV1 {
        /// `outgoing_messages.id`
        message_id: Uuid,
    },
}

const TYPE: &str = "job.v1";

impl JobV1 {
    /// Its queue.
    pub const fn kind(&self) -> JobKind {
        match self {
            Self::PollV1 { .. } => JobKind::Poll,
            Self::RefreshV1 { .. } => JobKind::Refresh,
            Self::ReplayV1 { .. } => JobKind::Replay,
            Self::NotifyV1 { .. } | Self::SendV1 { .. } => JobKind::Notify,
        }
    }

    /// What it is about.
    pub const fn subject(&self) -> Uuid {
        match self {
            Self::PollV1 { vehicle_id } | Self::ReplayV1 { vehicle_id } => *vehicle_id,
            Self::RefreshV1 { grant_id } => *grant_id,
            Self::NotifyV1 { alert_id } => *alert_id,
            Self::SendV1 { message_id } => *message_id,
        }
    }

    /// The message's id tells a person what was asked, and of whom; it is not what duplicates are recognised by.
    pub(super) fn encode(&self) -> Wire<'static> {
        let mut headers = table([(ATTEMPTS, number(0_u32))]);
        TraceContext::current().write(&mut headers);
        let properties = properties(TYPE)
            .with_content_type("application/json".into())
            .with_message_id(format!("{}:{}", self.kind().name(), self.subject()).into())
            .with_headers(headers);
        Wire { properties, body: Cow::Owned(serde_json::json!(self).to_string().into_bytes()) }
    }

    pub(crate) fn decode(properties: &BasicProperties, body: &[u8]) -> Result<Self, MessageError> {
        is_type(properties, TYPE)?;
        serde_json::from_slice(body).map_err(MessageError::Job)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: Uuid = Uuid::from_u128(0x5a8e_5e38_1e12_4011_a36d_56f1_2005_3f9e);

    /// Never edit these literals: they are what old queues hold.
    #[test]
    fn jobs_of_the_first_day_are_still_readable() {
        let properties = BasicProperties::default().with_type("job.v1".into());
        for (body, job) in [
            (
                r#"{"type":"PollV1","vehicle_id":"5a8e5e38-1e12-4011-a36d-56f120053f9e"}"#,
                JobV1::PollV1 { vehicle_id: ID },
            ),
            (
                r#"{"type":"RefreshV1","grant_id":"5a8e5e38-1e12-4011-a36d-56f120053f9e"}"#,
                JobV1::RefreshV1 { grant_id: ID },
            ),
            (
                r#"{"type":"ReplayV1","vehicle_id":"5a8e5e38-1e12-4011-a36d-56f120053f9e"}"#,
                JobV1::ReplayV1 { vehicle_id: ID },
            ),
            (
                r#"{"type":"NotifyV1","alert_id":"5a8e5e38-1e12-4011-a36d-56f120053f9e"}"#,
                JobV1::NotifyV1 { alert_id: ID },
            ),
            (
                r#"{"type":"SendV1","message_id":"5a8e5e38-1e12-4011-a36d-56f120053f9e"}"#,
                JobV1::SendV1 { message_id: ID },
            ),
        ] {
            assert_eq!(JobV1::decode(&properties, body.as_bytes()).unwrap(), job);
            let wire = job.encode();
            assert_eq!(JobV1::decode(&wire.properties, &wire.body).unwrap(), job);
        }
    }

    #[test]
    fn a_field_of_tomorrow_does_not_disturb() {
        let body = r#"{"type":"PollV1","vehicle_id":"5a8e5e38-1e12-4011-a36d-56f120053f9e","urgent":true}"#;
        let properties = BasicProperties::default().with_type("job.v1".into());
        assert_eq!(JobV1::decode(&properties, body.as_bytes()).unwrap(), JobV1::PollV1 { vehicle_id: ID });
    }

    #[test]
    fn a_job_of_tomorrow_is_an_error_that_says_so() {
        let properties = BasicProperties::default().with_type("job.v1".into());
        let error = JobV1::decode(&properties, br#"{"type":"PaintV1"}"#).unwrap_err();
        assert!(runtime::chain(&error).contains("unknown variant `PaintV1`"), "{error}");
        let error = JobV1::decode(&BasicProperties::default().with_type("job.v2".into()), b"{}").unwrap_err();
        assert_eq!(error.to_string(), "cannot read a message of type \"job.v2\", expected `job.v1`");
    }
}
