//! Stories of the trip rule: what a car said, line by line, and the log that follows.

#![expect(clippy::unwrap_used, reason = "a story that cannot be read is a failed test")]

use chrono::{DateTime, TimeDelta, Utc};
use domain::alert::Alarm;
use domain::book::Entry;
use domain::fact::RowId;
use domain::fences::{Fence, Shape};
use domain::fold::Sighting;
use domain::motion::Place;
use domain::reading::{Milli, Position, Reading, Signal, TimeQuality, Value};
use domain::setup::Setup;
use domain::timeline::{Settled, advance};
use domain::trips::{Journey, Purpose, PurposeRule, Trip, Watch};
use domain::within::Within;

/// Where things are: degrees. Home and garage are 100 m apart, home and shop 5 km, home and work 22 km, sea 300 km.
const PLACES: [(&str, f64, f64); 6] = [
    ("home", 52.0, 13.0),
    ("garage", 52.0009, 13.0),
    ("street", 52.0063, 13.0),
    ("shop", 52.045, 13.0),
    ("work", 52.2, 13.0),
    ("sea", 54.7, 13.0),
];

/// `story`: one line a moment: `<day> <hh:mm>` and what the car said then: `km 25010.5`, `at home`, `zone <id>`, `gear P`,
/// `speed 50`, `online no`, `soc 80`, `fuel 40`. `expected`: one line a trip or alarm.
fn check(story: &str, expected: &str) {
    check_with(&Setup::default(), story, expected);
}

fn check_with(setup: &Setup, story: &str, expected: &str) {
    let sightings = lines(story).iter().flat_map(|line| readings(line)).collect::<Vec<_>>();
    let outcome = advance(Settled::default(), sightings, [], setup);
    let mut told: Vec<(DateTime<Utc>, String)> = outcome.book.entries().filter_map(tell).collect();
    told.sort();
    let told: Vec<String> = told.into_iter().map(|(_, words)| words).collect();
    assert_eq!(told, lines(expected), "\nthe story was:{story}");
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

fn readings(line: &str) -> Vec<Sighting> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let at = moment(words[0], words[1]);
    let said = words[2..].chunks(2).map(|said| match said[0] {
        "km" => (Signal::ODOMETER, number(said[1])),
        "at" => (Signal::LOCATION, Value::Position(place(said[1]))),
        "zone" => (Signal::LOCATION, Value::Text(format!("zone:{}", said[1]))),
        "gear" => (Signal::GEAR_STATE, Value::Text(said[1].to_owned())),
        "speed" => (Signal::SPEED, number(said[1])),
        "online" => (Signal::IS_ONLINE, Value::Bool(said[1] == "yes")),
        "soc" => (Signal::STATE_OF_CHARGE, number(said[1])),
        "fuel" => (Signal::FUEL_LEVEL, number(said[1])),
        other => panic!("no such word in a story: {other}"),
    });
    let sighting = |(code, value)| Sighting {
        reading: Reading { at, signal: Signal::new(code), value, quality: TimeQuality::Oem, original: None },
        by_hand: false,
    };
    said.map(sighting).collect()
}

fn number(text: &str) -> Value {
    Value::Number(Milli::from_f64(text.parse().unwrap()).unwrap())
}

fn place(name: &str) -> Position {
    let (_, latitude, longitude) = PLACES.iter().find(|(known, _, _)| *known == name).unwrap();
    Position::from_degrees(*latitude, *longitude).unwrap()
}

fn moment(day: &str, clock: &str) -> DateTime<Utc> {
    let (hours, minutes) = clock.split_once(':').unwrap();
    let day: i64 = day.parse().unwrap();
    // A Sunday, so that day 1 is a Monday.
    DateTime::UNIX_EPOCH
        + TimeDelta::days(20_003 + day)
        + TimeDelta::minutes(hours.parse::<i64>().unwrap() * 60 + minutes.parse::<i64>().unwrap())
}

