//! What the door is told from outside. `ingest --help` is the manual.

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, Parser};
use runtime::config::{BrokerConfig, LifecycleConfig, TelemetryConfig};
use secrecy::{ExposeSecret, SecretString};
use smartcar::signature::Secrets;

/// Takes Smartcar's webhooks: proves who sent them, puts them into the queue, answers.
///
/// Give it `DATABASE_URL` as well, and an outage of the broker is no outage of the door: what the broker does not confirm
/// within `INGEST_CONFIRM_MS` is committed to the table `ingest_spool` and answered 200, and workers take it from there
/// within seconds, while the outage still lasts. A broker that is known to be away or blocked is not waited for; of one
/// that only keeps silent, one delivery a second finds out whether it confirms again. The door is ready as long as one
/// of the two ways works, and /readyz names what is closed. The role needs the right to INSERT into `ingest_spool`, and
/// one connection.
///
/// POST /api/smartcar/webhook takes deliveries, GET answers a challenge while enrolment is open. GET /healthz,
/// /readyz and /metrics are for operators; keep them from the outside.
#[derive(Debug, Clone, Parser)]
#[command(name = "ingest", version)]
pub struct Config {
    /// Where webhooks are taken. TLS is the business of what stands before it.
    #[arg(long, env = "INGEST_ADDR", default_value = "127.0.0.1:8080")]
    pub ingest_addr: SocketAddr,

    /// How many connections may be open at once. When there are more, the one that is idle longest is closed.
    #[arg(long, env = "INGEST_CONNECTIONS", default_value_t = 2048, value_parser = clap::value_parser!(u16).range(1..))]
    pub ingest_connections: u16,

    /// Over how many channels deliveries are published. Each has up to 256 on their way; one is enough for a broker
    /// of two cores.
    #[arg(long, env = "INGEST_CHANNELS", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub ingest_channels: u16,

    #[command(flatten)]
    pub door: DoorConfig,
    #[command(flatten)]
    pub spool: SpoolConfig,
    #[command(flatten)]
    pub broker: BrokerConfig,
    #[command(flatten)]
    pub telemetry: TelemetryConfig,
    #[command(flatten)]
    pub lifecycle: LifecycleConfig,
}

/// The rules at the door.
///
/// The upper bounds of the three times (a body's, the broker's, the spool's) add up to less than the 15 s after which
/// Smartcar gives up on an answer; their defaults to less than 10 s.
#[derive(Debug, Clone, Args)]
pub struct DoorConfig {
    /// The application management token, as Smartcar's dashboard shows it: what webhooks are signed with. While it is
    /// rotated, several, comma separated: all are accepted, the first answers handshakes.
    #[arg(
        long,
        env = "SMARTCAR_WEBHOOK_SECRET",
        hide_env_values = true,
        // Not there is the same mistake as empty, and gets the same advice.
        default_value = "",
        hide_default_value = true,
        value_parser = secrets
    )]
    pub smartcar_webhook_secret: Secrets,

    /// Answer handshakes (VERIFY) that are not signed, too. Open this only while a webhook is created or verified in
    /// the dashboard, and only if that fails otherwise: a stranger who chooses challenges has us sign them. What could
    /// be taken for a delivery is never signed.
    #[arg(long, env = "INGEST_ACCEPT_UNSIGNED_VERIFY")]
    pub accept_unsigned_verify: bool,

    /// How many milliseconds a body may take to arrive whole.
    #[arg(long, env = "INGEST_BODY_MS", default_value_t = 5_000, value_parser = clap::value_parser!(u64).range(1..=8_000))]
    pub body_ms: u64,

    /// How many milliseconds the broker may take to confirm a delivery, before the spool is asked or, without one, the
    /// answer is 503.
    #[arg(long, env = "INGEST_CONFIRM_MS", default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(1..=4_000))]
    pub confirm_ms: u64,

    /// How many deliveries are taken in hand at once; more are answered 503 at once. Each needs at most 64 KiB.
    #[arg(long, env = "INGEST_REQUESTS_IN_HAND", default_value_t = 1024, value_parser = clap::value_parser!(u16).range(1..))]
    pub requests_in_hand: u16,
}

impl DoorConfig {
    /// How long a body may take to arrive whole.
    pub fn body_within(&self) -> Duration {
        Duration::from_millis(self.body_ms)
    }

    /// How long the broker may take to confirm.
    pub fn confirm_within(&self) -> Duration {
        Duration::from_millis(self.confirm_ms)
    }
}

