//! Stories of services: how the car was driven, and when the next one is due.

#![expect(clippy::unwrap_used, reason = "a story that cannot be read is a failed test")]

use chrono::{DateTime, TimeDelta, Utc};
use domain::distance::Distance;
use domain::reading::Milli;
use domain::reminder::{Because, Due, OilLife, Plan, Road, Shown, Stage, due, next};
use proptest::prelude::*;

const KM_15000: Distance = Distance::from_km(15_000);

fn start() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

fn day(day: i64) -> DateTime<Utc> {
    start() + TimeDelta::days(day)
}

/// The counter on each of these days, by what is driven on each day of the week (Thursday first).
fn driven(days: std::ops::Range<i64>, week: [i64; 7]) -> Vec<Shown> {
    let mut km = 10_000;
    let entries = days.map(|number| {
        km += week[usize::try_from(number.rem_euclid(7)).unwrap()];
        Shown { at: day(number), odometer: Distance::from_km(km) }
    });
    entries.collect()
}

fn plan(every: Option<Distance>, months: Option<u32>) -> Plan {
    Plan { every, months, done_at: day(0), done_odometer: Some(Distance::from_km(10_000)) }
}

fn at(plan: &Plan, entries: &[Shown], now: i64) -> Due {
    due(plan, &Road::of(entries.iter().copied()), None, day(now), 7)
}

fn days_until(due: &Due, now: i64) -> [i64; 3] {
    let date = due.date.unwrap();
    [date.early, date.expected, date.late].map(|at| (at - day(now)).num_days())
}

#[test]
fn a_car_of_the_weekend_is_driven_as_far_as_its_weeks_say() {
    let entries = driven(0..91, [0, 0, 210, 210, 0, 0, 0]);
    let pace = Road::of(entries.clone()).pace().unwrap();
    assert_eq!(pace.a_day(), Distance::from_km(60), "and not zero, as on most days");
    let due = at(&plan(Some(KM_15000), None), &entries, 90);
    assert_eq!((due.stage, due.because), (Stage::Planned, Some(Because::Distance)));
    assert_eq!(due.odometer, Some(Distance::from_km(25_000)));
    assert_eq!(due.left, Some(Distance::from_km(15_000 - 13 * 420)));
    assert_eq!(days_until(&due, 90)[1], (15_000 - 13 * 420) / 60);
}

#[test]
fn nothing_is_foretold_from_less_than_a_fortnight_or_three_entries() {
    let plan = plan(Some(KM_15000), None);
    for entries in [driven(0..13, [50; 7]), vec![driven(0..40, [50; 7])[0], driven(0..40, [50; 7])[39]]] {
        let due = at(&plan, &entries, 40);
        assert_eq!((due.date, due.stage), (None, Stage::Planned));
        assert!(due.left.is_some(), "how far it is, is known");
    }
    assert_eq!(at(&plan, &[], 40).because, None);
}

#[test]
fn the_range_is_as_wide_as_the_weeks_differ() {
    let even = at(&plan(Some(KM_15000), None), &driven(0..91, [50; 7]), 90);
    let [early, expected, late] = days_until(&even, 90);
    assert!(late - early <= 1, "{even:?}");
    let mut km = 10_000;
    let uneven: Vec<Shown> = (0..14)
        .map(|week| {
            km += [100, 600, 350][week % 3];
            Shown { at: day(i64::try_from(week).unwrap() * 7), odometer: Distance::from_km(i64::from(km)) }
        })
        .collect();
    let wide = at(&plan(Some(KM_15000), None), &uneven, 91);
    let [from, _, to] = days_until(&wide, 91);
    assert!(to - from > 20, "{from} {to}");
    assert!(early <= expected && expected <= late);
}

#[test]
fn the_same_weeks_of_last_year_count_too() {
    let mut entries = driven(0..120, [90; 7]);
    let mut km = 10_000 + 120 * 90;
    for number in 120..484 {
        km += 30;
        entries.push(Shown { at: day(number), odometer: Distance::from_km(km) });
    }
    let pace = Road::of(entries).pace().unwrap();
    assert_eq!(pace.a_day(), Distance::from_km(48), "seven tenths of 30 and three of 90");
}

