//! Private zones: positions in them are replaced by the zone before anything is stored; positions outside stay.

use domain::fences::{Fence, named};
use domain::motion::PRIVATE_PREFIX;
use domain::reading::{Position, Reading, Signal, Value};
use sha2::{Digest, Sha256};

use super::{Redacted, is_one_of, may_hold_a_place, names_a_location, plain, spans};
use crate::report::Report;
use crate::{canonical, envelope};

/// What a place is told by that lies in a zone, in a body.
pub(super) const FIELD: &str = "zone";

const LATITUDES: [&str; 2] = ["latitude", "lat"];
const LONGITUDES: [&str; 3] = ["longitude", "lon", "lng"];

/// Where a position lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Own {
    Inside(String),
    Outside,
}

/// Replaces every position in one of these zones by the zone, in whatever place of whatever envelope. What tells of a place and
/// cannot be read as a position (an address, a list of coordinates) goes: it may lie within.
pub fn without_zones(body: &[u8], zones: &[Fence]) -> Redacted {
    if zones.is_empty() || !may_hold_a_place(body) {
        return Redacted::Unchanged;
    }
    let redacted = match spans::without_zones(envelope::json(body), zones) {
        Ok(None) => return Redacted::Unchanged,
        Ok(Some(rest)) => rest,
        Err(_) => br#"{"redacted":"unreadable, and may have held positions"}"#.to_vec(),
    };
    Redacted::Changed { body: redacted, original_sha256: Sha256::digest(body).into() }
}

/// The same for what was decoded of a body. What remains is what decoding the redacted body gives.
pub fn hide_zones(report: &mut Report, zones: &[Fence]) {
    if zones.is_empty() {
        return;
    }
    report.readings.retain_mut(|Reading { signal, value, original, .. }| {
        if let Value::Position(_) = value {
            *original = None;
        }
        hide_value(signal, value, zones)
    });
    report.untimed.retain_mut(|untimed| hide_value(&untimed.signal, &mut untimed.value, zones));
}

/// The same for one value; false if nothing of it may stay.
pub fn hide_value(signal: &Signal, value: &mut Value, zones: &[Fence]) -> bool {
    let names_a_location = names_a_location(signal.as_str());
    match value {
        Value::Position(position) => {
            if let Some(zone) = zone_of(*position, zones) {
                *value = Value::Text(format!("{PRIVATE_PREFIX}{zone}"));
            }
            true
        }
        Value::Structure(text) if names_a_location && !spans::tells_a_position(text.as_bytes(), zones) => {
            false
        }
        Value::Structure(text) if may_hold_a_place(text.as_bytes()) => {
            let Ok(rest) = spans::without_zones(text.as_bytes(), zones) else { return false };
            let Some(rest) = rest.and_then(|rest| String::from_utf8(rest).ok()) else { return true };
            let Ok(rest) = canonical::read(&rest).and_then(|rest| canonical::write(&rest)) else {
                return false;
            };
            *text = rest;
            true
        }
        Value::Text(text) if text.starts_with(PRIVATE_PREFIX) => true,
        // Such as whether it is at home: it says where it is.
        Value::Structure(_) | Value::Text(_) | Value::Number(_) | Value::Bool(_) => !names_a_location,
    }
}

/// Where an object lies by its own fields, if they tell one position and no more.
pub(super) fn own_place<'a>(
    fields: impl Iterator<Item = (&'a str, &'a [u8])>,
    zones: &[Fence],
) -> Option<Own> {
    let (mut latitudes, mut longitudes, mut is_hidden) = (Vec::new(), Vec::new(), false);
    for (name, text) in fields {
        if is_one_of(name, &LATITUDES) {
            latitudes.push(number(text)?);
        } else if is_one_of(name, &LONGITUDES) {
            longitudes.push(number(text)?);
        } else if name == FIELD {
            let told: Option<String> = serde_json::from_slice(text).ok();
            is_hidden = told.is_some_and(|told| zones.iter().any(|zone| zone.zone() == told));
        }
    }
    if is_hidden && latitudes.is_empty() && longitudes.is_empty() {
        // It was redacted before: nothing in it has to go.
        return Some(Own::Outside);
    }
    let ([latitude], [longitude]) = (&*latitudes, &*longitudes) else { return None };
    let position = Position::from_degrees(*latitude, *longitude).ok()?;
    Some(zone_of(position, zones).map_or(Own::Outside, Own::Inside))
}

