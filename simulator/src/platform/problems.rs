//! Every error of the platform: type and code with the status, the way out, and words of our own. The table
//! is the platform's, as its pages and captures of 2025 and 2026 have it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The `type` of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Kind {
    Authentication,
    Permission,
    Validation,
    ConnectedServicesAccount,
    ResourceNotFound,
    VehicleState,
    RateLimit,
    Billing,
    Server,
    Compatibility,
    Upstream,
}

impl Kind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authentication => "AUTHENTICATION",
            Self::Permission => "PERMISSION",
            Self::Validation => "VALIDATION",
            Self::ConnectedServicesAccount => "CONNECTED_SERVICES_ACCOUNT",
            Self::ResourceNotFound => "RESOURCE_NOT_FOUND",
            Self::VehicleState => "VEHICLE_STATE",
            Self::RateLimit => "RATE_LIMIT",
            Self::Billing => "BILLING",
            Self::Server => "SERVER",
            Self::Compatibility => "COMPATIBILITY",
            Self::Upstream => "UPSTREAM",
        }
    }
}

/// An error that is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub kind: Kind,
    pub code: Option<String>,
    pub retry_after_seconds: Option<u64>,
    /// Where the way out begins, for some of them.
    pub resolution_url: Option<String>,
    /// What is wrong with which field, for `VALIDATION`.
    pub field: Option<&'static str>,
}

/// A line of the table: code, status, type of the resolution, words.
type Line = (Option<&'static str>, u16, Option<&'static str>, &'static str);

impl Problem {
    pub fn new(kind: Kind, code: Option<&str>) -> Self {
        let code = code.map(str::to_owned);
        Self { kind, code, retry_after_seconds: None, resolution_url: None, field: None }
    }

    /// A car that cannot do this, ever.
    pub fn not_capable() -> Self {
        Self::new(Kind::Compatibility, Some("VEHICLE_NOT_CAPABLE"))
    }

    pub fn validation(field: &'static str) -> Self {
        Self { field: Some(field), ..Self::new(Kind::Validation, None) }
    }

    #[must_use]
    pub fn after(self, seconds: u64) -> Self {
        Self { retry_after_seconds: Some(seconds), ..self }
    }

    #[must_use]
    pub fn at(self, url: String) -> Self {
        Self { resolution_url: Some(url), ..self }
    }

    pub fn status(&self) -> u16 {
        self.line().1
    }

    pub fn description(&self) -> &'static str {
        self.line().3
    }

    pub fn resolution(&self) -> Option<&'static str> {
        self.line().2
    }

    /// The body of API v2.0.
    pub fn body(&self, request_id: &str) -> Value {
        let (_, status, resolution, description) = self.line();
        let mut body = json!({
            "type": self.kind,
            "code": self.code,
            "description": description,
            "docURL": self.page(),
            "statusCode": status,
            "requestId": request_id,
            "resolution": { "type": resolution },
        });
        if let Some(url) = &self.resolution_url {
            body["resolution"]["url"] = json!(url);
        }
        if let Some(field) = self.field {
            body["detail"] = json!([{ "field": [field], "message": format!("\"{field}\" is not valid") }]);
        }
        if let Some(message) = self.for_people() {
            body["suggestedUserMessage"] = json!(message);
        }
        body
    }

    /// The page of the documentation that explains it.
    pub fn page(&self) -> String {
        let lower = |text: &str| text.to_lowercase().replace('_', "-");
        let code = self.code.as_deref().map_or_else(|| "null".to_owned(), lower);
        format!("https://smartcar.com/docs/errors/api-errors/{}-errors#{code}", lower(self.kind.as_str()))
    }

    fn for_people(&self) -> Option<&'static str> {
        match self.kind {
            Kind::ConnectedServicesAccount => Some("Your car's account needs you. Please sign in again."),
            Kind::RateLimit | Kind::Upstream => Some("Your car cannot be asked now. Please try again later."),
            Kind::VehicleState => Some("Your car cannot do that now."),
            Kind::Authentication
            | Kind::Permission
            | Kind::Validation
            | Kind::ResourceNotFound
            | Kind::Billing
            | Kind::Server
            | Kind::Compatibility => None,
        }
    }

    fn line(&self) -> Line {
        let lines = lines(self.kind);
        let found = lines.iter().find(|(code, ..)| *code == self.code.as_deref());
        // A code that the table does not have is answered as its type is.
        found.or(lines.first()).copied().unwrap_or((None, 500, None, ""))
    }
}

