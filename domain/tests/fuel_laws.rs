//! Laws of the fuel rule: the fuel book is a function of the set of readings and of what people said, a gauge that wavers
//! fills no tank, and nobody bought less than the book says.

#![expect(clippy::unwrap_used, reason = "a number that no car reports is a failed test")]

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::book::{Entry, EntryKey, EntryState, changes};
use domain::fact::{Fact, RowId};
use domain::fold::Sighting;
use domain::reading::{Milli, Position, Reading, Signal, TimeQuality, Value};
use domain::setup::{Powertrain, Setup};
use domain::timeline::{Head, Settled, advance};
use proptest::prelude::*;
use proptest::sample::Index;

const TANK: f64 = 50.0;

fn setup() -> Setup {
    Setup { powertrain: Some(Powertrain::Combustion), tank: Some(Milli(50_000)), ..Setup::default() }
}

/// What the database keeps of one car.
#[derive(Default)]
struct Shelf {
    readings: Vec<Sighting>,
    facts: Vec<Fact>,
    days: BTreeMap<chrono::NaiveDate, Settled>,
    head: Head,
    rows: BTreeMap<EntryKey, Entry>,
}

impl Shelf {
    /// One batch, as the worker does it: store, find where to begin, fold on, apply the difference.
    fn take(&mut self, batch: &[Sighting]) {
        let mut fresh = Vec::new();
        for seen in batch {
            if !self.readings.contains(seen) {
                self.readings.push(seen.clone());
                fresh.push(seen.clone());
            }
        }
        if let Some(earliest) = fresh.iter().map(|seen| seen.reading.at).min() {
            self.fold_from(earliest, fresh);
        }
    }

    fn hear(&mut self, fact: Fact) {
        self.facts.push(fact);
        self.fold_from(fact.at(), Vec::new());
    }

    fn fold_from(&mut self, earliest: DateTime<Utc>, fresh: Vec<Sighting>) {
        let (start, sightings) = if self.head.reaches(earliest) {
            (self.head.settled.clone(), [self.head.tail.clone(), fresh].concat())
        } else {
            let before = self.days.range(..earliest.date_naive()).next_back();
            (before.map_or_else(Settled::default, |(_, state)| state.clone()), self.readings.clone())
        };
        let (since, first_day) = (start.until, start.day());
        let outcome = advance(start, sightings, self.facts.clone(), &setup());
        let reachable = |key: &EntryKey, row: &Entry| {
            since.is_none_or(|since| row.evidence().until > since) || outcome.open.contains(key)
        };
        let rows = self.rows.iter().filter(|(key, row)| reachable(key, row));
        let stored: Vec<Entry> = rows.map(|(_, row)| row.clone()).collect();
        let todo = changes(stored, outcome.book.into_entries(), Entry::key);
        for row in todo.insert {
            let twice = self.rows.insert(row.key(), row.clone());
            assert!(twice.is_none(), "inserted twice: {twice:?}, then {row:?}, begun at {since:?}");
        }
        for row in todo.amend {
            self.rows.insert(row.key(), row);
        }
        for row in todo.retract {
            self.rows.remove(&row.key());
        }
        self.days.retain(|day, _| *day <= first_day);
        self.days.extend(outcome.days.into_iter().map(|day| (day.day(), day)));
        self.head = outcome.head;
    }
}

fn all_at_once(life: &[Sighting], facts: &[Fact]) -> Vec<Entry> {
    advance(Settled::default(), life.iter().cloned(), facts.iter().copied(), &setup()).book.into_entries()
}

fn start() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn sighting(minute: i64, code: &str, value: Value) -> Sighting {
    let at = start() + TimeDelta::minutes(minute);
    let signal = Signal::new(code);
    let reading = Reading { at, signal, value, quality: TimeQuality::Oem, original: None };
    Sighting { reading, by_hand: false }
}

