//! The way to Smartcar's consent pages.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use connections::{Ask, Begun, ConnectError};
use runtime::clock;
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::binding::Binding;
use crate::extract::{OwnCar, Params};
use crate::identity::Person;
use crate::problem::{Answer, Code, Problem};
use crate::{App, not_set_up};

/// What is to be connected, and how the person comes back.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct ConnectParams {
    /// The car of the person that is to be connected.
    car_id: Uuid,
    /// Where the car is may be stored: only then it is asked for.
    #[serde(default)]
    location: bool,
    /// The consent pages are opened in a popup, which reports back by `postMessage`.
    #[serde(default)]
    popup: bool,
    /// Where the person goes afterwards: an address of one of Carvetka's origins, or a path of the first one.
    #[serde(default)]
    return_to: Option<String>,
}

/// Where the browser goes.
#[derive(Serialize, ToSchema)]
pub struct Way {
    #[schema(value_type = String, format = "uri")]
    url: Url,
}

/// Begins to connect a car. Asked with `Accept: application/json` it tells the address, and a page sends the browser
/// there; else it redirects. A browser that simply follows a link cannot send a token, so pages use the first form.
/// The answer sets a cookie that has to come back with the callback: fetch it with `credentials: "include"`.
#[utoipa::path(get, path = "/api/smartcar/connect", tag = "smartcar", operation_id = "connect",
    security(("person" = [])), params(ConnectParams),
    responses(
        (status = 200, description = "Where to go, for pages that accept JSON", body = Way),
        (status = 302, description = "To Smartcar's consent pages"),
        (status = 402, description = "The plan allows no further car"),
        (status = 404, description = "No such car"),
        (status = 501, description = "Not set up"),
    ))]
pub async fn connect(
    State(app): State<App>,
    person: Person,
    Params(params): Params<ConnectParams>,
    headers: HeaderMap,
) -> Answer<Response> {
    let car = OwnCar::of(&app, person, params.car_id).await?;
    app.allowance.action(person.id)?;
    let ask = Ask { location: params.location, popup: params.popup, return_to: params.return_to };
    let begun = app.connections()?.begin(person.id, car.id, ask, clock::now()).await.map_err(refuse)?;
    let binding = Binding::of(&begun.url, app.site.is_secure);
    let cookie = binding.set(&begun.browser).map_err(|error| Problem::internal(&error))?;
    let mut response = to(&headers, begun)?;
    response.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(response)
}

fn to(headers: &HeaderMap, begun: Begun) -> Answer<Response> {
    if accepts_json(headers) {
        return Ok(Json(Way { url: begun.url }).into_response());
    }
    let place = HeaderValue::from_str(begun.url.as_str()).map_err(|error| Problem::internal(&error))?;
    Ok((StatusCode::FOUND, [(header::LOCATION, place)]).into_response())
}

fn accepts_json(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|kind| {
        kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
    })
}

/// What stops a connection before it begins.
fn refuse(error: ConnectError) -> Problem {
    match error {
        ConnectError::NoSuchCar => OwnCar::none(),
        ConnectError::PlanLimit { allowed } => plan_limit(allowed),
        ConnectError::ReturnTo => {
            let detail = "`returnTo` has to be an address of Carvetka's own, or a path that begins with `/`.";
            Problem::new(Code::InvalidParameter, detail).at_field("returnTo")
        }
        ConnectError::Store(error) => error.into(),
        error @ ConnectError::Client(_) => not_set_up().because(&error),
        error @ ConnectError::Vault(_) => Problem::internal(&error),
    }
}

fn plan_limit(allowed: i64) -> Problem {
    let cars =
        if allowed == 1 { "one connected car".to_owned() } else { format!("{allowed} connected cars") };
    let detail = format!(
        "Your plan has room for {cars}. Disconnect another one, or choose a larger plan, and try again."
    );
    Problem::new(Code::PlanLimit, detail)
}
