//! Which pages may call: Carvetka's own and no others.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::site::Site;

/// How long a browser need not ask again whether it may.
const REMEMBERED: Duration = Duration::from_mins(10);

/// With credentials: the cookie that binds a connection to a browser has to be kept when a page asks for the way to
/// Smartcar. What a request may do is decided by its token alone.
pub fn layer(site: &Site) -> CorsLayer {
    let origins: Vec<HeaderValue> = site.origins().filter_map(|origin| origin.parse().ok()).collect();
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::ACCEPT])
        .expose_headers([header::LOCATION, header::RETRY_AFTER, HeaderName::from_static("x-request-id")])
        .max_age(REMEMBERED)
}
