//! Which lines of a file are in the books already, and which tell of the same as the machine.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use exchange::compare::{Finding, Same, Stored, compare};
use exchange::identity;
use exchange::number::Number;
use exchange::read::Line;
use exchange::record::{FuelEntry, Kind, Record, Trip, When};
use uuid::Uuid;

const CAR: Uuid = Uuid::from_u128(7);

fn at(clock: &str) -> DateTime<Utc> {
    format!("2026-03-04T{clock}:00Z").parse().unwrap()
}

fn litres(text: &str) -> Option<Number> {
    Number::parse(text)
}

fn fill(clock: &str, amount: &str) -> Line {
    let filled_at = match clock {
        "day" => When { at: at("12:00"), whole_day: true },
        clock => When::exactly(at(clock)),
    };
    let record = Record::Fuel(FuelEntry {
        filled_at,
        litres: litres(amount),
        odometer_km: None,
        full_tank: None,
        missed_previous: None,
        price_per_litre: None,
        total_cost: None,
        currency: None,
        state: None,
        notes: None,
    });
    Line { number: 0, record }
}

fn drive(from: &str, to: &str, km: &str) -> Line {
    let end = When::exactly(at(to));
    let record = Record::Trip(Box::new(Trip {
        started_after: at(from),
        started_at: When::exactly(at(from)),
        ended_after: Some(end.at),
        ended_at: Some(end),
        distance_km: Number::parse(km).unwrap(),
        odometer_before_km: None,
        odometer_after_km: None,
        from_latitude: None,
        from_longitude: None,
        from_private_zone: None,
        to_latitude: None,
        to_longitude: None,
        to_private_zone: None,
        what: None,
        purpose: None,
        fuel_used_percent: None,
        charge_used_percent: None,
        state: None,
        notes: None,
    }));
    Line { number: 0, record }
}

fn row(id: u128, kind: Kind, from: &str, to: &str, amount: &str, is_machines: bool) -> Stored {
    let (from, to) = (at(from), at(to));
    Stored { id: Uuid::from_u128(id), kind, from, to, amount: litres(amount), is_machines }
}

/// The findings as words: `new`, `known 1`, `same 1 2`, with `!` where it is not one to one.
fn found(lines: &[Line], stored: &[Stored]) -> Vec<String> {
    let words = |finding: Finding| match finding {
        Finding::New(_) => "new".to_owned(),
        Finding::Known(row) => format!("known {}", row.as_u128()),
        Finding::Same(Same { machines, is_one_to_one, .. }) => {
            let rows: Vec<String> = machines.iter().map(|row| row.as_u128().to_string()).collect();
            format!("same {}{}", rows.join(" "), if is_one_to_one { "" } else { "!" })
        }
    };
    compare(CAR, lines, stored, &BTreeSet::new()).into_iter().map(words).collect()
}

#[test]
fn a_receipt_finds_the_fill_up_that_the_machine_saw_hours_later() {
    let seen = [row(1, Kind::FuelEntries, "09:00", "17:40", "38", true)];
    assert_eq!(found(&[fill("08:10", "41.37")], &seen), ["same 1"]);
    assert_eq!(found(&[fill("day", "41.37")], &seen), ["same 1"]);
    assert_eq!(found(&[fill("02:00", "10")], &seen), ["new"], "far off and much less");
    assert_eq!(found(&[fill("17:50", "10")], &seen), ["same 1"], "nobody fills up twice in an hour");
}

#[test]
fn an_entry_of_the_machine_stands_for_one_receipt_only() {
    let seen = [row(1, Kind::FuelEntries, "09:00", "09:30", "40", true)];
    assert_eq!(found(&[fill("09:10", "40"), fill("18:00", "40")], &seen), ["same 1", "new"]);
}

#[test]
fn what_a_person_wrote_before_is_known_and_what_is_like_it_is_not() {
    let typed = [row(1, Kind::FuelEntries, "09:00", "09:00", "40.5", false)];
    assert_eq!(found(&[fill("09:00", "40.5"), fill("09:00", "40.5")], &typed), ["known 1", "new"]);
    assert_eq!(found(&[fill("09:00", "40.6")], &typed), ["new"]);
}

#[test]
fn one_drive_may_be_two_of_the_machine_and_the_other_way_round() {
    let two = [
        row(1, Kind::Trips, "08:00", "08:30", "20", true),
        row(2, Kind::Trips, "08:40", "09:00", "15", true),
        row(3, Kind::Trips, "10:00", "10:20", "9", true),
    ];
    assert_eq!(found(&[drive("08:00", "09:00", "35")], &two), ["same 1 2!"]);
    let one = [row(1, Kind::Trips, "08:00", "09:00", "35", true)];
    let halves = [drive("08:00", "08:30", "20"), drive("08:40", "09:00", "15")];
    assert_eq!(found(&halves, &one), ["same 1!", "same 1!"]);
    assert_eq!(found(&[drive("08:02", "08:58", "35.4")], &one), ["same 1"]);
}

#[test]
fn a_drive_is_no_part_of_what_it_only_touches_nor_of_less_than_itself() {
    let seen = [row(1, Kind::Trips, "08:00", "09:00", "35", true)];
    assert_eq!(found(&[drive("08:55", "09:30", "20")], &seen), ["new"]);
    assert_eq!(found(&[drive("08:10", "08:40", "60")], &seen), ["new"]);
}

#[test]
fn the_same_line_is_the_same_row_and_two_alike_are_two() {
    let lines = [fill("09:00", "40"), fill("09:00", "40"), fill("09:01", "40")];
    let ids = identity::ids(CAR, &lines);
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 3);
    assert_eq!(identity::ids(CAR, &lines), ids);
    assert_ne!(identity::ids(Uuid::from_u128(8), &lines), ids);
    let known = ids.iter().copied().collect();
    let again = compare(CAR, &lines, &[], &known);
    assert!(again.iter().all(|finding| matches!(finding, Finding::Known(_))));
}
