//! Reads a body whole, raw, and never more of it than the limit.

use std::future::poll_fn;
use std::pin::Pin;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, header};
use thiserror::Error;
use tokio::time::{Instant, timeout_at};

/// The largest body that is read, in bytes. Smartcar's own limit is 50 KB.
pub const LIMIT: usize = 64 * 1024;

/// Why there is no body. All but `Slow` and `Broken` are found before a byte too many was read.
#[derive(Debug, Error)]
pub enum BodyError {
    /// The signature covers the bytes on the wire, and we look at no others.
    #[error("the body is encoded: send it as it is, the signature covers its raw bytes")]
    Encoded,
    #[error("the body is longer than {LIMIT} bytes")]
    TooLarge,
    #[error("the body did not arrive in time")]
    Slow,
    #[error("the body broke off")]
    Broken(#[source] axum::Error),
}

/// The body, once it is whole.
pub async fn read(headers: &HeaderMap, body: Body, deadline: Instant) -> Result<Vec<u8>, BodyError> {
    if is_encoded(headers) {
        return Err(BodyError::Encoded);
    }
    // What the sender announced; a chunked body announces nothing.
    let announced = body.size_hint().lower();
    match usize::try_from(announced) {
        Ok(length) if length <= LIMIT => {
            timeout_at(deadline, collect(body, length)).await.unwrap_or(Err(BodyError::Slow))
        }
        Ok(_) | Err(_) => Err(BodyError::TooLarge),
    }
}

async fn collect(mut body: Body, announced: usize) -> Result<Vec<u8>, BodyError> {
    let mut whole = Vec::with_capacity(announced);
    while let Some(piece) = next_piece(&mut body).await {
        let piece = piece.map_err(BodyError::Broken)?;
        if whole.len() + piece.len() > LIMIT {
            return Err(BodyError::TooLarge);
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole)
}

/// The next bytes; empty for a trailer, which is no part of the body.
async fn next_piece(body: &mut Body) -> Option<Result<Bytes, axum::Error>> {
    let frame = poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await?;
    Some(frame.map(|frame| frame.into_data().unwrap_or_default()))
}

fn is_encoded(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .any(|coding| !coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity"))
}
