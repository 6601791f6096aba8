//! The way back from Smartcar's consent pages: every end of it is a page that says what happened and what to do, or,
//! where all is well, the way back into Carvetka.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use connections::{Callback, ConnectError, Connected, Origins, Outcome, StateTrouble};
use runtime::clock;
use serde_json::json;
use url::Url;

use crate::binding::Binding;
use crate::page::{Page, Report};
use crate::problem::{Answer, Code, Problem};
use crate::words::{self, Words};
use crate::{App, metric};

/// What Smartcar sends a browser back to. Needs no token: what it brings is proven by the state that we gave, by the
/// cookie of the browser that began it, and by asking Smartcar.
#[utoipa::path(get, path = "/api/smartcar/callback", tag = "smartcar", operation_id = "callback",
    params(
        ("state" = Option<String>, Query), ("code" = Option<String>, Query), ("user_id" = Option<String>, Query),
        ("external_id" = Option<String>, Query), ("vehicle_id" = Option<String>, Query),
        ("error" = Option<String>, Query), ("error_description" = Option<String>, Query),
        ("vin" = Option<String>, Query), ("make" = Option<String>, Query), ("model" = Option<String>, Query),
        ("year" = Option<String>, Query),
    ),
    responses(
        (status = 200, description = "A page that says what happened", body = String, content_type = "text/html"),
        (status = 303, description = "Connected; back into Carvetka"),
        (status = 400, description = "A page: the state is not good", body = String, content_type = "text/html"),
        (status = 402, description = "A page: the plan allows no further car", body = String, content_type = "text/html"),
        (status = 409, description = "A page: another car or person has this vehicle", body = String, content_type = "text/html"),
        (status = 500, description = "A page: our fault", body = String, content_type = "text/html"),
        (status = 501, description = "Not set up"),
        (status = 502, description = "A page: Smartcar's fault", body = String, content_type = "text/html"),
        (status = 503, description = "A page: try again", body = String, content_type = "text/html"),
    ))]
pub async fn callback(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Answer<Response> {
    let connections = app.connections()?.clone();
    // Twice the same parameter, or bytes that are no text: nothing that Smartcar sends.
    let callback = Query::<Callback>::try_from_uri(&uri).map(|Query(callback)| callback).unwrap_or_default();
    let binding = Binding::of_state(callback.state.as_deref().unwrap_or_default(), app.site.is_secure);
    let browser = binding.find(&headers);
    let done =
        app.to_its_end(
            async move { connections.connect_vehicle(callback, browser.as_ref(), clock::now()).await },
        );
    let mut response = match done.await? {
        Ok(connected) => show(&app, connected),
        Err(error) => fail(&app, error),
    };
    if let Ok(cookie) = binding.clear() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Back into Carvetka where all is well and there is a page to go to; to the page that opened a popup; else a page.
fn show(app: &App, connected: Connected) -> Response {
    let Connected { origins, outcome } = connected;
    let words = words::of(&outcome);
    metric::callback(words.outcome);
    let return_to = origins.as_ref().and_then(|origins| origins.return_to.as_deref());
    let return_to =
        return_to.and_then(|address| app.site.own(address)).map(|address| marked(address, &words));
    let is_popup = origins.as_ref().is_some_and(|origins| origins.popup);
    if let (Outcome::Connected { .. }, Some(address), false) = (&outcome, &return_to, is_popup) {
        return see(address);
    }
    let report = origins.as_ref().filter(|_| is_popup).map(|origins| report(app, origins, &words));
    let back = return_to.or_else(|| app.site.home());
    page(words, back, report).into_response()
}

/// What kept us from finishing is ours to mend; the person is told to begin again.
fn fail(app: &App, error: ConnectError) -> Response {
    let (words, problem) = match error {
        ConnectError::NoSuchCar => (words::of(&Outcome::CarGone), None),
        ConnectError::PlanLimit { allowed } => (words::of(&Outcome::PlanLimit { allowed }), None),
        ConnectError::ReturnTo => (words::of(&Outcome::State(StateTrouble::Forged)), None),
        ConnectError::Store(error) => {
            let problem = Problem::from(error);
            let is_ours = problem.code == Code::Internal;
            (if is_ours { words::of(&Outcome::OurFault) } else { words::try_again() }, Some(problem))
        }
        error @ (ConnectError::Client(_) | ConnectError::Vault(_)) => {
            (words::of(&Outcome::OurFault), Some(Problem::internal(&error)))
        }
    };
    metric::callback(words.outcome);
    let mut response = page(words, app.site.home(), None).into_response();
    if let Some(problem) = problem {
        // For the log; the page stays a page.
        response.extensions_mut().insert(problem);
    }
    response
}

fn page(words: Words, back: Option<Url>, report: Option<Report>) -> Page {
    let Words { outcome: _, status, title, text } = words;
    let back = back.map(|address| (address, "Back to Carvetka"));
    Page { status, language: "en", title, text, button: None, back, report }
}

/// What happened, for the page that people come back to.
fn marked(mut address: Url, words: &Words) -> Url {
    address.query_pairs_mut().append_pair("smartcar", words.outcome);
    address
}

fn report(app: &App, origins: &Origins, words: &Words) -> Report {
    let message = json!({ "type": "carvetka:smartcar", "outcome": words.outcome, "carId": origins.car_id });
    // The page that the person came from, if it is known; else each page of Carvetka's, one of which it is.
    let own = origins.return_to.as_deref().and_then(|address| app.site.own(address));
    let heard_by = match own {
        Some(address) => vec![address.origin().ascii_serialization()],
        None => app.site.origins().map(str::to_owned).collect(),
    };
    Report { message, origins: heard_by }
}

fn see(address: &Url) -> Response {
    match HeaderValue::from_str(address.as_str()) {
        Ok(place) => (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response(),
        Err(error) => Problem::internal(&error).into_response(),
    }
}
