//! One line of a table, asked for its cells in the types that records want. What cannot be had is a complaint that names the
//! column and says what to do.

mod field;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use domain::setup::Currency;

pub use field::Field;

use crate::decimal::{self, Told};
use crate::moment::{self, NoMoment, Order};
use crate::number::Number;
use crate::record::When;
use crate::table::Table;
use crate::units::{Length, Volume};

/// Why a line cannot be imported, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Complaint {
    #[error("there is nothing in the column {0}: fill it in, or take the line out")]
    Empty(String),
    #[error("the file has no column for {0}: say which one it is")]
    NoColumn(&'static str),
    #[error("{1:?} in the column {0} is no number")]
    NoNumber(String, String),
    #[error("{1:?} in the column {0} may be two numbers: say which decimal mark the file uses")]
    TwoNumbers(String, String),
    #[error("{1:?} in the column {0} is no moment: say in which order or form the file writes them")]
    NoMoment(String, String),
    #[error("{1:?} in the column {0} may be two days: say whether the day or the month comes first")]
    TwoDays(String, String),
    #[error("the clock passed over {1:?} in the column {0} when it was put forward: correct the time")]
    NoSuchTime(String, String),
    #[error("{1:?} in the column {0} is neither yes nor no")]
    NeitherYesNorNo(String, String),
    #[error("{1:?} in the column {0} cannot be right: {2}")]
    OutOfRange(String, String, &'static str),
    #[error("{1:?} in the column {0} is none of {2}")]
    UnknownWord(String, String, &'static str),
    #[error("there is an amount and no currency: say which one, such as EUR")]
    NoCurrency,
    #[error("it ends before it begins")]
    EndsFirst,
    #[error("the odometer is lower after the trip than before it")]
    Backwards,
    #[error(
        "the line has {0} cells and the headings are {1}: a delimiter in a text, perhaps, that is not in quotes"
    )]
    Ragged(usize, usize),
}

/// How the cells of a table are read.
#[derive(Debug, Clone)]
pub struct How {
    pub numbers: Told,
    pub order: Option<Order>,
    pub dates: moment::Told,
    pub zone: Tz,
    pub length: Length,
    pub volume: Volume,
    pub currency: Option<Currency>,
    pub category: Option<String>,
    /// What is later than a day after this has not happened.
    pub now: DateTime<Utc>,
}

#[derive(Clone, Copy)]
pub struct Row<'a> {
    pub line: u64,
    pub cells: &'a csv::StringRecord,
    pub table: &'a Table,
    pub how: &'a How,
}

/// Tomorrow somewhere on Earth is today elsewhere.
const AHEAD: TimeDelta = TimeDelta::days(1);
/// Before that there were no cars.
const FIRST_YEAR: i32 = 1900;
const LONGEST_TEXT: usize = 2_000;

/// What a number may be, and how that is said.
pub struct Range {
    pub least: Number,
    pub most: Number,
    pub words: &'static str,
}

const fn range(least: i64, most: i64, words: &'static str) -> Range {
    Range { least: Number::whole(least), most: Number::whole(most), words }
}

pub const ODOMETER: Range = range(0, 9_999_999, "an odometer shows 0 to 9 999 999 km");
pub const LITRES: Range = range(0, 2_000, "a fill-up has at most 2000 litres");
pub const MONEY: Range = range(-1_000_000_000, 1_000_000_000, "amounts are below one thousand million");
pub const PAID: Range = range(0, 1_000_000_000, "a price is at least 0");
pub const ENERGY: Range = range(0, 1_000, "a session has at most 1000 kWh");
pub const POWER: Range = range(0, 2_000, "chargers have at most 2000 kW");
pub const PERCENT: Range = range(0, 100, "it is between 0 and 100 %");
pub const WAY: Range = range(0, 20_000, "a trip has at most 20 000 km");
pub const MINUTES: Range = range(0, 100_000, "nothing takes so long");
pub const LATITUDE: Range = range(-90, 90, "latitudes are between -90 and 90");
pub const LONGITUDE: Range = range(-180, 180, "longitudes are between -180 and 180");

