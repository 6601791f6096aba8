//! Stories of geofences: what a car said, line by line, and what happened at the marked places.

#![expect(clippy::unwrap_used, reason = "a story that cannot be read is a failed test")]

use chrono::{DateTime, TimeDelta, Utc};
use domain::alert::Alarm;
use domain::book::Entry;
use domain::fact::RowId;
use domain::fences::{Fence, Passage, Shape, Telling, named};
use domain::fold::Sighting;
use domain::reading::{Milli, Position, Reading, Signal, TimeQuality, Value};
use domain::setup::Setup;
use domain::timeline::{Settled, advance};

/// Metres along the equator, from 10 degrees east on.
fn east(metres: i32) -> Position {
    Position::from_degrees(0.0, 10.0 + f64::from(metres) / 111_195.0).unwrap()
}

fn circle(number: u128, name: &str, centre_m: i32, radius_m: u32, priority: i16) -> Fence {
    let shape = Shape::Circle { centre: east(centre_m), radius_m };
    Fence { id: RowId(number), name: name.to_owned(), shape, priority }
}

/// `story`: `<hh:mm>` and what the car said: `at <metres east of home>`, `zone <id>` or `km <odometer>`. Home is a circle of
/// 200 m round 0, the lane one of 100 m round -3000.
fn check(story: &str, expected: &str) {
    assert_eq!(told(story, &home_and_lane()), lines(expected), "\nthe story was:{story}");
}

fn home_and_lane() -> Setup {
    let fences = vec![circle(1, "home", 0, 200, 0), circle(2, "lane", -3_000, 100, 0)];
    Setup { fences, ..Setup::default() }
}

/// People of whom each wants to be told: `<fence> <passage> <hh:mm> [<hh:mm>]`, since when, and until when.
fn check_alerts(wishes: &str, story: &str, expected: &str) {
    let passage = |name: &str| Passage::ALL.into_iter().find(|passage| passage.name() == name).unwrap();
    let telling = |line: &String| {
        let words: Vec<&str> = line.split_whitespace().collect();
        Telling {
            fence: RowId(words[0].parse().unwrap()),
            passage: passage(words[1]),
            from: moment(words[2]),
            until: words.get(3).map(|until| moment(until)),
        }
    };
    let mut setup = home_and_lane();
    setup.fences.push(circle(3, "town", 0, 2_000, 0));
    setup.told = lines(wishes).iter().map(telling).collect();
    let mut alerts = told(story, &setup);
    alerts.retain(|line| line.contains(" alert "));
    assert_eq!(alerts, lines(expected), "\nthe story was:{story}");
}

/// What the rule writes, by its moment.
fn told(story: &str, setup: &Setup) -> Vec<String> {
    let sightings: Vec<Sighting> = lines(story).iter().flat_map(|line| readings(line)).collect();
    let outcome = advance(Settled::default(), sightings, [], setup);
    let told = outcome.book.entries().filter_map(|entry| match entry {
        Entry::FenceEvent(event) => Some((event.at, format!("{} {}", event.passage.name(), event.name))),
        Entry::Alert(alert) => match &alert.what {
            Alarm::AtPlace { name, .. } => {
                Some((alert.at, format!("alert {} {name}", alert.what.kind().name())))
            }
            _ => None,
        },
        _ => None,
    });
    let mut told: Vec<(DateTime<Utc>, String)> = told.collect();
    told.sort();
    told.into_iter().map(|(at, words)| format!("{} {words}", at.format("%H:%M"))).collect()
}

