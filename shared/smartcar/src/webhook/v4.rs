//! The platform's present envelope: `VEHICLE_STATE` and `VEHICLE_ERROR`, on the wire and in the documentation,
//! which differ.

use chrono::{DateTime, Utc};
use domain::reading::Signal;
use serde_json::value::RawValue;

use super::errors;
use super::{Contents, Delivery, Undecodable};
use crate::lenient::{Field, List};
use crate::moment::{self, Moment};
use crate::redact;
use crate::report::{FailedSignal, Rejected, Report, VehicleRef, Why};
use crate::signal;

mod wire;

use wire::{Data, Envelope, Status, Trigger};
pub(super) use wire::{Times, WireSignal, WireVehicle};

/// No id and no code of the platform comes near; an index entry must not grow without end.
const NAME_LIMIT: usize = 128;

pub(super) fn decode(
    json: &[u8],
    received_at: DateTime<Utc>,
    delivery: &mut Delivery,
) -> Result<(), Undecodable> {
    let envelope: Envelope<'_> = serde_json::from_slice(json)?;
    let nothing = Data::default();
    let data = envelope.data.object().unwrap_or(&nothing);

    delivery.contents = match delivery.event_type.as_str() {
        "VEHICLE_STATE" => Contents::State,
        "VEHICLE_ERROR" => Contents::Errors,
        _ => Contents::Other,
    };
    delivery.first = envelope.triggers.values().chain(data.triggers.values()).any(is_first);

    let Some(vehicle) = vehicle(&envelope, data) else {
        return if delivery.contents == Contents::Other { Ok(()) } else { Err(Undecodable::NoVehicle) };
    };
    let mut report = Report { vehicle, ..Report::default() };
    match delivery.contents {
        Contents::State => read_signals(&data.signals, received_at, &mut report),
        Contents::Errors => {
            let at = delivered_at(&envelope, received_at);
            report.problems = data.errors.values().filter_map(|error| errors::problem(error, at)).collect();
        }
        Contents::Handshake | Contents::Other => {}
    }
    delivery.reports.push(report);
    Ok(())
}

