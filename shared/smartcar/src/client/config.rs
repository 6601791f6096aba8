//! What the client is told from outside: credentials, which API, and where the platform is.

use clap::{Args, ValueEnum};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

/// The application at Smartcar and where Smartcar is. The variables have the names and meanings that Smartcar's own
/// SDKs give them (smartcar 6.19 for Python, 10.4 for Node); their defaults are the platform itself.
#[derive(Debug, Clone, Args)]
pub struct ClientConfig {
    /// Which API new connections use: `v3` (one token of the application) or `v2` (tokens of each consent; the platform
    /// is retiring it).
    #[arg(long, env = "SMARTCAR_API_VERSION", value_enum, default_value_t = ApiVersion::V3)]
    pub smartcar_api_version: ApiVersion,

    /// `live` cars, or the `simulated` ones of Smartcar's own test mode.
    #[arg(long, env = "SMARTCAR_MODE", value_enum, default_value_t = Mode::Live)]
    pub smartcar_mode: Mode,

    /// The application's id, to which people give their consent with v3. Not the client id: that one begins with
    /// `client_`, and the consent page refuses it.
    #[arg(long, env = "SMARTCAR_APPLICATION_ID")]
    pub smartcar_application_id: Option<String>,

    /// The client that asks for tokens; with v2 also what people give their consent to.
    #[arg(long, env = "SMARTCAR_CLIENT_ID")]
    pub smartcar_client_id: Option<String>,

    /// The secret of that client.
    #[arg(long, env = "SMARTCAR_CLIENT_SECRET", hide_env_values = true)]
    pub smartcar_client_secret: Option<SecretString>,

    /// Where Smartcar sends people back to after their consent: exactly as it is registered in the dashboard. Without it,
    /// the default of the dashboard.
    #[arg(long, env = "SMARTCAR_REDIRECT_URI", value_parser = redirect)]
    pub smartcar_redirect_uri: Option<Url>,

    /// The application management token; several, comma separated, while it is rotated: the first is used. Only asked for
    /// connections of API v2.0 with it.
    #[arg(long, env = "SMARTCAR_WEBHOOK_SECRET", hide_env_values = true)]
    pub smartcar_webhook_secret: Option<SecretString>,

    /// Where API v2.0 is. `/v2.0/…` is added.
    #[arg(long, env = "SMARTCAR_API_ORIGIN", default_value = "https://api.smartcar.com", value_parser = origin)]
    pub smartcar_api_origin: Url,

    /// Where tokens of API v2.0 are: the whole URL. Without a path, `/oauth/token`.
    #[arg(long, env = "SMARTCAR_AUTH_ORIGIN", default_value = "https://auth.smartcar.com/oauth/token", value_parser = origin)]
    pub smartcar_auth_origin: Url,

    /// Where tokens of API v3 are: the whole URL. Without a path, `/oauth2/token`.
    #[arg(long, env = "SMARTCAR_IAM_ORIGIN", default_value = "https://iam.smartcar.com/oauth2/token", value_parser = origin)]
    pub smartcar_iam_origin: Url,

    /// Where people give their consent. `/oauth/…` is added.
    #[arg(long, env = "SMARTCAR_CONNECT_ORIGIN", default_value = "https://connect.smartcar.com", value_parser = origin)]
    pub smartcar_connect_origin: Url,

    /// Where connections of API v2.0, or webhooks of API v3, are managed; by default `https://management.smartcar.com` and
    /// `https://management.api.smartcar.com`. `/v2.0/management/…` or `/v3/…` is added.
    #[arg(long, env = "SMARTCAR_MANAGEMENT_API_ORIGIN", value_parser = origin)]
    pub smartcar_management_api_origin: Option<Url>,

    /// Where API v3 is. `/v3/…` is added.
    #[arg(
        long,
        env = "SMARTCAR_VEHICLE_API_V3_ORIGIN",
        default_value = "https://vehicle.api.smartcar.com",
        value_parser = origin
    )]
    pub smartcar_vehicle_api_v3_origin: Url,
}

/// The platform's two APIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum)]
pub enum ApiVersion {
    /// Version 2.0: an access token (2 h) and a rotating refresh token (60 d) for each consent.
    V2,
    /// Version 3: one token of the application (1 h), and the user named with each call.
    V3,
}

