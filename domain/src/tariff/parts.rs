//! What a version of a tariff says: its parts, and when each of them counts. Their serde form is the JSON that is stored and
//! that people write: decimal numbers, `22:00`, `mon`.

mod when;

use serde::{Deserialize, Serialize};

use super::money::{Micros, thousandths};
use crate::reading::Milli;

pub use when::{MinuteOfDay, Months, NoTime, Weekdays, When};

/// What is paid for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Parts {
    /// Prices of energy: the first that fits a moment counts there, and where none fits the price is unknown. Empty: energy is not
    /// paid for by the kilowatt hour.
    #[serde(default)]
    pub energy: Vec<EnergyPrice>,
    #[serde(default)]
    pub meter: Meter,
    /// Prices of time; all that fit count.
    #[serde(default)]
    pub minutes: Vec<MinutePrice>,
    /// Once a plug-in, however often the current pauses.
    #[serde(default)]
    pub session_fee: Option<Micros>,
    /// Once a plug-in.
    #[serde(default)]
    pub parking: Option<Micros>,
    /// Kilowatt hours of each session that cost nothing. (A quota of a month would make sessions change each other's price.)
    #[serde(default, with = "thousandths")]
    pub free_kwh: Milli,
}

/// A price of energy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnergyPrice {
    /// Negative where people are paid.
    pub per_kwh: Micros,
    #[serde(default)]
    pub when: When,
    /// A tier: it counts for what a session takes beyond so many kilowatt hours, in place of lower tiers that fit.
    #[serde(default, with = "thousandths")]
    pub above_kwh: Milli,
}

/// Where the paid energy is measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meter {
    /// What came from the grid, with the charger's loss.
    #[default]
    Grid,
    /// What reached the battery.
    Battery,
}

/// A price of time. Seconds count: nothing is rounded to started minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MinutePrice {
    pub per_minute: Micros,
    pub of: Minutes,
    /// The first so many of these minutes cost nothing.
    #[serde(default)]
    pub after_minutes: u16,
    /// No session pays more by this price.
    #[serde(default)]
    pub cap: Option<Micros>,
    #[serde(default)]
    pub when: When,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Minutes {
    /// From plug to unplug.
    Connected,
    /// While current flows.
    Charging,
    /// From the last end of the current to unplugging.
    Idle,
}

/// Why parts make no tariff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongParts {
    #[error("a tariff needs a price: 0 a kilowatt hour where charging is free")]
    Empty,
    #[error("a tariff has at most {MOST_PRICES} prices of energy and of time")]
    TooMany,
    #[error("only prices a kilowatt hour may be negative")]
    Negative,
    #[error("a free quota and the beginning of a tier are at least 0 kWh")]
    NegativeEnergy,
    #[error("a price that counts on no weekday or in no month never counts")]
    Never,
}

/// More than any tariff that is sold to people has.
pub const MOST_PRICES: usize = 100;

impl Parts {
    /// One price a kilowatt hour from the grid, at any time.
    pub fn per_kwh(price: Micros) -> Self {
        Self { energy: vec![EnergyPrice::always(price)], ..Self::default() }
    }

    /// Charging costs nothing: a known price, unlike none.
    pub fn free() -> Self {
        Self::per_kwh(Micros::ZERO)
    }

    /// A price by night and another one else.
    pub fn day_and_night(day: Micros, night: Micros, from: MinuteOfDay, to: MinuteOfDay) -> Self {
        let night = EnergyPrice { when: When { from, to, ..When::default() }, ..EnergyPrice::always(night) };
        Self { energy: vec![night, EnergyPrice::always(day)], ..Self::default() }
    }

    /// Whether they make a tariff.
    pub fn check(&self) -> Result<(), WrongParts> {
        let Self { energy, meter: _, minutes, session_fee, parking, free_kwh } = self;
        if energy.is_empty() && minutes.is_empty() && session_fee.is_none() && parking.is_none() {
            return Err(WrongParts::Empty);
        }
        if energy.len() + minutes.len() > MOST_PRICES {
            return Err(WrongParts::TooMany);
        }
        let by_minute = minutes.iter().flat_map(|price| [Some(price.per_minute), price.cap]);
        if by_minute.chain([*session_fee, *parking]).flatten().any(|amount| amount < Micros::ZERO) {
            return Err(WrongParts::Negative);
        }
        if energy.iter().map(|price| price.above_kwh).chain([*free_kwh]).any(|kwh| kwh < Milli(0)) {
            return Err(WrongParts::NegativeEnergy);
        }
        let whens = energy.iter().map(|price| price.when).chain(minutes.iter().map(|price| price.when));
        if whens.into_iter().any(When::is_never) {
            return Err(WrongParts::Never);
        }
        Ok(())
    }

    /// The moments of the day at which a price may begin or end to count.
    pub(super) fn edges(&self) -> impl Iterator<Item = u16> {
        let energy = self.energy.iter().map(|price| price.when);
        let minutes = self.minutes.iter().map(|price| price.when);
        energy.chain(minutes).flat_map(|when| [when.from.minutes(), when.to.minutes()])
    }
}

impl EnergyPrice {
    pub const fn always(per_kwh: Micros) -> Self {
        Self { per_kwh, when: When::ALWAYS, above_kwh: Milli(0) }
    }
}
