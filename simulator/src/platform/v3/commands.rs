//! Commands of API v3, in each of the forms that are around: the documented `commands/security/lock`, the
//! `commands` of an unofficial client, and the actions of v2.0 under v3.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::iso;
use crate::platform::Platform;
use crate::platform::problems::{Kind, Problem};
use crate::platform::v2::{command as action_of, limit_of};
use crate::world::Command;

/// `POST /v3/vehicles/{id}/commands/{group}/{name}`
pub async fn command(
    State(platform): State<Platform>,
    Path((id, group, name)): Path<(String, String, String)>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let done = documented(&group, &name, &body)
        .and_then(|command| platform.execute(&headers, &id, command, &format!("{group}-{name}")));
    platform.respond_v3(done)
}

/// `POST /v3/vehicles/{id}/commands`, with the name in the body.
pub async fn unified_command(
    State(platform): State<Platform>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let done = named(&body).and_then(|(command, name)| platform.execute(&headers, &id, command, &name));
    platform.respond_v3(done)
}

/// `POST /v3/vehicles/{id}/charge` and `/security`, with an action as in v2.0.
pub async fn vehicle_action(
    State(platform): State<Platform>,
    Path((id, path)): Path<(String, String)>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let done = action_of(&format!("/{path}"), &body).and_then(|command| {
        let connection = platform.connection_of(&headers, &id)?;
        platform.command(&connection, command)?;
        Ok(json!({ "status": "success", "message": "Successfully sent request to vehicle" }))
    });
    platform.respond_v3(done)
}

fn documented(group: &str, name: &str, body: &str) -> Result<Command, Problem> {
    match (group, name) {
        ("security", "lock") => Ok(Command::Lock),
        ("security", "unlock") => Ok(Command::Unlock),
        ("charge", "start") => Ok(Command::StartCharge),
        ("charge", "stop") => Ok(Command::StopCharge),
        ("charge", "set-limit") => {
            let body: Value = serde_json::from_str(body).unwrap_or_default();
            let percent = body["data"]["attributes"]["percent"].as_f64();
            percent.and_then(limit_of).ok_or(Problem::validation("percent"))
        }
        ("navigation", "set-destination") => Ok(Command::Navigate),
        _ => Err(Problem::new(Kind::ResourceNotFound, Some("PATH"))),
    }
}

/// Where the name stands in the body is not known: anywhere near the top will do.
fn named(body: &str) -> Result<(Command, String), Problem> {
    let body: Value = serde_json::from_str(body).map_err(|_| Problem::validation("body"))?;
    let objects = [&body, &body["data"], &body["data"]["attributes"]];
    let names = objects.iter().flat_map(|object| {
        ["command", "commandType", "type", "action", "name"].map(|field| object[field].as_str())
    });
    let command = |name: &str| match name {
        "LOCK_DOORS" | "LOCK" => Some(Command::Lock),
        "UNLOCK_DOORS" | "UNLOCK" => Some(Command::Unlock),
        "START_CHARGE" | "START_CHARGING" => Some(Command::StartCharge),
        "STOP_CHARGE" | "STOP_CHARGING" => Some(Command::StopCharge),
        _ => None,
    };
    let found = names.flatten().find_map(|name| Some((command(name)?, name.to_owned())));
    found.ok_or(Problem::validation("command"))
}

impl Platform {
    fn execute(
        &self,
        headers: &HeaderMap,
        vehicle_id: &str,
        command: Command,
        name: &str,
    ) -> Result<Value, Problem> {
        let connection = self.connection_of(headers, vehicle_id)?;
        self.command(&connection, command)?;
        let at = self.now();
        let mut attributes =
            json!({ "commandType": name, "status": { "value": "SUCCESS" }, "executionMode": "sync" });
        if let Command::LimitCharge { percent } = command {
            attributes["parameters"] = json!({ "percent": percent });
        }
        Ok(json!({
            "data": {
                "id": format!("exec_{}", self.registry().id()),
                "type": "command-execution",
                "attributes": attributes,
                "meta": { "executedAt": iso(at), "completedAt": iso(at), "durationInSeconds": 0 },
            },
        }))
    }
}
