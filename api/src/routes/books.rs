//! What the lists of all books have in common.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::extract::Cursor;

/// A page of a list, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// The `cursor` of the next page; `null` on the last.
    pub next: Option<Cursor>,
}

/// An entry was written: 201 with the entry, and where it is.
pub fn created<T: Serialize>(list: &str, id: uuid::Uuid, entry: &T) -> Response {
    let mut response = (StatusCode::CREATED, Json(entry)).into_response();
    if let Ok(place) = HeaderValue::from_str(&format!("{list}/{id}")) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}
