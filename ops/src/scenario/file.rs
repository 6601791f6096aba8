//! A written-down case as it stands in its file.

use std::fs;
use std::path::Path;

use anyhow::Context;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
pub struct Scenario {
    pub id: String,
    /// In the order of arrival.
    pub samples: Vec<Sample>,
}

/// What the car said of one thing at one moment.
#[derive(Debug, Clone, Deserialize)]
pub struct Sample {
    /// The moment at the car.
    pub t: DateTime<Utc>,
    pub signal: String,
    /// A number, a truth, a text, a position, or nothing.
    #[serde(default)]
    pub value: Value,
    pub unit: Option<String>,
}

impl Scenario {
    pub fn read(file: &Path) -> anyhow::Result<Self> {
        let name = file.display();
        let text = fs::read(file).with_context(|| format!("cannot read {name}"))?;
        let mut scenario: Self =
            serde_json::from_slice(&text).with_context(|| format!("cannot understand {name}"))?;
        scenario.samples.retain(|sample| !sample.signal.starts_with("x-"));
        Ok(scenario)
    }
}
