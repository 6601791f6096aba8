//! `carvetka import`: brings the books of another program into those of a car.

use std::collections::HashMap;
use std::fmt::Display;
use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use clap::Args;
use exchange::compare::{Finding, Same};
use exchange::missing::Missing;
use exchange::options::{Words, WrongWord};
use exchange::read::{self, Import, Line};
use exchange::record::Record;
use runtime::clock;
use sqlx::Connection;
use store::exports;
use store::imports::{self, Choice, Choices, Imported, NewImport};
use uuid::Uuid;

use crate::settings::DatabaseUrl;

const EXIT_CODES: &str = "Exit code: 0 if each line was understood; 1 if some lines were not (`!`; the others were written), \
    or if nothing could be done at all, with the reason; 2 if an option is not understood.";

/// Brings the books of another program into those of a car.
///
/// A line of the file becomes an entry of its own (`+`), is in the books already (`=`), tells of the same as an entry of the
/// machine (`~`), or cannot be imported (`!`, with the reason and what to do). Importing a file twice writes nothing new.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXIT_CODES)]
pub struct Options {
    /// The car (`cars.id`).
    #[arg(long, value_name = "CAR_ID")]
    car: Uuid,

    /// The file; `-` for standard input.
    file: PathBuf,

    /// Who wrote it: `carvetka`, `fuelio`, `lubelogger`, `teslamate`, or `csv` for any other table.
    #[arg(long = "as", value_name = "PROGRAM", default_value = "carvetka")]
    program: String,

    /// Prints what would be written, and writes nothing.
    #[arg(long)]
    dry_run: bool,

    /// What to do where the machine wrote of the same: `attach` fills its entry in, `replace` takes its place, `leave` leaves
    /// the line out.
    #[arg(long, value_name = "WHAT", default_value = "attach")]
    same: String,

    /// The same for one line: `12=leave`. May be given several times.
    #[arg(long, value_name = "LINE=WHAT")]
    line: Vec<String>,

    /// What the file holds, if its headings do not say it: `fuel-entries`, `meter-entries`, `charging-sessions`, `trips`,
    /// `expenses`.
    #[arg(long)]
    kind: Option<String>,

    /// The character between cells, or `tab`. Found by itself.
    #[arg(long)]
    delimiter: Option<String>,

    /// `point` or `comma`. Found by itself, unless all numbers could be both.
    #[arg(long)]
    decimal: Option<String>,

    /// In which order dates are written: `dmy`, `mdy`, `ymd`, or a form such as `%d.%m.%Y %H:%M`.
    #[arg(long)]
    dates: Option<String>,

    /// In which zone the file's clock is: `Europe/Berlin`. Without it UTC.
    #[arg(long)]
    zone: Option<String>,

    /// `km` or `mi`, where the file does not say it.
    #[arg(long)]
    distance: Option<String>,

    /// `l`, `gal_us` or `gal_uk`, where the file does not say it.
    #[arg(long)]
    volume: Option<String>,

    /// Of amounts that do not say theirs: `EUR`.
    #[arg(long)]
    currency: Option<String>,

    /// Of expenses that do not say theirs: `service`.
    #[arg(long)]
    category: Option<String>,

    /// What a column holds, by its heading: `litres=Menge`. May be given several times.
    #[arg(long, value_name = "NAME=HEADING")]
    column: Vec<String>,

    #[command(flatten)]
    database: DatabaseUrl,
}

