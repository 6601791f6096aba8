//! What people told of a car and of themselves without a date: an argument of the fold, not a part of its state. Whoever
//! changes it has the car folded anew, from the moment on from which the change counts.

use serde::{Deserialize, Serialize};

use crate::fences::{Fence, Telling};
use crate::fuel::FuelPrices;
use crate::reading::Milli;
use crate::tariff::Tariff;
use crate::trips::{PurposeRule, Watch};

/// Everything that rules may know beside readings and dated facts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    pub powertrain: Option<Powertrain>,
    /// As on the wire: upper case.
    pub make: Option<String>,
    /// Litres.
    pub tank: Option<Milli>,
    /// Kilowatt hours as in the brochure: gross.
    pub battery_gross: Option<Milli>,
    /// Kilowatt hours between empty and full when the car was new, if a person knows them.
    pub battery_usable: Option<Milli>,
    pub chemistry: Option<Chemistry>,
    /// Thousandths of the grid's energy that reach the battery, where a person measured it.
    pub charger_efficiency: Option<u16>,
    /// In the order of their ids.
    pub fences: Vec<Fence>,
    /// Of what happens at these people want(ed) to be told, and when.
    pub told: Vec<Telling>,
    /// When people want(ed) to know that the standing car leaves its place, oldest first.
    pub watched: Vec<Watch>,
    /// The zone of the people's clock, by which business hours and months are reckoned. UTC where nobody said.
    pub zone: Option<chrono_tz::Tz>,
    pub purposes: Vec<PurposeRule>,
    /// All versions of all tariffs of the car's people, in the order of their ids and their beginnings.
    pub tariffs: Vec<Tariff>,
    pub fuel_prices: FuelPrices,
    /// Money a litre that people usually pay, in their currency, where they said it.
    pub fuel_price: Option<Milli>,
    /// ISO 4217: what people reckon in.
    pub currency: Option<Currency>,
    /// Only the mileage book is kept, and no other rule is asked: what the others cost is measured against this.
    pub mileage_only: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Powertrain {
    /// Burns only.
    Combustion,
    /// Burns, and cannot be plugged in.
    Hybrid,
    PlugInHybrid,
    Electric,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Chemistry {
    /// Lithium iron phosphate: shows its charge honestly only near full.
    Lfp,
    /// Nickel based: everything else that is sold.
    Nickel,
}

/// An ISO 4217 code: three capital letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Currency([u8; 3]);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no currency: write the three letters of ISO 4217, such as EUR")]
pub struct NoCurrency(String);

impl Currency {
    pub fn parse(text: &str) -> Result<Self, NoCurrency> {
        match text.trim().to_ascii_uppercase().as_bytes() {
            [a, b, c] if [a, b, c].iter().all(|letter| letter.is_ascii_uppercase()) => Ok(Self([*a, *b, *c])),
            _ => Err(NoCurrency(text.to_owned())),
        }
    }

    pub fn as_str(&self) -> &str {
        // Only letters get in.
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }
}

impl Setup {
    /// Whether it has a tank at all, as far as anybody knows.
    pub fn may_burn(&self) -> bool {
        self.powertrain != Some(Powertrain::Electric)
    }

    /// Whether it can be plugged in, as far as anybody knows.
    pub fn may_plug_in(&self) -> bool {
        !matches!(self.powertrain, Some(Powertrain::Combustion | Powertrain::Hybrid))
    }
}