#[test]
fn it_becomes_soon_urgent_due_and_overdue() {
    let stage = |driven_km: i64| {
        let entries = [Shown { at: day(1), odometer: Distance::from_km(10_000 + driven_km) }];
        at(&plan(Some(KM_15000), None), &entries, 1).stage
    };
    assert_eq!(stage(13_400), Stage::Planned);
    assert_eq!(stage(13_500), Stage::Soon, "a tenth is left");
    assert_eq!(stage(14_799), Stage::Soon);
    assert_eq!(stage(14_800), Stage::Urgent);
    assert_eq!(stage(15_000), Stage::Due);
    assert_eq!(stage(16_500), Stage::Due);
    assert_eq!(stage(16_501), Stage::Overdue);
    let by_time = |now: i64| at(&plan(None, Some(12)), &[], now).stage;
    assert_eq!(by_time(328), Stage::Planned);
    assert_eq!(by_time(329), Stage::Soon, "a tenth of the year is left");
    assert_eq!(by_time(358), Stage::Urgent);
    assert_eq!(by_time(365), Stage::Due);
    assert_eq!(by_time(402), Stage::Overdue);
}

#[test]
fn whatever_comes_first_makes_it_due() {
    let seldom = at(&plan(Some(KM_15000), Some(12)), &driven(0..91, [10; 7]), 90);
    assert_eq!((seldom.because, seldom.date.unwrap().expected), (Some(Because::Time), day(365)));
    let often = at(&plan(Some(KM_15000), Some(12)), &driven(0..91, [100; 7]), 90);
    assert_eq!(often.because, Some(Because::Distance));
    let oil = OilLife { at: day(90), life: Milli(25_000), a_day: Some(1_000) };
    let road = Road::of(driven(0..91, [100; 7]));
    let worn = due(&plan(Some(KM_15000), Some(12)), &road, Some(oil), day(90), 7);
    assert_eq!((worn.because, worn.date.unwrap().expected), (Some(Because::OilLife), day(110)));
}

#[test]
fn the_way_goes_on_when_the_counter_is_replaced() {
    let mut entries = driven(0..91, [50; 7]);
    for number in 91..120 {
        entries.push(Shown { at: day(number), odometer: Distance::from_km((number - 91) * 50) });
    }
    let due = at(&plan(Some(KM_15000), None), &entries, 119);
    assert_eq!(due.left, Some(Distance::from_km(15_000 - 91 * 50 - 28 * 50)));
    assert_eq!(due.odometer, Some(Distance::from_km(15_000 - 91 * 50)), "by the new counter");
}

#[test]
fn a_typing_error_in_the_book_moves_nothing() {
    let mut entries = driven(0..91, [50; 7]);
    let right = at(&plan(Some(KM_15000), None), &entries, 90);
    entries.push(Shown { at: day(40) + TimeDelta::hours(1), odometer: Distance::from_km(120_000) });
    assert_eq!(at(&plan(Some(KM_15000), None), &entries, 90), right);
}

#[test]
fn done_early_counts_from_there_unless_the_grid_is_fixed() {
    let plan = plan(Some(KM_15000), Some(12));
    let done = Some(Distance::from_km(22_000));
    let floating = next(&plan, false, day(300), done);
    assert_eq!((floating.done_at, floating.done_odometer), (day(300), done));
    let fixed = next(&plan, true, day(300), done);
    assert_eq!((fixed.done_at, fixed.done_odometer), (day(365), Some(Distance::from_km(25_000))));
    let late = next(&plan, true, day(400), Some(Distance::from_km(27_000)));
    assert_eq!((late.done_at, late.done_odometer), (day(365), Some(Distance::from_km(25_000))));
}

proptest! {
    /// Whoever drives more is never there later, and the range holds what is expected.
    #[test]
    fn more_driving_is_never_later(
        weeks in proptest::collection::vec(0i64..2_000, 4..40), more in 1i64..500, seed in any::<u64>(),
    ) {
        let entries = |more: i64| {
            let mut km = 10_000;
            let week = |(number, way): (i64, &i64)| {
                km += way + more;
                Shown { at: day(number * 7), odometer: Distance::from_km(km) }
            };
            (0i64..).zip(&weeks).map(week).collect::<Vec<_>>()
        };
        let now = day(7 * i64::try_from(weeks.len()).unwrap());
        let plan = Plan { every: Some(Distance::from_km(200_000)), months: None, done_at: day(0), done_odometer: Some(Distance::from_km(10_000)) };
        let date = |more| due(&plan, &Road::of(entries(more)), None, now, seed).date;
        if let (Some(less), Some(more)) = (date(0), date(more)) {
            prop_assert!(more.expected <= less.expected);
            for date in [less, more] {
                prop_assert!(date.early <= date.expected && date.expected <= date.late);
            }
        }
        prop_assert_eq!(date(more), date(more), "the same seed, the same range");
    }
}