impl Row<'_> {
    /// The cell, trimmed; `None` if it is empty or there is no such column.
    pub fn cell(&self, field: Field) -> Option<&str> {
        let cell = self.cells.get(self.table.column(field)?)?.trim();
        (!cell.is_empty() && !is_word_for_nothing(cell)).then_some(cell)
    }

    pub fn number(&self, field: Field, range: &Range) -> Result<Option<Number>, Complaint> {
        let Some(cell) = self.cell(field) else { return Ok(None) };
        self.read_number(field, cell, range, |number| number).map(Some)
    }

    pub fn km(&self, field: Field, range: &Range) -> Result<Option<Number>, Complaint> {
        let Some(cell) = self.cell(field) else { return Ok(None) };
        self.read_number(field, cell, range, |way| self.how.length.to_km(way)).map(Some)
    }

    pub fn litres(&self, field: Field) -> Result<Option<Number>, Complaint> {
        let Some(cell) = self.cell(field) else { return Ok(None) };
        let litres = self.read_number(field, cell, &LITRES, |volume| self.how.volume.to_litres(volume))?;
        if litres == Number::ZERO {
            return Err(self.out_of_range(field, cell, "a fill-up has more than 0 litres"));
        }
        Ok(Some(litres))
    }

    pub fn price_of_a_litre(&self, field: Field) -> Result<Option<Number>, Complaint> {
        let Some(cell) = self.cell(field) else { return Ok(None) };
        self.read_number(field, cell, &PAID, |price| self.how.volume.price_of_a_litre(price)).map(Some)
    }

    /// A field without which there is no entry.
    pub fn needed<T>(&self, field: Field, value: Option<T>) -> Result<T, Complaint> {
        value.ok_or_else(|| match self.table.column(field) {
            Some(_) => Complaint::Empty(self.heading(field)),
            None => Complaint::NoColumn(field.name()),
        })
    }

    pub fn when(&self, field: Field) -> Result<Option<When>, Complaint> {
        let Some(cell) = self.cell(field) else { return Ok(None) };
        let How { order, dates, zone, now, .. } = self.how;
        let named = || (self.heading(field), cell.to_owned());
        let when = moment::read(cell, order.as_ref(), *dates, *zone).map_err(|why| {
            let (heading, cell) = named();
            match why {
                NoMoment::Odd => Complaint::NoMoment(heading, cell),
                NoMoment::Ambiguous => Complaint::TwoDays(heading, cell),
                NoMoment::Skipped => Complaint::NoSuchTime(heading, cell),
            }
        })?;
        if when.at > *now + AHEAD {
            return Err(self.out_of_range(field, cell, "it is in the future"));
        }
        let first = NaiveDate::from_ymd_opt(FIRST_YEAR, 1, 1).unwrap_or_default();
        if when.at.date_naive() < first {
            return Err(self.out_of_range(field, cell, "there were no cars then"));
        }
        Ok(Some(when))
    }

    pub fn flag(&self, field: Field) -> Result<Option<bool>, Complaint> {
        let Some(cell) = self.cell(field) else { return Ok(None) };
        match cell.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "y" | "t" => Ok(Some(true)),
            "0" | "false" | "no" | "n" | "f" => Ok(Some(false)),
            _ => Err(Complaint::NeitherYesNorNo(self.heading(field), cell.to_owned())),
        }
    }

    /// Free text, at most so long as the books keep it. Marks that keep a spreadsheet from reckoning with it are taken off.
    pub fn text(&self, field: Field) -> Option<String> {
        let cell = self.cell(field)?;
        let cell = crate::write::unguarded(cell);
        Some(cell.chars().filter(|c| *c != '\0').take(LONGEST_TEXT).collect())
    }

    /// One of some words.
    pub fn word<T>(
        &self,
        field: Field,
        parse: impl Fn(&str) -> Option<T>,
        words: &'static str,
    ) -> Result<Option<T>, Complaint> {
        let Some(cell) = self.cell(field) else { return Ok(None) };
        let complain = || Complaint::UnknownWord(self.heading(field), cell.to_owned(), words);
        parse(cell).ok_or_else(complain).map(Some)
    }

    /// The currency of this line's amounts: its own, or that of the whole file.
    pub fn currency(&self) -> Result<Option<String>, Complaint> {
        let own = self.word(
            Field::Currency,
            |cell| Currency::parse(cell).ok(),
            "the three-letter codes of ISO 4217",
        )?;
        Ok(own.or(self.how.currency).map(|currency| currency.as_str().to_owned()))
    }

    pub fn heading(&self, field: Field) -> String {
        self.table.heading(field).unwrap_or(field.name()).to_owned()
    }

    pub fn out_of_range(&self, field: Field, cell: &str, why: &'static str) -> Complaint {
        Complaint::OutOfRange(self.heading(field), cell.to_owned(), why)
    }

    fn read_number(
        &self,
        field: Field,
        cell: &str,
        range: &Range,
        convert: impl Fn(Number) -> Number,
    ) -> Result<Number, Complaint> {
        let number = decimal::number(cell, self.how.numbers).ok_or_else(|| {
            let (heading, cell) = (self.heading(field), cell.to_owned());
            let is_alone = self.how.numbers != Told::Nothing && self.how.numbers != Told::Both;
            let has_digits = cell.chars().any(|c| c.is_ascii_digit());
            if is_alone || !has_digits || cell.chars().any(char::is_alphabetic) {
                Complaint::NoNumber(heading, cell)
            } else {
                Complaint::TwoNumbers(heading, cell)
            }
        })?;
        let number = convert(number);
        if number < range.least || number > range.most {
            return Err(self.out_of_range(field, cell, range.words));
        }
        Ok(number)
    }
}

/// As databases and spreadsheets say that there is nothing.
fn is_word_for_nothing(cell: &str) -> bool {
    ["null", "nil", "nan", "n/a", "-", "\\n"].iter().any(|word| cell.eq_ignore_ascii_case(word))
}
