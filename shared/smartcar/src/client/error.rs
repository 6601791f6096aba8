//! One error for everything that may go wrong with a call, in the platform's own words, with our decision about it.

use std::error::Error;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use super::advice::{self, Advice};
use super::fault::Said;

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("{0} is not set, and Smartcar cannot be asked without it")]
    Missing(&'static str),
    #[error("cannot make an HTTP client")]
    Http(#[source] reqwest::Error),
}

/// A call that brought nothing. Printing it shows words of closed sets and the platform's request id: no address, no
/// token, no id of a person or a car.
#[derive(Clone)]
pub struct PlatformError(Box<Failure>);

/// What a [`PlatformError`] says.
#[derive(Clone)]
pub struct Failure {
    /// The platform's `type`: `VEHICLE_STATE`, `RATE_LIMIT`, …; `OAUTH` for refusals of the token endpoint, `TRANSPORT` where
    /// no answer came, or none that can be understood; `HTTP_404` and the like where the answer names no type.
    pub kind: String,
    /// The platform's `code`; for `OAUTH` its `error`; for `TRANSPORT` one of `CONNECT`, `TIMEOUT`, `BROKEN`, `REDIRECT`,
    /// `TOO_LARGE`, `UNREADABLE`, `FOREIGN`, `BAD_ID` and `NOT_CONFIGURED`. Upper case, whatever the wire has.
    pub code: Option<String>,
    /// The status of the answer, or of the path within a batch.
    pub status: Option<u16>,
    /// What the platform's support asks for.
    pub request_id: Option<String>,
    /// How long the platform wants to be left alone.
    pub retry_after: Option<Duration>,
    /// For developers, in English.
    pub description: Option<String>,
    /// What the platform suggests to tell the owner. Text of others: escape it.
    pub message_for_user: Option<String>,
    /// The platform's own advice: `REAUTHENTICATE`, `RETRY_LATER`, `CONTACT_SUPPORT`, …; an open set.
    pub resolution: Option<String>,
    /// Where the owner can cure it (`https` only). To be shown as a link, never to be called; it may hold a token, so it
    /// is not printed.
    pub resolution_url: Option<String>,
    /// What to do, decided from the pair of `kind` and `code`.
    pub advice: Advice,
    /// Whether the platform documents this pair. Otherwise the advice is a careful guess.
    pub known: bool,
    /// Calls that were made in vain and may be billed all the same.
    pub calls: u32,
    source: Option<Arc<reqwest::Error>>,
}

impl Deref for PlatformError {
    type Target = Failure;

    fn deref(&self) -> &Failure {
        &self.0
    }
}

impl Error for PlatformError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source.as_ref() as &(dyn Error + 'static))
    }
}

/// Why no answer came, or none that can be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Transport {
    /// No connection: nothing was asked.
    Connect,
    /// The platform was still waiting for the car, or silent.
    Timeout,
    /// The connection broke, or the answer ended too early.
    Broken,
    /// Redirects are not followed: an answer must not decide whom we ask.
    Redirect,
    TooLarge,
    /// Not what this call is answered with: no JSON, or a page of somebody in between.
    Unreadable,
    /// About another vehicle than the one that was asked for.
    Foreign,
}

impl PlatformError {
    pub(super) fn transport(what: Transport, source: Option<reqwest::Error>) -> Self {
        let code = match what {
            Transport::Connect => "CONNECT",
            Transport::Timeout => "TIMEOUT",
            Transport::Broken => "BROKEN",
            Transport::Redirect => "REDIRECT",
            Transport::TooLarge => "TOO_LARGE",
            Transport::Unreadable => "UNREADABLE",
            Transport::Foreign => "FOREIGN",
        };
        // The address may hold ids of people, and of the token endpoint what nobody should see.
        let source = source.map(|source| Arc::new(source.without_url()));
        let mut error = Self::of(Said::new("TRANSPORT", code), None, None);
        error.0.source = source;
        error
    }

    /// An id that cannot be part of an address or a header. Nothing was asked.
    pub(super) fn bad_id() -> Self {
        Self::of(Said::new("TRANSPORT", "BAD_ID"), None, None)
    }

    /// A call that needs a setting which is not there. Nothing was asked.
    pub(super) fn not_configured() -> Self {
        Self::of(Said::new("TRANSPORT", "NOT_CONFIGURED"), None, None)
    }

    /// What a fault means, whatever form it came in.
    pub(super) fn of(said: Said, status: Option<u16>, retry_after: Option<Duration>) -> Self {
        let status = said.status.or(status);
        let kind = said.kind.unwrap_or_else(|| match status {
            Some(status) => format!("HTTP_{status}"),
            None => "UNKNOWN".to_owned(),
        });
        let decided =
            advice::decide(&kind, said.code.as_deref(), status, said.resolution.as_deref(), retry_after);
        Self(Box::new(Failure {
            kind,
            code: said.code,
            status,
            request_id: said.request_id,
            retry_after,
            description: said.description,
            message_for_user: said.message_for_user,
            resolution: said.resolution,
            resolution_url: said.resolution_url,
            advice: decided.advice,
            known: decided.known,
            calls: 0,
            source: None,
        }))
    }

    pub(super) fn after(mut self, calls: u32) -> Self {
        self.0.calls = calls;
        self
    }

    pub(super) fn advising(mut self, advice: Advice) -> Self {
        self.0.advice = advice;
        self
    }
}

impl Failure {
    /// Whether the pair is this one.
    pub fn is(&self, kind: &str, code: &str) -> bool {
        self.kind == kind && self.code.as_deref() == Some(code)
    }
}

impl fmt::Display for PlatformError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "smartcar: {}", self.kind)?;
        if let Some(code) = &self.code {
            write!(f, "/{code}")?;
        }
        if let Some(status) = self.status {
            write!(f, ", status {status}")?;
        }
        if let Some(request_id) = &self.request_id {
            write!(f, ", request {request_id}")?;
        }
        if self.known { Ok(()) } else { f.write_str(", which is not documented") }
    }
}

/// As printed, with the advice: descriptions and links are text of others.
impl fmt::Debug for PlatformError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlatformError({self}: {:?})", self.advice)
    }
}
