//! Which entries should be in the book, worked out without the pipeline: from what the cars told, by the simple rules
//! that the product promises. It shares no code with the fold on purpose.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use simulator::ledger::{EventRecord, ReportedOdometer};

/// An odometer at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point {
    pub at: DateTime<Utc>,
    pub metres: i64,
}

/// The product's mile.
const METRES_PER_MILE: f64 = 1609.34;

/// The odometer readings of these events and of answers that are not broken on purpose, in the car's time, each once.
pub fn readings<'a>(
    events: impl Iterator<Item = &'a EventRecord>,
    answers: Vec<ReportedOdometer>,
) -> Vec<Point> {
    let mut points: Vec<Point> = events
        .filter_map(EventRecord::odometer)
        .chain(answers)
        .filter(|reading| reading.flaw.is_none())
        .map(point)
        .collect();
    points.sort_unstable();
    points.dedup();
    points
}

/// Those of Smartcar's answers that came to us: who asks and waits too long asks again, and the first answer is nobody's.
pub fn arrived(answers: Vec<ReportedOdometer>, stored: &[String]) -> Vec<ReportedOdometer> {
    let is_in = |reading: &ReportedOdometer| {
        let at = reading.at.to_rfc3339_opts(SecondsFormat::Millis, true);
        stored.iter().any(|body| body.contains(&at))
    };
    answers.into_iter().filter(is_in).collect()
}

/// How many odometers of these events are broken on purpose.
pub fn broken<'a>(events: impl Iterator<Item = &'a EventRecord>) -> usize {
    events.filter_map(EventRecord::odometer).filter(|reading| reading.flaw.is_some()).count()
}

/// The entries that follow: a value that differs from the last written one is written; the same value again only after
/// an hour and on another day; a lower one never.
pub fn entries(readings: &[Point]) -> Vec<Point> {
    let mut written: Vec<Point> = Vec::new();
    for reading in readings {
        let is_news = written.last().is_none_or(|last| {
            let next_day = reading.at.date_naive() > last.at.date_naive();
            let is_later = next_day && reading.at - last.at > TimeDelta::hours(1);
            reading.metres > last.metres || (reading.metres == last.metres && is_later)
        });
        if is_news {
            written.push(*reading);
        }
    }
    written
}

#[expect(clippy::cast_possible_truncation, reason = "no odometer comes near the limit")]
fn point(reading: ReportedOdometer) -> Point {
    let metres = match reading.unit {
        "miles" => reading.value * METRES_PER_MILE,
        _ => reading.value * 1000.0,
    };
    Point { at: reading.at, metres: metres.round() as i64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_nobody_waited_for_is_not_expected() {
        let answer = |second: i64| ReportedOdometer {
            at: DateTime::UNIX_EPOCH + TimeDelta::seconds(second),
            value: 5.0,
            unit: "km",
            flaw: None,
        };
        let stored = [r#"{"oemUpdatedAt":"1970-01-01T00:00:07.000Z"}"#.to_owned()];
        assert_eq!(arrived(vec![answer(7), answer(8)], &stored), [answer(7)]);
    }

    fn at(minute: i64, metres: i64) -> Point {
        Point { at: DateTime::UNIX_EPOCH + TimeDelta::minutes(minute), metres }
    }

    #[test]
    fn a_driving_car_writes_each_new_value_and_a_standing_one_once_a_day() {
        let readings = [
            at(0, 1_000),
            at(10, 1_000),
            at(70, 1_000),
            at(80, 1_500),
            at(90, 1_400),
            at(1_430, 1_500),
            at(1_450, 1_500),
            at(1_600, 1_500),
        ];
        assert_eq!(entries(&readings), [at(0, 1_000), at(80, 1_500), at(1_450, 1_500)]);
    }

    #[test]
    fn midnight_alone_makes_no_entry() {
        assert_eq!(entries(&[at(1_430, 7), at(1_445, 7)]), [at(1_430, 7)]);
    }
}
