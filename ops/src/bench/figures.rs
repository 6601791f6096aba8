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
        let found =
            self.0.iter().find(|figure| (figure.round, figure.payload, figure.of, figure.name) == wanted);
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
        self.so_far.0.push(Figure {
            round: self.round,
            payload: self.payload,
            of: self.of,
            name,
            value,
            unit,
        });
        self
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
        let mut figure = serializer.serialize_struct("Figure", 6)?;
        figure.serialize_field("round", &self.round)?;
        figure.serialize_field("payload", self.payload.name())?;
        figure.serialize_field("measurement", self.of.name())?;
        figure.serialize_field("name", self.name)?;
        figure.serialize_field("value", &self.value)?;
        figure.serialize_field("unit", self.unit.name())?;
        figure.end()
    }
}
