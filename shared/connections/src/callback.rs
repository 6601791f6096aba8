//! The way back from Smartcar's consent pages: every success and every error that it may bring.

use std::fmt;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use store::connect_attempts::{self, Attempt, Consumed, Marks};

use crate::begin::hash;
use crate::connected::{Connected, Origins, Outcome, StateTrouble, VehicleWords};
use crate::{ConnectError, Connections};

mod adopt;
mod confirm;

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

/// Says what is there, and nothing of what it is.
impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            ("state", self.state.is_some()),
            ("code", self.code.is_some()),
            ("user_id", self.user_id.is_some()),
            ("error", self.error.is_some()),
        ];
        let there = parts.iter().filter(|(_, is_there)| *is_there).map(|(name, _)| name);
        f.debug_set().entries(there).finish()
    }
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
        callback: Callback,
        browser: Option<&SecretString>,
        now: DateTime<Utc>,
    ) -> Result<Connected, ConnectError> {
        let Some(state) = callback.state.as_deref().filter(|state| self.is_our_state(state)) else {
            return Ok(Connected { origins: None, outcome: Outcome::State(StateTrouble::Forged) });
        };
        let attempt = match self.consume(state, browser, &callback, now).await? {
            Ok(attempt) => attempt,
            Err(refused) => return Ok(*refused),
        };
        let outcome = match &callback.error {
            Some(error) => refusal(error, &callback),
            None => self.consented(&attempt, &callback, now).await?,
        };
        Ok(Connected { origins: Some(origins(&attempt)), outcome })
    }

    /// Uses the attempt up, or says why it is none.
    async fn consume(
        &self,
        state: &str,
        browser: Option<&SecretString>,
        callback: &Callback,
        now: DateTime<Utc>,
    ) -> Result<Result<Attempt, Box<Connected>>, ConnectError> {
        let state_hash = hash(state);
        let browser_hash = hash(browser.map(ExposeSecret::expose_secret).unwrap_or_default());
        let code_hash = callback.code.as_ref().map(|code| hash(code.expose_secret()));
        let marks = Marks { state_hash: &state_hash, browser_hash: &browser_hash };
        let mut db = self.pool().acquire().await?;
        let consumed =
            connect_attempts::consume(&mut db, marks, code_hash.as_ref().map(<[u8; 32]>::as_slice), now)
                .await?;
        let refused = |origins, outcome| Err(Box::new(Connected { origins, outcome }));
        let told = |attempt: &Attempt, outcome| refused(Some(origins(attempt)), outcome);
        Ok(match consumed {
            Consumed::Taken(attempt) => Ok(attempt),
            Consumed::Expired(attempt) => told(&attempt, Outcome::State(StateTrouble::Expired)),
            Consumed::Used(attempt) => told(&attempt, Outcome::State(StateTrouble::Used)),
            Consumed::CodeUsed(attempt) => told(&attempt, Outcome::CodeUsed),
            // Nobody is told whose it is.
            Consumed::Foreign => refused(None, Outcome::State(StateTrouble::Foreign)),
            // So old that it was cleared away.
            Consumed::Unknown => refused(None, Outcome::State(StateTrouble::Expired)),
        })
    }

    /// The person consented, or so the redirect says.
    async fn consented(
        &self,
        attempt: &Attempt,
        callback: &Callback,
        now: DateTime<Utc>,
    ) -> Result<Outcome, ConnectError> {
        match self.confirm(attempt, callback, now).await? {
            Ok(consent) => self.adopt(attempt, consent, now).await,
            Err(outcome) => Ok(outcome),
        }
    }
}

/// What an error of the platform means to the person. The set is open.
fn refusal(error: &str, callback: &Callback) -> Outcome {
    match error {
        "access_denied" | "user_manually_returned_to_application" => Outcome::Refused,
        "vehicle_incompatible" => Outcome::Incompatible {
            vin: callback.vin.clone(),
            vehicle: VehicleWords {
                make: callback.make.clone(),
                model: callback.model.clone(),
                year: callback.year.as_deref().and_then(|year| year.trim().parse().ok()),
            },
        },
        "no_vehicles" => Outcome::NoVehicles,
        "invalid_subscription" => Outcome::Subscription,
        "configuration_error" | "invalid_request" | "unauthorized_client" | "invalid_scope" => {
            Outcome::OurFault
        }
        "server_error" | "temporarily_unavailable" => Outcome::PlatformFault,
        other => Outcome::UnknownError { error: other.chars().take(100).collect() },
    }
}

fn origins(attempt: &Attempt) -> Origins {
    Origins {
        user_id: attempt.user_id,
        car_id: attempt.car_id,
        popup: attempt.popup,
        return_to: attempt.return_to.clone(),
    }
}

fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<Option<SecretString>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.map(SecretString::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_of_the_platform_has_an_end_of_its_own() {
        let with = |error: &str| {
            let callback = Callback {
                make: Some("LADA".to_owned()),
                year: Some("1980".to_owned()),
                ..Callback::default()
            };
            format!("{:?}", refusal(error, &callback))
        };
        let table = [
            ("access_denied", "Refused"),
            ("user_manually_returned_to_application", "Refused"),
            ("no_vehicles", "NoVehicles"),
            ("invalid_subscription", "Subscription"),
            ("configuration_error", "OurFault"),
            ("server_error", "PlatformFault"),
            ("of_tomorrow", "UnknownError { error: \"of_tomorrow\" }"),
        ];
        for (error, outcome) in table {
            assert_eq!(with(error), outcome);
        }
        assert!(with("vehicle_incompatible").contains("LADA"));
        assert!(with(&"x".repeat(10_000)).len() < 200);
    }

    #[test]
    fn a_callback_prints_none_of_its_secrets() {
        let callback = Callback {
            state: Some("hunter2".to_owned()),
            code: Some("hunter2".to_owned().into()),
            ..Callback::default()
        };
        assert_eq!(format!("{callback:?}"), r#"{"state", "code"}"#);
    }
}
