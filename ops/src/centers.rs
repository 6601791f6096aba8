//! `carvetka centers`: places that repair cars, out of `OpenStreetMap`.

use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::{Args, Subcommand};
use exchange::centers::{self, Centers, PassedOver};
use runtime::clock;
use sqlx::Connection;
use store::service_centers::{self, Upserted};

use crate::settings::DatabaseUrl;

/// Knows places that repair cars, to show them when something is due.
#[derive(Debug, Clone, Args)]
pub struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Clone, Subcommand)]
enum What {
    Import(Import),
}

/// Takes places that repair cars over from a file of `OpenStreetMap`.
///
/// The file is an answer of Overpass as JSON (`out center`), or `GeoJSON` with ids of `OpenStreetMap`, as the web page of Overpass
/// exports it or `osmium export --add-unique-id=type_id`. Taken are `shop=car_repair`, `shop=tyres`, and `shop=car` that says that
/// it repairs. Importing a file twice writes nothing new.
#[derive(Debug, Clone, Args)]
struct Import {
    /// The file; `-` for standard input.
    file: PathBuf,

    /// The file tells of all places: those that it does not name are deleted.
    #[arg(long)]
    replace: bool,

    #[command(flatten)]
    database: DatabaseUrl,
}

/// Places of one statement.
const BATCH: usize = 1_000;

/// # Errors
///
/// If the file cannot be understood, or the database cannot be reached. Nothing is written then.
pub async fn run(options: &Options, out: &mut (dyn Write + Send)) -> anyhow::Result<ExitCode> {
    let What::Import(import) = &options.what;
    import.run(out).await
}

impl Import {
    async fn run(&self, out: &mut (dyn Write + Send)) -> anyhow::Result<ExitCode> {
        let Centers { centers, passed_over } = centers::read(self.open()?)?;
        ensure!(
            !(self.replace && centers.is_empty()),
            "the file names no place that repairs cars: nothing was deleted"
        );
        let mut db = self.database.connect().await?;
        let mut tx = db.begin().await?;
        let (mut new, mut changed) = (0, 0);
        for batch in centers.chunks(BATCH) {
            let upserted = service_centers::upsert(&mut tx, batch, clock::now()).await?;
            let Upserted { new: more_new, changed: more_changed } = upserted;
            new += more_new;
            changed += more_changed;
        }
        let gone = if self.replace { service_centers::forget_others(&mut tx, &centers).await? } else { 0 };
        tx.commit().await?;
        let unchanged = u64::try_from(centers.len())?.saturating_sub(new + changed);
        writeln!(out, "new {new}, changed {changed}, unchanged {unchanged}, deleted {gone}")?;
        let PassedOver { others, nameless, nowhere, unidentified, repeated } = passed_over;
        writeln!(
            out,
            "passed over: no workshop {others}, no name {nameless}, no position {nowhere}, no id {unidentified}, named twice {repeated}"
        )?;
        Ok(ExitCode::SUCCESS)
    }

    fn open(&self) -> anyhow::Result<Box<dyn Read>> {
        if self.file.as_os_str() == "-" {
            return Ok(Box::new(std::io::stdin().lock()));
        }
        let file = File::open(&self.file).with_context(|| format!("cannot read {}", self.file.display()))?;
        Ok(Box::new(file))
    }
}