fn is_first(trigger: &Field<'_, Trigger<'_>>) -> bool {
    let says = |field: &Field<'_>| field.text().is_some_and(|text| text == "FIRST_DELIVERY");
    match trigger {
        Field::Object(trigger) => says(&trigger.r#type) || says(&trigger.code),
        Field::Text(text) => text == "FIRST_DELIVERY",
        Field::Absent | Field::Bool(_) | Field::Integer(_) | Field::Float(_) => false,
    }
}

fn vehicle(envelope: &Envelope<'_>, data: &Data<'_>) -> Option<VehicleRef> {
    let nothing = WireVehicle::default();
    let wire = data.vehicle.object().unwrap_or(&nothing);
    Some(VehicleRef {
        smartcar_vehicle_id: name(&wire.id).or_else(|| name(&envelope.vehicle_id))?,
        smartcar_user_id: data.user.object().and_then(|user| name(&user.id)),
        make: name(&wire.make),
        model: name(&wire.model),
        year: wire.year.text().and_then(|year| year.parse().ok()),
        powertrain: name(&wire.powertrain_type),
    })
}

/// An id or a name of sensible length.
pub(super) fn name<T>(field: &Field<'_, T>) -> Option<String> {
    field.owned().filter(|name| name.len() <= NAME_LIMIT)
}

/// A retry is delivered later under the same id. Our own clock bounds it: a problem is never in the future.
fn delivered_at(envelope: &Envelope<'_>, received_at: DateTime<Utc>) -> DateTime<Utc> {
    let now = moment::delivered(received_at).at;
    let meta = envelope.meta.object();
    let written = meta.and_then(|meta| {
        moment::instant(&meta.delivered_at).or_else(|| moment::instant(&meta.delivery_time))
    });
    written.map_or(now, |at| at.min(now))
}

fn read_signals(
    signals: &List<'_, Field<'_, WireSignal<'_>>>,
    received_at: DateTime<Utc>,
    report: &mut Report,
) {
    for (key, wire) in &signals.0 {
        match wire {
            Field::Object(wire) => read_signal(key, wire, received_at, report),
            Field::Absent | Field::Bool(_) | Field::Integer(_) | Field::Float(_) | Field::Text(_) => {
                let signal = code(key, &Field::Absent, key).unwrap_or_else(|| Signal::new("unknown"));
                report.rejected.push(Rejected { signal, why: Why::Unreadable });
            }
        }
    }
}

/// Puts what one signal says into the report. `key` is its code where it has none itself.
pub(super) fn read_signal(
    key: &Field<'_>,
    wire: &WireSignal<'_>,
    received_at: DateTime<Utc>,
    report: &mut Report,
) {
    let written = if wire.code.is_absent() { key } else { &wire.code };
    let Some(signal) = code(written, &wire.group, &wire.name) else {
        report.rejected.push(Rejected { signal: Signal::new("unknown"), why: Why::NoCode });
        return;
    };
    // Nothing of a place comes in by another name: without consent all of its group stays out.
    let group = wire.group.text();
    if group.is_some_and(|group| redact::is_group_of_places(&group))
        && !redact::names_a_location(signal.as_str())
    {
        report.rejected.push(Rejected { signal, why: Why::OtherGroup });
        return;
    }
    // Status decides, not the body: an error may carry the last good value along.
    if let Some((kind, code)) = failure(&wire.status) {
        report.failed.push(FailedSignal { signal, kind, code });
        return;
    }
    let around = wire.value.filter(|_| wire.body.is_none()).and_then(|value| wrapped(value, wire.unit));
    let Some(body) = wire.body.or(around.as_deref()) else {
        report.rejected.push(Rejected { signal, why: Why::NoBody });
        return;
    };
    let moment = moment_of(&wire.meta, received_at);
    if signal.is(Signal::CHARGE_LIMITS)
        && let Some(limit) = signal::active_limit(body)
    {
        report.take(Signal::new(signal::ACTIVE_LIMIT), Ok(limit), moment.clone());
    }
    let meant = signal::meaning(&signal, body);
    report.take(signal, meant, moment);
}

/// `lower(group)-lower(name)`, which is what every code is made of, where the wire leaves the code out.
fn code(code: &Field<'_>, group: &Field<'_>, name: &Field<'_>) -> Option<Signal> {
    let text = match (code.text(), group.text(), name.text()) {
        (Some(code), _, _) => errors::code_of(&code),
        (None, Some(group), Some(name)) => Signal::new(&format!("{group}-{name}")),
        (None, _, _) => return None,
    };
    (text.as_str().len() <= NAME_LIMIT).then_some(text)
}

/// The `type` and `code` of a failure. No status at all is a success: deliveries of 2025 have none.
fn failure(status: &Field<'_, Status<'_>>) -> Option<(String, Option<String>)> {
    let (value, fault) = match status {
        Field::Object(status) => (status.value.text(), status.error.object()),
        plain => (plain.text(), None),
    };
    match (&value, fault) {
        (Some(value), _) if value.eq_ignore_ascii_case("SUCCESS") => None,
        (None, None) => None,
        (value, fault) => {
            let kind = fault.and_then(|fault| name(&fault.r#type));
            let kind = kind.or_else(|| value.as_deref().map(str::to_owned));
            Some((kind.unwrap_or_else(|| "UNKNOWN".to_owned()), fault.and_then(|fault| name(&fault.code))))
        }
    }
}

fn moment_of(meta: &Field<'_, Times<'_>>, received_at: DateTime<Utc>) -> Result<Option<Moment>, Why> {
    let Some(times) = meta.object() else {
        return Ok(None);
    };
    let oem = moment::instant(&times.oem);
    let fetched = moment::instant(&times.retrieved).or_else(|| moment::instant(&times.fetched));
    moment::best(oem, fetched, received_at)
}

fn wrapped(value: &RawValue, unit: Option<&RawValue>) -> Option<Box<RawValue>> {
    let unit = unit.map_or("null", RawValue::get);
    RawValue::from_string(format!(r#"{{"value":{},"unit":{unit}}}"#, value.get())).ok()
}
