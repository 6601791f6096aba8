//! `carvetka scenario`: what the rules make of a written-down case, without any server.

mod deliveries;
mod file;
mod line;
mod shelf;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use simulator::chance::Chance;
use smartcar::webhook;

use deliveries::Sent;
use file::Scenario;
use shelf::Shelf;

/// Runs written-down cases through the decoding and the rules of the worker, and prints a line of JSON for each.
///
/// A case is a JSON file: `id`, and `samples` of `t` (the moment at the car), `signal` (a Smartcar code; codes that
/// begin with `x-` are not Smartcar's and are ignored), `value` and `unit`, in the order of arrival. What else is in
/// the file is for the human reader.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// The cases.
    #[arg(required = true)]
    files: Vec<PathBuf>,

    /// Delivers the samples in an order that this number decides, some of them twice, in several deliveries. The line
    /// must be the same.
    #[arg(long, value_name = "SEED")]
    shuffle: Option<u64>,
}

/// # Errors
///
/// If a file cannot be read as a case.
pub fn run(options: &Options, out: &mut (dyn Write + Send)) -> anyhow::Result<ExitCode> {
    for file in &options.files {
        writeln!(out, "{}", outcome(file, options.shuffle)?)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The line of one case.
///
/// # Errors
///
/// If the file cannot be read as a case.
pub fn outcome(file: &Path, shuffle: Option<u64>) -> anyhow::Result<String> {
    let scenario = Scenario::read(file)?;
    let sent = match shuffle {
        None => Sent::in_order(&scenario),
        Some(seed) => Sent::shuffled(&scenario, &mut Chance::new(seed).branch(&scenario.id, 0)),
    };
    let mut shelf = Shelf::default();
    for batch in sent.batches {
        let mut sightings = Vec::new();
        for body in batch {
            let delivery = webhook::decode(&body, sent.received_at)
                .with_context(|| format!("{}: cannot decode what was made of it", file.display()))?;
            sightings.extend(deliveries::sightings(delivery));
        }
        shelf.take(&sightings);
    }
    Ok(line::of(&scenario.id, shelf.entries())?)
}
