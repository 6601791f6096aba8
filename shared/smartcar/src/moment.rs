//! The moment at which the car said something, out of the many forms that the platform writes times in.

use chrono::{DateTime, TimeDelta, Utc};
use domain::reading::TimeQuality;

use crate::lenient::Field;
use crate::report::Why;

/// Connected cars are younger: what is older is a clock that was never set.
const EARLIEST: DateTime<Utc> = DateTime::from_timestamp(1_262_304_000, 0).expect("2010 is a moment");

/// How far a car's clock may run ahead of ours.
const AHEAD: TimeDelta = TimeDelta::minutes(10);

/// A moment at the car and whose clock it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    pub at: DateTime<Utc>,
    pub quality: TimeQuality,
}

/// Reads a time of any form: a number from 1e11 is milliseconds, from 1e9 seconds, text is RFC 3339 (or such
/// a number). Zero, nonsense and whatever lies before 2010 is no time. Cut to whole milliseconds.
pub(crate) fn instant<T>(field: &Field<'_, T>) -> Option<DateTime<Utc>> {
    let written = match field {
        Field::Text(text) => DateTime::parse_from_rfc3339(text.trim()).ok().map(|at| at.timestamp_millis()),
        Field::Absent | Field::Bool(_) | Field::Integer(_) | Field::Float(_) | Field::Object(_) => None,
    };
    let millis = written.or_else(|| field.number().and_then(epoch_millis))?;
    DateTime::from_timestamp_millis(millis).filter(|at| *at >= EARLIEST)
}

/// The best moment that is known: the maker's own, else the platform's fetch. `None` if neither is.
///
/// A maker's time that equals the fetch is the fetch: the platform fills it in where the maker names none.
pub(crate) fn best(
    oem: Option<DateTime<Utc>>,
    fetched: Option<DateTime<Utc>>,
    received_at: DateTime<Utc>,
) -> Result<Option<Moment>, Why> {
    let moment = match (oem, fetched) {
        (Some(at), fetched) if fetched != Some(at) => Moment { at, quality: TimeQuality::Oem },
        (_, Some(at)) => Moment { at, quality: TimeQuality::Fetched },
        (_, None) => return Ok(None),
    };
    if moment.at > received_at + AHEAD { Err(Why::Future) } else { Ok(Some(moment)) }
}

/// Our own clock, cut to the precision of all readings.
pub(crate) fn delivered(received_at: DateTime<Utc>) -> Moment {
    let at = DateTime::from_timestamp_millis(received_at.timestamp_millis()).unwrap_or(received_at);
    Moment { at, quality: TimeQuality::Delivered }
}

#[expect(clippy::cast_possible_truncation, reason = "it saturates, and the end of time is refused")]
fn epoch_millis(number: f64) -> Option<i64> {
    if number >= 1e11 {
        Some(number as i64)
    } else if number >= 1e9 {
        Some((number * 1000.0) as i64)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(millis).unwrap()
    }

    #[test]
    fn a_time_is_understood_in_every_form_that_was_seen() {
        let table = [
            ("1780222611098", Some(1_780_222_611_098)),
            ("1780222611098.7", Some(1_780_222_611_098)),
            ("1696156800", Some(1_696_156_800_000)),
            ("1696156800.25", Some(1_696_156_800_250)),
            (r#""1780222611098""#, Some(1_780_222_611_098)),
            (r#""2025-07-31T19:38:42.332Z""#, Some(1_753_990_722_332)),
            (r#""2025-07-31T21:38:42.3329+02:00""#, Some(1_753_990_722_332)),
            ("0", None),
            ("null", None),
            ("-1780222611098", None),
            ("true", None),
            ("[1780222611098]", None),
            (r#""yesterday""#, None),
            ("1e300", None),
            ("1262303999", None),
            ("1262304000", Some(1_262_304_000_000)),
            (r#""1970-01-01T00:00:00Z""#, None),
        ];
        for (json, millis) in table {
            let field: Field<'_> = serde_json::from_str(json).unwrap();
            assert_eq!(instant(&field), millis.map(at), "{json}");
        }
    }

    #[test]
    fn the_makers_time_is_better_than_the_fetch_and_none_is_ever_made_up() {
        let (car, fetch, now) = (at(1_780_000_000_000), at(1_780_000_300_000), at(1_780_000_310_000));
        let best = |oem, fetched| best(oem, fetched, now).map(|best| best.map(|m| (m.at, m.quality)));
        assert_eq!(best(Some(car), Some(fetch)), Ok(Some((car, TimeQuality::Oem))));
        assert_eq!(best(Some(car), None), Ok(Some((car, TimeQuality::Oem))));
        assert_eq!(best(Some(fetch), Some(fetch)), Ok(Some((fetch, TimeQuality::Fetched))));
        assert_eq!(best(None, Some(fetch)), Ok(Some((fetch, TimeQuality::Fetched))));
        assert_eq!(best(None, None), Ok(None));
    }

    #[test]
    fn a_clock_may_run_ten_minutes_ahead_and_no_more() {
        let now = at(1_780_000_000_000);
        assert!(best(Some(now + AHEAD), None, now).is_ok());
        assert_eq!(best(Some(now + AHEAD + TimeDelta::milliseconds(1)), None, now), Err(Why::Future));
    }
}
