//! The way to Smartcar's consent pages: a state that is random, signed, short-lived, single-use, and bound to a user, a
//! car and a browser.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use rand::RngCore;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use smartcar::client::{ApiVersion, ConnectRequest};
use store::connect_attempts::{self, Attempt, Marks};
use store::{garage, grants, plans, vehicles};
use url::Url;
use uuid::Uuid;

use crate::scopes::{LocationConsent, scopes};
use crate::{ConnectError, Connections, Origin};

/// As long as the platform's code lives.
const LIFE: TimeDelta = TimeDelta::minutes(10);

/// What a signature of a state is for.
const PURPOSE: &str = "connect";

/// What a person asks for with "Connect to Smartcar".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ask {
    /// Positions may be stored: then, and only then, they are asked for.
    pub location: bool,
    /// The consent pages are opened in a popup that reports back.
    pub popup: bool,
    /// Where to go afterwards: a page of one of Carvetka's origins. A path alone (`/cars/1`) is on the first of them.
    pub return_to: Option<String>,
}

/// A connection that was begun.
#[derive(Debug)]
pub struct Begun {
    /// Where the browser goes.
    pub url: Url,
    /// Has to come back with the callback, from the same browser: the api keeps it in a cookie (`HttpOnly`, `Secure`,
    /// `SameSite=Lax`, ten minutes). Otherwise a person could be made to finish what somebody else began, and would give
    /// their car to a stranger's book.
    pub browser: SecretString,
}

impl Connections {
    /// Begins to connect a car of this user.
    ///
    /// # Errors
    ///
    /// If the car is not theirs, their plan has no room, or the page to return to is not one of Carvetka's.
    pub async fn begin(
        &self,
        user: Uuid,
        car: Uuid,
        ask: Ask,
        now: DateTime<Utc>,
    ) -> Result<Begun, ConnectError> {
        let return_to =
            ask.return_to.as_deref().map(|page| return_address(&self.inner.origins, page)).transpose()?;
        let mut db = self.pool().acquire().await?;
        if !garage::is_owned(&mut db, user, car).await? {
            return Err(ConnectError::NoSuchCar);
        }
        if vehicles::connecting::of_car(&mut db, user, car).await?.is_none() {
            let allowed = plans::allowed(&mut db, user, self.inner.free_vehicles).await?;
            if plans::connected_besides(&mut db, user, car).await? >= allowed {
                return Err(ConnectError::PlanLimit { allowed });
            }
        }
        let known = connect_attempts::external_id(&mut db, user).await?;
        let attempt = Attempt {
            user_id: user,
            car_id: car,
            api_version: stored(self.client().api_version()),
            external_id: known.unwrap_or_else(|| Uuid::new_v4().to_string()),
            scopes: scopes(LocationConsent(ask.location)),
            location_consent: ask.location,
            popup: ask.popup,
            return_to: return_to.map(String::from),
        };
        let state = self.keys().sign(&random(), PURPOSE);
        let browser = SecretString::from(random());
        let url = self.consent_url(&attempt, &state)?;
        let (state_hash, browser_hash) = (hash(&state), hash(browser.expose_secret()));
        let marks = Marks { state_hash: &state_hash, browser_hash: &browser_hash };
        connect_attempts::insert(&mut db, &attempt, marks, now, now + LIFE).await?;
        Ok(Begun { url, browser })
    }

    fn consent_url(&self, attempt: &Attempt, state: &str) -> Result<Url, ConnectError> {
        let scopes: Vec<&str> = attempt.scopes.iter().map(String::as_str).collect();
        let request = ConnectRequest {
            state,
            scopes: &scopes,
            external_id: Some(&attempt.external_id),
            // A person who connects again wants to be asked again: about places, for one.
            force: true,
            ..ConnectRequest::default()
        };
        Ok(self.client().connect_url(&request)?)
    }

    /// Whether we made this state. Nothing is looked up for one that we did not make.
    pub(crate) fn is_our_state(&self, state: &str) -> bool {
        self.keys().verify(state, PURPOSE).is_some()
    }
}

/// The version in the store's words.
pub(crate) fn stored(version: ApiVersion) -> grants::ApiVersion {
    match version {
        ApiVersion::V2 => grants::ApiVersion::V2,
        ApiVersion::V3 => grants::ApiVersion::V3,
    }
}

pub(crate) fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

fn random() -> String {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The page, if it is one of these origins. Compared after parsing, as a browser would understand it: `//evil`, `\\evil`
/// and the like are other origins then.
fn return_address(origins: &[Origin], page: &str) -> Result<Url, ConnectError> {
    let first = origins.first().ok_or(ConnectError::ReturnTo)?;
    let base = Url::parse(first.as_str()).map_err(|_| ConnectError::ReturnTo)?;
    let address = base.join(page).map_err(|_| ConnectError::ReturnTo)?;
    let is_nobodys = address.username().is_empty() && address.password().is_none();
    if is_nobodys && origins.iter().any(|origin| origin.holds(&address)) {
        Ok(address)
    } else {
        Err(ConnectError::ReturnTo)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_sent_back_to_carvetkas_pages_and_to_no_other() {
        let origins: Vec<Origin> = ["https://app.carvetka.com", "http://localhost:3000"]
            .map(|origin| origin.parse().unwrap())
            .into();
        let to = |page: &str| return_address(&origins, page).map(String::from);
        assert_eq!(to("/cars/1?tab=2").unwrap(), "https://app.carvetka.com/cars/1?tab=2");
        assert_eq!(to("http://localhost:3000/x").unwrap(), "http://localhost:3000/x");
        for elsewhere in [
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https:evil.example",
            "https://app.carvetka.com.evil.example/",
            "https://app.carvetka.com@evil.example/",
            "https://u:p@app.carvetka.com/",
            "http://app.carvetka.com/",
            "https://app.carvetka.com:8443/",
            "javascript:alert(1)",
            "data:text/html,x",
            "/\t/evil.example",
            "blob:https://app.carvetka.com/x",
        ] {
            let sent = to(elsewhere);
            let is_home = sent.as_ref().is_ok_and(|url| url.starts_with("https://app.carvetka.com/"));
            assert!(sent.is_err() || is_home, "{elsewhere}: {sent:?}");
        }
        assert!(return_address(&[], "/cars/1").is_err());
    }
}
