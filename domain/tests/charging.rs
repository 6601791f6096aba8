//! Stories of charging: what a car said, line by line, and the sessions that follow.

#![expect(clippy::unwrap_used, reason = "a story that cannot be read is a failed test")]

use chrono::{DateTime, TimeDelta, Utc};
use domain::book::{Entry, EntryState};
use domain::charging::{ChargingSession, Current, EnergySource};
use domain::fold::Sighting;
use domain::motion::Place;
use domain::reading::{Milli, Position, Reading, Signal, TimeQuality, Value};
use domain::setup::{Powertrain, Setup};
use domain::timeline::{Settled, advance};
use domain::within::Within;

/// `story`: one line a moment: `<day> <hh:mm> <what> <value> [<what> <value> …]`, `what` being `soc`, `charging` (yes, no),
/// `cable` (in, out), `status`, `kwh` (the counter), `kw`, `volts`, `amperes`, `km`, `at` (a place by its number, 1 km
/// apart each), `fuel` or `gross`. The battery holds 50 kWh; nobody says what else the car has.
fn check(story: &str, expected: &str) {
    check_of(&Setup { battery_usable: Some(Milli(50_000)), ..Setup::default() }, story, expected);
}

fn check_of(setup: &Setup, story: &str, expected: &str) {
    assert_eq!(told(&sessions(setup, story)), lines(expected), "\nthe story was:{story}");
}

fn sessions(setup: &Setup, story: &str) -> Vec<ChargingSession> {
    let mut sightings = Vec::new();
    for line in lines(story) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let at = moment(words[0], words[1]);
        for said in words[2..].chunks(2) {
            let (signal, value) = reading(said[0], said[1]);
            let signal = Signal::new(signal);
            let reading = Reading { at, signal, value, quality: TimeQuality::Oem, original: None };
            sightings.push(Sighting { reading, by_hand: false });
        }
    }
    let outcome = advance(Settled::default(), sightings, [], setup);
    let session = |entry: Entry| match entry {
        Entry::ChargingSession(session) => Some(session),
        _ => None,
    };
    outcome.book.into_entries().into_iter().filter_map(session).collect()
}

