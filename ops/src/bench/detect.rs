//! `carvetka bench detect`: how much of what cars did is found in what they reported. No servers: virtual cars live, their
//! reports go through the decoding and the rules of the worker, and the book is compared with what really happened.
//!
//! Only what anybody could know is asked for. A charging session of five points and more is *seen* if at least one reading that
//! was taken between the beginning of the current and the moment when the cable went out, and arrived, shows it: the cable in,
//! current, a full battery, a level above the one before or a counter that differs from the one before. It is *hidden* if none
//! does, and the level of the next report is still eight points above that of the one before; else it is *unseen*, and not asked
//! for. A fill-up is asked for if eight points of it are left in the next report. What is told and what is true are paired one to
//! one, in their order (`pairing`); the simplest rules are judged likewise.

mod example;
mod judge;
mod life;
mod pairing;
mod plain;
mod score;

use std::io::Write;
use std::num::NonZero;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use serde::Serialize;
use simulator::reporter::Manner;

use judge::Judged;
use life::{Lived, Wish};
pub use score::Score;

/// Lets virtual cars live for a while, folds what they report, and compares the book with what they really did.
///
/// By how often a car reports; beside the simplest rules there are (a rise of five points is a fill-up; a charging flag is
/// a session). Gauges are whole numbers, slope where the ground does and are restless; reports get lost. The same seed
/// gives the same figures.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// How many cars live.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(1..))]
    pub cars: u16,

    /// For how many days.
    #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u16).range(1..))]
    pub days: u16,

    /// Which world: another seed, other cars.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,

    /// How often a car reports a day; 0: as its make does.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 3, 6, 12], value_parser = clap::value_parser!(i64).range(0..=24))]
    pub reports: Vec<i64>,

    /// Share of reports that never arrive.
    #[arg(long, default_value_t = 0.03)]
    pub lost: f64,

    /// Print so many examples of each kind of mistake, with the readings around it.
    #[arg(long, default_value_t = 0)]
    pub examples: usize,

    /// Write the figures as JSON to this file, too.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// What was found at one rate of reports.
#[derive(Debug, Clone, Serialize)]
pub struct Round {
    /// A day; 0: as the makes do.
    pub reports: i64,
    pub score: Score,
    /// What the simplest rules find in the same readings.
    pub plain: Score,
    /// Of cars that nobody drove: everything in their books that is not their odometer.
    pub parked: Score,
    #[serde(skip)]
    pub examples: Vec<String>,
}

/// A tenth of the cars is parked, too, for as long.
const PARKED: u16 = 10;
/// The most points by which a tank's gauge is off where the ground slopes.
const SLOPE: i64 = 2;
const BEGIN: DateTime<Utc> = DateTime::from_timestamp(1_748_736_000, 0).expect("a moment of June 2025");

/// # Errors
///
/// If a report cannot be decoded, or a file cannot be written.
pub fn run(options: &Options, out: &mut (dyn Write + Send)) -> anyhow::Result<ExitCode> {
    writeln!(out, "{} cars, {} days, seed {}", options.cars, options.days, options.seed)?;
    let mut rounds = Vec::new();
    for reports in &options.reports {
        let round = round(options, *reports)?;
        writeln!(out, "\n{round}")?;
        for example in round.examples.iter().take(MOST_EXAMPLES) {
            writeln!(out, "{example}")?;
        }
        rounds.push(round);
    }
    if let Some(path) = &options.json {
        let json = serde_json::to_vec_pretty(&rounds).context("cannot print the figures as JSON")?;
        std::fs::write(path, json).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// More than anybody reads.
const MOST_EXAMPLES: usize = 400;

/// All cars at one rate of reports.
///
/// # Errors
///
/// If a report cannot be decoded.
pub fn round(options: &Options, reports: i64) -> anyhow::Result<Round> {
    let reports_a_day = (reports > 0).then_some(reports);
    let manner = Manner { reports_a_day, slope_points: SLOPE, wobbles: true, parked: false };
    let wish = |manner, number| Wish {
        manner,
        number: usize::from(number),
        seed: options.seed,
        begin: BEGIN,
        end: BEGIN + TimeDelta::days(options.days.into()),
        lost: options.lost,
    };
    let driven = (0..options.cars).map(|number| wish(manner, number));
    let parked =
        (0..options.cars.div_ceil(PARKED)).map(|number| wish(Manner { parked: true, ..manner }, number));
    let mut round = Round {
        reports,
        score: Score::default(),
        plain: Score::default(),
        parked: Score::default(),
        examples: Vec::new(),
    };
    for Judged { score, plain, examples } in judged(&driven.collect::<Vec<_>>(), options.examples)? {
        round.score.add(&score);
        round.plain.add(&plain);
        round.examples.extend(examples);
    }
    for Judged { score, examples, .. } in judged(&parked.collect::<Vec<_>>(), options.examples)? {
        round.parked.add(&score);
        round.examples.extend(examples);
    }
    Ok(round)
}

/// Every wish, lived and judged, in their order.
fn judged(wishes: &[Wish], examples: usize) -> anyhow::Result<Vec<Judged>> {
    let lanes = thread::available_parallelism().map_or(1, NonZero::get);
    let lane = wishes.len().div_ceil(lanes).max(1);
    thread::scope(|scope| {
        let lanes: Vec<_> = wishes
            .chunks(lane)
            .map(|wishes| {
                scope.spawn(move || -> anyhow::Result<Vec<Judged>> {
                    wishes.iter().map(|wish| Ok(judge::judge(&Lived::of(wish)?, examples))).collect()
                })
            })
            .collect();
        let mut judged = Vec::new();
        for lane in lanes {
            judged.extend(lane.join().map_err(|_| anyhow::anyhow!("a car's life broke off"))??);
        }
        Ok(judged)
    })
}
