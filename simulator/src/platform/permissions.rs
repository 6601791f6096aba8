//! What people allow an application: the platform's permissions, and which signal or path needs which.

use std::collections::BTreeSet;

use crate::wire::{SignalName, names};

/// What may be read (source: the platform's page of permissions).
pub const READ: [&str; 22] = [
    "read_alerts",
    "read_battery",
    "read_charge",
    "read_charge_events",
    "read_charge_locations",
    "read_charge_records",
    "read_climate",
    "read_compass",
    "read_diagnostics",
    "read_engine_oil",
    "read_extended_vehicle_info",
    "read_fuel",
    "read_location",
    "read_odometer",
    "read_security",
    "read_service_history",
    "read_speedometer",
    "read_thermometer",
    "read_tires",
    "read_user_profile",
    "read_vehicle_info",
    "read_vin",
];

/// What may be done.
pub const CONTROL: [&str; 6] = [
    "control_charge",
    "control_climate",
    "control_navigation",
    "control_pin",
    "control_security",
    "control_trunk",
];

/// Everything that can be allowed.
pub fn all() -> BTreeSet<String> {
    READ.iter().chain(&CONTROL).map(|&name| name.to_owned()).collect()
}

/// A permission that a link of Connect asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub name: String,
    /// People cannot leave it out: its box on the page is locked.
    pub required: bool,
}

/// The permissions of a link: separated by spaces, `required:` before those that are. The first that nobody
/// knows is the error.
pub fn asked(scope: &str) -> Result<Vec<Asked>, String> {
    let ask = |word: &str| {
        let (name, required) = word.strip_prefix("required:").map_or((word, false), |name| (name, true));
        let known = READ.contains(&name) || CONTROL.contains(&name);
        if known { Ok(Asked { name: name.to_owned(), required }) } else { Err(name.to_owned()) }
    };
    scope.split_whitespace().map(ask).collect()
}

/// The permission that a signal needs.
pub fn of_signal(signal: SignalName) -> &'static str {
    match signal {
        names::ODOMETER => "read_odometer",
        names::FUEL_LEVEL | names::FUEL_AMOUNT => "read_fuel",
        names::OIL_LIFE => "read_engine_oil",
        names::LOCATION => "read_location",
        names::IS_LOCKED => "read_security",
        names::TIRES => "read_tires",
        names::VIN => "read_vin",
        _ if signal.group == "Charge" => "read_charge",
        // Both batteries.
        _ => "read_battery",
    }
}

/// The signals that these permissions leave out.
pub fn withheld(allowed: &BTreeSet<String>) -> Vec<SignalName> {
    names::EVERYTHING.into_iter().filter(|signal| !allowed.contains(of_signal(*signal))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_asks_for_permissions_and_may_insist() {
        let asked = asked("read_odometer required:read_vin").unwrap();
        let read = |name: &str, required| Asked { name: name.to_owned(), required };
        assert_eq!(asked, [read("read_odometer", false), read("read_vin", true)]);
        assert_eq!(super::asked("read_odometer read_minds"), Err("read_minds".to_owned()));
    }

    #[test]
    fn without_a_permission_its_signals_are_withheld() {
        assert!(withheld(&all()).is_empty());
        let mut allowed = all();
        allowed.remove("read_location");
        assert_eq!(withheld(&allowed), [names::LOCATION]);
        assert_eq!(withheld(&BTreeSet::new()).len(), names::EVERYTHING.len());
    }
}
