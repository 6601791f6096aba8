//! The end of the demo: the book beside what the cars really did.

use std::collections::HashMap;
use std::fmt;

use chrono::{DateTime, Utc};
use simulator::Ledger;
use simulator::ledger::{EventRecord, Fate};
use simulator::world::Truth;
use sqlx::PgPool;

use super::expected::{Point, broken, entries, readings};
use super::stage::Stage;
use super::words::{grouped, km};

/// How the book compares with the truth.
#[derive(Debug)]
pub struct Verdict {
    deliveries: Deliveries,
    cars: Vec<Car>,
    trouble: Trouble,
}

/// What went wrong on purpose.
#[derive(Debug)]
struct Trouble {
    /// Deliveries that the cloud sent twice.
    twice: usize,
    /// Deliveries that never left the cloud.
    lost: usize,
    /// Zeros and marks for "no value" that odometers told.
    broken: usize,
}

/// What became of the deliveries.
#[derive(Debug, Default, PartialEq, Eq)]
struct Deliveries {
    accepted: usize,
    stored: usize,
    /// Accepted and not stored.
    lost: usize,
    /// Stored more than once.
    doubled: usize,
    parked: i64,
}

/// One car's book.
#[derive(Debug)]
struct Car {
    name: String,
    /// What the odometer really was when the car spoke of it last, in metres.
    truth: Option<i64>,
    newest: Option<Point>,
    written: usize,
    expected: usize,
    /// Written, and neither told by the car nor true.
    wrong: usize,
    /// Expected and not written.
    missing: usize,
}

/// A car's display shows whole kilometres or miles, and tells them some minutes late: so far it may be from the truth.
const DISPLAY: i64 = 2_000;
/// Two ways to round a mile.
const ROUNDING: i64 = 1;

impl Verdict {
    /// Compares. The pipeline has to be at rest.
    pub async fn reach(stage: &Stage, ledger: &Ledger) -> anyhow::Result<Self> {
        let stored = stored(&stage.pool).await?;
        let events = ledger.events();
        let accepted = |event: &&EventRecord| event.fate() == Fate::Accepted;
        let is_stored = |event: &EventRecord| stored.contains_key(&event.event_id.to_string());
        let deliveries = Deliveries {
            accepted: events.iter().filter(accepted).count(),
            stored: stored.len(),
            lost: events
                .iter()
                .filter(accepted)
                .filter(|event| !is_stored(event))
                .count(),
            doubled: stored.values().filter(|count| **count > 1).count(),
            parked: sqlx::query_scalar("SELECT count(*) FROM parked_messages")
                .fetch_one(&stage.pool)
                .await?,
        };
        let mut books = books(&stage.pool).await?;
        let cars = ledger.fleet().iter().map(|identity| {
            let id = &identity.smartcar_vehicle_id;
            // What was answered too late for the platform to know may be stored all the same.
            let told = events
                .iter()
                .filter(|event| event.smartcar_vehicle_id == *id)
                .filter(|event| accepted(event) || is_stored(event));
            let (name, book) = books
                .remove(id)
                .unwrap_or_else(|| (identity.name.clone(), Vec::new()));
            Car::compare(name, &book, &readings(told), ledger.truth(id).as_ref())
        });
        let counts = ledger.counts();
        Ok(Self {
            cars: cars.collect(),
            deliveries,
            trouble: Trouble {
                twice: counts.duplicates,
                lost: counts.lost,
                broken: broken(events.iter().filter(accepted)),
            },
        })
    }

    /// Whether every delivery that was accepted is stored once, and every car's book is what it should be.
    pub fn agrees(&self) -> bool {
        self.deliveries.is_good() && self.cars.iter().all(Car::is_right)
    }
}

impl Deliveries {
    fn is_good(&self) -> bool {
        self.lost == 0 && self.doubled == 0 && self.parked == 0
    }
}

impl Car {
    fn compare(name: String, book: &[Point], told: &[Point], truth: Option<&Truth>) -> Self {
        let expected = entries(told);
        let same =
            |one: &Point, other: &Point| one.at == other.at && (one.metres - other.metres).abs() <= ROUNDING;
        let truth_at = |at| truth.and_then(|truth| true_metres(truth, at));
        let is_true =
            |entry: &Point| truth_at(entry.at).is_some_and(|truth| (truth - entry.metres).abs() <= DISPLAY);
        let is_told = |entry: &Point| expected.iter().any(|should| same(should, entry));
        Self {
            name,
            truth: told.last().and_then(|last| truth_at(last.at)),
            newest: book.last().copied(),
            written: book.len(),
            expected: expected.len(),
            wrong: book
                .iter()
                .filter(|entry| !is_told(entry) || !is_true(entry))
                .count(),
            missing: expected
                .iter()
                .filter(|should| !book.iter().any(|entry| same(should, entry)))
                .count(),
        }
    }

