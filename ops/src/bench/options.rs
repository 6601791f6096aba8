//! What `carvetka bench` is told.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::hard::HardOptions;
use crate::settings::{AmqpUrl, DatabaseUrl};

/// Measures the pipeline beside bare probes, on the servers of `DATABASE_URL` and `AMQP_URL`.
///
/// It makes a database of its own (`carvetka_bench`, dropped and made anew) and names of its own at the broker, and
/// removes both at the end. `ingest` and `worker` are started from beside this program. Only a release build on a
/// quiet machine says anything: `cargo build --release --bins`.
#[derive(Debug, Clone, Args)]
pub struct Options {
    #[command(flatten)]
    pub database: DatabaseUrl,
    #[command(flatten)]
    pub broker: AmqpUrl,

    /// How large the deliveries are.
    #[arg(long, value_enum, default_value_t = Payloads::Both)]
    pub payload: Payloads,

    /// How many seconds each measurement of requests runs.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=60))]
    pub seconds: u64,

    /// How many deliveries are queued, drained and sent from end to end. By default 15000 of 3 KB, or twice as many of
    /// 1 KB.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub events: Option<u32>,

    /// How many cars these deliveries are about. With few cars, batches that are under way at once are about the same
    /// cars and wait for each other.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u16).range(1..))]
    pub cars: u16,

    /// How often everything is measured. Of several rounds the median counts; a quiet machine needs one.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=20))]
    pub rounds: u32,

    /// Write the figures as JSON to this file, too.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,

    /// The database that is made and removed. Tests that run at once need one each.
    #[arg(long, default_value = "carvetka_bench", hide = true)]
    pub scratch_database: String,

    #[command(flatten)]
    pub hard: HardOptions,

    /// What to measure; if nothing is named, everything but the hard runs (crowds, backlog, soak). Ratios need both of
    /// their sides.
    #[arg(value_enum, value_name = "WHAT")]
    pub what: Vec<Measurement>,
}

/// The choice of `--payload`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Payloads {
    #[value(name = "1k")]
    Small,
    #[value(name = "3k")]
    Large,
    #[value(name = "both")]
    Both,
}

/// How large a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload {
    /// Three signals.
    Small,
    /// Eleven signals, as real webhooks have them.
    Large,
}

/// One measurement. The order is the order in which they are made: each probe just before what is compared with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Measurement {
    /// Publish to a quorum queue and wait for the confirm; nothing else.
    ConfirmProbe,
    /// HTTP, HMAC, publish, confirm; nothing else.
    DoorProbe,
    /// The program `ingest`.
    Ingest,
    /// Consume in batches, three bulk inserts, commit, acknowledge; nothing else.
    InsertProbe,
    /// The program `worker`, draining a queue.
    Worker,
    /// The same with no rule but the odometer's: what all others cost.
    MileageOnly,
    /// How many statements a batch costs a worker.
    Statements,
    /// Door probe and insert probe at once.
    WholeProbe,
    /// `ingest` and `worker` at once, as fast as they go.
    Whole,
    /// From webhook to visible row, at half of what `whole` reached.
    Lag,
    /// The odometer rule alone, inside the request, one delivery a transaction.
    Baseline,
    /// `ingest` while thousands stand in its door: idle, or sending a byte now and then.
    Crowds,
    /// `ingest` while a worker drains a backlog.
    Backlog,
    /// `scheduler`, when the time of a whole fleet has come at once.
    Planning,
    /// `ingest` and `worker` for a long time at a modest rate.
    Soak,
}

impl Options {
    pub(super) fn payloads(&self) -> Vec<Payload> {
        match self.payload {
            Payloads::Small => vec![Payload::Small],
            Payloads::Large => vec![Payload::Large],
            Payloads::Both => vec![Payload::Small, Payload::Large],
        }
    }

    /// In their order, each once; those that others need are added.
    pub(super) fn measurements(&self) -> Vec<Measurement> {
        let mut chosen = self.what.clone();
        if self.hard.soak.is_some() {
            chosen.push(Measurement::Soak);
        }
        if chosen.is_empty() {
            chosen.extend(Measurement::value_variants().iter().filter(|one| !one.is_hard()));
        }
        if chosen.contains(&Measurement::Lag) {
            chosen.push(Measurement::Whole);
        }
        chosen.sort_unstable();
        chosen.dedup();
        chosen
    }

