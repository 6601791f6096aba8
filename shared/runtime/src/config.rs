//! What every program is told from outside, a struct a concern, each to be flattened into a program's own `Config`.
//! Every setting is a flag and an environment variable; `--help` is the manual. Secrets never print.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, ValueEnum};
use secrecy::SecretString;

/// Where the database is, and how much of it this program takes.
#[derive(Debug, Clone, Args)]
pub struct DatabaseConfig {
    /// Where PostgreSQL is, with credentials: `postgres://user:password@host:5432/carvetka`.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: SecretString,

    /// How many connections to PostgreSQL this process opens at most.
    #[arg(long, env = "DATABASE_CONNECTIONS", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..))]
    pub database_connections: u32,
}

/// Where the broker is, and which of its names are ours.
#[derive(Debug, Clone, Args)]
pub struct BrokerConfig {
    /// Where RabbitMQ is, with credentials: `amqp://user:password@host:5672/%2f`.
    #[arg(long, env = "AMQP_URL", hide_env_values = true)]
    pub amqp_url: SecretString,

    /// What the names of all exchanges and queues begin with. Programs that work together share it; two
    /// installations on one broker do not.
    #[arg(long, env = "AMQP_NAMESPACE", default_value = "carvetka", value_parser = namespace)]
    pub amqp_namespace: String,
}

/// What is written down about the work, and where to.
#[derive(Debug, Clone, Args)]
pub struct TelemetryConfig {
    /// How log lines look: `text` for people, `json` for machines.
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,

    /// Which log lines and spans are kept: a level, or a level for each part, such as `info,ingest=debug`.
    ///
    /// `lapin`, the AMQP client, is silent by default: it tells each lost connection several times, and we tell it once.
    #[arg(long, env = "RUST_LOG", default_value = "info,lapin=off")]
    pub log_filter: String,

    /// Where traces are sent, as OTLP over HTTP in protobuf: the base address of a collector in the own network,
    /// such as `http://collector:4318`. Without it no traces are gathered.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_parser = otlp_endpoint)]
    pub otel_exporter_otlp_endpoint: Option<String>,

    /// Which share of the traces that begin here is gathered, from 0 to 1. A trace that came from elsewhere keeps
    /// what was decided there.
    #[arg(long, env = "OTEL_TRACES_SAMPLER_ARG", default_value_t = 1.0, value_parser = share)]
    pub trace_share: f64,
}

/// The two forms of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One line a record, for a person at a terminal.
    Text,
    /// One JSON object a line.
    Json,
}

/// How a program leaves.
#[derive(Debug, Clone, Copy, Args)]
pub struct LifecycleConfig {
    /// How many seconds work in hand may take to finish after the first SIGTERM or SIGINT. What is not finished
    /// then is left, and comes again from the broker. At most 60.
    #[arg(long, env = "SHUTDOWN_GRACE_SECONDS", default_value_t = 8, value_parser = clap::value_parser!(u64).range(0..=60))]
    pub shutdown_grace: u64,
}

impl LifecycleConfig {
    /// The grace as a duration.
    pub fn grace(self) -> Duration {
        Duration::from_secs(self.shutdown_grace)
    }
}

/// Where a program without a door of its own shows its health and metrics.
#[derive(Debug, Clone, Copy, Args)]
pub struct MetricsConfig {
    /// Where `/healthz`, `/readyz` and `/metrics` are served, such as `127.0.0.1:9464`. Without it they are not.
    #[arg(long, env = "METRICS_ADDR")]
    pub metrics_addr: Option<SocketAddr>,
}

impl fmt::Display for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text",
            Self::Json => "json",
        })
    }
}

/// AMQP names are at most 255 bytes; ours add up to some forty. No dots: they part the words of our names.
///
/// # Errors
///
/// What a namespace is instead.
pub fn namespace(given: &str) -> Result<String, String> {
    let fits = (1..=64).contains(&given.len());
    let plain = given.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if fits && plain {
        Ok(given.to_owned())
    } else {
        Err("a namespace is 1 to 64 letters, digits, `-` or `_`".to_owned())
    }
}

/// The exporter is built without TLS: a collector is a neighbour, and a TLS stack only for it is not worth having.
fn otlp_endpoint(given: &str) -> Result<String, String> {
    match given.strip_prefix("http://") {
        Some(host) if !host.is_empty() => Ok(given.trim_end_matches('/').to_owned()),
        Some(_) | None => Err("an address such as `http://collector:4318` (no TLS)".to_owned()),
    }
}

fn share(given: &str) -> Result<f64, String> {
    match given.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        Ok(_) | Err(_) => Err("a number from 0 to 1".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory, Parser};
    use secrecy::ExposeSecret;

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        database: DatabaseConfig,
        #[command(flatten)]
        broker: BrokerConfig,
        #[command(flatten)]
        telemetry: TelemetryConfig,
        #[command(flatten)]
        lifecycle: LifecycleConfig,
        #[command(flatten)]
        metrics: MetricsConfig,
    }

    const URLS: [&str; 5] = [
        "program",
        "--database-url",
        "postgres://u:hunter2@db/carvetka",
        "--amqp-url",
        "amqp://u:correcthorse@mq/%2f",
    ];

    fn parse(more: &[&str]) -> Result<Program, clap::Error> {
        Program::try_parse_from(URLS.iter().chain(more))
    }

    #[test]
    fn defaults_are_those_of_the_manual() {
        let program = parse(&[]).unwrap();
        assert_eq!(program.database.database_connections, 8);
        assert_eq!(program.broker.amqp_namespace, "carvetka");
        assert_eq!(program.telemetry.log_format, LogFormat::Text);
        assert_eq!(program.telemetry.otel_exporter_otlp_endpoint, None);
        assert_eq!(program.lifecycle.grace(), Duration::from_secs(8));
        assert_eq!(program.metrics.metrics_addr, None);
    }

    #[test]
    fn a_secret_is_not_printed() {
        let program = parse(&[]).unwrap();
        let printed = format!("{program:?} {program:#?}");
        assert!(!printed.contains("hunter2") && !printed.contains("correcthorse"), "{printed}");
        assert_eq!(program.database.database_url.expose_secret(), URLS[2]);
    }

    #[test]
    fn the_manual_does_not_print_secrets_that_are_in_the_environment() {
        for argument in Program::command().get_arguments() {
            let name = argument.get_env().and_then(|name| name.to_str()).unwrap_or_default();
            if name.ends_with("_URL") {
                assert!(argument.is_hide_env_values_set(), "{name} would be printed by --help");
            }
        }
    }

    #[test]
    fn every_setting_is_a_variable_too_and_is_explained() {
        for argument in Program::command().get_arguments().filter(|argument| argument.get_id() != "help") {
            assert!(argument.get_env().is_some(), "{} has no variable", argument.get_id());
            assert!(argument.get_help().is_some(), "{} is not explained", argument.get_id());
        }
    }

    #[test]
    fn what_cannot_work_is_refused_at_the_start() {
        for wrong in [
            ["--amqp-namespace", "with.dots"],
            ["--amqp-namespace", ""],
            ["--database-connections", "0"],
            ["--otel-exporter-otlp-endpoint", "https://collector:4318"],
            ["--otel-exporter-otlp-endpoint", "collector:4318"],
            ["--trace-share", "1.5"],
            ["--trace-share", "NaN"],
            ["--shutdown-grace", "61"],
            ["--log-format", "xml"],
            ["--metrics-addr", "localhost"],
        ] {
            assert!(parse(&wrong).is_err(), "{wrong:?} was taken");
        }
    }
}
