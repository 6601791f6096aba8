//! Books on their way out: CSV that spreadsheets open without harm, and JSON.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Number, Value};

use crate::record::{Kind, Record};

/// What can be asked for. The first five can be imported again; the others follow from readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Book {
    Entries(Kind),
    BatteryEstimates,
    GeofenceEvents,
    Alerts,
    Issues,
}

/// A row of a book: its fields by name.
pub type Fields = Map<String, Value>;

impl Book {
    pub const ALL: [Self; 9] = [
        Self::Entries(Kind::MeterEntries),
        Self::Entries(Kind::FuelEntries),
        Self::Entries(Kind::ChargingSessions),
        Self::Entries(Kind::Trips),
        Self::Entries(Kind::Expenses),
        Self::BatteryEstimates,
        Self::GeofenceEvents,
        Self::Alerts,
        Self::Issues,
    ];

    /// As files and addresses call it: `fuel-entries`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Entries(kind) => kind.name(),
            Self::BatteryEstimates => "battery-estimates",
            Self::GeofenceEvents => "geofence-events",
            Self::Alerts => "alerts",
            Self::Issues => "issues",
        }
    }

    /// As a JSON document calls it: `fuelEntries`.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Entries(Kind::MeterEntries) => "meterEntries",
            Self::Entries(Kind::FuelEntries) => "fuelEntries",
            Self::Entries(Kind::ChargingSessions) => "chargingSessions",
            Self::Entries(Kind::Trips) => "trips",
            Self::Entries(Kind::Expenses) => "expenses",
            Self::BatteryEstimates => "batteryEstimates",
            Self::GeofenceEvents => "geofenceEvents",
            Self::Alerts => "alerts",
            Self::Issues => "issues",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|book| book.name() == name)
    }

    /// The columns of its file, in their order.
    pub const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Entries(Kind::MeterEntries) => &["entryDate", "odometerKm", "notes", "source", "id"],
            Self::Entries(Kind::FuelEntries) => &FUEL,
            Self::Entries(Kind::ChargingSessions) => &CHARGING,
            Self::Entries(Kind::Trips) => &TRIPS,
            Self::Entries(Kind::Expenses) => {
                &["occurredAt", "category", "amount", "currency", "odometerKm", "notes", "source", "id"]
            }
            Self::BatteryEstimates => &BATTERY,
            Self::GeofenceEvents => &["at", "passage", "place", "inferred", "confidence", "id"],
            Self::Alerts => &["at", "kind", "details", "seenAt", "dismissedAt", "confidence", "id"],
            Self::Issues => &["at", "title", "description", "status", "source", "id"],
        }
    }
}

const FUEL: [&str; 15] = [
    "filledAt",
    "litres",
    "odometerKm",
    "fullTank",
    "missedPrevious",
    "pricePerLitre",
    "totalCost",
    "currency",
    "state",
    "notes",
    "costIsEstimate",
    "economyLPer100km",
    "confidence",
    "source",
    "id",
];

const CHARGING: [&str; 27] = [
    "startedAfter",
    "startedAt",
    "endedAfter",
    "endedAt",
    "startSoc",
    "endSoc",
    "energyKwh",
    "gridKwh",
    "currentType",
    "peakKw",
    "odometerKm",
    "latitude",
    "longitude",
    "privateZone",
    "cost",
    "currency",
    "inferred",
    "state",
    "segments",
    "flow",
    "notes",
    "costLow",
    "costHigh",
    "costShare",
    "confidence",
    "source",
    "id",
];

const TRIPS: [&str; 22] = [
    "startedAfter",
    "startedAt",
    "endedAfter",
    "endedAt",
    "distanceKm",
    "odometerBeforeKm",
    "odometerAfterKm",
    "fromLatitude",
    "fromLongitude",
    "fromPrivateZone",
    "toLatitude",
    "toLongitude",
    "toPrivateZone",
    "what",
    "purpose",
    "fuelUsedPercent",
    "chargeUsedPercent",
    "state",
    "notes",
    "confidence",
    "source",
    "id",
];

const BATTERY: [&str; 8] = [
    "estimatedFor",
    "usableKwh",
    "plusMinusKwh",
    "healthPercent",
    "trendPercentPerYear",
    "sessions",
    "confidence",
    "id",
];

/// What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection").
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
/// Before such a text, so that it stays a text.
const GUARD: char = '\'';

/// A record with what is told of its row beside it.
pub fn fields(record: &Record, beside: &impl Serialize) -> Fields {
    let object = |value: Result<Value, serde_json::Error>| match value {
        Ok(Value::Object(fields)) => fields,
        Ok(_) | Err(_) => Fields::new(),
    };
    let mut fields = object(serde_json::to_value(record));
    fields.extend(object(serde_json::to_value(beside)));
    fields
}

