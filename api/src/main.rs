//! The program `api`: what people and Carvetka's pages call.

use std::process::ExitCode;

use api::Config;
use clap::Parser;
use runtime::lifecycle::Lifecycle;
use runtime::telemetry;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    if Config::asks_for_description(std::env::args_os()) {
        api::print_description()?;
        return Ok(ExitCode::SUCCESS);
    }
    let config = Config::parse();
    let _telemetry = telemetry::init(&config.telemetry, "api")?;
    let life = Lifecycle::new(config.lifecycle.grace());
    api::run(&config, &life).await?;
    life.run().await
}
