//! What people may write into the books. Each value is checked where it is read, so that the rest may trust the type.

use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use runtime::clock;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use store::hand_entries::Edit;
use utoipa::ToSchema;

/// Kilometres on a counter: at least 0 and less than 10 million.
#[derive(Debug, Clone, Copy, PartialEq, ToSchema)]
#[schema(value_type = f64, minimum = 0, exclusive_maximum = 10_000_000)]
pub struct Kilometres(pub f64);

/// Litres of one fill-up: more than 0 and at most 2000.
#[derive(Debug, Clone, Copy, PartialEq, ToSchema)]
#[schema(value_type = f64, exclusive_minimum = 0, maximum = 2_000)]
pub struct Litres(pub f64);

/// An amount of money, to the thousandth: between minus and plus one thousand million. An expense below 0 is a refund.
#[derive(Debug, Clone, Copy, PartialEq, ToSchema)]
#[schema(value_type = f64, minimum = -1_000_000_000, maximum = 1_000_000_000)]
pub struct Amount(pub f64);

/// An amount that was paid: an [`Amount`] of at least 0.
#[derive(Debug, Clone, Copy, PartialEq, ToSchema)]
#[schema(value_type = f64, minimum = 0, maximum = 1_000_000_000)]
pub struct Price(pub f64);

/// A currency as ISO 4217 writes it: three capital letters, `EUR`.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, pattern = "^[A-Z]{3}$")]
pub struct Currency(pub String);

/// A moment (RFC 3339), since 1900 and at most a day ahead of now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = DateTime<Utc>)]
pub struct Moment(pub DateTime<Utc>);

/// Free text of at most 2000 characters.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, max_length = 2_000)]
pub struct Notes(pub String);

/// A short name of 1 to 64 characters: `insurance`, `tyres`.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, min_length = 1, max_length = 64)]
pub struct Category(pub String);

/// What people call a thing: 1 to 64 characters.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, min_length = 1, max_length = 64)]
pub struct Name(pub String);

/// A time zone by its name at IANA: `Europe/Berlin`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, examples("Europe/Berlin"))]
pub struct Zone(pub chrono_tz::Tz);

/// A moment (RFC 3339) since 1900 and at most ten years ahead of now: prices are told in advance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = DateTime<Utc>)]
pub struct Date(pub DateTime<Utc>);

const MOST_KM: f64 = 10_000_000.0;
const MOST_LITRES: f64 = 2_000.0;
const MOST_MONEY: f64 = 1_000_000_000.0;
const LONGEST_NOTES: usize = 2_000;
const LONGEST_CATEGORY: usize = 64;
const LONGEST_NAME: usize = 64;

/// Before that there was nothing to write down.
static FIRST_CARS: LazyLock<DateTime<Utc>> = LazyLock::new(|| {
    NaiveDate::from_ymd_opt(1900, 1, 1).unwrap_or_default().and_time(chrono::NaiveTime::MIN).and_utc()
});

/// Tomorrow somewhere on Earth is today elsewhere, and clocks are wrong.
const AHEAD: TimeDelta = TimeDelta::days(1);

/// How far ahead prices are told.
const FAR_AHEAD: TimeDelta = TimeDelta::days(10 * 366);

/// A field of a change: absent leaves as it is, `null` takes away.
pub fn edit<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Edit<T>, D::Error> {
    Ok(Option::<T>::deserialize(from)?.map_or(Edit::Empty, Edit::Set))
}

/// A field of a change that can be different and cannot be taken away.
pub fn not_null<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

impl<'de> Deserialize<'de> for Kilometres {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let km = f64::deserialize(from)?;
        let fits = (0.0..MOST_KM).contains(&km);
        fits.then_some(Self(thousandths(km)))
            .ok_or_else(|| D::Error::custom("kilometres are at least 0 and less than 10000000"))
    }
}

impl<'de> Deserialize<'de> for Litres {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let litres = thousandths(f64::deserialize(from)?);
        let fits = litres > 0.0 && litres <= MOST_LITRES;
        fits.then_some(Self(litres))
            .ok_or_else(|| D::Error::custom("litres are more than 0 and at most 2000"))
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let amount = f64::deserialize(from)?;
        let fits = (-MOST_MONEY..=MOST_MONEY).contains(&amount);
        fits.then_some(Self(thousandths(amount)))
            .ok_or_else(|| D::Error::custom("an amount is between -1000000000 and 1000000000"))
    }
}

