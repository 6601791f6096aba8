//! Evidence as people read it: which rule, which reading, how sure.

use domain::book::{Anchor, Evidence};
use serde_json::json;

use crate::canonical;

pub fn evidence(rule: &str, anchor: Option<&Anchor>, evidence: &Evidence) -> serde_json::Value {
    let marks: Vec<&str> = evidence.marks.iter().map(|mark| mark.name()).collect();
    let readings: Vec<serde_json::Value> = anchor
        .map(|anchor| json!({ "at": anchor.at.timestamp_millis(), "value": canonical::text(&anchor.value) }))
        .into_iter()
        .collect();
    json!({
        "rule": rule,
        "rules_version": domain::RULES_VERSION,
        "confidence": f64::from(evidence.confidence()) / 100.0,
        "marks": marks,
        "readings": readings,
    })
}
