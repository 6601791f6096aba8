//! The books of a car on their way out, a page at a time: a slow client holds neither rows nor a connection.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use exchange::write::{Book, Document, Fields, csv_heading, csv_row};
use futures_util::stream;
use runtime::clock;
use serde::Deserialize;
use sqlx::PgPool;
use store::StoreError;
use store::exports::{self, Page};
use store::hand_entries::Place;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::App;
use crate::extract::{OwnCar, Params};
use crate::problem::{Answer, Code, Problem};

/// What is to go out, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    #[serde(default)]
    #[param(inline)]
    format: Format,
    /// `meter-entries`, `fuel-entries`, `charging-sessions`, `trips`, `expenses`, `battery-estimates`, `geofence-events`,
    /// `alerts` or `issues`. CSV needs it; JSON holds all books without it.
    kind: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    Csv,
    #[default]
    Json,
}

/// The books of a car as a file. An import reads the CSV of entries again: the same books in another car.
#[utoipa::path(get, path = "/api/cars/{carId}/export", tag = "files", operation_id = "exportBooks",
    security(("person" = [])), params(("carId" = Uuid, Path), Asked),
    responses((status = 200, description = "The file",
        content((String = "text/csv"), (serde_json::Value = "application/json")))))]
pub async fn export(State(app): State<App>, car: OwnCar, Params(asked): Params<Asked>) -> Answer<Response> {
    let book = asked.kind.as_deref().map(book).transpose()?;
    let (name, kind, writer) = match (asked.format, book) {
        (Format::Csv, None) => {
            let detail = "A CSV file holds one book: say which `kind`.";
            return Err(Problem::new(Code::InvalidParameter, detail).at_field("kind"));
        }
        (Format::Csv, Some(book)) => {
            (format!("{}.csv", book.name()), "text/csv; charset=utf-8", Writer::Csv(book))
        }
        (Format::Json, book) => {
            let mut db = app.pool.acquire().await?;
            let car = exports::car(&mut db, car.id).await?.ok_or_else(OwnCar::none)?;
            ("books.json".to_owned(), "application/json", Writer::Json(Document::default(), car, book))
        }
    };
    let out = Out { pool: app.pool, car: car.id, writer, books: Vec::new(), step: Step::Begin };
    // An error on the way cuts the answer off, so that nobody takes a part for the whole.
    let body = Body::from_stream(stream::try_unfold(out.begun(), Out::next));
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

fn book(name: &str) -> Answer<Book> {
    Book::parse(name).ok_or_else(|| {
        let names: Vec<&str> = Book::ALL.iter().map(|book| book.name()).collect();
        let detail = format!("There is no book of this kind: they are {}.", names.join(", "));
        Problem::new(Code::InvalidParameter, detail).at_field("kind")
    })
}

enum Writer {
    Csv(Book),
    Json(Document, Fields, Option<Book>),
}

/// A file that is being written.
struct Out {
    pool: PgPool,
    car: Uuid,
    writer: Writer,
    /// What is still to come, the next one last.
    books: Vec<Book>,
    step: Step,
}

#[derive(Clone, Copy)]
enum Step {
    Begin,
    /// The page of a book behind a place.
    Rows(Book, Option<Place>),
    /// The next book.
    Book,
    Over,
}

impl Out {
    fn begun(mut self) -> Self {
        self.books = match &self.writer {
            Writer::Csv(book) | Writer::Json(_, _, Some(book)) => vec![*book],
            Writer::Json(_, _, None) => Book::ALL.into_iter().rev().collect(),
        };
        self
    }

    /// The next piece of the file.
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, StoreError> {
        let piece = match self.step {
            Step::Begin => {
                self.step = Step::Book;
                self.head()
            }
            Step::Book => {
                let book = self.books.pop();
                self.step = book.map_or(Step::Over, |book| Step::Rows(book, None));
                if let Some(book) = book { self.heading(book) } else { self.end() }
            }
            Step::Rows(book, behind) => {
                let mut db = self.pool.acquire().await?;
                let Page { rows, next } = exports::page(&mut db, self.car, book, behind).await?;
                self.step = next.map_or(Step::Book, |next| Step::Rows(book, Some(next)));
                self.rows(&rows)
            }
            Step::Over => return Ok(None),
        };
        Ok(Some((piece.into(), self)))
    }

    fn head(&mut self) -> Vec<u8> {
        match &mut self.writer {
            Writer::Csv(_) => Vec::new(),
            Writer::Json(document, car, _) => document.begin(car, clock::now()),
        }
    }

    fn heading(&mut self, book: Book) -> Vec<u8> {
        match &mut self.writer {
            Writer::Csv(_) => csv_heading(book.columns()),
            Writer::Json(document, _, _) => document.book(book),
        }
    }

    fn rows(&mut self, rows: &[Fields]) -> Vec<u8> {
        match &mut self.writer {
            Writer::Csv(book) => rows.iter().flat_map(|row| csv_row(book.columns(), row)).collect(),
            Writer::Json(document, _, _) => document.rows(rows),
        }
    }

    fn end(&mut self) -> Vec<u8> {
        match &mut self.writer {
            Writer::Csv(_) => Vec::new(),
            Writer::Json(document, _, _) => std::mem::take(document).end(),
        }
    }
}
