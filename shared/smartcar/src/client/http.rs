//! One HTTP client for all of the platform's hosts: short to connect, patient with cars, no redirects, no cookies, a
//! limit for every answer. What is sent is built here, so that no secret is in an address.

use std::time::Duration;

use chrono::DateTime;
use reqwest::header::{DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder, Response, Url};
use serde::Deserialize;
use serde_json::Value;

use super::error::{ClientError, PlatformError, Transport};
use super::fault::{Form, Said, is_id};

/// All signals of a car are 27 KB, indented.
const ANSWER_LIMIT: usize = 1024 * 1024;

/// Longer than a maker's daily quota lasts nobody is asked to wait; what says so is a slip.
const LONGEST_WAIT: Duration = Duration::from_hours(7 * 24);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long an answer may take, from the first byte asked to the last one read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Patience {
    /// The platform asks the car, which may take minutes: what Smartcar's own SDKs wait.
    Car,
    /// The platform answers by itself.
    Platform,
}

impl Patience {
    fn limit(self) -> Duration {
        match self {
            Self::Car => Duration::from_secs(310),
            Self::Platform => Duration::from_secs(30),
        }
    }
}

#[derive(Debug)]
pub(super) struct Http {
    client: reqwest::Client,
}

/// A call that may be sent more than once.
#[derive(Debug)]
pub(super) struct Call {
    method: Method,
    url: Url,
    patience: Patience,
    user: Option<HeaderValue>,
    json: Option<Value>,
}

impl Call {
    pub(super) fn get(url: Url, patience: Patience) -> Self {
        Self { method: Method::GET, url, patience, user: None, json: None }
    }

    pub(super) fn post(url: Url, patience: Patience, json: Option<Value>) -> Self {
        Self { method: Method::POST, json, ..Self::get(url, patience) }
    }

    pub(super) fn delete(url: Url, patience: Patience) -> Self {
        Self { method: Method::DELETE, ..Self::get(url, patience) }
    }

    /// For whom the application asks.
    pub(super) fn of_user(self, user: HeaderValue) -> Self {
        Self { user: Some(user), ..self }
    }
}

