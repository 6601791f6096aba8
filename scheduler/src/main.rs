//! The program `scheduler`.

use std::process::ExitCode;

use clap::Parser;
use runtime::lifecycle::Lifecycle;
use runtime::telemetry;
use scheduler::Config;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let config = Config::parse();
    let _telemetry = telemetry::init(&config.telemetry, "scheduler")?;
    let life = Lifecycle::new(config.lifecycle.grace());
    scheduler::start(&config, &life).await?;
    life.run().await
}
