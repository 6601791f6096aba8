//! A length along the road, in whole metres.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::reading::Milli;

/// What an odometer shows, or a piece of road between two of its readings (then it may be negative).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Distance(i64);

impl Distance {
    pub const ZERO: Self = Self(0);
    /// Metres of one mile by the product's rule (kilometres = miles × 1.60934), times 100.
    const MILE_CENTIMETRES: i64 = 160_934;

    pub const fn from_metres(metres: i64) -> Self {
        Self(metres)
    }

    pub const fn from_km(km: i64) -> Self {
        Self(km * 1000)
    }

    /// A reading in kilometres: its thousandths are metres.
    pub const fn from_km_reading(km: Milli) -> Self {
        Self(km.0)
    }

    pub const fn metres(self) -> i64 {
        self.0
    }

    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }

    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }

    /// This number, had it been miles; to the nearest metre.
    #[must_use]
    pub const fn as_if_miles(self) -> Self {
        Self((self.0 * Self::MILE_CENTIMETRES + 50_000) / 100_000)
    }

    /// This number, had it been taken for miles by mistake; to the nearest metre.
    #[must_use]
    pub const fn as_if_converted_twice(self) -> Self {
        Self((self.0 * 100_000 + Self::MILE_CENTIMETRES / 2) / Self::MILE_CENTIMETRES)
    }

    /// Whether this is `per_mille` thousandths of `other`, give or take one per cent.
    pub const fn is_about(self, per_mille: i64, other: Self) -> bool {
        let exact = other.0 * per_mille;
        (self.0 * 1000 - exact).abs() * 100 <= exact
    }
}

impl fmt::Display for Distance {
    /// Kilometres, as people write them: `42506.3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Milli(self.0).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mile_is_1_60934_km_to_the_metre() {
        assert_eq!(Distance::from_km(100).as_if_miles().to_string(), "160.934");
        assert_eq!(Distance::from_km(100).as_if_miles().as_if_converted_twice(), Distance::from_km(100));
    }

    #[test]
    fn about_means_within_one_per_cent() {
        let old = Distance::from_km(10_000);
        assert!(Distance::from_km(16_090).is_about(1609, old));
        assert!(Distance::from_km(6_270).is_about(621, old));
        assert!(!Distance::from_km(16_300).is_about(1609, old));
        assert!(!Distance::from_km(6_100).is_about(621, old));
    }
}