/// A whole answer, of whatever status.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: u16,
    headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Http {
    pub(super) fn new() -> Result<Self, ClientError> {
        let client = reqwest::Client::builder()
            .user_agent(concat!("carvetka-sync/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            // An answer must not decide whom we ask, least of all with a token in hand.
            .redirect(Policy::none())
            .build()
            .map_err(|source| ClientError::Http(source.without_url()))?;
        Ok(Self { client })
    }

    /// A call, to which the caller adds its credentials.
    pub(super) fn request(&self, call: &Call) -> RequestBuilder {
        let mut request = self
            .client
            .request(call.method.clone(), call.url.clone())
            .timeout(call.patience.limit())
            .header("accept", "application/json");
        if let Some(user) = &call.user {
            request = request.header("sc-user-id", user);
        }
        match &call.json {
            Some(json) => request.json(json),
            None => request,
        }
    }

    /// A question to a token endpoint.
    pub(super) fn form(&self, url: &Url, fields: &[(&str, &str)]) -> RequestBuilder {
        self.request(&Call::post(url.clone(), Patience::Platform, None)).form(fields)
    }
}

/// Sends it and reads the answer to its end.
pub(super) async fn send(request: RequestBuilder) -> Result<Answer, PlatformError> {
    let mut response = request.send().await.map_err(failed)?;
    let status = response.status().as_u16();
    if (300..400).contains(&status) {
        return Err(PlatformError::transport(Transport::Redirect, None));
    }
    let body = read(&mut response).await?;
    Ok(Answer { status, headers: std::mem::take(response.headers_mut()), body })
}

async fn read(response: &mut Response) -> Result<Vec<u8>, PlatformError> {
    let too_large = || PlatformError::transport(Transport::TooLarge, None);
    if response.content_length().is_some_and(|length| length > ANSWER_LIMIT as u64) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > ANSWER_LIMIT {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn failed(source: reqwest::Error) -> PlatformError {
    let what = if source.is_builder() {
        return PlatformError::bad_id();
    } else if source.is_connect() {
        Transport::Connect
    } else if source.is_timeout() {
        Transport::Timeout
    } else {
        Transport::Broken
    };
    PlatformError::transport(what, Some(source))
}

impl Answer {
    /// The answer, if it is a success.
    pub(super) fn success(self, form: Form) -> Result<Self, PlatformError> {
        if (200..300).contains(&self.status) { Ok(self) } else { Err(self.fault(form)) }
    }

    /// What failed, by an answer that is known to be a failure.
    pub(super) fn fault(&self, form: Form) -> PlatformError {
        let mut said = Said::read(&self.body, form);
        // Whatever a token endpoint refuses without a word, no token of the caller is at fault.
        if form == Form::OAuth && said.kind.is_none() {
            said.kind = Some("OAUTH".to_owned());
        }
        self.refusal(said)
    }

    /// What failed, in an answer whose status does not tell. `None` if nothing did.
    pub(super) fn fault_within(&self) -> Option<PlatformError> {
        Said::within(&self.body).map(|said| self.refusal(said))
    }

    /// What failed, by what was said of it.
    pub(super) fn refusal(&self, said: Said) -> PlatformError {
        let request_id = self.header("sc-request-id").filter(|id| is_id(id)).map(str::to_owned);
        let said = Said { request_id: request_id.or(said.request_id), ..said };
        PlatformError::of(said, Some(self.status), self.retry_after())
    }

    fn retry_after(&self) -> Option<Duration> {
        wait(self.header(RETRY_AFTER.as_str())?, self.header(DATE.as_str()))
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as what this call is answered with.
    pub(super) fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T, PlatformError> {
        serde_json::from_slice(&self.body).map_err(|_| PlatformError::transport(Transport::Unreadable, None))
    }
}

/// `Retry-After`: seconds, or a date by the clock of who wrote it, which stands in `Date`.
pub(super) fn wait(retry_after: &str, date: Option<&str>) -> Option<Duration> {
    let seconds = retry_after.trim().parse::<f64>().ok().or_else(|| seconds_until(retry_after, date?))?;
    // Not a number is in no range.
    (0.0..=f64::MAX).contains(&seconds).then(|| {
        let seconds = seconds.clamp(1.0, LONGEST_WAIT.as_secs_f64());
        Duration::from_secs_f64(seconds.ceil())
    })
}

#[expect(clippy::cast_precision_loss, reason = "whoever waits for 2^53 ms waits as long")]
fn seconds_until(until: &str, date: &str) -> Option<f64> {
    let until = DateTime::parse_from_rfc2822(until.trim()).ok()?;
    let written = DateTime::parse_from_rfc2822(date.trim()).ok()?;
    Some((until - written).num_milliseconds() as f64 / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_may_be_seconds_or_a_date_and_is_bounded() {
        let date = Some("Sat, 21 Nov 2026 08:00:00 GMT");
        let week = LONGEST_WAIT.as_secs();
        let table = [
            ("252", None, Some(252)),
            (" 252 ", None, Some(252)),
            ("0.5", None, Some(1)),
            ("0", None, Some(1)),
            ("99999999999999999999", None, Some(week)),
            ("inf", None, None),
            ("NaN", None, None),
            ("-1", None, None),
            ("soon", None, None),
            ("Sat, 21 Nov 2026 08:02:00 GMT", date, Some(120)),
            ("Sat, 21 Nov 2026 08:02:00 GMT", None, None),
            ("Sat, 21 Nov 2026 07:00:00 GMT", date, None),
        ];
        for (written, date, seconds) in table {
            assert_eq!(wait(written, date).map(|wait| wait.as_secs()), seconds, "{written}");
        }
    }
}
