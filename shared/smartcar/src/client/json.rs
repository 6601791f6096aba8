//! Looks into answers whose fields may be missing or odd: whatever is not as expected is not there.

use serde_json::Value;

/// No id, name or word of the platform comes near.
const LIMIT: usize = 128;

/// A short text at a place (RFC 6901) of an answer; numbers count.
pub(super) fn text(json: &Value, place: &str) -> Option<String> {
    let text = match json.pointer(place)? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    let sensible = (1..=LIMIT).contains(&text.len()) && !text.chars().any(char::is_control);
    sensible.then_some(text)
}

/// A whole number at a place of an answer.
pub(super) fn number<T: std::str::FromStr>(json: &Value, place: &str) -> Option<T> {
    text(json, place)?.parse().ok()
}

/// The items of a list at a place of an answer. `None` if there is no list.
pub(super) fn list<'a>(json: &'a Value, place: &str) -> Option<&'a [Value]> {
    json.pointer(place)?.as_array().map(Vec::as_slice)
}

/// The texts of a list at a place of an answer. `None` if there is no list.
pub(super) fn texts(json: &Value, place: &str) -> Option<Vec<String>> {
    Some(list(json, place)?.iter().filter_map(|item| text(item, "")).collect())
}