fn clock(at: DateTime<Utc>) -> String {
    let since = at - (DateTime::UNIX_EPOCH + TimeDelta::days(20_003));
    format!("{} {}", since.num_days(), at.format("%H:%M"))
}

fn within(moment: Within) -> String {
    if moment.width() == TimeDelta::zero() {
        clock(moment.by)
    } else {
        format!("{}..{}", clock(moment.after), moment.by.format("%H:%M"))
    }
}

fn name(place: &Place) -> String {
    match place {
        Place::At(at) => {
            let known = PLACES.iter().find(|(known, _, _)| crate::place(known) == *at);
            known.map_or_else(|| format!("{at:?}"), |(known, _, _)| (*known).to_owned())
        }
        Place::Private(zone) => format!("zone {zone}"),
    }
}

/// `None` for what other rules wrote.
fn tell(entry: &Entry) -> Option<(DateTime<Utc>, String)> {
    Some(match entry {
        Entry::Trip(trip) => (trip.start.after, log(trip)),
        Entry::Alert(alert) => (
            alert.at,
            match &alert.what {
                Alarm::MovedWithoutDriving { from, to, .. } => {
                    format!("{} moved without driving from {} to {}", clock(alert.at), name(from), name(to))
                }
                Alarm::LeftItsPlace { from } => format!("{} left {}", clock(alert.at), name(from)),
                Alarm::OdometerBehindPosition { straight, counted } => {
                    format!("{} straight {straight}, counted {counted}", clock(alert.at))
                }
                Alarm::FuelDrop { .. }
                | Alarm::BatteryWeak { .. }
                | Alarm::Condition(_)
                | Alarm::AtPlace { .. } => return None,
            },
        ),
        Entry::Meter(_)
        | Entry::Quarantined(_)
        | Entry::Issue(_)
        | Entry::FillUp(_)
        | Entry::ChargingSession(_)
        | Entry::BatteryEstimate(_)
        | Entry::FenceEvent(_) => return None,
    })
}

fn log(trip: &Trip) -> String {
    let what = match trip.what {
        Journey::Drive => "drive",
        Journey::Movement => "movement",
    };
    let end = trip.end.map_or("goes on".to_owned(), |end| format!("to {}", within(end)));
    let mut text = format!("{what} {} {end}, {} km", within(trip.start), trip.distance);
    for (word, place) in [("from", &trip.from), ("to", &trip.to)] {
        if let Some(place) = place {
            text = format!("{text} {word} {}", name(place));
        }
    }
    for (word, used) in [("fuel", trip.fuel_used), ("soc", trip.charge_used)] {
        if let Some(used) = used {
            text = format!("{text}, {word} {used}");
        }
    }
    match trip.purpose {
        Some(Purpose::Business) => text += ", business",
        Some(Purpose::Private) => text += ", private",
        None => {}
    }
    text
}

#[test]
fn a_trip_begins_after_the_last_standing_and_ends_with_the_first_reading_of_what_stays() {
    check(
        "1 07:00 km 100 at home
         1 08:00 km 100
         1 08:10 km 105
         1 08:30 km 122 at work
         1 09:00 km 122",
        "drive 1 08:00..08:10 to 1 08:10..08:30, 22 km from home to work",
    );
}

#[test]
fn a_halt_at_a_traffic_light_is_no_stop_and_ten_minutes_are_one() {
    check(
        "1 08:00 km 100
         1 08:05 km 103
         1 08:08 km 103
         1 08:20 km 110
         1 08:30 km 110
         1 08:40 km 120
         1 09:00 km 120",
        "drive 1 08:00..08:05 to 1 08:08..08:20, 10 km
         drive 1 08:30..08:40 to 1 08:30..08:40, 10 km",
    );
}

