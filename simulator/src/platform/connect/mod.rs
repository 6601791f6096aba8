//! Connect: the pages on which a person chooses a brand, signs in and allows, or does not, as plain forms
//! that a browser and a test can fill in.

mod accounts;
mod link;
mod pages;

use std::collections::BTreeSet;

use axum::extract::{Path, Query, State};
use axum::response::Response;
use url::Url;

use super::connections::Mode;
use super::permissions::Asked;
use super::tokens::Grant;
use super::{Platform, answer};
use crate::wire::ErrorKind;
use accounts::{Account, Failure, Login};
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

    /// What a form leads to. A form of another page than the one that was shown shows that page again.
    fn advance(&self, visit: &Visit, form: &Form) -> Next {
        if form.get("step") == Some("exit") {
            return Next::Back(fail(&visit.link, Failure::Returned, &[]));
        }
        match (&visit.step, form.get("step")) {
            (Step::Brand, Some("brand")) => {
                let make = form.get("make").filter(|make| !make.is_empty()).map(str::to_owned);
                Next::Page(Step::Login { make, again: false })
            }
            (Step::Login { make, again: _ }, Some("login")) => self.sign_in(visit, make.as_deref(), form),
            (Step::Consent(account), Some("consent")) => self.decide(&visit.link, account, form),
            (Step::Incompatible, Some("incompatible")) => {
                Next::Back(fail(&visit.link, Failure::VehicleIncompatible, &self.incompatible(form)))
            }
            (step, _) => Next::Page(step.clone()),
        }
    }

    fn sign_in(&self, visit: &Visit, make: Option<&str>, form: &Form) -> Next {
        let given = |name| form.get(name).unwrap_or_default();
        match accounts::sign_in(self.fleet(), make, given("username"), given("password")) {
            Login::Wrong => Next::Page(Step::Login { make: make.map(str::to_owned), again: true }),
            Login::Fails(Failure::VehicleIncompatible) => Next::Page(Step::Incompatible),
            Login::Fails(failure) => Next::Back(fail(&visit.link, failure, &[])),
            Login::Welcome(account) => match &visit.link.purpose {
                Purpose::Authorize { single, .. } => self.choose(&visit.link, single, account),
                Purpose::Reauthenticate { vehicle_id, tells_vehicle } => {
                    self.signed_in_again(&visit.link, vehicle_id, *tells_vehicle, &account)
                }
            },
        }
    }

    fn choose(&self, link: &Link, single: &Single, account: Account) -> Next {
        let wanted = |number: &usize| match single {
            Single::Vin(vin) => self.fleet()[*number].vin.eq_ignore_ascii_case(vin),
            Single::Several | Single::One => true,
        };
        let cars: Vec<usize> = account.cars.into_iter().filter(wanted).collect();
        if cars.is_empty() {
            return Next::Back(fail(link, Failure::NoVehicles, &[]));
        }
        Next::Page(Step::Consent(Account { cars, ..account }))
    }

    fn decide(&self, link: &Link, account: &Account, form: &Form) -> Next {
        let Purpose::Authorize { asked, single, .. } = &link.purpose else {
            return Next::Page(Step::Consent(account.clone()));
        };
        if form.get("decision") != Some("allow") {
            return Next::Back(fail(link, Failure::AccessDenied, &[]));
        }
        let is_chosen = |number: &usize| {
            let id = &self.fleet()[*number].smartcar_vehicle_id;
            form.all("vehicle").any(|chosen| chosen == id)
        };
        let cars: Vec<usize> = account.cars.iter().copied().filter(is_chosen).collect();
        if cars.is_empty() || (*single != Single::Several && cars.len() > 1) {
            return Next::Page(Step::Consent(account.clone()));
        }
        let is_allowed = |asked: &&Asked| asked.required || form.all("scope").any(|name| name == asked.name);
        let allowed = asked.iter().filter(is_allowed).map(|asked| asked.name.clone()).collect();
        Next::Back(self.consent(link, account, &cars, &allowed))
    }

    /// Connects the cars; tells where the person goes with that.
    fn consent(&self, link: &Link, account: &Account, cars: &[usize], allowed: &BTreeSet<String>) -> String {
        let Purpose::Authorize { response, mode, .. } = &link.purpose else {
            return link.redirect_uri.clone();
        };
        let vehicle_ids =
            cars.iter().map(|&number| self.fleet()[number].smartcar_vehicle_id.clone()).collect();
        self.connect(account, cars, allowed, *mode, link.external_id.as_deref());
        let grant = Grant { user_id: account.user_id.clone(), vehicle_ids };
        let now = self.now();
        match response {
            link::Response::Code => {
                let code = self.registry().tokens.code(grant, &link.redirect_uri, now);
                back(link, &[("code", &code)])
            }
            link::Response::None => {
                let user = ("user_id", account.user_id.as_str());
                match link.external_id.as_deref() {
                    Some(external_id) => back(link, &[user, ("external_id", external_id)]),
                    None => back(link, &[user]),
                }
            }
        }
    }

    fn connect(
        &self,
        account: &Account,
        cars: &[usize],
        allowed: &BTreeSet<String>,
        mode: Mode,
        external_id: Option<&str>,
    ) {
        let now = self.now();
        for &number in cars {
            let car = &self.fleet()[number];
            let user = account.user_id.clone();
            let is_new = self.registry().connect(number, car, user, allowed.clone(), mode, now);
            if is_new {
                self.introduce(number, &account.user_id);
            }
        }
        if let Some(external_id) = external_id {
            self.registry().connections.name_user(&account.user_id, external_id);
        }
    }

    /// The person has signed in for a vehicle again: what was broken by the old password is whole.
    fn signed_in_again(&self, link: &Link, vehicle_id: &str, tells: bool, account: &Account) -> Next {
        let is_theirs = self.registry().connections.of(&account.user_id, vehicle_id).is_some();
        if !is_theirs {
            return Next::Back(fail(link, Failure::NoVehicles, &[]));
        }
        self.0.faults.change(|faults| {
            if faults.broken.get(vehicle_id) == Some(&ErrorKind::AuthenticationFailed) {
                faults.broken.remove(vehicle_id);
            }
        });
        if let Some(external_id) = &link.external_id {
            self.registry().connections.name_user(&account.user_id, external_id);
        }
        Next::Back(if tells { back(link, &[("vehicle_id", vehicle_id)]) } else { back(link, &[]) })
    }

    /// Which vehicle it was, if the person allows that to be told.
    fn incompatible(&self, form: &Form) -> Vec<(&'static str, String)> {
        let shared = self.fleet().first().filter(|_| form.get("share") == Some("yes"));
        shared.map_or_else(Vec::new, |car| {
            vec![
                ("vin", car.vin.clone()),
                ("make", car.make.clone()),
                ("model", car.model.clone()),
                ("year", car.year.to_string()),
            ]
        })
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
