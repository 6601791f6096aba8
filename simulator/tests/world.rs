//! Laws of the virtual world: whatever the seed, a car's life has no gaps and its books balance.
#![expect(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use proptest::prelude::*;
use simulator::world::{Car, Doing, Life, PlaceKind, Powertrain, Segment, Truth};

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_000_000, 0).unwrap()
}

fn live(seed: u64, number: usize, days: i64) -> (Arc<Car>, Vec<Segment>) {
    let car = Arc::new(Car::draw(seed, number));
    let end = start() + Duration::days(days);
    let segments = Life::begin(Arc::clone(&car), start()).take_while(|segment| segment.from < end).collect();
    (car, segments)
}

fn truth(segments: &[Segment]) -> Truth {
    Truth::of(segments, segments.last().unwrap().until).unwrap()
}

#[test]
fn a_world_is_byte_identical_to_the_other_worlds_of_its_seed() {
    let told = |seed| {
        let worlds = (0..12).map(|number| truth(&live(seed, number, 60).1));
        serde_json::to_vec(&worlds.collect::<Vec<_>>()).unwrap()
    };
    assert!(told(42) == told(42));
    assert!(told(42) != told(43));
}

#[test]
fn a_fleet_refuels_charges_travels_and_is_served() {
    let books: Vec<_> = (0..24).map(|number| truth(&live(7, number, 365).1)).collect();
    let fast =
        |book: &Truth| book.sessions.iter().filter(|one| one.place.kind == PlaceKind::FastCharger).count();
    let sum = |count: fn(&Truth) -> usize| books.iter().map(count).sum::<usize>();
    assert!(sum(|book| book.fills.len()) > 200);
    assert!(sum(|book| book.sessions.len()) > 500);
    assert!(books.iter().map(fast).sum::<usize>() > 20);
    assert!(sum(|book| book.services.len()) > 5);
    for book in &books {
        let km = (book.now.odometer_m - book.first.odometer_m) / 1_000;
        assert!((1_000..60_000).contains(&km), "{km} km in a year");
    }
}

#[test]
fn a_car_has_only_what_its_powertrain_needs() {
    for number in 0..24 {
        let (car, segments) = live(3, number, 90);
        let book = truth(&segments);
        match car.identity.powertrain {
            Powertrain::Ice => assert!(book.sessions.is_empty() && !book.fills.is_empty()),
            Powertrain::Bev => assert!(book.fills.is_empty() && !book.sessions.is_empty()),
            Powertrain::Phev => assert!(!segments.iter().any(|one| one.place.kind == PlaceKind::FastCharger)),
        }
    }
}

