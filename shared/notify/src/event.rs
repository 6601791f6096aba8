//! What a program is told: a type, a time and data, as the Standard Webhooks advise.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::{Value, json};

use crate::words::Item;

/// It cannot be written as JSON.
#[derive(Debug, thiserror::Error)]
#[error("cannot write an event")]
pub struct EventError(#[from] serde_json::Error);

#[derive(Serialize)]
struct Event<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    timestamp: String,
    data: Value,
}

/// The body: `alert.raised` with the alert for one, `alerts.raised` or `alerts.found_later` with a list for more, `test` for none.
///
/// # Errors
///
/// If it cannot be written; it always can.
pub fn body(items: &[Item], is_late: bool, created_at: DateTime<Utc>) -> Result<String, EventError> {
    let all: Vec<Value> = items.iter().map(alert).collect();
    let (kind, data) = match (all.as_slice(), is_late) {
        ([], _) => ("test", json!({})),
        ([one], false) => ("alert.raised", one.clone()),
        (_, false) => ("alerts.raised", json!({ "alerts": all })),
        (_, true) => ("alerts.found_later", json!({ "alerts": all })),
    };
    Ok(serde_json::to_string(&Event { kind, timestamp: moment(created_at), data })?)
}

fn alert(item: &Item) -> Value {
    json!({
        "id": item.alert_id, "carId": item.car_id, "carName": item.car_name, "kind": item.kind, "at": moment(item.at),
        "details": item.details,
    })
}

fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
