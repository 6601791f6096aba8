//! Parameters behind the question mark, and the place in a list that one of them names.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use chrono::{DateTime, Utc};
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use store::hand_entries;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::problem::{Code, Problem};

/// What the address says behind the question mark.
pub struct Params<T>(pub T);

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Place {
    /// `next` of the page before; without it, the newest.
    #[serde(default)]
    cursor: Option<Cursor>,
    /// How many at most.
    #[serde(default = "usual", deserialize_with = "size")]
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: u8,
}

/// Which page of a list, and whether what is usually left out stands in it.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PlaceAmongAll {
    /// `next` of the page before; without it, the newest.
    #[serde(default)]
    cursor: Option<Cursor>,
    /// How many at most.
    #[serde(default = "usual", deserialize_with = "size")]
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: u8,
    /// Also what is too small to be shown (`hidden`) and what was dismissed. A question (`candidate`) is always in the list.
    #[serde(default)]
    pub hidden: bool,
}

/// A place in a list, opaque to clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, pattern = r"^-?[0-9]{1,16}\.[0-9a-f]{32}$")]
pub struct Cursor(hand_entries::Place);

const LARGEST_PAGE: u8 = 200;

fn usual() -> u8 {
    50
}

fn size<'de, D: Deserializer<'de>>(from: D) -> Result<u8, D::Error> {
    let size = u8::deserialize(from)?;
    if (1..=LARGEST_PAGE).contains(&size) {
        Ok(size)
    } else {
        Err(D::Error::custom(format_args!("a page has 1 to {LARGEST_PAGE} entries")))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Query(params) = Query::try_from_uri(&parts.uri).map_err(|rejection| {
            let text = rejection.body_text();
            let words = text.split_once(": ").map_or(text.as_str(), |(_, words)| words);
            let named = words.split('`').nth(1).filter(|_| words.contains(" field `"));
            let field = named.or_else(|| words.split_once(": ").map(|(field, _)| field));
            let problem =
                Problem::new(Code::InvalidParameter, format!("The address is not accepted: {words}."));
            match field {
                Some(field) => problem.at_field(field),
                None => problem,
            }
        })?;
        Ok(Self(params))
    }
}

impl PlaceAmongAll {
    pub fn place(&self) -> Place {
        Place { cursor: self.cursor, limit: self.limit }
    }
}

impl Place {
    pub fn behind(&self) -> Option<hand_entries::Place> {
        self.cursor.map(|Cursor(place)| place)
    }

    /// How many rows to ask for: one more than fit, to learn whether there is another page.
    pub fn rows(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// Cuts the row too many off; gives the place where the next page begins.
    pub fn cut<T>(&self, rows: &mut Vec<T>, place: impl Fn(&T) -> (DateTime<Utc>, Uuid)) -> Option<Cursor> {
        let size = usize::from(self.limit);
        if rows.len() <= size {
            return None;
        }
        rows.truncate(size);
        rows.last().map(place).map(|(at, id)| Cursor(hand_entries::Place { at, id }))
    }
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self(place) = self;
        to.collect_str(&format_args!("{}.{}", place.at.timestamp_micros(), place.id.simple()))
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let place = text.split_once('.').and_then(|(at, id)| {
            let at = DateTime::from_timestamp_micros(at.parse().ok()?)?;
            Some(hand_entries::Place { at, id: id.parse().ok()? })
        });
        place.map(Self).ok_or_else(|| D::Error::custom("not a place that a list gave as `next`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        let at = DateTime::from_timestamp_micros(1_795_254_000_123_456).unwrap();
        let cursor = Cursor(hand_entries::Place { at, id: Uuid::from_u128(7) });
        let text = serde_json::to_string(&cursor).unwrap();
        assert_eq!(serde_json::from_str::<Cursor>(&text).unwrap(), cursor);
    }

    #[test]
    fn a_cursor_that_no_list_gave_is_refused() {
        for odd in
            ["", "1", "1.", "x.00000000000000000000000000000007", "1.y", "9223372036854775807.0", "' OR 1=1"]
        {
            assert!(serde_json::from_value::<Cursor>(odd.into()).is_err(), "{odd}");
        }
    }
}
