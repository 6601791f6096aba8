//! Numbers with units: any of the platform's spellings into the one canonical unit of each quantity, in
//! integer arithmetic, so that the same number always becomes the same reading.

use domain::reading::Milli;

use crate::report::Why;

/// What a number measures. The canonical unit is in the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantity {
    Kilometres,
    Percent,
    KilowattHours,
    Litres,
    Kilopascals,
    Volts,
    Watts,
    Amperes,
    KilometresPerHour,
    Minutes,
    Celsius,
    Count,
}

/// A number in its canonical unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Canonical {
    pub number: Milli,
    /// The wire's own number and unit, where they differ from the canonical ones.
    pub original: Option<String>,
}

/// What a number is multiplied with, as an exact fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Factor(i128, i128);

const SAME: Factor = Factor(1, 1);
const HUNDREDFOLD: Factor = Factor(100, 1);
const THOUSANDFOLD: Factor = Factor(1000, 1);
/// The plan's own constant: kilometres = miles × 1.60934.
const MILES: Factor = Factor(160_934, 100_000);
const US_GALLONS: Factor = Factor(3_785_411_784, 1_000_000_000);
const PSI: Factor = Factor(6_894_757, 1_000_000);

/// Every spelling of a unit that was seen, without blanks, hyphens and underscores, in lower case; the first
/// of each quantity is what live cars send.
const ALIASES: [(Quantity, Factor, &[&str]); 23] = [
    (Quantity::Kilometres, SAME, &["km", "kilometers", "kilometres", "kilometer", "kilometre"]),
    (Quantity::Kilometres, MILES, &["mi", "miles", "mile"]),
    (Quantity::Kilometres, Factor(1, 1000), &["m", "meters", "metres"]),
    (Quantity::Percent, SAME, &["percent", "percentage", "%", "pct"]),
    (Quantity::Percent, HUNDREDFOLD, &["fraction", "ratio"]),
    (Quantity::KilowattHours, SAME, &["kwh", "kilowatthours", "kilowatthour", "kwhr"]),
    (Quantity::KilowattHours, Factor(1, 1000), &["wh", "watthours", "watthour"]),
    (Quantity::Litres, SAME, &["l", "liters", "litres", "liter", "litre"]),
    (Quantity::Litres, US_GALLONS, &["gal", "gallons", "gallon", "usgallons", "usgal"]),
    (Quantity::Kilopascals, HUNDREDFOLD, &["bar", "bars"]),
    (Quantity::Kilopascals, SAME, &["kpa", "kilopascals", "kilopascal"]),
    (Quantity::Kilopascals, PSI, &["psi"]),
    (Quantity::Volts, SAME, &["volts", "volt", "v"]),
    (Quantity::Watts, SAME, &["watts", "watt", "w"]),
    (Quantity::Watts, THOUSANDFOLD, &["kw", "kilowatts", "kilowatt"]),
    (Quantity::Amperes, SAME, &["ampere", "amperes", "amps", "amp", "a"]),
    (Quantity::KilometresPerHour, SAME, &["km/h", "kph", "kmh", "kilometersperhour", "kilometresperhour"]),
    (Quantity::KilometresPerHour, MILES, &["mph", "mi/h", "milesperhour"]),
    (Quantity::Minutes, SAME, &["minutes", "minute", "min", "mins"]),
    (Quantity::Minutes, Factor(60, 1), &["hours", "hour", "h"]),
    (Quantity::Minutes, Factor(1, 60), &["seconds", "second", "s", "sec"]),
    (Quantity::Celsius, SAME, &["celsius", "c", "°c", "degc", "degreescelsius"]),
    (Quantity::Count, SAME, &["count"]),
];

impl Quantity {
    /// The quantity that a unit belongs to, for signals that we do not know. `None` for unknown units.
    pub(crate) fn of_unit(unit: &str) -> Option<Self> {
        ALIASES.iter().find(|(_, _, names)| names.iter().any(|name| same(unit, name))).map(|row| row.0)
    }

    /// The number in this quantity's canonical unit. Without a unit the number is metric, the platform's
    /// default; only a percentage needs a closer look (see [`percent_without_unit`]), and a pressure.
    pub(crate) fn canonical(self, number: f64, unit: Option<&str>) -> Result<Canonical, Why> {
        let factor = match unit {
            Some(unit) => self.factor(number, unit)?,
            None => self.factor_without_unit(number)?,
        };
        let canonical = self.in_range(scaled(number, factor)?)?;
        let original = (factor != SAME).then(|| original(number, unit));
        Ok(Canonical { number: canonical, original })
    }

