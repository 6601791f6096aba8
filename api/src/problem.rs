//! What a request is answered with instead of what it asked for: one form for every error (RFC 9457), with a code that
//! never changes and a text that says what to do.

use std::borrow::Cow;
use std::error::Error;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use store::StoreError;
use utoipa::ToSchema;

/// The media type of a problem, RFC 9457 §3.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// When a client is told to come back after a fault that passes by itself.
const SOON: Duration = Duration::from_secs(5);

/// What went wrong. Codes are part of the contract: new ones may come, none changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// There is no `Authorization: Bearer` header.
    TokenMissing,
    /// The token is not one that we believe.
    TokenInvalid,
    /// The token's time is over.
    TokenExpired,
    /// The car does not exist, or belongs to somebody else: which of both is not said.
    CarNotFound,
    /// The entry does not exist in this car's book.
    EntryNotFound,
    /// No message is parked under this id: it never was, or somebody took it up.
    MessageNotFound,
    /// Nothing says where the parked message came from.
    MessageHomeless,
    /// The token is not the operators' own.
    OperatorsOnly,
    /// Nothing answers at this address.
    NoSuchRoute,
    /// Something answers at this address, but not to this method.
    MethodNotAllowed,
    /// The body is larger than this address takes.
    BodyTooLarge,
    /// The body is not announced as `application/json`.
    NotJson,
    /// The body is not JSON at all.
    BrokenJson,
    /// The body is not announced as a file.
    NotFile,
    /// The file cannot be read at all; `field` names the parameter that would help.
    BrokenFile,
    /// A field of the body is missing, unknown or wrong; `field` names it.
    InvalidField,
    /// A parameter of the address is missing, unknown or wrong; `field` names it.
    InvalidParameter,
    /// Too many requests came from this person or this address.
    TooManyRequests,
    /// As many of these as one person can have are there already.
    LimitReached,
    /// One more connected car needs a larger plan.
    PlanLimit,
    /// The car is not connected.
    NotConnected,
    /// The connection has ended and only the person can renew it, by connecting again.
    ReconnectNeeded,
    /// The car cannot do that.
    NotCapable,
    /// The person did not allow that when the car was connected.
    NotPermitted,
    /// The car sleeps or cannot be reached; try later.
    CarAsleep,
    /// The car is in a state in which this is not done: it drives, it is charging already, a door is open.
    CarNotInState,
    /// The owner has to do something in the account at the car's maker first.
    OwnerActionNeeded,
    /// The entry goes on, as far as the car said: only its price, its purpose and its notes can be changed now.
    EntryGoesOn,
    /// The entry is a person's own: what only the machine's entries can become is done by hand.
    EntryIsYours,
    /// The entries do not follow each other closely enough to be one.
    NotNeighbours,
    /// Nobody decided anything about the entry.
    NothingToUndo,
    /// Something of this car is under way already.
    Busy,
    /// As many questions were asked about this car as its plan or its maker allows for now.
    BudgetExhausted,
    /// Smartcar did not answer, or not in a way that we understand.
    PlatformFailed,
    /// This installation is not set up for that.
    NotConfigured,
    /// A server that is needed is away.
    Unavailable,
    /// A fault of ours.
    Internal,
}

/// An error as clients get it (RFC 9457).
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProblemDetails {
    /// The code as a URN: `urn:carvetka:problem:car-not-found`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The same for every problem of this code.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened and what to do, for a person.
    pub detail: String,
    pub code: Code,
    /// The field or parameter that is at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Seconds after which trying again makes sense; the header `Retry-After` says the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u64>,
    /// A page on which the person can put it right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution_url: Option<String>,
    /// Which request it was, as `X-Request-Id` says: for a word with whoever runs this.
    pub instance: String,
}

