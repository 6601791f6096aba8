//! Stories of the fuel rule: what a car and its people said, line by line, and the fuel book that follows.

#![expect(clippy::unwrap_used, reason = "a story that cannot be read is a failed test")]

use chrono::{DateTime, TimeDelta, Utc};
use domain::alert::Alarm;
use domain::book::{Entry, EntryState};
use domain::fact::{Fact, RowId};
use domain::fold::Sighting;
use domain::fuel::FillUp;
use domain::reading::{Milli, Position, Reading, Signal, TimeQuality, Value};
use domain::setup::{Powertrain, Setup};
use domain::timeline::{Settled, advance};

/// `story`: one line a moment: `<day> <hh:mm>` and what was read then, in pairs: `km`, `fuel` (percent), `litres`, `speed`,
/// `place` (degrees north), `bought` (litres that a person wrote down), `replaced` (a new counter).
fn check(setup: &Setup, story: &str, expected: &str) {
    assert_eq!(book(setup, story), lines(expected), "\nthe story was:{story}");
}

fn book(setup: &Setup, story: &str) -> Vec<String> {
    let (mut sightings, mut facts) = (Vec::new(), Vec::new());
    for (number, line) in lines(story).into_iter().enumerate() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let at = moment(words[0], words[1]);
        for pair in words[2..].chunks(2) {
            let number_of = || Milli::from_f64(pair[1].parse().unwrap()).unwrap();
            let (code, value) = match pair[0] {
                "km" => (Signal::ODOMETER, Value::Number(number_of())),
                "fuel" => (Signal::FUEL_LEVEL, Value::Number(number_of())),
                "litres" => (Signal::FUEL_AMOUNT, Value::Number(number_of())),
                "speed" => (Signal::SPEED, Value::Number(number_of())),
                "place" => {
                    let position = Position::from_degrees(pair[1].parse().unwrap(), 13.0).unwrap();
                    (Signal::LOCATION, Value::Position(position))
                }
                "bought" => {
                    let row = RowId(number as u128);
                    facts.push(Fact::FillUp { at, litres: number_of(), full: None, odometer: None, row });
                    continue;
                }
                "replaced" => {
                    facts.push(Fact::OdometerReplaced { at });
                    continue;
                }
                other => panic!("no such word in a story: {other}"),
            };
            let signal = Signal::new(code);
            let reading = Reading { at, signal, value, quality: TimeQuality::Oem, original: None };
            sightings.push(Sighting { reading, by_hand: false });
        }
    }
    let outcome = advance(Settled::default(), sightings, facts, setup);
    outcome.book.entries().filter_map(tell).collect()
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
fn tell(entry: &Entry) -> Option<String> {
    match entry {
        Entry::FillUp(fill) => Some(tell_fill(fill)),
        Entry::Alert(alert) => match &alert.what {
            Alarm::FuelDrop { from, to } => {
                Some(format!("{} fuel fell from {from} to {to}", clock(alert.at)))
            }
            _ => None,
        },
        _ => None,
    }
}

fn tell_fill(fill: &FillUp) -> String {
    let state = match fill.state {
        EntryState::Recorded => "filled",
        EntryState::Candidate => "perhaps filled",
        EntryState::Hidden => panic!("a fill-up is never hidden"),
    };
    let (after, by) = (clock(fill.between.after), clock(fill.between.by));
    let told = [
        Some(format!("{after}..{by} {state} from {} to {}", fill.level_before, fill.level_after)),
        fill.litres.map(|litres| format!("{} l ± {}", litres.amount, litres.plus_minus)),
        fill.odometer.map(|odometer| format!("at {odometer} km")),
        fill.place.as_ref().map(|_| "place known".to_owned()),
        fill.full.then(|| "full".to_owned()),
        fill.missed_previous.then(|| "missed one".to_owned()),
        fill.economy.map(|economy| format!("{economy} l/100 km")),
        fill.economy_at_pump.map(|economy| format!("{economy} at the pump")),
    ];
    let marks = fill.evidence.marks.iter().map(|mark| mark.name().to_owned());
    told.into_iter().flatten().chain(marks).collect::<Vec<_>>().join(", ")
}

fn car() -> Setup {
    Setup { powertrain: Some(Powertrain::Combustion), ..Setup::default() }
}

fn with_tank(litres: i64) -> Setup {
    Setup { tank: Some(Milli(litres * 1000)), ..car() }
}

#[test]
fn a_rise_while_parked_is_a_fill_up_between_the_last_low_and_the_first_high_reading() {
    check(
        &with_tank(50),
        "1 08:00 fuel 20 km 100
         1 12:00 fuel 20 km 100 place 52.1
         1 12:10 fuel 80 km 100
         1 20:00 fuel 74 km 140",
        "1 12:00..1 12:10 filled from 20 to 80, 30 l ± 1.65, at 100 km, place known",
    );
}

#[test]
fn what_was_burnt_before_and_after_the_pump_was_bought_too() {
    let story = "1 08:00 fuel 90 km 1000
         1 18:00 fuel 80 km 1100
         2 08:00 fuel 80 km 1100
         2 18:00 fuel 70 km 1200
         3 08:00 fuel 70 km 1200
         3 18:00 fuel 60 km 1300
         4 08:00 fuel 30 km 1600
         5 08:00 fuel 90 km 1650
         6 08:00 fuel 85 km 1700";
    let told = "4 08:00..5 08:00 filled from 30 to 90, 32.5 l ± 4.225, at 1650 km";
    check(&with_tank(50), story, told);
    let hybrid = Setup { powertrain: Some(Powertrain::PlugInHybrid), ..with_tank(50) };
    check(&hybrid, story, told);
}
