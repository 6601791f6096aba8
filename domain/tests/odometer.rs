//! Stories of the odometer rule: what a car said and people wrote, line by line, and the book that follows.

#![expect(clippy::unwrap_used, reason = "a story that cannot be read is a failed test")]

use chrono::{DateTime, TimeDelta, Utc};
use domain::book::{Doubt, Entry, IssueKind, Mark};
use domain::distance::Distance;
use domain::fact::{Fact, RowId};
use domain::fold::Sighting;
use domain::reading::{Milli, Reading, Signal, TimeQuality, Value};
use domain::setup::Setup;
use domain::timeline::{Settled, advance};

/// `story`: one line a moment: `<day> <hh:mm> <what> [<km>]`, `what` being `km` (a reading), `hand` (a reading
/// that a manual sync brought), `person` (an entry that a person wrote) or `replaced` (a person confirmed
/// that the counter was changed).
fn check(story: &str, expected: &str) {
    let (mut sightings, mut facts) = (Vec::new(), Vec::new());
    for (number, line) in lines(story).into_iter().enumerate() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let at = moment(words[0], words[1]);
        let metres = words.get(3).map_or(0, |km| Milli::from_f64(km.parse().unwrap()).unwrap().0);
        match words[2] {
            "km" | "hand" => sightings.push(Sighting {
                reading: Reading {
                    at,
                    signal: Signal::new(Signal::ODOMETER),
                    value: Value::Number(Milli(metres)),
                    quality: TimeQuality::Oem,
                    original: None,
                },
                by_hand: words[2] == "hand",
            }),
            "person" => facts.push(Fact::MeterEntry {
                at,
                odometer: Distance::from_metres(metres),
                row: RowId(number as u128),
            }),
            "replaced" => facts.push(Fact::OdometerReplaced { at }),
            other => panic!("no such word in a story: {other}"),
        }
    }
    let outcome = advance(Settled::default(), sightings, facts, &Setup::default());
    let mut told: Vec<(DateTime<Utc>, String)> = outcome.book.entries().filter_map(tell).collect();
    told.sort();
    let told: Vec<String> = told.into_iter().map(|(at, words)| format!("{} {words}", clock(at))).collect();
    assert_eq!(told, lines(expected), "\nthe story was:{story}");
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

/// `None` for what other rules wrote.
fn tell(entry: &Entry) -> Option<(DateTime<Utc>, String)> {
    Some(match entry {
        Entry::Meter(entry) => {
            let marks = entry.evidence.marks.iter().map(|mark| match mark {
                Mark::UnitCorrected => " (unit corrected)",
                Mark::Released => " (released)",
                _ => panic!("no mark of the odometer: {mark:?}"),
            });
            let by_hand = if entry.anchor.by_hand { " by hand" } else { "" };
            (entry.anchor.at, format!("entry {}{by_hand}{}", entry.odometer, marks.collect::<String>()))
        }
        Entry::Quarantined(entry) => {
            let why = match entry.why {
                Doubt::Impossible => "impossible".to_owned(),
                Doubt::Falls { from } => format!("falls from {from}"),
                Doubt::Leaps { from } => format!("leaps from {from}"),
                Doubt::Outlier => "outlier".to_owned(),
                Doubt::BelowPerson { entry, .. } => format!("below the person's {entry}"),
            };
            (entry.anchor.at, format!("quarantined {}: {why}", entry.anchor.number()))
        }
        Entry::Issue(issue) => (
            issue.at,
            match issue.what {
                IssueKind::OdometerConflict { entry, car, .. } => {
                    format!("issue: a person wrote {entry}, the car says {car}")
                }
                IssueKind::OdometerReplaced { ref from, ref to, .. } => {
                    format!("issue: counter changed from {from} to {to}?")
                }
                IssueKind::Condition(_) => return None,
            },
        ),
        _ => return None,
    })
}

