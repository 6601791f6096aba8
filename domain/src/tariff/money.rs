//! Money, and numbers as people write them.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::reading::OutOfRange;

/// Millionths of the currency's unit: prices a kilowatt hour have four decimals and more. As text and in JSON it is a decimal
/// number of units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub i64);

impl Micros {
    pub const ZERO: Self = Self(0);
    /// Units of any currency that charging or its price may be.
    const LIMIT: f64 = 1e9;

    /// The nearest millionth of so many units.
    #[expect(clippy::cast_possible_truncation, reason = "the limit is far inside both types")]
    pub fn from_f64(units: f64) -> Result<Self, OutOfRange> {
        // NaN is in no range.
        if (-Self::LIMIT..=Self::LIMIT).contains(&units) {
            Ok(Self((units * 1e6).round() as i64))
        } else {
            Err(OutOfRange(units))
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "amounts are far below what a double holds exactly")]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// So many times, by `whole` to the unit; halves away from zero.
    #[must_use]
    pub fn times(self, part: i64, whole: i64) -> Self {
        let product = i128::from(self.0) * i128::from(part);
        let whole = i128::from(whole.max(1));
        let rounded = (product.abs() + whole / 2) / whole * product.signum();
        Self(i64::try_from(rounded).unwrap_or(if rounded < 0 { i64::MIN } else { i64::MAX }))
    }
}

impl fmt::Display for Micros {
    /// As people write them: at least the two decimals of most currencies.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, rest) = (self.0.unsigned_abs() / 1_000_000, self.0.unsigned_abs() % 1_000_000);
        let rest = format!("{rest:06}");
        let (cents, finer) = rest.split_at(2);
        write!(f, "{sign}{whole}.{cents}{}", finer.trim_end_matches('0'))
    }
}

impl Serialize for Micros {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() { to.serialize_f64(self.to_f64()) } else { to.serialize_i64(self.0) }
    }
}

impl<'de> Deserialize<'de> for Micros {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if from.is_human_readable() {
            Self::from_f64(f64::deserialize(from)?)
                .map_err(|_| de::Error::custom("an amount is between -1000000000 and 1000000000"))
        } else {
            i64::deserialize(from).map(Self)
        }
    }
}

/// Thousandths that JSON writes as a decimal number.
pub mod thousandths {
    use super::{Deserialize, Deserializer, Serialize, Serializer, de};
    use crate::reading::Milli;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives it so")]
    pub fn serialize<S: Serializer>(number: &Milli, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() { to.serialize_f64(number.to_f64()) } else { number.serialize(to) }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Milli, D::Error> {
        if from.is_human_readable() {
            Milli::from_f64(f64::deserialize(from)?).map_err(de::Error::custom)
        } else {
            Milli::deserialize(from)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_read_and_written_as_decimal_units() {
        for (micros, text) in
            [(294_200, "0.2942"), (-1_500_000, "-1.50"), (12_000_000, "12.00"), (0, "0.00"), (1, "0.000001")]
        {
            assert_eq!(Micros(micros).to_string(), text);
            let json = serde_json::to_string(&Micros(micros)).unwrap();
            assert_eq!(serde_json::from_str::<Micros>(&json).unwrap(), Micros(micros), "{json}");
        }
        assert!(serde_json::from_str::<Micros>("1e10").is_err());
    }

    #[test]
    fn a_share_of_an_amount_is_rounded_to_the_nearest_millionth() {
        assert_eq!(Micros(300_000).times(1_500, 1_000), Micros(450_000));
        assert_eq!(Micros(-1).times(1, 2), Micros(-1));
        assert_eq!(Micros(i64::MAX).times(i64::MAX, 1), Micros(i64::MAX));
    }
}
