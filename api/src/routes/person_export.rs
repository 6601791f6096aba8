//! Everything that is known of a person, on its way to them: a page at a time, like the books.

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use runtime::clock;
use serde_json::{Map, Value, json};
use sqlx::PgPool;
use store::StoreError;
use store::person::{self, Behind, PAGED, Page};
use uuid::Uuid;

use crate::App;
use crate::identity::Person;
use crate::problem::Answer;

/// The name and version of the form. A new table or field is no new form.
const FORM: &str = "carvetka-person-1";

/// Everything that is known of the person and their cars, table by table and as it is stored: for looking at and taking along. No
/// secrets, and no bytes of deliveries, whose readings are in it.
#[utoipa::path(get, path = "/api/export", tag = "files", operation_id = "exportPerson", security(("person" = [])),
    responses((status = 200, description = "The file", body = serde_json::Value)))]
pub async fn export(State(app): State<App>, person: Person) -> Answer<Response> {
    let mut db = app.pool.acquire().await?;
    let little = person::little(&mut db, person.id).await?;
    drop(db);
    let out = Out { pool: app.pool, person: person.id, step: Step::Begin(little) };
    // An error on the way cuts the answer off, so that nobody takes a part for the whole.
    let mut response = Body::from_stream(stream::try_unfold(out, Out::next)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let name = HeaderValue::from_static("attachment; filename=\"everything.json\"");
    headers.insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}

/// A file that is being written.
struct Out {
    pool: PgPool,
    person: Uuid,
    step: Step,
}

enum Step {
    /// With what there is little of.
    Begin(Map<String, Value>),
    /// The page of a table behind a place, by the table's number.
    Rows(usize, Option<Behind>),
    Over,
}

impl Out {
    /// The next piece of the file.
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, StoreError> {
        let (piece, step) = match self.step {
            Step::Begin(little) => (head(little), Step::Rows(0, None)),
            Step::Rows(number, behind) => match PAGED.get(number) {
                None => ("}\n".to_owned(), Step::Over),
                Some(table) => {
                    let mut db = self.pool.acquire().await?;
                    let is_first = behind.is_none();
                    let Page { rows, next } = person::page(&mut db, self.person, table, behind).await?;
                    let piece = piece(table, &rows, is_first, next.is_none());
                    (piece, next.map_or(Step::Rows(number + 1, None), |next| Step::Rows(number, Some(next))))
                }
            },
            Step::Over => return Ok(None),
        };
        self.step = step;
        Ok(Some((piece.into(), self)))
    }
}

/// The document without its end.
fn head(little: Map<String, Value>) -> String {
    let mut document =
        Map::from_iter([("form".to_owned(), json!(FORM)), ("exportedAt".to_owned(), json!(clock::now()))]);
    document.extend(little);
    let mut text = Value::Object(document).to_string();
    text.pop();
    text
}

/// Rows of a table: the first ones with its name before them, the last ones with the end of their list.
fn piece(table: &str, rows: &[Value], is_first: bool, is_last: bool) -> String {
    let begin = if is_first { format!(",{}:[", json!(table)) } else { ",".to_owned() };
    let rows: Vec<String> = rows.iter().map(Value::to_string).collect();
    let end = if is_last { "]" } else { "" };
    // A page that was full may have been the last one: then nothing follows it.
    if rows.is_empty() && !is_first { end.to_owned() } else { format!("{begin}{}{end}", rows.join(",")) }
}