/// Every type and code that the platform's pages name.
pub fn all() -> impl Iterator<Item = (Kind, Option<&'static str>)> {
    let kinds = [
        Kind::Authentication,
        Kind::Permission,
        Kind::Validation,
        Kind::ConnectedServicesAccount,
        Kind::ResourceNotFound,
        Kind::VehicleState,
        Kind::RateLimit,
        Kind::Billing,
        Kind::Server,
        Kind::Compatibility,
        Kind::Upstream,
    ];
    kinds.into_iter().flat_map(|kind| lines(kind).iter().map(move |(code, ..)| (kind, *code)))
}

const AGAIN: Option<&str> = Some("REAUTHENTICATE");
const LATER: Option<&str> = Some("RETRY_LATER");
const SUPPORT: Option<&str> = Some("CONTACT_SUPPORT");
const ACT: Option<&str> = Some("ACTION_REQUIRED");

const fn lines(kind: Kind) -> &'static [Line] {
    match kind {
        Kind::Authentication => {
            &[(None, 401, None, "The authorization header is missing or its token has expired.")]
        }
        Kind::Permission => {
            &[(None, 403, AGAIN, "The application may not read this. The user has to allow it.")]
        }
        Kind::Validation => &[
            (None, 400, None, "The request is not valid."),
            (Some("PARAMETER"), 400, None, "A parameter of the request is not valid."),
        ],
        Kind::ConnectedServicesAccount => ACCOUNT,
        Kind::ResourceNotFound => &[
            (Some("PATH"), 404, None, "There is nothing under this path."),
            (Some("VERSION"), 404, None, "There is no such version."),
        ],
        Kind::VehicleState => STATE,
        Kind::RateLimit => &[
            (Some("SMARTCAR_API"), 429, LATER, "The application asks too often."),
            (
                Some("VEHICLE"),
                429,
                LATER,
                "This vehicle was asked too often; the header says when to try again.",
            ),
        ],
        Kind::Billing => &[
            (Some("VEHICLE_LIMIT"), 430, SUPPORT, "The plan does not include so many vehicles."),
            (Some("INVALID_PLAN"), 430, SUPPORT, "The plan does not include this."),
            (Some("VEHICLE_REQUEST_LIMIT"), 430, SUPPORT, "The plan's calls for this vehicle are used up."),
            (Some("ACCOUNT_SUSPENDED"), 430, Some("FINANCE"), "The account is suspended."),
        ],
        Kind::Server => &[
            (Some("INTERNAL"), 500, SUPPORT, "Something went wrong on the platform's side."),
            (Some("MULTIPLE_RECORDS_FOUND"), 500, SUPPORT, "There is more than one such record."),
            (Some("RECORD_NOT_FOUND"), 500, SUPPORT, "There is no such record."),
        ],
        Kind::Compatibility => &[
            (Some("MAKE_NOT_COMPATIBLE"), 501, None, "The make cannot be connected."),
            (Some("SMARTCAR_NOT_CAPABLE"), 501, None, "The platform cannot do this for the make yet."),
            (Some("VEHICLE_NOT_CAPABLE"), 501, None, "The vehicle is not capable of this."),
            (Some("PLATFORM_NOT_CAPABLE"), 501, AGAIN, "The maker's old platform is not capable of this."),
        ],
        Kind::Upstream => &[
            (Some("INVALID_DATA"), 502, LATER, "The maker's answer makes no sense."),
            (Some("KNOWN_ISSUE"), 502, LATER, "The maker has a known issue."),
            (Some("NO_RESPONSE"), 502, LATER, "The maker did not answer."),
            (Some("RATE_LIMIT"), 502, LATER, "The maker was asked too often."),
            (Some("UNKNOWN_ISSUE"), 502, LATER, "The maker has an unknown issue."),
        ],
    }
}

