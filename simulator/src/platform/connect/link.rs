//! The links that open Connect: what they ask for, and why one is refused before anything is shown.

use std::collections::HashMap;

use crate::platform::application::Application;
use crate::platform::connections::Mode;
use crate::platform::permissions::{self, Asked};

/// What a person comes for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub purpose: Purpose,
    pub redirect_uri: String,
    pub state: Option<String>,
    /// What the application calls the person.
    pub external_id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    Authorize {
        response: Response,
        asked: Vec<Asked>,
        mode: Mode,
        make: Option<String>,
        single: Single,
    },
    /// To sign in again for a vehicle.
    Reauthenticate {
        vehicle_id: String,
        tells_vehicle: bool,
    },
}

/// What the person is sent back with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Response {
    /// v2: a code.
    Code,
    /// v3: no code; the redirect names the user.
    None,
}

/// How many vehicles may be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Single {
    Several,
    One,
    /// Only the one with this VIN.
    Vin(String),
}

/// A link that shows an error page of the platform and leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Invalid parameter {0}")]
pub struct Refused(pub &'static str);

/// The parameters of a link, each once.
pub type Parameters = HashMap<String, String>;

/// Reads `/oauth/authorize?…`.
pub fn authorize(parameters: &Parameters, application: &Application) -> Result<Link, Refused> {
    let given = |name: &str| parameters.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let response = match given("response_type") {
        Some("code") => Response::Code,
        Some("none") => Response::None,
        Some(_) | None => return Err(Refused("response_type")),
    };
    if !matches!(given("approval_prompt"), None | Some("auto" | "force")) {
        return Err(Refused("approval_prompt"));
    }
    let scope = given("scope").map_or_else(|| application.default_permissions.join(" "), str::to_owned);
    let single = match (given("single_select"), given("single_select_vin")) {
        (Some("true"), Some(vin)) => Single::Vin(vin.to_owned()),
        (Some("true"), None) => Single::One,
        (Some("false") | None, _) => Single::Several,
        (Some(_), _) => return Err(Refused("single_select")),
    };
    let purpose = Purpose::Authorize {
        response,
        asked: permissions::asked(&scope).map_err(|_| Refused("scope"))?,
        mode: Mode::parse(given("mode").unwrap_or("live")).ok_or(Refused("mode"))?,
        // A VIN says the make, so it wins.
        make: given("make").filter(|_| !matches!(single, Single::Vin(_))).map(str::to_owned),
        single,
    };
    common(parameters, application, purpose)
}

/// Reads `/oauth/reauthenticate?…`.
pub fn reauthenticate(parameters: &Parameters, application: &Application) -> Result<Link, Refused> {
    let given = |name: &str| parameters.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let tells_vehicle = match given("response_type") {
        Some("vehicle_id") => true,
        Some("none") => false,
        Some(_) | None => return Err(Refused("response_type")),
    };
    let vehicle_id = given("vehicle_id").ok_or(Refused("vehicle_id"))?.to_owned();
    common(parameters, application, Purpose::Reauthenticate { vehicle_id, tells_vehicle })
}

fn common(parameters: &Parameters, application: &Application, purpose: Purpose) -> Result<Link, Refused> {
    let given = |name: &str| parameters.get(name).map(String::as_str);
    let client_id = given("client_id").filter(|client_id| application.is_known_to_connect(client_id));
    client_id.ok_or(Refused("client_id"))?;
    let redirect_uri = application.redirect_uri(given("redirect_uri")).ok_or(Refused("redirect_uri"))?;
    Ok(Link {
        purpose,
        redirect_uri: redirect_uri.to_owned(),
        state: given("state").map(str::to_owned),
        external_id: given("external_id").or(given("user")).map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACK: &str = "https://carvetka.example/back";

    fn read(changes: &[(&str, &str)]) -> Result<Link, Refused> {
        let mut parameters: Parameters =
            [("client_id", Application::CLIENT_ID), ("response_type", "code"), ("redirect_uri", BACK)]
                .into_iter()
                .chain(changes.iter().copied())
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
        parameters.retain(|_, value| value != "absent");
        authorize(&parameters, &Application::new(BACK))
    }

    #[test]
    fn a_link_that_is_wrong_leads_nowhere() {
        for (name, value) in [
            ("client_id", "somebody"),
            ("client_id", "absent"),
            ("redirect_uri", "https://evil.example"),
            ("redirect_uri", ""),
            ("response_type", "token"),
            ("response_type", "absent"),
            ("scope", "read_minds"),
            ("mode", "dream"),
            ("single_select", "perhaps"),
            ("approval_prompt", "never"),
        ] {
            assert_eq!(read(&[(name, value)]), Err(Refused(name)), "{value}");
        }
    }

    #[test]
    fn a_link_says_what_it_asks_for() {
        let link = read(&[
            ("scope", "read_odometer required:read_vin"),
            ("state", "s t"),
            ("mode", "simulated"),
            ("make", "SKODA"),
            ("single_select", "true"),
            ("user", "anna"),
            ("redirect_uri", "absent"),
        ])
        .unwrap();
        assert_eq!((link.redirect_uri.as_str(), link.state.as_deref()), (BACK, Some("s t")));
        assert_eq!(link.external_id.as_deref(), Some("anna"));
        let Purpose::Authorize { response, asked, mode, make, single } = link.purpose else { panic!() };
        assert_eq!((response, mode, single), (Response::Code, Mode::Simulated, Single::One));
        assert_eq!((asked.len(), make.as_deref()), (2, Some("SKODA")));
    }

    #[test]
    fn a_vin_wins_over_a_make() {
        let link =
            read(&[("single_select", "true"), ("single_select_vin", "V1"), ("make", "SKODA")]).unwrap();
        let Purpose::Authorize { make, single, .. } = link.purpose else { panic!() };
        assert_eq!((make, single), (None, Single::Vin("V1".to_owned())));
    }

    #[test]
    fn without_a_scope_the_dashboard_decides() {
        let Purpose::Authorize { asked, .. } = read(&[]).unwrap().purpose else { panic!() };
        assert_eq!(asked.len(), permissions::READ.len());
    }
}
