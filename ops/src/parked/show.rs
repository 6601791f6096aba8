//! Parked messages as people read them.

use std::io::{self, Write};

use chrono::SecondsFormat;
use serde_json::Value;
use smartcar::redact::{self, Redacted};
use store::parked::ParkedRow;

/// One line a message.
pub fn list(rows: &[ParkedRow], out: &mut (dyn Write + Send)) -> io::Result<()> {
    if rows.is_empty() {
        return writeln!(out, "nothing is parked");
    }
    for row in rows {
        let since = row.parked_at.to_rfc3339_opts(SecondsFormat::Secs, true);
        writeln!(out, "{}  {since}  {}  {}  {}", row.id, row.queue, row.message_key, row.why)?;
    }
    Ok(())
}

/// Everything about one message.
pub fn whole(row: &ParkedRow, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let since = row.parked_at.to_rfc3339_opts(SecondsFormat::Secs, true);
    writeln!(out, "id       {}", row.id)?;
    writeln!(out, "message  {}", row.message_key)?;
    writeln!(out, "queue    {}", row.queue)?;
    writeln!(out, "state    {}, parked at {since}", row.state)?;
    writeln!(out, "why      {}", row.why)?;
    writeln!(out, "headers  {}", row.headers)?;
    let positions = match redact::without_positions(&row.body) {
        Redacted::Unchanged => "no positions",
        Redacted::Changed { .. } => "POSITIONS OF A PERSON: handle with care",
    };
    writeln!(out, "body     {} bytes as they came, with {positions}", row.body.len())?;
    writeln!(out, "\n{}", body(&row.body))
}

/// JSON is laid out, other text is printed as it is, and bytes that are no text with hexadecimal digits. Nothing of it
/// can steer a terminal.
fn body(bytes: &[u8]) -> String {
    let json = serde_json::from_slice::<Value>(bytes).ok();
    let laid_out = json.and_then(|json| serde_json::to_string_pretty(&json).ok());
    match (laid_out, std::str::from_utf8(bytes)) {
        (Some(json), _) => json,
        (None, Ok(text)) => text.chars().flat_map(harmless).collect(),
        (None, Err(_)) => bytes.escape_ascii().to_string(),
    }
}

fn harmless(character: char) -> Vec<char> {
    if character.is_control() && character != '\n' {
        character.escape_default().collect()
    } else {
        vec![character]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_shown_whatever_it_is() {
        assert_eq!(body(br#"{"a":1}"#), "{\n  \"a\": 1\n}");
        assert_eq!(body(b"half {\n\x1b[2J"), "half {\n\\u{1b}[2J");
        assert_eq!(body(&[b'a', 0xff, 0x0a]), r"a\xff\n");
    }
}
