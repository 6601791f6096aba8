//! What an application may tell a car to do, and why the car may refuse.

/// A command to a car.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    Lock,
    Unlock,
    StartCharge,
    StopCharge,
    /// Charge up to this level from now on, in per cent.
    LimitCharge {
        percent: u32,
    },
    /// A destination for the navigation; people may follow it or not.
    Navigate,
}

/// Why a car does not do what it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the car has no battery that could be charged")]
    NotCapable,
    #[error("the car is driving")]
    InMotion,
    #[error("no cable is in")]
    NotPlugged,
    #[error("it charges already")]
    Charging,
    #[error("it does not charge")]
    NotCharging,
    #[error("it is charged up to its limit")]
    Full,
}