fn moment(clock: &str) -> DateTime<Utc> {
    let (hours, minutes) = clock.split_once(':').unwrap();
    let minutes = hours.parse::<i64>().unwrap() * 60 + minutes.parse::<i64>().unwrap();
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::minutes(minutes)
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

fn readings(line: &str) -> Vec<Sighting> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let at = moment(words[0]);
    let said = words[1..].chunks(2).map(|said| match said[0] {
        "at" => (Signal::LOCATION, Value::Position(east(said[1].parse().unwrap()))),
        "zone" => (Signal::LOCATION, Value::Text(format!("zone:{}", said[1]))),
        "km" => (Signal::ODOMETER, Value::Number(Milli::from_f64(said[1].parse().unwrap()).unwrap())),
        "soc" => (Signal::STATE_OF_CHARGE, Value::Number(Milli::from_f64(said[1].parse().unwrap()).unwrap())),
        other => panic!("no such word in a story: {other}"),
    });
    let sighting = |(code, value)| Sighting {
        reading: Reading { at, signal: Signal::new(code), value, quality: TimeQuality::Oem, original: None },
        by_hand: false,
    };
    said.map(sighting).collect()
}

#[test]
fn coming_is_told_at_once_and_staying_after_five_minutes() {
    check("08:00 at 5000\n08:20 at 150\n08:23 at 100\n08:26 at 20", "08:20 enter home\n08:26 dwell home");
}

#[test]
fn where_a_car_is_seen_first_it_did_not_come() {
    check("08:00 at 10\n08:10 at 20", "08:10 dwell home");
}

#[test]
fn an_odometer_that_does_not_move_shows_that_it_stays() {
    check("08:00 at 5000\n08:20 at 150 km 100\n08:21 km 100", "08:20 enter home\n08:21 dwell home");
    check("08:00 at 5000\n08:20 at 150 km 100\n08:21 km 101", "08:20 enter home");
}

#[test]
fn leaving_needs_a_second_sign() {
    check("08:00 at 0\n08:01 at 400", "");
    check("08:00 at 0\n08:01 at 400\n08:02 at 900", "08:01 exit home");
    check("08:00 at 0 km 100\n08:01 at 400\n08:02 km 100.4", "08:01 exit home");
    check("08:00 at 0\n08:01 at 400\n08:07 soc 50", "08:01 exit home");
}

#[test]
fn the_blur_at_the_edge_is_no_leaving() {
    check("08:00 at 0\n08:01 at 240\n08:02 at 245\n08:03 at 190\n08:04 at 248", "");
}

#[test]
fn one_fix_outside_of_a_car_that_did_not_move_is_wrong() {
    check("08:00 at 0 km 100\n10:00 at 600 km 100\n16:00 at 10", "16:00 dwell home");
}

#[test]
fn a_towed_car_leaves_without_its_odometer() {
    check("08:00 at 0 km 100\n08:10 at 900 km 100\n08:20 at 2000 km 100", "08:10 exit home");
}

#[test]
fn passing_is_inferred_from_the_straight_way_if_the_speed_fits() {
    check("08:00 at -2000\n08:02 at -4000", "08:02 passed lane");
    check("08:00 at -2000\n09:40 at -4000", "");
}

#[test]
fn a_fix_that_no_car_can_have_reached_is_nothing() {
    check("08:00 at 0\n08:01 at 40000\n08:02 at 10\n08:10 at 10", "08:10 dwell home");
}

#[test]
fn where_the_equator_meets_greenwich_is_no_fix() {
    let fences = vec![Fence {
        id: RowId(1),
        name: "sea".to_owned(),
        shape: Shape::Circle { centre: Position { latitude_e6: 0, longitude_e6: 0 }, radius_m: 500 },
        priority: 0,
    }];
    let at = |minute: i64, longitude_e6| Sighting {
        reading: Reading {
            at: DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::minutes(minute),
            signal: Signal::new(Signal::LOCATION),
            value: Value::Position(Position { latitude_e6: 0, longitude_e6 }),
            quality: TimeQuality::Oem,
            original: None,
        },
        by_hand: false,
    };
    let setup = Setup { fences, ..Setup::default() };
    let outcome = advance(Settled::default(), [at(0, 10_000), at(60, 0)], [], &setup);
    assert_eq!(outcome.book.entries().count(), 0);
}

#[test]
fn nothing_happens_twice_at_a_place_within_a_quarter_of_an_hour() {
    check(
        "08:00 at 900\n08:02 at 0\n08:03 at 900\n08:04 at 950\n08:06 at 0\n08:09 at 900\n08:10 at 950\n08:30 at 0",
        "08:02 enter home\n08:03 exit home\n08:30 enter home",
    );
}

