//! What charging costs in a case, as a tariff.

use anyhow::{Context, bail};
use chrono::DateTime;
use chrono_tz::Tz;
use domain::fact::RowId;
use domain::setup::Currency;
use domain::tariff::{Micros, MinuteOfDay, MinutePrice, Minutes, Parts, Tariff, When};

use super::file::Price;

/// Where a case does not say.
const USUAL_CURRENCY: &str = "EUR";

impl Price {
    /// The tariff of this number: of these fences or, if there are none, wherever no other counts.
    pub fn tariff(&self, number: u128, fences: Vec<RowId>, zone: Option<Tz>) -> anyhow::Result<Tariff> {
        let parts = self.parts()?;
        parts.check()?;
        Ok(Tariff {
            version: RowId(number),
            tariff: RowId(number),
            name: String::new(),
            network: None,
            is_default: fences.is_empty(),
            fences,
            valid_from: DateTime::UNIX_EPOCH,
            valid_to: None,
            currency: Currency::parse(self.currency.as_deref().unwrap_or(USUAL_CURRENCY))?,
            zone: self.zone.or(zone).unwrap_or(Tz::UTC),
            parts,
        })
    }

    fn parts(&self) -> anyhow::Result<Parts> {
        if let Some(parts) = &self.parts {
            return Ok(parts.clone());
        }
        Ok(Parts {
            minutes: self.per_minute.map(Self::minute).transpose()?.into_iter().collect(),
            session_fee: self.session_fee.map(Micros::from_f64).transpose()?,
            ..self.energy()?
        })
    }

    fn energy(&self) -> anyhow::Result<Parts> {
        Ok(match (self.free, self.per_kwh, self.day_price_per_kwh, self.night_price_per_kwh) {
            (true, ..) => Parts::free(),
            (false, Some(price), ..) => Parts::per_kwh(Micros::from_f64(price)?),
            (false, None, Some(day), Some(night)) => Parts::day_and_night(
                Micros::from_f64(day)?,
                Micros::from_f64(night)?,
                minute_of_day(self.night_from.as_ref())?,
                minute_of_day(self.night_to.as_ref())?,
            ),
            (false, None, None, None) => Parts::default(),
            (false, None, ..) => bail!("a price by day needs one by night, and the other way round"),
        })
    }

    /// While current flows.
    fn minute(price: f64) -> anyhow::Result<MinutePrice> {
        Ok(MinutePrice {
            per_minute: Micros::from_f64(price)?,
            of: Minutes::Charging,
            after_minutes: 0,
            cap: None,
            when: When::ALWAYS,
        })
    }
}

fn minute_of_day(text: Option<&String>) -> anyhow::Result<MinuteOfDay> {
    let text = text.context("a price by night needs `night_from` and `night_to`")?;
    Ok(MinuteOfDay::parse(text)?)
}
