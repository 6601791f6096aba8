//! What a delivery said about one vehicle, in our own words.

use std::fmt;

use chrono::{DateTime, Utc};
use domain::reading::{Reading, Signal, Value};

use crate::moment::Moment;
use crate::signal::Meant;

/// Signals that a rule or a page of ours reads. The platform also reports failures of signals that nobody
/// subscribed to; those mean nothing.
pub const NEEDED: [&str; 23] = [
    Signal::ODOMETER,
    Signal::FUEL_LEVEL,
    Signal::FUEL_AMOUNT,
    Signal::FUEL_RANGE,
    Signal::OIL_LIFE,
    Signal::STATE_OF_CHARGE,
    Signal::BATTERY_RANGE,
    Signal::BATTERY_CAPACITY,
    Signal::IS_CHARGING,
    Signal::CABLE_CONNECTED,
    Signal::CHARGING_STATUS,
    Signal::CHARGE_RATE,
    Signal::ENERGY_ADDED,
    Signal::TIME_TO_COMPLETE,
    Signal::CHARGE_LIMITS,
    Signal::VOLTAGE,
    Signal::WATTAGE,
    Signal::AMPERAGE,
    Signal::LOCATION,
    Signal::IS_LOCKED,
    Signal::TIRES,
    Signal::LOW_VOLTAGE_CHARGE,
    Signal::LOW_VOLTAGE_STATUS,
];

/// All that one delivery says about one vehicle. Nothing of a delivery is lost silently: what is no reading is
/// in one of the other lists.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    pub vehicle: VehicleRef,
    /// In the order of the delivery; the same signal may come twice.
    pub readings: Vec<Reading>,
    /// Values without any time, such as a VIN: they say what is, not when it began.
    pub untimed: Vec<Untimed>,
    pub problems: Vec<Problem>,
    /// Signals that the platform could not read. Never a value, even where the wire repeats an old one.
    pub failed: Vec<FailedSignal>,
    /// Values that came but cannot be right or cannot be understood.
    pub rejected: Vec<Rejected>,
}

impl Report {
    /// Puts one value where it belongs: among the readings if its moment is known.
    pub(crate) fn take(
        &mut self,
        signal: Signal,
        meant: Result<Meant, Why>,
        moment: Result<Option<Moment>, Why>,
    ) {
        match (meant, moment) {
            (Err(why), _) | (_, Err(why)) => self.rejected.push(Rejected { signal, why }),
            (Ok(Meant { value, .. }), Ok(None)) => self.untimed.push(Untimed { signal, value }),
            (Ok(Meant { value, original }), Ok(Some(Moment { at, quality }))) => {
                self.readings.push(Reading { at, signal, value, quality, original });
            }
        }
    }
}

/// Which car, in the platform's words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VehicleRef {
    pub smartcar_vehicle_id: String,
    /// Absent in the v2 and in the plain form. One car may be connected by two users.
    pub smartcar_user_id: Option<String>,
    pub make: Option<String>,
    pub model: Option<String>,
    pub year: Option<i32>,
    /// `BEV`, `PHEV`, `HEV`, `ICE` …, as the platform spells it.
    pub powertrain: Option<String>,
}

/// A value that updates the latest-value view only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untimed {
    pub signal: Signal,
    pub value: Value,
}

/// A signal that the platform could not read, with its `type` and `code`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedSignal {
    pub signal: Signal,
    pub kind: String,
    pub code: Option<String>,
}

/// A value that is not believed.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejected {
    pub signal: Signal,
    pub why: Why,
}

/// Why a value is not believed. Never holds the value itself: it could be a position.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    #[error("the signal has no code")]
    NoCode,
    #[error("the signal is of the group of places, and its code says another")]
    OtherGroup,
    #[error("there is no body")]
    NoBody,
    #[error("there is no value")]
    NoValue,
    #[error("the value is not of the kind that this signal has")]
    WrongKind,
    #[error("the unit {0:?} is unknown for this signal")]
    UnknownUnit(String),
    #[error("without a unit the value may be a fraction or a percentage")]
    AmbiguousPercent,
    #[error("the value is zero")]
    Zero,
    #[error("the value is out of the range of this signal")]
    OutOfRange,
    #[error("the value is one that cars send when they do not know")]
    Sentinel,
    #[error("the place is not on earth")]
    NoPlace,
    #[error("the text is too long")]
    TooLong,
    #[error("the body cannot be read")]
    Unreadable,
    #[error("the moment is in the future")]
    Future,
}

