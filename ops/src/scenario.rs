//! `carvetka scenario`: what the rules make of a written-down case, without any server.

mod check;
mod deliveries;
mod file;
mod line;
mod prices;
mod setup;
mod shelf;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use simulator::chance::Chance;
use smartcar::webhook;

pub use check::Verdict;
use deliveries::Sent;
pub use deliveries::sightings;
use file::Scenario;
use shelf::Shelf;

/// Runs written-down cases through the decoding and the rules of the worker, and prints a line of JSON for each.
///
/// A case is a JSON file: `id`; `vehicle` and `config`, what its people set; `samples` of `t` (the moment at the car),
/// `signal` (a Smartcar code; codes that begin with `x-` are not Smartcar's and are ignored), `value` and `unit`, in
/// the order of arrival; `facts` that people told meanwhile; `expected`, what a careful person would have written.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// The cases.
    #[arg(required = true)]
    files: Vec<PathBuf>,

    /// Delivers the samples in an order that this number decides, some of them twice, in several deliveries. The line
    /// must be the same.
    #[arg(long, value_name = "SEED")]
    shuffle: Option<u64>,

    /// Compares each line with what its case expects and prints what differs instead. Exit code 1 if anything does.
    #[arg(long)]
    check: bool,
}

/// # Errors
///
/// If a file cannot be read as a case.
pub fn run(options: &Options, out: &mut (dyn Write + Send)) -> anyhow::Result<ExitCode> {
    let mut wrong = 0;
    for file in &options.files {
        if options.check {
            wrong += usize::from(!report(file, options.shuffle, out)?);
        } else {
            writeln!(out, "{}", outcome(file, options.shuffle)?)?;
        }
    }
    if options.check {
        writeln!(out, "{} of {} cases are as expected", options.files.len() - wrong, options.files.len())?;
    }
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints what differs; whether nothing does.
fn report(file: &Path, shuffle: Option<u64>, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let Verdict { differs, .. } = verdict(file, shuffle)?;
    if !differs.is_empty() {
        writeln!(out, "{}", file.display())?;
    }
    for how in &differs {
        writeln!(out, "  {how}")?;
    }
    Ok(differs.is_empty())
}

/// How the line of one case differs from what it expects.
///
/// # Errors
///
/// If the file cannot be read as a case.
pub fn verdict(file: &Path, shuffle: Option<u64>) -> anyhow::Result<Verdict> {
    let scenario = Scenario::read(file)?;
    let line = line_of(&scenario, file, shuffle)?;
    Ok(check::verdict(&scenario, &serde_json::from_str(&line)?))
}

/// The line of one case.
///
/// # Errors
///
/// If the file cannot be read as a case.
pub fn outcome(file: &Path, shuffle: Option<u64>) -> anyhow::Result<String> {
    line_of(&Scenario::read(file)?, file, shuffle)
}

fn line_of(scenario: &Scenario, file: &Path, shuffle: Option<u64>) -> anyhow::Result<String> {
    let sent = match shuffle {
        None => Sent::in_order(scenario),
        Some(seed) => Sent::shuffled(scenario, &mut Chance::new(seed).branch(&scenario.id, 0)),
    };
    let setup = scenario.setup().with_context(|| format!("cannot understand {}", file.display()))?;
    let facts = scenario.facts().with_context(|| format!("cannot understand {}", file.display()))?;
    let mut shelf = Shelf::new(setup, facts);
    for batch in sent.batches {
        let mut sightings = Vec::new();
        for body in batch {
            let delivery = webhook::decode(&body, sent.received_at)
                .with_context(|| format!("{}: cannot decode what was made of it", file.display()))?;
            sightings.extend(deliveries::sightings(delivery));
        }
        shelf.take(&sightings);
    }
    Ok(line::of(&scenario.id, shelf.entries(), shelf.setup())?)
}
