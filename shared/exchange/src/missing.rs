//! What a file leaves open and a person has to say beside it: a complaint that asks for it names it in the words of who asks.

use crate::read::Unreadable;
use crate::row::Complaint;

/// What of [`Words`](crate::options::Words) a person has to say, or say otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    Program,
    Kind,
    Columns,
    Distance,
    Volume,
    Decimal,
    Dates,
    /// As [`Dates`](Self::Dates): only whether the day or the month comes first.
    DayOrMonth,
    Currency,
}

impl Missing {
    /// As [`WrongWord::name`](crate::options::WrongWord::name) calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Program => "as",
            Self::Kind => "kind",
            Self::Columns => "columns",
            Self::Distance => "distance",
            Self::Volume => "volume",
            Self::Decimal => "decimal",
            Self::Dates | Self::DayOrMonth => "dates",
            Self::Currency => "currency",
        }
    }

    /// What may be said. `None`: that is told otherwise by who asks.
    pub const fn such(self) -> Option<&'static str> {
        match self {
            Self::Program | Self::Columns => None,
            Self::Kind => Some("meter-entries, fuel-entries, charging-sessions, trips or expenses"),
            Self::Distance => Some("km or mi"),
            Self::Volume => Some("l, gal_us or gal_uk"),
            Self::Decimal => Some("point or comma"),
            Self::Dates => Some("dmy, mdy, ymd or a form such as %d.%m.%Y"),
            Self::DayOrMonth => Some("dmy or mdy"),
            Self::Currency => Some("EUR"),
        }
    }
}

impl Unreadable {
    /// What would make the file readable, if a person can say it.
    pub const fn missing(&self) -> Option<Missing> {
        match self {
            Self::NoSuchColumn(_) => Some(Missing::Columns),
            Self::NotOfProgram(..) => Some(Missing::Program),
            Self::UnknownKind(_) => Some(Missing::Kind),
            Self::UnknownLength => Some(Missing::Distance),
            Self::UnknownVolume => Some(Missing::Volume),
            Self::NotText | Self::Empty | Self::Csv(_) | Self::TooLong(_) => None,
        }
    }
}

impl Complaint {
    /// What would make the line readable, if a person can say it of the whole file.
    pub const fn missing(&self) -> Option<Missing> {
        match self {
            Self::NoColumn(_) => Some(Missing::Columns),
            Self::TwoNumbers(..) => Some(Missing::Decimal),
            Self::NoMoment(..) => Some(Missing::Dates),
            Self::TwoDays(..) => Some(Missing::DayOrMonth),
            Self::NoCurrency => Some(Missing::Currency),
            Self::Empty(_)
            | Self::NoNumber(..)
            | Self::NoSuchTime(..)
            | Self::NeitherYesNorNo(..)
            | Self::OutOfRange(..)
            | Self::UnknownWord(..)
            | Self::EndsFirst
            | Self::Backwards
            | Self::Ragged(..) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{Program, Words};

    /// Says `text` under `name`, as a person does who read the complaint.
    fn words(name: &str, text: &str) -> Words {
        let mut words = Words { program: Program::Table.name().to_owned(), ..Words::default() };
        let text = Some(text.to_owned());
        match name {
            "kind" => words.kind = text,
            "distance" => words.distance = text,
            "volume" => words.volume = text,
            "decimal" => words.decimal = text,
            "dates" => words.dates = text,
            "currency" => words.currency = text,
            other => panic!("{other} says how it is told"),
        }
        words
    }

    #[test]
    fn each_word_that_a_complaint_offers_is_understood() {
        for missing in [
            Missing::Kind,
            Missing::Distance,
            Missing::Volume,
            Missing::Decimal,
            Missing::Dates,
            Missing::DayOrMonth,
            Missing::Currency,
        ] {
            let such = missing.such().unwrap().replace(" or a form such as", ",").replace(" or ", ", ");
            for word in such.split(", ") {
                let understood = words(missing.name(), word).understand();
                assert!(understood.is_ok(), "{} {word}: {understood:?}", missing.name());
            }
        }
    }
}
