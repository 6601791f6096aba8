//! What to do about each of the platform's errors. Decided by type and code: the class of the HTTP status does not tell
//! (430 and 501 are final, 400 is mostly the owner's business, 409 may pass).

use std::time::Duration;

/// What to do about a call that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// Ask again, but not before this long, and until then nothing else of `who` either. The wait is the platform's own
    /// `Retry-After` where it names one.
    RetryAfter { who: Who, wait: Duration },
    /// The car's state rules it out now. Asking again soon changes nothing; the next regular look may find otherwise.
    Wait,
    /// The token is not accepted: get a new one and ask once more. Then it is [`Advice::Reauthenticate`].
    RefreshTokenOnce,
    /// Only a new consent of the owner helps. Inside of a batch it concerns that signal alone.
    Reauthenticate,
    /// This car will never tell this signal, or never obey this command: stop asking.
    NeverForThisSignal,
    /// The owner has to do something at the car's maker: see the message and the link.
    AskUser,
    /// The plan with the platform is used up or suspended, until its period ends or somebody pays.
    Billing,
    /// What we asked cannot be asked: a fault of ours, or of the set-up. Not to be repeated; a person must look.
    Bug,
}

/// Who has to rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Who {
    /// This one question; others about the same car are welcome.
    Signal,
    /// Everything about this vehicle.
    Vehicle,
    /// The servers of the car's maker are at fault. One such answer concerns the one car; whoever keeps a breaker for a
    /// make counts them.
    Make,
    /// Everything that the application asks of the platform.
    Application,
}

/// The advice, and whether the platform documents the case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decided {
    pub advice: Advice,
    pub known: bool,
}

/// `retry_after` replaces the wait of the table.
pub(super) fn decide(
    kind: &str,
    code: Option<&str>,
    status: Option<u16>,
    resolution: Option<&str>,
    retry_after: Option<Duration>,
) -> Decided {
    let known = documented(kind, code.unwrap_or_default());
    let advice = known.unwrap_or_else(|| guess(kind, status, resolution));
    let advice = match (advice, retry_after) {
        (Advice::RetryAfter { who, .. }, Some(wait)) => Advice::RetryAfter { who, wait },
        (advice, _) => advice,
    };
    Decided { advice, known: known.is_some() }
}

const fn later(who: Who, minutes: u64) -> Advice {
    Advice::RetryAfter { who, wait: Duration::from_secs(minutes * 60) }
}

const HOUR: u64 = 60;
const DAY: u64 = 24 * HOUR;

