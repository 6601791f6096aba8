//! What the platform answered when we asked it: `{"poll":"v2"|"v3","user":…,"vehicle":…,"answer":[…]}`, an envelope of
//! our own around its words. They become the same report that a webhook's become.

use chrono::{DateTime, Utc};
use domain::reading::Signal;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::v4::{Times, WireSignal, WireVehicle, name, read_signal};
use super::{Contents, Delivery, Undecodable};
use crate::batch::{self, Answer};
use crate::lenient::{Field, List};
use crate::report::{Rejected, Report, VehicleRef, Why};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Envelope<'a> {
    #[serde(borrow)]
    user: Field<'a>,
    #[serde(borrow)]
    vehicle: Field<'a>,
    /// What the calls of one poll were answered with; usually it is one call.
    #[serde(borrow)]
    answer: Option<&'a RawValue>,
}

/// Either API's answer. No field of the one is in the other.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Told<'a> {
    /// v2: one for each path.
    #[serde(borrow)]
    responses: List<'a, Field<'a, Answer<'a>>>,
    /// v3: a list of signals, or one.
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    included: Field<'a, Included<'a>>,
}

/// A signal of v3: what a webhook has in one object is in two.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Resource<'a> {
    #[serde(borrow)]
    id: Field<'a>,
    #[serde(borrow)]
    attributes: Field<'a, WireSignal<'a>>,
    #[serde(borrow)]
    meta: Field<'a, Times<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Included<'a> {
    #[serde(borrow)]
    vehicle: Field<'a, Described<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Described<'a> {
    #[serde(borrow)]
    attributes: Field<'a, WireVehicle<'a>>,
}

pub(super) fn decode(
    json: &[u8],
    received_at: DateTime<Utc>,
    delivery: &mut Delivery,
) -> Result<(), Undecodable> {
    let envelope: Envelope<'_> = serde_json::from_slice(json)?;
    delivery.contents = Contents::State;

    // Who was asked about is in the envelope; the answers need not say so.
    let smartcar_vehicle_id = name(&envelope.vehicle).ok_or(Undecodable::NoVehicle)?;
    let smartcar_user_id = name(&envelope.user);
    let vehicle = VehicleRef { smartcar_vehicle_id, smartcar_user_id, ..VehicleRef::default() };
    let mut report = Report { vehicle, ..Report::default() };
    for answer in one_or_many(envelope.answer) {
        read(answer, received_at, &mut report)?;
    }
    delivery.reports.push(report);
    Ok(())
}

fn read(answer: &RawValue, received_at: DateTime<Utc>, report: &mut Report) -> Result<(), Undecodable> {
    let Field::Object(told) = serde_json::from_str::<Field<'_, Told<'_>>>(answer.get())? else {
        return Ok(());
    };
    for path in told.responses.values().filter_map(Field::object) {
        batch::read(path, received_at, report);
    }
    describe(&told.included, &mut report.vehicle);
    match told.data {
        Some(_) => one_or_many(told.data).into_iter().for_each(|row| read_row(row, received_at, report)),
        // Early descriptions of v3 have one signal without `data` around it.
        None if told.responses.0.is_empty() => {
            if let Some(resource) = resource(answer) {
                take(resource, received_at, report);
            }
        }
        None => {}
    }
    Ok(())
}

fn read_row(row: &RawValue, received_at: DateTime<Utc>, report: &mut Report) {
    match resource(row) {
        Some(resource) => take(resource, received_at, report),
        None => {
            report.rejected.push(Rejected { signal: Signal::new("unknown"), why: Why::Unreadable });
        }
    }
}

/// A row that can be read; one that cannot never takes its neighbours with it.
fn resource(row: &RawValue) -> Option<Resource<'_>> {
    let Field::Object(resource) = serde_json::from_str::<Field<'_, Resource<'_>>>(row.get()).ok()? else {
        return None;
    };
    resource.attributes.object().is_some().then_some(resource)
}

fn take(resource: Resource<'_>, received_at: DateTime<Utc>, report: &mut Report) {
    if let Field::Object(mut signal) = resource.attributes {
        signal.meta = resource.meta;
        read_signal(&resource.id, &signal, received_at, report);
    }
}

fn describe(included: &Field<'_, Included<'_>>, vehicle: &mut VehicleRef) {
    let described = included.object().and_then(|included| included.vehicle.object());
    if let Some(wire) = described.and_then(|described| described.attributes.object()) {
        vehicle.make = name(&wire.make);
        vehicle.model = name(&wire.model);
        vehicle.year = wire.year.text().and_then(|year| year.parse().ok());
        vehicle.powertrain = name(&wire.powertrain_type);
    }
}

/// The elements of a list, or the one thing that stands in its place.
fn one_or_many(raw: Option<&RawValue>) -> Vec<&RawValue> {
    match raw {
        Some(list) if list.get().starts_with('[') => {
            serde_json::from_str(list.get()).unwrap_or_else(|_| vec![list])
        }
        Some(one) => vec![one],
        None => Vec::new(),
    }
}
