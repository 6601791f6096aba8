//! What each page of Connect leads to: the next one, or back to the application with what was decided.

use std::collections::BTreeSet;

use super::accounts::{self, Account, Failure, Login};
use super::link::{self, Link, Purpose, Single};
use super::{Form, Next, Step, Visit, back, fail};
use crate::platform::Platform;
use crate::platform::connections::Mode;
use crate::platform::permissions::Asked;
use crate::platform::tokens::Grant;
use crate::wire::ErrorKind;

impl Platform {
    /// What a form leads to. A form of another page than the one that was shown shows that page again.
    pub(super) fn advance(&self, visit: &Visit, form: &Form) -> Next {
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
    pub(super) fn consent(
        &self,
        link: &Link,
        account: &Account,
        cars: &[usize],
        allowed: &BTreeSet<String>,
    ) -> String {
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
