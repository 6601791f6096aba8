//! The parts of structures that rules read. They are kept as canonical JSON (keys sorted, no blanks), so that a part is found by
//! the words before it.

use crate::reading::{Milli, Value};

/// The text of a structure; nothing for any other value.
pub(super) fn text(value: &Value) -> Option<&str> {
    match value {
        Value::Structure(text) => Some(text),
        Value::Number(_) | Value::Bool(_) | Value::Text(_) | Value::Position(_) => None,
    }
}

/// What stands behind each `"name":` as far as the next comma or bracket, without quotes.
pub(super) fn fields<'a>(text: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let key = format!("\"{name}\":");
    let starts: Vec<usize> = text.match_indices(&key).map(|(start, key)| start + key.len()).collect();
    starts.into_iter().map(move |start| {
        let rest = &text[start..];
        let end = rest.find([',', '}', ']']).unwrap_or(rest.len());
        rest[..end].trim_matches('"')
    })
}

/// A number as the wire writes it; `null` is none.
pub(super) fn number(field: &str) -> Option<Milli> {
    field.parse().ok().and_then(|number| Milli::from_f64(number).ok())
}
