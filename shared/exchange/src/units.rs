//! Units that files count in. Inside there are only kilometres and litres.

use serde::{Deserialize, Serialize};

use crate::number::Number;

/// What a way is counted in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Length {
    #[default]
    #[serde(rename = "km")]
    Kilometres,
    #[serde(rename = "mi")]
    Miles,
}

/// What fuel is counted in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Volume {
    #[default]
    #[serde(rename = "l")]
    Litres,
    #[serde(rename = "gal_us")]
    UsGallons,
    #[serde(rename = "gal_uk")]
    UkGallons,
}

/// Millionths of a kilometre in a mile, of a litre in the gallons: by definition (NIST SP 811, appendix B.8).
const MILE: i64 = 1_609_344;
const US_GALLON: i64 = 3_785_412;
const UK_GALLON: i64 = 4_546_090;
const SAME: i64 = 1_000_000;

impl Length {
    pub fn to_km(self, way: Number) -> Number {
        match self {
            Self::Kilometres => way,
            Self::Miles => way.times(MILE),
        }
    }

    /// `km` or `mi`
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "km" => Some(Self::Kilometres),
            "mi" => Some(Self::Miles),
            _ => None,
        }
    }
}

impl Volume {
    pub fn to_litres(self, volume: Number) -> Number {
        match self {
            Self::Litres => volume,
            Self::UsGallons | Self::UkGallons => volume.times(self.millionths_of_a_litre()),
        }
    }

    /// The price of a litre where this is the price of one of these. To six places.
    pub fn price_of_a_litre(self, price: Number) -> Number {
        match self {
            Self::Litres => price,
            Self::UsGallons | Self::UkGallons => price.divided_by(self.millionths_of_a_litre()),
        }
    }

    /// `l`, `gal_us` or `gal_uk`
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "l" => Some(Self::Litres),
            "gal_us" => Some(Self::UsGallons),
            "gal_uk" => Some(Self::UkGallons),
            _ => None,
        }
    }

    const fn millionths_of_a_litre(self) -> i64 {
        match self {
            Self::Litres => SAME,
            Self::UsGallons => US_GALLON,
            Self::UkGallons => UK_GALLON,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn miles_and_gallons_become_kilometres_and_litres_to_the_thousandth() {
        let shown = |number: Number| number.to_string();
        assert_eq!(shown(Length::Miles.to_km(Number::whole(45_210))), "72758.442");
        assert_eq!(shown(Volume::UsGallons.to_litres(Number::whole(10))), "37.854");
        assert_eq!(shown(Volume::UkGallons.to_litres(Number::whole(10))), "45.461");
        assert_eq!(shown(Volume::UsGallons.price_of_a_litre(Number::whole(4))), "1.056688");
        assert_eq!(shown(Length::Kilometres.to_km(Number::parse("5.123456").unwrap())), "5.123456");
    }
}
