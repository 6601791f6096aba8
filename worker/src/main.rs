//! The program `worker`.

use std::process::ExitCode;

use clap::Parser;
use runtime::lifecycle::Lifecycle;
use runtime::telemetry;
use worker::Config;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let config = Config::parse();
    let _telemetry = telemetry::init(&config.telemetry, "worker")?;
    let life = Lifecycle::new(config.lifecycle.grace());
    worker::start(&config, &life).await?;
    life.run().await
}
