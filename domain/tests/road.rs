//! An odometer reading may turn out to be odd when later ones contradict it. Then whatever rules concluded from it is
//! taken back, and what really was is told anew.

use chrono::{DateTime, TimeDelta, Utc};
use domain::book::{Entry, Evidence};
use domain::fold::Sighting;
use domain::reading::{Milli, Reading, Signal, TimeQuality, Value};
use domain::setup::Setup;
use domain::timeline::{Settled, advance};
use proptest::prelude::*;
use proptest::sample::Index;

fn start() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn sighting(minute: i64, signal: &str, value: Value) -> Sighting {
    let at = start() + TimeDelta::minutes(minute);
    let signal = Signal::new(signal);
    Sighting {
        reading: Reading { at, signal, value, quality: TimeQuality::Oem, original: None },
        by_hand: false,
    }
}

/// Some days of a car that reports all it knows every two hours or so: drives, charges, fills up and stands.
fn a_life() -> impl Strategy<Value = Vec<Vec<Sighting>>> {
    let step = (90i64..200, 0u8..6, 5i64..30);
    proptest::collection::vec(step, 8..24).prop_map(|steps| {
        let (mut minute, mut metres, mut fuel, mut charge) = (0, 30_000_000, 60_000, 60_000);
        let mut life = Vec::new();
        for (minutes, does, much) in steps {
            minute += minutes;
            let mut charging = false;
            match does {
                0 | 1 => {
                    metres += much * 1000;
                    fuel = (fuel - much * 60).max(5_000);
                    charge = (charge - much * 200).max(5_000);
                }
                2 => fuel = (fuel + much * 1000).min(100_000),
                3 => {
                    charge = (charge + much * 500).min(100_000);
                    charging = true;
                }
                _ => {}
            }
            life.push(vec![
                sighting(minute, Signal::ODOMETER, Value::Number(Milli(metres))),
                sighting(minute, Signal::FUEL_LEVEL, Value::Number(Milli(fuel))),
                sighting(minute, Signal::STATE_OF_CHARGE, Value::Number(Milli(charge))),
                sighting(minute, Signal::IS_CHARGING, Value::Bool(charging)),
            ]);
        }
        life
    })
}

/// The entries without when and from what they were concluded, and without the mileage book, which has stories of its own.
fn told(sightings: Vec<Sighting>) -> Vec<Entry> {
    let outcome = advance(Settled::default(), sightings, [], &Setup::default());
    let mut entries = outcome.book.into_entries();
    entries.retain(|entry| !matches!(entry, Entry::Meter(_) | Entry::Quarantined(_) | Entry::Issue(_)));
    for entry in &mut entries {
        let evidence = match entry {
            Entry::FillUp(entry) => &mut entry.evidence,
            Entry::ChargingSession(entry) => &mut entry.evidence,
            Entry::Trip(entry) => &mut entry.evidence,
            Entry::BatteryEstimate(entry) => &mut entry.evidence,
            Entry::FenceEvent(entry) => &mut entry.evidence,
            Entry::Alert(entry) => &mut entry.evidence,
            Entry::Meter(_) | Entry::Quarantined(_) | Entry::Issue(_) => continue,
        };
        *evidence = Evidence::at(start());
    }
    entries
}

proptest! {
    #[test]
    fn what_an_odd_odometer_reading_led_to_is_taken_back_with_it(
        life in a_life(),
        when in any::<Index>(),
        leap in 20i64..180,
    ) {
        let honest: Vec<Sighting> = life.iter().flatten().cloned().collect();
        // Three readings at least come after it, and contradict it.
        let place = when.index(life.len() - 5) + 1;
        let Value::Number(Milli(shown)) = life[place][0].reading.value else { unreachable!() };
        // Where the car comes that far later, the odd reading was only early.
        let Value::Number(Milli(last)) = life[life.len() - 1][0].reading.value else { unreachable!() };
        prop_assume!(shown + leap * 1000 > last + 2000);
        let mut with_odd = honest.clone();
        let minute = (life[place][0].reading.at - start()).num_minutes() + 45;
        with_odd.push(sighting(minute, Signal::ODOMETER, Value::Number(Milli(shown + leap * 1000))));
        // A car may have driven that far in three quarters of an hour, so it is believed at first.
        let (told_honest, told_odd) = (told(honest), told(with_odd));
        let of_one_only = |one: &[Entry], other: &[Entry]| -> Vec<Entry> {
            one.iter().filter(|entry| !other.contains(entry)).cloned().collect()
        };
        let (surplus, missing) = (of_one_only(&told_odd, &told_honest), of_one_only(&told_honest, &told_odd));
        prop_assert!(
            surplus.is_empty() && missing.is_empty(),
            "odd at {minute}, {} km\nsurplus: {surplus:#?}\nmissing: {missing:#?}\n{}",
            (shown + leap * 1000) / 1000,
            life.iter().map(|seen| format!("{seen:?}")).collect::<Vec<_>>().join("\n")
        );
    }
}
