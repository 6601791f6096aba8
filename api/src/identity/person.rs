//! The person of a request: whoever takes a [`Person`] as an argument is only called for a token that was proven.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use uuid::Uuid;

use super::TokenError;
use crate::App;
use crate::metric;
use crate::problem::{Code, Problem};

/// A person who proved to be one. `sub` of the token, `auth.users.id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Person {
    pub id: Uuid,
}

impl FromRequestParts<App> for Person {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let token = bearer(parts).ok_or_else(|| {
            metric::token_refused("missing");
            let detail = "Send the person's access token of Supabase: `Authorization: Bearer <token>`.";
            Problem::new(Code::TokenMissing, detail)
        })?;
        let id = app.tokens.person(token).await.map_err(|error| refuse(&error))?;
        app.allowance.person(id)?;
        Ok(Self { id })
    }
}

/// The one token of the request.
pub(super) fn bearer(parts: &Parts) -> Option<&str> {
    let mut headers = parts.headers.get_all(header::AUTHORIZATION).iter();
    let (scheme, token) = headers.next()?.to_str().ok()?.split_once(' ')?;
    let is_alone = headers.next().is_none();
    (is_alone && scheme.eq_ignore_ascii_case("bearer")).then_some(token.trim())
}

fn refuse(error: &TokenError) -> Problem {
    let (reason, problem) = match error {
        TokenError::Expired => {
            let detail = "The session is over. Renew it (supabase.auth.refreshSession) and try again.";
            ("expired", Problem::new(Code::TokenExpired, detail))
        }
        TokenError::Keys(cause) => {
            let detail = "The keys of the sign-in service cannot be fetched at the moment; try again soon.";
            ("keys_away", Problem::unavailable(detail).because(cause))
        }
        TokenError::NotAToken
        | TokenError::Algorithm
        | TokenError::UnknownKey
        | TokenError::Signature
        | TokenError::NotYet
        | TokenError::Audience
        | TokenError::Issuer
        | TokenError::NoSubject => {
            let detail = format!("The access token is not accepted: {error}. Sign in again.");
            ("invalid", Problem::new(Code::TokenInvalid, detail))
        }
    };
    metric::token_refused(reason);
    problem
}
