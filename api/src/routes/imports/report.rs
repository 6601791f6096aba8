//! What became of a file, line by line, in words and numbers.

use chrono::{DateTime, Utc};
use exchange::compare::Finding;
use exchange::number::Number;
use exchange::read::{Import, Line};
use exchange::record::Record;
use serde::Serialize;
use store::imports::Imported;
use utoipa::ToSchema;
use uuid::Uuid;

use super::ImportDone;
use super::asked::with_parameter;

/// What became of a file, or would.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportReport {
    /// Under which it can be taken out again; `null` where nothing was written.
    id: Option<Uuid>,
    done: ImportDone,
    /// Lines of which the books held nothing.
    new: usize,
    /// Lines that were in the books, by an earlier import or in a person's words. Nothing becomes of them.
    known: usize,
    /// Lines that tell of the same as an entry of the machine.
    same: usize,
    /// Lines that cannot be imported.
    impossible: usize,
    /// Lines that are no entries in the eyes of the program that wrote them: templates.
    left_out: usize,
    /// In the order of the file. Of a long file those that ask for a person's eye and the first others.
    lines: Vec<LineReport>,
    /// How many lines are not shown.
    not_shown: usize,
}

/// What becomes of a line.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LineReport {
    /// Its number in the file.
    line: u64,
    becomes: LineBecomes,
    /// `fuel-entries`, …; `null` where the line was not understood.
    kind: Option<&'static str>,
    at: Option<DateTime<Utc>>,
    /// What it tells: `41.37 l`.
    what: Option<String>,
    /// The machine's entries that tell of the same, the likest first.
    machines: Vec<Uuid>,
    /// Why it cannot be imported, and what to do.
    problem: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LineBecomes {
    Impossible,
    /// The person's choice decides.
    Same,
    New,
    Known,
}

/// More lines than people look at.
const MOST_LINES: usize = 2_000;

impl ImportReport {
    pub fn of(import: &Import, findings: &[Finding]) -> Self {
        let understood =
            import.lines.iter().zip(findings).map(|(line, finding)| LineReport::of(line, finding));
        let impossible = import.impossible.iter().map(|line| LineReport {
            line: line.number,
            becomes: LineBecomes::Impossible,
            kind: None,
            at: None,
            what: None,
            machines: Vec::new(),
            problem: Some(with_parameter(&line.complaint, line.complaint.missing())),
        });
        let mut lines: Vec<LineReport> = understood.chain(impossible).collect();
        let count = |becomes: LineBecomes| lines.iter().filter(|line| line.becomes == becomes).count();
        let (new, known, same, impossible) = (
            count(LineBecomes::New),
            count(LineBecomes::Known),
            count(LineBecomes::Same),
            count(LineBecomes::Impossible),
        );
        let not_shown = lines.len().saturating_sub(MOST_LINES);
        lines.sort_by_key(|line| (line.becomes, line.line));
        lines.truncate(MOST_LINES);
        lines.sort_by_key(|line| line.line);
        let done = Imported::default().into();
        Self { id: None, done, new, known, same, impossible, left_out: import.left_out, lines, not_shown }
    }

    /// It was done, under this id.
    pub fn did(&mut self, import: Uuid, done: Imported) {
        self.id = (done != Imported::default()).then_some(import);
        self.done = done.into();
    }

    pub const fn is_written(&self) -> bool {
        self.id.is_some()
    }
}

impl LineReport {
    fn of(line: &Line, finding: &Finding) -> Self {
        let (becomes, machines) = match finding {
            Finding::New(_) => (LineBecomes::New, Vec::new()),
            Finding::Known(_) => (LineBecomes::Known, Vec::new()),
            Finding::Same(same) => (LineBecomes::Same, same.machines.clone()),
        };
        Self {
            line: line.number,
            becomes,
            kind: Some(line.record.kind().name()),
            at: Some(line.record.when().at),
            what: Some(what(&line.record)),
            machines,
            problem: None,
        }
    }
}

fn what(record: &Record) -> String {
    let number = |number: Option<Number>| number.map_or_else(|| "?".to_owned(), |it| it.to_string());
    match record {
        Record::Meter(entry) => format!("{} km", entry.odometer_km),
        Record::Fuel(entry) => format!("{} l", number(entry.litres)),
        Record::Charging(session) => format!("{} kWh", number(session.energy_kwh.or(session.grid_kwh))),
        Record::Trip(trip) => format!("{} km", trip.distance_km),
        Record::Expense(expense) => {
            let currency = expense.currency.as_deref().unwrap_or_default();
            format!("{} {currency} for {}", expense.amount, expense.category)
        }
    }
}
