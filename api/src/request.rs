//! What every request goes through, whatever its route: an id, a span, the count, the limit of its address, the one form
//! of errors, and headers that keep browsers careful.

use axum::body::Body;
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::Instant;
use tracing::{Instrument, debug, error, field, info_span, warn};
use uuid::Uuid;

use crate::problem::{Code, MEDIA_TYPE, Problem};
use crate::{App, metric};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// For answers that bring no policy of their own: nothing of them is ever a page.
const NO_PAGE: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// The outermost layer. A root span: what a stranger's request says about traces is not believed. The address is written
/// as its route, never as it came: it may hold codes.
pub async fn attend(State(app): State<App>, request: Request, next: Next) -> Response {
    let id = Uuid::new_v4().to_string();
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let visit = Visit::begin(request.method(), route.clone());
    let span = info_span!(
        parent: None,
        "request",
        otel.kind = "server",
        request.id = id,
        request.method = visit.method,
        request.route = route,
        request.outcome = field::Empty,
        response.status = field::Empty,
    );
    let mut response = admit(&app, request, next).instrument(span.clone()).await;
    let problem = problem_of(&mut response);
    if let Some(problem) = &problem
        && !is_page(&response)
    {
        response = write(response, problem, &id);
    }
    guard(&mut response, &id);
    let status = response.status().as_u16();
    let outcome = problem.as_ref().map_or_else(|| "ok".to_owned(), |problem| problem.code.word());
    span.record("request.outcome", outcome).record("response.status", status);
    span.in_scope(|| note(problem.as_ref()));
    visit.end(status);
    response
}

async fn admit(app: &App, request: Request, next: Next) -> Response {
    if let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<std::net::SocketAddr>>()
        && let Err(problem) = app.allowance.address(*peer, request.headers())
    {
        return problem.into_response();
    }
    next.run(request).await
}

/// What the response refuses, in whatever way: by one of our problems, or by a bare status of the framework.
fn problem_of(response: &mut Response) -> Option<Problem> {
    let said = response.extensions_mut().remove::<Problem>();
    let status = response.status();
    if said.is_some() || is_page(response) || !(status.is_client_error() || status.is_server_error()) {
        return said;
    }
    let detail = match status {
        StatusCode::METHOD_NOT_ALLOWED => {
            "This address does not answer to this method; `Allow` says to which."
        }
        _ => "The request could not be understood.",
    };
    Some(Problem::new(Code::of_status(status), detail))
}

/// A page tells a person what went wrong in its own words.
fn is_page(response: &Response) -> bool {
    response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == crate::page::MEDIA_TYPE)
}

/// The problem as a body, under the headers that the response had already.
fn write(response: Response, problem: &Problem, id: &str) -> Response {
    let (mut head, _) = response.into_parts();
    head.status = problem.code.status();
    head.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    head.headers.remove(header::CONTENT_LENGTH);
    let body = serde_json::to_vec(&problem.details(id)).unwrap_or_default();
    Response::from_parts(head, Body::from(body))
}

/// Nothing is kept by caches, guessed at, framed, or told to other sites.
fn guard(response: &mut Response, id: &str) {
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CONTENT_SECURITY_POLICY, NO_PAGE),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

/// A failure is logged once, here. What a client did wrong is only of interest to those who look closely.
fn note(problem: Option<&Problem>) {
    let Some(problem) = problem else {
        return debug!("answered");
    };
    let code = problem.code.word();
    match (&problem.cause, problem.code) {
        (Some(cause), Code::Internal) => error!(error = cause, "failed: {cause}"),
        (Some(cause), _) => warn!(error = cause, "refused: {code}"),
        (None, _) => debug!("refused: {code}"),
    }
}

/// One request, from its head to its answer: counted in any case, also when the client does not wait.
struct Visit {
    method: &'static str,
    route: String,
    since: Instant,
    status: u16,
}

impl Visit {
    fn begin(method: &Method, route: String) -> Self {
        metric::request_began();
        Self { method: known(method), route, since: Instant::now(), status: 0 }
    }

    fn end(mut self, status: u16) {
        self.status = status;
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        metric::request_ended(self.method, &self.route, self.status, self.since.elapsed());
    }
}

/// Anybody can invent methods, and each would be a series of its own.
fn known(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        "HEAD" => "HEAD",
        "PUT" => "PUT",
        _ => "other",
    }
}
