//! What the program is told from outside. `api --help` is the manual.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::str::FromStr;

use clap::{Args, Parser};
use connections::ConnectionsConfig;
use notify::NotifyConfig;
use runtime::config::{DatabaseConfig, LifecycleConfig, TelemetryConfig};
use secrecy::SecretString;
use url::{Host, Url};

/// What people and Carvetka's pages call: connecting cars, syncing, status, commands, and the books.
///
/// All but the callback, the description and health need `Authorization: Bearer <token>`, a person's access token of
/// Supabase; somebody else's car is answered like one that does not exist. GET /api/openapi.json describes every route.
/// GET /healthz, /readyz and /metrics are for operators; keep them from the outside.
#[derive(Debug, Clone, Parser)]
#[command(name = "api", version)]
pub struct Config {
    /// Where requests are taken. TLS is the business of what stands before it.
    #[arg(long, env = "API_ADDR", default_value = "127.0.0.1:3000")]
    pub api_addr: SocketAddr,

    /// How many connections may be open at once. When there are more, the one that is idle longest is closed.
    #[arg(long, env = "API_CONNECTIONS", default_value_t = 1024, value_parser = clap::value_parser!(u16).range(1..))]
    pub api_connections: u16,

    /// Print the `OpenAPI` description and leave. Nothing else has to be given then.
    #[arg(long)]
    pub openapi: bool,

    #[command(flatten)]
    pub jwt: JwtConfig,
    #[command(flatten)]
    pub allowance: AllowanceConfig,
    #[command(flatten)]
    pub dashboard: DashboardConfig,
    #[command(flatten)]
    pub operators: OperatorConfig,
    #[command(flatten)]
    pub notify: NotifyConfig,
    #[command(flatten)]
    pub connections: ConnectionsConfig,
    #[command(flatten)]
    pub database: DatabaseConfig,
    #[command(flatten)]
    pub telemetry: TelemetryConfig,
    #[command(flatten)]
    pub lifecycle: LifecycleConfig,
}

/// How a person proves to be one. One of the two has to be given; while a project moves from its secret to keys, both.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct JwtConfig {
    /// The secret with which Supabase signs access tokens (HS256), at least 32 characters.
    #[arg(long, env = "JWT_SECRET", hide_env_values = true, required_unless_present = "jwks_url", value_parser = secret)]
    pub jwt_secret: Option<SecretString>,

    /// Where Supabase publishes the keys with which it signs access tokens (ES256, RS256, `EdDSA`):
    /// `https://<project>.supabase.co/auth/v1/.well-known/jwks.json`. Plain `http://` only within the own network.
    #[arg(long, env = "JWKS_URL", required_unless_present = "jwt_secret", value_parser = jwks_url)]
    pub jwks_url: Option<Url>,

    /// For whom access tokens have to be meant (`aud`).
    #[arg(long, env = "JWT_AUDIENCE", default_value = "authenticated")]
    pub jwt_audience: String,

    /// Who has to have issued them (`iss`): `https://<project>.supabase.co/auth/v1`. Without it, whoever has the key.
    #[arg(long, env = "JWT_ISSUER")]
    pub jwt_issuer: Option<String>,
}

/// How often the api may be asked. Each process counts for itself.
#[derive(Debug, Clone, Copy, Args)]
pub struct AllowanceConfig {
    /// Requests of one person in a minute; as many may come at once.
    #[arg(long, env = "API_REQUESTS_PER_MINUTE", default_value_t = 240, value_parser = clap::value_parser!(u32).range(1..))]
    pub requests_per_minute: u32,

    /// Requests of one address in a minute, with or without a token; as many may come at once. For IPv6, of one /64.
    #[arg(long, env = "API_REQUESTS_PER_MINUTE_AND_ADDRESS", default_value_t = 1200, value_parser = clap::value_parser!(u32).range(1..))]
    pub requests_per_minute_and_address: u32,

