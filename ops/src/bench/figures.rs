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
    /// A number of things each delivery or batch.
    Each,
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

impl Figures {
    pub fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    pub fn iter(&self) -> impl Iterator<Item = &Figure> {
        self.0.iter()
    }

    pub fn get(&self, payload: Payload, of: Measurement, name: &str) -> Option<f64> {
        let found = self
            .0
            .iter()
            .find(|figure| figure.payload == payload && figure.of == of && figure.name == name);
        found.map(|figure| figure.value)
    }
}

/// The figures of one measurement, in the making.
#[derive(Debug)]
pub(super) struct Of {
    payload: Payload,
    of: Measurement,
    figures: Figures,
}

impl Of {
    pub fn new(payload: Payload, of: Measurement) -> Self {
        Self {
            payload,
            of,
            figures: Figures::default(),
        }
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: f64, unit: Unit) -> Self {
        self.figures.0.push(Figure {
            payload: self.payload,
            of: self.of,
            name,
            value,
            unit,
        });
        self
    }

    pub fn done(self) -> Figures {
        self.figures
    }
}

impl Report {
    pub fn new(machine: Machine, figures: Figures) -> Self {
        let targets = targets::judge(&figures);
        Self {
            machine,
            figures,
            targets,
        }
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
            Self::Each => "each",
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
        let mut figure = serializer.serialize_struct("Figure", 5)?;
        figure.serialize_field("payload", self.payload.name())?;
        figure.serialize_field("measurement", self.of.name())?;
        figure.serialize_field("name", self.name)?;
        figure.serialize_field("value", &self.value)?;
        figure.serialize_field("unit", self.unit.name())?;
        figure.end()
    }
}
