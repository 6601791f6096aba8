//! Stories of the car's own condition: what it said, and what people are told of it.

#![expect(clippy::unwrap_used, reason = "a story that cannot be read is a failed test")]

use chrono::{DateTime, TimeDelta, Utc};
use domain::alert::Alarm;
use domain::book::Entry;
use domain::fold::Sighting;
use domain::health::{Ailment, Condition, Wheel};
use domain::reading::{Milli, Reading, Signal, TimeQuality, Value};
use domain::setup::Setup;
use domain::timeline::{Settled, advance};
use proptest::prelude::*;

/// `story`: a line a moment, `<day> <hh:mm> <what> <value> [<what> <value> …]`. What is expected: a line an alert, `<day> <hh:mm>
/// <what>`, `!` before what is grave, and until when it lasted.
fn check(story: &str, expected: &str) {
    let expected: Vec<&str> = lines(expected).collect();
    assert_eq!(told(&said(story)), expected, "{story}");
}

fn told(sightings: &[Sighting]) -> Vec<String> {
    let outcome = advance(Settled::default(), sightings.iter().cloned(), [], &Setup::default());
    let entries = outcome.book.into_entries();
    let issues = entries.iter().filter(|entry| matches!(entry, Entry::Issue(_))).count();
    let alerts = entries.iter().filter_map(|entry| match entry {
        Entry::Alert(alert) => match &alert.what {
            Alarm::Condition(condition) => Some((alert.at, condition)),
            _ => None,
        },
        _ => None,
    });
    let mut alerts: Vec<(DateTime<Utc>, &Condition)> = alerts.collect();
    let suggested =
        alerts.iter().filter(|(_, condition)| condition.is_grave && condition.over.is_none()).count();
    assert_eq!(issues, suggested, "what is grave and not over is to be looked at");
    alerts.sort_by_key(|(at, condition)| (*at, condition.what.kind()));
    alerts.into_iter().map(|(at, condition)| tell(at, condition)).collect()
}

fn tell(at: DateTime<Utc>, condition: &Condition) -> String {
    let grave = if condition.is_grave { "!" } else { "" };
    let over = condition.over.map(|over| format!(" until {}", clock(over))).unwrap_or_default();
    format!("{} {grave}{}{over}", clock(at), what(&condition.what))
}

fn what(ailment: &Ailment) -> String {
    match ailment {
        Ailment::TyreLow { wheels } => {
            let wheel = |wheel: &Wheel| format!("{}{} {}", wheel.row, wheel.column, wheel.pressure);
            format!("low {}", wheels.iter().map(wheel).collect::<Vec<_>>().join(", "))
        }
        Ailment::TyresUneven { axle, apart } => format!("axle {axle} uneven by {apart}"),
        Ailment::TyreLeaks { row, column, a_week } => format!("{row}{column} leaks {a_week} a week"),
        Ailment::TyreLosesFast { row, column, from, to } => format!("{row}{column} fell {from} to {to}"),
        Ailment::LowVoltage { is_bad, level } => {
            let level = level.map(|level| format!(" {level} %")).unwrap_or_default();
            format!("12 V {}{level}", if *is_bad { "bad" } else { "low" })
        }
        Ailment::OilLow { life } => format!("oil {life} %"),
        Ailment::OilWearsFast { now, before } => format!("oil wears {now} after {before}"),
        Ailment::OilRenewed { from, to } => format!("oil renewed {from} to {to}"),
        Ailment::TroubleCodes { codes } => format!("codes {}", codes.join(" ")),
        Ailment::TroubleCodesReturn { codes } => format!("again {}", codes.join(" ")),
        Ailment::WarningLamps { systems } => format!("lamps {}", systems.join(" ")),
        Ailment::ParasiticDrain { a_day } => format!("drains {a_day} a day"),
    }
}

fn said(story: &str) -> Vec<Sighting> {
    lines(story).flat_map(line).collect()
}

