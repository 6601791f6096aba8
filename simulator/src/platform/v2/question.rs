//! What API v2.0 can be asked of a vehicle: the paths, and the permission that each needs.

/// A path below a vehicle that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    Info,
    Odometer,
    Fuel,
    Battery,
    BatteryCapacity,
    NominalCapacity,
    Charge,
    ChargeLimit,
    Location,
    TirePressure,
    EngineOil,
    Security,
    Vin,
    SystemStatus,
    TroubleCodes,
    ServiceHistory,
}

impl Question {
    pub fn at(path: &str) -> Option<Self> {
        Some(match path {
            "/" => Self::Info,
            "/odometer" => Self::Odometer,
            "/fuel" => Self::Fuel,
            "/battery" => Self::Battery,
            "/battery/capacity" => Self::BatteryCapacity,
            "/battery/nominal_capacity" => Self::NominalCapacity,
            "/charge" => Self::Charge,
            "/charge/limit" => Self::ChargeLimit,
            "/location" => Self::Location,
            "/tires/pressure" => Self::TirePressure,
            "/engine/oil" => Self::EngineOil,
            "/security" => Self::Security,
            "/vin" => Self::Vin,
            "/diagnostics/system_status" => Self::SystemStatus,
            "/diagnostics/dtcs" => Self::TroubleCodes,
            "/service/history" => Self::ServiceHistory,
            _ => return None,
        })
    }

    pub const fn permission(self) -> &'static str {
        match self {
            Self::Info => "read_vehicle_info",
            Self::Odometer => "read_odometer",
            Self::Fuel => "read_fuel",
            Self::Battery | Self::BatteryCapacity | Self::NominalCapacity => "read_battery",
            Self::Charge | Self::ChargeLimit => "read_charge",
            Self::Location => "read_location",
            Self::TirePressure => "read_tires",
            Self::EngineOil => "read_engine_oil",
            Self::Security => "read_security",
            Self::Vin => "read_vin",
            Self::SystemStatus | Self::TroubleCodes => "read_diagnostics",
            Self::ServiceHistory => "read_service_history",
        }
    }

    /// Whether the vehicle itself has to be asked: who it is, the platform knows.
    pub const fn asks_the_car(self) -> bool {
        !matches!(self, Self::Info)
    }
}
