//! A JSON body: announced as one, small, whole in time, without a field that nobody knows.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use serde::de::DeserializeOwned;

use crate::App;
use crate::problem::{Code, Problem};

/// How long a body may take to arrive whole.
const WHOLE_WITHIN: Duration = Duration::from_secs(10);

/// The largest body that any route takes, in bytes.
pub const LARGEST: usize = 16 * 1024;

/// What a request brings.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        announced(request.headers())?;
        let read = tokio::time::timeout(WHOLE_WITHIN, Bytes::from_request(request, app)).await;
        let bytes = match read {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(rejection)) => return Err(unread(rejection)),
            Err(_) => return Err(Problem::new(Code::BrokenJson, "The body did not arrive in time.")),
        };
        read_json(&bytes).map(Self)
    }
}

fn announced(headers: &HeaderMap) -> Result<(), Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        let detail = "Send JSON, and say so: `Content-Type: application/json`.";
        return Err(Problem::new(Code::NotJson, detail));
    }
    if headers.contains_key(header::CONTENT_ENCODING) {
        return Err(Problem::new(Code::NotJson, "Send the JSON as it is, not compressed."));
    }
    Ok(())
}

fn unread(rejection: BytesRejection) -> Problem {
    if rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE {
        let detail = format!("A body has at most {LARGEST} bytes.");
        return Problem::new(Code::BodyTooLarge, detail);
    }
    Problem::new(Code::BrokenJson, "The body broke off.")
}

fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // Serde takes a list as the fields of a struct in their order, which nobody may rely on.
    if bytes.trim_ascii_start().starts_with(b"[") {
        let detail = "The body is not accepted: it is a list where an object is expected.";
        return Err(Problem::new(Code::InvalidField, detail));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        refusal(&path, &error.into_inner())
    })?;
    json.end().map_err(|error| refusal(".", &error))?;
    Ok(read)
}

fn refusal(path: &str, error: &serde_json::Error) -> Problem {
    let words = error.to_string();
    let words = words.split(" at line ").next().unwrap_or_default();
    if !error.is_data() {
        return Problem::new(Code::BrokenJson, format!("The body is no JSON: {words}."));
    }
    let problem = Problem::new(Code::InvalidField, format!("The body is not accepted: {words}."));
    // An unknown or missing field is told of by its name in backticks, under the path of what it is in.
    let named = words.split('`').nth(1).filter(|_| words.contains(" field `"));
    match (path, named) {
        (".", Some(field)) => problem.at_field(field),
        (".", None) => problem,
        (path, Some(field)) if !path.ends_with(field) => problem.at_field(format!("{path}.{field}")),
        (path, _) => problem.at_field(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[expect(dead_code, reason = "only read")]
        inner: Inner,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[expect(dead_code, reason = "only read")]
        number: u8,
    }

    #[test]
    fn a_wrong_field_is_named() {
        let field = |body: &str| {
            let details = read_json::<Outer>(body.as_bytes()).unwrap_err().details("");
            (details.code, details.field.unwrap_or_default())
        };
        let invalid = |name: &str| (Code::InvalidField, name.to_owned());
        assert_eq!(field(r#"{"inner":{"number":300}}"#), invalid("inner.number"));
        assert_eq!(field(r#"{"inner":{"number":3,"odd":1}}"#), invalid("inner.odd"));
        assert_eq!(field(r#"{"inner":{}}"#), invalid("inner.number"));
        assert_eq!(field("{}"), invalid("inner"));
        assert_eq!(field(r#"{"odd":1}"#), invalid("odd"));
        assert_eq!(field("[]"), invalid(""));
        assert_eq!(field(r#" [{"number":3}]"#), invalid(""));
        assert_eq!(field("{").0, Code::BrokenJson);
        assert_eq!(field(r#"{"inner":{"number":3}} {}"#).0, Code::BrokenJson);
        assert_eq!(field("\u{0}").0, Code::BrokenJson);
    }
}
