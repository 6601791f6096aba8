//! What a fill-up cost: by what people paid last, else by what they say that they usually pay, else by what is usual.

use super::FillUp;
use crate::reading::Milli;
use crate::setup::{Currency, Setup};

/// What a fill-up cost, as far as anybody can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// Money a litre, in thousandths.
    pub per_litre: Milli,
    /// Money, in thousandths; absent while the litres are not known.
    pub total: Option<Milli>,
    pub currency: Currency,
    /// Nobody said what was paid for this one.
    pub is_estimate: bool,
}

/// Money a litre of petrol, in thousandths, rounded: what pumps showed in 2025, taxes included. Only where people never said
/// what they pay, and always called an estimate.
const USUAL: [(&str, i64); 24] = [
    ("AUD", 1_850),
    ("BGN", 2_500),
    ("BRL", 6_200),
    ("CAD", 1_500),
    ("CHF", 1_700),
    ("CZK", 35_000),
    ("DKK", 13_500),
    ("EUR", 1_700),
    ("GBP", 1_350),
    ("HUF", 600_000),
    ("INR", 100_000),
    ("ISK", 300_000),
    ("JPY", 175_000),
    ("MXN", 24_000),
    ("NOK", 21_000),
    ("NZD", 2_600),
    ("PLN", 6_000),
    ("RON", 7_400),
    ("RSD", 180_000),
    ("SEK", 16_500),
    ("TRY", 50_000),
    ("UAH", 58_000),
    ("USD", 850),
    ("ZAR", 21_500),
];

/// The price of a fill-up that the machine found: the last one that a person paid before it; else the one that they usually pay,
/// else a usual one of their currency. `None` where none is known. An estimate in every case: nobody saw the bill.
pub fn price(fill: &FillUp, setup: &Setup) -> Option<Price> {
    let before = setup.fuel_prices.paid.iter().rev().find(|paid| paid.at <= fill.between.by);
    let (per_litre, currency) = if let Some(paid) = before {
        (paid.per_litre, paid.currency)
    } else {
        let currency = setup.currency?;
        (setup.fuel_price.or_else(|| usual(currency))?, currency)
    };
    let total = fill.litres.map(|litres| Milli((litres.amount.0 * per_litre.0 + 500) / 1000));
    Some(Price { per_litre, total, currency, is_estimate: true })
}

fn usual(currency: Currency) -> Option<Milli> {
    let (_, per_litre) = USUAL.iter().find(|(code, _)| *code == currency.as_str())?;
    Some(Milli(*per_litre))
}
