//! Laws of charging sessions, whatever a car says: the book does not depend on how its readings arrived, no two sessions
//! overlap, and the energy of a session is the sum of its flow.

#![expect(clippy::unwrap_used, reason = "a car that cannot be made up is a failed test")]

use std::collections::{BTreeMap, BTreeSet};

use std::fmt::{self, Write};

use chrono::{DateTime, NaiveDate, TimeDelta};
use domain::book::{Entry, EntryKey, changes};
use domain::charging::ChargingSession;
use domain::fold::Sighting;
use domain::reading::{Milli, Position, Reading, Signal, TimeQuality, Value};
use domain::setup::Setup;
use domain::timeline::{Head, Outcome, Settled, advance};
use proptest::prelude::*;
use proptest::sample::Index;

/// What the database keeps of one car.
#[derive(Default)]
struct Shelf {
    readings: Vec<Sighting>,
    days: BTreeMap<NaiveDate, Settled>,
    head: Head,
    rows: BTreeMap<EntryKey, Entry>,
}

impl Shelf {
    /// One batch, as the worker does it: store, find where to begin, fold on, apply the difference.
    fn take(&mut self, batch: &[Sighting], setup: &Setup) {
        let mut fresh: Vec<Sighting> = Vec::new();
        for seen in batch {
            if !self.readings.contains(seen) {
                self.readings.push(seen.clone());
                fresh.push(seen.clone());
            }
        }
        let Some(earliest) = fresh.iter().map(|seen| seen.reading.at).min() else { return };
        if let Some(onward) = self.head.onward(&fresh) {
            self.apply(onward.fold(fresh, [], setup));
            return;
        }
        let (start, sightings) = if self.head.reaches(earliest) {
            (self.head.settled.clone(), [self.head.tail.clone(), fresh].concat())
        } else {
            let before = self.days.range(..earliest.date_naive()).next_back();
            (before.map_or_else(Settled::default, |(_, state)| state.clone()), self.readings.clone())
        };
        let first_day = start.day();
        let outcome = advance(start, sightings, [], setup);
        self.days.retain(|day, _| *day <= first_day);
        self.apply(outcome);
    }

    fn apply(&mut self, outcome: Outcome) {
        let since = outcome.since;
        let reachable = |key: &EntryKey, row: &Entry| {
            since.is_none_or(|since| row.evidence().until > since) || outcome.open.contains(key)
        };
        let stored = self.rows.iter().filter(|(key, row)| reachable(key, row));
        let stored = stored.map(|(_, row)| row.clone()).collect();
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
}

fn all_at_once(life: &[Sighting], setup: &Setup) -> Vec<Entry> {
    advance(Settled::default(), life.iter().cloned(), [], setup).book.into_entries()
}

fn sessions(entries: &[Entry]) -> Vec<ChargingSession> {
    let session = |entry: &Entry| match entry {
        Entry::ChargingSession(session) => Some(session.clone()),
        _ => None,
    };
    entries.iter().filter_map(session).collect()
}

fn told(entries: &[&Entry]) -> String {
    let entries: Vec<Entry> = entries.iter().map(|entry| (*entry).clone()).collect();
    sessions(&entries).iter().map(tell).collect::<Vec<_>>().join("\n")
}

fn tell(session: &ChargingSession) -> String {
    let within = |within: &domain::within::Within| {
        format!("{}..{}", within.after.format("%d %H:%M"), within.by.format("%d %H:%M"))
    };
    let mut text = format!(
        "{} to {} from {:?} to {:?}: {:?} {:?} {:?} until {}",
        within(&session.start),
        session.end.as_ref().map_or_else(|| "now".to_owned(), within),
        session.start_level,
        session.end_level,
        session.energy,
        session.state,
        session.evidence.marks,
        session.evidence.until.format("%d %H:%M"),
    );
    for segment in &session.segments {
        let end = segment.end.as_ref().map_or_else(|| "now".to_owned(), within);
        write!(text, "\n  leg {} to {end}: {:?}", within(&segment.start), segment.wh).unwrap();
    }
    for piece in &session.flow {
        let (from, to) = (piece.from.format("%d %H:%M"), piece.to.format("%d %H:%M"));
        write!(
            text,
            "
  {from}..{to}: {} Wh",
            piece.wh
        )
        .unwrap();
    }
    text
}

fn setup() -> Setup {
    Setup { battery_gross: Some(Milli(60_000)), ..Setup::default() }
}

fn sighting(minute: i64, signal: &str, value: Value) -> Sighting {
    let at = DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::minutes(minute);
    let reading =
        Reading { at, signal: Signal::new(signal), value, quality: TimeQuality::Oem, original: None };
    Sighting { reading, by_hand: false }
}

/// What a car may say, sense or not; `number` is used as each signal likes it.
fn said(what: u8, number: i64, metres: i64) -> (&'static str, Value) {
    match what {
        0..=3 => (Signal::STATE_OF_CHARGE, Value::Number(Milli(number % 101 * 1000))),
        4 | 5 => (Signal::IS_CHARGING, Value::Bool(number % 2 == 0)),
        6 => (Signal::CABLE_CONNECTED, Value::Bool(number % 3 != 0)),
        7 => {
            let words = ["CHARGING", "NOT_CHARGING", "FULLY_CHARGED", "Idle"];
            (Signal::CHARGING_STATUS, Value::Text(words[usize::try_from(number % 4).unwrap()].to_owned()))
        }
        8 | 9 => (Signal::ENERGY_ADDED, Value::Number(Milli(number % 600 * 100))),
        10 => (Signal::WATTAGE, Value::Number(Milli(number % 12 * 1_000_000))),
        11 => (Signal::VOLTAGE, Value::Number(Milli(230_000))),
        12 => (Signal::AMPERAGE, Value::Number(Milli(number % 17 * 1000))),
        13 => {
            let latitude_e6 = 52_000_000 + i32::try_from(number % 3).unwrap() * 10_000;
            (Signal::LOCATION, Value::Position(Position { latitude_e6, longitude_e6: 13_000_000 }))
        }
        _ => (Signal::ODOMETER, Value::Number(Milli(metres))),
    }
}

/// Printed a line a reading, when a law does not hold.
#[derive(Clone)]
struct Life(Vec<Sighting>);

impl fmt::Debug for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|Sighting { reading, .. }| {
            writeln!(f, "{} {} {:?}", reading.at.format("%d %H:%M"), reading.signal, reading.value)
        })
    }
}