#[test]
fn at_a_marked_place_two_minutes_are_a_stop() {
    let shop = Shape::Circle { centre: place("shop"), radius_m: 150 };
    let fences = vec![Fence { id: RowId(1), name: "Shop".to_owned(), shape: shop, priority: 0 }];
    let setup = Setup { fences, ..Setup::default() };
    let story = "1 08:00 km 100 at home
         1 08:10 km 105 at shop
         1 08:13 km 105 at shop
         1 08:30 km 122 at work
         1 09:00 km 122";
    check_with(
        &setup,
        story,
        "drive 1 08:00..08:10 to 1 08:00..08:10, 5 km from home to shop
         drive 1 08:13..08:30 to 1 08:13..08:30, 17 km from shop to work",
    );
    check(story, "drive 1 08:00..08:10 to 1 08:13..08:30, 22 km from home to work");
}

#[test]
fn a_night_without_readings_is_not_a_drive_of_ten_hours() {
    check(
        "1 20:00 km 100
         2 06:00 km 130
         2 09:00 km 130",
        "movement 1 20:00..06:00 to 1 20:00..06:00, 30 km",
    );
}

#[test]
fn the_first_kilometres_after_a_night_belong_to_the_drive_that_goes_on_from_them() {
    check(
        "1 20:00 km 100
         2 07:03 km 103
         2 07:06 km 106
         2 07:09 km 109
         2 10:00 km 109",
        "drive 1 20:00..07:03 to 2 07:06..07:09, 9 km",
    );
}

#[test]
fn a_day_between_two_readings_is_a_movement_however_far() {
    check("1 04:00 km 100\n2 04:00 km 260", "movement 1 04:00..04:00 to 1 04:00..04:00, 160 km");
}

#[test]
fn two_hours_and_few_kilometres_in_a_drive_end_it() {
    check(
        "1 08:00 km 100
         1 08:05 km 105
         1 08:10 km 110
         1 10:10 km 123
         1 11:00 km 123",
        "drive 1 08:00..08:05 to 1 08:05..08:10, 10 km
         drive 1 08:10..10:10 to 1 08:10..10:10, 13 km",
    );
}

#[test]
fn small_ways_wait_for_the_next_trip() {
    check(
        "1 08:00 km 100
         1 12:00 km 100.2
         1 18:00 km 100.4
         2 08:00 km 100.4
         2 08:20 km 110
         2 09:00 km 110",
        "drive 2 08:00..08:20 to 2 08:00..08:20, 10 km",
    );
}

#[test]
fn less_than_a_kilometre_is_a_trip_only_if_more_than_the_odometer_says_so() {
    check("1 08:00 km 100\n1 08:10 km 100.7\n1 09:00 km 100.7", "");
    check(
        "1 08:00 km 100 at home\n1 08:10 km 100.7 at street\n1 09:00 km 100.7",
        "drive 1 08:00..08:10 to 1 08:00..08:10, 0.7 km from home to street",
    );
}

#[test]
fn fixes_on_the_way_tell_when_it_began_where_the_odometer_speaks_only_afterwards() {
    check(
        "1 18:00 km 100 at home
         2 08:05 at shop
         2 08:30 km 122 at work
         2 12:00 km 122",
        "drive 1 18:00..08:05 to 1 18:00..08:30, 22 km from home to work",
    );
}

#[test]
fn a_place_that_does_not_change_while_the_odometer_counts_is_old() {
    check(
        "1 08:00 km 100 at home
         1 08:20 km 109 at shop
         1 08:40 km 119 at shop
         1 09:00 km 119",
        "drive 1 08:00..08:20 to 1 08:20..08:40, 19 km from home to shop",
    );
}

#[test]
fn a_stay_on_the_way_parts_two_trips_at_the_odometer_reading_beside_it() {
    check(
        "1 08:00 km 100 at home
         1 08:10 km 105.5 at shop
         1 08:25 at shop
         1 08:40 km 124 at work
         1 09:00 km 124",
        "drive 1 08:00..08:10 to 1 08:00..08:10, 5.5 km from home to shop
         drive 1 08:10..08:40 to 1 08:10..08:40, 18.5 km from shop to work",
    );
}

