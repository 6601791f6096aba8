//! A long history that is folded a stretch at a time gives the book that it gives at once, whatever was written before.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use domain::book::{Entry, EntryKey};
use domain::fold::Sighting;
use domain::reading::{Milli, Reading, Signal, TimeQuality, Value};
use domain::setup::Setup;
use domain::timeline::{DAYS_KEPT, Settled, advance, pass};
use proptest::prelude::*;
use proptest::sample::Index;

fn start() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_500)
}

fn sighting(minute: i64, signal: &'static str, value: Value) -> Sighting {
    let (at, signal) = (start() + TimeDelta::minutes(minute), Signal::new(signal));
    Sighting {
        reading: Reading { at, signal, value, quality: TimeQuality::Oem, original: None },
        by_hand: false,
    }
}

/// Weeks of a plug-in hybrid that drives, stands, is filled and charged, with readings now and then and some nonsense.
fn a_life() -> impl Strategy<Value = Vec<Sighting>> {
    let step =
        (10i64..700, prop_oneof![2 => Just(0i64), 3 => 0i64..80_000], 0u8..30, 0i64..95, any::<bool>());
    proptest::collection::vec(step, 2..90).prop_map(|steps| {
        let (mut minute, mut metres, mut fuel, mut charge) = (0, 30_000_000, 80, 60);
        let mut life = Vec::new();
        for (minutes, driven, oddity, level, plugged) in steps {
            minute += minutes;
            metres += driven;
            let shown = if oddity == 0 { metres + 5_000_000 } else { metres };
            fuel = if oddity < 4 { level.max(fuel) } else { (fuel - driven / 20_000).max(3) };
            charge =
                if driven == 0 && plugged { level.max(charge) } else { (charge - driven / 4_000).max(2) };
            let number = |value: i64| Value::Number(Milli(value * 1000));
            if oddity % 3 != 1 {
                life.push(sighting(minute, Signal::ODOMETER, Value::Number(Milli(shown))));
            }
            life.push(sighting(minute + 1, Signal::FUEL_LEVEL, number(fuel)));
            life.push(sighting(minute + 2, Signal::STATE_OF_CHARGE, number(charge)));
            if oddity % 2 == 0 {
                life.push(sighting(minute + 3, Signal::IS_CHARGING, Value::Bool(plugged && driven == 0)));
            }
        }
        life
    })
}

fn at_once(life: &[Sighting]) -> BTreeMap<EntryKey, Entry> {
    let outcome = advance(Settled::default(), life.iter().cloned(), [], &Setup::default());
    outcome.book.into_entries().into_iter().map(|entry| (entry.key(), entry)).collect()
}

/// What a replay does: each stretch writes what is finished in it, and takes back what is written there and does not follow.
fn in_stretches(
    mut rows: BTreeMap<EntryKey, Entry>,
    life: &[Sighting],
    cuts: &BTreeSet<DateTime<Utc>>,
) -> BTreeMap<EntryKey, Entry> {
    let mut start = Settled::default();
    for cut in cuts.iter().copied().map(Some).chain([None]) {
        let outcome = match cut {
            Some(cut) => pass(start, cut, life.iter().cloned(), [], &Setup::default()),
            None => advance(start, life.iter().cloned(), [], &Setup::default()),
        };
        let unfinished: BTreeSet<EntryKey> =
            cut.and(outcome.stays_open).unwrap_or_default().into_iter().collect();
        let entries: BTreeMap<EntryKey, Entry> =
            outcome.book.into_entries().into_iter().map(|entry| (entry.key(), entry)).collect();
        let is_mine = |key: &EntryKey, row: &Entry| {
            let until = row.evidence().until;
            let is_within =
                outcome.since.is_none_or(|since| until > since) && cut.is_none_or(|cut| until <= cut);
            !unfinished.contains(key) && (is_within || outcome.open.contains(key))
        };
        rows.retain(|key, row| !is_mine(key, row));
        rows.extend(entries.into_iter().filter(|(key, _)| !unfinished.contains(key)));
        start = outcome.head.settled;
    }
    rows
}

proptest! {
    #[test]
    fn the_stretches_of_a_history_give_the_same_book_as_all_of_it(
        life in a_life(),
        cuts in proptest::collection::vec(any::<Index>(), 0..8),
    ) {
        let cuts: BTreeSet<_> = cuts.iter().map(|cut| cut.get(&life).reading.at).collect();
        prop_assert_eq!(in_stretches(BTreeMap::new(), &life, &cuts), at_once(&life));
    }

    #[test]
    fn what_was_written_of_other_readings_does_not_matter(
        life in a_life(),
        other in a_life(),
        cuts in proptest::collection::vec(any::<Index>(), 0..8),
    ) {
        let cuts: BTreeSet<_> = cuts.iter().map(|cut| cut.get(&life).reading.at).collect();
        prop_assert_eq!(in_stretches(at_once(&other), &life, &cuts), at_once(&life));
    }

    #[test]
    fn of_days_long_past_the_first_of_each_month_is_kept(life in a_life()) {
        let outcome = advance(Settled::default(), life.iter().cloned(), [], &Setup::default());
        let newest = outcome.head.settled.day();
        let old: Vec<_> = outcome.days.iter().map(Settled::day).filter(|day| newest - *day > DAYS_KEPT).collect();
        let months: BTreeSet<String> = old.iter().map(|day| day.format("%Y-%m").to_string()).collect();
        prop_assert_eq!(old.len(), months.len());
        prop_assert_eq!(outcome.days.last(), Some(&outcome.head.settled).filter(|_| !outcome.days.is_empty()));
    }
}
