//! A file as the body of a request: as it is, announced as text, larger than JSON may be.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;

use crate::App;
use crate::problem::{Code, Problem};

/// How long a file may take to arrive whole.
const WHOLE_WITHIN: Duration = Duration::from_mins(2);

/// The largest file, in bytes: the books of a long life have some megabytes.
const LARGEST: usize = 16 * 1024 * 1024;

/// What the file holds.
pub struct File(pub Bytes);

impl FromRequest<App> for File {
    type Rejection = Problem;

    async fn from_request(mut request: Request, app: &App) -> Result<Self, Problem> {
        announced(request.headers())?;
        DefaultBodyLimit::max(LARGEST).apply(&mut request);
        match tokio::time::timeout(WHOLE_WITHIN, Bytes::from_request(request, app)).await {
            Ok(Ok(bytes)) => Ok(Self(bytes)),
            Ok(Err(rejection)) => Err(unread(rejection)),
            Err(_) => {
                Err(Problem::new(Code::BrokenFile, "The file did not arrive in time. Cut it in parts."))
            }
        }
    }
}

fn unread(rejection: BytesRejection) -> Problem {
    if rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE {
        let detail = format!("A file has at most {LARGEST} bytes: cut it in parts.");
        return Problem::new(Code::BodyTooLarge, detail);
    }
    Problem::new(Code::BrokenFile, "The file broke off. Send it again.")
}

fn announced(headers: &HeaderMap) -> Result<(), Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let is_file = ["text/csv", "text/plain", "application/octet-stream"]
        .iter()
        .any(|known| kind.eq_ignore_ascii_case(known));
    if !is_file {
        let detail = "Send the file itself as the body, and say so: `Content-Type: text/csv`.";
        return Err(Problem::new(Code::NotFile, detail));
    }
    if headers.contains_key(header::CONTENT_ENCODING) {
        return Err(Problem::new(Code::NotFile, "Send the file as it is, not compressed."));
    }
    Ok(())
}
