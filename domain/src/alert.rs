//! What people should hear of: something about the car that is not as it should be, or that they asked to be told.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::book::Evidence;
use crate::distance::Distance;
use crate::fact::RowId;
use crate::fences::Passage;
use crate::health::{Ailment, Condition};
use crate::motion::Place;
use crate::reading::Milli;

/// Something that the readings show, at the moment at which the car showed it. Whether and when people are told is not the
/// book's business.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    #[serde(with = "crate::moment")]
    pub at: DateTime<Utc>,
    pub what: Alarm,
    pub evidence: Evidence,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Alarm {
    /// The level fell (percent) while the car stood.
    FuelDrop { from: Milli, to: Milli },
    /// The car is somewhere else and its odometer did not count: a tow, a ferry or a theft.
    MovedWithoutDriving { metres: i64, from: Place, to: Place },
    /// The watched, standing car left its place.
    LeftItsPlace { from: Place },
    /// The straight way between two places is longer than what the odometer counted between them.
    OdometerBehindPosition { straight: Distance, counted: Distance },
    /// The battery holds (much) less than it did, or loses fast; thousandths.
    BatteryWeak { health: Milli },
    /// What the car says of its own condition.
    Condition(Condition),
    /// What happened at a marked place, of which its people want to be told. `name`: as the place is called.
    AtPlace { fence: RowId, name: String, passage: Passage },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AlertKind {
    FuelDrop,
    MovedWithoutDriving,
    LeftItsPlace,
    OdometerBehindPosition,
    BatteryWeak,
    TyreLow,
    TyresUneven,
    TyreLeaks,
    TyreLosesFast,
    LowVoltageBattery,
    OilLow,
    OilWearsFast,
    OilRenewed,
    TroubleCodes,
    TroubleCodesReturn,
    WarningLamps,
    ParasiticDrain,
    /// Not of the fold, which has no clock: nothing was heard of the car for long.
    CarOffline,
    /// Likewise: a service is due, or soon.
    ServiceDue,
    PlaceEntered,
    PlaceLeft,
    PlaceStayed,
    PlacePassed,
}

impl Alarm {
    pub const fn kind(&self) -> AlertKind {
        match self {
            Self::FuelDrop { .. } => AlertKind::FuelDrop,
            Self::MovedWithoutDriving { .. } => AlertKind::MovedWithoutDriving,
            Self::LeftItsPlace { .. } => AlertKind::LeftItsPlace,
            Self::OdometerBehindPosition { .. } => AlertKind::OdometerBehindPosition,
            Self::BatteryWeak { .. } => AlertKind::BatteryWeak,
            Self::Condition(condition) => condition.what.kind(),
            Self::AtPlace { passage, .. } => passage.alert(),
        }
    }
}

impl Passage {
    const fn alert(self) -> AlertKind {
        match self {
            Self::Enter => AlertKind::PlaceEntered,
            Self::Exit => AlertKind::PlaceLeft,
            Self::Dwell => AlertKind::PlaceStayed,
            Self::Passed => AlertKind::PlacePassed,
        }
    }
}

impl Ailment {
    pub const fn kind(&self) -> AlertKind {
        match self {
            Self::TyreLow { .. } => AlertKind::TyreLow,
            Self::TyresUneven { .. } => AlertKind::TyresUneven,
            Self::TyreLeaks { .. } => AlertKind::TyreLeaks,
            Self::TyreLosesFast { .. } => AlertKind::TyreLosesFast,
            Self::LowVoltage { .. } => AlertKind::LowVoltageBattery,
            Self::OilLow { .. } => AlertKind::OilLow,
            Self::OilWearsFast { .. } => AlertKind::OilWearsFast,
            Self::OilRenewed { .. } => AlertKind::OilRenewed,
            Self::TroubleCodes { .. } => AlertKind::TroubleCodes,
            Self::TroubleCodesReturn { .. } => AlertKind::TroubleCodesReturn,
            Self::WarningLamps { .. } => AlertKind::WarningLamps,
            Self::ParasiticDrain { .. } => AlertKind::ParasiticDrain,
        }
    }
}

impl AlertKind {
    /// All kinds.
    pub const ALL: [Self; 23] = [
        Self::FuelDrop,
        Self::MovedWithoutDriving,
        Self::LeftItsPlace,
        Self::OdometerBehindPosition,
        Self::BatteryWeak,
        Self::TyreLow,
        Self::TyresUneven,
        Self::TyreLeaks,
        Self::TyreLosesFast,
        Self::LowVoltageBattery,
        Self::OilLow,
        Self::OilWearsFast,
        Self::OilRenewed,
        Self::TroubleCodes,
        Self::TroubleCodesReturn,
        Self::WarningLamps,
        Self::ParasiticDrain,
        Self::CarOffline,
        Self::ServiceDue,
        Self::PlaceEntered,
        Self::PlaceLeft,
        Self::PlaceStayed,
        Self::PlacePassed,
    ];

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// For how long after its moment it is news; what is found later wakes nobody.
    pub const fn is_news_for(self) -> TimeDelta {
        match self {
            // About the car's safety.
            Self::FuelDrop
            | Self::MovedWithoutDriving
            | Self::LeftItsPlace
            | Self::TyreLow
            | Self::TyreLosesFast
            | Self::LowVoltageBattery
            | Self::TroubleCodes
            | Self::WarningLamps => TimeDelta::hours(24),
            Self::OdometerBehindPosition
            | Self::BatteryWeak
            | Self::TyresUneven
            | Self::TyreLeaks
            | Self::OilLow
            | Self::OilWearsFast
            | Self::OilRenewed
            | Self::TroubleCodesReturn
            | Self::ParasiticDrain
            | Self::CarOffline
            | Self::ServiceDue
            | Self::PlaceEntered
            | Self::PlaceLeft
            | Self::PlaceStayed
            | Self::PlacePassed => TimeDelta::hours(1),
        }
    }

    /// Whether it cannot wait for the morning: somebody may be at the car, or drive it into harm.
    pub const fn is_urgent(self) -> bool {
        matches!(self, Self::FuelDrop | Self::MovedWithoutDriving | Self::LeftItsPlace | Self::TyreLosesFast)
    }

    /// As it is stored, and as pages know it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FuelDrop => "fuel_drop",
            Self::MovedWithoutDriving => "moved_without_driving",
            Self::LeftItsPlace => "left_its_place",
            Self::OdometerBehindPosition => "odometer_behind_position",
            Self::BatteryWeak => "battery_weak",
            Self::TyreLow => "tyre_low",
            Self::TyresUneven => "tyres_uneven",
            Self::TyreLeaks => "tyre_leaks",
            Self::TyreLosesFast => "tyre_loses_fast",
            Self::LowVoltageBattery => "low_voltage_battery",
            Self::OilLow => "oil_low",
            Self::OilWearsFast => "oil_wears_fast",
            Self::OilRenewed => "oil_renewed",
            Self::TroubleCodes => "trouble_codes",
            Self::TroubleCodesReturn => "trouble_codes_return",
            Self::WarningLamps => "warning_lamps",
            Self::ParasiticDrain => "parasitic_drain",
            Self::CarOffline => "car_offline",
            Self::ServiceDue => "service_due",
            Self::PlaceEntered => "place_entered",
            Self::PlaceLeft => "place_left",
            Self::PlaceStayed => "place_stayed",
            Self::PlacePassed => "place_passed",
        }
    }
}
