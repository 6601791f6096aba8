//! What came of a consent, in the words that a page needs.

use uuid::Uuid;

use crate::sync::SyncOutcome;

/// What came of it, and where the person came from.
#[derive(Debug)]
pub struct Connected {
    /// Absent if the state is none of ours: then nothing is known, and nobody is sent anywhere.
    pub origins: Option<Origins>,
    pub outcome: Outcome,
}

/// Where the person came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origins {
    pub user_id: Uuid,
    pub car_id: Uuid,
    pub popup: bool,
    /// An absolute address of one of Carvetka's origins; it was checked when the connection was begun.
    pub return_to: Option<String>,
}

/// Every end that a consent can come to.
#[derive(Debug)]
pub enum Outcome {
    /// The car is connected.
    Connected {
        /// `smartcar_vehicles.id`
        vehicle_id: Uuid,
        vehicle: VehicleWords,
        first_sync: FirstSync,
        /// Vehicles of the same consent that were not asked for. They can be connected to their own cars.
        others: Vec<OtherVehicle>,
    },
    /// The person said no, or went back.
    Refused,
    /// Smartcar cannot reach this car; what the person agreed to tell of it.
    Incompatible { vin: Option<String>, vehicle: VehicleWords },
    /// There is no car in the maker's account.
    NoVehicles,
    /// The maker's connected services are not paid for.
    Subscription,
    /// Our application is set up wrongly: not the person's fault.
    OurFault,
    /// Smartcar failed, or does not answer. Trying again may help.
    PlatformFault,
    /// An error that nobody has met yet.
    UnknownError { error: String },
    /// The state is not good.
    State(StateTrouble),
    /// The platform does not confirm that this consent was given to us by this user.
    NotConfirmed,
    /// The consent was given with another code already.
    CodeUsed,
    /// The car is not in the user's garage any more.
    CarGone,
    /// Somebody else connected this car with the same account of its maker.
    SomebodyElses,
    /// The vehicle is connected to another car of the same user.
    AnotherCar { car_id: Uuid, name: String },
    /// The car in the garage has a VIN, and the consent is for another one.
    VinMismatch { vehicles: Vec<VehicleWords> },
    /// Several vehicles could be meant.
    WhichOne { vehicles: Vec<VehicleWords> },
    /// The plan has no room for another car.
    PlanLimit { allowed: i64 },
}

/// Why a state is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateTrouble {
    /// There is none, or we did not make it.
    Forged,
    /// Ten minutes are over.
    Expired,
    /// It has brought somebody back already.
    Used,
    /// Another browser began it.
    Foreign,
}

/// A vehicle as people call it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VehicleWords {
    pub make: Option<String>,
    pub model: Option<String>,
    pub year: Option<i32>,
}

/// A vehicle that is part of the same consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherVehicle {
    pub vehicle: VehicleWords,
    /// The car of the user that it is or may be, by VIN or by name.
    pub car_id: Option<Uuid>,
    pub is_connected: bool,
}

/// What the sync right after connecting came to.
#[derive(Debug)]
pub enum FirstSync {
    Done(SyncOutcome),
    /// The car takes its time, or did not answer: it is asked again soon.
    Later,
}
