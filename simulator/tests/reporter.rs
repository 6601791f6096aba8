//! What cars tell of their lives: laws of the snapshots, and a story of one evening.
#![expect(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use proptest::prelude::*;
use simulator::reporter::{Report, VirtualCar};
use simulator::wire::{Body, Outcome, SignalName, Times, Triggers, names};
use simulator::world::{DistanceUnit, Segment, Stamps};

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_000_000, 0).unwrap()
}

fn tell(seed: u64, number: usize, days: i64) -> (VirtualCar, Vec<Segment>, Vec<Report>) {
    let mut car = VirtualCar::connect(seed, number, &names::EVERYTHING, start());
    let mut reports = Vec::new();
    while car.next_at() < start() + Duration::days(days) {
        reports.extend(car.report());
    }
    let lived = car.take_lived();
    (car, lived, reports)
}

/// What a report says of a signal.
fn said(report: &Report, name: SignalName) -> Option<(&Body, Times)> {
    let signal = report.signals.iter().find(|signal| signal.name == name)?;
    match &signal.outcome {
        Outcome::Success { body, times } => Some((body, *times)),
        Outcome::Failed { .. } => None,
    }
}

fn told_number(body: &Body) -> f64 {
    match body {
        Body::Measured { value, .. } => value.as_f64(),
        other => panic!("{other:?} is no number with a unit"),
    }
}

#[test]
fn the_same_seed_reports_the_same() {
    assert!((0..6).all(|number| tell(5, number, 20).2 == tell(5, number, 20).2));
}

#[test]
fn the_first_delivery_comes_within_two_minutes_and_is_marked() {
    for number in 0..30 {
        let (_, _, reports) = tell(1, number, 2);
        assert_eq!(reports[0].triggers, Triggers::First);
        assert!(reports[0].at - start() <= Duration::minutes(2) + Duration::seconds(4));
        assert!(reports[1..].iter().all(|report| report.triggers != Triggers::First));
    }
}

#[test]
fn every_car_is_heard_nearly_every_day_and_no_car_all_the_time() {
    for number in 0..30 {
        let (_, _, reports) = tell(2, number, 28);
        let days: BTreeSet<_> = reports.iter().map(|report| report.at.date_naive()).collect();
        assert!(days.len() >= 20, "car {number} was heard on {} days of 28", days.len());
        assert!(reports.len() < 28 * 120, "car {number} spoke {} times", reports.len());
    }
}

#[test]
fn the_signals_of_one_delivery_can_be_days_apart() {
    let old = |report: &&Report| {
        let times = report.signals.iter().filter_map(|signal| match &signal.outcome {
            Outcome::Success { times, .. } if times.oem_updated_at > 0 => Some(times.oem_updated_at),
            Outcome::Success { .. } | Outcome::Failed { .. } => None,
        });
        let times: Vec<i64> = times.collect();
        times.iter().max().unwrap() - times.iter().min().unwrap() > 2 * 86_400_000
    };
    let reports = (0..10).flat_map(|number| tell(3, number, 20).2).collect::<Vec<_>>();
    assert!(reports.iter().filter(old).count() > reports.len() / 10);
}

#[test]
fn a_car_without_connection_tells_everything_when_it_is_back() {
    let mut car = VirtualCar::connect(7, 0, &names::EVERYTHING, start());
    car.report().unwrap();
    while car.next_at() < start() + Duration::days(4) {
        car.stay_silent();
    }
    let back = car.report().unwrap();
    let driven = car.take_lived().iter().any(|one| one.before.odometer_m != one.after.odometer_m);
    assert!(driven, "a car that never drove proves nothing");
    let (_, times) = said(&back, names::ODOMETER).unwrap();
    assert!(back.at.timestamp_millis() - times.oem_updated_at < 20_000);
}

