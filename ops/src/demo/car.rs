//! One car's book beside what should be in it.

use chrono::{DateTime, Utc};
use simulator::world::Truth;

use super::doings::Doings;
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
    pub doings: Doings,
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
            doings: Doings::default(),
        }
    }

    /// Whether nothing is to be said against it.
    pub fn is_right(&self) -> bool {
        let agree = match (self.truth, self.newest) {
            (Some(truth), Some(newest)) => near(truth, newest.metres, DISPLAY),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        agree
            && self.wrong == 0
            && self.missing == 0
            && self.written == self.expected
            && self.doings.is_right()
    }
}

fn is_in(entries: &[Point], wanted: &Point) -> bool {
    entries.iter().any(|entry| entry.at == wanted.at && near(entry.metres, wanted.metres, ROUNDING))
}

fn near(one: i64, other: i64, tolerance: i64) -> bool {
    (one - other).abs() <= tolerance
}

/// The true odometer at a moment: on a straight line between the ends of drives.
pub fn true_metres(truth: &Truth, at: DateTime<Utc>) -> Option<i64> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use simulator::world::{Gauges, TrackPoint};

    fn at(hour: i64, metres: i64) -> Point {
        Point { at: DateTime::UNIX_EPOCH + TimeDelta::hours(hour), metres }
    }

    /// A car that drove 100 km in the first ten hours, and stands since.
    fn truth() -> Truth {
        let gauges = Gauges { odometer_m: 0, fuel_ml: 0, battery_wh: 0, serviced_at_m: 0 };
        let track = [at(0, 50_000_000), at(10, 50_100_000)]
            .map(|point| TrackPoint { at: point.at, odometer_m: point.metres.unsigned_abs() });
        Truth {
            as_of: at(20, 0).at,
            first: gauges,
            now: gauges,
            track: track.to_vec(),
            trips: Vec::new(),
            fills: Vec::new(),
            sessions: Vec::new(),
            services: Vec::new(),
            drained_wh: 0,
        }
    }

    fn compared(book: &[Point]) -> Car {
        let told = [at(0, 50_000_000), at(5, 50_049_000), at(12, 50_100_000)];
        let book = CarBook { name: "a car".to_owned(), entries: book.to_vec() };
        Car::compare(book, &told, Some(&truth()))
    }

    #[test]
    fn a_book_that_says_what_the_car_told_is_right() {
        let car = compared(&[at(0, 50_000_000), at(5, 50_049_000), at(12, 50_100_000)]);
        assert!(car.is_right(), "{car:?}");
        assert_eq!(car.truth, Some(50_100_000));
    }

    #[test]
    fn an_entry_too_few_too_many_or_wrong_is_seen() {
        let table: [(&[Point], usize, usize); 4] = [
            (&[at(0, 50_000_000), at(12, 50_100_000)], 0, 1),
            (&[at(0, 50_000_000), at(5, 50_049_000), at(12, 50_100_000), at(14, 50_100_000)], 1, 0),
            (&[at(0, 50_000_000), at(5, 50_057_000), at(12, 50_100_000)], 1, 1),
            (&[], 0, 3),
        ];
        for (book, wrong, missing) in table {
            let car = compared(book);
            assert!(!car.is_right(), "{car:?}");
            assert_eq!((car.wrong, car.missing), (wrong, missing), "{car:?}");
        }
    }

    #[test]
    fn an_entry_that_the_car_told_and_that_is_not_true_is_wrong() {
        let book = CarBook { name: "a car".to_owned(), entries: vec![at(5, 50_090_000)] };
        let car = Car::compare(book, &[at(5, 50_090_000)], Some(&truth()));
        assert_eq!((car.wrong, car.missing), (1, 0));
    }
}
