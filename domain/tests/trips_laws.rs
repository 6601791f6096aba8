//! The laws of trips and fences: they follow from the set of readings and not from how these arrived; trips lie one after
//! the other, and never add up to more than the odometer counted.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use domain::book::{Entry, EntryKey, changes};
use domain::distance::Distance;
use domain::fact::RowId;
use domain::fences::{Fence, Shape};
use domain::fold::Sighting;
use domain::reading::{Milli, Position, Reading, Signal, TimeQuality, Value};
use domain::setup::Setup;
use domain::timeline::{Head, Settled, advance};
use domain::trips::{Trip, Watch};
use proptest::prelude::*;
use proptest::sample::Index;

/// What the database keeps of one car.
#[derive(Default)]
struct Shelf {
    readings: Vec<Sighting>,
    days: BTreeMap<chrono::NaiveDate, Settled>,
    head: Head,
    rows: BTreeMap<EntryKey, Entry>,
}

impl Shelf {
    /// One batch, as the worker does it: store, find where to begin, fold on, apply the difference.
    fn take(&mut self, batch: &[Sighting], setup: &Setup) {
        let mut fresh = Vec::new();
        for seen in batch {
            if !self.readings.contains(seen) {
                self.readings.push(seen.clone());
                fresh.push(seen.clone());
            }
        }
        let Some(earliest) = fresh.iter().map(|seen| seen.reading.at).min() else { return };
        let (start, sightings) = if self.head.reaches(earliest) {
            (self.head.settled.clone(), [self.head.tail.clone(), fresh].concat())
        } else {
            let before = self.days.range(..earliest.date_naive()).next_back();
            (before.map_or_else(Settled::default, |(_, state)| state.clone()), self.readings.clone())
        };
        let (since, first_day) = (start.until, start.day());
        let outcome = advance(start, sightings, [], setup);
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
        self.days.retain(|day, _| *day <= first_day);
        for day in outcome.days {
            self.days.insert(day.day(), day);
        }
        self.head = outcome.head;
    }
}

fn start() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn east(metres: i64) -> Position {
    let longitude = i32::try_from(metres * 1_000_000 / 111_195).unwrap_or(0);
    Position { latitude_e6: 0, longitude_e6: 10_000_000 + longitude }
}

/// A home, a shop within a town, and a corner at which nobody lives; watched in the second week.
fn setup() -> Setup {
    let circle = |number, centre, radius_m| {
        let shape = Shape::Circle { centre: east(centre), radius_m };
        Fence { id: RowId(number), name: number.to_string(), shape, priority: 0 }
    };
    let corners = vec![east(20_000), Position { latitude_e6: 50_000, ..east(20_000) }, east(30_000)];
    let corner = Fence { shape: Shape::Polygon { corners }, ..circle(4, 0, 75) };
    let watch = Watch { from: start() + TimeDelta::days(7), until: Some(start() + TimeDelta::days(14)) };
    Setup {
        fences: vec![circle(1, 0, 300), circle(2, 12_000, 150), circle(3, 10_000, 6_000), corner],
        watched: vec![watch],
        ..Setup::default()
    }
}

fn sighting(at: DateTime<Utc>, code: &'static str, value: Value) -> Sighting {
    let reading = Reading { at, signal: Signal::new(code), value, quality: TimeQuality::Oem, original: None };
    Sighting { reading, by_hand: false }
}

/// What a car says at one moment: anything of odometer, place, levels, gear, speed, charging.
fn said(at: DateTime<Utc>, travelled: i64, oddity: u8, parts: u8) -> Vec<Sighting> {
    let milli = |number: i64| Value::Number(Milli(number));
    let shown = if oddity == 1 { travelled + 700_000 } else { travelled };
    let place = match oddity {
        2 => east(900_000),
        3 => Position { latitude_e6: 0, longitude_e6: 0 },
        // To and fro along a road of 40 km.
        _ => east((travelled / 10 * 9 % 80_000 - 40_000).abs()),
    };
    let charge = 100_000 - travelled % 80_000;
    let parked = if oddity < 20 { "P" } else { "D" };
    let all = [
        sighting(at, Signal::ODOMETER, milli(shown)),
        sighting(at + TimeDelta::seconds(20), Signal::LOCATION, Value::Position(place)),
        sighting(at, Signal::STATE_OF_CHARGE, milli(charge)),
        sighting(at, Signal::FUEL_LEVEL, milli(charge / 2)),
        sighting(at, Signal::GEAR_STATE, Value::Text(parked.to_owned())),
        sighting(at, Signal::SPEED, milli(i64::from(oddity % 4) * 20_000)),
        sighting(at, Signal::IS_CHARGING, Value::Bool(oddity == 9)),
    ];
    let speaks = |index: usize| {
        index < 2 && parts & (1 << index) != 0 || parts.is_multiple_of(7) || parts >> 3 == 1 << index
    };
    all.into_iter().enumerate().filter(|(index, _)| speaks(*index)).map(|(_, seen)| seen).collect()
}