#[test]
fn several_trips_between_two_odometer_readings_are_a_movement() {
    check(
        "1 08:00 km 100 at home
         1 08:20 at shop
         1 08:40 at shop
         1 09:10 km 124 at work
         1 09:30 km 124",
        "movement 1 08:00..08:20 to 1 08:00..09:10, 24 km from home to work",
    );
}

#[test]
fn gear_and_speed_narrow_down_start_and_end() {
    check(
        "1 08:00 km 100
         1 08:12 gear D speed 30
         1 08:28 gear D
         1 08:31 gear P
         1 08:35 km 120
         1 09:00 km 120",
        "drive 1 08:00..08:12 to 1 08:28..08:31, 20 km",
    );
}

#[test]
fn a_car_that_is_in_gear_is_on_its_way() {
    check("1 08:00 km 100 gear P\n1 08:30 km 120 gear D speed 80", "drive 1 08:00..08:30 goes on, 20 km");
}

#[test]
fn what_was_used_is_told_only_if_it_can_be_measured() {
    check(
        "1 08:00 km 100 soc 80 fuel 50
         1 08:20 km 120 soc 74 fuel 48
         1 08:40 km 140 soc 68 fuel 46
         1 09:00 km 140 soc 90
         1 10:00 km 140",
        "drive 1 08:00..08:20 to 1 08:20..08:40, 40 km, soc 12",
    );
}

#[test]
fn what_was_charged_while_it_stood_counts_before_the_next_trip() {
    check(
        "1 20:00 km 100 soc 30
         2 02:00 soc 100
         2 07:30 km 100
         2 08:00 km 130 soc 85
         2 09:00 km 130",
        "drive 2 07:30..08:00 to 2 07:30..08:00, 30 km, soc 15",
    );
}

#[test]
fn no_car_drives_faster_than_a_car() {
    check("1 08:00 km 100\n1 08:01 km 104\n1 09:00 km 104", "");
}

#[test]
fn a_towed_car_was_moved_without_driving() {
    check(
        "1 08:00 km 100 at home
         1 12:00 km 100 at home
         1 14:00 km 100 at shop
         1 18:00 km 100 at shop",
        "1 14:00 moved without driving from home to shop",
    );
}

#[test]
fn an_odometer_that_is_told_late_is_no_theft() {
    check(
        "1 08:00 km 100 at home
         1 09:00 km 100 at shop
         1 09:30 km 105.5
         1 10:00 km 105.5",
        "drive 1 09:00..09:30 to 1 09:00..09:30, 5.5 km from home to shop",
    );
}

#[test]
fn a_fix_that_no_car_can_have_reached_moves_nothing() {
    check(
        "1 08:00 km 100 at home
         1 08:05 km 100 at sea
         1 08:10 km 100 at home
         1 09:00 km 100 at home",
        "",
    );
}

#[test]
fn an_odometer_that_counts_less_than_the_straight_way_is_odd() {
    check(
        "1 08:00 km 100 at home
         1 08:30 km 110 at work
         1 09:00 km 110",
        "drive 1 08:00..08:30 to 1 08:00..08:30, 10 km from home to work
         1 08:30 straight 22.239, counted 10",
    );
}

#[test]
fn a_watched_car_that_leaves_is_told_of_once() {
    let watched = vec![Watch { from: moment("2", "00:00"), until: Some(moment("3", "00:00")) }];
    let setup = Setup { watched, ..Setup::default() };
    check_with(
        &setup,
        "1 08:00 km 100 at home
         1 08:30 km 122 at work
         1 18:00 km 122
         2 08:00 km 122
         2 08:05 at shop
         2 08:06 at home
         2 08:10 km 144 at home
         3 08:10 km 144
         3 08:40 km 166 at work
         3 18:00 km 166",
        "drive 1 08:00..08:30 to 1 08:00..08:30, 22 km from home to work
         drive 2 08:00..08:05 to 2 08:00..08:10, 22 km from work to home
         2 08:05 left work
         drive 3 08:10..08:40 to 3 08:10..08:40, 22 km from home to work",
    );
}

