//! `carvetka replay`: runs today's rules over the history of cars, and prints what changes in their mileage books.

use std::io::Write;
use std::process::ExitCode;
use std::str::FromStr;

use anyhow::ensure;
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::{ArgGroup, Args};
use intake::replay::{self, Since};
use runtime::clock;
use sqlx::PgPool;
use store::book::{PageChanges, Written};
use uuid::Uuid;

use crate::log;
use crate::settings::DatabaseUrl;

/// Runs today's rules over the history of cars, and prints what changes in their mileage books.
///
/// A line a change: `+` is written, `~` is amended, `-` is taken back. What people wrote or decided stands. Events
/// that came before their car was connected are taken in too (a dry run leaves them out). Workers may run meanwhile.
#[derive(Debug, Clone, Args)]
#[command(group = ArgGroup::new("which").required(true))]
pub struct Options {
    /// The car (`cars.id`), with all its connections.
    #[arg(long, group = "which", value_name = "CAR_ID")]
    car: Option<Uuid>,

    /// One connection (`smartcar_vehicles.id`).
    #[arg(long, group = "which", value_name = "ID")]
    vehicle: Option<Uuid>,

    /// Every connected car.
    #[arg(long, group = "which")]
    all: bool,

    /// Folds again from this day on (`2026-11-21`, UTC) or this moment (`2026-11-21T08:00:00Z`). Without it from the
    /// very first reading.
    #[arg(long, value_name = "DATE")]
    since: Option<Day>,

    /// Prints what would change, and changes nothing.
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    database: DatabaseUrl,
}

/// # Errors
///
/// If there is no such car, or the database cannot be reached.
pub async fn run(options: &Options, out: &mut (dyn Write + Send)) -> anyhow::Result<ExitCode> {
    log::warnings_to_stderr();
    let pool = options.database.pool()?;
    let vehicles = vehicles(&pool, options).await?;
    ensure!(!vehicles.is_empty() || options.all, "no connected car has this id");
    let since = options.since.map_or(Since::TheStart, |day| Since::Moment(day.0));
    let mut total = Total::default();
    for vehicle in &vehicles {
        let changes = if options.dry_run {
            replay::dry_run(&pool, vehicle.id, since).await?.into_iter().collect()
        } else {
            replay::from(&pool, vehicle.id, since, clock::now()).await?
        };
        total.add(vehicle, &changes, out)?;
    }
    total.print(vehicles.len(), options.dry_run, out)?;
    Ok(ExitCode::SUCCESS)
}

/// A connection whose history is replayed.
#[derive(Debug, sqlx::FromRow)]
struct Vehicle {
    id: Uuid,
    car_name: String,
}

/// A car that was disconnected is left as it was when its owner left.
async fn vehicles(pool: &PgPool, options: &Options) -> sqlx::Result<Vec<Vehicle>> {
    sqlx::query_as(
        "SELECT vehicle.id, car.name AS car_name
         FROM smartcar_vehicles AS vehicle JOIN cars AS car ON car.id = vehicle.car_id
         WHERE ($1::uuid IS NULL OR vehicle.car_id = $1) AND ($2::uuid IS NULL OR vehicle.id = $2)
           AND vehicle.status <> 'disconnected' AND coalesce(vehicle.is_active, true)
         ORDER BY car.name, vehicle.id",
    )
    .bind(options.car)
    .bind(options.vehicle)
    .fetch_all(pool)
    .await
}

/// What changed in all books.
#[derive(Debug, Default)]
struct Total {
    written: Written,
    /// How many cars' books changed.
    cars: usize,
}

impl Total {
    fn add(
        &mut self,
        vehicle: &Vehicle,
        changes: &[PageChanges],
        out: &mut (dyn Write + Send),
    ) -> std::io::Result<()> {
        let lines: Vec<String> = changes.iter().flat_map(PageChanges::lines).collect();
        if lines.is_empty() {
            return Ok(());
        }
        writeln!(out, "{} ({})", vehicle.car_name, vehicle.id)?;
        for line in lines {
            writeln!(out, "{line}")?;
        }
        for written in changes.iter().map(PageChanges::written) {
            self.written.inserted += written.inserted;
            self.written.amended += written.amended;
            self.written.retracted += written.retracted;
        }
        self.cars += 1;
        Ok(())
    }

    fn print(&self, of: usize, dry_run: bool, out: &mut (dyn Write + Send)) -> std::io::Result<()> {
        let Written { inserted, amended, retracted } = self.written;
        let would = if dry_run { "would be " } else { "" };
        writeln!(
            out,
            "{would}written {inserted}, amended {amended}, taken back {retracted}; books changed: {} of {of}",
            self.cars
        )
    }
}

/// The beginning of a day, or a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Day(DateTime<Utc>);

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let day =
            NaiveDate::parse_from_str(text, "%Y-%m-%d").map(|day| day.and_time(NaiveTime::MIN).and_utc());
        let moment = || DateTime::parse_from_rfc3339(text).map(|at| at.to_utc());
        day.or_else(|_| moment())
            .map(Self)
            .map_err(|_| "a day such as `2026-11-21`, or a moment such as `2026-11-21T08:00:00Z`".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_utc() {
        let day = |text: &str| text.parse::<Day>().map(|day| day.0.to_rfc3339());
        assert_eq!(day("2026-11-21").unwrap(), "2026-11-21T00:00:00+00:00");
        assert_eq!(day("2026-11-21T08:00:00+02:00").unwrap(), "2026-11-21T06:00:00+00:00");
        assert!(day("yesterday").is_err());
    }
}
