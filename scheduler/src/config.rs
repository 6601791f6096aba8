//! What a scheduler is told from outside.

use std::time::Duration;

use clap::Parser;
use runtime::config::{BrokerConfig, DatabaseConfig, LifecycleConfig, MetricsConfig, TelemetryConfig};

/// Looks at what is due and publishes jobs. One is enough; several do no harm.
#[derive(Debug, Clone, Parser)]
#[command(name = "scheduler", version)]
pub struct Config {
    /// How many seconds pass between two looks for cars that have to be folded again.
    #[arg(long, env = "LOOK_EVERY_SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub look_every_seconds: u64,

    /// How many seconds pass between two sweeps for events that came before their car was connected.
    #[arg(long, env = "SWEEP_EVERY_SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub sweep_every_seconds: u64,

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
    pub fn look_every(&self) -> Duration {
        Duration::from_secs(self.look_every_seconds)
    }

    pub fn sweep_every(&self) -> Duration {
        Duration::from_secs(self.sweep_every_seconds)
    }
}
