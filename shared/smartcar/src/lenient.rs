//! Reads JSON fields whose form differs from page to page and from car to car: a field of an odd form becomes
//! an absent field, it never fails its neighbours.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// One field in whatever form it comes. `null` and lists count as absent; an object is read as `T`.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum Field<'a, T = IgnoredAny> {
    #[default]
    Absent,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(Cow<'a, str>),
    Object(T),
}

impl<'a, T> Field<'a, T> {
    /// The value as text, numbers included: an id may come as either. Zero characters are taken out, because
    /// PostgreSQL cannot hold them; an empty text counts as absent.
    pub(crate) fn text(&self) -> Option<Cow<'a, str>> {
        let text = match self {
            Self::Absent | Self::Bool(_) | Self::Object(_) => return None,
            Self::Integer(number) => Cow::Owned(number.to_string()),
            Self::Float(number) => Cow::Owned(number.to_string()),
            Self::Text(text) if text.contains('\0') => Cow::Owned(text.replace('\0', "")),
            Self::Text(text) => text.clone(),
        };
        (!text.is_empty()).then_some(text)
    }

    pub(crate) fn owned(&self) -> Option<String> {
        self.text().map(Cow::into_owned)
    }

    /// The value as a finite number; numeric text counts.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Absent | Self::Bool(_) | Self::Object(_) => None,
            #[expect(clippy::cast_precision_loss, reason = "no quantity of a car needs more than 53 bits")]
            Self::Integer(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
        }
        .filter(|number: &f64| number.is_finite())
    }

    pub(crate) fn object(&self) -> Option<&T> {
        match self {
            Self::Object(object) => Some(object),
            Self::Absent | Self::Bool(_) | Self::Integer(_) | Self::Float(_) | Self::Text(_) => None,
        }
    }

    pub(crate) fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Field<'a, T> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(AnyField(PhantomData))
    }
}

struct AnyField<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for AnyField<T> {
    type Value = Field<'de, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }
    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Field::Bool(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Field::Integer(value))
    }
    #[expect(clippy::cast_precision_loss, reason = "a number beyond i64 is no quantity of a car")]
    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(value).map_or(Field::Float(value as f64), Field::Integer))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Field::Float(value))
    }
    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Field::Text(Cow::Owned(value.to_owned())))
    }
    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Field::Text(Cow::Borrowed(value)))
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Field::Absent)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        IgnoredAny.visit_seq(seq).map(|_| Field::Absent)
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(serde::de::value::MapAccessDeserializer::new(map)).map(Field::Object)
    }
}

/// A list of `T`, or the same as an object whose keys name the elements; anything else counts as empty.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct List<'a, T>(pub Vec<(Field<'a>, T)>);

impl<T> List<'_, T> {
    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|(_, value)| value)
    }
}

impl<T> Default for List<'_, T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for List<'a, T> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(AnyList(PhantomData))
    }
}

struct AnyList<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for AnyList<T> {
    type Value = List<'de, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut list = List::default();
        while let Some(value) = seq.next_element()? {
            list.0.push((Field::Absent, value));
        }
        Ok(list)
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut list = List::default();
        while let Some(entry) = map.next_entry()? {
            list.0.push(entry);
        }
        Ok(list)
    }
    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(List::default())
    }
    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(List::default())
    }
    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(List::default())
    }
    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(List::default())
    }
    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(List::default())
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(List::default())
    }
}

/// The same JSON with the last of each repeated key, as JavaScript would read it. Typed reading refuses a key
/// that comes twice; this is its second chance. `None` if that was not the trouble.
pub(crate) fn last_of_each_key(json: &[u8], trouble: &serde_json::Error) -> Option<Vec<u8>> {
    if !trouble.is_data() {
        return None;
    }
    let value: serde_json::Value = serde_json::from_slice(json).ok()?;
    serde_json::to_vec(&value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_takes_whatever_form_it_comes_in() {
        let table = [
            ("null", None, None),
            ("true", None, None),
            ("{\"a\":[1]}", None, None),
            ("[1,{}]", None, None),
            ("\"\"", None, None),
            ("\"id\"", Some("id"), None),
            ("\"a\\u0000b\"", Some("ab"), None),
            ("7", Some("7"), Some(7.0)),
            ("-7", Some("-7"), Some(-7.0)),
            ("26412.5", Some("26412.5"), Some(26412.5)),
            ("\" 26412.5 \"", Some(" 26412.5 "), Some(26412.5)),
            ("18446744073709551615", Some("18446744073709552000"), Some(18_446_744_073_709_551_615.0)),
            ("\"NaN\"", Some("NaN"), None),
            ("\"inf\"", Some("inf"), None),
        ];
        for (json, text, number) in table {
            let field: Field<'_> = serde_json::from_str(json).unwrap();
            assert_eq!(field.text().as_deref(), text, "{json}");
            assert_eq!(field.number(), number, "{json}");
        }
    }

    #[test]
    fn a_list_may_be_an_object_and_everything_else_is_empty() {
        let values = |json| {
            let list: List<'_, Field<'_>> = serde_json::from_str(json).unwrap();
            list.0.iter().map(|(key, value)| (key.owned(), value.owned())).collect::<Vec<_>>()
        };
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(values(r#"["a",null]"#), [(None, text("a")), (None, None)]);
        assert_eq!(values(r#"{"k":"a"}"#), [(text("k"), text("a"))]);
        for json in ["null", "true", "1", "-1", "1.5", "\"text\"", "\"\\u0061\""] {
            assert_eq!(values(json), [], "{json}");
        }
    }
}
