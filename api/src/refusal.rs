//! What stops the work with a connected car, in words for its owner.

use std::time::Duration;

use chrono::{DateTime, Utc};
use connections::{ReconnectReason, RefreshError, WaitReason};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::{Code, Problem};

/// Why a car is left alone for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Waiting {
    /// The car sleeps, is offline or is being served.
    Asleep,
    /// The platform wants this car left alone.
    VehicleLimit,
    /// Too much was asked for all cars together.
    ApplicationLimit,
    /// The maker of the car, or Smartcar, has trouble.
    MakeTrouble,
    /// Whoever runs this installation has to look after its account at Smartcar.
    Billing,
    /// The owner has to do something in the maker's account first.
    OwnerAction,
}

impl From<WaitReason> for Waiting {
    fn from(why: WaitReason) -> Self {
        match why {
            WaitReason::Asleep => Self::Asleep,
            WaitReason::VehicleLimit => Self::VehicleLimit,
            WaitReason::ApplicationLimit => Self::ApplicationLimit,
            WaitReason::MakeTrouble => Self::MakeTrouble,
            WaitReason::Billing => Self::Billing,
            WaitReason::OwnerAction => Self::OwnerAction,
        }
    }
}

pub fn not_connected() -> Problem {
    Problem::new(Code::NotConnected, "This car is not connected. Connect it to Smartcar first.")
}

pub fn reconnect(reason: &ReconnectReason) -> Problem {
    let said =
        reason.message.as_deref().map(|message| format!(" Smartcar says: {message}")).unwrap_or_default();
    let detail = format!("The connection has ended. Connect the car to Smartcar again.{said}");
    Problem::new(Code::ReconnectNeeded, detail).resolved_at(reason.url.clone())
}

pub fn budget(until: DateTime<Utc>, now: DateTime<Utc>) -> Problem {
    let day = until.format("%Y-%m-%d");
    let detail = format!("This car was asked as often as this month allows. It goes on by itself on {day}.");
    Problem::new(Code::BudgetExhausted, detail).retry_after(between(now, until))
}

/// A command that has to wait: it is not kept, the person tries again.
pub fn wait(why: WaitReason, until: DateTime<Utc>, now: DateTime<Utc>) -> Problem {
    let (code, detail) = match why {
        WaitReason::Asleep => {
            (Code::CarAsleep, "The car cannot be reached now. Try again later, or wake it up.")
        }
        WaitReason::VehicleLimit | WaitReason::ApplicationLimit => {
            (Code::BudgetExhausted, "The car was asked too often. Try again later.")
        }
        WaitReason::MakeTrouble => {
            (Code::PlatformFailed, "The maker of the car, or Smartcar, does not answer. Try again later.")
        }
        WaitReason::Billing => {
            (Code::Unavailable, "The connection to Smartcar is being looked after. Try again later.")
        }
        WaitReason::OwnerAction => (
            Code::OwnerActionNeeded,
            "Something has to be done in the account at the car's maker first; its app says what.",
        ),
    };
    Problem::new(code, detail).retry_after(between(now, until))
}

pub fn refresh(error: RefreshError) -> Problem {
    match error {
        RefreshError::Busy => Problem::new(
            Code::Busy,
            "The connection is being renewed at this moment. Try again in some seconds.",
        )
        .retry_after(Some(Duration::from_secs(5))),
        RefreshError::Store(error) => error.into(),
        error @ (RefreshError::Platform(_) | RefreshError::Silent) => {
            let detail = "Smartcar does not renew the connection at the moment. Try again in some minutes.";
            Problem::new(Code::PlatformFailed, detail).because(&error)
        }
        error @ RefreshError::Vault(_) => Problem::internal(&error),
    }
}

fn between(now: DateTime<Utc>, until: DateTime<Utc>) -> Option<Duration> {
    (until - now).to_std().ok()
}
