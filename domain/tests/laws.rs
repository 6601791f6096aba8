//! The law of the system: the book is a function of the set of readings and of what people said. Not of the
//! order of arrival, of duplicates or of batches. Shown here against a shelf that keeps rows and states as
//! the database does, and in which every batch is folded as the worker folds it.

#![expect(clippy::unwrap_used, reason = "writing into a String cannot fail")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use chrono::{DateTime, TimeDelta, Utc};
use domain::book::{Entry, EntryKey, changes};
use domain::distance::Distance;
use domain::fact::{Fact, RowId};
use domain::fold::Sighting;
use domain::reading::{Milli, Reading, Signal, TimeQuality, Value};
use domain::setup::Setup;
use domain::timeline::{Head, Outcome, Settled, advance};
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};

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
        let fresh: Vec<Sighting> = batch.iter().filter(|seen| self.store(seen)).cloned().collect();
        let Some(earliest) = fresh.iter().map(|seen| seen.reading.at).min() else {
            return;
        };
        self.fold_from(earliest, fresh);
    }

    /// A person speaks: facts are found by the next fold, and a late one is folded at once.
    fn hear(&mut self, fact: Fact) {
        self.facts.push(fact);
        self.fold_from(fact.at(), Vec::new());
    }

    /// A person takes back what they said.
    fn unhear(&mut self, fact: Fact) {
        self.facts.retain(|known| *known != fact);
        self.fold_from(fact.at(), Vec::new());
    }

    fn fold_from(&mut self, earliest: DateTime<Utc>, fresh: Vec<Sighting>) {
        if let Some(onward) = self.head.onward(&fresh) {
            self.apply(onward.fold(fresh, self.facts.clone(), &Setup::default()));
            return;
        }
        let (start, sightings) = if self.head.reaches(earliest) {
            (self.head.settled.clone(), [self.head.tail.clone(), fresh].concat())
        } else {
            let before = self.days.range(..earliest.date_naive()).next_back();
            (before.map_or_else(Settled::default, |(_, state)| state.clone()), self.readings.clone())
        };
        let first_day = start.day();
        let outcome = advance(start, sightings, self.facts.clone(), &Setup::default());
        self.days.retain(|day, _| *day <= first_day);
        self.apply(outcome);
    }

    fn apply(&mut self, outcome: Outcome) {
        let since = outcome.since;
        let reachable = |key: &EntryKey, row: &Entry| {
            since.is_none_or(|since| row.evidence().until > since) || outcome.open.contains(key)
        };
        let stored: Vec<Entry> =
            self.rows.iter().filter(|(key, row)| reachable(key, row)).map(|(_, row)| row.clone()).collect();
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
        for day in outcome.days {
            self.days.insert(day.day(), day);
        }
        self.head = outcome.head;
    }

    /// Whether the reading is new, or newly brought by hand.
    fn store(&mut self, seen: &Sighting) -> bool {
        match self.readings.iter_mut().find(|known| known.reading == seen.reading) {
            None => {
                self.readings.push(seen.clone());
                true
            }
            Some(known) if seen.by_hand && !known.by_hand => {
                known.by_hand = true;
                true
            }
            Some(_) => false,
        }
    }

    fn book(self) -> Vec<Entry> {
        self.rows.into_values().collect()
    }
}

fn all_at_once(sightings: &[Sighting], facts: &[Fact]) -> Vec<Entry> {
    advance(Settled::default(), sightings.iter().cloned(), facts.iter().copied(), &Setup::default())
        .book
        .into_entries()
}

/// What a person needs to see when the law does not hold: the batches, and the entries of one side only.
fn difference(batches: &[Vec<Sighting>], piecewise: &[Entry], at_once: &[Entry]) -> String {
    let mut text = String::new();
    for batch in batches {
        let batch = batch
            .iter()
            .map(|seen| format!("{} {:?}", seen.reading.at.format("%d %H:%M"), seen.reading.value));
        writeln!(text, "batch: {}", batch.collect::<Vec<_>>().join(", ")).unwrap();
    }
    let missing = at_once.iter().filter(|entry| !piecewise.contains(entry));
    let surplus = piecewise.iter().filter(|entry| !at_once.contains(entry));
    for entry in missing {
        writeln!(text, "missing: {entry:?}").unwrap();
    }
    for entry in surplus {
        writeln!(text, "surplus: {entry:?}").unwrap();
    }
    text
}

fn start() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn sighting(minute: i64, metres: i64, by_hand: bool) -> Sighting {
    let reading = Reading {
        at: start() + TimeDelta::minutes(minute),
        signal: Signal::new(Signal::ODOMETER),
        value: Value::Number(Milli(metres)),
        quality: TimeQuality::Oem,
        original: None,
    };
    Sighting { reading, by_hand }
}

/// Some weeks of one car: mostly driving and standing, now and then nonsense, miles, a fall or a leap that stays.
fn a_life() -> impl Strategy<Value = Vec<Sighting>> {
    let step = (1i64..900, prop_oneof![3 => Just(0i64), 4 => 0i64..90_000], 0u8..40, any::<bool>());
    proptest::collection::vec(step, 1..120).prop_map(|steps| {
        let (mut minute, mut metres) = (0, 30_000_000);
        let mut life = Vec::new();
        for (minutes, driven, oddity, by_hand) in steps {
            minute += minutes;
            metres += driven;
            let shown = match oddity {
                0 => 0,
                1 => metres + 5_000_000,
                2 => metres - 4_000_000,
                3 => metres * 100_000 / 160_934,
                4 => 429_496_729_000,
                5 => metres - 700,
                6 => {
                    metres += 9_000_000;
                    metres
                }
                7 => {
                    metres = 50_000;
                    metres
                }
                8 => metres + 60_000,
                _ => metres,
            };
            life.push(sighting(minute, shown, by_hand && oddity % 5 == 0));
        }
        life
    })
}