/// The second way, for when the broker does not confirm.
#[derive(Debug, Clone, Args)]
pub struct SpoolConfig {
    /// Where PostgreSQL is, with credentials: `postgres://user:password@host:5432/carvetka`. What the broker does not
    /// confirm in time is committed there. Without it, or empty, the answer is 503 then. The door opens and works also
    /// while the database is away.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<SecretString>,

    /// How many milliseconds the database may take to commit a delivery to the spool, before the answer is 503.
    #[arg(long, env = "INGEST_SPOOL_MS", default_value_t = 2_500, value_parser = clap::value_parser!(u64).range(1..=2_500))]
    pub spool_ms: u64,
}

impl SpoolConfig {
    /// The address, if there is one. An empty variable is how a compose file says that there is none.
    pub fn database_url(&self) -> Option<&str> {
        let url = self.database_url.as_ref().map(ExposeSecret::expose_secret);
        url.filter(|url| !url.is_empty())
    }

    /// How long the database may take to commit.
    pub fn within(&self) -> Duration {
        Duration::from_millis(self.spool_ms)
    }
}

fn secrets(list: &str) -> Result<Secrets, String> {
    Secrets::parse(list).map_err(|error| {
        format!("{error} (SMARTCAR_WEBHOOK_SECRET; several, comma separated, while it is rotated)")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parse(more: &[&str]) -> Result<Config, clap::Error> {
        Config::try_parse_from(["ingest", "--amqp-url", "amqp://u:correcthorse@mq/%2f"].iter().chain(more))
    }

    #[test]
    fn defaults_are_those_of_the_manual() {
        let config = parse(&["--smartcar-webhook-secret", "hunter2"]).unwrap();
        assert_eq!(config.ingest_addr.to_string(), "127.0.0.1:8080");
        assert!(!config.door.accept_unsigned_verify, "enrolment is closed unless somebody opens it");
        assert!(longest(&config) < Duration::from_secs(10), "{:?}", longest(&config));
    }

    /// How late an answer may be.
    fn longest(config: &Config) -> Duration {
        config.door.body_within() + config.door.confirm_within() + config.spool.within()
    }

    #[test]
    fn no_configuration_answers_later_than_smartcar_waits() {
        let slowest = [
            "--smartcar-webhook-secret",
            "s",
            "--body-ms",
            "8000",
            "--confirm-ms",
            "4000",
            "--spool-ms",
            "2500",
        ];
        let config = parse(&slowest).unwrap();
        assert!(longest(&config) < Duration::from_secs(15));
        for slower in [["--body-ms", "8001"], ["--confirm-ms", "4001"], ["--spool-ms", "2501"]] {
            assert!(parse(&[&slowest[..2], &slower].concat()).is_err(), "{slower:?} was taken");
        }
    }

    #[test]
    fn an_empty_database_url_is_none() {
        let url = |url: &str| {
            let config = parse(&["--smartcar-webhook-secret", "s", "--database-url", url]).unwrap();
            config.spool.database_url().map(str::to_owned)
        };
        assert_eq!(url(""), None);
        assert_eq!(url("postgres://db/carvetka").as_deref(), Some("postgres://db/carvetka"));
    }

    #[test]
    fn without_a_secret_it_says_what_to_do() {
        for arguments in [&[][..], &["--smartcar-webhook-secret", ""], &["--smartcar-webhook-secret", " , "]]
        {
            let error = parse(arguments).unwrap_err().to_string();
            assert!(error.contains("SMARTCAR_WEBHOOK_SECRET"), "{error}");
            assert!(error.contains("application management token"), "{error}");
        }
    }

    #[test]
    fn secrets_are_not_printed() {
        let database = "postgres://u:batterystaple@db/carvetka";
        let config = parse(&["--smartcar-webhook-secret", "hunter2", "--database-url", database]).unwrap();
        let printed = format!("{config:?} {config:#?}");
        for secret in ["hunter2", "correcthorse", "batterystaple"] {
            assert!(!printed.contains(secret), "{printed}");
        }
    }

    #[test]
    fn the_manual_explains_every_setting_and_prints_no_secret() {
        for argument in Config::command().get_arguments().filter(|argument| argument.get_id() != "help") {
            let name = argument.get_id();
            if name == "version" {
                continue;
            }
            assert!(argument.get_help().is_some() && argument.get_env().is_some(), "{name} is not explained");
            let is_secret = name.as_str().ends_with("secret") || name.as_str().ends_with("url");
            assert!(!is_secret || argument.is_hide_env_values_set(), "{name} would be printed by --help");
        }
    }
}
