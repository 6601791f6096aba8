//! What each signal's body means: its kind of value, its unit, and what its vendor got wrong.

use domain::motion::PRIVATE_PREFIX;
use domain::reading::{Milli, Position, Signal, Value};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::canonical;
use crate::lenient::Field;
use crate::quantity::Quantity;
use crate::report::Why;
use crate::tires;

/// A longer text is no value of a car, and no index entry either.
const TEXT_LIMIT: usize = 1000;
/// Our own ids are shorter.
const ZONE_LIMIT: usize = 64;

/// The limit at which charging stops. The wire has it as a part of the charge limits; as a number of its own
/// it can be compared.
pub(crate) const ACTIVE_LIMIT: &str = "charge-activelimit";

/// A value and, where they differ, the wire's own words for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Meant {
    pub value: Value,
    pub original: Option<String>,
}

/// What kind of value a signal has.
enum Kind {
    Number(Quantity),
    /// A distance that only a new car may call zero, and it will not for long.
    Odometer,
    Capacity,
    Flag,
    Word,
    Place,
    Tires,
    /// Everything that no rule reads: whatever comes is kept as it is.
    Open,
}

fn kind(code: &str) -> Kind {
    use Quantity::{
        Amperes, Kilometres, KilometresPerHour, KilowattHours, Litres, Minutes, Percent, Volts, Watts,
    };
    match code {
        Signal::ODOMETER => Kind::Odometer,
        Signal::FUEL_RANGE | Signal::BATTERY_RANGE => Kind::Number(Kilometres),
        Signal::FUEL_LEVEL
        | Signal::OIL_LIFE
        | Signal::STATE_OF_CHARGE
        | Signal::LOW_VOLTAGE_CHARGE
        | ACTIVE_LIMIT => Kind::Number(Percent),
        Signal::FUEL_AMOUNT => Kind::Number(Litres),
        Signal::ENERGY_ADDED => Kind::Number(KilowattHours),
        Signal::TIME_TO_COMPLETE => Kind::Number(Minutes),
        Signal::VOLTAGE => Kind::Number(Volts),
        Signal::WATTAGE => Kind::Number(Watts),
        Signal::AMPERAGE | "charge-amperagemax" | "charge-amperagerequested" => Kind::Number(Amperes),
        Signal::CHARGE_RATE | "motion-currentspeed" => Kind::Number(KilometresPerHour),
        Signal::BATTERY_CAPACITY => Kind::Capacity,
        Signal::IS_CHARGING | Signal::CABLE_CONNECTED | Signal::IS_LOCKED | Signal::IS_ONLINE => Kind::Flag,
        Signal::CHARGING_STATUS | Signal::LOW_VOLTAGE_STATUS | Signal::VIN => Kind::Word,
        Signal::LOCATION => Kind::Place,
        Signal::TIRES => Kind::Tires,
        _ => Kind::Open,
    }
}

/// Every field of a body that any kind of signal reads.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Body<'a> {
    #[serde(borrow)]
    value: Field<'a>,
    #[serde(borrow)]
    unit: Field<'a>,
    #[serde(borrow)]
    capacity: Field<'a, NestedCapacity<'a>>,
    #[serde(borrow)]
    latitude: Field<'a>,
    #[serde(borrow)]
    longitude: Field<'a>,
    /// In the place of a position, in what we stored ourselves.
    #[serde(borrow)]
    zone: Field<'a>,
    #[serde(borrow)]
    active_limit: Field<'a>,
    /// A list on the wire; in the dashboard's test deliveries an object that holds the limit.
    #[serde(borrow)]
    values: Field<'a, NestedLimit<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct NestedLimit<'a> {
    #[serde(borrow)]
    active_limit: Field<'a>,
}

/// The old API's form of a capacity.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct NestedCapacity<'a> {
    #[serde(borrow)]
    nominal: Field<'a>,
}

/// Understands a signal's body.
pub(crate) fn meaning(code: &Signal, raw: &RawValue) -> Result<Meant, Why> {
    let body = read(raw)?;
    let unit = unit(&body.unit);
    match kind(code.as_str()) {
        Kind::Number(quantity) => number(quantity, &body.value, unit),
        Kind::Odometer => odometer(&body.value, unit),
        Kind::Capacity => capacity(&body, unit),
        Kind::Flag => flag(&body.value),
        Kind::Word => word(&body.value),
        Kind::Place => place(&body),
        Kind::Tires => tires::meaning(raw),
        Kind::Open => open(raw, &body.value, unit),
    }
}

/// The limit inside a body of charge limits, as a number of its own. `None` if the car sets none.
pub(crate) fn active_limit(raw: &RawValue) -> Option<Meant> {
    let body = read(raw).ok()?;
    let nested = body.values.object().map(|nested| &nested.active_limit);
    let limit = [Some(&body.active_limit), nested, Some(&body.value)];
    let limit = limit.into_iter().flatten().find(|limit| !limit.is_absent())?;
    number(Quantity::Percent, limit, unit(&body.unit)).ok()
}

/// A distance on the odometer, in whatever unit. Zero, negative and absent numbers are no reading: a wrong
/// entry is worse than none.
pub(crate) fn odometer<T>(value: &Field<'_, T>, unit: Option<&str>) -> Result<Meant, Why> {
    let meant = number(Quantity::Kilometres, value, unit)?;
    if meant.value == Value::Number(Milli(0)) { Err(Why::Zero) } else { Ok(meant) }
}