    fn factor(self, number: f64, unit: &str) -> Result<Factor, Why> {
        let row = ALIASES
            .iter()
            .find(|(quantity, _, names)| *quantity == self && names.iter().any(|name| same(unit, name)));
        match row {
            // Seen live: kPa numbers under `bar` (258–270), and complaints about the reverse.
            Some((Self::Kilopascals, HUNDREDFOLD, _)) if number > 20.0 => Ok(SAME),
            Some((Self::Kilopascals, SAME, _)) if number < 10.0 => Ok(HUNDREDFOLD),
            Some((_, factor, _)) => Ok(*factor),
            None => Err(Why::UnknownUnit(unit.chars().take(24).collect())),
        }
    }

    fn factor_without_unit(self, number: f64) -> Result<Factor, Why> {
        match self {
            Self::Percent => percent_without_unit(number),
            // 2.6 is bar and 260 is kPa; between the two it could be psi.
            Self::Kilopascals if number < 10.0 => Ok(HUNDREDFOLD),
            Self::Kilopascals if number < 100.0 => Err(Why::UnknownUnit(String::new())),
            Self::Kilometres
            | Self::KilowattHours
            | Self::Litres
            | Self::Kilopascals
            | Self::Volts
            | Self::Watts
            | Self::Amperes
            | Self::KilometresPerHour
            | Self::Minutes
            | Self::Celsius
            | Self::Count => Ok(SAME),
        }
    }

    fn in_range(self, number: Milli) -> Result<Milli, Why> {
        let whole = number.0 / 1000;
        match self {
            // Some cars overshoot a full battery or tank a little.
            Self::Percent if !(0..=105_000).contains(&number.0) => Err(Why::OutOfRange),
            Self::Kilopascals if number.0 <= 0 => Err(Why::OutOfRange),
            // 699.9 was seen live on wheels that did not report.
            Self::Kilopascals if whole >= 600 => Err(Why::Sentinel),
            Self::Percent | Self::Kilopascals | Self::Watts | Self::Amperes | Self::Celsius => Ok(number),
            Self::Kilometres
            | Self::KilowattHours
            | Self::Litres
            | Self::Volts
            | Self::KilometresPerHour
            | Self::Minutes
            | Self::Count => {
                if number.0 < 0 {
                    Err(Why::OutOfRange)
                } else {
                    Ok(number)
                }
            }
        }
    }
}

/// A v2 fraction (0–1) as a percentage.
pub(crate) fn percent_of_fraction(fraction: f64) -> Result<Canonical, Why> {
    let number = Quantity::Percent.in_range(scaled(fraction, HUNDREDFOLD)?)?;
    Ok(Canonical { number, original: Some(original(fraction, None)) })
}

/// Older cars and the dashboard's test deliveries send percentages without a unit, some of them as fractions.
/// Strictly between 0 and 1 it is taken for a fraction, since no car counts tenths of a percent of a tank that
/// is all but empty; exactly 1 could be an empty tank as well as a full one, and is refused.
fn percent_without_unit(number: f64) -> Result<Factor, Why> {
    if number > 0.0 && number < 1.0 {
        Ok(HUNDREDFOLD)
    } else if number.to_bits() == 1.0_f64.to_bits() {
        Err(Why::AmbiguousPercent)
    } else {
        Ok(SAME)
    }
}

/// `number × factor` to the nearest thousandth, halves away from zero. Works on millionths, which are more
/// digits than any car sends, in integers: 25 mi is 40.2335 km and always becomes 40.234.
#[expect(clippy::cast_possible_truncation, reason = "the limit is far inside both types")]
fn scaled(number: f64, Factor(up, down): Factor) -> Result<Milli, Why> {
    const LIMIT: f64 = 1e9;
    // NaN is in no range.
    if !(-LIMIT..=LIMIT).contains(&number) {
        return Err(Why::OutOfRange);
    }
    let millionths = (number * 1e6).round() as i128;
    let divisor = 1000 * down;
    let product = millionths * up;
    let nearest = (product.abs() + divisor / 2) / divisor * product.signum();
    i64::try_from(nearest).map(Milli).map_err(|_| Why::OutOfRange)
}

/// The wire's own words: `26412.5 mi`. Millionths are enough, and keep it short.
fn original(number: f64, unit: Option<&str>) -> String {
    let number = (number * 1e6).round() / 1e6;
    match unit {
        Some(unit) => format!("{number} {unit}"),
        None => number.to_string(),
    }
}