/// A refusal on its way out. It becomes [`ProblemDetails`] where the request's id is known (`crate::request`).
#[derive(Debug, Clone)]
pub struct Problem {
    pub code: Code,
    detail: Cow<'static, str>,
    field: Option<String>,
    retry_after: Option<Duration>,
    resolution_url: Option<String>,
    /// For the log, never for the answer.
    pub cause: Option<String>,
}

/// What handlers return.
pub type Answer<T> = Result<T, Problem>;

impl Code {
    pub fn status(self) -> StatusCode {
        match self {
            Self::TokenMissing | Self::TokenInvalid | Self::TokenExpired => StatusCode::UNAUTHORIZED,
            Self::PlanLimit => StatusCode::PAYMENT_REQUIRED,
            Self::NotPermitted | Self::OperatorsOnly => StatusCode::FORBIDDEN,
            Self::CarNotFound | Self::EntryNotFound | Self::MessageNotFound | Self::NoSuchRoute => {
                StatusCode::NOT_FOUND
            }
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotConnected
            | Self::ReconnectNeeded
            | Self::NotCapable
            | Self::CarAsleep
            | Self::OwnerActionNeeded
            | Self::LimitReached
            | Self::EntryGoesOn
            | Self::EntryIsYours
            | Self::NotNeighbours
            | Self::NothingToUndo
            | Self::MessageHomeless
            | Self::CarNotInState => StatusCode::CONFLICT,
            Self::Busy => StatusCode::LOCKED,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotJson | Self::NotFile => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BrokenJson | Self::InvalidParameter => StatusCode::BAD_REQUEST,
            Self::InvalidField | Self::BrokenFile => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooManyRequests | Self::BudgetExhausted => StatusCode::TOO_MANY_REQUESTS,
            Self::PlatformFailed => StatusCode::BAD_GATEWAY,
            Self::NotConfigured => StatusCode::NOT_IMPLEMENTED,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::TokenMissing => "No access token",
            Self::TokenInvalid => "The access token is not valid",
            Self::TokenExpired => "The access token has expired",
            Self::CarNotFound => "No such car",
            Self::EntryNotFound => "No such entry",
            Self::MessageNotFound => "No such parked message",
            Self::MessageHomeless => "The message has no queue",
            Self::OperatorsOnly => "Only for operators",
            Self::NoSuchRoute => "Nothing is here",
            Self::MethodNotAllowed => "Not with this method",
            Self::BodyTooLarge => "The body is too large",
            Self::NotJson => "The body is not JSON",
            Self::BrokenJson => "The body cannot be read",
            Self::NotFile => "The body is no file",
            Self::BrokenFile => "The file cannot be read",
            Self::InvalidField => "A field is wrong",
            Self::InvalidParameter => "A parameter is wrong",
            Self::TooManyRequests => "Too many requests",
            Self::LimitReached => "There are enough of these",
            Self::PlanLimit => "The plan allows no further car",
            Self::NotConnected => "The car is not connected",
            Self::ReconnectNeeded => "The car has to be connected again",
            Self::NotCapable => "The car cannot do that",
            Self::NotPermitted => "That was not allowed",
            Self::CarAsleep => "The car cannot be reached now",
            Self::CarNotInState => "Not in the car's present state",
            Self::OwnerActionNeeded => "The owner has to act first",
            Self::EntryGoesOn => "The entry has not ended",
            Self::EntryIsYours => "The entry is your own",
            Self::NotNeighbours => "These entries cannot be one",
            Self::NothingToUndo => "Nothing to take back",
            Self::Busy => "Already under way",
            Self::BudgetExhausted => "No more questions for now",
            Self::PlatformFailed => "Smartcar did not answer",
            Self::NotConfigured => "Not set up",
            Self::Unavailable => "Not available",
            Self::Internal => "A fault of ours",
        }
    }

    /// The code as it stands in answers and in the log.
    pub fn word(self) -> String {
        let word = serde_json::to_value(self).ok();
        word.as_ref().and_then(serde_json::Value::as_str).unwrap_or("internal").to_owned()
    }

