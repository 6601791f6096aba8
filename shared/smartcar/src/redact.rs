//! Takes positions out of what the platform sent, for connections without the owner's consent to locations and in people's
//! private zones: out of the bytes that are stored, and out of the readings.

mod spans;
mod zones;

use std::borrow::Cow;

use domain::reading::{Reading, Signal, Value};
use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

use crate::report::{Report, Why};
use crate::{canonical, envelope};

pub use zones::{hide_value, hide_zones, without_zones};

/// What became of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redacted {
    /// There was no position: keep the bytes, they are what the signature covers.
    Unchanged,
    /// The body without positions, and the hash of the bytes that the signature covered.
    Changed { body: Vec<u8>, original_sha256: [u8; 32] },
}

/// Fields that are a place, or a part of one, wherever they stand. Compared without case.
const PLACES: [&str; 9] =
    ["latitude", "longitude", "lat", "lon", "lng", "coordinates", "location", "condition", "address"];

/// Fields that say more about a place, beside one of [`PLACES`].
const BESIDE_A_PLACE: [&str; 8] =
    ["heading", "direction", "altitude", "name", "street", "city", "postalCode", "country"];

/// All that is left of a signal of the group `Location`, or of a path of that name: that it was there.
const KEPT_OF_A_LOCATION: [&str; 9] =
    ["code", "id", "type", "name", "group", "status", "meta", "path", "headers"];

/// The scan looks for these, without case. Every one of [`PLACES`] begins with one of them as a field, and so
/// does every escape: `\u006catitude` is the same field.
const CLUES: [&str; 9] = [
    "latitude",
    "longitude",
    "location",
    "coordinates",
    "condition",
    "address",
    "\"lat\"",
    "\"lon\"",
    "\"lng\"",
];

/// Removes every position from a body, in whatever place of whatever envelope: whole bodies of location signals
/// and paths, the places of charge records, the conditions of charge limits, and coordinates anywhere else.
///
/// A body that speaks of places but cannot be read as JSON is replaced as a whole by a note.
pub fn without_positions(body: &[u8]) -> Redacted {
    if !may_hold_a_place(body) {
        return Redacted::Unchanged;
    }
    let redacted = match spans::without_places(envelope::json(body)) {
        Ok(None) => return Redacted::Unchanged,
        Ok(Some(rest)) => rest,
        Err(_) => br#"{"redacted":"unreadable, and may have held positions"}"#.to_vec(),
    };
    Redacted::Changed { body: redacted, original_sha256: Sha256::digest(body).into() }
}

/// Removes every reading that holds a position from a report, and the positions from structures. What remains
/// is what decoding the redacted body gives.
pub fn strip_positions(report: &mut Report) {
    report.readings.retain_mut(|Reading { signal, value, .. }| keep_without_position(signal, value));
    report.untimed.retain_mut(|untimed| keep_without_position(&untimed.signal, &mut untimed.value));
}

fn keep_without_position(signal: &Signal, value: &mut Value) -> bool {
    if names_a_location(signal.as_str()) {
        return false;
    }
    match value {
        Value::Position(_) => false,
        Value::Structure(text) if !may_hold_a_place(text.as_bytes()) => true,
        Value::Structure(text) => match structure_without_places(text) {
            Ok(None) => true,
            Ok(Some(rest)) => {
                *text = rest;
                true
            }
            Err(_) => false,
        },
        Value::Number(_) | Value::Bool(_) | Value::Text(_) => true,
    }
}

/// `None` if there is no place in it; an error if nothing else is.
fn structure_without_places(text: &str) -> Result<Option<String>, Why> {
    let mut json = canonical::read(text)?;
    if !scrub(&mut json) {
        return Ok(None);
    }
    let rest = canonical::write(&json)?;
    canonical::read(&rest).map(|_| Some(rest))
}

/// Removes places; true if there was any.
fn scrub(json: &mut Json) -> bool {
    match json {
        Json::Array(items) => items.iter_mut().map(scrub).fold(false, |any, one| any | one),
        Json::Object(fields) => scrub_object(fields),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => false,
    }
}