#[test]
fn each_new_value_is_an_entry() {
    check(
        "1 06:00 km 25010\n1 09:00 km 25010.5\n1 15:00 km 25042",
        "1 06:00 entry 25010\n1 09:00 entry 25010.5\n1 15:00 entry 25042",
    );
}

#[test]
fn an_identical_reading_within_an_hour_is_a_duplicate() {
    check("1 23:30 km 100\n2 00:30 km 100", "1 23:30 entry 100");
}

#[test]
fn a_standing_car_gets_one_entry_a_day() {
    check(
        "1 06:00 km 100
         1 08:00 km 100
         1 20:00 km 100
         2 06:00 km 100
         2 18:00 km 100
         3 05:00 km 100",
        "1 06:00 entry 100
         2 06:00 entry 100
         3 05:00 entry 100",
    );
}

#[test]
fn a_fall_of_less_than_a_kilometre_is_rounding() {
    check("1 06:00 km 100.9\n1 09:00 km 100\n1 12:00 km 104", "1 06:00 entry 100.9\n1 12:00 entry 104");
}

#[test]
fn a_lower_reading_never_becomes_an_entry() {
    check(
        "1 06:00 km 25010
         1 09:00 km 25042
         1 12:00 km 24000
         1 15:00 km 25060",
        "1 06:00 entry 25010
         1 09:00 entry 25042
         1 12:00 quarantined 24000: falls from 25042
         1 15:00 entry 25060",
    );
}

#[test]
fn one_high_outlier_does_not_block_the_true_values_after_it() {
    check(
        "1 06:00 km 1780
         1 12:00 km 429496729
         1 13:00 km 1794
         1 14:00 km 99000
         1 18:00 km 1801",
        "1 06:00 entry 1780
         1 12:00 quarantined 429496729: impossible
         1 13:00 entry 1794
         1 14:00 quarantined 99000: leaps from 1794
         1 18:00 entry 1801",
    );
}

#[test]
fn a_believable_outlier_is_taken_back_when_three_readings_contradict_it() {
    check(
        "1 06:00 km 1780
         1 12:00 km 1900
         1 13:00 km 1794
         1 14:30 km 1795
         1 16:00 km 1801",
        "1 06:00 entry 1780
         1 12:00 quarantined 1900: outlier
         1 13:00 entry 1794 (released)
         1 14:30 entry 1795 (released)
         1 16:00 entry 1801 (released)",
    );
}

#[test]
fn a_leap_is_believed_when_two_later_readings_agree_with_it() {
    check(
        "1 06:00 km 20000
         1 09:00 km 20010
         1 12:00 km 60000
         1 12:30 km 60010
         1 14:00 km 60050
         1 16:00 km 60060",
        "1 06:00 entry 20000
         1 09:00 entry 20010
         1 12:00 entry 60000 (released)
         1 12:30 entry 60010 (released)
         1 14:00 entry 60050 (released)
         1 16:00 entry 60060 (released)",
    );
}

#[test]
fn readings_less_than_an_hour_apart_do_not_vouch_for_each_other() {
    check(
        "1 06:00 km 20000
         1 09:00 km 20010
         1 12:00 km 60000
         1 12:30 km 60010
         1 12:50 km 60020",
        "1 06:00 entry 20000
         1 09:00 entry 20010
         1 12:00 quarantined 60000: leaps from 20010
         1 12:30 quarantined 60010: leaps from 20010
         1 12:50 quarantined 60020: leaps from 20010",
    );
}

#[test]
fn a_first_reading_that_was_wrong_is_taken_back() {
    check(
        "1 06:00 km 999
         1 09:00 km 62000
         1 11:00 km 62010
         1 13:00 km 62020",
        "1 06:00 quarantined 999: outlier
         1 09:00 entry 62000 (released)
         1 11:00 entry 62010 (released)
         1 13:00 entry 62020 (released)",
    );
}