#[test]
fn a_private_zone_is_entered_by_its_name() {
    check(
        "08:00 at 5000\n08:20 zone 00000000-0000-0000-0000-000000000001\n08:40 at 900\n08:41 at 1900",
        "08:20 enter home\n08:40 exit home",
    );
}

#[test]
fn the_higher_one_names_a_place_and_of_equal_ones_the_smaller() {
    let fences =
        [circle(1, "town", 0, 9_000, 0), circle(2, "home", 0, 200, 0), circle(3, "county", 0, 40_000, -1)];
    let name = |at: i32| named(&fences, east(at)).map(|fence| fence.name.as_str());
    assert_eq!(
        (name(100), name(3_000), name(30_000), name(50_000)),
        (Some("home"), Some("town"), Some("county"), None)
    );
    let above = [circle(1, "town", 0, 9_000, 1), circle(2, "home", 0, 200, 0)];
    assert_eq!(named(&above, east(100)).map(|fence| fence.name.as_str()), Some("town"));
}

/// Comes home at 08:20, stays, and leaves at 09:00.
const HOME_AND_AWAY: &str = "
    08:00 at 5000
    08:10 at 1900
    08:20 at 150
    08:26 at 20
    09:00 at 900
    09:01 at 1500
    09:10 at 5000
    09:11 at 9000
";

#[test]
fn who_wants_to_be_told_of_a_place_gets_an_alert_of_what_they_asked_for_and_of_nothing_else() {
    check_alerts("1 enter 00:00", HOME_AND_AWAY, "08:20 alert place_entered home");
    check_alerts(
        "1 exit 00:00\n1 dwell 00:00",
        HOME_AND_AWAY,
        "08:26 alert place_stayed home\n09:00 alert place_left home",
    );
    check_alerts("2 passed 00:00", "08:00 at -2000\n08:02 at -4000", "08:02 alert place_passed lane");
    check_alerts("", HOME_AND_AWAY, "");
    check_alerts("4 enter 00:00", HOME_AND_AWAY, "");
}

#[test]
fn what_happened_before_somebody_asked_or_after_they_asked_no_more_is_no_alert() {
    check_alerts("1 enter 08:20", HOME_AND_AWAY, "08:20 alert place_entered home");
    check_alerts("1 enter 08:21\n1 exit 08:21 09:00", HOME_AND_AWAY, "");
    check_alerts("1 enter 08:00 08:10\n1 enter 08:15 08:25", HOME_AND_AWAY, "08:20 alert place_entered home");
    // Two of its people ask: it is told once.
    check_alerts("1 enter 00:00\n1 enter 08:00", HOME_AND_AWAY, "08:20 alert place_entered home");
}

#[test]
fn two_places_that_are_entered_at_once_are_two_alerts() {
    check_alerts(
        "1 enter 00:00\n3 enter 00:00",
        "08:00 at 5000\n08:20 at 150",
        "08:20 alert place_entered home\n08:20 alert place_entered town",
    );
}

#[test]
fn an_alert_stands_with_its_event_and_goes_with_it() {
    let mut setup = home_and_lane();
    setup.told = Passage::ALL
        .into_iter()
        .map(|passage| Telling { fence: RowId(1), passage, from: moment("00:00"), until: None })
        .collect();
    // A fix that comes late shows that the car came earlier.
    for story in
        ["08:00 at 5000\n08:20 at 150\n08:26 at 20", "08:00 at 5000\n08:12 at 180\n08:20 at 150\n08:26 at 20"]
    {
        let told = told(story, &setup);
        let bare = |line: &String| {
            line.replace("alert place_entered", "enter").replace("alert place_stayed", "dwell")
        };
        let (alerts, events): (Vec<String>, Vec<String>) =
            told.into_iter().partition(|line| line.contains(" alert "));
        assert_eq!(alerts.iter().map(bare).collect::<Vec<_>>(), events);
    }
}