fn scrub_object(fields: &mut Map<String, Json>) -> bool {
    let before = fields.len();
    if is_location(fields) {
        fields.retain(|name, _| is_one_of(name, &KEPT_OF_A_LOCATION));
    }
    let with_all = fields.len();
    fields.retain(|name, value| value.is_null() || !(is_one_of(name, &PLACES) || names_a_location(name)));
    if fields.len() < with_all {
        fields.retain(|name, _| !is_one_of(name, &BESIDE_A_PLACE));
    }
    let removed = fields.len() < before;
    fields.values_mut().map(scrub).fold(removed, |any, one| any | one)
}

/// Whether an object is a location signal, or the answer of a location path.
fn is_location(fields: &Map<String, Json>) -> bool {
    fields.iter().any(|(name, value)| value.as_str().is_some_and(|text| says_location(name, || text.into())))
}

/// Whether a field with this text says that what it stands in is about a location.
fn says_location<'a>(name: &str, text: impl FnOnce() -> Cow<'a, str>) -> bool {
    let name = plain(name);
    // A resource of the newer API has its code as its id.
    if name.eq_ignore_ascii_case("code") || name.eq_ignore_ascii_case("id") {
        names_a_location(&text())
    } else if name.eq_ignore_ascii_case("group") {
        is_group_of_places(&text())
    } else {
        name.eq_ignore_ascii_case("path") && plain(&text()).to_ascii_lowercase().contains("/location")
    }
}

/// Whether a signal's `group` is the platform's `Location`.
pub(crate) fn is_group_of_places(group: &str) -> bool {
    plain(group).eq_ignore_ascii_case("location")
}

/// A code of the platform's group `Location`, in its present, its older, and our own form for the old API.
pub(crate) fn names_a_location(code: &str) -> bool {
    let code = plain(code);
    ["location-", "location.", "v2-location"]
        .iter()
        .any(|prefix| code.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)))
}

/// As decoding reads it: without zero characters, which no column holds.
fn plain(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "")) } else { Cow::Borrowed(text) }
}

fn is_one_of(name: &str, names: &[&str]) -> bool {
    let name = plain(name);
    names.iter().any(|other| name.eq_ignore_ascii_case(other))
}

