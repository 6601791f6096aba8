//! Why an entry is what it is: the readings that it rests on, by which rules, how sure, what it said before, and what people
//! decided about it.

use axum::extract::{Path, State};
use axum::response::Json;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::entry_evidence::{self, DecisionRow, EvidenceRow, HistoryRow};
use utoipa::ToSchema;

use super::books::Book;
use crate::App;
use crate::extract::EntryOf;
use crate::problem::Answer;

/// Why an entry is what it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EntryEvidence {
    /// Whether the entry stands in the book; what is gone has only its past.
    stands: bool,
    /// It is a person's: they wrote it, confirmed it or took it over.
    is_persons: bool,
    /// `candidate`, `recorded`, `hidden`, `confirmed`; of an issue its own.
    state: Option<String>,
    /// Between 0 and 1.
    confidence: Option<f64>,
    /// Which rule found it, and in which version of all rules.
    rule: Option<String>,
    rules_version: Option<i64>,
    /// The newest reading that it rests on.
    as_of: Option<DateTime<Utc>>,
    /// What the rule had to do to be sure, or what keeps it from being sure.
    marks: Vec<MarkInWords>,
    /// The readings that say most about it, oldest first.
    readings: Vec<CitedReading>,
    /// What it said before, oldest first.
    history: Vec<Change>,
    /// What people decided, oldest first.
    decisions: Vec<PersonsDecision>,
}

#[derive(Debug, Serialize, ToSchema)]
struct MarkInWords {
    mark: String,
    /// For a person.
    words: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct CitedReading {
    at: DateTime<Utc>,
    /// Absent: the signal that the book is about.
    signal: Option<String>,
    /// As the car said it.
    value: String,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Change {
    /// `amended`, `retracted` by the machine; `edited`, `confirmed`, `merged`, `split`, `deleted`, `undone` by a person.
    what: String,
    changed_at: DateTime<Utc>,
    /// What stood there, by the names of the table's columns.
    before: Value,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PersonsDecision {
    /// `edited`, `confirmed`, `deleted`, `merged`, `split`, `priced`, `purposed`, `unbooked`.
    verdict: String,
    decided_at: DateTime<Utc>,
}

/// Which book an address names.
#[derive(Debug, Deserialize)]
pub struct Named {
    book: String,
}

/// What is kept in rows for the machine alone.
const OF_THE_MACHINE: [&str; 6] = ["car_id", "source_id", "digest", "evidence", "evidence_until", "flow"];

/// Why an entry is what it is; also of one that is gone.
#[utoipa::path(get, path = "/api/cars/{carId}/evidence/{book}/{entryId}", tag = "cars", operation_id = "getEvidence",
    security(("person" = [])),
    params(("carId" = Uuid, Path), ("book" = Book, Path), ("entryId" = Uuid, Path)),
    responses((status = 200, description = "The evidence", body = EntryEvidence)))]
pub async fn find(
    State(app): State<App>,
    entry: EntryOf,
    Path(Named { book }): Path<Named>,
) -> Answer<Json<EntryEvidence>> {
    let book: Book = serde_json::from_value(book.into()).map_err(|_| EntryOf::none())?;
    let (car, id) = (entry.car.id, entry.id);
    let mut db = app.pool.acquire().await?;
    let row = entry_evidence::find(&mut db, book.table(), car, id).await?;
    let history = entry_evidence::history(&mut db, book.table(), car, id).await?;
    if row.is_none() && history.is_empty() {
        return Err(EntryOf::none());
    }
    let decisions = entry_evidence::decisions(&mut db, car, id).await?;
    Ok(Json(EntryEvidence::of(row, history, decisions)))
}

impl EntryEvidence {
    fn of(row: Option<EvidenceRow>, history: Vec<HistoryRow>, decisions: Vec<DecisionRow>) -> Self {
        let stands = row.is_some();
        // Of what is gone, what it rested on last stands in its past.
        let at_last = || history.last().and_then(|change| change.before.get("evidence")).cloned();
        let row = row.unwrap_or_else(|| EvidenceRow {
            evidence: at_last(),
            confidence: None,
            state: None,
            until: None,
        });
        let said = row.evidence.unwrap_or_default();
        let list = |name: &str| said.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
        Self {
            stands,
            is_persons: stands && row.until.is_none(),
            state: row.state,
            confidence: row.confidence,
            rule: said.get("rule").and_then(Value::as_str).map(str::to_owned),
            rules_version: said.get("rules_version").and_then(Value::as_i64),
            as_of: row.until,
            marks: list("marks").iter().filter_map(|mark| mark.as_str().map(MarkInWords::of)).collect(),
            readings: list("readings").iter().filter_map(CitedReading::of).collect(),
            history: history.into_iter().map(Change::from).collect(),
            decisions: decisions
                .into_iter()
                .map(|DecisionRow { verdict, decided_at }| PersonsDecision { verdict, decided_at })
                .collect(),
        }
    }
}

impl MarkInWords {
    fn of(mark: &str) -> Self {
        let words = match mark {
            "unit_corrected" => "The number came in another unit than its label said, and was converted.",
            "released" => "It was doubted at first; later readings agreed with it.",
            "compensated" => "Seen only because what the way in between used was added.",
            "merged" => "Several steps of one stop are one entry.",
            "confirmed" => "A later reading, a station nearby or a receipt agrees.",
            "tank_learned" => "How much the tank holds was learned from receipts.",
            "inferred" => "Nobody saw it happen: it follows from levels before and after.",
            "silent" => "It was taken to have ended because the car said nothing for long.",
            "counter_reset" => "Its counter began anew on the way.",
            "disagrees" => "Counter and level do not agree.",
            "truncated" => "Nothing is known of the time before.",
            "divided" => "A person cut it in two; what lies in which part was reckoned.",
            _ => "A rule that is newer than this description noted something.",
        };
        Self { mark: mark.to_owned(), words: words.to_owned() }
    }
}

impl CitedReading {
    fn of(said: &Value) -> Option<Self> {
        Some(Self {
            at: DateTime::from_timestamp_millis(said.get("at")?.as_i64()?)?,
            signal: said.get("signal").and_then(Value::as_str).map(str::to_owned),
            value: said
                .get("value")
                .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))?,
        })
    }
}

impl From<HistoryRow> for Change {
    fn from(row: HistoryRow) -> Self {
        let HistoryRow { what, mut before, changed_at } = row;
        if let Some(columns) = before.as_object_mut() {
            columns.retain(|name, _| !OF_THE_MACHINE.contains(&name.as_str()));
        }
        Self { what, changed_at, before }
    }
}
