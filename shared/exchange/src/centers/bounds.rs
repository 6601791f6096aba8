//! What lies around the corners of a drawing, found while it is read: none of them is kept.

use std::fmt::{self, Formatter};

use domain::reading::Position;
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Degrees of `GeoJSON`: longitude first (RFC 7946 §3.1.1).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bounds {
    low: [f64; 2],
    high: [f64; 2],
}

/// What stands in brackets, at any depth: a number, corners, or nothing.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part {
    Number(f64),
    Around(Bounds),
    Nothing,
}

struct Parts;

impl Bounds {
    fn with(self, other: Self) -> Self {
        let each = |pick: fn(f64, f64) -> f64, one: [f64; 2], other: [f64; 2]| {
            [pick(one[0], other[0]), pick(one[1], other[1])]
        };
        Self { low: each(f64::min, self.low, other.low), high: each(f64::max, self.high, other.high) }
    }
}

impl Part {
    /// Their middle; `None` if it is no place on earth.
    pub fn middle(self) -> Option<Position> {
        match self {
            Self::Around(Bounds { low, high }) => {
                let middle = |axis: usize| f64::midpoint(low[axis], high[axis]);
                Position::from_degrees(middle(1), middle(0)).ok()
            }
            Self::Number(_) | Self::Nothing => None,
        }
    }
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Parts)
    }
}

impl<'de> Visitor<'de> for Parts {
    type Value = Part;

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("coordinates")
    }

    fn visit_f64<E>(self, number: f64) -> Result<Part, E> {
        Ok(Part::Number(number))
    }

    #[expect(clippy::cast_precision_loss, reason = "degrees are small")]
    fn visit_i64<E>(self, number: i64) -> Result<Part, E> {
        Ok(Part::Number(number as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "degrees are small")]
    fn visit_u64<E>(self, number: u64) -> Result<Part, E> {
        Ok(Part::Number(number as f64))
    }

    fn visit_unit<E>(self) -> Result<Part, E> {
        Ok(Part::Nothing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Part, A::Error> {
        let (mut around, mut first) = (None::<Bounds>, None);
        while let Some(part) = parts.next_element()? {
            match (part, first) {
                (Part::Around(more), _) => around = Some(around.map_or(more, |known| known.with(more))),
                (Part::Number(longitude), None) => first = Some(longitude),
                (Part::Number(latitude), Some(longitude)) => {
                    // The height may follow, and whatever else.
                    while parts.next_element::<IgnoredAny>()?.is_some() {}
                    let corner = [longitude, latitude];
                    return Ok(Part::Around(Bounds { low: corner, high: corner }));
                }
                (Part::Nothing, _) => {}
            }
        }
        Ok(around.map_or(Part::Nothing, Part::Around))
    }
}