impl<'de> Deserialize<'de> for Price {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Amount(price) = Amount::deserialize(from)?;
        (price >= 0.0).then_some(Self(price)).ok_or_else(|| D::Error::custom("what was paid is at least 0"))
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let currency = String::deserialize(from)?;
        let fits = currency.len() == 3 && currency.bytes().all(|letter| letter.is_ascii_uppercase());
        fits.then_some(Self(currency))
            .ok_or_else(|| D::Error::custom("a currency is three capital letters (ISO 4217), such as EUR"))
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let words = "a moment is written as in RFC 3339, such as 2026-11-21T08:30:00Z, and lies between 1900 and tomorrow";
        let text = String::deserialize(from)?;
        let at = DateTime::parse_from_rfc3339(&text).map_err(|_| D::Error::custom(words))?.to_utc();
        let fits = (*FIRST_CARS..=clock::now() + AHEAD).contains(&at);
        fits.then_some(Self(at)).ok_or_else(|| D::Error::custom(words))
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let words = "a moment is written as in RFC 3339, such as 2026-11-21T08:30:00Z, and lies between 1900 and ten years ahead";
        let text = String::deserialize(from)?;
        let at = DateTime::parse_from_rfc3339(&text).map_err(|_| D::Error::custom(words))?.to_utc();
        let fits = (*FIRST_CARS..=clock::now() + FAR_AHEAD).contains(&at);
        fits.then_some(Self(at)).ok_or_else(|| D::Error::custom(words))
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let zone = String::deserialize(from)?.parse();
        zone.map(Self).map_err(|_| D::Error::custom("a zone is named as by IANA, such as Europe/Berlin"))
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let given = String::deserialize(from)?;
        text(given.trim().to_owned(), 1, LONGEST_NAME)
            .map(Self)
            .ok_or_else(|| D::Error::custom("a name is text of 1 to 64 characters"))
    }
}

impl<'de> Deserialize<'de> for Notes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        text(String::deserialize(from)?, 0, LONGEST_NOTES)
            .map(Self)
            .ok_or_else(|| D::Error::custom("notes are text of at most 2000 characters"))
    }
}

impl<'de> Deserialize<'de> for Category {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let given = String::deserialize(from)?;
        text(given.trim().to_owned(), 1, LONGEST_CATEGORY)
            .map(Self)
            .ok_or_else(|| D::Error::custom("a category is text of 1 to 64 characters"))
    }
}

/// PostgreSQL keeps no NUL in text.
fn text(given: String, shortest: usize, longest: usize) -> Option<String> {
    let fits = (shortest..=longest).contains(&given.chars().count()) && !given.contains('\0');
    fits.then_some(given)
}

/// Digits beyond these are no measurement, only the noise of a division.
pub fn thousandths(number: f64) -> f64 {
    (number * 1_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};

    fn takes<T: DeserializeOwned>(value: &Value) -> bool {
        serde_json::from_value::<T>(value.clone()).is_ok()
    }

    #[test]
    fn a_counter_shows_at_least_nothing_and_less_than_ten_million_kilometres() {
        for good in [json!(0), json!(-0.0), json!(123_456.7), json!(9_999_999.9)] {
            assert!(takes::<Kilometres>(&good), "{good}");
        }
        for bad in [json!(-0.1), json!(10_000_000), json!(1e300), json!("5"), json!(null), json!(true)] {
            assert!(!takes::<Kilometres>(&bad), "{bad}");
        }
    }

    #[test]
    fn what_is_no_finite_number_is_no_number() {
        for bad in ["1e999", "-1e999", "NaN", "Infinity"] {
            assert!(serde_json::from_str::<Amount>(bad).is_err(), "{bad}");
            assert!(serde_json::from_str::<Kilometres>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn money_is_kept_to_the_thousandth() {
        assert_eq!(serde_json::from_str::<Amount>("1.8790000001").unwrap(), Amount(1.879));
        assert_eq!(serde_json::from_str::<Amount>("-12.5").unwrap(), Amount(-12.5));
        assert!(!takes::<Price>(&json!(-1)) && takes::<Price>(&json!(0)));
    }

    #[test]
    fn a_currency_is_three_capital_letters() {
        assert!(takes::<Currency>(&json!("EUR")));
        for bad in ["eur", "EU", "EURO", "E1R", "", "ÄÖÜ", "€"] {
            assert!(!takes::<Currency>(&json!(bad)), "{bad}");
        }
    }

    #[test]
    fn a_moment_is_not_in_the_far_future_nor_before_there_were_cars() {
        let now = clock::now();
        for good in [now, now + TimeDelta::hours(20), now - TimeDelta::days(10_000)] {
            assert!(takes::<Moment>(&json!(good.to_rfc3339())), "{good}");
        }
        let far = (now + TimeDelta::hours(25)).to_rfc3339();
        for bad in [far.as_str(), "1899-12-31T23:59:59Z", "2026-11-21", "2026-13-01T00:00:00Z", "now", ""] {
            assert!(!takes::<Moment>(&json!(bad)), "{bad}");
        }
    }

    #[test]
    fn a_price_may_begin_in_the_future_and_a_zone_has_a_name() {
        let next_year = (clock::now() + TimeDelta::days(400)).to_rfc3339();
        assert!(takes::<Date>(&json!(next_year)) && !takes::<Date>(&json!("2999-01-01T00:00:00Z")));
        assert!(takes::<Zone>(&json!("Europe/Berlin")) && takes::<Zone>(&json!("UTC")));
        for bad in ["Berlin", "+01:00", "europe/berlin", ""] {
            assert!(!takes::<Zone>(&json!(bad)), "{bad}");
        }
    }

    #[test]
    fn text_that_the_database_cannot_keep_is_refused() {
        assert!(takes::<Notes>(&json!("Reifen 'Robert\"); DROP TABLE cars;--")));
        assert!(!takes::<Notes>(&json!("a\u{0}b")));
        assert!(!takes::<Notes>(&json!("x".repeat(2_001))));
        assert!(!takes::<Category>(&json!("   ")));
    }
}
