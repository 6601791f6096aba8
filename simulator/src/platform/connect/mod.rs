//! Connect: the pages on which a person chooses a brand, signs in and allows, or does not, as plain forms
//! that a browser and a test can fill in.

mod accounts;
mod journey;
mod link;
mod pages;

use axum::extract::{Path, Query, State};
use axum::response::Response;
use url::Url;

use super::{Platform, answer};
use accounts::{Account, Failure};
use link::{Link, Parameters, Purpose, Refused, Single};

/// One person's way through the pages.
#[derive(Debug, Clone)]
pub struct Visit {
    link: Link,
    step: Step,
}

/// The page that the person sees.
#[derive(Debug, Clone)]
enum Step {
    Brand,
    Login {
        make: Option<String>,
        again: bool,
    },
    Consent(Account),
    /// The car cannot be connected; may the application know which it was?
    Incompatible,
}

/// `GET /oauth/authorize`
pub async fn authorize(State(platform): State<Platform>, Query(parameters): Query<Parameters>) -> Response {
    match link::authorize(&parameters, platform.application()) {
        Ok(link) => {
            let auto = parameters.get("auto").filter(|_| platform.0.auto_login);
            platform.welcome(link, auto.map(String::as_str))
        }
        Err(refused) => refuse(refused),
    }
}

/// `GET /oauth/reauthenticate`
pub async fn reauthenticate(
    State(platform): State<Platform>,
    Query(parameters): Query<Parameters>,
) -> Response {
    match link::reauthenticate(&parameters, platform.application()) {
        Ok(link) => {
            let auto = parameters.get("auto").filter(|_| platform.0.auto_login);
            platform.welcome(link, auto.map(String::as_str))
        }
        Err(refused) => refuse(refused),
    }
}

/// `GET /connect/{visit}`
pub async fn show(State(platform): State<Platform>, Path(visit): Path<String>) -> Response {
    let found = platform.registry().visit(&visit).cloned();
    found.map_or_else(over, |found| platform.page(&visit, &found))
}

/// `POST /connect/{visit}`
pub async fn answer(State(platform): State<Platform>, Path(id): Path<String>, body: String) -> Response {
    let Some(visit) = platform.registry().visit(&id).cloned() else {
        return over();
    };
    let form = Form::parse(&body);
    match platform.advance(&visit, &form) {
        Next::Page(step) => {
            let visit = Visit { step, ..visit };
            if let Some(known) = platform.registry().visit(&id) {
                known.clone_from(&visit);
            }
            platform.page(&id, &visit)
        }
        Next::Back(to) => {
            platform.registry().close_visit(&id);
            answer::redirect(&to)
        }
    }
}

/// What follows a form.
enum Next {
    Page(Step),
    /// Back to the application.
    Back(String),
}

/// A form as it was sent; names may repeat.
struct Form(Vec<(String, String)>);

impl Form {
    fn parse(body: &str) -> Self {
        Self(url::form_urlencoded::parse(body.as_bytes()).into_owned().collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.as_str())
    }
}

fn refuse(refused: Refused) -> Response {
    answer::page(400, pages::refused(refused))
}

fn over() -> Response {
    answer::page(404, pages::over())
}

impl Platform {
    fn welcome(&self, link: Link, auto: Option<&str>) -> Response {
        let step = match &link.purpose {
            Purpose::Authorize { make: None, single: Single::Several | Single::One, .. } => Step::Brand,
            Purpose::Authorize { make, .. } => Step::Login { make: make.clone(), again: false },
            Purpose::Reauthenticate { .. } => Step::Login { make: None, again: false },
        };
        let visit = Visit { link, step };
        if let Some(login) = auto {
            return self.at_once(&visit, login);
        }
        let id = self.registry().open_visit(visit);
        answer::redirect(&format!("/connect/{id}"))
    }

    /// The whole way without a page, for those who asked for it.
    fn at_once(&self, visit: &Visit, login: &str) -> Response {
        let make = match &visit.link.purpose {
            Purpose::Authorize { make, .. } => make.clone(),
            Purpose::Reauthenticate { .. } => None,
        };
        let fields = [("step", "login"), ("username", login), ("password", "any")];
        let form = Form(fields.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec());
        let signed_in = Visit { step: Step::Login { make, again: false }, ..visit.clone() };
        match self.advance(&signed_in, &form) {
            Next::Back(to) => answer::redirect(&to),
            Next::Page(Step::Consent(account)) => {
                let Purpose::Authorize { asked, single, .. } = &visit.link.purpose else {
                    return over();
                };
                let most = if *single == Single::Several { usize::MAX } else { 1 };
                let cars: Vec<usize> = account.cars.iter().copied().take(most).collect();
                let allowed = asked.iter().map(|asked| asked.name.clone()).collect();
                answer::redirect(&self.consent(&visit.link, &account, &cars, &allowed))
            }
            Next::Page(Step::Incompatible) => {
                answer::redirect(&fail(&visit.link, Failure::VehicleIncompatible, &[]))
            }
            Next::Page(Step::Brand | Step::Login { .. }) => {
                answer::redirect(&fail(&visit.link, Failure::AccessDenied, &[]))
            }
        }
    }

    fn page(&self, id: &str, visit: &Visit) -> Response {
        let html = match &visit.step {
            Step::Brand => pages::brand(id, self.fleet()),
            Step::Login { make, again } => pages::login(id, make.as_deref(), *again),
            Step::Consent(account) => pages::consent(id, &visit.link, account, self.fleet()),
            Step::Incompatible => pages::incompatible(id),
        };
        answer::page(200, html)
    }
}

/// Back to the application with an error.
fn fail(link: &Link, failure: Failure, more: &[(&'static str, String)]) -> String {
    let error = [("error", failure.as_str()), ("error_description", failure.description())];
    let more = more.iter().map(|(name, value)| (*name, value.as_str()));
    back(link, &error.into_iter().chain(more).collect::<Vec<_>>())
}

/// Back to the application with these parameters, and its own `state`.
fn back(link: &Link, parameters: &[(&str, &str)]) -> String {
    let Ok(mut url) = Url::parse(&link.redirect_uri) else {
        return link.redirect_uri.clone();
    };
    {
        let mut query = url.query_pairs_mut();
        query.extend_pairs(parameters);
        if let Some(state) = &link.state {
            query.append_pair("state", state);
        }
    }
    let mut url = url.to_string();
    // Where nothing was added, no question is left.
    if url.ends_with('?') {
        url.pop();
    }
    url
}