#[test]
fn people_do_not_refuel_all_day() {
    for number in 0..24 {
        let (_, segments) = live(9, number, 120);
        let stops: Vec<_> = segments
            .iter()
            .filter(|one| {
                one.doing == Doing::Refuelling || one.place.kind == PlaceKind::FastCharger && one.plugged()
            })
            .collect();
        let km = truth(&segments).now.odometer_m / 1_000 - segments[0].before.odometer_m / 1_000;
        assert!(stops.len() as u64 <= 3 + km / 40, "car {number}: {} stops in {km} km", stops.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_life_has_no_gaps(seed: u64, number in 0_usize..40) {
        let (_, segments) = live(seed, number, 30);
        prop_assert_eq!(segments[0].from, start());
        for two in segments.windows(2) {
            prop_assert!(two[0].from < two[0].until);
            prop_assert_eq!(two[0].until, two[1].from);
            prop_assert_eq!(two[0].after, two[1].before);
            let arrived = match two[0].doing {
                Doing::Driving { to } => to,
                Doing::Standing { .. } | Doing::Refuelling | Doing::Charging { .. } | Doing::InService => two[0].place,
            };
            prop_assert_eq!(arrived, two[1].place);
        }
    }

    #[test]
    fn gauges_stay_in_range_and_only_driving_moves_the_odometer(seed: u64, number in 0_usize..40) {
        let (car, segments) = live(seed, number, 60);
        for one in &segments {
            prop_assert!(one.after.fuel_ml <= car.model.tank_ml);
            prop_assert!(one.after.battery_wh <= car.model.battery_wh);
            let moved = one.after.odometer_m != one.before.odometer_m;
            prop_assert_eq!(moved, matches!(one.doing, Doing::Driving { .. }));
            prop_assert!(one.after.odometer_m >= one.before.odometer_m);
            prop_assert!(one.after.fuel_ml <= one.before.fuel_ml || one.doing == Doing::Refuelling);
            let charging = matches!(one.doing, Doing::Charging { .. });
            prop_assert!(one.after.battery_wh <= one.before.battery_wh || charging);
        }
    }

    #[test]
    fn nobody_runs_dry(seed: u64, number in 0_usize..40) {
        let (car, segments) = live(seed, number, 60);
        for one in segments.iter().filter(|one| matches!(one.doing, Doing::Driving { .. })) {
            let moves = match car.identity.powertrain {
                Powertrain::Ice | Powertrain::Phev => one.after.fuel_ml > 0,
                Powertrain::Bev => one.after.battery_wh > 0,
            };
            prop_assert!(moves, "{:?}", one);
        }
    }

    #[test]
    fn the_books_balance_at_any_moment(seed: u64, number in 0_usize..40, minutes in 1_i64..40_000) {
        let (_, segments) = live(seed, number, 30);
        let book = Truth::of(&segments, start() + Duration::minutes(minutes)).unwrap();
        let driven: u64 = book.trips.iter().map(|trip| trip.metres).sum();
        prop_assert_eq!(driven, book.now.odometer_m - book.first.odometer_m);

        let filled: u32 = book.fills.iter().map(|fill| fill.after_ml - fill.before_ml).sum();
        let burnt: u32 = book.trips.iter().map(|trip| trip.fuel_ml).sum();
        prop_assert_eq!(book.first.fuel_ml + filled, book.now.fuel_ml + burnt);

        let charged: u32 = book.sessions.iter().map(|one| one.after_wh - one.before_wh).sum();
        let used: u32 = book.trips.iter().map(|trip| trip.battery_wh).sum();
        let drained = u32::try_from(book.drained_wh).unwrap();
        prop_assert_eq!(book.first.battery_wh + charged, book.now.battery_wh + used + drained);
    }

    #[test]
    fn a_book_only_grows(seed: u64, number in 0_usize..40, minutes in 1_i64..30_000, later in 0_i64..10_000) {
        let (_, segments) = live(seed, number, 30);
        let then = start() + Duration::minutes(minutes);
        let before = Truth::of(&segments, then).unwrap();
        let after = Truth::of(&segments, then + Duration::minutes(later)).unwrap();
        prop_assert!(before.now.odometer_m <= after.now.odometer_m);
        let closed: Vec<_> = before.trips.iter().filter(|trip| !trip.open && trip.ended_at < then).collect();
        prop_assert!(closed.iter().zip(&after.trips).all(|(old, new)| *old == new));
        prop_assert!(before.sessions.len() <= after.sessions.len());
    }

    #[test]
    fn the_gauges_of_a_moment_lie_between_both_ends(seed: u64, number in 0_usize..40, part in 0_i64..=100) {
        let (_, segments) = live(seed, number, 5);
        for one in &segments {
            let at = one.from + (one.until - one.from) * i32::try_from(part).unwrap() / 100;
            let seen = one.gauges_at(at);
            prop_assert!((one.before.odometer_m..=one.after.odometer_m).contains(&seen.odometer_m));
            let fuel = [one.before.fuel_ml, one.after.fuel_ml];
            prop_assert!((*fuel.iter().min().unwrap()..=*fuel.iter().max().unwrap()).contains(&seen.fuel_ml));
            prop_assert_eq!(one.gauges_at(one.from), one.before);
            prop_assert_eq!(one.gauges_at(one.until), one.after);
        }
    }
}
