//! The platform's old envelope, version 2.0: answers of the batch endpoint in a webhook, and the three charging
//! events of its time. It names no user, and its percentages are fractions.

use chrono::{DateTime, Utc};
use domain::reading::{Signal, Value};
use serde::Deserialize;

use super::v4::name;
use super::{Contents, Delivery, Undecodable};
use crate::batch::{self, Answer};
use crate::lenient::{Field, List};
use crate::moment;
use crate::report::{Report, VehicleRef};
use crate::signal::exactly;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Envelope<'a> {
    #[serde(borrow)]
    payload: Field<'a, Part<'a>>,
}

/// One vehicle's part. By the documentation `eventBased` has it as the payload itself; by the vendor's sample
/// code, and for scheduled deliveries, the payload is a list of them.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Part<'a> {
    #[serde(borrow)]
    vehicle_id: Field<'a>,
    #[serde(borrow)]
    event_type: Field<'a>,
    #[serde(borrow)]
    event_time: Field<'a>,
    #[serde(borrow)]
    data: List<'a, Field<'a, Answer<'a>>>,
    #[serde(borrow)]
    vehicles: List<'a, Field<'a, Part<'a>>>,
}

pub(super) fn decode(
    json: &[u8],
    received_at: DateTime<Utc>,
    delivery: &mut Delivery,
) -> Result<(), Undecodable> {
    let envelope: Envelope<'_> = serde_json::from_slice(json)?;
    let known = ["schedule", "scheduled", "dynamic", "eventBased"];
    delivery.contents =
        if known.contains(&delivery.event_type.as_str()) { Contents::State } else { Contents::Other };

    if let Some(payload) = envelope.payload.object() {
        let vehicles = payload.vehicles.values().filter_map(Field::object);
        let reports = std::iter::once(payload).chain(vehicles).filter_map(|part| report(part, received_at));
        delivery.reports.extend(reports);
    }
    if delivery.contents == Contents::State && delivery.reports.is_empty() {
        return Err(Undecodable::NoVehicle);
    }
    Ok(())
}

fn report(part: &Part<'_>, received_at: DateTime<Utc>) -> Option<Report> {
    let smartcar_vehicle_id = name(&part.vehicle_id)?;
    let vehicle = VehicleRef { smartcar_vehicle_id, ..VehicleRef::default() };
    let mut report = Report { vehicle, ..Report::default() };
    charging_event(part, received_at, &mut report);
    for answer in part.data.values().filter_map(Field::object) {
        batch::read(answer, received_at, &mut report);
    }
    Some(report)
}

/// An event is what the signals of today say at its moment.
fn charging_event(part: &Part<'_>, received_at: DateTime<Utc>, report: &mut Report) {
    let (is_charging, status) = match part.event_type.text().as_deref() {
        Some("CHARGING_STARTED") => (true, "CHARGING"),
        Some("CHARGING_STOPPED") => (false, "NOT_CHARGING"),
        Some("CHARGING_COMPLETED") => (false, "FULLY_CHARGED"),
        Some(_) | None => return,
    };
    let moment = moment::best(moment::instant(&part.event_time), None, received_at);
    let values = [
        (Signal::IS_CHARGING, Value::Bool(is_charging)),
        (Signal::CHARGING_STATUS, Value::Text(status.to_owned())),
    ];
    for (code, value) in values {
        report.take(Signal::new(code), Ok(exactly(value)), moment.clone());
    }
}
