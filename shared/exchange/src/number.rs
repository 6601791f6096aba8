//! Decimal numbers as files hold them: exact to six places, because money and coordinates are compared.

use std::fmt;

use serde::{Serialize, Serializer};

/// Millionths of whatever unit the field has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(i64);

const PLACES: usize = 6;
const ONE: i64 = 1_000_000;

/// Digits before the point that always fit.
const MOST_DIGITS: usize = 12;

impl Number {
    pub const ZERO: Self = Self(0);

    pub const fn whole(number: i64) -> Self {
        Self(number.saturating_mul(ONE))
    }

    /// Reads `-1234.5`: digits and at most one point. What lies behind the sixth place is rounded.
    pub fn parse(text: &str) -> Option<Self> {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, places) = digits.split_once('.').unwrap_or((digits, ""));
        let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let whole = whole.trim_start_matches('0');
        if digits.trim_matches('.').is_empty()
            || !is_number(whole)
            || !is_number(places)
            || whole.len() > MOST_DIGITS
        {
            return None;
        }
        let millionths = places.bytes().chain(std::iter::repeat(b'0')).take(PLACES);
        let digits = whole.bytes().chain(millionths);
        let number = digits.fold(0, |number: i64, digit| number * 10 + i64::from(digit - b'0'));
        let rounds_up = places.as_bytes().get(PLACES).is_some_and(|digit| *digit >= b'5');
        Some(Self(sign * (number + i64::from(rounds_up))))
    }

    /// The nearest number; `None` for what is none, or too large.
    pub fn from_f64(number: f64) -> Option<Self> {
        Self::parse(&format!("{number:.6}"))
    }

    #[expect(clippy::cast_precision_loss, reason = "12 digits and 6 places are what a double holds at most")]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / ONE as f64
    }

    pub const fn millionths(self) -> i64 {
        self.0
    }

    #[must_use]
    pub const fn abs(self) -> Self {
        Self(self.0.abs())
    }

    #[must_use]
    pub const fn negated(self) -> Self {
        Self(-self.0)
    }

    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Multiplied by so many millionths, rounded to thousandths: a converted mile is no more exact than that.
    #[must_use]
    pub fn times(self, millionths: i64) -> Self {
        const THOUSANDTH: i128 = 1_000;
        let product = i128::from(self.0) * i128::from(millionths) / i128::from(ONE);
        let rounded = (product + THOUSANDTH / 2 * product.signum()) / THOUSANDTH * THOUSANDTH;
        Self(i64::try_from(rounded).unwrap_or(i64::MAX))
    }

    /// Divided by so many millionths, rounded to millionths.
    #[must_use]
    pub fn divided_by(self, millionths: i64) -> Self {
        let divisor = i128::from(millionths.max(1));
        let dividend = i128::from(self.0) * i128::from(ONE);
        let rounded = (dividend + divisor / 2 * dividend.signum()) / divisor;
        Self(i64::try_from(rounded).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, places) = (self.0.unsigned_abs() / 1_000_000, self.0.unsigned_abs() % 1_000_000);
        let text = format!("{sign}{whole}.{places:06}");
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// As a JSON number. Fifteen digits come back as they went.
impl Serialize for Number {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.0 % ONE == 0 { to.serialize_i64(self.0 / ONE) } else { to.serialize_f64(self.to_f64()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_number_is_exact_to_six_places() {
        for (text, shown) in [
            ("41.37", "41.37"),
            ("-0.5", "-0.5"),
            ("007", "7"),
            (".5", "0.5"),
            ("5.", "5"),
            ("+3", "3"),
            ("1.0000004", "1"),
            ("1.0000005", "1.000001"),
        ] {
            assert_eq!(Number::parse(text).unwrap().to_string(), shown, "{text}");
        }
        for odd in ["", ".", "-", "1e5", "1,5", "NaN", "1.2.3", "١", "9999999999999"] {
            assert_eq!(Number::parse(odd), None, "{odd}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_again(millionths in -1_000_000_000_000_000_i64..1_000_000_000_000_000) {
            let number = Number(millionths);
            prop_assert_eq!(Number::parse(&number.to_string()), Some(number));
            let json = serde_json::to_string(&number).unwrap();
            prop_assert_eq!(Number::from_f64(json.parse().unwrap()), Some(number));
        }
    }
}