/// Whether a problem came or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemState {
    Raised,
    Resolved,
}

/// A fault that the platform reports about a vehicle or some of its signals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The platform's `type`: `PERMISSION`, `CONNECTED_SERVICES_ACCOUNT`, `VEHICLE_STATE`, …; an open set.
    pub kind: String,
    pub code: Option<String>,
    pub state: ProblemState,
    pub description: Option<String>,
    /// What would cure it: `REAUTHENTICATE`, `CONTACT_SUPPORT`, …; an open set.
    pub resolution: Option<String>,
    /// Where the owner of the car can cure it.
    pub url: Option<String>,
    /// What the platform suggests to tell the owner.
    pub user_message: Option<String>,
    /// Codes of the signals concerned; none means the whole vehicle.
    pub signals: Vec<Signal>,
    /// When it was delivered (a retry is delivered later), else when we received it.
    pub at: DateTime<Utc>,
}

impl Problem {
    /// True for a missing permission that concerns only signals which nobody here reads. The platform asks for
    /// a new consent daily because of those, although the connection works.
    pub fn is_noise(&self) -> bool {
        self.kind == "PERMISSION"
            && !self.signals.is_empty()
            && !self.signals.iter().any(|signal| NEEDED.contains(&signal.as_str()))
    }

    /// True if the connection stays dead until the owner consents again.
    pub fn asks_reauthentication(&self) -> bool {
        let told = match &self.resolution {
            Some(resolution) => resolution == "REAUTHENTICATE",
            None => {
                self.kind == "CONNECTED_SERVICES_ACCOUNT"
                    && matches!(self.code.as_deref(), Some("AUTHENTICATION_FAILED" | "PERMISSION"))
            }
        };
        told && self.state == ProblemState::Raised && !self.is_noise()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(f, "{}/{code}", self.kind),
            None => f.write_str(&self.kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(kind: &str, code: Option<&str>, resolution: Option<&str>, signals: &[&str]) -> Problem {
        Problem {
            kind: kind.to_owned(),
            code: code.map(str::to_owned),
            state: ProblemState::Raised,
            description: None,
            resolution: resolution.map(str::to_owned),
            url: None,
            user_message: None,
            signals: signals.iter().map(|code| Signal::new(code)).collect(),
            at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_missing_permission_matters_only_for_signals_that_somebody_reads() {
        let account = ["vehicleuseraccount-role", "diagnostics-abs"];
        let mixed = ["vehicleuseraccount-role", "odometer-traveleddistance"];
        let table = [
            (problem("PERMISSION", None, Some("REAUTHENTICATE"), &account), true, false),
            (problem("PERMISSION", None, Some("REAUTHENTICATE"), &mixed), false, true),
            (problem("PERMISSION", None, Some("REAUTHENTICATE"), &[]), false, true),
            (problem("COMPATIBILITY", Some("VEHICLE_NOT_CAPABLE"), None, &account), false, false),
        ];
        for (problem, noise, asks) in table {
            assert_eq!((problem.is_noise(), problem.asks_reauthentication()), (noise, asks), "{problem}");
        }
    }

    #[test]
    fn a_dead_account_asks_for_consent_even_if_no_resolution_is_named_and_a_resolved_one_never_does() {
        let mut dead = problem("CONNECTED_SERVICES_ACCOUNT", Some("AUTHENTICATION_FAILED"), None, &[]);
        assert!(dead.asks_reauthentication());
        dead.state = ProblemState::Resolved;
        assert!(!dead.asks_reauthentication());

        let other = problem("CONNECTED_SERVICES_ACCOUNT", Some("SUBSCRIPTION"), None, &[]);
        assert!(!other.asks_reauthentication());
    }
}