#[test]
fn miles_labelled_kilometres_are_converted_and_learned() {
    check(
        "1 06:00 km 160934
         1 09:00 km 100010
         1 12:00 km 100020
         1 15:00 km 100030
         9 15:00 km 101800
         9 18:00 km 163900",
        "1 06:00 entry 160934
         1 09:00 entry 160950.093 (unit corrected)
         1 12:00 entry 160966.187 (unit corrected)
         1 15:00 entry 160982.28 (unit corrected)
         9 15:00 entry 163830.812
         9 18:00 entry 163900 (unit corrected)",
    );
}

#[test]
fn a_short_drive_is_never_taken_for_another_unit() {
    check("1 06:00 km 10\n1 06:30 km 16.1", "1 06:00 entry 10\n1 06:30 entry 16.1");
}

#[test]
fn a_counter_that_is_lower_for_a_day_is_shown_to_the_owner_and_nothing_is_written() {
    check(
        "1 06:00 km 150000
         1 09:00 km 150020
         2 09:00 km 12
         2 18:00 km 30
         3 10:00 km 55
         3 15:00 km 60",
        "1 06:00 entry 150000
         1 09:00 entry 150020
         2 09:00 issue: counter changed from 150020 to 12?
         2 09:00 quarantined 12: falls from 150020
         2 18:00 quarantined 30: falls from 150020
         3 10:00 quarantined 55: falls from 150020
         3 15:00 quarantined 60: falls from 150020",
    );
}

#[test]
fn a_confirmed_new_counter_goes_on_with_what_it_shows() {
    check(
        "1 06:00 km 150000
         1 09:00 km 150020
         2 09:00 replaced
         2 09:00 km 12
         2 18:00 km 30
         3 10:00 km 55",
        "1 06:00 entry 150000
         1 09:00 entry 150020
         2 09:00 entry 12
         2 18:00 entry 30
         3 10:00 entry 55",
    );
}

#[test]
fn what_a_person_wrote_within_the_hour_is_not_written_again() {
    check(
        "1 06:00 km 100\n1 09:00 person 150\n1 09:30 km 150\n1 12:00 km 160",
        "1 06:00 entry 100\n1 12:00 entry 160",
    );
}

#[test]
fn a_typing_error_of_a_person_is_shown_and_does_not_block_the_readings_after_it() {
    check(
        "1 06:00 km 15000
         1 09:00 person 151000
         1 12:00 km 15040
         1 15:00 km 15060",
        "1 06:00 entry 15000
         1 09:00 issue: a person wrote 151000, the car says 15040
         1 12:00 quarantined 15040: below the person's 151000
         1 15:00 entry 15060",
    );
}

#[test]
fn a_person_who_writes_less_than_the_car_said_is_asked_and_the_entries_stand() {
    check(
        "1 06:00 km 15000
         1 09:00 person 1500
         1 12:00 km 15040",
        "1 06:00 entry 15000
         1 09:00 issue: a person wrote 1500, the car says 15000
         1 12:00 entry 15040",
    );
}

#[test]
fn an_outlier_takes_its_quarrel_with_a_person_back_with_it() {
    check(
        "1 06:00 km 1780
         1 12:00 km 1900
         1 12:30 person 1793
         1 13:00 km 1794
         1 14:30 km 1795
         1 16:00 km 1801",
        "1 06:00 entry 1780
         1 12:00 quarantined 1900: outlier
         1 13:00 entry 1794 (released)
         1 14:30 entry 1795 (released)
         1 16:00 entry 1801 (released)",
    );
}

#[test]
fn a_reading_of_a_manual_sync_says_so() {
    check("1 06:00 hand 100\n1 09:00 km 150", "1 06:00 entry 100 by hand\n1 09:00 entry 150");
}

#[test]
fn a_car_that_reports_once_a_month_may_have_driven_far() {
    check("1 06:00 km 100\n31 06:00 km 9000", "1 06:00 entry 100\n31 06:00 entry 9000");
}
