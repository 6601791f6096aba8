//! Tokens over HTTP: `/oauth/token` for users (v2), `/oauth2/token` for applications (v3), and who it is that
//! asks.

use std::collections::HashMap;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::problems::{Kind, Problem};
use super::tokens::{Bearer, InvalidGrant, Pair};
use super::{Platform, answer};

/// `POST /oauth/token`
pub async fn token(State(platform): State<Platform>, headers: HeaderMap, body: String) -> Response {
    let known = basic(&headers).is_some_and(|(id, secret)| platform.application().is_client(&id, &secret));
    if !known {
        return answer::oauth_error(401, "invalid_client", "Client authentication failed.");
    }
    let form = form(&body);
    let given = |name: &str| form.get(name).map(String::as_str);
    let (now, mut registry) = (platform.now(), platform.registry());
    let pair = match (given("grant_type"), given("code"), given("refresh_token")) {
        (Some("authorization_code"), Some(code), _) => {
            registry.tokens.exchange(code, given("redirect_uri"), now)
        }
        (Some("refresh_token"), _, Some(token)) => registry.tokens.refresh(token, now),
        (Some("authorization_code" | "refresh_token") | None, _, _) => {
            return answer::oauth_error(400, "invalid_request", "A parameter is missing.");
        }
        (Some(_), _, _) => {
            return answer::oauth_error(400, "unsupported_grant_type", "Unknown grant_type.");
        }
    };
    grant(pair)
}

/// `POST /oauth2/token`
pub async fn application_token(State(platform): State<Platform>, body: String) -> Response {
    let form = form(&body);
    let given = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    if given("grant_type") != "client_credentials" {
        return answer::oauth_error(400, "unsupported_grant_type", "Unknown grant_type.");
    }
    if !platform.application().is_client(given("client_id"), given("client_secret")) {
        return answer::oauth_error(401, "invalid_client", "Client authentication failed.");
    }
    let now = platform.now();
    grant(Ok(platform.registry().tokens.application(now)))
}

fn grant(pair: Result<Pair, InvalidGrant>) -> Response {
    match pair {
        Ok(pair) => answer::json(200, &json!(pair)),
        Err(error) => answer::oauth_error(400, "invalid_grant", &error.to_string()),
    }
}

/// The fields of a form, the last of each name.
pub fn form(body: &str) -> HashMap<String, String> {
    url::form_urlencoded::parse(body.as_bytes()).into_owned().collect()
}

/// The two parts of `Authorization: Basic …`.
pub fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let encoded = headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
    let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    decoded.split_once(':').map(|(name, secret)| (name.to_owned(), secret.to_owned()))
}

/// The token of `Authorization: Bearer …`.
pub fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

impl Platform {
    /// Who asks, by a token that is still good.
    pub(super) fn bearer(&self, headers: &HeaderMap) -> Result<Bearer, Problem> {
        let (now, token) = (self.now(), bearer_token(headers));
        let bearer = token.and_then(|token| self.registry().tokens.bearer(token, now).cloned());
        bearer.ok_or(Problem::new(Kind::Authentication, None))
    }
}
