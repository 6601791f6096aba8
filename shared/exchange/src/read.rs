//! A file becomes records. Lines that cannot be understood are told of, one by one, and stop no other.

use chrono::{DateTime, Utc};

use crate::decimal::Told;
use crate::moment;
use crate::options::Options;
use crate::programs::{self, Sheet};
use crate::record::{Kind, Record};
use crate::row::{Complaint, Field, How, Row};
use crate::table::{self, Table};
use crate::{decimal, lines};

/// What a file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Import {
    pub lines: Vec<Line>,
    pub impossible: Vec<Impossible>,
    /// Lines that are no entries in the eyes of the program that wrote them: templates.
    pub left_out: usize,
}

/// A record, and the line in which it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub number: u64,
    pub record: Record,
}

/// A line that was not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Impossible {
    pub number: u64,
    pub complaint: Complaint,
}

/// Why a file cannot be read at all, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("this is no text: export a CSV file")]
    NotText,
    #[error("there is nothing in this file")]
    Empty,
    #[error("this is no CSV: {0}")]
    Csv(String),
    #[error("the file has no column {0:?}: write the heading as it stands in the file")]
    NoSuchColumn(String),
    #[error("this is no file of {0}: it has no {1}")]
    NotOfProgram(&'static str, &'static str),
    #[error("the headings ({0}) do not say what this is: say which kind, and which column is what")]
    UnknownKind(String),
    #[error("the file does not say whether it counts in kilometres or in miles: say which")]
    UnknownLength,
    #[error("the file does not say whether it counts in litres or in gallons: say which")]
    UnknownVolume,
    #[error("the file has more than {0} lines: cut it in parts")]
    TooLong(usize),
}

/// So many lines are the books of a long life.
pub const MOST_LINES: usize = 50_000;

const NUMBERS: [Field; 18] = [
    Field::Litres,
    Field::Odometer,
    Field::OdometerBefore,
    Field::OdometerAfter,
    Field::Distance,
    Field::Price,
    Field::Cost,
    Field::StartSoc,
    Field::EndSoc,
    Field::Energy,
    Field::Grid,
    Field::Peak,
    Field::Latitude,
    Field::Longitude,
    Field::FromLatitude,
    Field::FromLongitude,
    Field::ToLatitude,
    Field::ToLongitude,
];
const MOMENTS: [Field; 4] = [Field::At, Field::StartedAfter, Field::EndedAfter, Field::EndedAt];
const WAYS: [Field; 4] = [Field::Odometer, Field::OdometerBefore, Field::OdometerAfter, Field::Distance];

/// Reads a file. What is later than a day after `now` has not happened.
pub fn read(bytes: &[u8], options: &Options, now: DateTime<Utc>) -> Result<Import, Unreadable> {
    let text = table::text(bytes)?;
    let sections = table::sections(&text, options.delimiter)?;
    if sections.iter().map(|section| section.table.rows.len()).sum::<usize>() > MOST_LINES {
        return Err(Unreadable::TooLong(MOST_LINES));
    }
    let mut import = Import::default();
    for sheet in programs::sheets(sections, options)? {
        let how = how(&sheet, options, now)?;
        for (number, cells) in &sheet.table.rows {
            let row = Row { line: *number, cells, table: &sheet.table, how: &how };
            match read_line(&row, &sheet) {
                Ok(Some(record)) => import.lines.push(Line { number: *number, record }),
                Ok(None) => import.left_out += 1,
                Err(complaint) => import.impossible.push(Impossible { number: *number, complaint }),
            }
        }
    }
    Ok(import)
}

fn how(sheet: &Sheet, options: &Options, now: DateTime<Utc>) -> Result<How, Unreadable> {
    let Sheet { table, length, volume, mark, .. } = sheet;
    let length = match options.length.or(*length) {
        Some(length) => length,
        None if WAYS.iter().any(|field| table.has(*field)) => return Err(Unreadable::UnknownLength),
        None => crate::units::Length::default(),
    };
    let volume = match options.volume.or(*volume) {
        Some(volume) => volume,
        None if table.has(Field::Litres) => return Err(Unreadable::UnknownVolume),
        None => crate::units::Volume::default(),
    };
    let told = |mark: decimal::Mark| Told::By(mark);
    let by_cells = || table.cells(&NUMBERS).fold(Told::default(), Told::and);
    Ok(How {
        numbers: options.mark.or(*mark).map_or_else(by_cells, told),
        order: options.order.clone(),
        dates: table.cells(&MOMENTS).fold(moment::Told::default(), moment::Told::and),
        zone: options.zone,
        length,
        volume,
        currency: options.currency,
        category: options.category.clone(),
        now,
    })
}

fn read_line(row: &Row<'_>, sheet: &Sheet) -> Result<Option<Record>, Complaint> {
    let (cells, headings) = (row.cells.len(), row.table.width());
    // Programs that leave the last cells out mean that they are empty; one too many is a text that broke in two.
    if cells > headings && row.cells.iter().skip(headings).any(|cell| !cell.trim().is_empty()) {
        return Err(Complaint::Ragged(cells, headings));
    }
    match sheet.kind {
        Kind::MeterEntries => lines::meter(row).map(|entry| Some(Record::Meter(entry))),
        Kind::FuelEntries => lines::fuel(row, sheet).map(|entry| Some(Record::Fuel(entry))),
        Kind::ChargingSessions => {
            lines::charging(row).map(|session| Some(Record::Charging(Box::new(session))))
        }
        Kind::Trips => lines::trip(row).map(|trip| Some(Record::Trip(Box::new(trip)))),
        Kind::Expenses => lines::expense(row, sheet).map(|expense| expense.map(Record::Expense)),
    }
}

/// What kind the headings speak of.
pub(crate) fn kind(table: &Table) -> Option<Kind> {
    if table.has(Field::Litres) {
        Some(Kind::FuelEntries)
    } else if table.has(Field::Distance) {
        Some(Kind::Trips)
    } else if table.has(Field::Energy) || table.has(Field::Grid) {
        Some(Kind::ChargingSessions)
    } else if table.has(Field::Cost) {
        Some(Kind::Expenses)
    } else if table.has(Field::Odometer) {
        Some(Kind::MeterEntries)
    } else {
        None
    }
}
