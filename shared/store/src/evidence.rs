//! Evidence as people read it: which rule, which readings, how sure. By which rules a row was written is added as it is
//! written: other rules that give the same row write nothing.

use domain::book::{Anchor, Evidence};
use serde_json::{Value, json};

use crate::canonical;

pub fn evidence(rule: &str, anchor: Option<&Anchor>, evidence: &Evidence) -> Value {
    let marks: Vec<&str> = evidence.marks.iter().map(|mark| mark.name()).collect();
    let anchor = anchor
        .map(|anchor| json!({ "at": anchor.at.timestamp_millis(), "value": canonical::text(&anchor.value) }));
    let cited = evidence.cited.iter().map(|cited| {
        json!({
            "at": cited.at.timestamp_millis(),
            "signal": cited.signal.as_str(),
            "value": canonical::text(&cited.value),
        })
    });
    json!({
        "rule": rule,
        "confidence": f64::from(evidence.confidence()) / 100.0,
        "marks": marks,
        "readings": anchor.into_iter().chain(cited).collect::<Vec<Value>>(),
    })
}
