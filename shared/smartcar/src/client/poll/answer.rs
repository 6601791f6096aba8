//! The platform's answers to a poll, as far as the client reads them: what failed and with what advice. Their values are
//! understood later, by [`crate::webhook::decode`], from the envelope that is made here.

use domain::reading::Signal;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use super::super::error::{PlatformError, Transport};
use super::super::fault::Said;
use super::super::http::wait;
use super::super::json::{list, number, text};
use super::Refused;
use crate::batch;

/// The envelope of a poll, one more family beside those of webhooks.
#[derive(Serialize)]
pub(super) struct Envelope<'a> {
    pub poll: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<&'a str>,
    pub vehicle: &'a str,
    pub answer: &'a [Box<RawValue>],
}

impl Envelope<'_> {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts and JSON that was read before can be written")
    }
}

/// An answer as it goes into the envelope.
///
/// The platform puts links with a token into some answers (where the owner chooses a battery). Such a link opens
/// something for whoever reads it, and the envelope is stored.
pub(super) fn verbatim(body: &[u8]) -> Result<Box<RawValue>, PlatformError> {
    const TOKEN: &[u8] = b"token=";
    let unreadable = |_| PlatformError::transport(Transport::Unreadable, None);
    if !body.windows(TOKEN.len()).any(|part| part == TOKEN) {
        return serde_json::from_slice(body).map_err(unreadable);
    }
    let mut json: Value = serde_json::from_slice(body).map_err(unreadable)?;
    take_tokens(&mut json);
    to_raw_value(&json).map_err(unreadable)
}

fn take_tokens(json: &mut Value) {
    match json {
        Value::String(text) if text.contains("token=") => *json = Value::Null,
        Value::Array(items) => items.iter_mut().for_each(take_tokens),
        Value::Object(fields) => fields.values_mut().for_each(take_tokens),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What a batch would have held for a path that was refused alone, in the same form.
pub(super) fn refusal(path: &str, error: &PlatformError) -> Box<RawValue> {
    let body = json!({ "type": error.kind, "code": error.code });
    let one = json!({ "path": path, "code": error.status.unwrap_or(400), "body": body });
    to_raw_value(&json!({ "responses": [one] })).expect("a few words can be written")
}

/// The answers to the paths of a batch.
pub(super) struct Batch {
    /// How many paths were answered well.
    pub told: usize,
    pub refused: Vec<Refused>,
}

impl Batch {
    /// `None` for what is no batch.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let json: Value = serde_json::from_slice(body).ok()?;
        let responses = list(&json, "/responses")?;
        let refused: Vec<Refused> = responses.iter().filter_map(refused_path).collect();
        Some(Self { told: responses.len() - refused.len(), refused })
    }
}

fn refused_path(response: &Value) -> Option<Refused> {
    let status = number(response, "/code").filter(|status| !(200..300).contains(status))?;
    let headers = response.get("headers").and_then(Value::as_object);
    let retry_after = headers.and_then(|headers| {
        let (_, value) = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))?;
        wait(&text(value, "")?, None)
    });
    let said = response.get("body").map(Said::of).unwrap_or_default();
    Some(Refused {
        signals: batch::signals_of(&batch::canonical_path(&text(response, "/path")?)),
        error: PlatformError::of(said, Some(status), retry_after),
    })
}

/// The signals of a v3 answer.
pub(super) struct Rows {
    /// About which vehicle, where it says so.
    pub vehicle: Option<String>,
    pub refused: Vec<Refused>,
    codes: Vec<Signal>,
    total: usize,
}

