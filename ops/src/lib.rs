//! The command `carvetka`: set up, look after and try out Carvetka sync. One file a subcommand; its help is its
//! manual.

pub mod bench;
pub mod centers;
pub mod demo;
pub mod doctor;
pub mod export;
pub mod import;
pub mod keys;
mod log;
pub mod migrate;
pub mod parked;
pub mod probe;
pub mod replay;
pub mod scenario;
pub mod settings;

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Sets up, looks after and tries out Carvetka sync.
#[derive(Debug, Parser)]
#[command(name = "carvetka", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Migrate(migrate::Options),
    Doctor(doctor::Options),
    Parked(parked::Options),
    Replay(replay::Options),
    Import(Box<import::Options>),
    Export(export::Options),
    Centers(centers::Options),
    Keys(keys::Options),
    Scenario(scenario::Options),
    Demo(demo::Options),
    Bench(bench::Command),
    Probe(probe::Options),
}

/// What a shell gives for a program that SIGPIPE ended.
const NOBODY_LISTENS: u8 = 141;

/// Does what was asked for. The exit code is 0 if all is well, 1 if it failed or found something wrong, 141 if nobody
/// wanted to read its output to the end; clap's own is 2 for a command line that it cannot read.
pub async fn run(cli: Cli) -> ExitCode {
    let mut out = io::stdout();
    match dispatch(cli.command, &mut out).await {
        Ok(code) => code,
        Err(error) if is_nobody_listening(&error) => ExitCode::from(NOBODY_LISTENS),
        Err(error) => {
            eprintln!("carvetka: {}", runtime::chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

async fn dispatch(command: Command, out: &mut (dyn Write + Send)) -> anyhow::Result<ExitCode> {
    match command {
        Command::Migrate(options) => migrate::run(&options, out).await,
        Command::Doctor(options) => doctor::run(&options, out).await,
        Command::Parked(options) => parked::run(&options, out).await,
        Command::Replay(options) => replay::run(&options, out).await,
        Command::Import(options) => import::run(&options, out).await,
        Command::Export(options) => export::run(&options, out).await,
        Command::Centers(options) => centers::run(&options, out).await,
        Command::Keys(options) => keys::run(&options, out).await,
        Command::Scenario(options) => scenario::run(&options, out),
        Command::Demo(options) => demo::run(&options, out).await,
        Command::Bench(options) => bench::run(&options, out).await,
        Command::Probe(options) => probe::run(&options, out).await,
    }
}

/// Whoever read our output has seen enough: `carvetka parked list | head`.
fn is_nobody_listening(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
