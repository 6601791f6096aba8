//! `carvetka replay`: runs today's rules over the history of cars, and prints what changes in their books.

mod report;

use std::collections::VecDeque;
use std::io::Write;
use std::process::ExitCode;
use std::str::FromStr;

use anyhow::{Context, ensure};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::{ArgGroup, Args};
use intake::replay::{DryRun, Replay, Since, Stretch};
use runtime::clock;
use sqlx::PgPool;
use store::replay_runs::{self, Run, Vehicle, Which};
use uuid::Uuid;

use crate::log;
use crate::settings::DatabaseUrl;
use report::Report;

/// Runs today's rules over the history of cars, and prints what changes in their books.
///
/// A line a change: `+` appears, `-` vanishes, `~` changes, and what. What people wrote or decided stands, and so does what
/// rests on readings that are gone. Events that came before their car was connected are taken in too (a dry run leaves
/// them out). Workers may run meanwhile. A replay of all cars that was interrupted goes on where it was.
///
/// The exit code is 0 when all cars were looked at, also if there is much to change, and 1 if one could not be folded.
#[derive(Debug, Clone, Args)]
#[command(group = ArgGroup::new("which").required(true))]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub struct Options {
    /// The car (`cars.id`), with all its connections. May be given several times.
    #[arg(long, group = "which", value_name = "CAR_ID", num_args = 1..)]
    car: Vec<Uuid>,

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

    /// With --all: begins with the first car, also if a replay like this one was interrupted.
    #[arg(long, requires = "all")]
    from_start: bool,

    /// Prints a JSON object a change and one for the sum, in the place of words.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    database: DatabaseUrl,
}

/// So many cars are looked up at once.
const PAGE: i64 = 200;

/// # Errors
///
/// If there is no such car, or the database cannot be reached.
pub async fn run(options: &Options, out: &mut (dyn Write + Send)) -> anyhow::Result<ExitCode> {
    log::warnings_to_stderr();
    let pool = options.database.pool()?;
    let mut run = begin(&pool, options).await?;
    let mut cars = Cars::new(options, run.done_until);
    let of = run.vehicles + cars.count(&pool).await?;
    ensure!(of > 0 || options.all, "no connected car has this id");
    let mut report = Report::new(options.json, options.dry_run, of, run);
    while let Some(vehicle) = cars.next(&pool).await? {
        report.car(&vehicle);
        let mut walk = Walk::begin(&pool, &vehicle, options).await?;
        while let Some(stretch) = walk.next().await? {
            report.stretch(&stretch, out)?;
        }
        run = report.car_is_done(run);
        if is_resumable(options) {
            replay_runs::note(&mut *pool.acquire().await?, run).await?;
        }
    }
    if is_resumable(options) {
        replay_runs::end(&mut *pool.acquire().await?, run.since).await?;
    }
    report.sum(run, out)
}

/// A dry run is not worth being remembered, and a car is replayed from its beginning.
const fn is_resumable(options: &Options) -> bool {
    options.all && !options.dry_run
}

/// Where to begin: with the first car, or where the last replay like this one was.
async fn begin(pool: &PgPool, options: &Options) -> anyhow::Result<Run> {
    let since = options.since.map_or(DateTime::UNIX_EPOCH, |day| day.0);
    let anew = Run { since, began_at: clock::now(), done_until: Uuid::nil(), vehicles: 0, changed: 0 };
    if !is_resumable(options) || options.from_start {
        return Ok(anew);
    }
    let mut db = pool.acquire().await.context("cannot reach PostgreSQL at DATABASE_URL")?;
    let Some(run) = replay_runs::find(&mut db, since).await? else { return Ok(anew) };
    eprintln!(
        "going on with the replay that began at {}, after {} cars (--from-start begins anew)",
        run.began_at.format("%Y-%m-%d %H:%M UTC"),
        run.vehicles
    );
    Ok(run)
}

/// The connections that were asked for, a page at a time.
struct Cars {
    /// What is left to be asked for.
    which: VecDeque<Which>,
    page: VecDeque<Vehicle>,
    after: Uuid,
}

impl Cars {
    fn new(options: &Options, after: Uuid) -> Self {
        let named = options.car.iter().map(|car| Which { car: Some(*car), vehicle: None });
        let other = Which { car: None, vehicle: options.vehicle };
        let which = if options.car.is_empty() { [other].into() } else { named.collect() };
        Self { which, page: VecDeque::new(), after }
    }

    async fn count(&self, pool: &PgPool) -> anyhow::Result<i64> {
        let mut db = pool.acquire().await.context("cannot reach PostgreSQL at DATABASE_URL")?;
        let mut count = 0;
        for which in &self.which {
            count += replay_runs::count(&mut db, *which, self.after).await?;
        }
        Ok(count)
    }

    async fn next(&mut self, pool: &PgPool) -> anyhow::Result<Option<Vehicle>> {
        while let (true, Some(which)) = (self.page.is_empty(), self.which.front()) {
            let mut db = pool.acquire().await?;
            self.page = replay_runs::vehicles(&mut db, *which, self.after, PAGE).await?.into();
            if self.page.is_empty() {
                self.which.pop_front();
                self.after = Uuid::nil();
            }
        }
        let vehicle = self.page.pop_front();
        self.after = vehicle.as_ref().map_or(self.after, |vehicle| vehicle.id);
        Ok(vehicle)
    }
}

/// A walk over one car's history, a stretch at a time.
enum Walk {
    Real(Replay),
    Dry(Option<Box<DryRun>>),
}

impl Walk {
    async fn begin(pool: &PgPool, vehicle: &Vehicle, options: &Options) -> anyhow::Result<Self> {
        let since = options.since.map_or(Since::TheStart, |day| Since::Moment(day.0));
        Ok(if options.dry_run {
            Self::Dry(DryRun::begin(pool, vehicle.id, since).await?.map(Box::new))
        } else {
            Self::Real(Replay::begin(pool.clone(), vehicle.id, since, clock::now()).await?)
        })
    }

    async fn next(&mut self) -> anyhow::Result<Option<Stretch>> {
        Ok(match self {
            Self::Real(replay) => replay.next().await?,
            Self::Dry(Some(dry)) => dry.next().await?,
            Self::Dry(None) => None,
        })
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