#[test]
fn a_private_zone_is_a_place_without_a_position() {
    check(
        "1 08:00 km 100 zone 00000000-0000-0000-0000-000000000007
         1 08:30 km 122 at work
         1 09:00 km 122",
        "drive 1 08:00..08:30 to 1 08:00..08:30, 22 km from zone 00000000-0000-0000-0000-000000000007 to work",
    );
}

#[test]
fn the_first_purpose_that_fits_counts_by_the_peoples_clock() {
    let home = Shape::Circle { centre: place("home"), radius_m: 200 };
    let fences = vec![Fence { id: RowId(1), name: "Home".to_owned(), shape: home, priority: 0 }];
    let days = [true, true, true, true, true, false, false];
    let hours = |purpose, fences, weekdays, from_minute, to_minute| PurposeRule {
        purpose,
        fences,
        weekdays,
        from_minute,
        to_minute,
    };
    let purposes = vec![
        hours(Purpose::Business, vec![RowId(1)], days, 8 * 60, 18 * 60),
        hours(Purpose::Private, vec![], [true; 7], 0, 0),
    ];
    let setup = Setup { fences, purposes, zone: Some(chrono_tz::Europe::Berlin), ..Setup::default() };
    // In October, Berlin is two hours ahead.
    check_with(
        &setup,
        "1 06:30 km 100 at home
         1 07:00 km 122 at work
         1 12:00 km 122
         1 12:30 km 139 at shop
         1 15:30 km 139 at shop
         1 16:30 km 144 at home
         1 20:00 km 144
         6 06:30 km 144
         6 07:00 km 166 at work
         6 09:00 km 166",
        "drive 1 06:30..07:00 to 1 06:30..07:00, 22 km from home to work, business
         drive 1 12:00..12:30 to 1 12:00..12:30, 17 km from work to shop, private
         drive 1 15:30..16:30 to 1 15:30..16:30, 5 km from shop to home, private
         drive 6 06:30..07:00 to 6 06:30..07:00, 22 km from home to work, private",
    );
}

#[test]
fn a_car_without_an_odometer_came_at_least_as_far_as_its_places_lie_apart() {
    check(
        "1 08:00 at home\n1 08:30 at work\n1 09:00 at work",
        "drive 1 08:00..08:30 to 1 08:00..08:30, 22.239 km from home to work",
    );
    check(
        "1 08:00 gear P\n1 08:01 gear D speed 60\n1 08:03 gear D speed 30\n1 08:05 gear P",
        "drive 1 08:00..08:01 to 1 08:03..08:05, 3 km",
    );
}

#[test]
fn a_car_that_cannot_be_reached_any_more_has_arrived_where_it_was_heard_of_last() {
    let story = "
        1 08:00 km 25000 at home
        1 08:05 km 25004 gear D
        1 08:12 km 25012 gear D
        1 08:13 online no";
    check(story, "drive 1 08:00..08:05 goes on, 12 km from home");
    check(&format!("{story}\n1 08:30 online no"), "drive 1 08:00..08:05 to 1 08:05..08:12, 12 km from home");
}

#[test]
fn seven_hundred_metres_are_a_trip_where_the_odometer_is_seen_counting() {
    check(
        "
        1 08:00 km 25000.0
        1 08:02 km 25000.1
        1 08:02 km 25000.7
        1 08:13 km 25000.7
        ",
        "drive 1 08:02 to 1 08:02, 0.7 km",
    );
    check(
        "
        1 08:00 km 25000.0
        1 09:00 km 25000.7
        ",
        "",
    );
}
