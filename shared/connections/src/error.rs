//! What stops somebody from connecting a car, or us from talking to Smartcar at all.

use smartcar::client::ClientError;
use store::StoreError;
use vault::{KeyRingError, Unopenable};

/// Settings without which nothing can be asked of Smartcar.
#[derive(Debug, thiserror::Error)]
pub enum NotConfigured {
    #[error("Smartcar cannot be asked")]
    Client(#[from] ClientError),
    #[error("TOKEN_ENCRYPTION_KEYS is not set")]
    NoKeys,
    #[error("the keys that seal tokens cannot be used")]
    Keys(#[from] KeyRingError),
}

/// Why a connection was not begun, or could not be finished for reasons that are not the person's.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// 404: nobody learns whose car it is.
    #[error("the user has no such car")]
    NoSuchCar,
    /// 402.
    #[error("the user's plan allows {allowed} connected cars, and as many are connected")]
    PlanLimit { allowed: i64 },
    /// 400.
    #[error("the page to return to is not one of Carvetka's")]
    ReturnTo,
    /// 503: connecting is not set up.
    #[error("people cannot be sent to Smartcar")]
    Client(#[from] ClientError),
    /// 503.
    #[error("cannot read or write the connection")]
    Store(#[from] StoreError),
    /// 500.
    #[error("cannot open a token")]
    Vault(#[from] Unopenable),
}

impl From<sqlx::Error> for ConnectError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}
