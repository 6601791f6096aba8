//! Whether a car is to be polled: decided from what is known of it and from nothing else, so that a restart, a missed
//! turn and a second scheduler all come to the same.

use chrono::{DateTime, Datelike, Months, NaiveTime, TimeDelta, Utc};
use store::polls::Look;
use uuid::Uuid;

/// A car is not asked more often than this, whatever there is to hope for. Smartcar's own advice.
pub(crate) const FLOOR: TimeDelta = TimeDelta::minutes(30);

/// Once a day each car is asked, whatever its webhooks do.
const DAY: TimeDelta = TimeDelta::days(1);

/// A poll so shortly before the car's time of the day stands for that day's.
const STANDS_FOR_THE_NEXT: TimeDelta = TimeDelta::hours(12);

/// A car's rhythm is trusted after so long: three nights are in it.
const LEARNED_AFTER: TimeDelta = TimeDelta::days(3);

/// A silence is odd when it is half as long again as the usual long ones.
const ODD: f64 = 1.5;

/// A job that nobody has answered is not joined by another one for a day, then for two, for four, and so on up to
/// sixteen: it still lies in its queue.
const MOST_DOUBLINGS: i16 = 4;

/// Of the calls that a month has for a car, polls use four in five: the others are left to people who press *Sync now* and
/// to commands.
const OF_FIVE: i64 = 4;

/// Polls beyond the daily one use no more than what the days of the month that have passed had for them, and two days
/// more: else a car without webhooks would have none left at the month's end.
const DAYS_AHEAD: i64 = 2;

/// What is to be done about a car.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    Poll(Why),
    LookAgain { at: DateTime<Utc> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// Its time of the day has come.
    Daily,
    /// It has been silent for longer than it usually is.
    Silent,
}

impl Why {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Silent => "silent",
        }
    }
}

/// Decides about a car.
///
/// A silence makes a car due when it is odd, and again whenever it has doubled since: a car that sleeps is not hammered,
/// and a car whose webhooks are lost is still asked once a day.
pub(crate) fn decide(car: &Look, now: DateTime<Utc>, calls_a_month: u32) -> Decision {
    let calls = Calls { spent: car.calls_spent.into(), a_month: calls_a_month.into() };
    let daily = (daily(car), Why::Daily);
    let silent = silent(car).filter(|_| calls.allow_more_than_daily(now)).map(|at| (at, Why::Silent));
    let (due, why) = silent.filter(|silent| silent.0 < daily.0).unwrap_or(daily);
    let at = rest(car).map_or(due, |until| due.max(until));
    if at > now {
        return Decision::LookAgain { at };
    }
    match next_month(now) {
        Some(next) if !calls.allow_daily() => Decision::LookAgain { at: time_of_day(car.vehicle_id, next) },
        Some(_) | None => Decision::Poll(why),
    }
}

/// What a car may cost in a month.
#[derive(Debug, Clone, Copy)]
struct Calls {
    spent: i64,
    a_month: i64,
}

impl Calls {
    fn allow_daily(self) -> bool {
        self.spent * 5 < self.a_month * OF_FIVE
    }

    fn allow_more_than_daily(self, now: DateTime<Utc>) -> bool {
        let days = i64::from(now.day()) + DAYS_AHEAD;
        self.allow_daily() && self.spent * 5 * 31 < self.a_month * OF_FIVE * days
    }
}

fn next_month(now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let first = now.date_naive().with_day(1)?.checked_add_months(Months::new(1))?;
    Some(first.and_time(NaiveTime::MIN).and_utc())
}

/// Since when nothing was heard of the car, asked or not. The beginning of time if nothing ever was.
pub(crate) fn silent_since(car: &Look) -> DateTime<Utc> {
    car.heard_at.max(car.last_polled_at).unwrap_or(DateTime::UNIX_EPOCH)
}

/// When somebody last asked, or tried to.
fn tried(car: &Look) -> Option<DateTime<Utc>> {
    car.asked_at.max(car.last_polled_at)
}

fn daily(car: &Look) -> DateTime<Utc> {
    match (tried(car), car.heard_at) {
        (Some(tried), _) => time_of_day(car.vehicle_id, tried + STANDS_FOR_THE_NEXT),
        (None, Some(_)) => time_of_day(car.vehicle_id, car.planned_since),
        (None, None) => car.planned_since,
    }
}

