//! The answers of the old API's batch endpoint, one a path, as they come in its webhooks and polls. They become
//! the same signals that the present API has.

use chrono::{DateTime, Utc};
use domain::reading::{Signal, Value};
use serde_json::value::RawValue;

use crate::canonical;
use crate::lenient::{Field, List};
use crate::moment::{self, Moment};
use crate::quantity::{self, Quantity};
use crate::report::{FailedSignal, Report, Why};
use crate::signal::{self, Meant, exactly};
use crate::tires::{self, Wheel};

mod wire;

pub(crate) use wire::Answer;
use wire::{Body, Fault, Headers};

/// The units of one answer.
#[derive(Debug, Clone, Copy)]
struct Units {
    distance: &'static str,
    volume: &'static str,
    pressure: &'static str,
}

const METRIC: Units = Units { distance: "km", volume: "l", pressure: "kPa" };
const IMPERIAL: Units = Units { distance: "mi", volume: "gal", pressure: "psi" };

/// Puts what one answer says into the report.
pub(crate) fn read(answer: &Answer<'_>, received_at: DateTime<Utc>, report: &mut Report) {
    let path = canonical_path(&answer.path.text().unwrap_or_default());
    if is_failure(answer) {
        let (kind, code) = fault(answer);
        report.failed.extend(signals_of(&path).into_iter().map(|signal| FailedSignal {
            signal,
            kind: kind.clone(),
            code: code.clone(),
        }));
        return;
    }

    let nothing = Headers::default();
    let headers = answer.headers.object().unwrap_or(&nothing);
    let imperial = headers.unit_system.text().is_some_and(|system| system.eq_ignore_ascii_case("imperial"));
    let units = if imperial { IMPERIAL } else { METRIC };
    let moment =
        moment::best(moment::instant(&headers.data_age), moment::instant(&headers.fetched_at), received_at);
    take(&path, answer.body, units, &moment, report);
}

fn take(
    path: &str,
    raw: Option<&RawValue>,
    units: Units,
    moment: &Result<Option<Moment>, Why>,
    report: &mut Report,
) {
    let body = raw.map_or(Ok(Field::Absent), |raw| serde_json::from_str::<Field<'_, Body<'_>>>(raw.get()));
    let nothing = Body::default();
    let body = body.as_ref().ok().and_then(Field::object).unwrap_or(&nothing);

    let said = said(path, raw, body, units);
    // Fields are nullable one by one: an electric car has no litres. Only an answer without any value is odd.
    let silent = said.iter().all(|(_, meant)| *meant == Err(Why::NoValue));
    let heard = said
        .into_iter()
        .enumerate()
        .filter(|(place, (_, meant))| if silent { *place == 0 } else { *meant != Err(Why::NoValue) });
    for (_, (signal, meant)) in heard {
        report.take(signal, meant, moment.clone());
    }
}

/// What each path says, as today's signals. The list of signals does not depend on the body.
fn said(
    path: &str,
    raw: Option<&RawValue>,
    body: &Body<'_>,
    units: Units,
) -> Vec<(Signal, Result<Meant, Why>)> {
    let distance = Some(units.distance);
    let range = || signal::number(Quantity::Kilometres, &body.range, distance);
    let whole = |code| (code, raw.map_or(Err(Why::NoBody), |raw| signal::meaning(&Signal::new(code), raw)));
    let said = match path {
        "/odometer" => vec![(Signal::ODOMETER, signal::odometer(&body.distance, distance))],
        "/fuel" => vec![
            (Signal::FUEL_LEVEL, fraction(&body.percent_remaining)),
            (
                Signal::FUEL_AMOUNT,
                signal::number(Quantity::Litres, &body.amount_remaining, Some(units.volume)),
            ),
            (Signal::FUEL_RANGE, range()),
        ],
        "/battery" => {
            vec![
                (Signal::STATE_OF_CHARGE, fraction(&body.percent_remaining)),
                (Signal::BATTERY_RANGE, range()),
            ]
        }
        "/battery/capacity" | "/battery/nominal_capacity" => vec![whole(Signal::BATTERY_CAPACITY)],
        "/charge" => vec![
            (Signal::IS_CHARGING, is_charging(&body.state)),
            (Signal::CHARGING_STATUS, signal::word(&body.state)),
            (Signal::CABLE_CONNECTED, signal::flag(&body.is_plugged_in)),
        ],
        "/charge/limit" => vec![(signal::ACTIVE_LIMIT, fraction(&body.limit))],
        "/location" => {
            let place = || signal::position(body.latitude.number(), body.longitude.number());
            vec![(Signal::LOCATION, signal::private_zone(&body.zone).map_or_else(place, Ok))]
        }
        "/engine/oil" => vec![(Signal::OIL_LIFE, fraction(&body.life_remaining))],
        "/tires/pressure" => vec![(Signal::TIRES, pressures(body, units))],
        "/security" => vec![(Signal::IS_LOCKED, signal::flag(&body.is_locked))],
        "/vin" => vec![(Signal::VIN, signal::word(&body.vin))],
        "/diagnostics/dtcs" => vec![("diagnostics-dtclist", trouble_codes(&body.active_codes))],
        unknown => return vec![(code_of_path(unknown), structure(raw))],
    };
    said.into_iter().map(|(code, meant)| (Signal::new(code), meant)).collect()
}