/// Whether the wire's unit is this alias.
fn same(unit: &str, alias: &str) -> bool {
    let letters = unit.bytes().filter(|byte| !b" _-".contains(byte));
    letters.map(|byte| byte.to_ascii_lowercase()).eq(alias.bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One line: what becomes of a number with this unit.
    fn become_of(quantity: Quantity, number: f64, unit: &str) -> String {
        match quantity.canonical(number, (!unit.is_empty()).then_some(unit)) {
            Ok(Canonical { number, original: None }) => number.to_string(),
            Ok(Canonical { number, original: Some(original) }) => format!("{number} from {original}"),
            Err(why) => why.to_string(),
        }
    }

    #[test]
    fn every_spelling_of_a_unit_becomes_the_canonical_one() {
        use Quantity::{
            Amperes, Count, Kilometres, KilometresPerHour, KilowattHours, Litres, Minutes, Percent, Volts,
            Watts,
        };
        let table = [
            (Kilometres, 42506.3, "km", "42506.3"),
            (Kilometres, 450.0, "kilometers", "450"),
            (Kilometres, 450.0, "", "450"),
            (Kilometres, 100.0, "miles", "160.934 from 100 miles"),
            (Kilometres, 25.0, "mi", "40.234 from 25 mi"),
            (Kilometres, 26412.5, "Mile", "42506.693 from 26412.5 Mile"),
            (Kilometres, 5.0, "furlongs", "the unit \"furlongs\" is unknown for this signal"),
            (Kilometres, 5.0, "percent", "the unit \"percent\" is unknown for this signal"),
            (Kilometres, -1.0, "km", "the value is out of the range of this signal"),
            (Percent, 75.0, "percent", "75"),
            (Percent, 75.0, "percentage", "75"),
            (Percent, 0.75, "percent", "0.75"),
            (Percent, 100.4, "%", "100.4"),
            (Percent, 105.1, "%", "the value is out of the range of this signal"),
            (KilowattHours, 12.3, "kWh", "12.3"),
            (KilowattHours, 12.3, "kilowatt_hours", "12.3"),
            (KilowattHours, 12.3, "kilowatt-hours", "12.3"),
            (KilowattHours, 12.3, "kWhr", "12.3"),
            (Litres, 45.5, "liters", "45.5"),
            (Litres, 10.0, "gallons", "37.854 from 10 gallons"),
            (Volts, 223.0, "volts", "223"),
            (Watts, 7.2, "kW", "7200 from 7.2 kW"),
            (Watts, -3000.0, "watts", "-3000"),
            (Amperes, 7.0, "ampere", "7"),
            (Amperes, 7.0, "amps", "7"),
            (KilometresPerHour, 30.0, "km/h", "30"),
            (KilometresPerHour, 100.0, "miles_per_hour", "160.934 from 100 miles_per_hour"),
            (Minutes, 14.0, "", "14"),
            (Minutes, 14.0, "min", "14"),
            (Count, 2.0, "count", "2"),
        ];
        for (quantity, number, unit, expected) in table {
            assert_eq!(become_of(quantity, number, unit), expected, "{number} {unit} as {quantity:?}");
        }
    }

    #[test]
    fn a_percentage_without_a_unit_is_a_fraction_only_where_it_can_be_nothing_else() {
        let table = [
            (0.0, "0"),
            (0.58, "58 from 0.58"),
            (1.0, "without a unit the value may be a fraction or a percentage"),
            (1.5, "1.5"),
            (80.0, "80"),
        ];
        for (number, expected) in table {
            assert_eq!(become_of(Quantity::Percent, number, ""), expected, "{number}");
        }
    }

    #[test]
    fn a_pressure_is_read_by_its_size_where_the_unit_lies() {
        let table = [
            (2.6, "bar", "260 from 2.6 bar"),
            (258.0, "bar", "258"),
            (2.6, "kPa", "260 from 2.6 kPa"),
            (32.0, "psi", "220.632 from 32 psi"),
            (219.3, "", "219.3"),
            (2.6, "", "260 from 2.6"),
            (32.0, "", "the unit \"\" is unknown for this signal"),
            (699.9, "bar", "the value is one that cars send when they do not know"),
            (0.0, "bar", "the value is out of the range of this signal"),
        ];
        for (number, unit, expected) in table {
            assert_eq!(become_of(Quantity::Kilopascals, number, unit), expected, "{number} {unit}");
        }
    }

    #[test]
    fn a_fraction_of_the_old_api_is_a_percentage_with_its_origin() {
        let canonical = percent_of_fraction(0.3).unwrap();
        assert_eq!((canonical.number, canonical.original.as_deref()), (Milli(30_000), Some("0.3")));
        assert_eq!(percent_of_fraction(58.0), Err(Why::OutOfRange));
    }

    #[test]
    fn what_is_no_number_of_a_car_is_refused() {
        for number in [f64::NAN, f64::INFINITY, 1e9 + 1.0, 1e300] {
            assert_eq!(Quantity::Kilometres.canonical(number, Some("km")), Err(Why::OutOfRange), "{number}");
        }
    }

    proptest! {
        /// The plan's constant, checked against whole metres: a mile is 1609.34 m.
        #[test]
        fn whole_miles_are_exact(miles in 0_i64..2_000_000) {
            #[expect(clippy::cast_precision_loss, reason = "small")]
            let canonical = Quantity::Kilometres.canonical(miles as f64, Some("mi")).unwrap();
            prop_assert_eq!(canonical.number.0, (miles * 160_934 + 50) / 100);
        }
    }
}