impl Rows {
    /// `None` for what holds no signals: a list of them, one of them, or (in early descriptions of the API) one without
    /// `data` around it.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let json: Value = serde_json::from_slice(body).ok()?;
        let rows = match json.get("data") {
            Some(Value::Array(rows)) => rows.as_slice(),
            Some(row @ Value::Object(_)) => std::slice::from_ref(row),
            None if json.get("attributes").is_some_and(Value::is_object) => std::slice::from_ref(&json),
            Some(_) | None => return None,
        };
        Some(Self {
            vehicle: text(&json, "/included/vehicle/id"),
            refused: rows.iter().filter_map(refused_signal).collect(),
            codes: rows.iter().filter_map(signal).collect(),
            total: number(&json, "/meta/totalCount").unwrap_or(rows.len()),
        })
    }

    /// Whether the platform has more than it told. How to ask for a second page is not documented.
    pub(super) fn is_cut_short(&self) -> bool {
        self.codes.len() < self.total
    }

    pub(super) fn holds(&self, code: &str) -> bool {
        self.codes.iter().any(|signal| signal.is(code))
    }
}

fn signal(row: &Value) -> Option<Signal> {
    text(row, "/attributes/code").or_else(|| text(row, "/id")).map(|code| Signal::new(&code))
}

fn refused_signal(row: &Value) -> Option<Refused> {
    let said = Said::of(row.pointer("/attributes/status/error")?);
    // An empty object is no error.
    said.kind.as_ref()?;
    Some(Refused { signals: vec![signal(row)?], error: PlatformError::of(said, None, None) })
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;
    use crate::webhook;

    /// Whatever the answer is, it is read without a panic, and its envelope is a delivery about the car that was asked
    /// about.
    fn check(body: &[u8]) -> Result<(), TestCaseError> {
        let batch = Batch::read(body);
        let rows = Rows::read(body);
        let Ok(answer) = verbatim(body) else {
            prop_assert!(batch.is_none() && rows.is_none());
            return Ok(());
        };
        let envelope =
            Envelope { poll: "v3", user: Some("\"user\"\n"), vehicle: "vehicle-1", answer: &[answer] };
        let delivery = webhook::decode(&envelope.to_bytes(), DateTime::UNIX_EPOCH);
        // A field that comes twice may be refused; nothing else.
        if let Ok(delivery) = delivery {
            prop_assert_eq!(&delivery.reports[0].vehicle.smartcar_vehicle_id, "vehicle-1");
            let failed = delivery.reports[0].failed.len();
            prop_assert!(batch.is_none_or(|batch| batch.refused.len() <= failed));
        }
        Ok(())
    }

    const ANSWERS: [&str; 3] = [
        include_str!("../../../fixtures/api/batch.json"),
        include_str!("../../../fixtures/api/signals.json"),
        include_str!("../../../fixtures/api/signal.json"),
    ];

    proptest! {
        #[test]
        fn any_bytes_are_survived(body in prop::collection::vec(any::<u8>(), 0..200)) {
            check(&body)?;
        }

        #[test]
        fn a_damaged_answer_is_survived(
            which in 0..ANSWERS.len(),
            cut in any::<prop::sample::Index>(),
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        ) {
            let mut body = ANSWERS[which].as_bytes().to_vec();
            for (place, byte) in damage {
                let place = place.index(body.len());
                body[place] = byte;
            }
            check(&body)?;
            body.truncate(cut.index(body.len()));
            check(&body)?;
        }

        #[test]
        fn an_answer_with_odd_values_is_survived(
            which in 0..ANSWERS.len(),
            odd in prop::collection::vec(
                (any::<prop::sample::Index>(), prop::sample::select(vec!["null", "7", "[]", "{}", "\"x\"", "true", "-1e9"])),
                1..6,
            ),
        ) {
            let mut body = ANSWERS[which].to_owned();
            for (place, token) in odd {
                let colons: Vec<usize> = body.match_indices(':').map(|(at, _)| at + 1).collect();
                let start = colons[place.index(colons.len())];
                let length = body[start..].find([',', '}', ']']).unwrap_or(0);
                body.replace_range(start..start + length, token);
            }
            check(body.as_bytes())?;
        }
    }
}