/// A path that we do not know keeps its body under a code of its own.
fn code_of_path(path: &str) -> Signal {
    let words: Vec<&str> = path.split('/').filter(|word| !word.is_empty()).collect();
    let code = format!("v2-{}", words.join("-"));
    Signal::new(if code.len() > 64 { "v2-unknown" } else { &code })
}

fn structure(raw: Option<&RawValue>) -> Result<Meant, Why> {
    let value = canonical::read(raw.ok_or(Why::NoBody)?.get())?;
    canonical::write(&value).map(|text| exactly(Value::Structure(text)))
}

/// 0–1 on the wire, 0–100 with us.
fn fraction(value: &Field<'_>) -> Result<Meant, Why> {
    if value.is_absent() {
        return Err(Why::NoValue);
    }
    let canonical = quantity::percent_of_fraction(value.number().ok_or(Why::WrongKind)?)?;
    Ok(Meant { value: Value::Number(canonical.number), original: canonical.original })
}

fn is_charging(state: &Field<'_>) -> Result<Meant, Why> {
    match state.text().ok_or(Why::NoValue)?.as_ref() {
        "CHARGING" => Ok(exactly(Value::Bool(true))),
        "NOT_CHARGING" | "FULLY_CHARGED" => Ok(exactly(Value::Bool(false))),
        _ => Err(Why::WrongKind),
    }
}

fn pressures(body: &Body<'_>, units: Units) -> Result<Meant, Why> {
    let wheels = [
        (0, 0, &body.front_left),
        (0, 1, &body.front_right),
        (1, 0, &body.back_left),
        (1, 1, &body.back_right),
    ];
    let wheels = wheels.into_iter().filter(|(_, _, pressure)| !pressure.is_absent());
    let pressures = wheels.map(|(row, column, pressure)| Wheel {
        row,
        column,
        kilopascals: signal::number(Quantity::Kilopascals, pressure, Some(units.pressure)),
    });
    tires::structure(pressures.collect())
}

/// In the form of today's signal. No codes at all is a statement too.
fn trouble_codes(codes: &List<'_, &RawValue>) -> Result<Meant, Why> {
    let codes: Vec<&str> = codes.values().map(|code| code.get()).collect();
    let value = canonical::read(&format!(r#"{{"values":[{}]}}"#, codes.join(",")))?;
    canonical::write(&value).map(|text| exactly(Value::Structure(text)))
}

/// A path without its query, as [`signals_of`] knows it.
pub(crate) fn canonical_path(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    path.to_ascii_lowercase()
}

fn is_failure(answer: &Answer<'_>) -> bool {
    answer.code.number().is_some_and(|status| !(200.0..300.0).contains(&status))
}

/// The error's `type` and `code`; version 1 has words in their place.
fn fault(answer: &Answer<'_>) -> (String, Option<String>) {
    let fault = answer.body.and_then(|raw| serde_json::from_str::<Field<'_, Fault<'_>>>(raw.get()).ok());
    let status =
        || answer.code.text().map_or_else(|| "UNKNOWN".to_owned(), |status| format!("HTTP_{status}"));
    match fault.as_ref().and_then(Field::object) {
        Some(fault) => {
            let kind =
                fault.r#type.owned().or_else(|| fault.error.text().map(|word| word.to_ascii_uppercase()));
            (kind.unwrap_or_else(status), fault.code.owned())
        }
        None => (status(), None),
    }
}

/// The signals that a path would have told.
pub(crate) fn signals_of(path: &str) -> Vec<Signal> {
    said(path, None, &Body::default(), METRIC).into_iter().map(|(signal, _)| signal).collect()
}
