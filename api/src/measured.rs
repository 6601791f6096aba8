//! Measured amounts that people may write into the books of driving and charging. Each is checked where it is read.

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

/// How full a battery or a tank is: 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, ToSchema)]
#[schema(value_type = f64, minimum = 0, maximum = 100)]
pub struct Percent(pub f64);

/// The energy of one charging session: at least 0 and at most 10 000.
#[derive(Debug, Clone, Copy, PartialEq, ToSchema)]
#[schema(value_type = f64, minimum = 0, maximum = 10_000)]
pub struct KilowattHours(pub f64);

const FULL: f64 = 100.0;
const MOST_KWH: f64 = 10_000.0;

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let percent = f64::deserialize(from)?;
        let fits = (0.0..=FULL).contains(&percent);
        fits.then_some(Self(percent)).ok_or_else(|| D::Error::custom("a level is between 0 and 100 percent"))
    }
}

impl<'de> Deserialize<'de> for KilowattHours {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let kwh = f64::deserialize(from)?;
        let fits = (0.0..=MOST_KWH).contains(&kwh);
        fits.then_some(Self(kwh))
            .ok_or_else(|| D::Error::custom("kilowatt hours are at least 0 and at most 10000"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_level_is_a_share_and_energy_is_not_negative() {
        for good in [json!(0), json!(55.5), json!(100)] {
            assert!(serde_json::from_value::<Percent>(good.clone()).is_ok(), "{good}");
            assert!(serde_json::from_value::<KilowattHours>(good.clone()).is_ok(), "{good}");
        }
        for bad in [json!(-0.1), json!("5"), json!(null), json!(10_001)] {
            assert!(serde_json::from_value::<Percent>(bad.clone()).is_err(), "{bad}");
            assert!(serde_json::from_value::<KilowattHours>(bad.clone()).is_err(), "{bad}");
        }
    }
}
