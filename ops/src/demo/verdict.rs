//! The end of the demo: the book beside what the cars really did.

use std::fmt;

use simulator::Ledger;
use simulator::ledger::{EventRecord, Fate};
use simulator::world::Car as VirtualCar;

use super::car::Car;
use super::doings::{Doings, Size, Span};
use super::expected::{Point, arrived, broken, readings};
use super::stage::Stage;
use super::stored::{self, Spent};
use super::words::{grouped, km};

/// How the book compares with the truth.
#[derive(Debug)]
pub struct Verdict {
    deliveries: Deliveries,
    cars: Vec<Car>,
    spent: Vec<Spent>,
    trouble: Trouble,
}

/// What went wrong on purpose.
#[derive(Debug)]
struct Trouble {
    /// Deliveries that the cloud sent twice.
    twice: usize,
    /// Deliveries that never left the cloud.
    lost: usize,
    /// How often the cars were asked: when they were connected, and while webhooks were lost.
    asked: usize,
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

impl Verdict {
    /// Compares. The pipeline has to be at rest.
    pub async fn reach(stage: &Stage, ledger: &Ledger, seed: u64) -> anyhow::Result<Self> {
        let stored = stored::events(&stage.pool).await?;
        let events = ledger.events();
        let accepted = |event: &&EventRecord| event.fate() == Fate::Accepted;
        let is_stored = |event: &EventRecord| stored.contains_key(&event.event_id.to_string());
        let deliveries = Deliveries {
            accepted: events.iter().filter(accepted).count(),
            stored: stored.len(),
            lost: events.iter().filter(accepted).filter(|event| !is_stored(event)).count(),
            doubled: stored.values().filter(|count| **count > 1).count(),
            parked: stored::parked(&stage.pool).await?,
        };
        let mut books = stored::books(&stage.pool).await?;
        let mut doings = stored::told(&stage.pool).await?;
        let mut answers = stored::answers(&stage.pool).await?;
        let asked = answers.values().map(Vec::len).sum();
        let cars = ledger.fleet().iter().enumerate().map(|(number, identity)| {
            let id = &identity.smartcar_vehicle_id;
            // What was answered too late for the platform to know may be stored all the same.
            let told = events
                .iter()
                .filter(|event| event.smartcar_vehicle_id == *id)
                .filter(|event| accepted(event) || is_stored(event));
            let book = books.remove(id).unwrap_or_default();
            let answers = answers.remove(id).unwrap_or_default();
            let readings = readings(told, arrived(ledger.polled_odometers(id), &answers));
            let truth = ledger.truth(id);
            let model = VirtualCar::draw(seed, number).model;
            let size = Size { tank_ml: model.tank_ml, battery_wh: model.battery_wh };
            let told = doings.remove(id).unwrap_or_default();
            let doings = Doings::compare(&told, heard(&readings), truth.as_ref(), size);
            Car { doings, ..Car::compare(book, &readings, truth.as_ref()) }
        });
        let counts = ledger.counts();
        Ok(Self {
            cars: cars.collect(),
            spent: stored::spent(&stage.pool).await?,
            deliveries,
            trouble: Trouble {
                twice: counts.duplicates,
                lost: counts.lost,
                asked,
                broken: broken(events.iter().filter(accepted)),
            },
        })
    }

    /// Whether every delivery that was accepted is stored once, and every car's book is what it should be.
    pub fn agrees(&self) -> bool {
        self.deliveries.is_good() && self.cars.iter().all(Car::is_right)
    }
}

/// From the first word of a car to its last.
fn heard(readings: &[Point]) -> Option<Span> {
    readings.first().zip(readings.last()).map(|(first, last)| Span { from: first.at, to: last.at })
}

impl Deliveries {
    fn is_good(&self) -> bool {
        self.lost == 0 && self.doubled == 0 && self.parked == 0
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.cars.iter().map(|car| car.name.chars().count());
        let width = names.max().unwrap_or(0);
        writeln!(
            f,
            "{:width$}  {:>11}  {:>11}  {:>7}  {:>8}  {:>5}  {:>7}",
            "car", "really (km)", "in the book", "entries", "expected", "wrong", "missing"
        )?;
        for car in &self.cars {
            write_car(f, car, width)?;
        }
        writeln!(
            f,
            "\n{:width$}  {:>9}  {:>10}  {:>5}  {:>10}  {:>10}",
            "found by itself", "fill-ups", "charges", "trips", "trips (km)", "driven (km)"
        )?;
        for car in &self.cars {
            writeln!(
                f,
                "{:width$}  {}{}",
                car.name,
                car.doings,
                if car.doings.is_right() { "" } else { "  <- differs" }
            )?;
        }
        for Spent { currency, fuel, charging } in &self.spent {
            let (fuel, charging) = (fuel.unwrap_or(0.0), charging.unwrap_or(0.0));
            writeln!(f, "estimated in {currency}: fuel {fuel:.2}, charging {charging:.2}")?;
        }
        let Trouble { twice, lost, asked, broken } = &self.trouble;
        writeln!(
            f,
            "\nOn purpose {twice} deliveries were sent twice, {lost} never, and {broken} odometers told nonsense; \
             many came late or in another order. {asked} times the cars were asked."
        )?;
        writeln!(f, "{}", self.deliveries)?;
        f.write_str(if self.agrees() {
            "The book agrees with the cars.\n"
        } else {
            "THE BOOK DOES NOT AGREE WITH THE CARS.\n"
        })
    }
}

fn write_car(f: &mut fmt::Formatter<'_>, car: &Car, width: usize) -> fmt::Result {
    let shown = |metres: Option<i64>| metres.map_or_else(|| "-".to_owned(), km);
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
    )
}

impl fmt::Display for Deliveries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grouped = |count: usize| grouped(i64::try_from(count).unwrap_or(i64::MAX));
        let Self { lost, doubled, parked, .. } = self;
        let (accepted, stored) = (grouped(self.accepted), grouped(self.stored));
        write!(f, "accepted {accepted}, stored {stored}, lost {lost}, doubled {doubled}, parked {parked}")
    }
}
