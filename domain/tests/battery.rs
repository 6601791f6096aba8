//! Stories of the battery: what sessions told, and what is said of its health.

#![expect(clippy::unwrap_used, reason = "a story that cannot be read is a failed test")]

use std::fmt::Write;

use chrono::{DateTime, TimeDelta, Utc};
use domain::alert::Alarm;
use domain::book::Entry;
use domain::fold::Sighting;
use domain::reading::{Milli, Reading, Signal, TimeQuality, Value};
use domain::setup::{Chemistry, Setup};
use domain::timeline::{Settled, advance};

/// A session: on which day it came, from and to which percentage, what the counter counted, and how warm it was.
type Session = (i64, f64, f64, f64, Option<f64>);

/// Estimates and alerts, oldest first: `<month> <usable> ± <kWh>[, <health> %][, <trend> %/year] of <sessions>`.
fn check(setup: &Setup, sessions: &[Session], expected: &str) {
    let expected: Vec<&str> = expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(told(setup, sessions), expected, "\n{sessions:?}");
}

fn told(setup: &Setup, sessions: &[Session]) -> Vec<String> {
    let sightings = sessions.iter().flat_map(|session| said(*session));
    let outcome = advance(Settled::default(), sightings, [], setup);
    let mut told: Vec<(DateTime<Utc>, String)> = outcome.book.entries().filter_map(tell).collect();
    told.sort();
    told.into_iter().map(|(_, told)| told).collect()
}

/// Plugged in at six in the evening, unplugged five hours later; driven by day.
fn said((day, from, to, kwh, celsius): Session) -> Vec<Sighting> {
    let number = |number: f64| Value::Number(Milli::from_f64(number).unwrap());
    #[expect(clippy::cast_precision_loss, reason = "a few hundred days")]
    let km = number(10_000.0 + day as f64 * 20.0);
    let mut said = vec![
        (1079, Signal::IS_CHARGING, Value::Bool(false)),
        (1080, Signal::ODOMETER, km.clone()),
        (1080, Signal::IS_CHARGING, Value::Bool(true)),
        (1080, Signal::ENERGY_ADDED, number(0.0)),
        (1080, Signal::STATE_OF_CHARGE, number(from)),
        (1380, Signal::ENERGY_ADDED, number(kwh)),
        (1380, Signal::STATE_OF_CHARGE, number(to)),
        (1380, Signal::IS_CHARGING, Value::Bool(false)),
        (1430, Signal::ODOMETER, km),
        (1430, Signal::CABLE_CONNECTED, Value::Bool(false)),
    ];
    said.extend(celsius.map(|celsius| (1200, Signal::OUTSIDE_TEMPERATURE, number(celsius))));
    let sighting = |(minute, signal, value): (i64, &str, Value)| {
        let at = "2025-01-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap()
            + TimeDelta::days(day)
            + TimeDelta::minutes(minute);
        let reading =
            Reading { at, signal: Signal::new(signal), value, quality: TimeQuality::Oem, original: None };
        Sighting { reading, by_hand: false }
    };
    said.into_iter().map(sighting).collect()
}

fn tell(entry: &Entry) -> Option<(DateTime<Utc>, String)> {
    match entry {
        Entry::BatteryEstimate(estimate) => {
            let mut text =
                format!("{} {} ± {}", estimate.month.format("%Y-%m"), estimate.usable, estimate.plus_minus);
            if let Some(health) = estimate.health {
                write!(text, ", {health} %").unwrap();
            }
            if let Some(trend) = estimate.trend {
                write!(text, ", {trend} %/year").unwrap();
            }
            write!(text, " of {}", estimate.sessions).unwrap();
            Some((estimate.month, text))
        }
        Entry::Alert(alert) => match alert.what {
            Alarm::BatteryWeak { health } => Some((alert.at, format!("weak: {health} %"))),
            _ => None,
        },
        _ => None,
    }
}

/// So many sessions of 60 points each, so many days apart, of a battery that holds this at first and then loses so much a day.
fn sessions(count: i32, apart: i64, kwh: f64, loss_a_day: f64) -> Vec<Session> {
    let session = |number: i32| {
        let day = i64::from(number) * apart;
        let holds = kwh - loss_a_day * f64::from(number) * f64::from(i32::try_from(apart).unwrap());
        (day, 20.0, 80.0, holds * 0.6, None)
    };
    (0..count).map(session).collect()
}