/// Some weeks of one car that says anything at any time, and sometimes much at once.
fn a_life() -> impl Strategy<Value = Life> {
    let pause = prop_oneof![3 => Just(0i64), 4 => 1i64..30, 2 => 30i64..600, 1 => 600i64..3000];
    let way = prop_oneof![6 => Just(0i64), 2 => 0i64..90_000, 1 => Just(3_000_000)];
    proptest::collection::vec((pause, way, 0u8..17, 0i64..6000), 1..150).prop_map(|steps| {
        let (mut minute, mut metres) = (0, 30_000_000);
        let life = steps.into_iter().map(|(pause, way, what, number)| {
            minute += pause;
            // Now and then an odd one.
            let shown = metres + way;
            metres = if way == 3_000_000 { metres } else { shown };
            let (signal, value) = said(what, number, shown);
            sighting(minute, signal, value)
        });
        Life(life.collect())
    })
}

/// A year of good sessions: what each one began with, gained and counted, and the pause (hours) before it.
fn a_life_at_the_plug() -> impl Strategy<Value = Life> {
    let session = (10i64..40, 30i64..55, 55i64..62, 10i64..200);
    proptest::collection::vec(session, 6..40).prop_map(|sessions| {
        let (mut minute, mut metres) = (0, 30_000_000);
        let mut life = Vec::new();
        for (from, gain, battery, pause) in sessions {
            minute += pause * 60;
            metres += 20_000;
            let number = |number: i64| Value::Number(Milli(number));
            life.extend([
                sighting(minute - 1, Signal::IS_CHARGING, Value::Bool(false)),
                sighting(minute, Signal::ODOMETER, number(metres)),
                sighting(minute, Signal::IS_CHARGING, Value::Bool(true)),
                sighting(minute, Signal::ENERGY_ADDED, number(0)),
                sighting(minute, Signal::STATE_OF_CHARGE, number(from * 1000)),
                sighting(minute + 300, Signal::ENERGY_ADDED, number(battery * gain * 10)),
                sighting(minute + 300, Signal::STATE_OF_CHARGE, number((from + gain) * 1000)),
                sighting(minute + 300, Signal::IS_CHARGING, Value::Bool(false)),
                sighting(minute + 330, Signal::CABLE_CONNECTED, Value::Bool(false)),
            ]);
        }
        Life(life)
    })
}

