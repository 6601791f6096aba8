//! The way to Smartcar's consent pages: a state that is random, signed, short-lived, single-use, and bound to a user, a
//! car and a browser.

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use url::Url;
use uuid::Uuid;

use crate::{ConnectError, Connections};

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
        _user: Uuid,
        _car: Uuid,
        _ask: Ask,
        _now: DateTime<Utc>,
    ) -> Result<Begun, ConnectError> {
        let _db = self.pool.acquire().await?;
        Err(ConnectError::NoSuchCar)
    }
}