/// # Errors
///
/// If the file cannot be read, there is no such car, or the database cannot be reached. Lines that cannot be imported are no
/// error; the exit code tells of them.
pub async fn run(options: &Options, out: &mut (dyn Write + Send)) -> anyhow::Result<ExitCode> {
    let choices = options.choices()?;
    let understood = options.words().understand().map_err(|wrong| {
        let WrongWord { name, why } = wrong;
        anyhow!("--{}: {why}", option(name))
    })?;
    let bytes = options.bytes()?;
    let read = read::read(&bytes, &understood, clock::now());
    let import = read.map_err(|why| anyhow!(with_option(&why, why.missing())))?;
    let mut db = options.database.connect().await?;
    let mut tx = db.begin().await?;
    if exports::car(&mut tx, options.car).await?.is_none() {
        bail!("there is no car {}", options.car);
    }
    let findings = imports::preview(&mut tx, options.car, &import.lines).await?;
    tell(&import, &findings, out)?;
    if options.dry_run {
        writeln!(out, "nothing was written: this was a dry run")?;
    } else {
        let now = clock::now();
        let this = NewImport { id: Uuid::new_v4(), program: understood.program };
        let done =
            imports::apply(&mut tx, options.car, this, &import.lines, &findings, &choices, now).await?;
        tx.commit().await?;
        let Imported { written, attached, replaced } = done;
        writeln!(out, "written {written}, filled in {attached}, replaced {replaced}")?;
    }
    Ok(if import.impossible.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Options {
    fn words(&self) -> Words {
        Words {
            program: self.program.clone(),
            kind: self.kind.clone(),
            delimiter: self.delimiter.clone(),
            decimal: self.decimal.clone(),
            dates: self.dates.clone(),
            zone: self.zone.clone(),
            distance: self.distance.clone(),
            volume: self.volume.clone(),
            currency: self.currency.clone(),
            category: self.category.clone(),
            columns: self.column.clone(),
        }
    }

    fn choices(&self) -> anyhow::Result<Choices> {
        const KNOWN: &str = "it is attach, replace or leave";
        let choice =
            |word: &str| Choice::parse(word).with_context(|| format!("{word:?} is not understood: {KNOWN}"));
        let of_line = |text: &String| {
            let (line, word) = text.split_once('=').context("write --line as LINE=WHAT, such as 12=leave")?;
            anyhow::Ok((line.parse()?, choice(word)?))
        };
        let of_lines = self.line.iter().map(of_line).collect::<Result<HashMap<_, _>, _>>()?;
        Ok(Choices { usual: choice(&self.same)?, of_lines })
    }

    fn bytes(&self) -> anyhow::Result<Vec<u8>> {
        if self.file.as_os_str() == "-" {
            let mut bytes = Vec::new();
            std::io::stdin().lock().read_to_end(&mut bytes).context("cannot read standard input")?;
            return Ok(bytes);
        }
        fs::read(&self.file).with_context(|| format!("cannot read {}", self.file.display()))
    }
}

fn tell(import: &Import, findings: &[Finding], out: &mut (dyn Write + Send)) -> std::io::Result<()> {
    let Import { lines, impossible, left_out } = import;
    let (mut new, mut known, mut same) = (0, 0, 0);
    for (line, finding) in lines.iter().zip(findings) {
        match finding {
            Finding::New(_) => {
                new += 1;
                writeln!(out, "+ {}", told(line))?;
            }
            Finding::Known(_) => {
                known += 1;
                writeln!(out, "= {}", told(line))?;
            }
            Finding::Same(Same { machines, .. }) => {
                same += 1;
                let rows: Vec<String> = machines.iter().map(Uuid::to_string).collect();
                writeln!(out, "~ {}, the same as the machine's {}", told(line), rows.join(" and "))?;
            }
        }
    }
    for line in impossible {
        let why = with_option(&line.complaint, line.complaint.missing());
        writeln!(out, "! line {}: {why}", line.number)?;
    }
    let count = impossible.len();
    writeln!(
        out,
        "new {new}, known {known}, seen by the machine {same}, impossible {count}, no entries {left_out}"
    )
}

/// A complaint, and the option that would answer it.
fn with_option(complaint: &impl Display, missing: Option<Missing>) -> String {
    let Some(missing) = missing else { return complaint.to_string() };
    let in_words = if missing == Missing::Columns { "NAME=HEADING" } else { "PROGRAM" };
    let such = missing.such().unwrap_or(in_words);
    format!("{complaint} (--{} {such})", option(missing.name()))
}

/// What a field of [`Words`] is called on the command line.
fn option(name: &str) -> &str {
    if name == "columns" { "column" } else { name }
}

/// `line 6: 2026-03-04 16:05 fuel-entries 41.37 l`
fn told(line: &Line) -> String {
    let when = line.record.when();
    let form = if when.whole_day { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M" };
    let number =
        |number: Option<exchange::number::Number>| number.map_or_else(|| "?".to_owned(), |it| it.to_string());
    let what = match &line.record {
        Record::Meter(entry) => format!("{} km", entry.odometer_km),
        Record::Fuel(entry) => format!("{} l", number(entry.litres)),
        Record::Charging(session) => format!("{} kWh", number(session.energy_kwh.or(session.grid_kwh))),
        Record::Trip(trip) => format!("{} km", trip.distance_km),
        Record::Expense(expense) => {
            format!(
                "{} {} for {}",
                expense.amount,
                expense.currency.as_deref().unwrap_or_default(),
                expense.category
            )
        }
    };
    let kind = line.record.kind().name();
    format!("line {}: {} {kind} {what}", line.number, when.at.format(form))
}
