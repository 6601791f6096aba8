//! What becomes of a request at the door, and the only place that turns it into a status.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use serde_json::json;
use smartcar::signature::{BadChallenge, Forged};
use thiserror::Error;

use crate::body::BodyError;
use crate::keeper::{Kept, NotKept};

/// What is answered 200.
#[derive(Debug)]
pub enum Answer {
    /// The delivery is durable.
    Accepted(Kept),
    /// The answer to a handshake.
    Challenge(String),
    /// Somebody looked whether there is a door.
    Here,
}

/// What is not. Faults of the sender are 4xx; ours never are, since nothing is wrong with the delivery.
#[derive(Debug, Error)]
pub enum Refusal {
    #[error(transparent)]
    Body(#[from] BodyError),
    #[error(transparent)]
    Forged(#[from] Forged),
    #[error(transparent)]
    Challenge(#[from] BadChallenge),
    #[error("too many deliveries are in hand")]
    Overloaded,
    #[error(transparent)]
    NotKept(#[from] NotKept),
}

/// Seconds after which trying again makes sense. Smartcar has waits of its own (25, 50 and 100 s); others may listen.
const RETRY_AFTER: &str = "5";

impl Answer {
    /// A short fixed word for metrics.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Accepted(Kept::InQueue | Kept::InSpool) => "accepted",
            Self::Challenge(_) => "challenge",
            Self::Here => "here",
        }
    }
}

impl Refusal {
    /// A short fixed word for metrics.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Body(BodyError::Encoded) => "encoded",
            Self::Body(BodyError::TooLarge) => "too_large",
            Self::Body(BodyError::Slow) => "slow",
            Self::Body(BodyError::Broken(_)) => "broken_off",
            Self::Forged(_) => "bad_signature",
            Self::Challenge(_) => "bad_challenge",
            Self::Overloaded => "overloaded",
            Self::NotKept(_) => "not_kept",
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Body(BodyError::Encoded) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Body(BodyError::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Body(BodyError::Slow) => StatusCode::REQUEST_TIMEOUT,
            Self::Body(BodyError::Broken(_)) | Self::Challenge(_) => StatusCode::BAD_REQUEST,
            Self::Forged(_) => StatusCode::UNAUTHORIZED,
            Self::Overloaded | Self::NotKept(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl IntoResponse for Answer {
    /// Exactly 200: some of Smartcar's pages take any other success for a failure.
    fn into_response(self) -> Response {
        match self {
            Self::Accepted(Kept::InQueue | Kept::InSpool) => {
                Json(json!({ "status": "accepted" })).into_response()
            }
            Self::Challenge(answer) => Json(json!({ "challenge": answer })).into_response(),
            Self::Here => Json(json!({ "status": "ok" })).into_response(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = self.status();
        let body = Json(json!({ "status": "refused", "reason": self.to_string() }));
        if status == StatusCode::SERVICE_UNAVAILABLE {
            (status, [(header::RETRY_AFTER, RETRY_AFTER)], body).into_response()
        } else {
            (status, body).into_response()
        }
    }
}