    /// Of one person in a minute, what asks Smartcar: connecting, syncing, commands.
    #[arg(long, env = "API_ACTIONS_PER_MINUTE", default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..))]
    pub actions_per_minute: u32,

    /// How many proxies of ours stand before the api, each of which adds the address it saw to `X-Forwarded-For`. With
    /// 0 the header is not believed.
    #[arg(long, env = "API_PROXIES", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=8))]
    pub proxies: u8,
}

/// What the pages under `/app/` are told.
#[derive(Debug, Clone, Default, Args)]
pub struct DashboardConfig {
    /// Who draws the ground under maps: `https://tiles.example.org/{z}/{x}/{y}.png`. Whoever runs that server learns which
    /// places people look at, so without it maps show what is ours alone, on a plain ground.
    #[arg(long, env = "DASHBOARD_TILES")]
    pub dashboard_tiles: Option<TileAddress>,

    /// Whom these maps name: `© OpenStreetMap contributors`.
    #[arg(long, env = "DASHBOARD_TILES_ATTRIBUTION", default_value = "")]
    pub dashboard_tiles_attribution: String,
}

/// What those who run the installation are shown at `/app/operator`.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct OperatorConfig {
    /// What proves operators, at least 32 characters (`openssl rand -hex 24`). Without it nobody is one, and the page stays shut.
    #[arg(long, env = "OPERATOR_TOKEN", hide_env_values = true, value_parser = operator_token)]
    pub operator_token: Option<SecretString>,

    /// Where RabbitMQ is, for operators: with it they see queues and replay parked messages. Nothing else here needs it.
    #[arg(long, env = "AMQP_URL", hide_env_values = true)]
    pub amqp_url: Option<SecretString>,

    /// What the names of all exchanges and queues begin with, as the other programs have it.
    #[arg(long, env = "AMQP_NAMESPACE", default_value = "carvetka", value_parser = runtime::config::namespace)]
    pub amqp_namespace: String,
}

impl DashboardConfig {
    pub fn tiles(&self) -> Option<TileServer> {
        let attribution = self.dashboard_tiles_attribution.clone();
        self.dashboard_tiles.clone().map(|address| TileServer { address, attribution })
    }
}

/// Where pieces of a map are.
#[derive(Debug, Clone)]
pub struct TileServer {
    pub address: TileAddress,
    pub attribution: String,
}

impl TileServer {
    /// As policies of content write it: `https://tiles.example.org`.
    pub fn origin(&self) -> &str {
        &self.address.origin
    }
}

/// The address of a piece, with places for its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TileAddress {
    text: String,
    origin: String,
}

impl TileAddress {
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for TileAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let url = Url::parse(text).map_err(|error| format!("not an address: {error}"))?;
        let is_whole = ["{z}", "{x}", "{y}"].iter().all(|place| text.contains(place));
        if matches!(url.scheme(), "http" | "https") && is_whole {
            Ok(Self { text: text.to_owned(), origin: url.origin().ascii_serialization() })
        } else {
            Err("an address such as `https://tiles.example.org/{z}/{x}/{y}.png`".to_owned())
        }
    }
}

impl Config {
    /// Whether this command line asks for the description. Looked at first, since that needs no other setting.
    pub fn asks_for_description(words: impl IntoIterator<Item = OsString>) -> bool {
        words.into_iter().skip(1).any(|word| word == "--openapi")
    }
}

/// A short secret of an HMAC can be guessed from one token.
fn secret(given: &str) -> Result<SecretString, String> {
    if given.len() >= 32 {
        Ok(given.to_owned().into())
    } else {
        Err("the JWT secret has at least 32 characters (Supabase: Settings, API, JWT Secret)".to_owned())
    }
}

fn operator_token(given: &str) -> Result<SecretString, String> {
    if given.len() >= 32 {
        Ok(given.to_owned().into())
    } else {
        Err("the operators' token has at least 32 characters (openssl rand -hex 24)".to_owned())
    }
}