fn reading(what: &str, value: &str) -> (&'static str, Value) {
    let number = |times: f64| Value::Number(Milli::from_f64(value.parse::<f64>().unwrap() * times).unwrap());
    match what {
        "soc" => (Signal::STATE_OF_CHARGE, number(1.0)),
        "charging" => (Signal::IS_CHARGING, Value::Bool(value == "yes")),
        "cable" => (Signal::CABLE_CONNECTED, Value::Bool(value == "in")),
        "status" => (Signal::CHARGING_STATUS, Value::Text(value.to_owned())),
        "kwh" => (Signal::ENERGY_ADDED, number(1.0)),
        "kw" => (Signal::WATTAGE, number(1000.0)),
        "volts" => (Signal::VOLTAGE, number(1.0)),
        "amperes" => (Signal::AMPERAGE, number(1.0)),
        "km" => (Signal::ODOMETER, number(1.0)),
        "fuel" => (Signal::FUEL_LEVEL, number(1.0)),
        "gross" => (Signal::BATTERY_CAPACITY, number(1.0)),
        "at" => {
            let latitude_e6 = 52_000_000 + value.parse::<i32>().unwrap() * 9_000;
            (Signal::LOCATION, Value::Position(Position { latitude_e6, longitude_e6: 13_000_000 }))
        }
        other => panic!("no such word in a story: {other}"),
    }
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

fn moment(day: &str, clock: &str) -> DateTime<Utc> {
    let (hours, minutes) = clock.split_once(':').unwrap();
    let day: i64 = day.parse().unwrap();
    DateTime::UNIX_EPOCH
        + TimeDelta::days(20_000 + day)
        + TimeDelta::minutes(hours.parse::<i64>().unwrap() * 60 + minutes.parse::<i64>().unwrap())
}

fn clock(at: DateTime<Utc>) -> String {
    let since = at - (DateTime::UNIX_EPOCH + TimeDelta::days(20_000));
    format!("{} {}", since.num_days(), at.format("%H:%M"))
}

fn within(within: Within) -> String {
    let Within { after, by } = within;
    if after == by { clock(by) } else { format!("({}..{})", clock(after), clock(by)) }
}

fn told(sessions: &[ChargingSession]) -> Vec<String> {
    sessions.iter().map(tell).collect()
}

/// `<start> to <end>: <levels>, <energy>, <current>, <state>, <marks>`.
fn tell(session: &ChargingSession) -> String {
    let level = |level: Option<Milli>| level.map_or_else(|| "?".to_owned(), |level| level.to_string());
    let energy = session.energy.map_or_else(
        || "? kWh".to_owned(),
        |energy| {
            let source = match energy.source {
                EnergySource::Counter => "counted",
                EnergySource::Power => "from power",
                EnergySource::Level => "from level",
                EnergySource::Meter => "metered",
            };
            format!("{} ± {} kWh {source}", Milli(energy.wh), Milli(energy.plus_minus_wh))
        },
    );
    let current = match session.current {
        Some(Current::Alternating) => ", AC",
        Some(Current::Direct) => ", DC",
        None => "",
    };
    let state = match session.state {
        EntryState::Recorded => "",
        EntryState::Candidate => ", perhaps",
        EntryState::Hidden => ", hidden",
    };
    let marks = session.evidence.marks.iter().map(|mark| format!(", {}", mark.name()));
    format!(
        "{} to {}: {} -> {} %, {energy}{current}{state}{}",
        within(session.start),
        session.end.map_or_else(|| "now".to_owned(), within),
        level(session.start_level),
        level(session.end_level),
        marks.collect::<String>(),
    )
}

#[test]
fn a_session_goes_from_the_flag_that_says_so_to_the_one_that_does_not() {
    check(
        "1 17:55 charging no  soc 40 km 1000
         1 18:00 charging yes soc 40 km 1000
         1 20:00 charging yes soc 60 km 1000
         1 22:00 charging no  soc 80 km 1000
         2 08:00 charging no  soc 80 km 1000",
        "(1 17:55..1 18:00) to (1 20:00..1 22:00): 40 -> 80 %, 20 ± 0.6 kWh from level, AC",
    );
}

#[test]
fn while_current_flows_the_session_has_no_end() {
    check(
        "1 17:55 charging no  soc 40
         1 18:00 charging yes soc 40
         1 20:00 charging yes soc 60",
        "(1 17:55..1 18:00) to now: 40 -> 60 %, 10 ± 0.5 kWh from level, AC",
    );
}

#[test]
fn a_status_does_where_there_is_no_flag() {
    check(
        "1 17:55 status NOT_CHARGING  soc 40
         1 18:00 status CHARGING      soc 40
         1 22:00 status FULLY_CHARGED soc 80",
        "(1 17:55..1 18:00) to (1 18:00..1 22:00): 40 -> 80 %, 20 ± 0.6 kWh from level",
    );
}

#[test]
fn a_status_that_contradicts_the_flag_is_not_heard() {
    check(
        "1 17:55 charging no  status NOT_CHARGING soc 40
         1 18:00 charging yes status NOT_CHARGING soc 40
         1 19:00 charging yes status NOT_CHARGING soc 50
         1 19:30 status NOT_CHARGING
         1 20:00 charging no  status NOT_CHARGING soc 60",
        "(1 17:55..1 18:00) to (1 19:00..1 20:00): 40 -> 60 %, 10 ± 0.5 kWh from level",
    );
}

#[test]
fn a_full_battery_ends_a_leg_and_not_the_stay() {
    check(
        "1 17:55 charging no  cable in soc 60 km 1000
         1 18:00 charging yes cable in soc 60 km 1000
         1 22:00 charging yes status FULLY_CHARGED cable in soc 80 km 1000
         2 05:00 charging no  cable in soc 79 km 1000
         2 06:00 charging yes cable in soc 79 km 1000
         2 07:00 charging no  cable out soc 84 km 1000",
        "(1 17:55..1 18:00) to (2 06:00..2 07:00): 60 -> 84 %, 12.5 ± 0.5 kWh from level, merged",
    );
}

#[test]
fn a_pause_at_the_plug_is_part_of_the_session() {
    check(
        "1 17:55 charging no  cable in  soc 40 km 1000
         1 18:00 charging yes cable in  soc 40 km 1000
         1 19:00 charging no  cable in  soc 50 km 1000
         2 02:00 charging yes cable in  soc 50 km 1000
         2 06:00 charging no  cable in  soc 90 km 1000
         2 07:00 charging no  cable out soc 90 km 1000",
        "(1 17:55..1 18:00) to (2 02:00..2 06:00): 40 -> 90 %, 25 ± 0.75 kWh from level, merged",
    );
}

#[test]
fn a_cable_that_goes_in_twice_was_out_unless_the_pause_was_short() {
    let story = |again: &str| {
        format!(
            "1 11:00 charging yes cable in soc 40
             1 12:30 charging no           soc 50 kwh 5.2
             1 {again} charging yes cable in soc 49
             1 18:00 charging no           soc 69 kwh 10.3"
        )
    };
    check(
        &story("14:01"),
        "1 11:00 to (1 11:00..1 12:30): 40 -> 50 %, 5.2 ± 0.104 kWh counted, truncated
         (1 12:30..1 14:01) to 1 18:00: 49 -> 69 %, 10.3 ± 0.206 kWh counted, AC",
    );
    check(
        &story("14:00"),
        "1 11:00 to 1 18:00: 40 -> 69 %, 10.3 ± 0.206 kWh counted, AC, merged, disagrees, truncated",
    );
}

#[test]
fn a_pause_at_a_plug_that_only_tells_what_changes_is_part_of_the_session() {
    check(
        "1 17:55 cable out soc 40 km 1000
         1 18:00 charging yes cable in soc 40 km 1000
         1 19:00 charging no soc 50
         2 02:00 charging yes
         2 06:00 charging no soc 90
         2 07:00 cable out",
        "(1 17:55..1 18:00) to (2 02:00..2 06:00): 40 -> 90 %, 25 ± 0.75 kWh from level, merged",
    );
}

#[test]
fn an_unplugged_car_begins_another_session() {
    check(
        "1 17:55 charging no  cable in  soc 40 km 1000
         1 18:00 charging yes cable in  soc 40 km 1000
         1 19:00 charging no  cable out soc 50 km 1000
         1 19:30 charging yes cable in  soc 50 km 1000
         1 21:00 charging no  cable out soc 70 km 1000",
        "(1 17:55..1 18:00) to (1 18:00..1 19:00): 40 -> 50 %, 5 ± 0.5 kWh from level
         (1 19:00..1 19:30) to (1 19:30..1 21:00): 50 -> 70 %, 10 ± 0.5 kWh from level",
    );
}

#[test]
fn without_news_of_the_plug_ninety_minutes_make_two_sessions() {
    let story = |again: &str| {
        format!(
            "1 17:55 charging no  soc 40 km 1000
             1 18:00 charging yes soc 40 km 1000
             1 19:00 charging no  soc 50 km 1000
             1 {again} charging yes soc 50 km 1000
             1 23:00 charging no  soc 70 km 1000"
        )
    };
    check(
        &story("20:30"),
        "(1 17:55..1 18:00) to (1 20:30..1 23:00): 40 -> 70 %, 15 ± 0.5 kWh from level, merged",
    );
    check(
        &story("20:31"),
        "(1 17:55..1 18:00) to (1 18:00..1 19:00): 40 -> 50 %, 5 ± 0.5 kWh from level
         (1 19:00..1 20:31) to (1 20:31..1 23:00): 50 -> 70 %, 10 ± 0.5 kWh from level",
    );
}

#[test]
fn a_car_that_drives_does_not_charge_any_more() {
    check(
        "1 00:06 charging yes cable in soc 12 km 3000
         1 03:00 charging yes soc 55
         1 05:48 charging yes soc 98
         1 08:00 km 3012 soc 96
         1 18:00 km 3040 soc 88",
        "1 00:06 to (1 05:48..1 08:00): 12 -> 98 %, 43 ± 1.29 kWh from level, AC, truncated",
    );
}

#[test]
fn what_the_drive_home_took_is_not_the_beginning_of_the_session() {
    check(
        "1 08:00 charging no  cable out soc 80 km 1000
         1 18:05 charging yes cable in  soc 45 km 1100
         2 07:00 charging no  cable out soc 80 km 1100",
        "(1 08:00..1 18:05) to (1 18:05..2 07:00): 45 -> 80 %, 17.5 ± 0.525 kWh from level",
    );
}

#[test]
fn a_car_that_goes_silent_has_ended_after_half_a_day_and_may_come_back() {
    check(
        "1 17:55 charging no  soc 40 km 1000
         1 18:00 charging yes soc 40 km 1000
         2 09:00 km 1000",
        "(1 17:55..1 18:00) to (1 18:00..2 09:00): 40 -> 40 %, ? kWh, hidden, silent",
    );
    check(
        "1 17:55 charging no  soc 40 km 1000
         1 18:00 charging yes soc 40 km 1000
         2 09:00 km 1000
         2 09:10 charging yes soc 80 km 1000
         2 10:00 charging no  soc 84 km 1000",
        "(1 17:55..1 18:00) to (2 09:10..2 10:00): 40 -> 84 %, 22 ± 0.66 kWh from level, AC",
    );
}

#[test]
fn a_flag_that_brings_nothing_for_a_day_is_stuck() {
    let stuck = (2..9).map(|day| format!("{day} 18:30 charging yes soc 40 km 1000\n"));
    check(
        &format!(
            "1 18:00 charging no  soc 40 km 1000
             1 18:30 charging yes soc 40 km 1000
             {}",
            stuck.collect::<String>()
        ),
        "(1 18:00..1 18:30) to (1 18:30..2 18:30): 40 -> 40 %, ? kWh, hidden, silent",
    );
}

#[test]
fn a_car_that_says_it_charges_while_it_drives_charges_nothing() {
    check(
        "1 08:00 charging no  soc 80 km 1000
         1 09:00 charging yes soc 75 km 1030
         1 10:00 charging yes soc 70 km 1060
         1 11:00 charging yes soc 65 km 1090
         1 12:00 charging yes soc 60 km 1120",
        "",
    );
}

#[test]
fn a_standing_car_that_gained_three_points_was_charged() {
    check(
        "1 08:00 soc 40 km 1000
         1 16:00 soc 43 km 1000
         2 00:00 soc 43 km 1000",
        "(1 08:00..1 16:00) to (1 08:00..1 16:00): 40 -> 43 %, 1.5 ± 0.5 kWh from level, inferred",
    );
    check("1 08:00 soc 40 km 1000\n1 16:00 soc 42 km 1000", "");
}

#[test]
fn a_small_gain_counts_once_the_odometer_says_that_the_car_stood() {
    let story = "1 08:00 soc 40 km 1000
         1 16:00 soc 44";
    let sessions = |end: &str| {
        format!("(1 08:00..1 16:00) to (1 08:00..1 16:00): 40 -> 44 %, 2 ± 0.5 kWh from level{end}")
    };
    check(story, &sessions(", perhaps, inferred"));
    check(&format!("{story}\n1 17:00 km 1000"), &sessions(", inferred"));
    check(&format!("{story}\n1 17:00 km 1020"), "");
}

#[test]
fn a_moving_car_that_gained_more_than_five_points_was_charged_on_the_way() {
    check(
        "1 08:00 soc 40 km 1000
         1 16:00 soc 46 km 1040",
        "(1 08:00..1 16:00) to (1 08:00..1 16:00): 40 -> 46 %, 3 ± 0.5 kWh from level, inferred",
    );
    check("1 08:00 soc 40 km 1000\n1 16:00 soc 45 km 1040", "");
}

#[test]
fn what_the_way_took_is_added_to_what_was_gained_on_it() {
    check(
        "1 08:00 soc 80 km 1000
         1 12:00 soc 60 km 1100
         1 20:00 soc 70 km 1150",
        "(1 12:00..1 20:00) to (1 12:00..1 20:00): 60 -> 70 %, 10 ± 5.5 kWh from level, compensated, inferred",
    );
}

#[test]
fn a_hybrid_that_gained_on_the_way_may_have_burnt_for_it() {
    let story = "1 08:00 soc 20 km 1000 fuel 50\n1 16:00 soc 60 km 1040 fuel 40";
    let session = "(1 08:00..1 16:00) to (1 08:00..1 16:00): 20 -> 60 %, 20 ± 0.6 kWh from level";
    check(story, &format!("{session}, perhaps, inferred"));
    let hybrid = |powertrain| Setup {
        powertrain: Some(powertrain),
        battery_usable: Some(Milli(50_000)),
        ..Setup::default()
    };
    check_of(&hybrid(Powertrain::Electric), story, &format!("{session}, inferred"));
    check_of(&hybrid(Powertrain::Hybrid), story, "");
}

#[test]
fn a_rise_that_goes_on_is_one_session() {
    check(
        "1 16:00 soc 30 km 1000
         2 00:00 soc 55 km 1000
         2 08:00 soc 80 km 1000
         2 16:00 soc 80 km 1000",
        "(1 16:00..2 00:00) to (2 00:00..2 08:00): 30 -> 80 %, 25 ± 0.75 kWh from level, inferred",
    );
    let every_half_hour =
        (0..20).map(|step| format!("1 {:02}:{:02} soc {} km 1000\n", 8 + step / 2, step % 2 * 30, 40 + step));
    check(
        &every_half_hour.collect::<String>(),
        "(1 08:00..1 09:30) to (1 17:00..1 17:30): 40 -> 59 %, 9.5 ± 0.5 kWh from level, inferred",
    );
}

#[test]
fn what_was_seen_late_begins_where_the_level_was_low() {
    check(
        "1 15:00 charging no  cable in soc 40 km 1000
         1 23:00 charging yes cable in soc 55 km 1000
         2 07:00 charging no  cable in soc 90 km 1000",
        "(1 15:00..1 23:00) to (1 23:00..2 07:00): 40 -> 90 %, 25 ± 0.75 kWh from level",
    );
}

#[test]
fn an_odd_level_is_no_session() {
    check("1 08:00 soc 55 km 1000\n1 12:00 soc 100 km 1000\n1 16:00 soc 55 km 1000", "");
    check("1 08:00 soc 55 km 1000\n1 12:00 soc 0 km 1000\n1 16:00 soc 55 km 1000", "");
    check("1 08:00 soc 75 km 1000\n1 12:00 soc 5 km 1000\n1 16:00 soc 75 km 1000", "");
    check("1 08:00 soc 55 km 1000\n1 12:00 soc 140 km 1000\n1 16:00 soc 55 km 1000", "");
}

#[test]
fn a_fraction_is_a_percentage_once_five_readings_look_like_one() {
    check(
        "1 08:00 soc 0.80 km 1000
         1 16:00 soc 0.60 km 1050
         2 00:00 soc 0.58 km 1050
         2 08:00 soc 0.50 km 1070
         2 16:00 soc 0.40 km 1100
         3 00:00 soc 0.75 km 1100",
        "(2 16:00..3 00:00) to (2 16:00..3 00:00): 40 -> 75 %, 17.5 ± 0.525 kWh from level, inferred",
    );
}

#[test]
fn the_counter_counts_from_where_it_stood_when_the_session_was_found() {
    check(
        "1 16:01 charging yes cable in soc 50 kwh 0.41
         1 16:02 soc 51 kwh 0.51
         1 16:04 soc 51 kwh 0.92
         1 16:06 charging no",
        "1 16:01 to (1 16:04..1 16:06): 50 -> 51 %, 0.51 ± 0.05 kWh counted, truncated",
    );
}

#[test]
fn a_counter_that_keeps_its_old_value_and_falls_then_counts_from_zero() {
    check(
        "1 16:00 charging no  soc 40 kwh 15.3 km 1000
         1 18:00 charging yes soc 40 kwh 15.3 km 1000
         1 18:10 soc 41 kwh 0.5
         1 20:00 soc 60 kwh 10.2
         1 20:01 charging no",
        "(1 16:00..1 18:00) to (1 20:00..1 20:01): 40 -> 60 %, 10.2 ± 0.204 kWh counted, AC",
    );
}

#[test]
fn a_counter_that_began_anew_unseen_is_understood_by_the_level() {
    check(
        "1 16:00 charging no  soc 40 kwh 5 km 1000
         1 18:00 charging yes soc 40 kwh 5 km 1000
         1 22:00 charging no  soc 80 kwh 20.4 km 1000",
        "(1 16:00..1 18:00) to 1 22:00: 40 -> 80 %, 20.4 ± 0.408 kWh counted, AC",
    );
    check(
        "1 16:00 charging no  soc 40 kwh 5 km 1000
         1 18:00 charging yes soc 40 kwh 5 km 1000
         1 22:00 charging no  soc 70 kwh 20.4 km 1000",
        "(1 16:00..1 18:00) to 1 22:00: 40 -> 70 %, 15.4 ± 0.308 kWh counted, AC",
    );
}

#[test]
fn a_counter_that_drifts_while_nothing_is_charged_is_no_session() {
    let drift = (0..12).map(|hour| {
        format!("1 {hour:02}:00 charging no soc 80 kwh {} km 1000\n", 15.5 - 0.05 * f64::from(hour))
    });
    check(&drift.collect::<String>(), "");
}

#[test]
fn a_counter_that_counted_tells_of_a_session_that_nobody_saw() {
    check(
        "1 08:00 kwh 3 km 1000
         1 16:00 kwh 12.5 km 1000",
        "(1 08:00..1 16:00) to (1 08:00..1 16:00): ? -> ? %, 9.5 ± 0.19 kWh counted, inferred",
    );
}

#[test]
fn a_counter_that_contradicts_the_level_is_doubted() {
    check(
        "1 17:00 charging no  soc 20 kwh 0
         1 18:00 charging yes soc 20 kwh 0
         1 23:00 charging no  soc 80 kwh 44",
        "(1 17:00..1 18:00) to 1 23:00: 20 -> 80 %, 44 ± 0.88 kWh counted, AC, disagrees",
    );
}

#[test]
fn a_stuck_counter_is_not_heard() {
    check(
        "1 17:00 charging no  soc 20 kwh 7
         1 18:00 charging yes soc 20 kwh 7
         1 23:00 charging no  soc 80 kwh 7",
        "(1 17:00..1 18:00) to (1 18:00..1 23:00): 20 -> 80 %, 30 ± 0.9 kWh from level, disagrees",
    );
}

#[test]
fn power_that_is_told_often_is_summed_up() {
    let readings = (0..=6).map(|step| format!("1 18:{:02} charging yes kw 11\n", step * 9));
    check(
        &format!("1 17:59 charging no soc 40\n{}1 18:55 charging no soc 60", readings.collect::<String>()),
        "(1 17:59..1 18:00) to (1 18:54..1 18:55): 40 -> 60 %, 9.9 ± 0.495 kWh from power, AC",
    );
}

#[test]
fn volts_and_amperes_are_power_too() {
    let readings = (0..=6).map(|step| format!("1 18:{:02} charging yes volts 400 amperes 125\n", step * 9));
    check(
        &format!("1 17:59 charging no\n{}1 18:55 charging no", readings.collect::<String>()),
        "(1 17:59..1 18:00) to (1 18:54..1 18:55): ? -> ? %, 45 ± 2.25 kWh from power, DC",
    );
}

#[test]
fn what_is_faster_than_any_wall_box_is_direct_current() {
    check(
        "1 12:00 charging no  soc 10 km 1000 kwh 0
         1 12:01 charging yes soc 10 km 1000 kwh 0
         1 12:11 soc 30 kwh 10.1
         1 12:21 soc 50 kwh 20.2
         1 12:31 charging no soc 65 kwh 27.5",
        "(1 12:00..1 12:01) to 1 12:31: 10 -> 65 %, 27.5 ± 0.55 kWh counted, DC",
    );
}

#[test]
fn a_battery_of_unknown_size_gains_no_energy() {
    let story = "1 08:00 soc 40 km 1000\n1 16:00 soc 80 km 1000";
    let session =
        |energy: &str| format!("(1 08:00..1 16:00) to (1 08:00..1 16:00): 40 -> 80 %, {energy}, inferred");
    check_of(&Setup::default(), story, &session("? kWh"));
    check_of(
        &Setup::default(),
        &format!("1 07:00 gross 50\n{story}"),
        &session("18.8 ± 0.564 kWh from level"),
    );
}

#[test]
fn a_session_of_next_to_nothing_is_hidden() {
    check(
        "1 17:55 charging no  soc 80
         1 18:00 charging yes soc 80
         1 18:05 charging no  soc 80",
        "(1 17:55..1 18:00) to (1 18:00..1 18:05): 80 -> 80 %, ? kWh, hidden",
    );
}

#[test]
fn a_cable_that_is_never_seen_says_nothing() {
    check(
        "1 17:55 charging no  cable out soc 40
         1 18:00 charging yes cable out soc 40
         1 20:00 charging yes cable out soc 60
         1 22:00 charging no  cable out soc 80",
        "(1 17:55..1 18:00) to (1 20:00..1 22:00): 40 -> 80 %, 20 ± 0.6 kWh from level, AC",
    );
}

#[test]
fn the_grid_gives_more_than_the_battery_takes() {
    let grid = |setup: &Setup, story: &str| {
        let sessions = sessions(setup, story);
        sessions.iter().map(|session| session.grid.unwrap().wh).collect::<Vec<_>>()
    };
    let usable = Setup { battery_usable: Some(Milli(50_000)), ..Setup::default() };
    let measured = Setup { charger_efficiency: Some(800), ..usable.clone() };
    let story = |kw: &str, to: &str| {
        format!("1 17:59 charging no soc 40\n1 18:00 charging yes kw {kw}\n1 22:00 charging no soc {to}")
    };
    assert_eq!(grid(&usable, &story("11", "76")), [20_000]);
    assert_eq!(grid(&usable, &story("2.3", "57")), [10_000]);
    assert_eq!(grid(&usable, &story("50", "78")), [20_000]);
    assert_eq!(grid(&measured, &story("11", "76")), [22_500]);
    assert_eq!(grid(&measured, &story("50", "78")), [20_000]);
}

#[test]
fn a_session_is_where_the_car_stands() {
    let story = "1 12:00 charging no soc 40 km 1000 at 1
         1 18:00 charging yes soc 40 km 1000 at 2
         1 22:00 charging no soc 80 km 1000";
    let [session] = sessions(&Setup::default(), story).try_into().unwrap();
    let position = Position { latitude_e6: 52_018_000, longitude_e6: 13_000_000 };
    assert_eq!(session.place, Some(Place::At(position)));
    assert_eq!(session.odometer.unwrap().to_string(), "1000");
}

#[test]
fn a_place_that_is_left_ends_the_session_where_no_odometer_is_read() {
    check(
        "1 17:55 charging no  soc 40 at 1
         1 18:00 charging yes soc 40 at 1
         1 20:00 charging yes soc 60 at 1
         1 21:00 at 3 soc 65",
        "(1 17:55..1 18:00) to (1 20:00..1 21:00): 40 -> 65 %, 12.5 ± 0.5 kWh from level, AC",
    );
}

#[test]
fn who_is_full_again_after_a_drive_was_charged() {
    check(
        "1 05:00 status CHARGING cable in soc 76 km 1000
         1 07:00 status FULLY_CHARGED cable in soc 80 km 1000
         1 08:00 status NOT_CHARGING cable out soc 70 km 1040
         1 12:00 soc 60 km 1080
         2 08:00 soc 60 km 1080
         2 18:00 soc 50 km 1120
         3 07:00 status FULLY_CHARGED cable in soc 48 km 1200",
        "1 05:00 to (1 05:00..1 07:00): 76 -> 80 %, 2 ± 0.5 kWh from level, truncated
         (2 18:00..3 07:00) to (2 18:00..3 07:00): 48 -> 48 %, 9 ± 9.5 kWh from level, compensated, inferred",
    );
}

#[test]
fn a_counter_that_is_read_when_the_cable_goes_in_counts_from_there_whatever_came_before() {
    check(
        "1 18:00 charging yes cable in  soc 40 km 1000 kwh 0
         1 22:00 charging no  cable out soc 70 km 1000 kwh 15
         3 08:00 soc 45 km 1150
         5 08:00 soc 60 km 1150
         7 17:50 soc 40 km 1250
         7 18:00 charging yes cable in  soc 40 km 1250 kwh 0
         7 20:00 charging no  soc 60 km 1250 kwh 11
         7 20:30 cable out",
        "1 18:00 to 1 22:00: 40 -> 70 %, 15 ± 0.3 kWh counted, AC, truncated
         (3 08:00..5 08:00) to (3 08:00..5 08:00): 45 -> 60 %, 7.5 ± 0.5 kWh from level, inferred
         (7 17:50..7 18:00) to 7 20:00: 40 -> 60 %, 11 ± 0.22 kWh counted, AC",
    );
}

#[test]
fn a_counter_that_began_anew_after_a_drive_counted_at_another_plug() {
    check(
        "1 07:00 status FULLY_CHARGED cable in soc 80 km 1000 kwh 22.6
         2 07:00 status FULLY_CHARGED cable in soc 80 km 1050 kwh 11.6
         2 19:00 km 1060",
        "(1 07:00..2 07:00) to (1 07:00..2 07:00): 80 -> 80 %, 11.6 ± 0.232 kWh counted, inferred",
    );
}

#[test]
fn what_the_counter_says_when_the_cable_is_out_was_counted_at_the_last_plug() {
    check(
        "1 17:55 charging no  cable out soc 40 km 1000 kwh 0
         1 18:00 charging yes cable in  soc 40 km 1000 kwh 0.1
         2 08:00 charging no  cable out soc 70 km 1040 kwh 20",
        "(1 17:55..1 18:00) to (1 18:00..2 08:00): 40 -> 70 %, 20 ± 0.4 kWh counted",
    );
}

#[test]
fn the_place_of_the_arrival_may_be_told_a_moment_later() {
    check(
        "1 12:00 charging no  soc 40 km 1000 at 1
         1 18:00 charging yes soc 36
         1 18:01 at 7 km 1020
         1 22:00 charging no  soc 80 km 1020",
        "(1 12:00..1 18:00) to (1 18:00..1 22:00): 36 -> 80 %, 22 ± 0.66 kWh from level",
    );
}

#[test]
fn at_the_plug_three_points_are_enough() {
    check(
        "1 12:00 charging no cable out soc 75 km 1000
         1 22:00 charging no cable in soc 79 km 1020",
        "(1 12:00..1 22:00) to (1 12:00..1 22:00): 75 -> 79 %, 2 ± 0.5 kWh from level, inferred",
    );
    check(
        "1 12:00 charging no cable out soc 75 km 1000
         1 22:00 charging no cable out soc 79 km 1020",
        "",
    );
}

#[test]
fn a_counter_that_is_read_when_all_is_over_counts_what_the_level_told() {
    check(
        "1 00:00 soc 40 kwh 0 cable out km 1000
         1 00:38 soc 100
         1 00:39 cable out
         1 00:45 kwh 30",
        "(1 00:00..1 00:38) to (1 00:00..1 00:38): 40 -> 100 %, 30 ± 0.6 kWh counted, inferred",
    );
}

#[test]
fn a_counter_that_was_read_before_two_sessions_tells_neither() {
    check(
        "1 00:00 soc 50 kwh 0 cable out km 1000
         1 01:07 soc 64 km 1000
         1 01:08 cable in kw 10.7
         1 01:09 km 1010
         1 02:06 soc 81
         1 02:07 cable out
         1 02:08 kwh 20.6",
        "(1 00:00..1 01:07) to (1 00:00..1 01:07): 50 -> 64 %, 7 ± 0.5 kWh from level, inferred
         (1 01:07..1 02:06) to (1 01:07..1 02:06): 64 -> 81 %, 8.5 ± 0.5 kWh from level, inferred",
    );
}

#[test]
fn what_one_report_says_is_of_the_session_that_it_ends() {
    check(
        "1 08:00 charging no  soc 30 kwh 0 cable out km 1000
         1 12:00 charging yes soc 40 kwh 7 cable in km 1000
         1 20:00 km 1020
         1 20:01 soc 68
         1 20:02 charging no cable out kwh 22",
        "(1 08:00..1 12:00) to (1 12:00..1 20:00): 30 -> 68 %, 22 ± 0.44 kWh counted",
    );
}

#[test]
fn what_came_after_the_counter_was_read_is_known_from_the_levels() {
    check(
        "1 08:00 charging no  soc 80 km 900
         1 10:00 charging no  soc 60 cable out km 1000
         1 12:00 charging yes soc 60 kwh 2 cable in km 1000
         1 15:00 soc 70 kwh 7 km 1000
         1 22:00 charging no kwh 0 km 1020
         1 22:01 soc 84",
        "(1 10:00..1 12:00) to (1 15:00..1 22:00): 60 -> 84 %, 16 ± 9.14 kWh counted, AC, compensated, counter_reset",
    );
}

#[test]
fn who_lost_on_a_drive_what_had_come_was_charged_all_the_same() {
    check(
        "1 10:54 soc 74 km 1000 cable out status NOT_CHARGING
         1 19:29 soc 80
         1 19:30 km 1019 cable in status FULLY_CHARGED
         2 11:46 soc 75
         2 11:47 km 1037 cable out status NOT_CHARGING",
        "(1 10:54..1 19:29) to (1 10:54..1 19:29): 74 -> 80 %, 3 ± 0.5 kWh from level, inferred",
    );
}

#[test]
fn a_counter_that_began_anew_at_each_plug_so_far_does_so_again() {
    let week = "1 08:00 soc 60 kwh 9 cable out km 1000
         1 18:00 soc 80 kwh 0 cable in km 1040
         2 08:00 soc 70 kwh 5 cable out km 1060
         2 18:00 soc 50 km 1100
         3 08:00 soc 62 kwh 12 cable in km 1140";
    check(
        week,
        "(1 08:00..1 18:00) to (1 18:00..2 08:00): 60 -> 80 %, 5 ± 0.1 kWh counted, inferred, disagrees
         (2 08:00..3 08:00) to (2 08:00..3 08:00): 50 -> 62 %, 12 ± 0.24 kWh counted, inferred",
    );
}

#[test]
fn a_little_counts_too_if_the_counter_began_anew_for_it() {
    check(
        "1 08:00 soc 90 cable out km 1000 kwh 9
         1 18:00 soc 100 cable in km 1010 kwh 4.8 status FULLY_CHARGED
         2 08:00 km 1011 cable out status NOT_CHARGING soc 96
         2 17:30 km 1013 cable in kwh 0.7 status FULLY_CHARGED soc 100",
        "(1 08:00..1 18:00) to (1 08:00..1 18:00): 90 -> 100 %, 4.8 ± 0.096 kWh counted, inferred
         (1 18:00..2 17:30) to (1 18:00..2 17:30): 100 -> 100 %, 0.7 ± 0.05 kWh counted, inferred",
    );
}

#[test]
fn what_a_counter_tells_after_the_cable_went_out_came_at_that_plug() {
    check(
        "1 08:00 cable out soc 50 km 1000 kwh 0
         1 09:00 cable in kwh 1.1
         1 09:30 cable out
         1 10:00 cable out soc 54 kwh 2.2",
        "(1 08:00..1 09:00) to (1 08:00..1 09:30): 50 -> 54 %, 2.2 ± 0.05 kWh counted, inferred",
    );
}

#[test]
fn a_counter_that_rose_after_a_drive_may_have_done_so_before_it() {
    check(
        "1 08:00 charging no cable out soc 50 km 1000 kwh 0
         1 09:00 charging yes cable in soc 50 km 1000 kwh 0
         1 09:20 soc 54
         1 12:00 km 1010 kwh 2
         1 12:01 charging no cable out soc 53",
        "(1 08:00..1 09:00) to 1 12:00: 50 -> 54 %, 2 ± 0.05 kWh counted, AC",
    );
}

#[test]
fn a_rise_that_a_level_tells_begins_after_the_session_that_a_counter_told() {
    check(
        "1 00:00 cable in km 30000 kwh 0
         1 00:01 cable in kwh 1 soc 0
         1 00:31 km 30001 soc 3
         1 00:34 soc 1
         1 00:37 kwh 2 km 30002",
        "(1 00:00..1 00:01) to (1 00:00..1 00:01): 0 -> 0 %, 1 ± 0.05 kWh counted, inferred
         (1 00:01..1 00:31) to (1 00:01..1 00:31): 0 -> 3 %, 1 ± 0.05 kWh counted, inferred",
    );
}

#[test]
fn what_a_session_was_told_late_with_may_have_come_in_the_next_one() {
    check(
        "1 00:00 charging no soc 50 kwh 0 cable out km 30000
         1 00:30 cable in soc 51 kwh 1 km 30000
         1 01:00 cable out soc 53 kwh 2 km 30000
         1 01:20 soc 50 kwh 2 km 30010
         1 02:40 charging yes cable in kwh 10 km 30010
         1 03:06 charging no soc 86 kwh 21 km 30010
         1 03:07 charging yes soc 86 kwh 0
         1 03:20 charging no soc 86 kwh 0.1",
        "(1 00:00..1 00:30) to (1 00:30..1 01:00): 50 -> 53 %, 2 ± 0.05 kWh counted, inferred
         (1 01:20..1 02:40) to 1 03:20: 50 -> 86 %, 19.1 ± 1.382 kWh counted, merged, counter_reset",
    );
}

#[test]
fn a_cable_that_is_out_and_in_in_one_report_is_at_another_plug() {
    check(
        "1 08:00 charging no soc 50 kwh 0 cable out km 1000
         1 18:00 status CHARGING soc 40 cable out km 1030
         1 18:00 cable in
         1 18:01 charging yes kwh 0
         1 18:30 charging yes soc 45 kwh 2.5
         1 19:00 charging no soc 50 kwh 5",
        "(1 18:00..1 18:01) to 1 19:00: 40 -> 50 %, 5 ± 0.1 kWh counted",
    );
}