/// The platform's table of errors, its v3 additions, and the cases of our own under `TRANSPORT`. Half an hour is the
/// shortest interval that the platform advises for looking at a car.
#[expect(clippy::match_same_arms, reason = "the rows of the platform's table, in its order")]
fn documented(kind: &str, code: &str) -> Option<Advice> {
    let advice = match (kind, code) {
        ("AUTHENTICATION", "" | "UNAUTHORIZED") => Advice::RefreshTokenOnce,
        // v3 has UNKNOWN where the webhook has no code at all.
        ("PERMISSION", "" | "UNKNOWN") => Advice::Reauthenticate,
        ("VALIDATION", "" | "PARAMETER" | "INVALID_INPUT_FORMAT")
        | ("RESOURCE_NOT_FOUND", "PATH" | "VERSION") => Advice::Bug,

        ("CONNECTED_SERVICES_ACCOUNT", "AUTHENTICATION_FAILED" | "PERMISSION") => Advice::Reauthenticate,
        (
            "CONNECTED_SERVICES_ACCOUNT",
            "ACCOUNT_ISSUE" | "NO_VEHICLES" | "SUBSCRIPTION" | "VEHICLE_MISSING" | "VIRTUAL_KEY_REQUIRED",
        ) => Advice::AskUser,

        ("VEHICLE_STATE", "IGNITION_ON" | "IN_MOTION") => later(Who::Vehicle, 15),
        // `VS_000`: how version 1 says that the state is unknown.
        ("VEHICLE_STATE", "UNREACHABLE" | "UNKNOWN" | "VS_000") => later(Who::Vehicle, 30),
        // Nobody wakes it: that would cost its small battery.
        ("VEHICLE_STATE", "ASLEEP") => later(Who::Vehicle, HOUR),
        ("VEHICLE_STATE", "VEHICLE_OFFLINE_FOR_SERVICE") => later(Who::Vehicle, 6 * HOUR),
        (
            "VEHICLE_STATE",
            "NOT_CHARGING"
            | "CHARGING_IN_PROGRESS"
            | "CHARGING_PLUG_CONNECTED"
            | "CHARGING_PLUG_NOT_CONNECTED"
            | "FULLY_CHARGED"
            | "CHARGE_FAULT"
            | "DOOR_OPEN"
            | "HOOD_OPEN"
            | "TRUNK_OPEN"
            | "REMOTE_ACCESS_DISABLED",
        ) => Advice::Wait,

        // The bucket fills by two calls a minute.
        ("RATE_LIMIT", "SMARTCAR_API") => later(Who::Application, 5),
        ("RATE_LIMIT", "VEHICLE") => later(Who::Vehicle, 30),
        ("BILLING", "VEHICLE_LIMIT" | "INVALID_PLAN" | "VEHICLE_REQUEST_LIMIT" | "ACCOUNT_SUSPENDED") => {
            Advice::Billing
        }

        ("SERVER", "INTERNAL") => later(Who::Vehicle, 10),
        // What the platform does not know of this car today, it does not know in an hour.
        ("SERVER", "MULTIPLE_RECORDS_FOUND" | "RECORD_NOT_FOUND") => later(Who::Signal, DAY),
        ("COMPATIBILITY", "MAKE_NOT_COMPATIBLE" | "SMARTCAR_NOT_CAPABLE" | "VEHICLE_NOT_CAPABLE") => {
            Advice::NeverForThisSignal
        }
        // The car was connected through an interface that its maker has given up.
        ("COMPATIBILITY", "PLATFORM_NOT_CAPABLE") => Advice::Reauthenticate,
        ("UPSTREAM", "INVALID_DATA") => later(Who::Signal, HOUR),
        ("UPSTREAM", "KNOWN_ISSUE" | "NO_RESPONSE" | "UNKNOWN_ISSUE") => later(Who::Make, 30),
        ("UPSTREAM", "RATE_LIMIT") => later(Who::Make, 6 * HOUR),

        ("OAUTH", "INVALID_GRANT") => Advice::Reauthenticate,
        (
            "OAUTH",
            "INVALID_CLIENT"
            | "INVALID_REQUEST"
            | "INVALID_SCOPE"
            | "UNAUTHORIZED_CLIENT"
            | "UNSUPPORTED_GRANT_TYPE",
        ) => Advice::Bug,
        ("OAUTH", "SERVER_ERROR" | "TEMPORARILY_UNAVAILABLE") | ("TRANSPORT", "CONNECT") => {
            later(Who::Application, 1)
        }

        ("TRANSPORT", "TIMEOUT" | "BROKEN") => later(Who::Vehicle, 10),
        // Somebody answers who is not the platform: a proxy, or a wrong address.
        ("TRANSPORT", "REDIRECT" | "UNREADABLE") => later(Who::Application, 10),
        ("TRANSPORT", "TOO_LARGE" | "FOREIGN") => later(Who::Vehicle, 6 * HOUR),
        ("TRANSPORT", "BAD_ID" | "NOT_CONFIGURED") => Advice::Bug,
        _ => return None,
    };
    Some(advice)
}

