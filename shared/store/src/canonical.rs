//! Values as the `readings` table holds them: a kind, a canonical text, and a hash of both for the key.

use domain::reading::{Milli, Position, TimeQuality, Value};
use sha2::{Digest, Sha256};

use crate::StoreError;

/// The name in the Postgres enum `reading_kind`.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Number(_) => "number",
        Value::Bool(_) => "boolean",
        Value::Text(_) => "text",
        Value::Position(_) => "position",
        Value::Structure(_) => "structure",
    }
}

pub fn text(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        // The database holds no NUL in texts; the raw body keeps it.
        Value::Text(text) | Value::Structure(text) => text.replace('\0', "\u{fffd}"),
        Value::Position(place) => format!("{},{}", Milli6(place.latitude_e6), Milli6(place.longitude_e6)),
    }
}

pub fn hash(kind: &str, text: &str) -> i64 {
    let digest = Sha256::new().chain_update(kind).chain_update([0]).chain_update(text).finalize();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(first)
}

pub fn parse(kind: &str, text: &str) -> Result<Value, StoreError> {
    let value = match kind {
        "number" => milli(text).map(Value::Number),
        "boolean" => text.parse().ok().map(Value::Bool),
        "text" => Some(Value::Text(text.to_owned())),
        "structure" => Some(Value::Structure(text.to_owned())),
        "position" => position(text).map(Value::Position),
        _ => None,
    };
    value.ok_or_else(|| StoreError::corrupt("readings", "value")(format!("{kind} {text:?}").into()))
}

pub fn quality(quality: TimeQuality) -> &'static str {
    match quality {
        TimeQuality::Oem => "oem",
        TimeQuality::Fetched => "fetched",
        TimeQuality::Delivered => "delivered",
    }
}

pub fn parse_quality(text: &str) -> Result<TimeQuality, StoreError> {
    match text {
        "oem" => Ok(TimeQuality::Oem),
        "fetched" => Ok(TimeQuality::Fetched),
        "delivered" => Ok(TimeQuality::Delivered),
        other => Err(StoreError::corrupt("readings", "quality")(other.into())),
    }
}

/// Degrees with six decimals.
struct Milli6(i32);

impl std::fmt::Display for Milli6 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let digits = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:06}", digits / 1_000_000, digits % 1_000_000)
    }
}

fn milli(text: &str) -> Option<Milli> {
    text.parse().ok().and_then(|number| Milli::from_f64(number).ok())
}

fn position(text: &str) -> Option<Position> {
    let (latitude, longitude) = text.split_once(',')?;
    Position::from_degrees(latitude.parse().ok()?, longitude.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_the_same() {
        let place = Position { latitude_e6: -123_456, longitude_e6: 179_999_999 };
        for value in [
            Value::Number(Milli(-1)),
            Value::Number(Milli(42_506_300)),
            Value::Bool(true),
            Value::Text("FULLY_CHARGED".to_owned()),
            Value::Position(place),
            Value::Structure(r#"{"a":[1,2]}"#.to_owned()),
        ] {
            assert_eq!(parse(kind(&value), &text(&value)).unwrap(), value);
        }
    }

    #[test]
    fn a_text_and_a_number_of_the_same_letters_are_two_values() {
        assert_ne!(hash("number", "1"), hash("text", "1"));
    }
}