/// Numeric text counts.
fn number(json: &[u8]) -> Option<f64> {
    serde_json::from_slice(json).ok().or_else(|| {
        let text: String = serde_json::from_slice(json).ok()?;
        plain(&text).trim().parse().ok()
    })
}

fn zone_of(position: Position, zones: &[Fence]) -> Option<String> {
    named(zones, position).map(Fence::zone)
}

#[cfg(test)]
mod tests {
    use domain::fact::RowId;
    use domain::fences::Shape;

    use super::*;

    /// A place of 200 m in the middle of Tallinn's bay.
    fn zones() -> Vec<Fence> {
        let centre = Position::from_degrees(59.5, 24.7).unwrap();
        let shape = Shape::Circle { centre, radius_m: 200 };
        vec![Fence { id: RowId(7), name: "Home".to_owned(), shape, priority: 0 }]
    }

    const ZONE: &str = "00000000-0000-0000-0000-000000000007";

    #[test]
    fn a_position_in_a_zone_is_told_by_the_zone_and_others_stay() {
        let table = [
            (r#"{"a":1}"#, "-"),
            (r#"{"latitude":59.6,"longitude":24.7,"heading":1,"address":"Pine road"}"#, "-"),
            (r#"{"latitude":59.5,"longitude":24.7,"heading":1,"b":1}"#, r##"{"b":1,"zone":"#ID"}"##),
            (r#"{"lat":59.5001,"lng":"24.7"}"#, r##"{"zone":"#ID"}"##),
            (
                r#"[{"lat":59.5,"lon":24.7},{"lat":59.6,"lon":24.7}]"#,
                r##"[{"zone":"#ID"},{"lat":59.6,"lon":24.7}]"##,
            ),
            (
                r#"{"location":{"lat":59.5,"lon":24.7},"name":"at home","kwh":7}"#,
                r##"{"location":{"zone":"#ID"},"kwh":7}"##,
            ),
            (r#"{"location":{"lat":59.6,"lon":24.7},"name":"shop"}"#, "-"),
            (r#"{"address":"Pine road","b":1}"#, r#"{"b":1}"#),
            (r#"{"type":"Point","coordinates":[24.7,59.6]}"#, r#"{"type":"Point"}"#),
            (r#"{"latitude":59.6,"latitude":59.5,"longitude":24.7}"#, "{}"),
            (r#"{"latitude":59.6,"longitude":null}"#, r#"{"longitude":null}"#),
            (
                r#"{"code":"location-preciselocation","body":{"latitude":59.5,"longitude":24.7,"locationType":"CURRENT"},"x":1}"#,
                r##"{"code":"location-preciselocation","body":{"locationType":"CURRENT","zone":"#ID"}}"##,
            ),
            (r#"{"code":"location-preciselocation","body":{"latitude":59.6,"longitude":24.7},"x":1}"#, "-"),
            (r#"{"code":"location-isathome","body":{"value":true}}"#, r#"{"code":"location-isathome"}"#),
            (
                r#"{"path":"/location","code":200,"body":{"latitude":59.5,"longitude":24.7}}"#,
                r##"{"path":"/location","code":200,"body":{"zone":"#ID"}}"##,
            ),
        ];
        for (body, expected) in table {
            let told = match without_zones(body.as_bytes(), &zones()) {
                Redacted::Unchanged => "-".to_owned(),
                Redacted::Changed { body, .. } => String::from_utf8(body).unwrap(),
            };
            assert_eq!(told, expected.replace("#ID", ZONE), "{body}");
        }
    }

    #[test]
    fn without_zones_nothing_changes() {
        assert_eq!(without_zones(br#"{"latitude":59.5,"longitude":24.7}"#, &[]), Redacted::Unchanged);
    }
}