impl ApiVersion {
    /// A short fixed word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V2 => "v2",
            Self::V3 => "v3",
        }
    }
}

/// Which cars people can connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum)]
pub enum Mode {
    Live,
    /// Cars that the platform simulates.
    Simulated,
}

impl Mode {
    /// The platform's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Simulated => "simulated",
        }
    }
}

impl ClientConfig {
    /// Whether the platform can be asked at all. An empty value is none.
    pub fn is_complete(&self) -> bool {
        self.client_id().is_some() && self.client_secret().is_some()
    }

    pub(super) fn client_id(&self) -> Option<&str> {
        given(self.smartcar_client_id.as_deref())
    }

    pub(super) fn client_secret(&self) -> Option<SecretString> {
        given(self.smartcar_client_secret.as_ref().map(ExposeSecret::expose_secret)).map(SecretString::from)
    }

    pub(super) fn application_id(&self) -> Option<&str> {
        given(self.smartcar_application_id.as_deref())
    }

    pub(super) fn management_token(&self) -> Option<SecretString> {
        let list = self.smartcar_webhook_secret.as_ref()?.expose_secret();
        given(list.split(',').find(|token| !token.trim().is_empty())).map(SecretString::from)
    }
}

fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

/// An address that calls are made to. It comes from the operator and from nowhere else.
fn origin(given: &str) -> Result<Url, String> {
    let url = redirect(given)?;
    if url.query().is_none() { Ok(url) } else { Err("an address without a query".to_owned()) }
}

/// An address that people are sent to.
fn redirect(given: &str) -> Result<Url, String> {
    let url = Url::parse(given.trim()).map_err(|_| "an address such as `https://example.com`".to_owned())?;
    let has_credentials = !url.username().is_empty() || url.password().is_some();
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        Err("an address that begins with `https://` or `http://`".to_owned())
    } else if has_credentials || url.fragment().is_some() {
        Err("an address without credentials and without `#`".to_owned())
    } else {
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        client: ClientConfig,
    }

    fn parse(arguments: &[&str]) -> Result<ClientConfig, clap::Error> {
        let arguments = std::iter::once("program").chain(arguments.iter().copied());
        Program::try_parse_from(arguments).map(|program| program.client)
    }

    #[test]
    fn without_any_setting_the_platform_is_the_real_one_and_nothing_is_asked_of_it() {
        let config = parse(&[]).unwrap();
        assert!(!config.is_complete());
        assert_eq!(config.smartcar_api_version, ApiVersion::V3);
        assert_eq!(config.smartcar_mode, Mode::Live);
        assert_eq!(config.smartcar_vehicle_api_v3_origin.as_str(), "https://vehicle.api.smartcar.com/");
        assert_eq!(config.smartcar_iam_origin.as_str(), "https://iam.smartcar.com/oauth2/token");
    }

    #[test]
    fn an_empty_credential_is_none() {
        let config = parse(&["--smartcar-client-id", " ", "--smartcar-client-secret", ""]).unwrap();
        assert!(!config.is_complete());
        assert!(
            parse(&["--smartcar-client-id", "id", "--smartcar-client-secret", "s"]).unwrap().is_complete()
        );
    }

    #[test]
    fn an_address_that_is_none_is_refused() {
        for address in
            ["", "api.smartcar.com", "file:///etc/passwd", "ftp://a", "https://u:p@a", "https://a?b=c"]
        {
            assert!(parse(&["--smartcar-api-origin", address]).is_err(), "{address:?}");
        }
        assert!(parse(&["--smartcar-redirect-uri", "https://a/#b"]).is_err());
        assert!(parse(&["--smartcar-redirect-uri", "https://a/callback?from=smartcar"]).is_ok());
        assert!(parse(&["--smartcar-api-origin", "http://127.0.0.1:8090"]).is_ok());
    }

    #[test]
    fn secrets_are_not_printed_and_of_several_the_first_is_used() {
        let config =
            parse(&["--smartcar-client-secret", "hunter2", "--smartcar-webhook-secret", " correct, horse"])
                .unwrap();
        let printed = format!("{config:?} {config:#?}");
        assert!(!printed.contains("hunter2") && !printed.contains("correct"), "{printed}");
        assert_eq!(config.management_token().unwrap().expose_secret(), "correct");
    }
}