#[test]
fn nothing_is_said_before_five_sessions() {
    check(&Setup::default(), &sessions(4, 3, 60.0, 0.0), "");
    check(&Setup::default(), &sessions(5, 3, 60.0, 0.0), "2025-01 60 ± 0.448 of 5");
}

#[test]
fn ten_sessions_make_the_reference_that_never_changes() {
    check(
        &Setup::default(),
        &[sessions(10, 3, 60.0, 0.0), vec![(40, 20.0, 80.0, 33.0, None), (43, 20.0, 80.0, 33.0, None)]]
            .concat(),
        "2025-01 60 ± 0.317, 100 % of 10
         2025-02 60 ± 0.448, 100 % of 5",
    );
}

#[test]
fn who_knows_what_it_held_when_new_says_so() {
    let setup = Setup { battery_usable: Some(Milli(64_000)), ..Setup::default() };
    check(&setup, &sessions(5, 3, 60.0, 0.0), "2025-01 60 ± 0.448, 93.75 % of 5");
}

#[test]
fn sessions_that_cannot_tell_do_not_count() {
    let good = sessions(4, 3, 60.0, 0.0);
    let with = |session: Session| told(&Setup::default(), &[good.clone(), vec![session]].concat()).len();
    assert_eq!(with((20, 20.0, 80.0, 36.0, Some(20.0))), 1);
    assert_eq!(with((20, 50.0, 79.0, 17.4, None)), 0, "too small");
    assert_eq!(with((20, 9.0, 80.0, 42.6, None)), 0, "from too low");
    assert_eq!(with((20, 40.0, 96.0, 33.6, None)), 0, "too full");
    assert_eq!(with((20, 20.0, 80.0, 36.0, Some(5.0))), 0, "too cold");
    assert_eq!(with((20, 20.0, 80.0, 36.0, Some(34.0))), 0, "too hot");
    assert_eq!(with((20, 20.0, 80.0, 0.0, None)), 0, "the counter is stuck");
}

#[test]
fn a_full_battery_of_iron_phosphate_tells_once_it_has_rested() {
    let good = sessions(4, 3, 60.0, 0.0);
    let full: Session = (20, 40.0, 100.0, 36.0, None);
    let later: Session = (23, 80.0, 82.0, 1.2, None);
    let lfp = Setup { chemistry: Some(Chemistry::Lfp), ..Setup::default() };
    let story = [good, vec![full, later]].concat();
    assert_eq!(told(&lfp, &story), ["2025-01 60 ± 0.448 of 5"]);
    assert_eq!(told(&Setup::default(), &story), [""; 0]);
}

#[test]
fn an_odd_session_moves_nothing() {
    let mut story = sessions(9, 3, 60.0, 0.0);
    story[4].3 = 24.0;
    check(&Setup::default(), &story, "2025-01 60 ± 0.334 of 9");
}

#[test]
fn energy_that_was_reckoned_from_the_level_says_nothing_of_the_battery() {
    let setup = Setup { battery_gross: Some(Milli(60_000)), ..Setup::default() };
    let story: Vec<Session> = sessions(12, 3, 0.0, 0.0);
    check(&setup, &story, "");
}

#[test]
fn a_slow_loss_is_told_as_a_trend_and_raises_no_alarm() {
    let told = told(&Setup::default(), &sessions(24, 15, 60.0, 0.004));
    assert_eq!(told.last().unwrap(), "2025-12 58.74 ± 0.439, 98.391 %, -2.447 %/year of 5");
    assert!(!told.iter().any(|line| line.starts_with("weak")), "{told:?}");
}

#[test]
fn a_fast_loss_over_half_a_year_alarms_once() {
    let told = told(&Setup::default(), &sessions(24, 15, 60.0, 0.012));
    let alarms: Vec<&String> = told.iter().filter(|line| line.starts_with("weak")).collect();
    assert_eq!(alarms.len(), 1, "{told:?}");
}

#[test]
fn a_weak_battery_alarms_only_when_it_is_sure() {
    let setup = Setup { battery_usable: Some(Milli(60_000)), ..Setup::default() };
    let weak = told(&setup, &sessions(6, 3, 47.0, 0.0));
    assert_eq!(weak, ["2025-01 47 ± 0.321, 78.333 % of 6", "weak: 78.333 %"]);
    let perhaps = told(&setup, &sessions(6, 3, 47.9, 0.0));
    assert_eq!(perhaps, ["2025-01 47.9 ± 0.327, 79.833 % of 6"]);
}
