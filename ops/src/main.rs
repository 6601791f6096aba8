//! The program `carvetka`: what people do with an installation by hand.

use std::process::ExitCode;

use clap::Parser;
use ops::Cli;

#[tokio::main]
async fn main() -> ExitCode {
    ops::run(Cli::parse()).await
}
