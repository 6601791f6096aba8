//! Evidence as people read it: which rule, which readings, how sure. By which rules a row was written is added as it is
//! sent: other rules that give the same row write nothing.

use domain::book::{Anchor, Cited, Evidence};
use serde::Serialize;

use crate::canonical;

/// Its text is part of a row's digest: fields stand in the order of their names, and another text is another row.
#[derive(Debug, Serialize)]
pub(crate) struct Why<'a> {
    confidence: f64,
    marks: Vec<&'static str>,
    readings: Vec<Read<'a>>,
    rule: &'static str,
}

/// A reading that the entry rests on.
#[derive(Debug, Serialize)]
struct Read<'a> {
    /// Milliseconds since 1970.
    at: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    signal: Option<&'a str>,
    value: String,
}

pub(crate) fn evidence<'a>(rule: &'static str, anchor: Option<&Anchor>, evidence: &'a Evidence) -> Why<'a> {
    let anchor = anchor.map(|anchor| Read {
        at: anchor.at.timestamp_millis(),
        signal: None,
        value: canonical::text(&anchor.value),
    });
    let cited = |cited: &'a Cited| Read {
        at: cited.at.timestamp_millis(),
        signal: Some(cited.signal.as_str()),
        value: canonical::text(&cited.value),
    };
    Why {
        confidence: f64::from(evidence.confidence()) / 100.0,
        marks: evidence.marks.iter().map(|mark| mark.name()).collect(),
        readings: anchor.into_iter().chain(evidence.cited.iter().map(cited)).collect(),
        rule,
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use domain::book::Mark;
    use domain::reading::{Milli, Signal, Value};

    use super::*;

    /// Another text would write every row of every car anew.
    #[test]
    fn its_text_is_the_one_that_stored_rows_were_compared_by() {
        let at = DateTime::from_timestamp_millis(1_795_248_000_000).unwrap();
        let value = Value::Number(Milli(25_010_500));
        let cited = vec![Cited { at, signal: Signal::new(Signal::ODOMETER), value: value.clone() }];
        let told = Evidence { until: at, marks: vec![Mark::Merged], cited };
        let anchor = Anchor { at, value, by_hand: false };
        assert_eq!(
            serde_json::to_string(&evidence("trips", Some(&anchor), &told)).unwrap(),
            concat!(
                r#"{"confidence":1.0,"marks":["merged"],"readings":[{"at":1795248000000,"value":"25010.5"},"#,
                r#"{"at":1795248000000,"signal":"odometer-traveleddistance","value":"25010.5"}],"rule":"trips"}"#,
            )
        );
    }
}
