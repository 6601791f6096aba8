//! The pages of `web/dashboard`, built into this program. They hold nothing of anybody: what they show they ask for with the
//! person's own token.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Json, Redirect, Response};
use axum::routing::get;
use serde_json::json;

use crate::App;
use crate::problem::{Code, Problem};
use crate::site::Site;

include!(concat!(env!("OUT_DIR"), "/dashboard.rs"));

/// Where they stand; `web/dashboard/vite.config.ts` says the same.
const ROOT: &str = "/app/";
const START: &str = "index.html";
/// Whose names hold a hash of what is in them.
const NAMED_BY_CONTENT: &str = "assets/";
/// Of a file that was compressed when the pages were built.
const COMPRESSED: &str = ".gz";

/// The routes. They are no part of the description: people's programs have no use for them.
pub fn router() -> Router<App> {
    Router::new()
        .route("/app", get(async || Redirect::permanent(ROOT)))
        .route(ROOT, get(start))
        .route("/app/settings.json", get(settings))
        .route("/app/{*path}", get(page))
}

async fn start(State(app): State<App>, headers: HeaderMap) -> Response {
    answer(&app.site, START, &headers)
}

/// What this installation tells its pages.
async fn settings(State(app): State<App>) -> Response {
    let settings = json!({
        "tiles": app.site.tiles.as_ref().map(|tiles| json!({
            "url": tiles.address.as_str(),
            "attribution": tiles.attribution,
        })),
        "origins": app.site.origins().collect::<Vec<_>>(),
    });
    ([(header::CACHE_CONTROL, "no-cache")], Json(settings)).into_response()
}

async fn page(State(app): State<App>, Path(path): Path<String>, headers: HeaderMap) -> Response {
    let is_gone = path.starts_with(NAMED_BY_CONTENT) && find(&path).is_none();
    if is_gone || path.ends_with(COMPRESSED) {
        return Problem::new(Code::NoSuchRoute, "These pages were renewed: load them again.").into_response();
    }
    // Whatever is no file is the address of a thing within the pages, which find it themselves.
    answer(&app.site, if find(&path).is_some() { &path } else { START }, &headers)
}

fn find(name: &str) -> Option<&'static [u8]> {
    FILES.iter().find(|(other, _)| *other == name).map(|(_, bytes)| *bytes)
}

fn answer(site: &Site, name: &str, asked: &HeaderMap) -> Response {
    let compressed = takes_gzip(asked).then(|| find(&format!("{name}{COMPRESSED}"))).flatten();
    let mut response = compressed.or_else(|| find(name)).unwrap_or_default().into_response();
    let headers = response.headers_mut();
    if compressed.is_some() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, policy(site));
    for (name, value) in fixed(name) {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn takes_gzip(asked: &HeaderMap) -> bool {
    let words = asked.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    words.split(',').any(|word| word.trim() == "gzip")
}

fn fixed(name: &str) -> [(HeaderName, &'static str); 3] {
    let keep =
        if name.starts_with(NAMED_BY_CONTENT) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let kind = match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json" | "webmanifest") => "application/json",
        Some("png") => "image/png",
        Some(_) | None => "application/octet-stream",
    };
    [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, keep), (header::VARY, "Accept-Encoding")]
}

/// Scripts, styles and data of our own alone, pictures of the map from where the operator said. Carvetka's pages may embed
/// these.
fn policy(site: &Site) -> HeaderValue {
    let tiles = site.tiles.as_ref().map(|tiles| format!(" {}", tiles.origin())).unwrap_or_default();
    let embedding: String = site.origins().flat_map(|origin| [" ", origin]).collect();
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:{tiles}; connect-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'self'{embedding}"
    );
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}