/// When the car's silence is odd, or has doubled since somebody asked. `None` while its rhythm is not known, and for a
/// rhythm of days.
fn silent(car: &Look) -> Option<DateTime<Utc>> {
    let (heard, since) = (car.heard_at?, car.learning_since?);
    if heard - since < LEARNED_AFTER {
        return None;
    }
    let mut patience = seconds(car.long_gap_seconds? * ODD).max(FLOOR);
    if patience >= DAY {
        return None;
    }
    while tried(car).is_some_and(|tried| tried >= heard + patience) {
        patience = patience * 2;
    }
    Some(heard + patience)
}

/// Until when the car is left alone.
fn rest(car: &Look) -> Option<DateTime<Utc>> {
    let floor = tried(car).map(|tried| tried + FLOOR);
    let unanswered = car.asked_at.filter(|_| car.unanswered > 0).map(|asked| {
        let doublings = (car.unanswered - 1).min(MOST_DOUBLINGS);
        asked + DAY * (1 << doublings)
    });
    floor.max(unanswered).max(car.asleep_until)
}

/// The first moment from `from` on at which it is this car's time of the day: another one for each car, and always the
/// same, so that a million of them are spread evenly.
fn time_of_day(vehicle: Uuid, from: DateTime<Utc>) -> DateTime<Utc> {
    let day = from.date_naive().and_time(NaiveTime::MIN).and_utc();
    let at = day + TimeDelta::seconds(jitter(vehicle));
    if at >= from { at } else { at + DAY }
}