/// Some weeks of one car, with its odometer or without: driving, standing, being silent, now and then nonsense.
fn a_life(counts: bool) -> impl Strategy<Value = Vec<Sighting>> {
    let gap = prop_oneof![4 => 1i64..20, 2 => 20i64..120, 1 => 120i64..2_000];
    let driven = prop_oneof![3 => Just(0i64), 1 => 0i64..900, 4 => 900i64..40_000];
    let step = (gap, driven, 0u8..40, 0u8..128);
    proptest::collection::vec(step, 1..90).prop_map(move |steps| {
        let (mut at, mut travelled) = (start(), 10_000_000);
        let mut life: Vec<Sighting> = Vec::new();
        for (minutes, driven, oddity, parts) in steps {
            at += TimeDelta::minutes(minutes);
            travelled += driven;
            life.extend(said(at, travelled, oddity, parts));
        }
        life.retain(|seen| counts || !seen.reading.signal.is(Signal::ODOMETER));
        life.push(sighting(start(), Signal::FUEL_LEVEL, Value::Number(Milli(50_000))));
        life
    })
}

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

fn is_ours(entry: &Entry) -> bool {
    matches!(entry, Entry::Trip(_) | Entry::FenceEvent(_) | Entry::Alert(_))
}

fn all_at_once(life: &[Sighting]) -> Vec<Entry> {
    advance(Settled::default(), life.iter().cloned(), [], &setup()).book.into_entries()
}

fn trips(life: &[Sighting]) -> Vec<Trip> {
    let trip = |entry| if let Entry::Trip(trip) = entry { Some(trip) } else { None };
    let mut trips: Vec<Trip> = all_at_once(life).into_iter().filter_map(trip).collect();
    trips.sort_by_key(|trip| trip.start);
    trips
}

fn same_book(life: &[Sighting], batches: &[Vec<Sighting>]) -> Result<(), TestCaseError> {
    let setup = setup();
    let mut shelf = Shelf::default();
    for batch in batches {
        shelf.take(batch, &setup);
    }
    let piecewise: Vec<Entry> = shelf.rows.into_values().filter(is_ours).collect();
    let at_once: Vec<Entry> = all_at_once(life).into_iter().filter(is_ours).collect();
    let missing: Vec<_> = at_once.iter().filter(|entry| !piecewise.contains(entry)).collect();
    let surplus: Vec<_> = piecewise.iter().filter(|entry| !at_once.contains(entry)).collect();
    prop_assert!(piecewise == at_once, "missing: {missing:#?}\nsurplus: {surplus:#?}");
    Ok(())
}

proptest! {
    #[test]
    fn any_order_any_duplicates_and_any_batches_give_the_same_trips_and_events(
        life in prop_oneof![4 => a_life(true), 1 => a_life(false)],
        shuffle in proptest::collection::vec(any::<Index>(), 0..200),
        again in proptest::collection::vec(any::<Index>(), 0..40),
        cuts in proptest::collection::vec(any::<Index>(), 0..60),
    ) {
        same_book(&life, &arrivals(&life, &shuffle, &again, &cuts))?;
    }

    #[test]
    fn one_reading_at_a_time_gives_the_same_trips_and_events(life in a_life(true)) {
        let mut order = life.clone();
        order.sort_by_key(|seen| seen.reading.at);
        same_book(&life, &order.chunks(1).map(<[Sighting]>::to_vec).collect::<Vec<_>>())?;
    }

    #[test]
    fn trips_never_add_up_to_more_than_the_odometer_counted(life in a_life(true)) {
        let mut trips = trips(&life);
        // What was reckoned before the first odometer reading is another series.
        trips.retain(|trip| trip.odometer_before.is_some());
        let sum: i64 = trips.iter().map(|trip| trip.distance.metres()).sum();
        let before = trips.first().and_then(|trip| trip.odometer_before);
        let after = trips.last().and_then(|trip| trip.odometer_after);
        let counted = after.unwrap_or(Distance::ZERO).minus(before.unwrap_or(Distance::ZERO));
        prop_assert!(sum <= counted.metres(), "{sum} of {counted}");
    }

    #[test]
    fn trips_lie_one_after_the_other(life in prop_oneof![a_life(true), a_life(false)]) {
        for pair in trips(&life).windows(2) {
            let end = pair[0].end.expect("only the newest goes on");
            prop_assert!(pair[0].start.after <= pair[0].start.by && end.after <= end.by);
            prop_assert!(pair[0].start.after <= end.after && pair[0].start.by <= end.by);
            prop_assert!(end.by <= pair[1].start.after, "{:#?}", pair);
            prop_assert!(pair[0].odometer_after <= pair[1].odometer_before);
        }
    }

    #[test]
    fn the_state_stays_small(life in a_life(true)) {
        let state = advance(Settled::default(), life, [], &setup()).head.settled.state;
        let state = serde_json::to_string(&state).expect("a state can be written down");
        prop_assert!(state.len() < 64_000, "{}", state.len());
    }
}