fn line(line: &str) -> Vec<Sighting> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (hours, minutes) = words[1].split_once(':').unwrap();
    let minutes = hours.parse::<i64>().unwrap() * 60 + minutes.parse::<i64>().unwrap();
    let at = start() + TimeDelta::days(words[0].parse().unwrap()) + TimeDelta::minutes(minutes);
    let sighting = |said: &[&str]| {
        let (signal, value) = signal(said[0], said[1]);
        let signal = Signal::new(&signal);
        Sighting {
            reading: Reading { at, signal, value, quality: TimeQuality::Oem, original: None },
            by_hand: false,
        }
    };
    words[2..].chunks(2).map(sighting).collect()
}

fn signal(what: &str, value: &str) -> (String, Value) {
    let number = || Value::Number(Milli::from_f64(value.parse().unwrap()).unwrap());
    let parts = |parts: Vec<String>| Value::Structure(format!(r#"{{"values":[{}]}}"#, parts.join(",")));
    let (code, value) = match what {
        "km" => (Signal::ODOMETER, number()),
        "soc" => (Signal::STATE_OF_CHARGE, number()),
        "oil" => (Signal::OIL_LIFE, number()),
        "air" => (Signal::OUTSIDE_TEMPERATURE, number()),
        "12v" => (Signal::LOW_VOLTAGE_STATUS, Value::Text(value.to_owned())),
        "12v%" => (Signal::LOW_VOLTAGE_CHARGE, number()),
        "codes" => {
            let codes = value.split(',').filter(|code| *code != "none");
            let code = |code| format!(r#"{{"code":"{code}","timestamp":null}}"#);
            (Signal::TROUBLE_CODES, parts(codes.map(code).collect()))
        }
        "tyres" => {
            let wheel = |(place, kpa): (usize, &str)| {
                format!(r#"{{"column":{},"row":{},"tirePressure":{kpa}}}"#, place % 2, place / 2)
            };
            (Signal::TIRES, parts(value.split(',').enumerate().map(wheel).collect()))
        }
        system => {
            let status = Value::Structure(format!(r#"{{"description":"","status":"{value}"}}"#));
            return (format!("diagnostics-{system}"), status);
        }
    };
    (code.to_owned(), value)
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

fn start() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn clock(at: DateTime<Utc>) -> String {
    format!("{} {}", (at - start()).num_days(), at.format("%H:%M"))
}

/// So many days of tyres, each day at eight, each two days apart.
fn days(days: impl Iterator<Item = i64>, tyres: impl Fn(i64) -> String) -> String {
    let lines: Vec<String> = days.map(|day| format!("{day} 08:00 tyres {}", tyres(day))).collect();
    lines.join("\n")
}

#[test]
fn a_tyre_that_holds_a_tenth_less_than_it_uses_to_is_low_if_two_readings_say_so() {
    let usual = days((0..8).step_by(2), |_| "250,250,240,240".to_owned());
    check(&format!("{usual}\n 9 08:00 tyres 250,222,240,240"), "");
    check(
        &format!(
            "{usual}\n 9 20:00 tyres 250,231,240,240
            11 08:00 tyres 250,222,240,240
            12 08:00 tyres 250,221,240,240
            13 08:00 tyres 250,228,240,240
            14 08:00 tyres 250,250,240,240"
        ),
        "12 08:00 low 01 221 until 14 08:00
         12 08:00 axle 0 uneven by 29 until 14 08:00
         12 08:00 01 leaks 16.916 a week until 14 08:00",
    );
}

#[test]
fn when_all_four_fall_it_is_the_weather() {
    let story = days((0..60).step_by(2), |day| {
        let kpa = 250 - day / 2;
        format!("{kpa},{kpa},{},{}", kpa - 8, kpa - 10)
    });
    check(&story, "");
    // From thirty degrees to ten below: a seventh less, and nobody is told.
    let story = days((0..20).step_by(2), |day| {
        if day < 10 { "260,261,250,250" } else { "222,223,213,213" }.to_owned()
    });
    check(&story, "");
}

#[test]
fn a_cold_tyre_is_compared_as_if_it_were_warm() {
    // The others' sensors are silent, so that only the temperature can tell.
    let story = "
        0 08:00 air 30 tyres 260,null,null,null
        2 08:00 air 30 tyres 260,null,null,null
        4 08:00 air 30 tyres 260,null,null,null
        6 08:00 air -5 tyres 219,null,null,null
        7 08:00 air -5 tyres 218,null,null,null
    ";
    check(story, "");
}

#[test]
fn a_flat_tyre_is_grave_whatever_it_used_to_hold() {
    check(
        "1 08:00 tyres 250,250,140,250
         1 09:00 tyres 250,250,138,250
         1 10:00 tyres 250,250,250,250",
        "1 09:00 !low 10 138 until 1 10:00
         1 09:00 axle 1 uneven by 112 until 1 10:00",
    );
}

#[test]
fn a_slow_leak_shows_against_the_other_three() {
    // All follow the weather; one loses six kPa a week more.
    let weather = |day: i64| 250 - (day % 7) * 3;
    let leaking = |day: i64| {
        let kpa = weather(day);
        format!("{kpa},{},{kpa},{kpa}", kpa - day * 6 / 7)
    };
    let story = days((0..12).step_by(2), leaking);
    check(&story, "8 08:00 01 leaks 5.541 a week");
    let steady = days((0..30).step_by(2), |day| format!("{0},{0},{0},{0}", weather(day)));
    check(&steady, "");
    let pumped = format!("{story}\n 12 08:00 tyres 250,262,250,250");
    check(&pumped, "8 08:00 01 leaks 5.541 a week until 12 08:00");
}

#[test]
fn a_tyre_that_loses_much_within_a_day_is_told_at_once() {
    check(
        "1 08:00 tyres 250,250,250,250
         1 18:00 tyres 249,250,226,250",
        "1 18:00 !10 fell 250 to 226",
    );
    check(
        "1 08:00 tyres 250,250,250,250
         1 18:00 tyres 229,229,226,229",
        "",
    );
}

#[test]
fn sensors_that_say_nothing_are_no_tyres() {
    check(
        "1 08:00 tyres 0,0,250,250
         1 09:00 tyres 0,null,250,250
         1 10:00 tyres 5,1200,250,250
         1 11:00 tyres null,null,null,null",
        "",
    );
}

#[test]
fn the_small_battery_is_bad_when_it_is_said_twice() {
    check("1 08:00 12v BAD 12v% 60\n 1 09:00 12v GOOD", "");
    check(
        "1 08:00 12v BAD
         1 09:00 12v BAD
         2 09:00 12v GOOD",
        "1 09:00 !12 V bad until 2 09:00",
    );
    check(
        "1 08:00 12v WARN
         1 20:00 12v WARN
         2 08:00 12v WARN
         2 09:00 12v BAD
         2 10:00 12v BAD",
        "2 08:00 12 V low until 2 10:00
         2 10:00 !12 V bad",
    );
}

#[test]
fn a_low_charge_of_the_small_battery_warns_and_clears_with_some_distance() {
    check(
        "1 08:00 12v% 48
         1 09:00 12v% 47
         1 10:00 12v% 52
         1 11:00 12v% 49
         1 12:00 12v% 56
         1 13:00 12v% 48
         1 14:00 12v% 48
         2 14:00 12v% 48",
        "1 09:00 12 V low 47 % until 1 12:00
         2 14:00 12 V low 48 %",
    );
    check("1 08:00 12v% 0\n 2 08:00 12v% 0", "");
}

#[test]
fn oil_is_soon_due_then_urgent_and_its_renewal_is_a_question() {
    check(
        "1 08:00 oil 25
         2 08:00 oil 19
         3 08:00 oil 18
         9 08:00 oil 4
         12 08:00 oil 100",
        "2 08:00 oil 19 % until 9 08:00
         9 08:00 !oil 4 % until 12 08:00
         12 08:00 oil renewed 4 to 100 until 12 08:00",
    );
}

#[test]
fn oil_that_wears_twice_as_fast_is_noted() {
    check(
        "1 08:00 km 10000
         1 08:01 oil 90
         2 08:00 km 10999
         2 08:01 oil 80
         3 08:00 km 11998
         3 08:01 oil 70
         4 08:00 km 12997
         4 08:01 oil 60
         5 08:00 km 13397
         5 08:01 oil 50",
        "5 08:01 oil wears 25 after 10.01",
    );
}

#[test]
fn a_new_code_is_told_once_and_its_end_too() {
    check(
        "1 08:00 codes none
         2 08:00 codes P0300
         2 09:00 codes P0300,P0420
         3 08:00 codes P0420
         3 09:00 codes P0300,P0420
         4 08:00 codes none",
        "2 08:00 !codes P0300 until 3 08:00
         2 09:00 !codes P0420 until 4 08:00
         3 09:00 !codes P0300 until 4 08:00",
    );
}

#[test]
fn a_code_that_comes_three_times_in_a_month_comes_again_and_again() {
    check(
        "1 08:00 codes P0300
         3 08:00 codes none
         9 08:00 codes P0300
         11 08:00 codes none
         20 08:00 codes P0300",
        "1 08:00 !codes P0300 until 3 08:00
         9 08:00 !codes P0300 until 11 08:00
         20 08:00 !codes P0300
         20 08:00 again P0300 until 20 08:00",
    );
}

#[test]
fn what_the_cars_own_checks_say_at_one_moment_is_one_alert() {
    check(
        "1 08:00 oilpressure OK washerfluid OK
         2 08:00 washerfluid ALERT oilpressure ALERT
         3 08:00 oilpressure OK
         4 08:00 washerfluid OK
         9 08:00 washerfluid ALERT",
        "2 08:00 !lamps oilpressure washerfluid until 4 08:00
         9 08:00 lamps washerfluid",
    );
}

#[test]
fn a_battery_that_drains_while_the_car_stands_is_told_once_the_odometer_says_that_it_stood() {
    let parked = "
        1 08:00 km 10000 soc 80
        1 09:00 soc 80
        3 08:00 soc 76
        4 10:00 soc 74
    ";
    check(parked, "");
    check(&format!("{parked} 4 11:00 km 10000"), "4 10:00 drains 1.945 a day");
    check(&format!("{parked} 4 11:00 km 10025"), "");
    check(&format!("{parked} 4 11:00 km 10000\n 4 12:00 soc 80"), "4 10:00 drains 1.945 a day until 4 12:00");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the order of arrival.
    #[test]
    fn order_and_repetition_change_nothing(
        moments in proptest::collection::vec((0i64..40, 0i64..24, 0u8..7, 0i64..120), 1..60),
    ) {
        let story: Vec<String> = moments.iter().map(|(day, hour, what, number)| {
            let said = match what {
                0 => format!("tyres {},{},{},{}", 250, 250 - number % 60, 248 + number % 5, 250),
                1 => format!("tyres {0},{0},{0},{1}", 200 + number % 60, number * 3),
                2 => format!("12v {}", ["GOOD", "WARN", "BAD"][usize::try_from(number % 3).unwrap()]),
                3 => format!("12v% {}", number % 101),
                4 => format!("oil {}", number % 101),
                5 => format!("codes {}", ["none", "P1", "P1,P2", "P3"][usize::try_from(number % 4).unwrap()]),
                _ => format!("oilpressure {} mil {}", ["OK", "ALERT"][usize::from(number % 2 == 0)], ["OK", "ALERT"][usize::from(number % 3 == 0)]),
            };
            format!("{day} {hour:02}:00 {said}")
        }).collect();
        let once = said(&story.join("\n"));
        let mut twice = once.clone();
        twice.reverse();
        twice.extend(once.clone());
        prop_assert_eq!(told(&once), told(&twice));
    }
}