/// Whoever can change the keys on their way can sign as anybody, so they come by TLS, or from the own network.
fn jwks_url(given: &str) -> Result<Url, String> {
    let url = Url::parse(given).map_err(|error| format!("not an address: {error}"))?;
    let is_near = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback() || address.is_private(),
        Some(Host::Ipv6(address)) => address.is_loopback() || address.is_unique_local(),
        // A name without a dot is one of the own network, such as a service of a compose file.
        Some(Host::Domain(name)) => !name.contains('.'),
        None => false,
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_near => Ok(url),
        _ => Err("an address that begins with `https://`, or with `http://` in the own network".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    const SECRET: &str = "a-secret-of-forty-characters-for-a-test!";

    fn parse(more: &[&str]) -> Result<Config, clap::Error> {
        Config::try_parse_from(["api", "--database-url", "postgres://u:correcthorse@db/c"].iter().chain(more))
    }

    #[test]
    fn defaults_are_those_of_the_manual() {
        let config = parse(&["--jwt-secret", SECRET]).unwrap();
        assert_eq!(config.api_addr.to_string(), "127.0.0.1:3000");
        assert_eq!(config.jwt.jwt_audience, "authenticated");
        assert_eq!(config.allowance.proxies, 0, "what a stranger says about addresses is not believed");
    }

    #[test]
    fn without_a_way_to_prove_tokens_it_does_not_start() {
        let error = parse(&[]).unwrap_err().to_string();
        assert!(error.contains("--jwt-secret") && error.contains("--jwks-url"), "{error}");
        assert!(parse(&["--jwt-secret", "short"]).is_err());
        assert!(parse(&["--jwt-audience", "authenticated"]).is_err(), "for whom is no proof of who");
    }

    #[test]
    fn keys_come_by_tls_or_from_the_own_network() {
        for good in ["https://p.supabase.co/keys", "http://127.0.0.1:9/keys", "http://auth:9999/keys"] {
            assert!(parse(&["--jwks-url", good]).is_ok(), "{good}");
        }
        for bad in ["http://p.supabase.co/keys", "http://8.8.8.8/keys", "file:///etc/keys", "keys", ""] {
            assert!(parse(&["--jwks-url", bad]).is_err(), "{bad}");
        }
    }

    #[test]
    fn secrets_are_not_printed() {
        let config = parse(&["--jwt-secret", SECRET]).unwrap();
        let printed = format!("{config:?} {config:#?}");
        assert!(!printed.contains(SECRET) && !printed.contains("correcthorse"), "{printed}");
    }

    #[test]
    fn the_manual_explains_every_setting_and_prints_no_secret() {
        for argument in Config::command().get_arguments() {
            let name = argument.get_id().as_str();
            if matches!(name, "help" | "version") {
                continue;
            }
            assert!(argument.get_help().is_some(), "{name} is not explained");
            assert!(argument.get_env().is_some() || name == "openapi", "{name} has no variable");
            let is_secret = ["secret", "keys"].iter().any(|word| name.ends_with(word))
                || matches!(name, "database_url" | "smtp_url" | "amqp_url" | "operator_token");
            assert!(!is_secret || argument.is_hide_env_values_set(), "{name} would be printed by --help");
        }
    }

    #[test]
    fn a_server_of_maps_is_named_with_places_for_the_number_of_a_piece() {
        let tiles = "https://tiles.example.org/{z}/{x}/{y}.png".parse::<TileAddress>().unwrap();
        assert_eq!(tiles.origin, "https://tiles.example.org");
        assert_eq!(tiles.as_str(), "https://tiles.example.org/{z}/{x}/{y}.png");
        for odd in
            ["", "tiles.example.org/{z}/{x}/{y}", "ftp://t.example/{z}/{x}/{y}", "https://t.example/{z}.png"]
        {
            assert!(odd.parse::<TileAddress>().is_err(), "{odd}");
        }
        let config = parse(&["--jwt-secret", SECRET]).unwrap();
        assert!(config.dashboard.tiles().is_none(), "no stranger learns where people look");
    }
}