const ACCOUNT: &[Line] = &[
    (Some("ACCOUNT_ISSUE"), 400, ACT, "The user has to act in the maker's app."),
    (Some("AUTHENTICATION_FAILED"), 400, AGAIN, "The user has to sign in to the vehicle's account again."),
    (Some("NO_VEHICLES"), 400, ACT, "There are no vehicles in the account."),
    (Some("PERMISSION"), 400, AGAIN, "The user took the permission back in the maker's app."),
    (Some("SUBSCRIPTION"), 400, ACT, "The subscription of the connected services has ended."),
    (Some("VEHICLE_MISSING"), 400, ACT, "The vehicle is no longer in the account."),
    (Some("VIRTUAL_KEY_REQUIRED"), 400, ACT, "The user has to add a virtual key to the vehicle."),
];

/// The type of the resolution is `null` for all of them, also where waiting helps.
const STATE: &[Line] = &[
    (Some("UNKNOWN"), 409, None, "The state of the vehicle cannot be told."),
    (Some("ASLEEP"), 409, None, "The vehicle is asleep."),
    (Some("CHARGE_FAULT"), 409, None, "The charger has a fault."),
    (Some("CHARGING_IN_PROGRESS"), 409, None, "The vehicle is charging already."),
    (Some("CHARGING_PLUG_CONNECTED"), 409, None, "The cable is in."),
    (Some("CHARGING_PLUG_NOT_CONNECTED"), 409, None, "No cable is in."),
    (Some("DOOR_OPEN"), 409, None, "A door is open."),
    (Some("FULLY_CHARGED"), 409, None, "The vehicle is charged."),
    (Some("HOOD_OPEN"), 409, None, "The hood is open."),
    (Some("IGNITION_ON"), 409, None, "The ignition is on."),
    (Some("IN_MOTION"), 409, None, "The vehicle is in motion."),
    (Some("NOT_CHARGING"), 409, None, "The vehicle is not charging."),
    (Some("REMOTE_ACCESS_DISABLED"), 409, None, "Remote access is switched off in the vehicle."),
    (Some("TRUNK_OPEN"), 409, None, "The trunk is open."),
    (Some("UNREACHABLE"), 409, None, "The vehicle does not answer."),
    (Some("VEHICLE_OFFLINE_FOR_SERVICE"), 409, None, "The vehicle is in service."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_alone_does_not_tell_whether_to_try_again() {
        let status = |kind, code| Problem::new(kind, code).status();
        assert_eq!(status(Kind::ConnectedServicesAccount, Some("AUTHENTICATION_FAILED")), 400);
        assert_eq!(status(Kind::Billing, Some("VEHICLE_REQUEST_LIMIT")), 430);
        assert_eq!(status(Kind::Compatibility, Some("VEHICLE_NOT_CAPABLE")), 501);
        assert_eq!(status(Kind::Upstream, Some("RATE_LIMIT")), 502);
        assert_eq!(status(Kind::VehicleState, Some("ASLEEP")), 409);
        // One that is newer than the table.
        assert_eq!(status(Kind::VehicleState, Some("ON_THE_MOON")), 409);
    }

    #[test]
    fn an_error_has_the_fields_that_the_vendors_clients_read() {
        let url = "https://connect.example/again".to_owned();
        let problem = Problem::new(Kind::ConnectedServicesAccount, Some("AUTHENTICATION_FAILED")).at(url);
        let body = problem.body("the-request");
        assert_eq!(body["type"], "CONNECTED_SERVICES_ACCOUNT");
        assert_eq!(body["statusCode"], 400);
        assert_eq!(body["requestId"], "the-request");
        assert_eq!(body["resolution"]["type"], "REAUTHENTICATE");
        assert_eq!(body["resolution"]["url"], "https://connect.example/again");
        assert!(body["docURL"].as_str().unwrap().ends_with("account-errors#authentication-failed"));
        assert!(body["suggestedUserMessage"].is_string());
    }

    #[test]
    fn every_type_and_code_is_in_the_table_once() {
        let all: Vec<_> = all().map(|(kind, code)| (kind.as_str(), code)).collect();
        let once: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!((all.len(), once.len()), (47, 47));
    }
}