fn number(value: f64) -> Value {
    Value::Number(Milli::from_f64(value).unwrap())
}

/// One step of a life.
#[derive(Debug, Clone)]
struct Step {
    minutes: i64,
    metres: i32,
    /// Percent that are bought after the drive.
    fill: Option<f64>,
    /// Percent that the gauge is off by.
    noise: f64,
    /// Which readings the car sends, and how well.
    says: u8,
}

fn a_step() -> impl Strategy<Value = Step> {
    let minutes = prop_oneof![1 => 1i64..40, 3 => 40i64..900, 1 => 900i64..4000];
    let metres = prop_oneof![3 => Just(0i32), 4 => 400i32..90_000, 1 => 90_000i32..400_000];
    let fill = prop_oneof![5 => Just(None), 1 => (3.0f64..100.0).prop_map(Some)];
    (minutes, metres, fill, -2.0f64..2.0, 0u8..60).prop_map(|(minutes, metres, fill, noise, says)| Step {
        minutes,
        metres,
        fill,
        noise,
        says,
    })
}

/// A life of one car, what it sent of it, and the litres that its people bought.
struct Life {
    sightings: Vec<Sighting>,
    bought: f64,
}

/// Mostly driving, standing and filling; now and then a dropout, a spike, a speed, a place, a stale or odd odometer.
fn live(steps: &[Step]) -> Life {
    let (mut minute, mut km, mut level, mut bought) = (0, 30_000.0, 60.0f64, 0.0);
    let mut sightings = Vec::new();
    for step in steps {
        // At a hundred an hour, or slower.
        minute += step.minutes.max(i64::from(step.metres) * 6 / 10_000 + 1);
        let driven = f64::from(step.metres) / 1000.0;
        km += driven;
        level = (level - driven * 0.13).max(1.0);
        if let Some(fill) = step.fill {
            let fill = fill.min(100.0 - level);
            level += fill;
            bought += fill * TANK / 100.0;
        }
        let shown = (level + step.noise).clamp(1.0, 100.0).round();
        let shown = match step.says {
            0 => 0.0,
            1 => 255.0,
            2 => (shown - 40.0).max(3.0),
            3 => (shown + 40.0).min(100.0),
            _ => shown,
        };
        if step.says % 7 != 6 {
            sightings.push(sighting(minute, Signal::FUEL_LEVEL, number(shown)));
        }
        if step.says % 5 != 4 {
            let odd = if step.says == 10 { 4000.0 } else { 0.0 };
            sightings.push(sighting(
                minute + i64::from(step.says % 3) * 20,
                Signal::ODOMETER,
                number(km + odd),
            ));
        }
        if step.says % 11 == 3 {
            sightings.push(sighting(minute + 1, Signal::SPEED, number(f64::from(step.says))));
        }
        if step.says % 4 == 1 {
            let place = Position::from_degrees(50.0 + km / 10_000.0, 10.0).unwrap();
            sightings.push(sighting(minute, Signal::LOCATION, Value::Position(place)));
        }
    }
    Life { sightings, bought }
}

fn receipts() -> impl Strategy<Value = Vec<Fact>> {
    let receipt = (0i64..60_000, 3_000i64..60_000);
    proptest::collection::vec(receipt, 0..5).prop_map(|receipts| {
        let fact = |(row, (minute, litres)): (u128, (i64, i64))| Fact::FillUp {
            at: start() + TimeDelta::minutes(minute),
            litres: Milli(litres),
            full: None,
            odometer: None,
            row: RowId(row),
        };
        (0..).zip(receipts).map(fact).collect()
    })
}

/// The readings in the order and the batches in which they might arrive: shuffled, some again.
fn arrivals(life: &[Sighting], shuffle: &[Index], again: &[Index], cuts: &[Index]) -> Vec<Vec<Sighting>> {
    let mut order = life.to_vec();
    order.extend(again.iter().map(|index| index.get(life).clone()));
    for (here, there) in shuffle.iter().enumerate() {
        let (here, there) = (here % order.len(), there.index(order.len()));
        order.swap(here, there);
    }
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(order.len())).collect();
    cuts.extend([0, order.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|pair| order[pair[0]..pair[1]].to_vec()).collect()
}

