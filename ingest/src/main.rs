//! The program `ingest`: takes Smartcar's webhooks and puts them into the queue.

use std::process::ExitCode;

use clap::Parser;
use ingest::Config;
use runtime::lifecycle::Lifecycle;
use runtime::telemetry;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let config = Config::parse();
    let _telemetry = telemetry::init(&config.telemetry, "ingest")?;
    let life = Lifecycle::new(config.lifecycle.grace());
    ingest::run(&config, &life).await?;
    life.run().await
}
