//! `carvetka bench`: measures the pipeline on this machine, beside bare probes that do nothing but the unavoidable.
//!
//! Absolute figures say more about the machine than about the programs, so every figure of ours stands beside what a
//! program without any rules, checks or safety reached in the same run, over the same servers, with the same bytes.

mod backlog;
mod baseline;
mod command;
mod confirm_probe;
mod crowd;
mod crowds;
mod deliveries;
pub mod detect;
mod door;
mod door_probe;
mod effort;
mod figures;
mod hard;
mod insert_probe;
mod lag;
mod latencies;
mod load;
mod machine;
mod open_files;
mod options;
mod planning;
mod processes;
mod program;
mod progress;
mod rates;
mod rows;
mod servers;
mod soak;
mod statements;
mod supply;
mod table;
mod targets;
mod whole;
mod whole_probe;
mod wiretap;
mod worker;

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, anyhow};

pub use command::Command;
pub use options::Options;

use deliveries::Deliveries;
use effort::Effort;
use figures::{Draft, Figures, Report};
use machine::Machine;
use options::{Measurement, Payload};
use servers::Servers;

/// What every measurement is given.
struct Bench {
    options: Options,
    payload: Payload,
    round: u32,
    servers: Servers,
    deliveries: Deliveries,
}

/// Does what was asked for.
///
/// # Errors
///
/// If the measurements cannot be made.
pub async fn run(command: &Command, out: &mut (dyn Write + Send)) -> anyhow::Result<ExitCode> {
    match command {
        Command::Servers(options) => measure(options, out).await,
        Command::Detect(options) => detect::run(options, out),
    }
}

/// Measures what the options ask for, prints a table, and writes the same for machines.
///
/// The exit code tells whether the measurements could be made, and not what they say: speed is judged by people.
async fn measure(options: &Options, out: &mut (dyn Write + Send)) -> anyhow::Result<ExitCode> {
    let machine = Machine::look(options).await?;
    writeln!(out, "{machine}")?;
    let mut figures = Figures::default();
    for payload in options.payloads() {
        let mut bench = Bench::prepare(options, payload).await?;
        writeln!(out, "\n{}", bench.subject())?;
        let measured = tokio::select! {
            measured = bench.measure(out) => measured,
            _ = tokio::signal::ctrl_c() => Err(anyhow!("interrupted")),
        };
        bench.servers.leave().await?;
        figures.extend(measured?);
    }
    let report = Report::new(machine, figures);
    write!(out, "\n{report}")?;
    if let Some(path) = &options.json {
        let json = serde_json::to_vec_pretty(&report).context("cannot print the figures as JSON")?;
        std::fs::write(path, json).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

impl Bench {
    async fn prepare(options: &Options, payload: Payload) -> anyhow::Result<Self> {
        let deliveries = Deliveries::make(payload, options.cars, options.events_of(payload));
        let servers = Servers::prepare(options).await?;
        servers.connect_cars(&deliveries.cars).await?;
        Ok(Self { options: options.clone(), payload, round: 1, servers, deliveries })
    }

    fn subject(&self) -> String {
        format!(
            "{} deliveries of {} cars, {} bytes each, in the database {} and the broker's names {}.*",
            self.deliveries.number(),
            self.deliveries.cars.len(),
            self.deliveries.mean_size(),
            self.options.scratch_database,
            self.servers.namespace,
        )
    }

    /// Round by round, so that what is compared is measured close together.
    async fn measure(&mut self, out: &mut (dyn Write + Send)) -> anyhow::Result<Figures> {
        let mut figures = Figures::default();
        for round in 1..=self.options.rounds {
            self.round = round;
            for measurement in self.options.measurements() {
                self.servers.start_afresh().await?;
                let measured = self
                    .one(measurement, &figures, out)
                    .await
                    .with_context(|| format!("cannot measure `{measurement}` with {}", self.payload))?;
                writeln!(out, "{}", table::line(measurement, &measured))?;
                figures.extend(measured);
            }
        }
        Ok(figures)
    }

    /// The processor time from now on.
    fn effort(&self) -> Effort {
        Effort::begin(self.servers.processes)
    }

    /// The figures of a measurement, to be filled.
    fn figures(&self, measurement: Measurement) -> Draft {
        Draft::new(self.round, self.payload, measurement)
    }

    /// Deliveries a second of the hard runs.
    fn modest_rate(&self, so_far: &Figures) -> f64 {
        self.options.hard.rate(self.round, self.payload, so_far)
    }

    async fn one(
        &self,
        measurement: Measurement,
        so_far: &Figures,
        out: &mut (dyn Write + Send),
    ) -> anyhow::Result<Figures> {
        match measurement {
            Measurement::ConfirmProbe => confirm_probe::measure(self).await,
            Measurement::DoorProbe => door_probe::measure(self).await,
            Measurement::Ingest => door::measure(self).await,
            Measurement::InsertProbe => insert_probe::measure(self).await,
            Measurement::Worker => worker::measure(self).await,
            Measurement::MileageOnly => worker::measure_mileage_only(self).await,
            Measurement::Statements => statements::measure(self).await,
            Measurement::WholeProbe => whole_probe::measure(self).await,
            Measurement::Whole => whole::measure(self).await,
            Measurement::Lag => lag::measure(self, so_far).await,
            Measurement::Baseline => baseline::measure(self).await,
            Measurement::Crowds => crowds::measure(self, so_far).await,
            Measurement::Backlog => backlog::measure(self, so_far).await,
            Measurement::Planning => planning::measure(self).await,
            Measurement::Soak => soak::measure(self, so_far, out).await,
        }
    }
}
