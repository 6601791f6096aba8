//! What is answered over HTTP, with the headers of the platform.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::problems::Problem;
use super::trouble::Part;

pub const REQUEST_ID: HeaderName = HeaderName::from_static("sc-request-id");

/// A body of JSON with a status; one that HTTP does not know is answered as an error of the server.
pub fn json(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(CONTENT_TYPE, "application/json; charset=utf-8")], body.to_string()).into_response()
}

/// An answer without a body.
pub fn empty() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// A page that browsers show.
pub fn page(status: u16, html: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
}

/// Sends a browser elsewhere.
pub fn redirect(to: &str) -> Response {
    match HeaderValue::from_str(to) {
        Ok(to) => (StatusCode::FOUND, [(LOCATION, to)]).into_response(),
        Err(_) => page(400, "Invalid parameter redirect_uri".to_owned()),
    }
}

/// An error of OAuth.
pub fn oauth_error(status: u16, error: &str, description: &str) -> Response {
    json(status, &json!({ "error": error, "error_description": description }))
}

/// An error, as this part of the platform writes it.
pub fn problem(part: Part, problem: &Problem, request_id: &str) -> Response {
    let body = match part {
        Part::V3 => super::v3::error_body(problem),
        Part::Auth | Part::Iam | Part::V2 | Part::Management => problem.body(request_id),
    };
    let mut response = json(problem.status(), &body);
    if let Some(seconds) = problem.retry_after_seconds {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    with_request_id(response, request_id)
}

pub fn with_request_id(response: Response, request_id: &str) -> Response {
    with_header(response, REQUEST_ID, request_id)
}

/// Adds a header, unless its value cannot be one.
pub fn with_header(mut response: Response, name: HeaderName, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}

/// The connection ends in the middle of the answer.
pub fn hang_up() -> Response {
    let broken = futures_util::stream::once(async { Err::<&str, _>(std::io::Error::other("hung up")) });
    Body::from_stream(broken).into_response()
}