    pub(super) fn duration(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    pub(super) fn events_of(&self, payload: Payload) -> usize {
        let by_default = match payload {
            Payload::Small => 30_000,
            Payload::Large => 15_000,
        };
        self.events.map_or(by_default, |events| usize::try_from(events).unwrap_or(usize::MAX))
    }
}

impl Payload {
    /// As on the command line and in the JSON.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Small => "1k",
            Self::Large => "3k",
        }
    }
}

impl fmt::Display for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Small => "1 KB payloads",
            Self::Large => "3 KB payloads",
        })
    }
}

impl Measurement {
    /// Whether it is made only if it is asked for: it takes minutes, or needs more from the machine.
    const fn is_hard(self) -> bool {
        match self {
            Self::ConfirmProbe
            | Self::DoorProbe
            | Self::Ingest
            | Self::InsertProbe
            | Self::Worker
            | Self::MileageOnly
            | Self::WholeProbe
            | Self::Statements
            | Self::Whole
            | Self::Lag
            | Self::Baseline => false,
            Self::Crowds | Self::Backlog | Self::Planning | Self::Soak => true,
        }
    }

    /// As on the command line and in the JSON.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::ConfirmProbe => "confirm-probe",
            Self::DoorProbe => "door-probe",
            Self::Ingest => "ingest",
            Self::InsertProbe => "insert-probe",
            Self::Worker => "worker",
            Self::MileageOnly => "mileage-only",
            Self::WholeProbe => "whole-probe",
            Self::Statements => "statements",
            Self::Whole => "whole",
            Self::Lag => "lag",
            Self::Baseline => "baseline",
            Self::Crowds => "crowds",
            Self::Backlog => "backlog",
            Self::Planning => "planning",
            Self::Soak => "soak",
        }
    }
}

impl fmt::Display for Measurement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ConfirmProbe => "bare publish and confirm",
            Self::DoorProbe => "bare HTTP, HMAC, publish, confirm",
            Self::Ingest => "ingest",
            Self::InsertProbe => "bare consume and three inserts",
            Self::Worker => "worker, draining",
            Self::MileageOnly => "worker, only the mileage book",
            Self::WholeProbe => "bare end to end",
            Self::Statements => "worker, listened to",
            Self::Whole => "end to end",
            Self::Lag => "end to end at half of the peak",
            Self::Baseline => "baseline: odometer rule in the request",
            Self::Crowds => "ingest in a crowd",
            Self::Backlog => "worker, draining a backlog",
            Self::Planning => "scheduler, planning a fleet",
            Self::Soak => "end to end for a long time",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{CommandFactory, Parser};

    #[derive(Debug, Parser)]
    struct Program {
        #[command(flatten)]
        options: Options,
    }

    fn parse(more: &[&str]) -> Result<Options, clap::Error> {
        let urls =
            ["bench", "--database-url", "postgres://u:hunter2@db", "--amqp-url", "amqp://u:correcthorse@mq"];
        Program::try_parse_from(urls.iter().chain(more)).map(|program| program.options)
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Program::command().debug_assert();
    }

    #[test]
    fn hard_runs_are_made_only_if_they_are_asked_for() {
        assert!(parse(&[]).unwrap().measurements().iter().all(|one| !one.is_hard()));
        assert_eq!(parse(&["crowds"]).unwrap().measurements(), [Measurement::Crowds]);
        assert_eq!(parse(&["--soak", "5"]).unwrap().measurements(), [Measurement::Soak]);
    }

    #[test]
    fn everything_is_measured_unless_something_is_named() {
        assert_eq!(parse(&[]).unwrap().measurements().len(), 11);
        let chosen = parse(&["worker", "confirm-probe", "worker"]).unwrap().measurements();
        assert_eq!(chosen, [Measurement::ConfirmProbe, Measurement::Worker]);
    }

    #[test]
    fn half_of_the_peak_needs_the_peak() {
        assert_eq!(parse(&["lag"]).unwrap().measurements(), [Measurement::Whole, Measurement::Lag]);
    }

    #[test]
    fn each_measurement_has_the_name_of_the_command_line() {
        for measurement in Measurement::value_variants() {
            let value = measurement.to_possible_value().unwrap();
            assert_eq!(value.get_name(), measurement.name());
        }
    }

    #[test]
    fn secrets_are_not_printed() {
        let printed = format!("{:?}", parse(&[]).unwrap());
        assert!(!printed.contains("hunter2") && !printed.contains("correcthorse"), "{printed}");
    }
}