    /// The code that a bare status of the framework stands for.
    pub fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NoSuchRoute,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => Self::BodyTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::NotJson,
            StatusCode::UNPROCESSABLE_ENTITY => Self::InvalidField,
            StatusCode::TOO_MANY_REQUESTS => Self::TooManyRequests,
            StatusCode::SERVICE_UNAVAILABLE => Self::Unavailable,
            status if status.is_client_error() => Self::BrokenJson,
            _ => Self::Internal,
        }
    }
}

impl Problem {
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        let detail = detail.into();
        Self { code, detail, field: None, retry_after: None, resolution_url: None, cause: None }
    }

    /// A fault of ours, told to the log and not to the one who asks.
    pub fn internal(cause: &(dyn Error + 'static)) -> Self {
        let detail = "Something went wrong on our side. It was noted; try again, and if it stays, tell us the \
                      request's id.";
        Self { cause: Some(runtime::chain(cause)), ..Self::new(Code::Internal, detail) }
    }

    /// A server that we need is away.
    pub fn unavailable(detail: impl Into<Cow<'static, str>>) -> Self {
        Self { retry_after: Some(SOON), ..Self::new(Code::Unavailable, detail) }
    }

    #[must_use]
    pub fn at_field(self, field: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..self }
    }

    #[must_use]
    pub fn retry_after(self, wait: Option<Duration>) -> Self {
        Self { retry_after: wait, ..self }
    }

    #[must_use]
    pub fn resolved_at(self, url: Option<String>) -> Self {
        Self { resolution_url: url, ..self }
    }

    /// With the cause, for the log.
    #[must_use]
    pub fn because(self, cause: &(dyn Error + 'static)) -> Self {
        Self { cause: Some(runtime::chain(cause)), ..self }
    }

    /// The answer's body, for the request of this id.
    pub fn details(&self, request: &str) -> ProblemDetails {
        let word = self.code.word();
        ProblemDetails {
            kind: format!("urn:carvetka:problem:{}", word.replace('_', "-")),
            title: self.code.title().to_owned(),
            status: self.code.status().as_u16(),
            detail: self.detail.clone().into_owned(),
            code: self.code,
            field: self.field.clone(),
            retry_after_seconds: self.retry_after.map(whole_seconds),
            resolution_url: self.resolution_url.clone(),
            instance: request.to_owned(),
        }
    }
}

/// Rounded up: who comes back a moment too early is refused again.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

impl From<StoreError> for Problem {
    /// Requests are checked before the database sees them, so what it refuses for good is our fault.
    fn from(error: StoreError) -> Self {
        if error.is_fault_of_the_data() || is_our_mistake(&error) {
            return Self::internal(&error);
        }
        Self::unavailable(
            "The database cannot be reached at the moment. Nothing was changed; try again soon.",
        )
        .because(&error)
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        StoreError::from(error).into()
    }
}

/// SQL that the server does not understand, or may not do: waiting does not help.
fn is_our_mistake(error: &StoreError) -> bool {
    match error {
        StoreError::Database(sqlx::Error::Database(refusal)) => {
            refusal.code().is_some_and(|code| code.starts_with("42"))
        }
        StoreError::Database(_) | StoreError::Url(_) | StoreError::Corrupt { .. } => false,
    }
}

impl IntoResponse for Problem {
    /// Without a body: `crate::request` writes it, which knows the request's id.
    fn into_response(self) -> Response {
        let mut response = self.code.status().into_response();
        if let Some(wait) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        }
        if response.status() == StatusCode::UNAUTHORIZED {
            // RFC 6750 §3: which scheme is expected, and whether a token was seen at all.
            let challenge = match self.code {
                Code::TokenMissing => "Bearer",
                _ => "Bearer error=\"invalid_token\"",
            };
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response.extensions_mut().insert(self);
        response
    }
}