fn difference(piecewise: &[Entry], at_once: &[Entry]) -> String {
    let only = |these: &[Entry], those: &[Entry]| {
        let lines = these.iter().filter(|entry| !those.contains(entry)).map(|entry| format!("{entry:?}\n"));
        lines.collect::<String>()
    };
    format!("missing:\n{}surplus:\n{}", only(at_once, piecewise), only(piecewise, at_once))
}

proptest! {
    #[test]
    fn any_order_any_duplicates_and_any_batches_give_the_same_fuel_book(
        steps in proptest::collection::vec(a_step(), 1..60),
        facts in receipts(),
        shuffle in proptest::collection::vec(any::<Index>(), 0..120),
        again in proptest::collection::vec(any::<Index>(), 0..20),
        cuts in proptest::collection::vec(any::<Index>(), 0..40),
        when in proptest::collection::vec(any::<Index>(), 5),
    ) {
        let life = live(&steps).sightings;
        prop_assume!(!life.is_empty());
        let mut shelf = Shelf::default();
        let batches = arrivals(&life, &shuffle, &again, &cuts);
        for (number, batch) in batches.iter().enumerate() {
            for (fact, when) in facts.iter().zip(&when) {
                if when.index(batches.len()) == number {
                    shelf.hear(*fact);
                }
            }
            shelf.take(batch);
        }
        let (piecewise, at_once) = (shelf.rows.into_values().collect::<Vec<_>>(), all_at_once(&life, &facts));
        prop_assert!(piecewise == at_once, "{facts:?}\n{}", difference(&piecewise, &at_once));
    }

    #[test]
    fn nobody_bought_less_than_the_book_says(steps in proptest::collection::vec(a_step(), 1..120)) {
        // A car that tells no tales, whose gauge wavers no more than a book without experience allows for: one that wavers more
        // may be further off once than is said, and is known after some stops.
        let calm = |step: Step| Step { says: step.says.max(4), noise: step.noise / 8.0, ..step };
        let steps: Vec<Step> = steps.into_iter().map(calm).collect();
        let life = live(&steps);
        let book = all_at_once(&life.sightings, &[]);
        let fills = book.iter().filter_map(|entry| match entry {
            Entry::FillUp(fill) if fill.state == EntryState::Recorded => fill.litres,
            _ => None,
        });
        let (said, error) = fills.fold((0.0, 0.0), |(said, error), litres| {
            (said + litres.amount.to_f64(), error + litres.plus_minus.to_f64())
        });
        prop_assert!(said <= life.bought + error, "{said} l ± {error} where {} l were bought", life.bought);
    }

    #[test]
    fn a_parked_car_whose_gauge_wavers_is_never_filled(
        noise in proptest::collection::vec((0i64..2, -2.0f64..=2.0), 1100),
        slope in -5.0f64..5.0,
    ) {
        // Three readings a day for a year, on a slope.
        let life: Vec<Sighting> = (0..).zip(noise).flat_map(|(number, (stale, noise))| {
            let minute = number * 480;
            let level = sighting(minute, Signal::FUEL_LEVEL, number_of(50.0 + slope + noise));
            let odometer = (stale == 0).then(|| sighting(minute, Signal::ODOMETER, number_of(42_000.0)));
            [Some(level), odometer].into_iter().flatten()
        }).collect();
        let book = all_at_once(&life, &[]);
        prop_assert!(!book.iter().any(|entry| matches!(entry, Entry::FillUp(_) | Entry::Alert(_))));
    }
}

/// As a gauge shows it: whole percent.
fn number_of(value: f64) -> Value {
    number(value.round())
}
