//! Figures with their units, and the report that people and machines read.

use std::fmt;

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use super::machine::Machine;
use super::options::{Measurement, Payload};
use super::table;
use super::targets::{self, Judged};

/// One number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Figure {
    /// Counted from one.
    pub round: u32,
    pub payload: Payload,
    pub of: Measurement,
    /// What was counted or timed: `deliveries`, `p99`, `worker memory`.
    pub name: &'static str,
    pub value: f64,
    pub unit: Unit,
    /// For one of a series: so many seconds after the measurement began.
    pub after_seconds: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    PerSecond,
    Milliseconds,
    /// Of CPU time, each delivery.
    Microseconds,
    Megabytes,
    /// So many of them.
    Number,
}

/// What was measured so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Figures(Vec<Figure>);

/// Everything that a run found out.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    machine: Machine,
    figures: Figures,
    targets: Vec<Judged>,
}

/// The name under which a measurement's throughput stands.
pub(super) const DELIVERIES: &str = "deliveries";

/// The names of our programs' peak memory.
pub(super) const INGEST_MEMORY: &str = "ingest memory";
pub(super) const WORKER_MEMORY: &str = "worker memory";

/// The names of what a soak is judged by: resident memory, on average over its first and its last minutes.
pub(super) const INGEST_AT_FIRST: &str = "ingest memory at first";
pub(super) const INGEST_AT_LAST: &str = "ingest memory at last";
pub(super) const WORKER_AT_FIRST: &str = "worker memory at first";
pub(super) const WORKER_AT_LAST: &str = "worker memory at last";

/// The names of how long good traffic waited: when it was alone, among those who only stand in the door, among as many
/// with room for all of them, and beside a worker that drains a backlog.
pub(super) const CALM: &str = "p99 calm";
pub(super) const CROWDED: &str = "p99 crowded";
pub(super) const SPACIOUS: &str = "p99 with room for all";
pub(super) const DRAINING: &str = "p99 draining";

/// The names of what planning takes: the time for a million cars that are due, and for a look when none is.
pub(super) const A_MILLION_CARS: &str = "a million cars";
pub(super) const NOTHING_DUE: &str = "nothing due";
pub(super) const SCHEDULER_MEMORY: &str = "scheduler memory";

/// The names of how many statements a batch costs, while cars are nearly new and when they have a history.
pub(super) const SOONER: &str = "statements a batch at first";
pub(super) const LATER: &str = "statements a batch at last";

impl Figures {
    pub fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    pub fn iter(&self) -> impl Iterator<Item = &Figure> {
        self.0.iter()
    }

    pub fn get(&self, round: u32, payload: Payload, of: Measurement, name: &str) -> Option<f64> {
        let wanted = (round, payload, of, name);
        let found = self.0.iter().find(|figure| {
            figure.after_seconds.is_none() && (figure.round, figure.payload, figure.of, figure.name) == wanted
        });
        found.map(|figure| figure.value)
    }

    /// How many rounds there were.
    pub fn rounds(&self) -> u32 {
        self.0.iter().map(|figure| figure.round).max().unwrap_or_default()
    }
}

/// The figures of one measurement, in the making.
#[derive(Debug)]
pub(super) struct Draft {
    round: u32,
    payload: Payload,
    of: Measurement,
    so_far: Figures,
}

impl Draft {
    pub fn new(round: u32, payload: Payload, of: Measurement) -> Self {
        Self { round, payload, of, so_far: Figures::default() }
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: f64, unit: Unit) -> Self {
        self.add(name, None, value, unit);
        self
    }

    /// One of a series, taken so many seconds after the measurement began.
    pub fn sample(&mut self, after_seconds: u64, name: &'static str, value: f64, unit: Unit) {
        self.add(name, Some(after_seconds), value, unit);
    }

    fn add(&mut self, name: &'static str, after_seconds: Option<u64>, value: f64, unit: Unit) {
        let Self { round, payload, of, .. } = *self;
        self.so_far.0.push(Figure { round, payload, of, name, value, unit, after_seconds });
    }

    pub fn done(self) -> Figures {
        self.so_far
    }
}

impl Report {
    pub fn new(machine: Machine, figures: Figures) -> Self {
        let targets = targets::judge(&figures);
        Self { machine, figures, targets }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        table::targets(f, &self.targets)
    }
}

impl Unit {
    pub const fn name(self) -> &'static str {
        match self {
            Self::PerSecond => "1/s",
            Self::Milliseconds => "ms",
            Self::Microseconds => "us",
            Self::Megabytes => "MB",
            Self::Number => "number",
        }
    }
}

impl Serialize for Figures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&self.0)
    }
}

impl Serialize for Figure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut figure = serializer.serialize_struct("Figure", 7)?;
        figure.serialize_field("round", &self.round)?;
        figure.serialize_field("payload", self.payload.name())?;
        figure.serialize_field("measurement", self.of.name())?;
        figure.serialize_field("name", self.name)?;
        figure.serialize_field("value", &self.value)?;
        figure.serialize_field("unit", self.unit.name())?;
        figure.serialize_field("after_seconds", &self.after_seconds)?;
        figure.end()
    }
}
