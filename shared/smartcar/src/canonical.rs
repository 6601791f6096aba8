//! JSON as text that is the same whenever the value is the same: keys sorted, no blanks, one form for each
//! number. Two deliveries that say the same thing must give one reading.

use serde_json::Value;

use crate::report::Why;

/// A longer body is no reading. The platform's whole deliveries are below 50 KB.
const LIMIT: usize = 32 * 1024;

/// Reads a body into a tree. A body whose leaves are all `null` says nothing; an empty list does say something
/// (no trouble codes).
pub(crate) fn read(body: &str) -> Result<Value, Why> {
    // Fails beyond 128 levels as well: the tree is walked by recursion.
    let value: Value = serde_json::from_str(body).map_err(|_| Why::Unreadable)?;
    if says_nothing(&value) { Err(Why::NoValue) } else { Ok(value) }
}

/// The canonical text.
pub(crate) fn write(value: &Value) -> Result<String, Why> {
    let mut text = String::new();
    append(value, &mut text);
    if text.len() > LIMIT { Err(Why::TooLong) } else { Ok(text) }
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        Value::Array(items) => !items.is_empty() && items.iter().all(says_nothing),
        Value::Object(fields) => fields.values().all(says_nothing),
    }
}

fn append(value: &Value, text: &mut String) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(flag) => text.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => text.push_str(&number_text(number)),
        Value::String(string) => text.push_str(&string_text(string)),
        Value::Array(items) => {
            text.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                append(item, text);
            }
            text.push(']');
        }
        Value::Object(fields) => {
            // Sorted here and not by the map: a feature of serde_json that any crate may switch on keeps the
            // order of the wire.
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(key, _)| *key);
            text.push('{');
            for (place, (key, item)) in fields.into_iter().enumerate() {
                if place > 0 {
                    text.push(',');
                }
                text.push_str(&string_text(key));
                text.push(':');
                append(item, text);
            }
            text.push('}');
        }
    }
}

/// JavaScript does not know 1.0 from 1, so neither do we.
#[expect(clippy::cast_possible_truncation, reason = "only whole numbers below 2^53 are cast")]
fn number_text(number: &serde_json::Number) -> String {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < EXACT => {
            (float as i64).to_string()
        }
        Some(_) | None => number.to_string(),
    }
}

/// Zero characters are taken out: PostgreSQL cannot hold them.
fn string_text(string: &str) -> String {
    Value::String(string.replace('\0', "")).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(body: &str) -> Result<String, Why> {
        read(body).and_then(|value| write(&value))
    }

    #[test]
    fn the_same_value_has_the_same_text() {
        let text = r#"{"a":[1,2.5,"ä"],"b":{"c":null,"d":true}}"#;
        assert_eq!(canonical(text).unwrap(), text);
        assert_eq!(canonical(r#" {"b":{"d":true, "c":null},"a":[1.0,2.50,"\u00e4"]} "#).unwrap(), text);
        assert_eq!(canonical(r#"[-0.0,1e2,"a\u0000b"]"#).unwrap(), r#"[0,100,"ab"]"#);
    }

    #[test]
    fn a_body_of_nulls_says_nothing_and_an_empty_list_does() {
        for body in ["null", "{}", r#"{"isOpen":null}"#, r#"{"a":{"b":[null,{}]}}"#] {
            assert_eq!(canonical(body), Err(Why::NoValue), "{body}");
        }
        assert_eq!(canonical(r#"{"values":[]}"#).unwrap(), r#"{"values":[]}"#);
    }

    #[test]
    fn a_body_that_is_too_deep_or_too_long_is_refused() {
        let deep = format!("{}1{}", "[".repeat(50_000), "]".repeat(50_000));
        assert_eq!(canonical(&deep), Err(Why::Unreadable));
        let long = format!("[\"{}\"]", "a".repeat(LIMIT));
        assert_eq!(canonical(&long), Err(Why::TooLong));
    }
}