/// A number of a known quantity.
pub(crate) fn number<T>(quantity: Quantity, value: &Field<'_, T>, unit: Option<&str>) -> Result<Meant, Why> {
    if value.is_absent() {
        return Err(Why::NoValue);
    }
    let canonical = quantity.canonical(value.number().ok_or(Why::WrongKind)?, unit)?;
    Ok(Meant { value: Value::Number(canonical.number), original: canonical.original })
}

/// A place in degrees. Exactly zero and zero is where devices are that do not know where they are.
pub(crate) fn position(latitude: Option<f64>, longitude: Option<f64>) -> Result<Meant, Why> {
    let (latitude, longitude) = latitude.zip(longitude).ok_or(Why::NoValue)?;
    let position = Position::from_degrees(latitude, longitude).map_err(|_| Why::NoPlace)?;
    if position == (Position { latitude_e6: 0, longitude_e6: 0 }) {
        return Err(Why::Sentinel);
    }
    Ok(exactly(Value::Position(position)))
}

/// The private zone in which a place lies, as it is stored in the place's stead.
pub(crate) fn private_zone<T>(zone: &Field<'_, T>) -> Option<Meant> {
    let zone = zone.text().filter(|zone| zone.len() <= ZONE_LIMIT)?;
    Some(exactly(Value::Text(format!("{PRIVATE_PREFIX}{zone}"))))
}

/// A unit as the wire writes it; blanks only are none.
pub(crate) fn unit<'f>(field: &'f Field<'_>) -> Option<&'f str> {
    match field {
        Field::Text(unit) => Some(unit.trim()).filter(|unit| !unit.is_empty()),
        Field::Absent | Field::Bool(_) | Field::Integer(_) | Field::Float(_) | Field::Object(_) => None,
    }
}

pub(crate) fn exactly(value: Value) -> Meant {
    Meant { value, original: None }
}

/// A body is an object; a bare value counts as its `value`.
fn read(raw: &RawValue) -> Result<Body<'_>, Why> {
    match serde_json::from_str::<Field<'_, Body<'_>>>(raw.get()).map_err(|_| Why::Unreadable)? {
        Field::Object(body) => Ok(body),
        Field::Absent => Ok(Body::default()),
        Field::Bool(value) => Ok(Body { value: Field::Bool(value), ..Body::default() }),
        Field::Integer(value) => Ok(Body { value: Field::Integer(value), ..Body::default() }),
        Field::Float(value) => Ok(Body { value: Field::Float(value), ..Body::default() }),
        Field::Text(value) => Ok(Body { value: Field::Text(value), ..Body::default() }),
    }
}

fn capacity(body: &Body<'_>, unit: Option<&str>) -> Result<Meant, Why> {
    let meant = match &body.capacity {
        Field::Object(nested) => number(Quantity::KilowattHours, &nested.nominal, unit),
        Field::Absent => number(Quantity::KilowattHours, &body.value, unit),
        Field::Bool(_) | Field::Integer(_) | Field::Float(_) | Field::Text(_) => {
            number(Quantity::KilowattHours, &body.capacity, unit)
        }
    }?;
    if meant.value == Value::Number(Milli(0)) { Err(Why::Zero) } else { Ok(meant) }
}

pub(crate) fn flag(value: &Field<'_>) -> Result<Meant, Why> {
    match value {
        Field::Bool(flag) => Ok(exactly(Value::Bool(*flag))),
        Field::Text(text) if text.eq_ignore_ascii_case("true") => Ok(exactly(Value::Bool(true))),
        Field::Text(text) if text.eq_ignore_ascii_case("false") => Ok(exactly(Value::Bool(false))),
        Field::Absent => Err(Why::NoValue),
        Field::Text(_) | Field::Integer(_) | Field::Float(_) | Field::Object(_) => Err(Why::WrongKind),
    }
}

/// A word out of a closed set: the case differs between the documentation and the wire.
pub(crate) fn word(value: &Field<'_>) -> Result<Meant, Why> {
    Ok(exactly(Value::Text(text(value)?.trim().to_ascii_uppercase())))
}

fn text(value: &Field<'_>) -> Result<String, Why> {
    let text = value.owned().ok_or(Why::NoValue)?;
    if text.len() > TEXT_LIMIT { Err(Why::TooLong) } else { Ok(text) }
}

fn place(body: &Body<'_>) -> Result<Meant, Why> {
    if let Some(zone) = private_zone(&body.zone) {
        return Ok(zone);
    }
    position(body.latitude.number(), body.longitude.number())
}

/// A signal that no rule reads. A plain value keeps its kind; everything else is kept as structure.
fn open(raw: &RawValue, value: &Field<'_>, unit: Option<&str>) -> Result<Meant, Why> {
    let plain = match (value, unit) {
        (Field::Bool(flag), None) => Some(exactly(Value::Bool(*flag))),
        (Field::Text(_), None) => Some(exactly(Value::Text(text(value)?))),
        (Field::Integer(_) | Field::Float(_), None) => {
            value.number().and_then(|number| Milli::from_f64(number).ok()).map(|n| exactly(Value::Number(n)))
        }
        (Field::Integer(_) | Field::Float(_), Some(unit)) => {
            Quantity::of_unit(unit).and_then(|quantity| number(quantity, value, Some(unit)).ok())
        }
        (Field::Absent | Field::Object(_), _) | (Field::Bool(_) | Field::Text(_), Some(_)) => None,
    };
    match plain {
        Some(plain) => Ok(plain),
        None => Ok(exactly(Value::Structure(canonical::write(&canonical::read(raw.get())?)?))),
    }
}
