//! What a worker is told from outside.

use std::time::Duration;

use clap::{Args, Parser};
use connections::ConnectionsConfig;
use notify::NotifyConfig;
use runtime::config::{BrokerConfig, DatabaseConfig, LifecycleConfig, MetricsConfig, TelemetryConfig};

/// Takes deliveries from RabbitMQ, understands them and writes what follows to PostgreSQL. Start as many as
/// you like.
///
/// What the door wrote into the table `ingest_spool` while the broker was away is taken from there, beside the queue and
/// without a setting.
#[derive(Debug, Clone, Parser)]
#[command(name = "worker", version)]
pub struct Config {
    #[command(flatten)]
    pub batch: BatchConfig,
    #[command(flatten)]
    pub jobs: JobsConfig,
    /// Keep only the mileage books, in a database of no other worker: `carvetka bench` measures what all other rules cost.
    #[arg(long, env = "MILEAGE_ONLY", hide = true)]
    pub mileage_only: bool,
    #[command(flatten)]
    pub notify: NotifyConfig,
    #[command(flatten)]
    pub connections: ConnectionsConfig,
    #[command(flatten)]
    pub broker: BrokerConfig,
    #[command(flatten)]
    pub database: DatabaseConfig,
    #[command(flatten)]
    pub metrics: MetricsConfig,
    #[command(flatten)]
    pub telemetry: TelemetryConfig,
    #[command(flatten)]
    pub lifecycle: LifecycleConfig,
}

impl Config {
    /// Connections that this worker needs at least, so that no lane waits for another's.
    pub fn connections(&self) -> u32 {
        self.batch.connections() + JobsConfig::CONNECTIONS
    }
}

/// How jobs are taken.
#[derive(Debug, Clone, Copy, Args)]
pub struct JobsConfig {
    /// How many cars are polled at the same time. Smartcar may take minutes for each; others wait for them meanwhile, and
    /// nothing else does.
    #[arg(long, env = "POLLS_AT_ONCE", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=500))]
    pub polls_at_once: u16,
}

impl JobsConfig {
    /// While Smartcar, a mail server or an endpoint is waited for, no connection to the database is held.
    const CONNECTIONS: u32 = 4;
}

/// How deliveries are bundled.
#[derive(Debug, Clone, Copy, Args)]
pub struct BatchConfig {
    /// How many deliveries are handled in one transaction at most.
    #[arg(long, env = "BATCH_SIZE", default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub batch_size: u16,

    /// How many milliseconds a delivery waits for others to share its transaction.
    #[arg(long, env = "BATCH_WAIT_MS", default_value_t = 20, value_parser = clap::value_parser!(u64).range(0..=10_000))]
    pub batch_wait_ms: u64,

    /// How many batches are under way at once. Each takes a database connection.
    #[arg(long, env = "BATCHES_AT_ONCE", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub batches_at_once: u16,
}

impl BatchConfig {
    pub fn wait(&self) -> Duration {
        Duration::from_millis(self.batch_wait_ms)
    }

    /// The next batch is here when this one is done.
    pub fn prefetch(&self) -> u16 {
        self.batch_size.saturating_mul(2)
    }

    /// Lanes, the one apart, the spool (which counts beside its work), replays, and the two that park.
    pub fn connections(&self) -> u32 {
        u32::from(self.batches_at_once) + 6
    }
}
