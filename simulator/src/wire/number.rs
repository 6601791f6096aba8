//! Numbers as JavaScript prints them: 16342 and not 16342.0.

use serde::{Serialize, Serializer};

/// A number of a JSON body. Good for magnitudes from 0.00001 to 2^53, within which Rust and JavaScript print
/// the same digits; what is no number is printed as `null`, as JavaScript does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number(f64);

impl Number {
    /// So many units of the given decimal: `decimal(425_063, 1)` is 42506.3.
    #[expect(clippy::cast_precision_loss, reason = "what cars tell is far below 2^53")]
    pub fn decimal(units: i64, decimals: u8) -> Self {
        Self(units as f64 / 10_f64.powi(i32::from(decimals)))
    }

    pub fn as_f64(self) -> f64 {
        self.0
    }
}

impl From<f64> for Number {
    fn from(value: f64) -> Self {
        Self(value)
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self::decimal(value, 0)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
        #[expect(clippy::cast_possible_truncation, reason = "it was just seen to be whole and below 2^53")]
        if self.0.fract() == 0.0 && self.0.abs() < EXACT {
            to.serialize_i64(self.0 as i64)
        } else {
            to.serialize_f64(self.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_printed_as_javascript_prints_them() {
        let print = |number: Number| serde_json::to_string(&number).unwrap();
        for (number, printed) in [
            (Number::from(16_342), "16342"),
            (Number::from(16_342.0), "16342"),
            (Number::decimal(425_063, 1), "42506.3"),
            (Number::decimal(52_520_000, 6), "52.52"),
            (Number::decimal(-84_191_600, 6), "-84.1916"),
            (Number::decimal(100_000, 3), "100"),
            (Number::from(-0.0), "0"),
            (Number::from(0.1 + 0.2), "0.30000000000000004"),
            (Number::from(429_496_729), "429496729"),
            (Number::from(f64::NAN), "null"),
        ] {
            assert_eq!(print(number), printed);
        }
    }
}