/// A pair that nobody documents. Nothing here may tell a person to connect again, or a car never to be asked again,
/// unless the platform says so in so many words: what is unknown passes more often than not.
#[expect(clippy::match_same_arms, reason = "from the most certain to the least")]
fn guess(kind: &str, status: Option<u16>, resolution: Option<&str>) -> Advice {
    match resolution {
        Some("REAUTHENTICATE") => return Advice::Reauthenticate,
        Some("ACTION_REQUIRED" | "USER_ACTION_REQUIRED") => return Advice::AskUser,
        Some("FINANCE") => return Advice::Billing,
        // CONTACT_SUPPORT and RETRY_LATER say nothing about when.
        Some(_) | None => {}
    }
    match (kind, status) {
        ("PERMISSION", _) => Advice::Reauthenticate,
        ("CONNECTED_SERVICES_ACCOUNT", _) => Advice::AskUser,
        ("COMPATIBILITY", _) => Advice::NeverForThisSignal,
        ("BILLING", _) | (_, Some(402 | 430)) => Advice::Billing,
        ("VEHICLE_STATE", _) | (_, Some(409)) => Advice::Wait,
        ("RATE_LIMIT", _) | (_, Some(429)) => later(Who::Application, 5),
        ("UPSTREAM", _) => later(Who::Make, 30),
        ("VALIDATION" | "RESOURCE_NOT_FOUND", _) | ("OAUTH", Some(400..=403)) => Advice::Bug,
        (_, Some(401)) => Advice::RefreshTokenOnce,
        (_, Some(400)) => Advice::Bug,
        // With v3 also a vehicle that no webhook has been subscribed to yet.
        (_, Some(404)) => later(Who::Vehicle, 30),
        (_, Some(403 | 410)) => later(Who::Vehicle, 6 * HOUR),
        (_, Some(501)) => later(Who::Signal, DAY),
        (_, Some(502 | 503)) => later(Who::Application, 2),
        (_, Some(_) | None) => later(Who::Vehicle, 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: &str, code: &str) -> String {
        let decided = decide(kind, (!code.is_empty()).then_some(code), None, None, None);
        assert!(decided.known, "{kind}/{code} is documented");
        short(decided.advice)
    }

    fn guessed(kind: &str, code: &str, status: u16, resolution: Option<&str>) -> String {
        let decided = decide(kind, Some(code), Some(status), resolution, None);
        assert!(!decided.known, "{kind}/{code} is not documented");
        short(decided.advice)
    }

    fn short(advice: Advice) -> String {
        match advice {
            Advice::RetryAfter { who, wait } => format!("{who:?} rests {} min", wait.as_secs() / 60),
            Advice::Wait
            | Advice::RefreshTokenOnce
            | Advice::Reauthenticate
            | Advice::NeverForThisSignal
            | Advice::AskUser
            | Advice::Billing
            | Advice::Bug => format!("{advice:?}"),
        }
    }

    #[test]
    fn every_documented_error_has_its_advice() {
        let table = [
            ("AUTHENTICATION", "", "RefreshTokenOnce"),
            ("PERMISSION", "", "Reauthenticate"),
            ("VALIDATION", "", "Bug"),
            ("VALIDATION", "PARAMETER", "Bug"),
            ("CONNECTED_SERVICES_ACCOUNT", "AUTHENTICATION_FAILED", "Reauthenticate"),
            ("CONNECTED_SERVICES_ACCOUNT", "PERMISSION", "Reauthenticate"),
            ("CONNECTED_SERVICES_ACCOUNT", "ACCOUNT_ISSUE", "AskUser"),
            ("CONNECTED_SERVICES_ACCOUNT", "NO_VEHICLES", "AskUser"),
            ("CONNECTED_SERVICES_ACCOUNT", "SUBSCRIPTION", "AskUser"),
            ("CONNECTED_SERVICES_ACCOUNT", "VEHICLE_MISSING", "AskUser"),
            ("CONNECTED_SERVICES_ACCOUNT", "VIRTUAL_KEY_REQUIRED", "AskUser"),
            ("RESOURCE_NOT_FOUND", "PATH", "Bug"),
            ("RESOURCE_NOT_FOUND", "VERSION", "Bug"),
            ("VEHICLE_STATE", "ASLEEP", "Vehicle rests 60 min"),
            ("VEHICLE_STATE", "UNREACHABLE", "Vehicle rests 30 min"),
            ("VEHICLE_STATE", "IGNITION_ON", "Vehicle rests 15 min"),
            ("VEHICLE_STATE", "IN_MOTION", "Vehicle rests 15 min"),
            ("VEHICLE_STATE", "UNKNOWN", "Vehicle rests 30 min"),
            ("VEHICLE_STATE", "VEHICLE_OFFLINE_FOR_SERVICE", "Vehicle rests 360 min"),
            ("VEHICLE_STATE", "NOT_CHARGING", "Wait"),
            ("VEHICLE_STATE", "CHARGING_IN_PROGRESS", "Wait"),
            ("VEHICLE_STATE", "CHARGING_PLUG_CONNECTED", "Wait"),
            ("VEHICLE_STATE", "CHARGING_PLUG_NOT_CONNECTED", "Wait"),
            ("VEHICLE_STATE", "FULLY_CHARGED", "Wait"),
            ("VEHICLE_STATE", "CHARGE_FAULT", "Wait"),
            ("VEHICLE_STATE", "DOOR_OPEN", "Wait"),
            ("VEHICLE_STATE", "HOOD_OPEN", "Wait"),
            ("VEHICLE_STATE", "TRUNK_OPEN", "Wait"),
            ("VEHICLE_STATE", "REMOTE_ACCESS_DISABLED", "Wait"),
            ("RATE_LIMIT", "SMARTCAR_API", "Application rests 5 min"),
            ("RATE_LIMIT", "VEHICLE", "Vehicle rests 30 min"),
            ("BILLING", "VEHICLE_LIMIT", "Billing"),
            ("BILLING", "INVALID_PLAN", "Billing"),
            ("BILLING", "VEHICLE_REQUEST_LIMIT", "Billing"),
            ("BILLING", "ACCOUNT_SUSPENDED", "Billing"),
            ("SERVER", "INTERNAL", "Vehicle rests 10 min"),
            ("SERVER", "MULTIPLE_RECORDS_FOUND", "Signal rests 1440 min"),
            ("SERVER", "RECORD_NOT_FOUND", "Signal rests 1440 min"),
            ("COMPATIBILITY", "MAKE_NOT_COMPATIBLE", "NeverForThisSignal"),
            ("COMPATIBILITY", "SMARTCAR_NOT_CAPABLE", "NeverForThisSignal"),
            ("COMPATIBILITY", "VEHICLE_NOT_CAPABLE", "NeverForThisSignal"),
            ("COMPATIBILITY", "PLATFORM_NOT_CAPABLE", "Reauthenticate"),
            ("UPSTREAM", "INVALID_DATA", "Signal rests 60 min"),
            ("UPSTREAM", "KNOWN_ISSUE", "Make rests 30 min"),
            ("UPSTREAM", "NO_RESPONSE", "Make rests 30 min"),
            ("UPSTREAM", "UNKNOWN_ISSUE", "Make rests 30 min"),
            ("UPSTREAM", "RATE_LIMIT", "Make rests 360 min"),
            // What v3 adds.
            ("AUTHENTICATION", "UNAUTHORIZED", "RefreshTokenOnce"),
            ("PERMISSION", "UNKNOWN", "Reauthenticate"),
            ("VALIDATION", "INVALID_INPUT_FORMAT", "Bug"),
            // OAuth, by RFC 6749 §5.2.
            ("OAUTH", "INVALID_GRANT", "Reauthenticate"),
            ("OAUTH", "INVALID_CLIENT", "Bug"),
            ("OAUTH", "INVALID_REQUEST", "Bug"),
            ("OAUTH", "TEMPORARILY_UNAVAILABLE", "Application rests 1 min"),
            // No answer at all.
            ("TRANSPORT", "CONNECT", "Application rests 1 min"),
            ("TRANSPORT", "TIMEOUT", "Vehicle rests 10 min"),
            ("TRANSPORT", "REDIRECT", "Application rests 10 min"),
        ];
        for (kind, code, advice) in table {
            assert_eq!(told(kind, code), advice, "{kind}/{code}");
        }
    }

    #[test]
    fn an_error_that_nobody_documents_is_guessed_with_care_and_says_so() {
        let table = [
            ("VEHICLE_STATE", "ON_FIRE", 409, None, "Wait"),
            ("CONNECTED_SERVICES_ACCOUNT", "ACCOUNT_LOCKED", 400, None, "AskUser"),
            ("UPSTREAM", "NEW", 502, None, "Make rests 30 min"),
            ("BILLING", "NEW", 430, None, "Billing"),
            ("HTTP_430", "NEW", 430, None, "Billing"),
            ("HTTP_400", "NEW", 400, None, "Bug"),
            ("HTTP_401", "NEW", 401, None, "RefreshTokenOnce"),
            ("OAUTH", "NEW", 401, None, "Bug"),
            ("HTTP_403", "FORBIDDEN", 403, None, "Vehicle rests 360 min"),
            ("HTTP_403", "FORBIDDEN", 403, Some("REAUTHENTICATE"), "Reauthenticate"),
            ("HTTP_400", "NEW", 400, Some("ACTION_REQUIRED"), "AskUser"),
            ("HTTP_404", "NOT_FOUND", 404, None, "Vehicle rests 30 min"),
            ("HTTP_429", "NEW", 429, None, "Application rests 5 min"),
            ("HTTP_460", "NEW", 460, None, "Vehicle rests 10 min"),
            ("HTTP_500", "NEW", 500, None, "Vehicle rests 10 min"),
            ("HTTP_501", "NEW", 501, None, "Signal rests 1440 min"),
            ("HTTP_503", "NEW", 503, None, "Application rests 2 min"),
            ("HTTP_504", "NEW", 504, None, "Vehicle rests 10 min"),
        ];
        for (kind, code, status, resolution, advice) in table {
            assert_eq!(guessed(kind, code, status, resolution), advice, "{kind}/{code} {status}");
        }
    }

    #[test]
    fn the_platforms_own_wait_is_better_than_ours_and_makes_nothing_retryable_that_is_not() {
        let wait = Duration::from_secs(252);
        let with = |kind, code| decide(kind, Some(code), Some(429), None, Some(wait)).advice;
        assert_eq!(with("RATE_LIMIT", "VEHICLE"), Advice::RetryAfter { who: Who::Vehicle, wait });
        assert_eq!(with("RATE_LIMIT", "SMARTCAR_API"), Advice::RetryAfter { who: Who::Application, wait });
        assert_eq!(with("BILLING", "VEHICLE_LIMIT"), Advice::Billing);
    }
}
