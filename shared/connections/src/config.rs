//! What a program that talks to Smartcar is told from outside.

use std::str::FromStr;

use clap::Args;
use secrecy::SecretString;
use smartcar::client::ClientConfig;
use url::Url;

/// Everything that connecting and asking cars needs.
#[derive(Debug, Clone, Args)]
pub struct ConnectionsConfig {
    /// The keys that seal tokens at rest: `id:base64` of 32 bytes each, comma separated. The first one seals, all of
    /// them open: put a new key first, run `carvetka keys rotate`, then take the old one away.
    #[arg(long, env = "TOKEN_ENCRYPTION_KEYS", hide_env_values = true)]
    pub token_encryption_keys: Option<SecretString>,

    /// Where Carvetka's pages are, such as `https://app.carvetka.com`; several, comma separated. People are sent back to
    /// these origins and to no other.
    #[arg(long, env = "CARVETKA_ORIGIN", value_delimiter = ',')]
    pub carvetka_origin: Vec<Origin>,

    /// How many cars each user may connect without a plan.
    #[arg(long, env = "FREE_VEHICLES", default_value_t = 1)]
    pub free_vehicles: u32,

    #[command(flatten)]
    pub budget: BudgetConfig,

    #[command(flatten)]
    pub smartcar: ClientConfig,
}

impl ConnectionsConfig {
    /// Whether the operator means this program to talk to Smartcar at all.
    pub fn is_wanted(&self) -> bool {
        self.smartcar.is_complete()
    }
}

/// How often the platform lets itself be asked. All processes share what is left: it is counted in the database.
#[derive(Debug, Clone, Copy, Args)]
pub struct BudgetConfig {
    /// Calls for one vehicle in one calendar month (UTC). Smartcar's plans count them; its free plan has 500.
    #[arg(long = "smartcar-calls-per-vehicle", env = "SMARTCAR_CALLS_PER_VEHICLE", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub calls_per_vehicle: u32,

    /// How many calls the application may make at once before it has to wait: Smartcar's bucket, 120 unless more was
    /// agreed.
    #[arg(long = "smartcar-bucket", env = "SMARTCAR_BUCKET", default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub bucket: u32,

    /// How many calls come back into the bucket each minute.
    #[arg(long = "smartcar-bucket-per-minute", env = "SMARTCAR_BUCKET_PER_MINUTE", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub bucket_per_minute: u32,
}

/// Scheme, host and port of a web page, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

/// What is given is no origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an origin such as `https://app.carvetka.com`, without a path")]
pub struct NoOrigin;

impl Origin {
    /// As browsers write it in the header `Origin`: `https://app.carvetka.com`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this address is a page of this origin. (`blob:` has the origin of what is in it, and is no page.)
    pub fn holds(&self, address: &Url) -> bool {
        matches!(address.scheme(), "http" | "https") && address.origin().ascii_serialization() == self.0
    }
}

impl FromStr for Origin {
    type Err = NoOrigin;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let address = Url::parse(text.trim()).map_err(|_| NoOrigin)?;
        let is_web = matches!(address.scheme(), "http" | "https");
        let is_bare = address.path() == "/" && address.query().is_none() && address.fragment().is_none();
        let is_nobodys = address.username().is_empty() && address.password().is_none();
        if is_web && is_bare && is_nobodys {
            Ok(Self(address.origin().ascii_serialization()))
        } else {
            Err(NoOrigin)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port_and_nothing_else() {
        let origin = |text: &str| text.parse::<Origin>().map(|origin| origin.as_str().to_owned());
        assert_eq!(origin("https://App.Carvetka.com/").unwrap(), "https://app.carvetka.com");
        assert_eq!(origin("http://localhost:3000").unwrap(), "http://localhost:3000");
        assert_eq!(origin("https://app.carvetka.com:443").unwrap(), "https://app.carvetka.com");
        for odd in [
            "",
            "*",
            "app.carvetka.com",
            "https://a/b",
            "https://a?b",
            "javascript:alert(1)",
            "https://u:p@a",
        ] {
            assert!(origin(odd).is_err(), "{odd}");
        }
    }
}
