//! A fold that keeps only the mileage book.

use chrono::{DateTime, TimeDelta, Utc};
use domain::book::Entry;
use domain::fold::Sighting;
use domain::reading::{Milli, Reading, Signal, TimeQuality, Value};
use domain::setup::Setup;
use domain::timeline::{Settled, advance};

fn sighting(hour: i64, signal: &str, number: i64) -> Sighting {
    let at: DateTime<Utc> = DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::hours(hour);
    let (signal, value) = (Signal::new(signal), Value::Number(Milli(number * 1000)));
    let reading = Reading { at, signal, value, quality: TimeQuality::Oem, original: None };
    Sighting { reading, by_hand: false }
}

/// Two days with a drive and a night at the plug.
fn days() -> Vec<Sighting> {
    let odometer = [(0, 1000), (10, 1080), (34, 1080), (40, 1120)];
    let levels = [(0, 80), (10, 55), (12, 55), (20, 90), (34, 90), (40, 78)];
    let odometer = odometer.map(|(hour, km)| sighting(hour, Signal::ODOMETER, km));
    let levels = levels.map(|(hour, percent)| sighting(hour, Signal::STATE_OF_CHARGE, percent));
    odometer.into_iter().chain(levels).collect()
}

fn book(setup: &Setup) -> Vec<Entry> {
    advance(Settled::default(), days(), [], setup).book.into_entries()
}

#[test]
fn the_mileage_book_is_the_same_and_there_is_no_other() {
    let all = book(&Setup::default());
    let mileage: Vec<Entry> = all.iter().filter(|entry| matches!(entry, Entry::Meter(_))).cloned().collect();
    assert!(!mileage.is_empty() && mileage.len() < all.len(), "{all:?}");
    assert_eq!(book(&Setup { mileage_only: true, ..Setup::default() }), mileage);
}
