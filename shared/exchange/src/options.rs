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
