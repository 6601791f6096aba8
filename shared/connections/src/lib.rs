//! Connections to people's cars: where the store, the vault and the platform's client meet. The api connects and
//! disconnects cars, workers poll them and renew tokens, both through [`Connections`].
//!
//! No lock and no transaction is held while the platform is asked.

mod begin;
mod callback;
mod command;
mod config;
mod connected;
mod disconnect;
mod error;
mod status;
mod sync;
mod tokens;

use sqlx::PgPool;

pub use begin::{Ask, Begun};
pub use callback::Callback;
pub use command::{Command, CommandError, CommandOutcome};
pub use config::{BudgetConfig, ConnectionsConfig, Origin};
pub use connected::{Connected, FirstSync, Origins, OtherVehicle, Outcome, StateTrouble, VehicleWords};
pub use disconnect::{DisconnectError, Disconnected};
pub use error::{ConnectError, NotConfigured};
pub use status::{Badge, SignalSeen, Status, StatusError};
pub use sync::{EntryAction, EntryWritten, ReconnectReason, Source, SyncError, SyncOutcome, WaitReason};
pub use tokens::{REFRESH_AHEAD, REFRESH_TOKEN_AHEAD, RefreshError, Refreshed};

/// What connects, asks, renews and disconnects. Cheap to clone; all clones share what they remember.
#[derive(Clone)]
pub struct Connections {
    pool: PgPool,
}

impl Connections {
    /// Asks nobody anything: the database and the platform may be away.
    ///
    /// # Errors
    ///
    /// If what Smartcar gives its customers, or the keys for tokens, are not set or cannot be used. A program that can do
    /// without goes on without.
    pub fn new(_config: &ConnectionsConfig, pool: PgPool) -> Result<Self, NotConfigured> {
        Ok(Self { pool })
    }
}
