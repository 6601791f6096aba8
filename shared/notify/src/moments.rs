//! Moments of a person's own day.

use chrono::{DateTime, Days, MappedLocalTime, NaiveDate, NaiveTime, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

/// The minute of the day by this clock.
pub fn minute_of_day(at: DateTime<Utc>, zone: Tz) -> u32 {
    let local = at.with_timezone(&zone);
    local.hour() * 60 + local.minute()
}

/// The next moment after this one at which the clock shows this minute of the day.
pub fn next(at: DateTime<Utc>, minute: u32, zone: Tz) -> DateTime<Utc> {
    let today = at.with_timezone(&zone).date_naive();
    let days = (0..=2).filter_map(|days| today.checked_add_days(Days::new(days)));
    // In two days there is such a moment, whatever clocks do.
    days.map(|day| on(day, minute, zone)).find(|moment| *moment > at).unwrap_or(at + TimeDelta::days(1))
}

/// The first moment of the day at which the clock shows this minute, or, where it leaps over it, an hour later.
fn on(day: NaiveDate, minute: u32, zone: Tz) -> DateTime<Utc> {
    let time = NaiveTime::from_num_seconds_from_midnight_opt(minute.min(1439) * 60, 0).unwrap_or_default();
    let local = day.and_time(time);
    let moment = match zone.from_local_datetime(&local) {
        MappedLocalTime::Single(moment) | MappedLocalTime::Ambiguous(moment, _) => Some(moment),
        MappedLocalTime::None => zone.from_local_datetime(&(local + TimeDelta::hours(1))).earliest(),
    };
    moment.map_or_else(|| local.and_utc(), |moment| moment.with_timezone(&Utc))
}
