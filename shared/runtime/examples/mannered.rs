//! A program that does nothing but end, in each of the ways in which programs end. It shows what a `main` looks
//! like, and the tests of the lifecycle run it.

use std::future::pending;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use runtime::config::{LifecycleConfig, TelemetryConfig};
use runtime::lifecycle::Lifecycle;
use runtime::telemetry;
use tokio_util::sync::CancellationToken;
use tracing::info;

/// Ends in a given way.
#[derive(Debug, Parser)]
struct Config {
    /// What its task does.
    #[arg(value_enum)]
    way: Way,
    #[command(flatten)]
    telemetry: TelemetryConfig,
    #[command(flatten)]
    lifecycle: LifecycleConfig,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Way {
    /// Finishes its work when it is told to stop.
    Finishes,
    /// Fails while it finishes.
    FailsAtTheEnd,
    /// Does not care.
    Hangs,
    /// Blocks a thread that nobody can interrupt.
    Blocks,
    /// Ends although nobody said so.
    EndsEarly,
    Fails,
    Panics,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let config = Config::parse();
    let _telemetry = telemetry::init(&config.telemetry, "mannered")?;
    let life = Lifecycle::new(config.lifecycle.grace());
    life.spawn("task", task(config.way, life.stopping()));
    life.run().await
}

async fn task(way: Way, stop: CancellationToken) -> anyhow::Result<()> {
    match way {
        Way::Finishes => {
            stop.cancelled().await;
            tokio::time::sleep(Duration::from_millis(100)).await;
            info!("finished the work in hand");
            Ok(())
        }
        Way::FailsAtTheEnd => {
            stop.cancelled().await;
            anyhow::bail!("the last page is missing")
        }
        Way::Hangs => pending().await,
        Way::Blocks => tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_hours(1)))
            .await
            .map_err(Into::into),
        Way::EndsEarly => Ok(()),
        Way::Fails => Err(anyhow::anyhow!("connection reset").context("cannot read the mail")),
        Way::Panics => panic!("the roof is on fire"),
    }
}
