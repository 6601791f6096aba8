//! The signals that the stand-in knows: code, name and group as the platform writes them.

/// A signal's three names; the code is the group and the name in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SignalName {
    pub code: &'static str,
    pub name: &'static str,
    pub group: &'static str,
}

const fn signal(code: &'static str, group: &'static str, name: &'static str) -> SignalName {
    SignalName { code, name, group }
}

pub const ODOMETER: SignalName = signal("odometer-traveleddistance", "Odometer", "TraveledDistance");
pub const FUEL_LEVEL: SignalName =
    signal("internalcombustionengine-fuellevel", "InternalCombustionEngine", "FuelLevel");
pub const FUEL_AMOUNT: SignalName =
    signal("internalcombustionengine-amountremaining", "InternalCombustionEngine", "AmountRemaining");
pub const OIL_LIFE: SignalName =
    signal("internalcombustionengine-oillife", "InternalCombustionEngine", "OilLife");
pub const STATE_OF_CHARGE: SignalName =
    signal("tractionbattery-stateofcharge", "TractionBattery", "StateOfCharge");
pub const BATTERY_RANGE: SignalName = signal("tractionbattery-range", "TractionBattery", "Range");
pub const NOMINAL_CAPACITY: SignalName =
    signal("tractionbattery-nominalcapacity", "TractionBattery", "NominalCapacity");
pub const IS_CHARGING: SignalName = signal("charge-ischarging", "Charge", "IsCharging");
pub const CABLE_CONNECTED: SignalName =
    signal("charge-ischargingcableconnected", "Charge", "IsChargingCableConnected");
pub const CHARGING_STATUS: SignalName =
    signal("charge-detailedchargingstatus", "Charge", "DetailedChargingStatus");
pub const ENERGY_ADDED: SignalName = signal("charge-energyadded", "Charge", "EnergyAdded");
pub const WATTAGE: SignalName = signal("charge-wattage", "Charge", "Wattage");
pub const CHARGE_RATE: SignalName = signal("charge-chargerate", "Charge", "ChargeRate");
pub const CHARGE_LIMITS: SignalName = signal("charge-chargelimits", "Charge", "ChargeLimits");
pub const LOCATION: SignalName = signal("location-preciselocation", "Location", "PreciseLocation");
pub const IS_LOCKED: SignalName = signal("closure-islocked", "Closure", "IsLocked");
pub const TIRES: SignalName = signal("wheel-tires", "Wheel", "Tires");
pub const LOW_VOLTAGE: SignalName =
    signal("lowvoltagebattery-stateofcharge", "LowVoltageBattery", "StateOfCharge");
pub const VIN: SignalName = signal("vehicleidentification-vin", "VehicleIdentification", "VIN");
pub const PERMISSIONS: SignalName =
    signal("vehicleuseraccount-permissions", "VehicleUserAccount", "Permissions");
pub const ROLE: SignalName = signal("vehicleuseraccount-role", "VehicleUserAccount", "Role");

/// All signals that a webhook may subscribe to here.
pub const EVERYTHING: [SignalName; 19] = [
    ODOMETER,
    FUEL_LEVEL,
    FUEL_AMOUNT,
    OIL_LIFE,
    STATE_OF_CHARGE,
    BATTERY_RANGE,
    NOMINAL_CAPACITY,
    IS_CHARGING,
    CABLE_CONNECTED,
    CHARGING_STATUS,
    ENERGY_ADDED,
    WATTAGE,
    CHARGE_RATE,
    CHARGE_LIMITS,
    LOCATION,
    IS_LOCKED,
    TIRES,
    LOW_VOLTAGE,
    VIN,
];

/// Eleven signals: a delivery of about 3 KB.
pub const ELEVEN: [SignalName; 11] = [
    ODOMETER,
    FUEL_LEVEL,
    STATE_OF_CHARGE,
    BATTERY_RANGE,
    IS_CHARGING,
    CABLE_CONNECTED,
    ENERGY_ADDED,
    LOCATION,
    TIRES,
    LOW_VOLTAGE,
    VIN,
];

/// Three signals: a delivery of about 1 KB.
pub const THREE: [SignalName; 3] = [ODOMETER, FUEL_LEVEL, STATE_OF_CHARGE];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_group_and_name_in_lower_case() {
        for name in EVERYTHING.iter().chain(&[PERMISSIONS, ROLE]) {
            let code = format!("{}-{}", name.group, name.name).to_lowercase();
            assert_eq!(name.code, code);
        }
    }
}
