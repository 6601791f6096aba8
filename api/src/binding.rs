//! The cookie that binds a connection that was begun to the browser that began it: without it a person could be made
//! to finish what somebody else began, and would give their car to a stranger's book.

use axum::http::header::InvalidHeaderValue;
use axum::http::{HeaderMap, HeaderValue, header};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use url::Url;

/// As long as Smartcar's code and our state are good.
const SECONDS: u32 = 600;

/// One cookie for each connection that was begun, so that two tabs do not take it away from each other.
pub struct Binding {
    name: String,
    is_secure: bool,
}

impl Binding {
    /// For the connection that this address of Smartcar's begins.
    pub fn of(url: &Url, is_secure: bool) -> Self {
        let state = url.query_pairs().find(|(name, _)| name == "state").map(|(_, state)| state);
        Self::of_state(state.as_deref().unwrap_or_default(), is_secure)
    }

    pub fn of_state(state: &str, is_secure: bool) -> Self {
        // The first bytes are enough to tell a person's tabs apart.
        let short = hex::encode(&Sha256::digest(state)[..6]);
        // With the prefix, browsers take the cookie from this host alone, and not from its neighbours.
        let prefix = if is_secure { "__Host-" } else { "" };
        Self { name: format!("{prefix}carvetka-connect-{short}"), is_secure }
    }

    /// The header that gives it to the browser.
    pub fn set(&self, value: &SecretString) -> Result<HeaderValue, InvalidHeaderValue> {
        self.header(value.expose_secret(), SECONDS)
    }

    /// The header that takes it away again.
    pub fn clear(&self) -> Result<HeaderValue, InvalidHeaderValue> {
        self.header("", 0)
    }

    /// What the browser sent back.
    pub fn find(&self, headers: &HeaderMap) -> Option<SecretString> {
        let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
        let mut cookies =
            lines.flat_map(|line| line.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
        cookies.find(|(name, _)| *name == self.name).map(|(_, value)| value.to_owned().into())
    }

    fn header(&self, value: &str, seconds: u32) -> Result<HeaderValue, InvalidHeaderValue> {
        let secure = if self.is_secure { "; Secure" } else { "" };
        let name = &self.name;
        // Lax: it has to come along when Smartcar sends the browser back.
        let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
        let mut header = HeaderValue::from_str(&text)?;
        header.set_sensitive(true);
        Ok(header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_connection_has_a_cookie_of_its_own_that_no_script_and_no_neighbour_reads() {
        let url: Url = "https://connect.smartcar.com/oauth/authorize?state=abc&x=1".parse().unwrap();
        let binding = Binding::of(&url, true);
        let header = binding.set(&"value-1".to_owned().into()).unwrap();
        let text = header.to_str().unwrap();
        assert!(
            text.starts_with("__Host-carvetka-connect-") && text.contains("=value-1; Path=/; "),
            "{text}"
        );
        for attribute in ["HttpOnly", "SameSite=Lax", "Secure", "Max-Age=600"] {
            assert!(text.contains(attribute), "{text}");
        }
        assert!(header.is_sensitive());
        let mut headers = HeaderMap::new();
        let cookie = text.split(';').next().unwrap();
        headers.insert(header::COOKIE, format!("theme=dark; {cookie}; other=1").parse().unwrap());
        assert_eq!(Binding::of_state("abc", true).find(&headers).unwrap().expose_secret(), "value-1");
        assert!(Binding::of_state("another", true).find(&headers).is_none());
    }
}
