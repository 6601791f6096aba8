//! What a replay comes to, in words or as JSON, and on standard error how far it is.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use intake::replay::Stretch;
use serde_json::{Value, json};
use store::book::{Change, Tally};
use store::replay_runs::{Run, Vehicle};

/// How often standard error hears of it.
const EVERY: Duration = Duration::from_secs(5);

pub(super) struct Report {
    is_json: bool,
    is_dry: bool,
    of: i64,
    done: i64,
    tally: Tally,
    /// Cars that could not be folded.
    troubled: usize,
    car: Option<Car>,
    /// When standard error heard of it last.
    told: Instant,
}

struct Car {
    vehicle: Vehicle,
    /// Its name is printed already.
    is_named: bool,
    is_changed: bool,
    is_troubled: bool,
}

impl Report {
    pub fn new(is_json: bool, is_dry: bool, of: i64, run: Run) -> Self {
        let (tally, told) = (Tally::default(), Instant::now());
        Self { is_json, is_dry, of, done: run.vehicles, tally, troubled: 0, car: None, told }
    }

    /// What follows is about this one.
    pub fn car(&mut self, vehicle: &Vehicle) {
        if self.told.elapsed() >= EVERY {
            self.told = Instant::now();
            let ending = if io::stderr().is_terminal() { "\r" } else { "\n" };
            eprint!("{} of {} cars{ending}", self.done, self.of);
        }
        let vehicle = vehicle.clone();
        self.car = Some(Car { vehicle, is_named: false, is_changed: false, is_troubled: false });
    }

    pub fn stretch(&mut self, stretch: &Stretch, out: &mut (dyn Write + Send)) -> io::Result<()> {
        let Some(car) = &mut self.car else { return Ok(()) };
        let changes = stretch.changes.changes();
        self.tally.add(&stretch.changes.tally());
        car.is_changed |= !changes.is_empty();
        if let Some(why) = stretch.trouble {
            car.is_troubled = true;
            eprintln!("{} ({}): not folded: {why}", car.vehicle.car_name, car.vehicle.id);
        }
        if let Some(until) = stretch.stays_until {
            let until = until.format("%Y-%m-%d %H:%M UTC");
            let Vehicle { car_name, id, .. } = &car.vehicle;
            eprintln!("{car_name} ({id}): older readings are gone, what is written up to {until} stays");
        }
        for change in &changes {
            if self.is_json {
                writeln!(out, "{}", as_json(&car.vehicle, change))?;
            } else if let Some(line) = change.line() {
                if !std::mem::replace(&mut car.is_named, true) {
                    writeln!(out, "{} ({})", car.vehicle.car_name, car.vehicle.id)?;
                }
                writeln!(out, "{line}")?;
            }
        }
        Ok(())
    }

    /// The run with the car that was just looked at.
    pub fn car_is_done(&mut self, run: Run) -> Run {
        self.done += 1;
        let Some(car) = self.car.take() else { return run };
        self.troubled += usize::from(car.is_troubled);
        Run {
            done_until: car.vehicle.id,
            vehicles: run.vehicles + 1,
            changed: run.changed + i64::from(car.is_changed),
            ..run
        }
    }

    pub fn sum(&self, run: Run, out: &mut (dyn Write + Send)) -> anyhow::Result<ExitCode> {
        let Run { vehicles, changed, .. } = run;
        if self.is_json {
            writeln!(out, "{}", self.sum_as_json(run))?;
        } else {
            let changed = if self.is_dry {
                format!("{changed} of {vehicles} cars differ (dry run, nothing was changed)")
            } else {
                format!("{changed} of {vehicles} cars changed")
            };
            writeln!(out, "{}; {changed}", self.tally)?;
        }
        if self.troubled > 0 {
            eprintln!("{} cars could not be folded", self.troubled);
            return Ok(ExitCode::FAILURE);
        }
        Ok(ExitCode::SUCCESS)
    }

    fn sum_as_json(&self, run: Run) -> Value {
        let kinds = self.tally.kinds.iter().map(|(sheet, written)| {
            let count = json!({
                "appear": written.inserted, "vanish": written.retracted, "change": written.amended,
            });
            (sheet.name().to_owned(), count)
        });
        let cost =
            self.tally.cost.iter().map(|(currency, amount)| (currency.clone(), json!(amount.to_f64())));
        json!({ "sum": {
            "dry_run": self.is_dry, "cars": run.vehicles, "cars_changed": run.changed, "cars_not_folded": self.troubled,
            "kinds": Value::Object(kinds.collect()), "cost": Value::Object(cost.collect()),
        } })
    }
}

fn as_json(vehicle: &Vehicle, change: &Change) -> Value {
    let what = match change.mark() {
        '+' => "appears",
        '-' => "vanishes",
        _ => "changes",
    };
    json!({
        "car": vehicle.car_id, "vehicle": vehicle.id, "what": what, "kind": change.sheet.name(), "id": change.row,
        "before": change.before, "after": change.after,
    })
}
