//! The plan of a day: when the car's people want to leave, and where to. Each day is drawn for itself, so it
//! can be asked for in any order.

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc, Weekday};

use super::car::{Car, Habit};
use super::place::Place;
use crate::chance::Chance;

/// A wish to drive. Who is late leaves as soon as possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outing {
    pub leave: DateTime<Utc>,
    pub to: Place,
}

/// What the car is wanted for on a (local) day, in order of time; the last way leads home, unless the night
/// is spent away.
pub fn day(car: &Car, date: NaiveDate) -> Vec<Outing> {
    let mut chance = car.chance.branch("day", date.num_days_from_ce().into());
    let wishes = match date.weekday() {
        Weekday::Sat => saturday(car, date, &mut chance),
        Weekday::Sun => sunday(car, date, &mut chance),
        Weekday::Mon | Weekday::Tue | Weekday::Wed | Weekday::Thu | Weekday::Fri => workday(car, &mut chance),
    };
    wishes.into_iter().map(|(minute, to)| Outing { leave: car.local_time(date, minute), to }).collect()
}

/// A wish: minutes after local midnight, and the place.
type Wish = (i64, Place);

fn workday(car: &Car, chance: &mut Chance) -> Vec<Wish> {
    match car.habit {
        Habit::Commuter if chance.happens(0.9) => commute(car, chance),
        Habit::HomeWorker if chance.happens(0.6) => visit(car, chance, 600, 1_000),
        Habit::Busy => round(car, chance),
        Habit::Weekender if chance.happens(0.12) => visit(car, chance, 1_020, 1_140),
        // Ill, on holiday, or simply at home.
        Habit::Commuter | Habit::HomeWorker | Habit::Weekender => Vec::new(),
    }
}

fn commute(car: &Car, chance: &mut Chance) -> Vec<Wish> {
    let mut wishes = vec![(chance.between(385, 510), car.places.work)];
    let mut minute = chance.between(940, 1_075);
    if chance.happens(0.3) {
        wishes.push((minute, *chance.pick(&car.places.errands)));
        minute += chance.between(45, 90);
    }
    wishes.push((minute, car.places.home));
    if chance.happens(0.1) {
        wishes.extend(visit(car, chance, 1_170, 1_200));
    }
    wishes
}

/// To one place and home again, leaving between two minutes of the day.
fn visit(car: &Car, chance: &mut Chance, from: i64, until: i64) -> Vec<Wish> {
    let leave = chance.between(from, until);
    vec![(leave, *chance.pick(&car.places.errands)), (leave + chance.between(40, 150), car.places.home)]
}

/// From place to place.
fn round(car: &Car, chance: &mut Chance) -> Vec<Wish> {
    let mut minute = chance.between(450, 560);
    let mut wishes = Vec::new();
    for _ in 0..chance.between(3, 6) {
        wishes.push((minute, *chance.pick(&car.places.errands)));
        minute += chance.between(40, 95);
    }
    wishes.push((minute, car.places.home));
    wishes
}

fn saturday(car: &Car, date: NaiveDate, chance: &mut Chance) -> Vec<Wish> {
    match Excursion::of(car, date) {
        Excursion::None if chance.happens(0.75) => visit(car, chance, 540, 780),
        Excursion::None => Vec::new(),
        Excursion::Day(to) => {
            vec![(chance.between(460, 600), to), (chance.between(1_000, 1_150), car.places.home)]
        }
        Excursion::Night(to) => vec![(chance.between(480, 660), to)],
    }
}

fn sunday(car: &Car, date: NaiveDate, chance: &mut Chance) -> Vec<Wish> {
    match Excursion::of(car, date - Days::new(1)) {
        Excursion::Night(_) => vec![(chance.between(840, 1_080), car.places.home)],
        Excursion::None | Excursion::Day(_) if chance.happens(0.45) => visit(car, chance, 600, 900),
        Excursion::None | Excursion::Day(_) => Vec::new(),
    }
}

/// What is undertaken on the weekend of a Saturday; its Sunday asks for it again.
enum Excursion {
    None,
    Day(Place),
    Night(Place),
}

impl Excursion {
    fn of(car: &Car, saturday: NaiveDate) -> Self {
        let mut chance = car.chance.branch("weekend", saturday.num_days_from_ce().into());
        let to = *chance.pick(&car.places.far);
        let likely = if car.habit == Habit::Weekender { 0.45 } else { 0.18 };
        match (chance.happens(likely), chance.happens(0.5)) {
            (false, _) => Self::None,
            (true, false) => Self::Day(to),
            (true, true) => Self::Night(to),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::place::PlaceKind;
    use super::*;

    fn days(habit: Habit) -> (Car, Vec<(NaiveDate, Vec<Outing>)>) {
        let car = (0..100).map(|number| Car::draw(3, number)).find(|car| car.habit == habit).unwrap();
        let monday = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap();
        let days = monday.iter_days().take(70).map(|date| (date, day(&car, date))).collect();
        (car, days)
    }

    fn is_weekend(date: NaiveDate) -> bool {
        matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
    }

    #[test]
    fn a_commuter_works_on_workdays_only() {
        let (_, days) = days(Habit::Commuter);
        let worked = |days: &[Outing]| days.iter().any(|outing| outing.to.kind == PlaceKind::Work);
        assert!(days.iter().filter(|(date, _)| is_weekend(*date)).all(|(_, day)| !worked(day)));
        assert!(days.iter().filter(|(date, day)| !is_weekend(*date) && worked(day)).count() > 35);
    }

    #[test]
    fn outings_are_in_order_and_end_at_home_or_far_away() {
        for habit in [Habit::Commuter, Habit::HomeWorker, Habit::Busy, Habit::Weekender] {
            for (date, day) in days(habit).1 {
                assert!(day.windows(2).all(|two| two[0].leave < two[1].leave), "{date}: {day:?}");
                let end = day.last().map(|outing| outing.to.kind);
                assert!(matches!(end, None | Some(PlaceKind::Home | PlaceKind::Far)), "{date}: {day:?}");
            }
        }
    }

    #[test]
    fn who_sleeps_far_away_comes_home_on_sunday() {
        let (_, days) = days(Habit::Weekender);
        let away = |day: &[Outing]| day.last().is_some_and(|outing| outing.to.kind == PlaceKind::Far);
        let nights: Vec<_> = days.windows(2).filter(|two| away(&two[0].1)).collect();
        assert!(!nights.is_empty());
        assert!(nights.iter().all(|two| two[1].1.last().unwrap().to.kind == PlaceKind::Home));
    }

    #[test]
    fn a_day_is_the_same_whoever_asks_first() {
        let (car, days) = days(Habit::Busy);
        assert!(days.iter().rev().all(|(date, planned)| day(&car, *date) == *planned));
    }
}
