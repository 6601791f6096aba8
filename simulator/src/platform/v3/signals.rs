//! Signals of API v3: the stored view of what a car told last, with times as text.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::{iso, title};
use crate::cloud::withhold;
use crate::platform::Platform;
use crate::platform::connections::Connection;
use crate::platform::permissions;
use crate::platform::problems::{Kind, Problem};
use crate::wire::{Outcome, Signal, SignalError, SignalName, Times};

/// `GET /v3/vehicles/{id}/signals`
pub async fn signals(
    State(platform): State<Platform>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let body = platform.stored(&headers, &id).map(|stored| {
        let link = format!("{}/signals", platform.vehicle_link(&id));
        let rows: Vec<Value> = stored.signals.iter().map(|signal| row(signal, stored.at, &link)).collect();
        json!({
            "meta": { "totalCount": rows.len(), "pageSize": rows.len(), "pageNumber": 1 },
            "data": rows,
            "links": { "self": link },
            "included": { "vehicle": stored.vehicle },
        })
    });
    platform.respond_v3(body)
}

/// `GET /v3/vehicles/{id}/signals/{code}`
pub async fn signal(
    State(platform): State<Platform>,
    Path((id, code)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let body = platform.stored(&headers, &id).and_then(|stored| {
        let found = stored.signals.iter().find(|signal| signal.name.code == code);
        let found = found.ok_or(Problem::new(Kind::ResourceNotFound, Some("PATH")))?;
        let link = format!("{}/signals", platform.vehicle_link(&id));
        Ok(json!({ "data": row(found, stored.at, &link), "included": { "vehicle": stored.vehicle } }))
    });
    platform.respond_v3(body)
}

/// What is stored of a car, as one user may see it.
struct Stored {
    at: DateTime<Utc>,
    signals: Vec<Signal>,
    vehicle: Value,
}

impl Platform {
    fn stored(&self, headers: &HeaderMap, vehicle_id: &str) -> Result<Stored, Problem> {
        let connection = self.connection_of(headers, vehicle_id)?;
        self.within_limits(&connection)?;
        self.in_account(&connection)?;
        let Connection { number, ref permissions, ref subscription, .. } = connection;
        let vehicle = self.vehicle_resource(&connection, &self.fleet()[number]);
        // Nothing is stored for who hears of nothing: captures show an empty list, and not an error.
        let is_heard = subscription.is_some() && self.registry().webhook.is_enabled;
        let Some(known) = self.last_known(number).filter(|_| is_heard) else {
            return Ok(Stored { at: self.virtual_now(), signals: Vec::new(), vehicle });
        };
        let mut signals = known.signals.clone();
        withhold(&mut signals, &permissions::withheld(permissions));
        signals.sort_by_key(|signal| signal.name.code);
        self.0.ledger.told(number, permissions.contains("read_odometer"), Some(&known));
        // What is still on its way came just now.
        Ok(Stored { at: known.at.min(self.virtual_now()), signals, vehicle })
    }
}

/// One signal as a resource.
fn row(signal: &Signal, ingested_at: DateTime<Utc>, link: &str) -> Value {
    let SignalName { code, name, group } = signal.name;
    let (said, error) = match &signal.outcome {
        Outcome::Success { body, times } => (Some((body, *times)), None),
        Outcome::Failed { error, last } => (last.as_ref().map(|(body, times)| (body, *times)), Some(*error)),
    };
    let mut attributes = json!({ "code": code, "name": name, "group": group, "status": status(error) });
    let mut meta = json!({ "ingestedAt": iso(ingested_at) });
    if let Some((body, times)) = said {
        attributes["body"] = without_empty_conditions(json!(body));
        tell_times(&mut meta, times, ingested_at);
    }
    json!({
        "id": code,
        "type": "signal",
        "attributes": attributes,
        "meta": meta,
        "links": { "self": format!("{link}/{code}") },
    })
}

fn status(error: Option<SignalError>) -> Value {
    let Some(SignalError { kind, code }) = error else {
        return json!({ "value": "SUCCESS" });
    };
    // What has no code in webhooks is unknown here.
    let code = code.unwrap_or("UNKNOWN");
    let resolution = if kind == "PERMISSION" { "REAUTHENTICATE" } else { "UNKNOWN_RESOLUTION_TYPE" };
    json!({
        "value": "ERROR",
        "error": {
            "type": kind,
            "code": code,
            "title": title(code),
            "detail": format!("The signal cannot be told: {}.", title(code).to_lowercase()),
            "description": "Deprecated. Use detail",
            "resolution": { "type": resolution },
        },
    })
}

/// What never changes has no times of its own.
fn tell_times(meta: &mut Value, times: Times, latest: DateTime<Utc>) {
    let Times { oem_updated_at, retrieved_at } = times;
    for (name, ms) in [("retrievedAt", retrieved_at), ("oemUpdatedAt", oem_updated_at)] {
        if let Some(at) = DateTime::from_timestamp_millis(ms).filter(|_| ms > 0) {
            meta[name] = json!(iso(at.min(latest)));
        }
    }
}

/// Webhooks say `"condition":null`, and this API leaves it out.
fn without_empty_conditions(mut body: Value) -> Value {
    if let Some(values) = body.get_mut("values").and_then(Value::as_array_mut) {
        for value in values.iter_mut().filter_map(Value::as_object_mut) {
            value.retain(|name, value| name != "condition" || !value.is_null());
        }
    }
    body
}