/// A life's readings in the order and the batches in which they might arrive.
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
    #![proptest_config(ProptestConfig { cases: 2 * ProptestConfig::default().cases, ..ProptestConfig::default() })]

    #[test]
    fn any_order_any_duplicates_and_any_batches_give_the_same_sessions(
        life in a_life(),
        shuffle in proptest::collection::vec(any::<Index>(), 0..200),
        again in proptest::collection::vec(any::<Index>(), 0..40),
        cuts in proptest::collection::vec(any::<Index>(), 0..60),
    ) {
        let mut shelf = Shelf::default();
        for batch in arrivals(&life.0, &shuffle, &again, &cuts) {
            shelf.take(&batch, &setup());
        }
        let piecewise: Vec<Entry> = shelf.rows.into_values().collect();
        let at_once = all_at_once(&life.0, &setup());
        let missing: Vec<_> = at_once.iter().filter(|entry| !piecewise.contains(entry)).collect();
        let surplus: Vec<_> = piecewise.iter().filter(|entry| !at_once.contains(entry)).collect();
        prop_assert!(piecewise == at_once, "missing: {}\nsurplus: {}", told(&missing), told(&surplus));
    }

    #[test]
    fn any_order_and_any_batches_give_the_same_battery(
        life in a_life_at_the_plug(),
        shuffle in proptest::collection::vec(any::<Index>(), 0..60),
        cuts in proptest::collection::vec(any::<Index>(), 0..30),
    ) {
        let mut shelf = Shelf::default();
        for batch in arrivals(&life.0, &shuffle, &[], &cuts) {
            shelf.take(&batch, &setup());
        }
        let piecewise: Vec<Entry> = shelf.rows.into_values().collect();
        let at_once = all_at_once(&life.0, &setup());
        let estimates = |entries: &[Entry]| {
            let is_one = |entry: &&Entry| matches!(entry, Entry::BatteryEstimate(_));
            entries.iter().filter(is_one).cloned().collect::<Vec<_>>()
        };
        prop_assert_eq!(estimates(&piecewise), estimates(&at_once));
        prop_assert!(!estimates(&at_once).is_empty());
        prop_assert!(piecewise == at_once);
    }

    #[test]
    fn two_sessions_of_a_car_never_overlap(life in a_life()) {
        let sessions = sessions(&all_at_once(&life.0, &setup()));
        for pair in sessions.windows(2) {
            let end = pair[0].end.map(|end| end.by);
            prop_assert!(end.is_some_and(|end| end <= pair[1].start.after), "{}\n{}", tell(&pair[0]), tell(&pair[1]));
        }
    }

    #[test]
    fn the_energy_is_the_sum_of_the_flow_and_of_the_segments(life in a_life()) {
        for session in sessions(&all_at_once(&life.0, &setup())) {
            let wh = session.energy.map_or(0, |energy| energy.wh);
            prop_assert_eq!(session.flow.iter().map(|piece| piece.wh).sum::<i64>(), wh);
            let of_segments: i64 = session.segments.iter().filter_map(|segment| segment.wh).sum();
            prop_assert_eq!(of_segments, wh);
        }
    }

    #[test]
    fn energy_flows_in_order_and_within_the_session(life in a_life()) {
        for session in sessions(&all_at_once(&life.0, &setup())) {
            prop_assert!(session.flow.windows(2).all(|pair| pair[0].to <= pair[1].from), "{}", tell(&session));
            prop_assert!(session.flow.iter().all(|piece| piece.from < piece.to && piece.wh > 0));
            let first = session.flow.first().map_or(session.start.after, |piece| piece.from);
            prop_assert!(session.start.after <= first, "{}", tell(&session));
            if let (Some(end), Some(last)) = (session.end, session.flow.last()) {
                prop_assert!(last.to <= end.by, "{}", tell(&session));
            }
        }
    }

    #[test]
    fn a_session_begins_before_it_ends_and_its_segments_follow_each_other(life in a_life()) {
        for session in sessions(&all_at_once(&life.0, &setup())) {
            prop_assert!(session.start.after <= session.start.by, "{}", tell(&session));
            if let Some(end) = session.end {
                prop_assert!(end.after <= end.by && session.start.by <= end.by && session.start.after <= end.after, "{}", tell(&session));
            }
            for pair in session.segments.windows(2) {
                prop_assert!(pair[0].end.is_some_and(|end| end.by <= pair[1].start.by), "{}", tell(&session));
            }
        }
    }
}
