//! What a car can be told to do. With API v3 **nobody has verified this against the platform**: it is written from the
//! platform's published description, with an older form of it in reserve.

use serde_json::{Value, json};

use super::address::header;
use super::error::PlatformError;
use super::fault::Said;
use super::http::{Answer, Call, Patience};
use super::{Access, ApiVersion, Client, VehicleRef};

/// Something that a car is told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Command {
    Lock,
    Unlock,
    StartCharge,
    StopCharge,
}

/// What became of a command that was not refused. The car's state is told later, by its signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commanded {
    /// The car, or its maker, took it.
    Done,
    /// The platform is still at it, and says no more.
    Accepted,
}

impl Command {
    /// The permission that the owner must have given.
    pub fn permission(self) -> &'static str {
        match self {
            Self::Lock | Self::Unlock => "control_security",
            Self::StartCharge | Self::StopCharge => "control_charge",
        }
    }

    /// API v2.0, and the older form of v3: a path below the vehicle and an action.
    fn action(self) -> (&'static str, &'static str) {
        match self {
            Self::Lock => ("security", "LOCK"),
            Self::Unlock => ("security", "UNLOCK"),
            Self::StartCharge => ("charge", "START"),
            Self::StopCharge => ("charge", "STOP"),
        }
    }

    /// API v3 as it is published since autumn 2026: a path alone.
    fn path(self) -> [&'static str; 3] {
        match self {
            Self::Lock => ["commands", "security", "lock"],
            Self::Unlock => ["commands", "security", "unlock"],
            Self::StartCharge => ["commands", "charge", "start"],
            Self::StopCharge => ["commands", "charge", "stop"],
        }
    }
}

impl Client {
    /// Tells a car to do something, and waits for the car: that may take minutes. Never repeated by the client, except
    /// where the platform does not know the path of the newer form: then nothing was done.
    pub async fn command(
        &self,
        access: Access<'_>,
        vehicle: &VehicleRef,
        command: Command,
    ) -> Result<Commanded, PlatformError> {
        let id = &vehicle.smartcar_vehicle_id;
        let (path, action) = command.action();
        let body = Some(json!({ "action": action }));
        let addresses = &self.inner.addresses;
        match access {
            Access::User { token } => {
                let call = Call::post(addresses.vehicle(ApiVersion::V2, id, &[path])?, Patience::Car, body);
                outcome(&self.ask_as_user(&call, token).await?)
            }
            Access::Application { user_id } => {
                let user = header(user_id)?;
                let newer = addresses.vehicle(ApiVersion::V3, id, &command.path())?;
                let call = Call::post(newer, Patience::Car, None).of_user(user.clone());
                match self.ask_as_application(&call).await {
                    Err(error) if error.status == Some(404) => {
                        let older = addresses.vehicle(ApiVersion::V3, id, &[path])?;
                        let call = Call::post(older, Patience::Car, body).of_user(user);
                        outcome(&self.ask_as_application(&call).await?)
                    }
                    answer => outcome(&answer?),
                }
            }
        }
    }
}

/// The status is not the outcome: a slow command is answered 202 before it is known, and the body ends with what became
/// of it.
fn outcome(answer: &Answer) -> Result<Commanded, PlatformError> {
    if let Some(error) = answer.fault_within() {
        return Err(error);
    }
    let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let resource = json.get("data").unwrap_or(&json);
    let places = ["/attributes/status/value", "/attributes/status", "/status"];
    let status = places.iter().find_map(|place| resource.pointer(place)?.as_str());
    match status.map(str::to_ascii_uppercase).as_deref() {
        Some("SUCCESS") => Ok(Commanded::Done),
        Some("FAILURE" | "FAILED" | "ERROR") => Err(answer.refusal(
            resource
                .pointer("/attributes/status/error")
                .map_or_else(|| Said::new("COMMAND", "FAILED"), Said::of),
        )),
        Some(_) | None if answer.status == 202 => Ok(Commanded::Accepted),
        Some(_) | None => Ok(Commanded::Done),
    }
}
