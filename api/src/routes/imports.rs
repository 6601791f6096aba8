//! Files of other programs, brought into the books of a car and taken out again.

mod asked;
mod report;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use chrono::{DateTime, Utc};
use exchange::read::{self, Import, Unreadable};
use runtime::clock;
use serde::Serialize;
use sqlx::Connection;
use store::imports::{self, ImportRow, Imported, NewImport};
use store::preferences;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::App;
use crate::extract::{EntryOf, File, OwnCar, Params};
use crate::problem::{Answer, Code, Problem};
use asked::{Asked, Wanted};
use report::ImportReport;

/// An import.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportEntry {
    id: Uuid,
    /// Who wrote the file: `carvetka`, `fuelio`, `lubelogger`, `teslamate`, `csv`.
    program: String,
    imported_at: DateTime<Utc>,
    #[serde(flatten)]
    done: ImportDone,
    /// When it was taken out again.
    undone_at: Option<DateTime<Utc>>,
}

/// What an import did.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportDone {
    /// Lines that became entries.
    written: i64,
    /// Entries of the machine that lines filled in.
    attached: i64,
    /// Entries of the machine whose place lines took.
    replaced: i64,
}

/// The imports of a car.
#[derive(Debug, Serialize, ToSchema)]
pub struct Imports {
    items: Vec<ImportEntry>,
}

/// What taking an import out did.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportUndone {
    /// Entries that went.
    deleted: u64,
    /// Entries that are the machine's again: it writes them with the next look at the car.
    given_back: u64,
    /// Entries that a person changed since the import; they stay.
    kept: u64,
}

/// Brings a file into the books of a car, or says what would become of each of its lines. A line that cannot be understood stops no
/// other. The same file twice writes nothing new.
#[utoipa::path(post, path = "/api/cars/{carId}/imports", tag = "files", operation_id = "importFile",
    security(("person" = [])), params(("carId" = Uuid, Path), Asked),
    request_body(content = String, content_type = "text/csv", description = "The file, of at most 16 MiB"),
    responses((status = 200, description = "What would be done, or that nothing was to be done", body = ImportReport),
        (status = 201, description = "What was done", body = ImportReport)))]
pub async fn bring(
    State(app): State<App>,
    car: OwnCar,
    Params(asked): Params<Asked>,
    File(file): File,
) -> Answer<Response> {
    let mut db = app.pool.acquire().await?;
    let usual = preferences::of(&mut db, car.person.id).await?;
    drop(db);
    let wanted = asked.understand(&usual)?;
    let (import, wanted) = understood(file, wanted).await?;
    let now = clock::now();
    let mut db = app.pool.acquire().await?;
    let mut tx = db.begin().await?;
    let findings = imports::preview(&mut tx, car.id, &import.lines).await?;
    let mut report = ImportReport::of(&import, &findings);
    if !wanted.dry_run {
        let this = NewImport { id: Uuid::new_v4(), program: wanted.options.program };
        let done =
            imports::apply(&mut tx, car.id, this, &import.lines, &findings, &wanted.choices, now).await?;
        tx.commit().await?;
        report.did(this.id, done);
    }
    let status = if report.is_written() { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(report)).into_response())
}

/// Reading a large file takes a while: not where requests are answered.
async fn understood(file: Bytes, wanted: Wanted) -> Answer<(Import, Wanted)> {
    let now = clock::now();
    let work = tokio::task::spawn_blocking(move || {
        let import = read::read(&file, &wanted.options, now)?;
        Ok::<_, Unreadable>((import, wanted))
    });
    let read = work.await.map_err(|panicked| Problem::internal(&panicked))?;
    read.map_err(|why| {
        let missing = why.missing();
        let detail = format!("The file cannot be read: {}.", asked::with_parameter(&why, missing));
        let problem = Problem::new(Code::BrokenFile, detail);
        match missing {
            Some(missing) => problem.at_field(asked::parameter(missing.name())),
            None => problem,
        }
    })
}

/// The imports of a car, newest first.
#[utoipa::path(get, path = "/api/cars/{carId}/imports", tag = "files", operation_id = "listImports",
    security(("person" = [])), params(("carId" = Uuid, Path)),
    responses((status = 200, description = "The imports", body = Imports)))]
pub async fn list(State(app): State<App>, car: OwnCar) -> Answer<Json<Imports>> {
    let mut db = app.pool.acquire().await?;
    let rows = imports::list(&mut db, car.id).await?;
    Ok(Json(Imports { items: rows.into_iter().map(ImportEntry::from).collect() }))
}

/// Takes an import out of the books. What a person changed by hand since then stays, and what the machine had written before comes
/// back.
#[utoipa::path(post, path = "/api/cars/{carId}/imports/{entryId}/undo", tag = "files", operation_id = "undoImport",
    security(("person" = [])), params(("carId" = Uuid, Path), ("entryId" = Uuid, Path)),
    responses((status = 200, description = "What was done", body = ImportUndone)))]
pub async fn undo(State(app): State<App>, import: EntryOf) -> Answer<Json<ImportUndone>> {
    let mut db = app.pool.acquire().await?;
    let mut tx = db.begin().await?;
    let undone = imports::undo(&mut tx, import.car.id, import.id, clock::now()).await?;
    tx.commit().await?;
    let imports::Undone { deleted, given_back, kept } = undone.ok_or_else(none)?;
    Ok(Json(ImportUndone { deleted, given_back, kept }))
}

fn none() -> Problem {
    let detail = "This car has no such import, or it was taken out already.";
    Problem::new(Code::EntryNotFound, detail)
}

impl From<ImportRow> for ImportEntry {
    fn from(row: ImportRow) -> Self {
        let ImportRow { id, program, written, attached, replaced, imported_at, undone_at } = row;
        Self { id, program, imported_at, done: ImportDone { written, attached, replaced }, undone_at }
    }
}

impl From<Imported> for ImportDone {
    fn from(done: Imported) -> Self {
        let Imported { written, attached, replaced } = done;
        let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        Self { written: count(written), attached: count(attached), replaced: count(replaced) }
    }
}
