//! A mistake with the readings around it, for whoever mends the rule.

use std::fmt::Write;

use chrono::TimeDelta;
use domain::book::Entry;
use domain::reading::{Signal, Value};

use super::life::Lived;
use super::pairing::Span;

pub const FUEL: [&str; 2] = [Signal::FUEL_LEVEL, Signal::ODOMETER];
pub const CHARGE: [&str; 6] = [
    Signal::STATE_OF_CHARGE,
    Signal::IS_CHARGING,
    Signal::CABLE_CONNECTED,
    Signal::CHARGING_STATUS,
    Signal::ENERGY_ADDED,
    Signal::ODOMETER,
];
pub const ROAD: [&str; 2] = [Signal::ODOMETER, Signal::LOCATION];
pub const EVERYTHING: [&str; 4] =
    [Signal::ODOMETER, Signal::LOCATION, Signal::FUEL_LEVEL, Signal::STATE_OF_CHARGE];

/// So long before and after.
const AROUND: TimeDelta = TimeDelta::hours(26);
const MOST: usize = 40;

/// The sessions around it: the true ones, and those of the book.
pub fn sessions(lived: &Lived, span: Span) -> String {
    let mut example = String::new();
    let is_near = |from, to| from <= span.to + AROUND && to >= span.from - AROUND;
    for session in &lived.truth.sessions {
        let until = session.unplugged_at.unwrap_or(session.ended_at);
        if is_near(session.plugged_at, until) {
            let wh = session.after_wh - session.before_wh;
            let (from, to) = (session.plugged_at.format(MOMENT), until.format(MOMENT));
            // Writing into a text cannot fail.
            let _ = write!(example, "\n    true: {from} to {to}, {wh} Wh");
        }
    }
    for entry in &lived.book {
        if let Entry::ChargingSession(session) = entry
            && is_near(session.start.after, session.end.map_or(session.start.by, |end| end.by))
        {
            let (after, by) = (session.start.after.format(MOMENT), session.start.by.format(MOMENT));
            let end =
                session.end.map(|end| format!("{}..{}", end.after.format(MOMENT), end.by.format(MOMENT)));
            let wh = session.energy.map(|energy| (energy.wh, energy.source));
            let levels = (session.start_level.map(|at| at.0 / 1000), session.end_level.map(|at| at.0 / 1000));
            let marks = &session.evidence.marks;
            let _ = write!(
                example,
                "\n    told: {after}..{by} to {end:?}, {levels:?} {wh:?} {:?} {marks:?}",
                session.state
            );
        }
    }
    example
}

const MOMENT: &str = "%m-%d %H:%M:%S";

pub fn of(kind: &str, lived: &Lived, span: Span, text: &str, signals: &[&str]) -> String {
    let mut example = format!(
        "{kind}: car {} {}, {} to {}: {text}",
        lived.number,
        lived.name,
        span.from.format("%F %T"),
        span.to.format("%F %T")
    );
    let near = lived.readings.iter().filter(|reading| {
        reading.at >= span.from - AROUND
            && reading.at <= span.to + AROUND
            && signals.iter().any(|signal| reading.signal.is(signal))
    });
    for reading in near.take(MOST) {
        let signal = reading.signal.as_str().rsplit('-').next().unwrap_or_default().to_owned();
        let value = match &reading.value {
            Value::Number(number) => number.to_string(),
            Value::Bool(truth) => truth.to_string(),
            Value::Text(text) | Value::Structure(text) => text.clone(),
            Value::Position(position) => format!("{} {}", position.latitude_e6, position.longitude_e6),
        };
        // Writing into a text cannot fail.
        let _ = write!(example, "\n    {} {signal} {value}", reading.at.format("%m-%d %H:%M:%S"));
    }
    example
}