/// The first line of a file.
pub fn csv_heading(columns: &[&str]) -> Vec<u8> {
    csv_line(columns.iter().map(|column| (*column).to_owned()))
}

/// A line of a file.
pub fn csv_row(columns: &[&str], row: &Fields) -> Vec<u8> {
    csv_line(columns.iter().map(|column| cell(row.get(*column).unwrap_or(&Value::Null))))
}

/// Cells as a line, with quotes where they are needed, ended as RFC 4180 says.
pub fn csv_line(cells: impl Iterator<Item = String>) -> Vec<u8> {
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).flexible(true).from_writer(Vec::new());
    let cells: Vec<String> = cells.collect();
    // Memory takes everything.
    writer.write_record(&cells).ok();
    writer.into_inner().unwrap_or_default()
}

/// A JSON document that is written piece by piece: its head, then each book with its rows.
#[derive(Debug, Default)]
pub struct Document {
    is_in_a_book: bool,
    has_rows: bool,
}

impl Document {
    /// The name and version of the form. A new field of a row is no new form.
    const FORM: &str = "carvetka-books-1";

    pub fn begin(&mut self, car: &Fields, now: DateTime<Utc>) -> Vec<u8> {
        let (form, car, now) = (json(&Self::FORM), json(car), json(&now));
        format!("{{\"form\":{form},\"exportedAt\":{now},\"car\":{car}").into_bytes()
    }

    pub fn book(&mut self, book: Book) -> Vec<u8> {
        let end = if self.is_in_a_book { "]" } else { "" };
        (self.is_in_a_book, self.has_rows) = (true, false);
        format!("{end},\n{}:[", json(&book.key())).into_bytes()
    }

    pub fn rows(&mut self, rows: &[Fields]) -> Vec<u8> {
        let mut text = String::new();
        for row in rows {
            text.push_str(if self.has_rows { ",\n" } else { "\n" });
            text.push_str(&json(row));
            self.has_rows = true;
        }
        text.into_bytes()
    }

    pub fn end(self) -> Vec<u8> {
        if self.is_in_a_book { b"]}\n".to_vec() } else { b"}\n".to_vec() }
    }
}

/// Everything that is written here is JSON.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// A value as a cell. Only texts can be taken for formulas: numbers may be below zero.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(is) => is.to_string(),
        Value::Number(number) => decimal(number),
        Value::String(text) => guarded(text),
        Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// All digits: what is small has no exponent, which few programs read.
fn decimal(number: &Number) -> String {
    let text = number.to_string();
    let is_short = text.contains(['e', 'E']);
    number.as_f64().filter(|_| is_short).map_or(text, |number| number.to_string())
}

/// A text that no spreadsheet reckons with.
pub fn guarded(text: &str) -> String {
    if text.starts_with(FORMULA) || text.starts_with(GUARD) {
        format!("{GUARD}{text}")
    } else {
        text.to_owned()
    }
}

/// The text without its guard, as it was before.
pub fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix(GUARD) {
        Some(text) if text.starts_with(FORMULA) || text.starts_with(GUARD) => text,
        Some(_) | None => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_spreadsheet_would_reckon_with_stays_text() {
        for text in ["=1+1", "+49 30", "-5 °C", "@SUM(A1)", "\tx", "'=x"] {
            let cell = cell(&Value::from(text));
            assert!(cell.starts_with('\''), "{cell}");
            assert_eq!(unguarded(&cell), text);
        }
        assert_eq!(cell(&Value::from(-20)), "-20");
        assert_eq!(unguarded("'t Hof"), "'t Hof");
    }

    #[test]
    fn a_number_is_written_with_all_its_digits() {
        for (number, text) in [(0.000_001, "0.000001"), (-0.000_02, "-0.00002"), (52.520_008, "52.520008")] {
            assert_eq!(cell(&Value::from(number)), text);
        }
    }

    #[test]
    fn a_document_is_whole_however_many_books_and_rows_there_are() {
        let row = |km: u32| Fields::from_iter([("odometerKm".to_owned(), Value::from(km))]);
        let mut document = Document::default();
        let mut text = document.begin(&Fields::new(), DateTime::UNIX_EPOCH);
        text.extend(document.book(Book::Alerts));
        text.extend(document.book(Book::Entries(Kind::MeterEntries)));
        text.extend(document.rows(&[row(1), row(2)]));
        text.extend(document.rows(&[row(3)]));
        text.extend(document.end());
        let read: Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(read["alerts"], serde_json::json!([]));
        assert_eq!(read["meterEntries"][2]["odometerKm"], 3);
        assert_eq!(Document::default().end(), b"}\n");
    }

    #[test]
    fn a_book_has_one_name() {
        for book in Book::ALL {
            assert_eq!(Book::parse(book.name()), Some(book));
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in "\\PC{0,12}") {
            let cell = guarded(&text);
            prop_assert_eq!(unguarded(&cell), text);
        }
    }
}
