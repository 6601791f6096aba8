//! The errors of `VEHICLE_ERROR` deliveries, with the platform's texts in our own words.

use serde::Serialize;

use super::names::{self, SignalName};

/// An error of a vehicle that was raised, or is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VehicleError {
    pub kind: ErrorKind,
    pub state: ErrorState,
    /// The signals that it is about; none: the whole vehicle.
    pub signals: Vec<SignalName>,
}

/// The errors that the stand-in raises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The car does not answer.
    Unreachable,
    /// The person has to sign in again.
    AuthenticationFailed,
    /// The person's contract with the maker is over.
    SubscriptionEnded,
    /// A permission is missing.
    PermissionMissing,
}

/// Whether an error begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ErrorState {
    #[serde(rename = "ERROR")]
    Raised,
    Resolved,
}

impl VehicleError {
    /// The false alarm that live applications get every day: permissions missing for signals that nobody
    /// reads.
    pub fn noise() -> Self {
        Self {
            kind: ErrorKind::PermissionMissing,
            state: ErrorState::Raised,
            signals: vec![names::PERMISSIONS, names::ROLE],
        }
    }

    pub(super) fn on_wire(&self) -> OnWire {
        let words = self.kind.words();
        let raised = self.state == ErrorState::Raised;
        OnWire {
            r#type: words.kind,
            code: words.code,
            description: words.description,
            // What is resolved needs no resolution.
            doc_url: raised.then(|| {
                let page = words.kind.to_lowercase().replace('_', "-");
                let anchor = words
                    .code
                    .map_or_else(|| "null".to_owned(), |code| code.to_lowercase().replace('_', "-"));
                format!("https://smartcar.com/docs/errors/api-errors/{page}-errors#{anchor}")
            }),
            resolution: raised.then_some(Resolution { r#type: words.resolution }),
            suggested_user_message: words.user_message.filter(|_| raised),
            state: self.state,
            signals: (!self.signals.is_empty()).then(|| self.signals.iter().map(SignalRef::from).collect()),
        }
    }
}

struct Words {
    kind: &'static str,
    code: Option<&'static str>,
    description: &'static str,
    resolution: Option<&'static str>,
    user_message: Option<&'static str>,
}

impl ErrorKind {
    const fn words(self) -> Words {
        match self {
            Self::Unreachable => Words {
                kind: "VEHICLE_STATE",
                code: Some("UNREACHABLE"),
                description: "The vehicle did not answer in time.",
                resolution: None,
                user_message: Some("Your car cannot be reached. Park it where it has reception."),
            },
            Self::AuthenticationFailed => Words {
                kind: "CONNECTED_SERVICES_ACCOUNT",
                code: Some("AUTHENTICATION_FAILED"),
                description: "The user has to sign in to the vehicle's account again.",
                resolution: Some("REAUTHENTICATE"),
                user_message: Some("Please connect your car again."),
            },
            Self::SubscriptionEnded => Words {
                kind: "CONNECTED_SERVICES_ACCOUNT",
                code: Some("SUBSCRIPTION"),
                description: "The subscription of the vehicle's connected services has ended.",
                resolution: None,
                user_message: Some("Your contract for connected services has ended."),
            },
            Self::PermissionMissing => Words {
                kind: "PERMISSION",
                code: None,
                description: "The application lacks the permission for this data.",
                resolution: Some("REAUTHENTICATE"),
                user_message: None,
            },
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OnWire {
    r#type: &'static str,
    code: Option<&'static str>,
    description: &'static str,
    #[serde(rename = "docURL", skip_serializing_if = "Option::is_none")]
    doc_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolution: Option<Resolution>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suggested_user_message: Option<&'static str>,
    state: ErrorState,
    #[serde(skip_serializing_if = "Option::is_none")]
    signals: Option<Vec<SignalRef>>,
}

#[derive(Serialize)]
struct Resolution {
    r#type: Option<&'static str>,
}

#[derive(Serialize)]
struct SignalRef {
    name: &'static str,
    group: &'static str,
    code: &'static str,
}

impl From<&SignalName> for SignalRef {
    fn from(&SignalName { code, name, group }: &SignalName) -> Self {
        Self { name, group, code }
    }
}