#[test]
fn a_charge_is_told_from_plug_to_unplug() {
    let statuses = (0..20).flat_map(|number| tell(4, number, 20).2).filter_map(|report| {
        let flag = |name| said(&report, name).map(|(body, _)| *body == Body::Flag { value: true });
        Some((flag(names::CABLE_CONNECTED)?, flag(names::IS_CHARGING)?))
    });
    let statuses: BTreeSet<_> = statuses.collect();
    assert_eq!(statuses, BTreeSet::from([(false, false), (true, false), (true, true)]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_report_carries_all_signals_in_order(seed: u64, number in 0_usize..40) {
        let (_, _, reports) = tell(seed, number, 8);
        for report in &reports {
            let told: Vec<SignalName> = report.signals.iter().map(|signal| signal.name).collect();
            prop_assert_eq!(&told[..], &names::EVERYTHING[..]);
        }
    }

    #[test]
    fn nothing_is_said_before_it_is_known(seed: u64, number in 0_usize..40) {
        let (_, _, reports) = tell(seed, number, 8);
        let mut last: BTreeMap<SignalName, i64> = BTreeMap::new();
        for report in &reports {
            for name in names::EVERYTHING {
                let Some((_, times)) = said(report, name) else { continue };
                prop_assert!(times.oem_updated_at <= times.retrieved_at);
                prop_assert!(times.retrieved_at < report.at.timestamp_millis());
                let before = last.insert(name, times.oem_updated_at).unwrap_or(0);
                prop_assert!(before <= times.oem_updated_at, "{} went back in time", name.code);
            }
        }
        prop_assert!(reports.windows(2).all(|two| two[0].at < two[1].at));
    }

    #[test]
    fn an_unchanged_signal_keeps_its_old_time_where_the_make_keeps_it(seed: u64, number in 0_usize..40) {
        let (car, _, reports) = tell(seed, number, 8);
        for two in reports.windows(2) {
            for name in names::EVERYTHING {
                let (Some(old), Some(new)) = (said(&two[0], name), said(&two[1], name)) else { continue };
                if old.0 == new.0 && car.car.model.cadence.stamps == Stamps::Changes {
                    prop_assert_eq!(old.1.oem_updated_at, new.1.oem_updated_at);
                }
                if old.1.oem_updated_at != new.1.oem_updated_at && new.1.oem_updated_at > 0 {
                    let Triggers::Updated(updated) = &two[1].triggers else { panic!("only one first delivery") };
                    prop_assert!(updated.contains(&name), "{} was updated silently", name.code);
                }
            }
        }
    }

    #[test]
    fn the_odometer_that_is_told_is_the_true_one_of_that_moment(seed: u64, number in 0_usize..40) {
        let (car, lived, reports) = tell(seed, number, 8);
        for report in &reports {
            let (body, times) = said(report, names::ODOMETER).unwrap();
            let at = DateTime::from_timestamp_millis(times.oem_updated_at).unwrap();
            let segment = lived.iter().find(|one| one.from <= at && at < one.until).unwrap();
            let metres = f64::from(u32::try_from(segment.gauges_at(at).odometer_m).unwrap());
            let (unit_m, unit) = match car.car.unit {
                DistanceUnit::Kilometres => (1_000.0, "km"),
                DistanceUnit::Miles => (1_609.344, "miles"),
            };
            let told_unit = matches!(body, Body::Measured { unit: told, .. } if *told == unit);
            prop_assert!(told_unit);
            let late = metres / unit_m - told_number(body);
            prop_assert!((-1e-6..1.0).contains(&late), "{} of {}", late, metres);
        }
    }

    #[test]
    fn levels_stay_between_empty_and_full(seed: u64, number in 0_usize..40) {
        let (_, _, reports) = tell(seed, number, 8);
        let levels = [names::FUEL_LEVEL, names::STATE_OF_CHARGE, names::OIL_LIFE, names::LOW_VOLTAGE];
        for report in &reports {
            for (body, _) in levels.iter().filter_map(|&name| said(report, name)) {
                prop_assert!((0.0..=100.0).contains(&told_number(body)));
            }
        }
    }
}
