//! What a scheduler is told from outside.

use std::time::Duration;

use chrono::TimeDelta;
use clap::Parser;
use connections::BudgetConfig;
use runtime::config::{BrokerConfig, DatabaseConfig, LifecycleConfig, MetricsConfig, TelemetryConfig};

/// Looks at what is due and publishes jobs. One is enough; several do no harm.
#[derive(Debug, Clone, Parser)]
#[command(name = "scheduler", version)]
pub struct Config {
    /// How many seconds pass between two looks for cars that are to be polled or have to be folded again.
    #[arg(long, env = "LOOK_EVERY_SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub look_every_seconds: u64,

    /// How many seconds pass between two sweeps for events that came before their car was connected.
    #[arg(long, env = "SWEEP_EVERY_SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub sweep_every_seconds: u64,

    /// For how many days events are kept, as the bytes that were delivered: what can be looked at, and what still waits
    /// for its car to be connected. The readings in them are kept for ever.
    ///
    /// Parked messages: those that a person settled are deleted as many days later, and those that still wait lose the
    /// positions in them. Never less than a week, since a delivery may come again so late.
    #[arg(long, env = "EVENTS_RETENTION_DAYS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(7..=3650))]
    pub events_retention_days: u16,

    #[command(flatten)]
    pub budget: BudgetConfig,
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

    pub fn events_retention(&self) -> TimeDelta {
        TimeDelta::days(self.events_retention_days.into())
    }

    pub fn sweep_every(&self) -> Duration {
        Duration::from_secs(self.sweep_every_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept_for(days: &str) -> Result<TimeDelta, clap::Error> {
        let addresses = ["--database-url", "postgres://db", "--amqp-url", "amqp://broker"];
        let words = ["scheduler", "--events-retention-days", days].into_iter().chain(addresses);
        Ok(Config::try_parse_from(words)?.events_retention())
    }

    #[test]
    fn events_are_kept_for_a_week_at_least() {
        assert_eq!(kept_for("7").unwrap(), TimeDelta::days(7));
        assert!(kept_for("6").is_err());
    }
}