/// The quick look that spares most bodies from being parsed. May say yes in vain, never no.
fn may_hold_a_place(body: &[u8]) -> bool {
    let starts_with = |rest: &[u8], clue: &str| {
        rest.get(..clue.len()).is_some_and(|start| start.eq_ignore_ascii_case(clue.as_bytes()))
    };
    body.iter().enumerate().any(|(place, byte)| match byte {
        b'\\' => body.get(place + 1) == Some(&b'u'),
        b'l' | b'L' | b'c' | b'C' | b'a' | b'A' | b'"' => {
            CLUES.iter().any(|clue| starts_with(&body[place..], clue))
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The redacted body, or `-` for one that stays as it is.
    fn redacted(body: &str) -> String {
        match without_positions(body.as_bytes()) {
            Redacted::Unchanged => "-".to_owned(),
            Redacted::Changed { body: redacted, original_sha256 } => {
                assert_eq!(original_sha256, <[u8; 32]>::from(Sha256::digest(body.as_bytes())));
                String::from_utf8(redacted).unwrap()
            }
        }
    }

    #[test]
    fn a_position_goes_from_wherever_it_stands() {
        let table = [
            (r#"{"a":1}"#, "-"),
            (r#"{"location":null,"condition":null}"#, "-"),
            (r#"{"name":"Pine road","heading":7}"#, "-"),
            (
                r#"{"a":{"Latitude":59.4,"LONGITUDE":24.7,"heading":1,"name":"x","locationType":"CURRENT"}}"#,
                r#"{"a":{"locationType":"CURRENT"}}"#,
            ),
            (r#"{"a":[{"lat":59.4,"lng":24.7,"b":1}]}"#, r#"{"a":[{"b":1}]}"#),
            (r#"{"a":{"type":"Point","coordinates":[24.7,59.4]}}"#, r#"{"a":{"type":"Point"}}"#),
            (r#"{"\u006catitude":59.4,"b":1}"#, r#"{"b":1}"#),
            (r#"{"b":"\u006catitude"}"#, "-"),
            (r#"{"location":"59.4,24.7","b":1}"#, r#"{"b":1}"#),
            (
                r#"{"code":"location-isathome","body":{"value":true},"extra":1}"#,
                r#"{"code":"location-isathome"}"#,
            ),
            (r#"{"code":"location-isathome","status":{"value":"ERROR"}}"#, "-"),
            (
                r#"{"code":"loca\u0000tion-isathome","body":{"value":true}}"#,
                r#"{"code":"loca\u0000tion-isathome"}"#,
            ),
            (r#"{"lati\u0000tude":59.4,"b":1}"#, r#"{"b":1}"#),
            (
                r#"{"id":"location-isathome","type":"signal","attributes":{"body":{"value":true}}}"#,
                r#"{"id":"location-isathome","type":"signal"}"#,
            ),
            (r#"{"group":"Location","name":"New","value":"59.4"}"#, r#"{"group":"Location","name":"New"}"#),
            (r#"{"signals":{"location-preciselocation":{"value":1},"b":{}}}"#, r#"{"signals":{"b":{}}}"#),
            (r#"{"path":"/location","code":200,"body":{"x":59.4}}"#, r#"{"path":"/location","code":200}"#),
            (r#"{"latitude":59.4,"latitude":null}"#, r#"{"latitude":null}"#),
            (r#"{"latitude":59.4"#, r#"{"redacted":"unreadable, and may have held positions"}"#),
            (r#"{"latitude":59.4,"a":1.10,"lat":1,"lng":2,"b":[1e3 , 2]}"#, r#"{"a":1.10,"b":[1e3 , 2]}"#),
            (r#"{ "a" : { "lat" : 1 } , "lon" : 2 }"#, r#"{ "a" : {  } }"#),
            (r#"{"\ud800":1,"address":"x"}"#, r#"{"redacted":"unreadable, and may have held positions"}"#),
            ("\u{feff}{\"latitude\":59.4}", "{}"),
        ];
        for (body, expected) in table {
            assert_eq!(redacted(body), expected, "{body}");
        }
    }

    #[test]
    fn a_body_nested_without_end_is_replaced_if_it_may_hold_a_place() {
        let deep = format!("{}{{\"latitude\":59.4}}{}", "[".repeat(10_000), "]".repeat(10_000));
        assert_eq!(redacted(&deep), r#"{"redacted":"unreadable, and may have held positions"}"#);
    }

    const NAMES: [&str; 10] =
        ["lat", "Longitude", "condition", "address", "heading", "code", "group", "path", "body", "a"];
    const TEXTS: [&str; 6] = ["location-precise", "Location", "/vehicles/1/location", "x", "null", "\"\\é"];

    /// Trees full of fields that are places, or stand beside them.
    fn trees() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            prop::sample::select(&TEXTS).prop_map(Json::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
                prop::collection::btree_map(prop::sample::select(&NAMES), inner, 0..6).prop_map(|fields| {
                    Json::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_text_loses_what_its_tree_loses(tree in trees(), pretty in any::<bool>()) {
            let text = if pretty { format!("{tree:#}") } else { tree.to_string() };
            let mut expected = tree;
            let had_places = scrub(&mut expected);
            let rest = spans::without_places(text.as_bytes()).unwrap();
            prop_assert_eq!(rest.is_some(), had_places);
            let rest: Json = rest.map_or(expected.clone(), |rest| serde_json::from_slice(&rest).unwrap());
            prop_assert_eq!(rest, expected);
        }
    }

    #[test]
    fn every_place_has_a_clue() {
        for place in PLACES {
            assert!(may_hold_a_place(format!("{{\"{place}\":1}}").as_bytes()), "{place}");
            assert!(may_hold_a_place(format!("{{\"{}\":1}}", place.to_uppercase()).as_bytes()), "{place}");
        }
        assert!(!may_hold_a_place(
            br#"{"code":"charge-ischargingcablelatched","name":"IsChargingCableLatched"}"#
        ));
    }
}
