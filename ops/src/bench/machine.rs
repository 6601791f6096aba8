//! On what the figures were measured.

use std::fmt;
use std::fs;
use std::num::NonZeroUsize;
use std::thread;

use anyhow::Context;
use lapin::ConnectionProperties;
use lapin::types::AMQPValue;
use secrecy::ExposeSecret;
use serde::Serialize;
use sqlx::{Connection, PgConnection};

use super::options::Options;

/// Facts without which a figure says nothing.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Machine {
    cores: usize,
    processor: String,
    memory_mb: u64,
    system: String,
    postgresql: String,
    rabbitmq: String,
    build: &'static str,
    version: &'static str,
}

impl Machine {
    /// Asks the system and both servers.
    pub async fn look(options: &Options) -> anyhow::Result<Self> {
        Ok(Self {
            cores: thread::available_parallelism().map_or(1, NonZeroUsize::get),
            processor: field("/proc/cpuinfo", "model name").unwrap_or_default(),
            memory_mb: field("/proc/meminfo", "MemTotal")
                .and_then(|value| value.trim_end_matches(" kB").parse::<u64>().ok())
                .map_or(0, |kb| kb / 1024),
            system: fs::read_to_string("/proc/sys/kernel/osrelease")
                .map(|release| format!("Linux {}", release.trim()))
                .unwrap_or_default(),
            postgresql: postgresql(options).await?,
            rabbitmq: rabbitmq(options).await?,
            build: if cfg!(debug_assertions) { "debug" } else { "release" },
            version: env!("CARGO_PKG_VERSION"),
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            cores,
            processor,
            memory_mb,
            system,
            postgresql,
            rabbitmq,
            build,
            version,
        } = self;
        writeln!(f, "carvetka {version}, {build} build, {system}")?;
        writeln!(f, "{cores} cores ({processor}), {memory_mb} MB of memory")?;
        write!(f, "PostgreSQL {postgresql}, RabbitMQ {rabbitmq}")?;
        if *build == "debug" {
            write!(f, "\nthis is a debug build: the figures say nothing (cargo build --release --bins)")?;
        }
        Ok(())
    }
}

async fn postgresql(options: &Options) -> anyhow::Result<String> {
    let mut db = PgConnection::connect(options.database_url.expose_secret())
        .await
        .context("cannot connect to the database of DATABASE_URL")?;
    let version: String = sqlx::query_scalar("SELECT current_setting('server_version')")
        .fetch_one(&mut db)
        .await
        .context("cannot ask PostgreSQL for its version")?;
    db.close().await.context("cannot leave the database")?;
    Ok(version.split(' ').next().unwrap_or_default().to_owned())
}

/// The broker tells its version when one connects.
async fn rabbitmq(options: &Options) -> anyhow::Result<String> {
    let url = options.amqp_url.expose_secret();
    let connection = lapin::Connection::connect(url, ConnectionProperties::default())
        .await
        .context("cannot connect to the broker of AMQP_URL")?;
    let properties = connection.status().server_properties();
    let version = properties.and_then(|properties| match properties.inner().get("version") {
        Some(AMQPValue::LongString(version)) => Some(version.to_string()),
        Some(_) | None => None,
    });
    connection.close(200, "goodbye".into()).await.context("cannot leave the broker")?;
    Ok(version.unwrap_or_default())
}

/// The value of the first line `name : value`.
fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
