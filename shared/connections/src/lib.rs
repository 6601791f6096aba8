//! Connections to people's cars: where the store, the vault and the platform's client meet. The api connects and
//! disconnects cars, workers poll them and renew tokens, both through [`Connections`].
//!
//! No lock and no transaction is held while the platform is asked.

mod begin;
mod callback;
mod choice;
mod command;
mod config;
mod connected;
mod disconnect;
mod error;
mod gates;
mod scopes;
mod status;
mod sync;
mod tokens;
mod trouble;

use std::fmt;
use std::sync::Arc;

use intake::KnownReadings;
use secrecy::{ExposeSecret, SecretString};
use smartcar::client::Client;
use sqlx::PgPool;
use vault::KeyRing;

pub use begin::{Ask, Begun};
pub use callback::Callback;
pub use command::{Command, CommandError, CommandOutcome};
pub use config::{BudgetConfig, ConnectionsConfig, Origin};
pub use connected::{Connected, FirstSync, Origins, OtherVehicle, Outcome, StateTrouble, VehicleWords};
pub use disconnect::{DisconnectError, Disconnected};
pub use error::{ConnectError, NotConfigured};
pub use status::{Badge, SignalSeen, Status, StatusError};
pub use sync::{EntryAction, EntryWritten, ReconnectReason, Source, SyncError, SyncOutcome, WaitReason};
pub use tokens::{
    ExchangeError, REFRESH_AHEAD, REFRESH_TOKEN_AHEAD, RefreshError, Refreshed, place as token_place,
};

/// What connects, asks, renews and disconnects. Cheap to clone; all clones share what they remember.
#[derive(Clone)]
pub struct Connections {
    inner: Arc<Inner>,
}

struct Inner {
    pool: PgPool,
    client: Client,
    keys: KeyRing,
    known: KnownReadings,
    origins: Vec<Origin>,
    free_vehicles: u32,
    budget: BudgetConfig,
}

impl Connections {
    /// Asks nobody anything: the database and the platform may be away.
    ///
    /// # Errors
    ///
    /// If what Smartcar gives its customers, or the keys for tokens, are not set or cannot be used. A program that can do
    /// without goes on without.
    pub fn new(config: &ConnectionsConfig, pool: PgPool) -> Result<Self, NotConfigured> {
        let client = Client::new(&config.smartcar)?;
        let keys = config.token_encryption_keys.as_ref().filter(|keys| !is_empty(keys));
        Ok(Self {
            inner: Arc::new(Inner {
                pool,
                client,
                keys: KeyRing::parse(keys.ok_or(NotConfigured::NoKeys)?)?,
                known: KnownReadings::default(),
                origins: config.carvetka_origin.clone(),
                free_vehicles: config.free_vehicles,
                budget: config.budget,
            }),
        })
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.inner.pool
    }

    pub(crate) fn client(&self) -> &Client {
        &self.inner.client
    }

    pub(crate) fn keys(&self) -> &KeyRing {
        &self.inner.keys
    }
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connections").field("keys", &self.inner.keys).finish_non_exhaustive()
    }
}

fn is_empty(secret: &SecretString) -> bool {
    secret.expose_secret().trim().is_empty()
}
