//! Whether a vehicle can be asked or told something now, whatever the version of the API.

use super::connections::Connection;
use super::problems::{Kind, Problem};
use super::{Platform, lock};
use crate::wire::ErrorKind;
use crate::world::{Command, Refusal};

impl Platform {
    /// Counts a call about a vehicle, if there is one left.
    pub(super) fn within_limits(&self, connection: &Connection) -> Result<(), Problem> {
        let now = self.now();
        self.registry().meter.vehicle(&connection.vehicle_id, now)
    }

    /// Whether the maker's account still opens the vehicle.
    pub(super) fn in_account(&self, connection: &Connection) -> Result<(), Problem> {
        let Connection { number, vehicle_id, .. } = connection;
        let account = |code| Problem::new(Kind::ConnectedServicesAccount, Some(code));
        if self.registry().vanished.contains(number) {
            return Err(account("VEHICLE_MISSING"));
        }
        match self.0.faults.get().broken.get(vehicle_id) {
            Some(ErrorKind::AuthenticationFailed) => {
                Err(account("AUTHENTICATION_FAILED").at(self.sign_in_again(vehicle_id)))
            }
            Some(ErrorKind::SubscriptionEnded) => Err(account("SUBSCRIPTION")),
            Some(ErrorKind::PermissionMissing) => Err(Problem::new(Kind::Permission, None)),
            Some(ErrorKind::Unreachable) | None => Ok(()),
        }
    }

    /// Whether the vehicle answers.
    pub(super) fn awake(&self, connection: &Connection) -> Result<(), Problem> {
        let faults = self.0.faults.get();
        let state = |code| Err(Problem::new(Kind::VehicleState, Some(code)));
        if faults.offline.contains(&connection.vehicle_id) {
            state("ASLEEP")
        } else if faults.broken.get(&connection.vehicle_id) == Some(&ErrorKind::Unreachable) {
            state("UNREACHABLE")
        } else {
            Ok(())
        }
    }

    /// Where a person signs in again, without what the application has to add.
    fn sign_in_again(&self, vehicle_id: &str) -> String {
        let client_id = &self.application().application_id;
        let origin = self.origin();
        format!(
            "{origin}/oauth/reauthenticate?response_type=vehicle_id&client_id={client_id}&vehicle_id={vehicle_id}"
        )
    }

    /// Tells a vehicle to do something, if its user allows that and the car can.
    pub(super) fn command(&self, connection: &Connection, command: Command) -> Result<(), Problem> {
        let permission = match command {
            Command::Lock | Command::Unlock => "control_security",
            Command::StartCharge | Command::StopCharge | Command::LimitCharge { .. } => "control_charge",
            Command::Navigate => "control_navigation",
        };
        if !connection.permissions.contains(permission) {
            return Err(Problem::new(Kind::Permission, None));
        }
        self.within_limits(connection)?;
        self.in_account(connection)?;
        self.awake(connection)?;
        let mut cloud = lock(&self.0.cloud);
        let now = self.virtual_now();
        cloud.command(connection.number, command, now).map_err(refused)
    }
}

fn refused(refusal: Refusal) -> Problem {
    let code = match refusal {
        Refusal::NotCapable => return Problem::not_capable(),
        Refusal::InMotion => "IN_MOTION",
        Refusal::NotPlugged => "CHARGING_PLUG_NOT_CONNECTED",
        Refusal::Charging => "CHARGING_IN_PROGRESS",
        Refusal::NotCharging => "NOT_CHARGING",
        Refusal::Full => "FULLY_CHARGED",
    };
    Problem::new(Kind::VehicleState, Some(code))
}
