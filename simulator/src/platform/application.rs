//! The application as it is registered in the platform's dashboard: who it is, where people may be sent back
//! to, and what it asks for if its link does not say.

use secrecy::{ExposeSecret, SecretString};

use super::permissions;

/// One application. Begin with [`Application::new`] and change what should be otherwise.
#[derive(Debug, Clone)]
pub struct Application {
    /// Names the application in the links of Connect with v3.
    pub application_id: String,
    /// Names it in Connect with v2, and asks for tokens.
    pub client_id: String,
    pub client_secret: SecretString,
    /// Where people may be sent back to: exactly one of these. The first is the default.
    pub redirect_uris: Vec<String>,
    /// What is asked for where the link names no scope (the dashboard's "Vehicle Access").
    pub default_permissions: Vec<String>,
}

impl Application {
    pub const APPLICATION_ID: &str = "3f0e8a1c-6b0d-4f52-9a53-2f2c6a1f7d10";
    pub const CLIENT_ID: &str = "7d0b1f7e-31f5-4b53-9d4d-0f7e5a7c9e21";
    pub const CLIENT_SECRET: &str = "the-secret-of-a-stand-in";

    /// An application with the stand-in's own ids and secret.
    pub fn new(redirect_uri: impl Into<String>) -> Self {
        Self {
            application_id: Self::APPLICATION_ID.to_owned(),
            client_id: Self::CLIENT_ID.to_owned(),
            client_secret: SecretString::from(Self::CLIENT_SECRET),
            redirect_uris: vec![redirect_uri.into()],
            default_permissions: permissions::READ.iter().map(|&name| name.to_owned()).collect(),
        }
    }

    /// Whether Connect may be opened under this name. The machine's credential may not where it is another
    /// one: with v3, links carry the application's id (source: reports of those who tried the other).
    pub fn is_known_to_connect(&self, client_id: &str) -> bool {
        let is_machine = self.client_id.starts_with("client_");
        client_id == self.application_id || (client_id == self.client_id && !is_machine)
    }

    pub fn is_client(&self, client_id: &str, client_secret: &str) -> bool {
        client_id == self.client_id && client_secret == self.client_secret.expose_secret()
    }

    /// Where people are sent back to: the registered address that a link names, or the first one. `None` if
    /// the link names another.
    pub fn redirect_uri(&self, named: Option<&str>) -> Option<&str> {
        match named {
            Some(named) => self.redirect_uris.iter().find(|uri| *uri == named).map(String::as_str),
            None => self.redirect_uris.first().map(String::as_str),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn application() -> Application {
        Application::new("https://carvetka.example/api/smartcar/callback")
    }

    #[test]
    fn a_redirect_uri_has_to_match_exactly() {
        let application = application();
        let registered = "https://carvetka.example/api/smartcar/callback";
        assert_eq!(application.redirect_uri(Some(registered)), Some(registered));
        assert_eq!(application.redirect_uri(None), Some(registered));
        for other in ["https://carvetka.example/api/smartcar/callback/", "https://evil.example", ""] {
            assert_eq!(application.redirect_uri(Some(other)), None);
        }
    }

    #[test]
    fn the_machines_credential_does_not_open_connect() {
        let application = Application { client_id: "client_0001".to_owned(), ..application() };
        assert!(application.is_known_to_connect(Application::APPLICATION_ID));
        assert!(!application.is_known_to_connect("client_0001"));
        assert!(application.is_client("client_0001", Application::CLIENT_SECRET));
    }

    #[test]
    fn secrets_are_not_printed() {
        let printed = format!("{:?}", application());
        assert!(!printed.contains(Application::CLIENT_SECRET));
    }
}
