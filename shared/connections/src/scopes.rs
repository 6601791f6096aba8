//! What people are asked to agree to: what somebody here needs, and no more.

use smartcar::client::{Command, Wanted};

/// Without it there is nothing to connect for: the platform does not let people take it out.
const REQUIRED: &str = "required:read_odometer";

/// What is asked of a car again and again. Not its VIN, which never changes; a place only with consent.
pub(crate) const ASKED: [Wanted; 11] = [
    Wanted::Odometer,
    Wanted::Fuel,
    Wanted::Battery,
    Wanted::Charge,
    Wanted::ChargeDetails,
    Wanted::ChargeLimit,
    Wanted::EngineOil,
    Wanted::Tires,
    Wanted::Security,
    Wanted::LowVoltageBattery,
    Wanted::Location,
];

/// Whether positions may be asked for and stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LocationConsent(pub bool);

impl LocationConsent {
    pub fn allows(self, wanted: Wanted) -> bool {
        match wanted {
            Wanted::Location => self.0,
            Wanted::Odometer
            | Wanted::Fuel
            | Wanted::Battery
            | Wanted::BatteryCapacity
            | Wanted::Charge
            | Wanted::ChargeDetails
            | Wanted::ChargeLimit
            | Wanted::EngineOil
            | Wanted::Tires
            | Wanted::Security
            | Wanted::LowVoltageBattery
            | Wanted::Vin => true,
        }
    }
}

/// The permissions to ask for, each once.
pub(crate) fn scopes(location: LocationConsent) -> Vec<String> {
    let asked = ASKED.into_iter().filter(|wanted| location.allows(*wanted)).map(Wanted::permission);
    let commands = [Command::Lock, Command::StartCharge].map(Command::permission);
    let mut scopes: Vec<String> = vec![REQUIRED.to_owned()];
    // What the car is, so that it can be told from the person's others.
    for scope in ["read_vehicle_info", "read_vin"].into_iter().chain(asked).chain(commands) {
        if !REQUIRED.ends_with(scope) && !scopes.iter().any(|known| known == scope) {
            scopes.push(scope.to_owned());
        }
    }
    scopes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_asked_for_only_with_consent_and_the_mileage_always() {
        let without = scopes(LocationConsent(false));
        assert_eq!(
            without.join(" "),
            "required:read_odometer read_vehicle_info read_vin read_fuel read_battery read_charge read_engine_oil \
             read_tires read_security control_security control_charge"
        );
        let with = scopes(LocationConsent(true));
        assert_eq!(with.len(), without.len() + 1);
        assert!(with.iter().any(|scope| scope == "read_location"));
    }
}
