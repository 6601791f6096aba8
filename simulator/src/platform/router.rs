//! Which path leads where, and what every request meets first: trouble on demand, and the list of calls.

use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::Uri;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{any, delete, get, post};

use super::problems::{Kind, Problem};
use super::registry::Call;
use super::trouble::{Asked, Part, Trouble};
use super::{Platform, answer, auth, connect, developer, v2, v3};

/// All paths of the platform.
pub fn routes(platform: Platform) -> Router {
    Router::new()
        .merge(people())
        .merge(version_2())
        .merge(version_3())
        .fallback(nothing)
        .layer(from_fn_with_state(platform.clone(), met))
        .merge(developers())
        .with_state(platform)
}

fn people() -> Router<Platform> {
    Router::new()
        .route("/oauth/authorize", get(connect::authorize))
        .route("/oauth/reauthenticate", get(connect::reauthenticate))
        .route("/connect/{visit}", get(connect::show).post(connect::answer))
        .route("/oauth/token", post(auth::token))
        .route("/oauth2/token", post(auth::application_token))
}

fn version_2() -> Router<Platform> {
    let management = get(v2::connections).delete(v2::delete_connections);
    Router::new()
        .route("/v2.0/user", get(v2::user))
        .route("/v2.0/vehicles", get(v2::vehicles))
        .route("/v2.0/vehicles/{id}", any(v2::vehicle))
        .route("/v2.0/vehicles/{id}/{*path}", any(v2::below_vehicle))
        .route("/v2.0/compatibility", get(v2::compatibility))
        .route("/v2.0/compatibility/matrix", get(v2::matrix))
        .route("/v2.0/management/connections", management)
}

fn version_3() -> Router<Platform> {
    Router::new()
        .route("/v3/connections", get(v3::connections))
        .route("/v3/connections/{id}", get(v3::connection).delete(v3::delete_connection))
        .route("/v3/users/{id}", delete(v3::delete_user))
        .route("/v3/vehicles/{id}", get(v3::vehicle))
        .route("/v3/vehicles/{id}/signals", get(v3::signals))
        .route("/v3/vehicles/{id}/signals/{code}", get(v3::signal))
        .route("/v3/vehicles/{id}/commands", post(v3::unified_command))
        .route("/v3/vehicles/{id}/commands/{group}/{name}", post(v3::command))
        .route("/v3/vehicles/{id}/{action}", post(v3::vehicle_action))
        .route("/v3/webhooks", get(v3::webhooks))
        .route("/v3/webhooks/{id}", get(v3::webhook))
        .route("/v3/webhooks/{webhook}/subscriptions", get(v3::subscriptions).post(v3::subscribe_to_webhook))
        .route("/v3/webhooks/{webhook}/subscriptions/{id}", delete(v3::delete_subscription))
        .route("/v3/subscriptions", get(v3::subscriptions).post(v3::subscribe))
        .route("/v3/subscriptions/{id}", get(v3::subscription).delete(v3::delete_subscription))
}

fn developers() -> Router<Platform> {
    Router::new()
        .route("/_simulator/cars", get(developer::cars))
        .route("/_simulator/cars/{vehicle}", post(developer::change_car))
        .route("/_simulator/cars/{vehicle}/truth", get(developer::truth))
        .route(
            "/_simulator/faults",
            get(developer::faults).post(developer::add_faults).delete(developer::clear_faults),
        )
        .route("/_simulator/webhooks", post(developer::change_webhook))
        .route("/_simulator/revoke", post(developer::revoke))
        .route("/_simulator/clock", post(developer::clock))
        .route("/_simulator/limits", post(developer::limits))
        .route("/_simulator/calls", get(developer::calls))
}

/// A slash at the end of a path means nothing: the vendor's clients write some.
pub fn without_last_slash(mut request: Request) -> Request {
    let path = request.uri().path();
    if path.len() > 1 && path.ends_with('/') {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        if let Ok(uri) = format!("{}{query}", path.trim_end_matches('/')).parse::<Uri>() {
            *request.uri_mut() = uri;
        }
    }
    request
}

