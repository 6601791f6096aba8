//! The way back from Smartcar's consent pages: every success and every error that it may bring.

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

use crate::connected::{Connected, Outcome, StateTrouble};
use crate::{ConnectError, Connections};

/// The query of the redirect, as it came. Nothing in it proves anything by itself.
#[derive(Clone, Default, Deserialize)]
pub struct Callback {
    pub state: Option<String>,
    /// v2: buys a token pair, once, within ten minutes.
    #[serde(default, deserialize_with = "secret")]
    pub code: Option<SecretString>,
    /// v3: Smartcar's id of the user who consented, or so it says.
    pub user_id: Option<String>,
    pub external_id: Option<String>,
    /// After consenting again to one vehicle.
    pub vehicle_id: Option<String>,
    pub error: Option<String>,
    pub error_description: Option<String>,
    pub vin: Option<String>,
    pub make: Option<String>,
    pub model: Option<String>,
    pub year: Option<String>,
}

impl Connections {
    /// Finishes what [`Connections::begin`] began. `browser` is what it gave to the browser, if that sent it back.
    ///
    /// What the person can do something about is an outcome, not an error.
    ///
    /// # Errors
    ///
    /// If the database cannot be reached, or holds what cannot be opened.
    pub async fn connect_vehicle(
        &self,
        _callback: Callback,
        _browser: Option<&SecretString>,
        _now: DateTime<Utc>,
    ) -> Result<Connected, ConnectError> {
        let _db = self.pool.acquire().await?;
        Ok(Connected { origins: None, outcome: Outcome::State(StateTrouble::Forged) })
    }
}

fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SecretString>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.map(SecretString::from))
}
