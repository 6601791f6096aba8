//! What a person says about a file beside the file.

use chrono_tz::Tz;
use domain::setup::Currency;

use crate::decimal::Mark;
use crate::moment::Order;
use crate::record::Kind;
use crate::row::Field;
use crate::units::{Length, Volume};

/// Which program wrote the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Program {
    /// Carvetka's own export.
    #[default]
    Carvetka,
    Fuelio,
    LubeLogger,
    TeslaMate,
    /// Any table whose columns are named like ours, or are named by [`Options::columns`].
    Table,
}

/// What is not said is told from the file, as far as that is possible without guessing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    pub program: Program,
    pub kind: Option<Kind>,
    pub delimiter: Option<u8>,
    pub mark: Option<Mark>,
    pub order: Option<Order>,
    /// Of moments that do not say where they are.
    pub zone: Tz,
    pub length: Option<Length>,
    pub volume: Option<Volume>,
    /// Of amounts that do not say theirs.
    pub currency: Option<Currency>,
    /// Of expenses that do not say theirs.
    pub category: Option<String>,
    /// Which column holds what, by its heading.
    pub columns: Vec<(Field, String)>,
}

impl Options {
    pub fn of(program: Program) -> Self {
        Self {
            program,
            kind: None,
            delimiter: None,
            mark: None,
            order: None,
            zone: Tz::UTC,
            length: None,
            volume: None,
            currency: None,
            category: None,
            columns: Vec::new(),
        }
    }
}

impl Program {
    pub const ALL: [Self; 5] = [Self::Carvetka, Self::Fuelio, Self::LubeLogger, Self::TeslaMate, Self::Table];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Carvetka => "carvetka",
            Self::Fuelio => "fuelio",
            Self::LubeLogger => "lubelogger",
            Self::TeslaMate => "teslamate",
            Self::Table => "csv",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|program| program.name() == name)
    }
}

/// [`Options`] as people say them, on a command line or in an address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words {
    /// `carvetka`, `fuelio`, `lubelogger`, `teslamate` or `csv`.
    pub program: String,
    /// `fuel-entries`, …
    pub kind: Option<String>,
    /// One character, or `tab`.
    pub delimiter: Option<String>,
    /// `point` or `comma`.
    pub decimal: Option<String>,
    /// `dmy`, `mdy`, `ymd`, or a form such as `%d.%m.%Y %H:%M`.
    pub dates: Option<String>,
    /// IANA: `Europe/Berlin`.
    pub zone: Option<String>,
    /// `km` or `mi`.
    pub distance: Option<String>,
    /// `l`, `gal_us` or `gal_uk`.
    pub volume: Option<String>,
    /// ISO 4217.
    pub currency: Option<String>,
    pub category: Option<String>,
    /// `litres=Menge`: what a column holds, and its heading.
    pub columns: Vec<String>,
}

/// A word that is none of those that are understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct WrongWord {
    /// Of which field of [`Words`].
    pub name: &'static str,
    pub why: String,
}

impl Words {
    pub fn understand(&self) -> Result<Options, WrongWord> {
        let program = Program::parse(&self.program);
        let programs = "it is carvetka, fuelio, lubelogger, teslamate or csv";
        let options = Options::of(program.ok_or_else(|| wrong("as", &self.program, programs))?);
        let kinds = "it is meter-entries, fuel-entries, charging-sessions, trips or expenses";
        Ok(Options {
            kind: word("kind", self.kind.as_deref(), Kind::parse, kinds)?,
            delimiter: word(
                "delimiter",
                self.delimiter.as_deref(),
                delimiter,
                "it is one character, or tab",
            )?,
            mark: word("decimal", self.decimal.as_deref(), mark, "it is point or comma")?,
            order: word(
                "dates",
                self.dates.as_deref(),
                Order::parse,
                "it is dmy, mdy, ymd or a form such as %d.%m.%Y %H:%M",
            )?,
            zone: word(
                "zone",
                self.zone.as_deref(),
                |zone| zone.parse().ok(),
                "it is a zone such as Europe/Berlin",
            )?
            .unwrap_or(options.zone),
            length: word("distance", self.distance.as_deref(), Length::parse, "it is km or mi")?,
            volume: word("volume", self.volume.as_deref(), Volume::parse, "it is l, gal_us or gal_uk")?,
            currency: word(
                "currency",
                self.currency.as_deref(),
                |currency| Currency::parse(currency).ok(),
                "it is a code of ISO 4217, such as EUR",
            )?,
            category: self.category.clone(),
            columns: self.columns.iter().map(|column| named(column)).collect::<Result<_, _>>()?,
            ..options
        })
    }
}

fn word<T>(
    name: &'static str,
    text: Option<&str>,
    parse: impl Fn(&str) -> Option<T>,
    known: &str,
) -> Result<Option<T>, WrongWord> {
    text.map(|text| parse(text).ok_or_else(|| wrong(name, text, known))).transpose()
}

fn wrong(name: &'static str, text: &str, known: &str) -> WrongWord {
    WrongWord { name, why: format!("{text:?} is not understood: {known}") }
}

fn delimiter(text: &str) -> Option<u8> {
    match text.as_bytes() {
        b"tab" => Some(b'\t'),
        [one] if one.is_ascii_punctuation() && *one != b'"' => Some(*one),
        _ => None,
    }
}

fn mark(text: &str) -> Option<Mark> {
    match text {
        "point" => Some(Mark::Point),
        "comma" => Some(Mark::Comma),
        _ => None,
    }
}

fn named(column: &str) -> Result<(Field, String), WrongWord> {
    let parts =
        column.split_once('=').and_then(|(name, heading)| Some((Field::parse(name)?, heading.to_owned())));
    parts.ok_or_else(|| {
        let names: Vec<&str> = Field::all_names().collect();
        wrong("columns", column, &format!("it is NAME=HEADING, and the names are {}", names.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_say_is_understood_or_refused_by_name() {
        let said = |words: Words| words.understand().map_err(|wrong| wrong.name);
        let fuelio = Words { program: "fuelio".to_owned(), ..Words::default() };
        let text = |text: &str| Some(text.to_owned());
        let all = Words {
            kind: text("trips"),
            delimiter: text("tab"),
            decimal: text("comma"),
            dates: text("dmy"),
            zone: text("Europe/Berlin"),
            distance: text("mi"),
            volume: text("gal_uk"),
            currency: text("gbp"),
            columns: vec!["litres=Menge (l)".to_owned()],
            ..fuelio.clone()
        };
        let options = said(all).unwrap();
        assert_eq!((options.delimiter, options.mark), (Some(b'\t'), Some(Mark::Comma)));
        assert_eq!(options.columns, [(Field::Litres, "Menge (l)".to_owned())]);
        for (wrong, name) in [
            (Words::default(), "as"),
            (Words { kind: text("cars"), ..fuelio.clone() }, "kind"),
            (Words { delimiter: text(";;"), ..fuelio.clone() }, "delimiter"),
            (Words { zone: text("Berlin"), ..fuelio.clone() }, "zone"),
            (Words { currency: text("Euro"), ..fuelio.clone() }, "currency"),
            (Words { columns: vec!["Menge".to_owned()], ..fuelio }, "columns"),
        ] {
            assert_eq!(said(wrong).unwrap_err(), name);
        }
    }
}
