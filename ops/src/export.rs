//! `carvetka export`: the books of a car as files that other programs, and Carvetka, read.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use exchange::write::{Book, Document, csv_heading, csv_row};
use runtime::clock;
use sqlx::PgConnection;
use store::exports;
use uuid::Uuid;

use crate::settings::DatabaseUrl;

/// Writes the books of a car as CSV, one file a book, or as one JSON document.
///
/// `carvetka import` reads the CSV files of entries again: the same books in another car.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// The car (`cars.id`).
    #[arg(long, value_name = "CAR_ID")]
    car: Uuid,

    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,

    /// Only this book: `fuel-entries`, `trips`, …
    #[arg(long)]
    kind: Option<String>,

    /// The folder to write to; `-` for standard output, where CSV needs `--kind`.
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,

    #[command(flatten)]
    database: DatabaseUrl,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Csv,
    Json,
}

/// # Errors
///
/// If there is no such car, the database cannot be reached, or the files cannot be written.
pub async fn run(options: &Options, out: &mut (dyn Write + Send)) -> anyhow::Result<ExitCode> {
    let books = match &options.kind {
        Some(name) => vec![Book::parse(name).with_context(|| format!("there is no book {name:?}"))?],
        None => Book::ALL.to_vec(),
    };
    let to_stdout = options.to.as_os_str() == "-";
    let is_one_file = options.format == Format::Json || books.len() == 1;
    ensure!(
        is_one_file || !to_stdout,
        "several CSV files do not fit into one output: give --kind, or a folder"
    );
    let mut db = options.database.connect().await?;
    if to_stdout {
        match options.format {
            Format::Csv => csv(&mut db, options.car, books[0], out).await?,
            Format::Json => json(&mut db, options.car, &books, out).await?,
        };
        return Ok(ExitCode::SUCCESS);
    }
    fs::create_dir_all(&options.to)
        .with_context(|| format!("cannot make the folder {}", options.to.display()))?;
    match options.format {
        Format::Json => {
            let path = options.to.join("books.json");
            let rows = json(&mut db, options.car, &books, &mut create(&path)?).await?;
            writeln!(out, "{}: {rows} rows", path.display())?;
        }
        Format::Csv => {
            for book in books {
                let path = options.to.join(format!("{}.csv", book.name()));
                let rows = csv(&mut db, options.car, book, &mut create(&path)?).await?;
                writeln!(out, "{}: {rows} rows", path.display())?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn create(path: &Path) -> anyhow::Result<BufWriter<File>> {
    Ok(BufWriter::new(File::create(path).with_context(|| format!("cannot write {}", path.display()))?))
}

async fn csv(
    db: &mut PgConnection,
    car: Uuid,
    book: Book,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<usize> {
    exports::car(db, car).await?.context("there is no such car")?;
    out.write_all(&csv_heading(book.columns()))?;
    let (mut rows, mut behind) = (0, None);
    loop {
        let page = exports::page(db, car, book, behind).await?;
        for row in &page.rows {
            out.write_all(&csv_row(book.columns(), row))?;
        }
        rows += page.rows.len();
        behind = page.next;
        if behind.is_none() {
            out.flush()?;
            return Ok(rows);
        }
    }
}

async fn json(
    db: &mut PgConnection,
    car: Uuid,
    books: &[Book],
    out: &mut (dyn Write + Send),
) -> anyhow::Result<usize> {
    let head = exports::car(db, car).await?.context("there is no such car")?;
    let mut document = Document::default();
    out.write_all(&document.begin(&head, clock::now()))?;
    let mut rows = 0;
    for book in books {
        out.write_all(&document.book(*book))?;
        let mut behind = None;
        loop {
            let page = exports::page(db, car, *book, behind).await?;
            out.write_all(&document.rows(&page.rows))?;
            rows += page.rows.len();
            behind = page.next;
            if behind.is_none() {
                break;
            }
        }
    }
    out.write_all(&document.end())?;
    out.flush()?;
    Ok(rows)
}
