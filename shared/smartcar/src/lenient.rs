//! Reads JSON fields whose form differs from page to page and from car to car: a field of an odd form becomes
//! an absent field, it never fails its neighbours.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A field that should hold one plain value. Objects, lists and `null` count as absent.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Scalar<'a> {
    #[default]
    Absent,
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(Cow<'a, str>),
}

impl<'a> Scalar<'a> {
    /// The value as text, numbers included: an id may come as either. Zero characters are taken out, because
    /// PostgreSQL cannot hold them; an empty text counts as absent.
    pub fn text(&self) -> Option<Cow<'a, str>> {
        let text = match self {
            Self::Absent | Self::Bool(_) => return None,
            Self::Integer(number) => Cow::Owned(number.to_string()),
            Self::Float(number) => Cow::Owned(number.to_string()),
            Self::Text(text) if text.contains('\0') => Cow::Owned(text.replace('\0', "")),
            Self::Text(text) => text.clone(),
        };
        (!text.is_empty()).then_some(text)
    }

    /// The value as a finite number; numeric text counts.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Absent | Self::Bool(_) => None,
            #[expect(
                clippy::cast_precision_loss,
                reason = "no quantity of a car needs more than 53 bits"
            )]
            Self::Integer(number) => Some(*number as f64),
            Self::Float(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
        }
        .filter(|number: &f64| number.is_finite())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct AnyScalar;

        impl<'de> Visitor<'de> for AnyScalar {
            type Value = Scalar<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any JSON value")
            }
            fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
                Ok(Scalar::Bool(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
                Ok(Scalar::Integer(value))
            }
            #[expect(
                clippy::cast_precision_loss,
                reason = "a number beyond i64 is no quantity of a car"
            )]
            fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
                Ok(i64::try_from(value).map_or(Scalar::Float(value as f64), Scalar::Integer))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
                Ok(Scalar::Float(value))
            }
            fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
                Ok(Scalar::Text(Cow::Owned(value.to_owned())))
            }
            fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
                Ok(Scalar::Text(Cow::Borrowed(value)))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Scalar::Absent)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                IgnoredAny.visit_seq(seq).map(|_| Scalar::Absent)
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                IgnoredAny.visit_map(map).map(|_| Scalar::Absent)
            }
        }

        json.deserialize_any(AnyScalar)
    }
}

/// A field that should hold an object; anything else counts as absent.
#[derive(Debug, Clone, PartialEq)]
pub struct Object<T>(pub Option<T>);

impl<T> Default for Object<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(MaybeObject(PhantomData)).map(Self)
    }
}

struct MaybeObject<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for MaybeObject<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Some)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        IgnoredAny.visit_seq(seq).map(|_| None)
    }
    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scalar_takes_whatever_form_it_comes_in() {
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
            (
                "18446744073709551615",
                Some("18446744073709552000"),
                Some(18_446_744_073_709_551_615.0),
            ),
            ("\"NaN\"", Some("NaN"), None),
            ("\"inf\"", Some("inf"), None),
        ];
        for (json, text, number) in table {
            let scalar: Scalar<'_> = serde_json::from_str(json).unwrap();
            assert_eq!(scalar.text().as_deref(), text, "{json}");
            assert_eq!(scalar.number(), number, "{json}");
        }
    }

    #[test]
    fn only_an_object_is_an_object() {
        for json in [
            "null",
            "true",
            "1",
            "-1",
            "1.5",
            "\"text\"",
            "\"\\u0061\"",
            "[{\"a\":1}]",
        ] {
            let odd: Object<Scalar<'_>> = serde_json::from_str(json).unwrap();
            assert_eq!(odd, Object(None), "{json}");
        }
        let object: Object<std::collections::BTreeMap<&str, u8>> = serde_json::from_str("{\"a\":1}").unwrap();
        assert_eq!(object.0.unwrap(), [("a", 1)].into());
    }
}
