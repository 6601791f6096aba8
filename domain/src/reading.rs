//! What a car said: one value of one signal at one moment of the car's own time.
//!
//! Everything is held in integers, so that two readings compare exactly and any set of them has one order.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One value of one signal. Readings are ordered by moment, then signal, then value: the total order in
/// which they are folded, whatever the order of their arrival.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reading {
    /// The moment at the car, in whole milliseconds (the platform's precision).
    #[serde(with = "crate::moment")]
    pub at: DateTime<Utc>,
    pub signal: Signal,
    pub value: Value,
    /// Where `at` comes from. Never decides what the reading means, only how much it is trusted by people.
    pub quality: TimeQuality,
    /// The wire's own number and unit, where the canonical value differs from it: `26412.5 mi`.
    pub original: Option<String>,
}

/// Whose clock a reading's moment is, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TimeQuality {
    /// The car's maker said when the car recorded it.
    Oem,
    /// The moment at which the platform asked the maker.
    Fetched,
    /// Our own door's clock: nobody else named a time.
    Delivered,
}

/// A signal's code as Smartcar names it: lower case, `group-name`. Unknown codes are as good as known ones.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signal(Cow<'static, str>);

impl Signal {
    pub const ODOMETER: &str = "odometer-traveleddistance";
    pub const FUEL_LEVEL: &str = "internalcombustionengine-fuellevel";
    pub const FUEL_AMOUNT: &str = "internalcombustionengine-amountremaining";
    pub const FUEL_RANGE: &str = "internalcombustionengine-range";
    pub const OIL_LIFE: &str = "internalcombustionengine-oillife";
    pub const STATE_OF_CHARGE: &str = "tractionbattery-stateofcharge";
    pub const BATTERY_RANGE: &str = "tractionbattery-range";
    pub const BATTERY_CAPACITY: &str = "tractionbattery-nominalcapacity";
    pub const IS_CHARGING: &str = "charge-ischarging";
    pub const CABLE_CONNECTED: &str = "charge-ischargingcableconnected";
    pub const CHARGING_STATUS: &str = "charge-detailedchargingstatus";
    pub const CHARGE_RATE: &str = "charge-chargerate";
    pub const ENERGY_ADDED: &str = "charge-energyadded";
    pub const TIME_TO_COMPLETE: &str = "charge-timetocomplete";
    pub const CHARGE_LIMITS: &str = "charge-chargelimits";
    pub const VOLTAGE: &str = "charge-voltage";
    pub const WATTAGE: &str = "charge-wattage";
    pub const AMPERAGE: &str = "charge-amperage";
    pub const LOCATION: &str = "location-preciselocation";
    pub const IS_LOCKED: &str = "closure-islocked";
    pub const TIRES: &str = "wheel-tires";
    pub const LOW_VOLTAGE_CHARGE: &str = "lowvoltagebattery-stateofcharge";
    pub const LOW_VOLTAGE_STATUS: &str = "lowvoltagebattery-status";
    pub const VIN: &str = "vehicleidentification-vin";
    pub const IS_ONLINE: &str = "connectivitystatus-isonline";
    pub const GEAR_STATE: &str = "transmission-gearstate";
    pub const SPEED: &str = "motion-currentspeed";
    pub const OUTSIDE_TEMPERATURE: &str = "climate-externaltemperature";
    pub const TROUBLE_CODES: &str = "diagnostics-dtclist";

    /// Codes that nearly every delivery holds: naming one of these allocates nothing. States keep their places in this list:
    /// new ones come last, and none leaves.
    const KNOWN: [&'static str; 28] = [
        Self::ODOMETER,
        Self::FUEL_LEVEL,
        Self::FUEL_AMOUNT,
        Self::FUEL_RANGE,
        Self::OIL_LIFE,
        Self::STATE_OF_CHARGE,
        Self::BATTERY_RANGE,
        Self::BATTERY_CAPACITY,
        Self::IS_CHARGING,
        Self::CABLE_CONNECTED,
        Self::CHARGING_STATUS,
        Self::CHARGE_RATE,
        Self::ENERGY_ADDED,
        Self::TIME_TO_COMPLETE,
        Self::CHARGE_LIMITS,
        Self::VOLTAGE,
        Self::WATTAGE,
        Self::AMPERAGE,
        Self::LOCATION,
        Self::IS_LOCKED,
        Self::TIRES,
        Self::LOW_VOLTAGE_CHARGE,
        Self::LOW_VOLTAGE_STATUS,
        Self::VIN,
        Self::IS_ONLINE,
        Self::GEAR_STATE,
        Self::SPEED,
        Self::OUTSIDE_TEMPERATURE,
    ];