/// Nothing is under this path.
async fn nothing(State(platform): State<Platform>, uri: Uri) -> Response {
    let part = part_of(uri.path()).unwrap_or(Part::V2);
    let is_version = ["/v2.0", "/v3"].iter().any(|version| uri.path().starts_with(version));
    let code = if is_version { "PATH" } else { "VERSION" };
    let request_id = platform.registry().id();
    answer::problem(part, &Problem::new(Kind::ResourceNotFound, Some(code)), &request_id)
}

async fn met(State(platform): State<Platform>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
    let Some(part) = part_of(&path) else {
        return next.run(request).await;
    };
    let (vehicle_id, below) = below_vehicle(&path);
    let asked = Asked { part, vehicle_id, path: below };
    let trouble = platform.registry().troubles.meet(asked);
    let response = match trouble {
        None => match counted(&platform, part) {
            Ok(()) => next.run(request).await,
            Err(problem) => answer::problem(part, &problem, &platform.registry().id()),
        },
        Some(Trouble::Late { milliseconds }) => {
            tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            next.run(request).await
        }
        Some(Trouble::HangUp) => {
            next.run(request).await;
            answer::hang_up()
        }
        Some(Trouble::Page { status, body }) => answer::page(status, body),
        Some(Trouble::OauthError { error, error_description }) => {
            answer::oauth_error(400, &error, &error_description)
        }
        Some(error @ Trouble::Error { .. }) => {
            let request_id = platform.registry().id();
            let problem = error.problem().unwrap_or(Problem::new(Kind::Server, Some("INTERNAL")));
            answer::problem(part, &problem, &request_id)
        }
    };
    let vehicle_id = vehicle_id.map(str::to_owned);
    let (at, status) = (platform.now(), response.status().as_u16());
    platform.registry().note(Call { at, method, path, vehicle_id, status });
    response
}

/// Every request to one of the vehicle APIs counts, whatever comes of it.
fn counted(platform: &Platform, part: Part) -> Result<(), Problem> {
    match part {
        Part::V2 | Part::V3 => platform.count(1),
        Part::Auth | Part::Iam | Part::Management => Ok(()),
    }
}

/// The part of the platform that a path belongs to; Connect's pages belong to none.
fn part_of(path: &str) -> Option<Part> {
    let begins = |prefix: &str| path.starts_with(prefix);
    match path {
        "/oauth/token" => Some(Part::Auth),
        "/oauth2/token" => Some(Part::Iam),
        _ if begins("/v2.0/management") || begins("/v3/webhooks") || begins("/v3/subscriptions") => {
            Some(Part::Management)
        }
        _ if begins("/v2.0") => Some(Part::V2),
        _ if begins("/v3") => Some(Part::V3),
        _ => None,
    }
}

/// The vehicle that a path names, and the rest of it; without a vehicle, the whole.
fn below_vehicle(path: &str) -> (Option<&str>, &str) {
    let Some((_, rest)) = path.split_once("/vehicles/") else {
        return (None, path);
    };
    match rest.find('/') {
        Some(end) => (Some(&rest[..end]), &rest[end..]),
        None => (Some(rest), "/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_says_which_part_and_vehicle_it_is_about() {
        assert_eq!(part_of("/v2.0/vehicles/one/odometer"), Some(Part::V2));
        assert_eq!(part_of("/v2.0/management/connections"), Some(Part::Management));
        assert_eq!(part_of("/oauth/authorize"), None);
        assert_eq!(below_vehicle("/v2.0/vehicles/one/tires/pressure"), (Some("one"), "/tires/pressure"));
        assert_eq!(below_vehicle("/v3/vehicles/one"), (Some("one"), "/"));
        assert_eq!(below_vehicle("/v3/connections"), (None, "/v3/connections"));
    }
}
