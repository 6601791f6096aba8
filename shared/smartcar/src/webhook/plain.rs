//! The simple form that Carvetka's plan describes: `{"type":"odometer","vehicleId":…,"data":{"distance":…}}`.
//! Nobody but the plan defines it, so it is read with every spelling that its words allow.

use chrono::{DateTime, Utc};
use domain::reading::Signal;
use serde::Deserialize;

use super::v4::name;
use super::{Contents, Delivery, Undecodable};
use crate::envelope::is_plain_odometer;
use crate::lenient::Field;
use crate::moment::{self, Moment};
use crate::report::{Report, VehicleRef, Why};
use crate::signal::{self, Meant};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Outer<'a> {
    #[serde(borrow)]
    data: Field<'a, Said<'a>>,
}

/// What may stand in `data` as well as beside it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said<'a> {
    #[serde(borrow, rename = "vehicleId")]
    vehicle_id: Field<'a>,
    #[serde(borrow, rename = "vehicle_id")]
    vehicle_id_snake: Field<'a>,
    #[serde(borrow)]
    vehicle: Field<'a, Named<'a>>,
    #[serde(borrow, rename = "userId")]
    user_id: Field<'a>,
    #[serde(borrow, rename = "user_id")]
    user_id_snake: Field<'a>,
    #[serde(borrow)]
    user: Field<'a, Named<'a>>,
    #[serde(borrow)]
    distance: Field<'a, Amount<'a>>,
    #[serde(borrow)]
    odometer: Field<'a, Amount<'a>>,
    #[serde(borrow)]
    value: Field<'a, Amount<'a>>,
    #[serde(borrow)]
    unit: Field<'a>,
    #[serde(borrow)]
    timestamp: Field<'a>,
    #[serde(borrow, rename = "eventTime")]
    event_time: Field<'a>,
    #[serde(borrow)]
    time: Field<'a>,
    #[serde(borrow, rename = "recordedAt")]
    recorded_at: Field<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Named<'a> {
    #[serde(borrow)]
    id: Field<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Amount<'a> {
    #[serde(borrow)]
    distance: Field<'a>,
    #[serde(borrow)]
    value: Field<'a>,
    #[serde(borrow)]
    unit: Field<'a>,
}

/// Reads an odometer event. Without a unit the distance is in kilometres: metric is the default of the API
/// that the plan speaks of. Without a time the reading is of the moment at which we received it: the plan
/// promises an entry for each event.
pub(super) fn decode(
    json: &[u8],
    received_at: DateTime<Utc>,
    delivery: &mut Delivery,
) -> Result<(), Undecodable> {
    let top: Said<'_> = serde_json::from_slice(json)?;
    let outer: Outer<'_> = serde_json::from_slice(json)?;
    let nothing = Said::default();
    let places = [outer.data.object().unwrap_or(&nothing), &top];

    let is_odometer = is_plain_odometer(&delivery.event_type);
    delivery.contents = if is_odometer { Contents::State } else { Contents::Other };

    let Some(smartcar_vehicle_id) = places.iter().find_map(|said| vehicle_id(said)) else {
        return if is_odometer { Err(Undecodable::NoVehicle) } else { Ok(()) };
    };
    let smartcar_user_id = places.iter().find_map(|said| user_id(said));
    let vehicle = VehicleRef { smartcar_vehicle_id, smartcar_user_id, ..VehicleRef::default() };
    let mut report = Report { vehicle, ..Report::default() };
    if is_odometer {
        report.take(Signal::new(Signal::ODOMETER), distance(&places), moment_of(&places, received_at));
    }
    delivery.reports.push(report);
    Ok(())
}

fn vehicle_id(said: &Said<'_>) -> Option<String> {
    let nested = said.vehicle.object().and_then(|vehicle| name(&vehicle.id));
    name(&said.vehicle_id).or_else(|| name(&said.vehicle_id_snake)).or(nested).or_else(|| name(&said.vehicle))
}

fn user_id(said: &Said<'_>) -> Option<String> {
    let nested = said.user.object().and_then(|user| name(&user.id));
    name(&said.user_id).or_else(|| name(&said.user_id_snake)).or(nested)
}

fn distance(places: &[&Said<'_>; 2]) -> Result<Meant, Why> {
    let amount = places
        .iter()
        .flat_map(|said| [&said.distance, &said.odometer, &said.value])
        .find(|amount| !amount.is_absent())
        .ok_or(Why::NoValue)?;
    let outer_unit = places.iter().find_map(|said| signal::unit(&said.unit));
    match amount {
        Field::Object(amount) => {
            let number = if amount.distance.is_absent() { &amount.value } else { &amount.distance };
            signal::odometer(number, signal::unit(&amount.unit).or(outer_unit))
        }
        Field::Absent | Field::Bool(_) | Field::Integer(_) | Field::Float(_) | Field::Text(_) => {
            signal::odometer(amount, outer_unit)
        }
    }
}

fn moment_of(places: &[&Said<'_>; 2], received_at: DateTime<Utc>) -> Result<Option<Moment>, Why> {
    let written = places
        .iter()
        .flat_map(|said| [&said.timestamp, &said.event_time, &said.time, &said.recorded_at])
        .find_map(moment::instant);
    match written {
        Some(at) => moment::best(Some(at), None, received_at),
        None => Ok(Some(moment::delivered(received_at))),
    }
}