    pub fn new(code: &str) -> Self {
        match Self::KNOWN.iter().find(|known| known.eq_ignore_ascii_case(code)) {
            Some(known) => Self(Cow::Borrowed(known)),
            None => Self(Cow::Owned(code.to_ascii_lowercase())),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is(&self, code: &str) -> bool {
        self.0 == code
    }
}

/// As machines keep it: the place among the known ones, or the code.
#[derive(Serialize, Deserialize)]
enum Kept<'a> {
    Known(u8),
    Other(Cow<'a, str>),
}

impl Serialize for Signal {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() {
            return self.0.serialize(to);
        }
        let place = Self::KNOWN.iter().position(|known| self.is(known));
        match place.and_then(|place| u8::try_from(place).ok()) {
            Some(place) => Kept::Known(place).serialize(to),
            None => Kept::Other(Cow::Borrowed(&self.0)).serialize(to),
        }
    }
}

impl<'de> Deserialize<'de> for Signal {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if from.is_human_readable() {
            return Ok(Self::new(&Cow::<str>::deserialize(from)?));
        }
        match Kept::deserialize(from)? {
            Kept::Known(place) => Self::KNOWN
                .get(usize::from(place))
                .map(|known| Self(Cow::Borrowed(*known)))
                .ok_or_else(|| D::Error::custom("a signal that this program does not know by its number")),
            Kept::Other(code) => Ok(Self::new(&code)),
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A value in its signal's canonical unit: km, percent (0–100), kWh, litres, kPa, volts, watts, ampere,
/// km/h, minutes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Value {
    Number(Milli),
    Bool(bool),
    Text(String),
    Position(Position),
    /// Anything with parts (doors, tyres, limits): canonical JSON text, keys sorted, no blanks.
    Structure(String),
}

/// A number in thousandths. Three decimals are more than any car reports, and integers compare exactly.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Milli(pub i64);

#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{0} is not a number that a car can report")]
pub struct OutOfRange(pub f64);

impl Milli {
    /// Far beyond any car, far below what a double holds exactly in thousandths.
    const LIMIT: f64 = 1e12;

    /// The nearest thousandth.
    #[expect(clippy::cast_possible_truncation, reason = "the limit is far inside both types")]
    pub fn from_f64(number: f64) -> Result<Self, OutOfRange> {
        // NaN is in no range.
        if (-Self::LIMIT..=Self::LIMIT).contains(&number) {
            Ok(Self((number * 1000.0).round() as i64))
        } else {
            Err(OutOfRange(number))
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "the limit keeps it exact")]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / 1000.0
    }
}

impl fmt::Display for Milli {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, rest) = (self.0.unsigned_abs() / 1000, self.0.unsigned_abs() % 1000);
        if rest == 0 {
            write!(f, "{sign}{whole}")
        } else {
            write!(f, "{sign}{whole}.{}", format!("{rest:03}").trim_end_matches('0'))
        }
    }
}

/// A place on earth in millionths of a degree (about 11 cm).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    pub latitude_e6: i32,
    pub longitude_e6: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("latitude {latitude}, longitude {longitude} is no place on earth")]
pub struct NoPlace {
    latitude: f64,
    longitude: f64,
}

impl Position {
    #[expect(clippy::cast_possible_truncation, reason = "degrees are checked to be within their ranges")]
    pub fn from_degrees(latitude: f64, longitude: f64) -> Result<Self, NoPlace> {
        if (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude) {
            Ok(Self {
                latitude_e6: (latitude * 1e6).round() as i32,
                longitude_e6: (longitude * 1e6).round() as i32,
            })
        } else {
            Err(NoPlace { latitude, longitude })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousandths_print_as_people_write_them() {
        for (milli, text) in
            [(42_506_300, "42506.3"), (5, "0.005"), (-1_500, "-1.5"), (16_342_000, "16342"), (0, "0")]
        {
            assert_eq!(Milli(milli).to_string(), text);
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
            assert!(Milli::from_f64(number).is_err(), "{number}");
        }
        assert_eq!(Milli::from_f64(0.1 + 0.2).unwrap(), Milli(300));
    }

    #[test]
    fn a_code_is_lower_case_whatever_the_wire_says() {
        assert_eq!(Signal::new("Odometer-TraveledDistance").as_str(), Signal::ODOMETER);
        assert_eq!(Signal::new("New-Signal").as_str(), "new-signal");
    }

    #[test]
    fn a_place_beyond_the_poles_is_refused() {
        assert!(Position::from_degrees(90.1, 0.0).is_err());
        assert!(Position::from_degrees(0.0, f64::NAN).is_err());
        assert_eq!(
            Position::from_degrees(52.52, -13.405).unwrap(),
            Position { latitude_e6: 52_520_000, longitude_e6: -13_405_000 }
        );
    }
}