/// A second of the day. The mixing is that of `SplitMix64` (Steele, Lea, Flood 2014): ids that are made one after the other lie
/// far apart.
fn jitter(vehicle: Uuid) -> i64 {
    let (high, low) = vehicle.as_u64_pair();
    let mut mixed = (high ^ low.rotate_left(32)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((mixed ^ (mixed >> 31)) % 86_400).cast_signed()
}

#[expect(clippy::cast_possible_truncation, reason = "a float becomes the nearest whole number there is")]
fn seconds(seconds: f64) -> TimeDelta {
    TimeDelta::seconds((seconds as i64).clamp(0, i64::from(u32::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A car whose time of the day is 19:15:11.
    const CAR: Uuid = Uuid::from_u128(136_459);

    fn at(text: &str) -> DateTime<Utc> {
        format!("2026-03-{text}:00Z").parse().unwrap()
    }

    fn car() -> Look {
        Look {
            vehicle_id: CAR,
            due_at: at("01T09:30"),
            planned_since: at("01T09:00"),
            wanted_since: None,
            asked_at: None,
            unanswered: 0,
            last_polled_at: None,
            asleep_until: None,
            heard_at: None,
            learning_since: None,
            long_gap_seconds: None,
            calls_spent: 0,
        }
    }

    /// Silent for up to eight hours at night, and heard of last at this moment.
    fn rhythmic(heard: &str, polled: &str) -> Look {
        Look {
            heard_at: Some(at(heard)),
            learning_since: Some(at("01T10:00")),
            long_gap_seconds: Some(8.0 * 3600.0),
            last_polled_at: Some(at(polled)),
            ..car()
        }
    }

    fn decision(car: &Look, now: &str) -> String {
        match decide(car, at(now), 500) {
            Decision::Poll(why) => why.name().to_owned(),
            Decision::LookAgain { at } => at.format("%dT%H:%M").to_string(),
        }
    }

    #[test]
    fn each_car_is_polled_once_a_day_at_its_own_time() {
        let polled = |when: &str| Look { last_polled_at: Some(at(when)), ..car() };
        assert_eq!(decision(&polled("10T19:15"), "11T19:00"), "11T19:15");
        assert_eq!(decision(&polled("10T19:16"), "11T19:16"), "daily");
        assert_eq!(decision(&polled("11T19:16"), "11T19:16"), "12T19:15");
    }

    #[test]
    fn a_poll_shortly_before_its_time_stands_for_that_days() {
        let car = Look { last_polled_at: Some(at("11T08:00")), ..car() };
        assert_eq!(decision(&car, "11T19:16"), "12T19:15");
    }

    #[test]
    fn a_car_of_which_nothing_was_ever_heard_is_polled_at_once() {
        assert_eq!(decision(&car(), "01T09:00"), "daily");
        assert_eq!(decision(&Look { heard_at: Some(at("01T09:10")), ..car() }, "01T09:30"), "01T19:15");
    }

    #[test]
    fn after_an_outage_of_days_there_is_one_catch_up() {
        let before = Look { last_polled_at: Some(at("03T19:16")), ..car() };
        assert_eq!(decision(&before, "10T12:00"), "daily");
        let asked = Look { asked_at: Some(at("10T12:00")), unanswered: 1, ..before.clone() };
        assert_eq!(decision(&asked, "10T12:01"), "11T19:15");
        let answered =
            Look { last_polled_at: Some(at("10T12:02")), asked_at: Some(at("10T12:00")), ..before };
        assert_eq!(decision(&answered, "10T12:03"), "11T19:15");
    }

    #[test]
    fn a_car_that_is_as_silent_as_every_night_is_left_alone() {
        assert_eq!(decision(&rhythmic("10T21:00", "10T19:16"), "11T06:00"), "11T09:00");
    }

    #[test]
    fn an_odd_silence_is_asked_into_when_it_begins_and_whenever_it_has_doubled() {
        let silent = |polled: &str| rhythmic("10T21:00", polled);
        assert_eq!(decision(&silent("10T19:16"), "11T09:00"), "silent");
        assert_eq!(decision(&silent("11T09:01"), "11T09:01"), "11T21:00");
        let busy = |polled: &str| Look { long_gap_seconds: Some(600.0), ..silent(polled) };
        assert_eq!(decision(&busy("10T20:00"), "10T21:00"), "10T21:30");
        assert_eq!(decision(&busy("10T21:30"), "10T21:31"), "10T22:00");
        assert_eq!(decision(&busy("10T22:00"), "10T22:01"), "10T23:00");
        assert_eq!(decision(&busy("11T05:00"), "11T05:01"), "11T13:00", "after eight hours sixteen");
    }

    #[test]
    fn a_rhythm_is_trusted_after_three_days() {
        let young = Look { learning_since: Some(at("08T21:01")), ..rhythmic("10T21:00", "10T19:16") };
        assert_eq!(decision(&young, "11T18:00"), "11T19:15");
    }

    #[test]
    fn nobody_is_asked_twice_within_half_an_hour_or_while_asleep() {
        let busy = Look { long_gap_seconds: Some(60.0), ..rhythmic("10T12:00", "10T12:20") };
        assert_eq!(decision(&busy, "10T12:31"), "10T12:50");
        let asleep = Look { asleep_until: Some(at("12T03:00")), ..rhythmic("10T12:00", "10T12:20") };
        assert_eq!(decision(&asleep, "11T20:00"), "12T03:00");
    }

    #[test]
    fn a_job_that_lies_unanswered_is_joined_by_another_only_after_days() {
        let asked = |unanswered| Look { asked_at: Some(at("02T19:16")), unanswered, ..car() };
        for (unanswered, next) in [(1, "03T19:16"), (2, "04T19:16"), (3, "06T19:16"), (9, "18T19:16")] {
            assert_eq!(decision(&asked(unanswered), "03T12:00"), next);
        }
    }

    #[test]
    fn a_car_that_could_not_be_asked_is_due_again_when_its_rest_is_over() {
        let rested = Look {
            last_polled_at: Some(at("09T19:16")),
            asleep_until: Some(at("10T21:00")),
            asked_at: None,
            ..car()
        };
        assert_eq!(decision(&rested, "10T20:00"), "10T21:00");
        assert_eq!(decision(&rested, "10T21:00"), "daily");
    }

    #[test]
    fn a_months_calls_are_not_used_up_by_polls() {
        let spent = |calls_spent| Look { calls_spent, ..rhythmic("10T21:00", "10T19:16") };
        assert_eq!(decision(&spent(150), "11T09:00"), "silent");
        assert_eq!(decision(&spent(170), "11T09:00"), "11T19:15", "more than eleven days and two have");
        assert_eq!(decision(&spent(399), "11T19:16"), "daily");
        let next = decide(&spent(400), at("11T19:16"), 500);
        assert_eq!(next, Decision::LookAgain { at: "2026-04-01T19:15:11Z".parse().unwrap() });
    }

    #[test]
    fn a_fleet_is_spread_evenly_over_the_day() {
        let mut hours = [0_u32; 24];
        for number in 0..24_000 {
            hours[usize::try_from(jitter(Uuid::from_u128(number)) / 3600).unwrap()] += 1;
        }
        assert!(hours.iter().all(|cars| (850..1150).contains(cars)), "{hours:?}");
    }
}
