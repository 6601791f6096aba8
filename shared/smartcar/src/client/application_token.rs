//! The application's own token of API v3: fetched once for all calls of the process, before the old one expires, and
//! anew when the platform does not accept it any more.

use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use super::error::PlatformError;
use super::fault::Form;
use super::http::{Answer, Call, send};
use super::tokens::Issued;
use super::{Advice, Client, Who};

/// So long a failure to get a token is the answer to all who wait for one, so that they do not ask one after another.
const FAILURE_KEPT: Duration = Duration::from_secs(2);

/// A token that is about to expire is not begun with.
const MARGIN: Duration = Duration::from_mins(5);

/// How long everything rests when even a new token is not accepted.
const NOT_ACCEPTED: Duration = Duration::from_mins(10);

#[derive(Debug, Default)]
pub(super) struct ApplicationToken {
    // Held while a token is fetched: whoever comes meanwhile waits for that one.
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    token: Option<Token>,
    failed: Option<(Instant, PlatformError)>,
    fetched: u64,
}

#[derive(Debug, Clone)]
struct Token {
    secret: SecretString,
    renew_at: Instant,
    /// Which one it is: a call that was refused with an old one must not throw away the new one.
    number: u64,
}

impl Client {
    /// Sends a call with the application's token, and once more with a new one if it is not accepted. A call that is
    /// refused for its token was not carried out, so commands may be repeated as well.
    pub(super) async fn ask_as_application(&self, call: &Call) -> Result<Answer, PlatformError> {
        let first = self.application_token(None).await?;
        let answer = send(self.with_token(call, &first)).await?;
        if answer.status != 401 {
            return answer.success(Form::Api);
        }
        let second = self.application_token(Some(first.number)).await?;
        let answer = send(self.with_token(call, &second)).await?;
        answer.success(Form::Api).map_err(|error| {
            // The caller has no token that could be renewed.
            if error.advice == Advice::RefreshTokenOnce {
                error.advising(Advice::RetryAfter { who: Who::Application, wait: NOT_ACCEPTED })
            } else {
                error
            }
        })
    }

    fn with_token(&self, call: &Call, token: &Token) -> reqwest::RequestBuilder {
        self.inner.http.request(call).bearer_auth(token.secret.expose_secret())
    }

    /// A token that is good for a while, and not the one with the number `refused`.
    async fn application_token(&self, refused: Option<u64>) -> Result<Token, PlatformError> {
        let mut kept = self.inner.application_token.kept.lock().await;
        if let Some(token) = &kept.token
            && Some(token.number) != refused
            && Instant::now() < token.renew_at
        {
            return Ok(token.clone());
        }
        if let Some((at, error)) = &kept.failed
            && at.elapsed() < FAILURE_KEPT
        {
            return Err(error.clone());
        }
        kept.token = None;
        match self.fetch_application_token().await {
            Ok(issued) => {
                kept.failed = None;
                kept.fetched += 1;
                let margin = MARGIN.min(issued.expires_in / 10);
                let token = Token {
                    secret: issued.access_token,
                    renew_at: Instant::now() + issued.expires_in.saturating_sub(margin),
                    number: kept.fetched,
                };
                kept.token = Some(token.clone());
                Ok(token)
            }
            Err(error) => {
                kept.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    async fn fetch_application_token(&self) -> Result<Issued, PlatformError> {
        let inner = &self.inner;
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", &inner.client_id),
            ("client_secret", inner.client_secret.expose_secret()),
        ];
        let request = inner.http.form(&inner.addresses.v3_token, &fields);
        Issued::read(&send(request).await?.success(Form::OAuth)?)
    }
}
