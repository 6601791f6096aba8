//! What a body of v2.0 tells a vehicle to do.

use serde_json::Value;

use crate::platform::problems::Problem;
use crate::world::Command;

/// The command of a body; the limit may be a number or, as one of the vendor's clients sends it, text.
pub fn command(path: &str, body: &str) -> Result<Command, Problem> {
    let body: Value = serde_json::from_str(body).map_err(|_| Problem::validation("body"))?;
    let action = body["action"].as_str();
    match (path, action) {
        ("/charge", Some("START")) => Ok(Command::StartCharge),
        ("/charge", Some("STOP")) => Ok(Command::StopCharge),
        ("/security", Some("LOCK")) => Ok(Command::Lock),
        ("/security", Some("UNLOCK")) => Ok(Command::Unlock),
        ("/charge/limit", _) => {
            let limit = &body["limit"];
            let share = limit.as_f64().or_else(|| limit.as_str()?.parse().ok());
            share.and_then(|share| limit_of(share * 100.0)).ok_or(Problem::validation("limit"))
        }
        ("/navigation/destination", _) => {
            let number = |name: &str, most: f64| body[name].as_f64().is_some_and(|value| value.abs() <= most);
            let is_somewhere = number("latitude", 90.0) && number("longitude", 180.0);
            is_somewhere.then_some(Command::Navigate).ok_or(Problem::validation("latitude"))
        }
        _ => Err(Problem::validation("action")),
    }
}

/// A charge limit in per cent: cars take 50 to 100.
pub fn limit_of(percent: f64) -> Option<Command> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is from 50 to 100")]
    let whole = |percent: f64| Command::LimitCharge { percent: percent.round() as u32 };
    (50.0..=100.0).contains(&percent).then(|| whole(percent))
}