/// Their rows are numbered from `first`.
fn some_facts(first: u128) -> impl Strategy<Value = Vec<Fact>> {
    let fact = (0i64..40_000, 29_000i64..31_000, any::<bool>());
    proptest::collection::vec(fact, 0..4).prop_map(move |facts| {
        let facts = (first..).zip(facts).map(|(number, (minute, km, entry))| {
            let at = start() + TimeDelta::minutes(minute);
            if entry {
                Fact::MeterEntry { at, odometer: Distance::from_km(km), row: RowId(number) }
            } else {
                Fact::OdometerReplaced { at }
            }
        });
        facts.collect()
    })
}

/// A life's readings in the order and the batches in which they might arrive: shuffled over some distance,
/// some of them again and again.
fn arrivals(life: &[Sighting], shuffle: &[Index], again: &[Index], cuts: &[Index]) -> Vec<Vec<Sighting>> {
    let mut order = life.to_vec();
    order.extend(again.iter().map(|index| index.get(life).clone()));
    for (here, there) in shuffle.iter().enumerate() {
        let there = there.index(order.len());
        let here = here % order.len();
        order.swap(here, there);
    }
    let mut cuts: BTreeSet<usize> = cuts.iter().map(|cut| cut.index(order.len())).collect();
    cuts.extend([0, order.len()]);
    let cuts: Vec<usize> = cuts.into_iter().collect();
    cuts.windows(2).map(|pair| order[pair[0]..pair[1]].to_vec()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4 * ProptestConfig::default().cases, ..ProptestConfig::default() })]

    #[test]
    fn any_order_any_duplicates_and_any_batches_give_the_same_book(
        life in a_life(),
        shuffle in proptest::collection::vec(any::<Index>(), 0..200),
        again in proptest::collection::vec(any::<Index>(), 0..40),
        cuts in proptest::collection::vec(any::<Index>(), 0..60),
    ) {
        let mut shelf = Shelf::default();
        let batches = arrivals(&life, &shuffle, &again, &cuts);
        for batch in &batches {
            shelf.take(batch);
        }
        let (piecewise, at_once) = (shelf.book(), all_at_once(&life, &[]));
        prop_assert!(piecewise == at_once, "{}", difference(&batches, &piecewise, &at_once));
    }

    #[test]
    fn it_does_not_matter_when_people_speak(
        life in a_life(),
        facts in some_facts(0),
        shuffle in proptest::collection::vec(any::<Index>(), 0..60),
        cuts in proptest::collection::vec(any::<Index>(), 0..20),
        slips in some_facts(100),
        when in proptest::collection::vec(any::<Index>(), 8),
    ) {
        let batches = arrivals(&life, &shuffle, &[], &cuts);
        let mut shelf = Shelf::default();
        for (number, batch) in batches.iter().enumerate() {
            for (fact, when) in facts.iter().zip(&when) {
                if when.index(batches.len()) == number {
                    shelf.hear(*fact);
                }
            }
            // Said by mistake, and taken back later.
            for (slip, when) in slips.iter().zip(&when[4..]) {
                if when.index(batches.len()) == number {
                    shelf.hear(*slip);
                }
                if when.index(batches.len()) + 3 == number {
                    shelf.unhear(*slip);
                }
            }
            shelf.take(batch);
        }
        for slip in slips.iter().filter(|slip| !facts.contains(slip)) {
            shelf.unhear(*slip);
        }
        for fact in facts.iter().filter(|fact| slips.contains(fact)) {
            shelf.hear(*fact);
        }
        let (piecewise, at_once) = (shelf.book(), all_at_once(&life, &facts));
        prop_assert!(piecewise == at_once, "{facts:?}\n{}", difference(&batches, &piecewise, &at_once));
    }

    #[test]
    fn entries_never_fall_unless_a_person_said_that_the_counter_is_new(life in a_life()) {
        let entries = all_at_once(&life, &[]);
        let mut odometers: Vec<_> = entries
            .iter()
            .filter_map(|entry| match entry {
                Entry::Meter(entry) => Some((entry.anchor.at, entry.odometer)),
                _ => None,
            })
            .collect();
        odometers.sort();
        prop_assert!(odometers.is_sorted_by_key(|(_, odometer)| *odometer), "{:?}", odometers);
    }

    #[test]
    fn every_reading_is_written_known_or_quarantined_and_none_is_both(life in a_life()) {
        let entries = all_at_once(&life, &[]);
        let written: BTreeSet<_> = entries.iter().filter_map(|entry| match entry {
            Entry::Meter(entry) => Some((entry.anchor.at, entry.anchor.value.clone())),
            _ => None,
        }).collect();
        for entry in &entries {
            if let Entry::Quarantined(entry) = entry {
                prop_assert!(!written.contains(&(entry.anchor.at, entry.anchor.value.clone())));
            }
        }
    }

    #[test]
    fn a_part_of_the_readings_gives_no_entry_that_no_reading_shows(
        life in a_life().prop_flat_map(|life| { let n = life.len(); subsequence(life, 0..=n) }),
    ) {
        let shown: BTreeSet<_> = life.iter().map(|seen| (seen.reading.at, seen.reading.value.clone())).collect();
        for entry in all_at_once(&life, &[]) {
            if let Entry::Meter(entry) = entry {
                prop_assert!(shown.contains(&(entry.anchor.at, entry.anchor.value)));
            }
        }
    }
}
