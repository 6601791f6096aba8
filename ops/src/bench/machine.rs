//! On what the figures were measured.

use std::fmt;
use std::fs;
use std::num::NonZeroUsize;
use std::thread;

use anyhow::{Context, anyhow};
use lapin::uri::{AMQPScheme, AMQPUri};
use secrecy::ExposeSecret;
use serde::Serialize;
use sqlx::{Connection, PgConnection};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

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
        let Self { cores, processor, memory_mb, system, postgresql, rabbitmq, build, version } = self;
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
    let mut db = PgConnection::connect(options.database.database_url.expose_secret())
        .await
        .context("cannot connect to the database of DATABASE_URL")?;
    let version: String = sqlx::query_scalar("SELECT current_setting('server_version')")
        .fetch_one(&mut db)
        .await
        .context("cannot ask PostgreSQL for its version")?;
    db.close().await.context("cannot leave the database")?;
    Ok(version.split(' ').next().unwrap_or_default().to_owned())
}

/// The broker's greeting names its version, and our client library keeps that to itself. Without TLS only; empty if
/// the greeting does not say.
async fn rabbitmq(options: &Options) -> anyhow::Result<String> {
    let uri: AMQPUri = options
        .broker
        .amqp_url
        .expose_secret()
        .parse()
        .map_err(|_| anyhow!("cannot read AMQP_URL, expected `amqp://user:password@host:5672/%2f`"))?;
    if uri.scheme == AMQPScheme::AMQPS {
        return Ok(String::new());
    }
    let mut greeting = vec![0; 4096];
    let ask = async {
        let mut stream = TcpStream::connect((uri.authority.host.as_str(), uri.authority.port)).await?;
        stream.write_all(b"AMQP\0\0\x09\x01").await?;
        stream.read(&mut greeting).await
    };
    let length = ask.await.context("cannot connect to the broker of AMQP_URL")?;
    Ok(version(&greeting[..length]).unwrap_or_default())
}

/// From the table of server properties: the key `version`, the type `S`, a length and the text (source: AMQP 0-9-1,
/// 4.2.5.5).
fn version(greeting: &[u8]) -> Option<String> {
    const KEY: &[u8] = b"\x07versionS";
    let start = greeting.windows(KEY.len()).position(|window| window == KEY)? + KEY.len();
    let (length, text) = greeting[start..].split_first_chunk::<4>()?;
    let text = text.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    String::from_utf8(text.to_vec()).ok()
}

/// The value of the first line `name : value`.
fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_found_in_a_greeting() {
        let greeting = b"\x01\0\0..\x07productS\0\0\0\x08RabbitMQ\x07versionS\0\0\0\x063.10.8rest";
        assert_eq!(version(greeting).as_deref(), Some("3.10.8"));
        assert_eq!(version(&greeting[..greeting.len() - 6]), None);
        assert_eq!(version(b""), None);
    }
}
