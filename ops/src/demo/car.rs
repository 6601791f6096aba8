//! One car's book beside what should be in it.

use chrono::{DateTime, Utc};
use simulator::world::Truth;

use super::expected::{Point, entries};
use super::stored::CarBook;

/// How one car's book compares.
#[derive(Debug)]
pub struct Car {
    pub name: String,
    /// What the odometer really was when the car spoke of it last, in metres.
    pub truth: Option<i64>,
    pub newest: Option<Point>,
    pub written: usize,
    pub expected: usize,
    /// Written, and neither told by the car nor true.
    pub wrong: usize,
    /// Expected and not written.
    pub missing: usize,
}

/// A car's display shows whole kilometres or miles, and tells them some minutes late: so far it may be from the truth.
const DISPLAY: i64 = 2_000;
/// Two ways to round a mile.
const ROUNDING: i64 = 1;

impl Car {
    /// Compares a book with what should be in it after these readings, and with what the car really did.
    pub fn compare(book: CarBook, told: &[Point], truth: Option<&Truth>) -> Self {
        let expected = entries(told);
        let CarBook { name, entries } = book;
        let truth_at = |at| truth.and_then(|truth| true_metres(truth, at));
        let is_true =
            |entry: &Point| truth_at(entry.at).is_some_and(|truth| near(truth, entry.metres, DISPLAY));
        let is_right = |entry: &&Point| is_in(&expected, entry) && is_true(entry);
        Self {
            name,
            truth: told.last().and_then(|last| truth_at(last.at)),
            newest: entries.last().copied(),
            written: entries.len(),
            wrong: entries.iter().filter(|entry| !is_right(entry)).count(),
            missing: expected.iter().filter(|entry| !is_in(&entries, entry)).count(),
            expected: expected.len(),
        }
    }

    /// Whether nothing is to be said against it.
    pub fn is_right(&self) -> bool {
        let agree = match (self.truth, self.newest) {
            (Some(truth), Some(newest)) => near(truth, newest.metres, DISPLAY),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        agree && self.wrong == 0 && self.missing == 0 && self.written == self.expected
    }
}

fn is_in(entries: &[Point], wanted: &Point) -> bool {
    entries.iter().any(|entry| entry.at == wanted.at && near(entry.metres, wanted.metres, ROUNDING))
}

fn near(one: i64, other: i64, tolerance: i64) -> bool {
    (one - other).abs() <= tolerance
}

/// The true odometer at a moment: on a straight line between the ends of drives.
fn true_metres(truth: &Truth, at: DateTime<Utc>) -> Option<i64> {
    let metres = |metres: u64| i64::try_from(metres).unwrap_or(i64::MAX);
    let after = truth.track.iter().position(|point| point.at >= at);
    let before = after.unwrap_or(truth.track.len()).checked_sub(1).map(|index| truth.track[index]);
    match (before, after.map(|index| truth.track[index])) {
        (Some(from), Some(to)) => {
            let (part, whole) =
                ((at - from.at).num_milliseconds(), (to.at - from.at).num_milliseconds().max(1));
            let way = metres(to.odometer_m) - metres(from.odometer_m);
            Some(metres(from.odometer_m) + way * part / whole)
        }
        (Some(point), None) | (None, Some(point)) => Some(metres(point.odometer_m)),
        (None, None) => None,
    }
}
