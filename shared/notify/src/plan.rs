//! When a person is told of an alert outside of their page: at once, with others, in the morning.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use domain::alert::AlertKind;

use crate::moments::{minute_of_day, next};

/// What is known of an alert that is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct News {
    /// `None`: a kind that this program does not know.
    pub kind: Option<AlertKind>,
    /// It says of itself that it is grave.
    pub is_grave: bool,
    /// When the car showed it, and when it was found.
    pub at: DateTime<Utc>,
    pub found_at: DateTime<Utc>,
}

/// How the person wants to be told. Minutes are of their own day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wishes {
    pub quiet: Option<(u32, u32)>,
    /// What cannot wait is sent in quiet hours, too.
    pub urgent_always: bool,
    /// When is told what was found late.
    pub digest_at: u32,
    /// How long a message waits for others to come with it; nothing: each comes alone.
    pub gather: TimeDelta,
    pub zone: Tz,
}

/// How and when it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    Alone { due: DateTime<Utc> },
    Gathered { due: DateTime<Utc>, is_late: bool },
}

/// What is no news for a kind that we do not know.
const ELSE_IS_NEWS: TimeDelta = TimeDelta::hours(1);

/// Decides. What was found when it was no news any more wakes nobody: it comes once a day, all in one.
pub fn plan(news: &News, wishes: &Wishes, now: DateTime<Utc>) -> Plan {
    let is_news = news.kind.map_or(ELSE_IS_NEWS, AlertKind::is_news_for);
    if news.found_at - news.at > is_news {
        let due = next(now, wishes.digest_at, wishes.zone);
        return Plan::Gathered { due: after_quiet(due, wishes), is_late: true };
    }
    let is_urgent = news.is_grave || news.kind.is_some_and(AlertKind::is_urgent);
    if is_urgent {
        return Plan::Alone { due: if wishes.urgent_always { now } else { after_quiet(now, wishes) } };
    }
    let due = after_quiet(now + wishes.gather, wishes);
    if due > now { Plan::Gathered { due, is_late: false } } else { Plan::Alone { due } }
}

/// The moment itself, or the end of the quiet hours in which it lies.
fn after_quiet(at: DateTime<Utc>, wishes: &Wishes) -> DateTime<Utc> {
    let Some((from, to)) = wishes.quiet else { return at };
    let minute = minute_of_day(at, wishes.zone);
    let is_quiet = if from <= to { (from..to).contains(&minute) } else { minute >= from || minute < to };
    if is_quiet { next(at, to, wishes.zone) } else { at }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    const WISHES: Wishes = Wishes {
        quiet: Some((22 * 60, 7 * 60)),
        urgent_always: true,
        digest_at: 8 * 60,
        gather: TimeDelta::minutes(5),
        zone: chrono_tz::Europe::Berlin,
    };

    fn news(kind: AlertKind, at: DateTime<Utc>, found_at: DateTime<Utc>) -> News {
        News { kind: Some(kind), is_grave: false, at, found_at }
    }

    #[test]
    fn quiet_hours_are_those_of_the_persons_own_clock_over_midnight_too() {
        for (now, due) in [
            ("2026-01-10T20:54:00Z", "2026-01-10T20:59:00Z"),
            ("2026-01-10T20:55:00Z", "2026-01-11T06:00:00Z"),
            ("2026-01-10T23:30:00Z", "2026-01-11T06:00:00Z"),
            ("2026-01-11T05:56:00Z", "2026-01-11T06:01:00Z"),
            ("2026-07-10T20:30:00Z", "2026-07-11T05:00:00Z"),
            // The night in which clocks leap.
            ("2026-03-28T22:00:00Z", "2026-03-29T05:00:00Z"),
        ] {
            let planned = plan(&news(AlertKind::OilLow, at(now), at(now)), &WISHES, at(now));
            assert_eq!(planned, Plan::Gathered { due: at(due), is_late: false }, "{now}");
        }
    }

    #[test]
    fn what_cannot_wait_does_not_unless_the_person_wants_it_to() {
        let now = at("2026-01-10T23:30:00Z");
        let theft = news(AlertKind::LeftItsPlace, now, now);
        assert_eq!(plan(&theft, &WISHES, now), Plan::Alone { due: now });
        let grave = News { is_grave: true, ..news(AlertKind::TyreLow, now, now) };
        assert_eq!(plan(&grave, &WISHES, now), Plan::Alone { due: now });
        let asleep = Wishes { urgent_always: false, ..WISHES };
        assert_eq!(plan(&theft, &asleep, now), Plan::Alone { due: at("2026-01-11T06:00:00Z") });
    }

    #[test]
    fn what_was_found_late_comes_once_a_day_however_urgent_it_was() {
        let now = at("2026-01-10T12:00:00Z");
        let theft = news(AlertKind::LeftItsPlace, now - TimeDelta::hours(25), now);
        assert_eq!(
            plan(&theft, &WISHES, now),
            Plan::Gathered { due: at("2026-01-11T07:00:00Z"), is_late: true }
        );
        let fresh = news(AlertKind::LeftItsPlace, now - TimeDelta::hours(24), now);
        assert_eq!(plan(&fresh, &WISHES, now), Plan::Alone { due: now });
    }

    #[test]
    fn who_wants_each_alone_gets_each_alone() {
        let now = at("2026-01-10T12:00:00Z");
        let alone = Wishes { gather: TimeDelta::zero(), ..WISHES };
        assert_eq!(plan(&news(AlertKind::OilLow, now, now), &alone, now), Plan::Alone { due: now });
    }

    proptest! {
        #[test]
        fn nothing_but_what_is_urgent_is_ever_sent_in_quiet_hours(
            seconds in 1_700_000_000_i64..1_900_000_000, from in 0_u32..1440, to in 0_u32..1440, digest_at in 0_u32..1440,
            gather in 0_i64..1440, age in 0_i64..100, kind in 0..AlertKind::ALL.len(), zone in 0..chrono_tz::TZ_VARIANTS.len(),
        ) {
            let now = DateTime::from_timestamp(seconds, 0).unwrap();
            let zone = chrono_tz::TZ_VARIANTS[zone];
            let wishes = Wishes { quiet: Some((from, to)), urgent_always: false, digest_at, gather: TimeDelta::minutes(gather), zone };
            let (Plan::Alone { due } | Plan::Gathered { due, .. }) =
                plan(&news(AlertKind::ALL[kind], now - TimeDelta::hours(age), now), &wishes, now);
            prop_assert!(due >= now);
            prop_assert!(due - now <= TimeDelta::hours(24 + 26 + 26));
            let minute = minute_of_day(due, zone);
            let is_quiet = if from <= to { (from..to).contains(&minute) } else { minute >= from || minute < to };
            // Clocks that leap over the end of the quiet hours, or go back into them, do so by two hours at most.
            let after = minute_of_day(due - TimeDelta::hours(2), zone);
            prop_assert!(!is_quiet || minute.abs_diff(to) <= 120 || after.abs_diff(to) <= 120);
        }
    }
}