    fn is_right(&self) -> bool {
        let agree = match (self.truth, self.newest) {
            (Some(truth), Some(newest)) => (truth - newest.metres).abs() <= DISPLAY,
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        agree && self.wrong == 0 && self.missing == 0 && self.written == self.expected
    }
}

/// The true odometer at a moment: on a straight line between the ends of drives.
fn true_metres(truth: &Truth, at: DateTime<Utc>) -> Option<i64> {
    let metres = |metres: u64| i64::try_from(metres).unwrap_or(i64::MAX);
    let after = truth.track.iter().position(|point| point.at >= at);
    let before = after
        .unwrap_or(truth.track.len())
        .checked_sub(1)
        .map(|index| truth.track[index]);
    match (before, after.map(|index| truth.track[index])) {
        (Some(from), Some(to)) => {
            let (part, whole) = (
                (at - from.at).num_milliseconds(),
                (to.at - from.at).num_milliseconds().max(1),
            );
            let way = metres(to.odometer_m) - metres(from.odometer_m);
            Some(metres(from.odometer_m) + way * part / whole)
        }
        (Some(point), None) | (None, Some(point)) => Some(metres(point.odometer_m)),
        (None, None) => None,
    }
}

/// How often each event is stored.
async fn stored(pool: &PgPool) -> sqlx::Result<HashMap<String, i64>> {
    let rows: Vec<(String, i64)> =
        sqlx::query_as("SELECT event_id, count(*) FROM webhook_events GROUP BY event_id")
            .fetch_all(pool)
            .await?;
    Ok(rows.into_iter().collect())
}

/// The name and the mileage book of each car, by Smartcar's id, in the car's time.
async fn books(pool: &PgPool) -> sqlx::Result<HashMap<String, (String, Vec<Point>)>> {
    let rows: Vec<(String, String, Option<i64>, Option<DateTime<Utc>>)> = sqlx::query_as(
        "SELECT vehicle.smartcar_vehicle_id, car.name, round(entry.odometer_reading * 1000)::bigint, entry.entry_date
         FROM smartcar_vehicles AS vehicle JOIN cars AS car ON car.id = vehicle.car_id
         LEFT JOIN meter_entries AS entry ON entry.source_id = vehicle.id
         ORDER BY entry.entry_date, entry.odometer_reading",
    )
    .fetch_all(pool)
    .await?;
    let mut books: HashMap<String, (String, Vec<Point>)> = HashMap::new();
    for (id, name, metres, at) in rows {
        let (_, book) = books.entry(id).or_insert_with(|| (name, Vec::new()));
        book.extend(metres.zip(at).map(|(metres, at)| Point { at, metres }));
    }
    Ok(books)
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self
            .cars
            .iter()
            .map(|car| car.name.chars().count())
            .max()
            .unwrap_or(0);
        writeln!(
            f,
            "{:width$}  {:>11}  {:>11}  {:>7}  {:>8}  {:>5}  {:>7}",
            "car", "really (km)", "in the book", "entries", "expected", "wrong", "missing"
        )?;
        let shown = |metres: Option<i64>| metres.map_or_else(|| "-".to_owned(), km);
        for car in &self.cars {
            writeln!(
                f,
                "{:width$}  {:>11}  {:>11}  {:>7}  {:>8}  {:>5}  {:>7}{}",
                car.name,
                shown(car.truth),
                shown(car.newest.map(|newest| newest.metres)),
                car.written,
                car.expected,
                car.wrong,
                car.missing,
                if car.is_right() { "" } else { "  <- differs" },
            )?;
        }
        let Trouble { twice, lost, broken } = &self.trouble;
        writeln!(
            f,
            "\nOn purpose {twice} deliveries were sent twice, {lost} never, and {broken} odometers told nonsense; \
             many came late or in another order."
        )?;
        let Deliveries {
            accepted,
            stored,
            lost,
            doubled,
            parked,
        } = &self.deliveries;
        let grouped = |count: &usize| grouped(i64::try_from(*count).unwrap_or(i64::MAX));
        writeln!(
            f,
            "accepted {}, stored {}, lost {lost}, doubled {doubled}, parked {parked}",
            grouped(accepted),
            grouped(stored)
        )?;
        f.write_str(if self.agrees() {
            "The book agrees with the cars.\n"
        } else {
            "THE BOOK DOES NOT AGREE WITH THE CARS.\n"
        })
    }
}
