//! Telling programs of people: one request, signed, without following anybody anywhere.

use std::time::Duration;

use chrono::TimeDelta;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use reqwest::{Client, StatusCode, redirect};
use secrecy::SecretString;
use uuid::Uuid;

use crate::address::{AddressError, PublicOnly, endpoint};
use crate::signature::{SecretError, signatures};

/// As long as the scheme advises.
const AT_MOST: Duration = Duration::from_secs(20);
const CONNECT_AT_MOST: Duration = Duration::from_secs(5);
/// Nobody makes us wait longer than a day.
const LONGEST_REST: TimeDelta = TimeDelta::days(1);

/// What an endpoint answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Taken,
    /// It is not there any more, and says so: nothing is to be sent there again.
    Gone,
    /// Another attempt may help; not before so long, if it said that.
    Refused {
        why: String,
        not_before: Option<TimeDelta>,
    },
}

/// Sends nothing, ever.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    #[error("its address is not one that anything is sent to")]
    Address(#[from] AddressError),
    #[error("its secret cannot sign")]
    Secret(#[from] SecretError),
}

/// Sends to endpoints.
#[derive(Debug, Clone)]
pub struct Webhooks {
    client: Client,
    may_be_private: bool,
}

impl Webhooks {
    /// # Errors
    ///
    /// If this machine has no TLS.
    pub fn new(may_be_private: bool) -> Result<Self, reqwest::Error> {
        let builder = Client::builder()
            .redirect(redirect::Policy::none())
            // A proxy would resolve names itself.
            .no_proxy()
            .timeout(AT_MOST)
            .connect_timeout(CONNECT_AT_MOST)
            .pool_max_idle_per_host(0);
        let builder = if may_be_private { builder } else { builder.dns_resolver(PublicOnly::resolver()) };
        Ok(Self { client: builder.build()?, may_be_private })
    }

    /// Sends a body once. The id is the same for each attempt; the time is not.
    ///
    /// # Errors
    ///
    /// If it cannot be sent at all.
    pub async fn send(
        &self,
        url: &str,
        secrets: &[SecretString],
        id: Uuid,
        timestamp: i64,
        body: String,
    ) -> Result<Answer, WebhookError> {
        let url = endpoint(url, self.may_be_private)?;
        let id = id.to_string();
        let request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("Carvetka-Sync/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", &id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signatures(secrets, &id, timestamp, &body)?)
            .body(body);
        Ok(match request.send().await {
            Ok(response) => {
                judge(response.status(), response.headers().get(RETRY_AFTER).and_then(|it| it.to_str().ok()))
            }
            Err(error) => Answer::Refused { why: trouble(&error), not_before: None },
        })
    }
}

/// What it answered is not read: only whether.
fn judge(status: StatusCode, retry_after: Option<&str>) -> Answer {
    if status.is_success() {
        return Answer::Taken;
    }
    if status == StatusCode::GONE {
        return Answer::Gone;
    }
    let seconds = retry_after.and_then(|text| text.trim().parse::<u32>().ok());
    let not_before = seconds.map(|seconds| TimeDelta::seconds(seconds.into()).min(LONGEST_REST));
    Answer::Refused { why: format!("it answered {}", status.as_u16()), not_before }
}

/// In words that do not show what lies behind an address.
fn trouble(error: &reqwest::Error) -> String {
    let mut causes = std::iter::successors(Some(error as &dyn std::error::Error), |cause| cause.source());
    let is_private = causes.any(|cause| cause.downcast_ref::<AddressError>() == Some(&AddressError::Private));
    let words = if is_private {
        "its name leads into a private network"
    } else if error.is_timeout() {
        "it did not answer in time"
    } else if error.is_connect() {
        "it cannot be connected to"
    } else {
        "the connection broke"
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_2xx_is_taken_and_only_410_is_the_end() {
        let refused = |code: u16| Answer::Refused { why: format!("it answered {code}"), not_before: None };
        for (code, answer) in [
            (200, Answer::Taken),
            (204, Answer::Taken),
            (301, refused(301)),
            (307, refused(307)),
            (404, refused(404)),
            (410, Answer::Gone),
            (500, refused(500)),
        ] {
            assert_eq!(judge(StatusCode::from_u16(code).unwrap(), None), answer);
        }
    }

    #[test]
    fn who_asks_for_a_rest_gets_it_but_no_longer_than_a_day() {
        for (said, rest) in
            [("120", Some(120)), ("4000000", Some(86_400)), ("Wed, 21 Oct 2026 07:28:00 GMT", None)]
        {
            let Answer::Refused { not_before, .. } = judge(StatusCode::TOO_MANY_REQUESTS, Some(said)) else {
                panic!()
            };
            assert_eq!(not_before.map(|rest| rest.num_seconds()), rest, "{said}");
        }
    }

    #[tokio::test]
    async fn a_name_of_the_own_network_is_refused_in_words_that_tell_nothing_of_it() {
        // `localhost.` is a name with a dot, and leads home.
        let webhooks = Webhooks::new(false).unwrap();
        let answer = webhooks
            .send("https://localhost.localdomain:1/", &[crate::new_secret()], Uuid::nil(), 1, "{}".to_owned())
            .await;
        let Answer::Refused { why, .. } = answer.unwrap() else { panic!() };
        assert!(
            ["its name leads into a private network", "it cannot be connected to"].contains(&why.as_str()),
            "{why}"
        );
        let refused = webhooks.send("https://127.0.0.1:1/", &[], Uuid::nil(), 1, "{}".to_owned()).await;
        assert!(matches!(refused, Err(WebhookError::Address(AddressError::Private))));
    }
}
