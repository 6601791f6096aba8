//! What a person says about a file in the address.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;

use exchange::missing::Missing;
use exchange::options::{Options, Words, WrongWord};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use store::imports::{Choice, Choices};
use store::preferences::Preferences;
use utoipa::{IntoParams, ToSchema};

use crate::problem::{Answer, Code, Problem};

/// About the file. What is not said is told from the file, as far as that is possible without guessing.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// Who wrote the file.
    #[serde(default)]
    #[param(inline)]
    format: Format,
    /// Only say what would become of each line.
    #[serde(default)]
    dry_run: bool,
    /// Where the machine wrote of the same.
    #[serde(default)]
    #[param(inline)]
    same: Same,
    /// The same for single lines, as JSON: `{"12": "leave"}`.
    #[param(value_type = Option<String>)]
    lines: Option<String>,
    /// `meter-entries`, `fuel-entries`, `charging-sessions`, `trips` or `expenses`, if the headings do not say it.
    kind: Option<String>,
    /// The character between cells, or `tab`.
    delimiter: Option<String>,
    /// `point` or `comma`.
    decimal: Option<String>,
    /// `dmy`, `mdy`, `ymd`, or a form such as `%d.%m.%Y %H:%M`.
    dates: Option<String>,
    /// Of the file's clock. Absent: that of the person's preferences, else UTC.
    time_zone: Option<String>,
    /// `km` or `mi`.
    distance: Option<String>,
    /// `l`, `gal_us` or `gal_uk`.
    volume: Option<String>,
    /// Of amounts that do not say theirs. Absent: that of the person's preferences.
    currency: Option<String>,
    /// Of expenses that do not say theirs.
    category: Option<String>,
    /// What columns hold, by their headings, as JSON: `{"litres": "Menge (l)"}`.
    #[param(value_type = Option<String>)]
    columns: Option<String>,
}

/// Who wrote a file.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// Carvetka's own export.
    #[default]
    Carvetka,
    Fuelio,
    Lubelogger,
    TeslamateCharges,
    TeslamateDrives,
    /// Any table; `columns` names what its headings do not.
    Mapping,
}

/// What becomes of a line that tells of the same as an entry of the machine.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Same {
    /// The entry is filled in with what the line knows.
    #[default]
    Attach,
    /// The line takes its place.
    Replace,
    /// The entry stays, the line stays out.
    Leave,
}

/// The same, understood.
#[derive(Debug)]
pub struct Wanted {
    pub options: Options,
    pub choices: Choices,
    pub dry_run: bool,
}

impl Asked {
    pub fn understand(self, usual: &Preferences) -> Answer<Wanted> {
        let lines: HashMap<u64, Same> = json("lines", self.lines.as_deref(), r#"{"12": "leave"}"#)?;
        let columns: BTreeMap<String, String> =
            json("columns", self.columns.as_deref(), r#"{"litres": "Menge (l)"}"#)?;
        let (program, kind) = self.format.words();
        let words = Words {
            program: program.to_owned(),
            kind: kind.map(str::to_owned).or(self.kind),
            delimiter: self.delimiter,
            decimal: self.decimal,
            dates: self.dates,
            zone: self.time_zone,
            distance: self.distance,
            volume: self.volume,
            currency: self.currency,
            category: self.category,
            columns: columns.into_iter().map(|(name, heading)| format!("{name}={heading}")).collect(),
        };
        let mut options = words.understand().map_err(|wrong| refusal(&wrong))?;
        // What the person usually reckons in; a word there that nobody knows counts as not said.
        if words.zone.is_none() {
            options.zone =
                usual.time_zone.as_deref().and_then(|zone| zone.parse().ok()).unwrap_or(options.zone);
        }
        let currency = || domain::setup::Currency::parse(usual.currency.as_deref()?).ok();
        options.currency = options.currency.or_else(currency);
        let of_lines = lines.into_iter().map(|(line, same)| (line, same.into())).collect();
        Ok(Wanted { options, choices: Choices { usual: self.same.into(), of_lines }, dry_run: self.dry_run })
    }
}

impl Format {
    /// The program, and the kind where the program writes several.
    const fn words(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Carvetka => ("carvetka", None),
            Self::Fuelio => ("fuelio", None),
            Self::Lubelogger => ("lubelogger", None),
            Self::TeslamateCharges => ("teslamate", Some("charging-sessions")),
            Self::TeslamateDrives => ("teslamate", Some("trips")),
            Self::Mapping => ("csv", None),
        }
    }
}

impl From<Same> for Choice {
    fn from(same: Same) -> Self {
        match same {
            Same::Attach => Self::Attach,
            Same::Replace => Self::Replace,
            Same::Leave => Self::Leave,
        }
    }
}

fn json<T: DeserializeOwned + Default>(name: &str, text: Option<&str>, such: &str) -> Answer<T> {
    let Some(text) = text else { return Ok(T::default()) };
    serde_json::from_str(text).map_err(|error| {
        let detail = format!("`{name}` is not understood ({error}): write JSON, such as {such}.");
        Problem::new(Code::InvalidParameter, detail).at_field(name)
    })
}

fn refusal(wrong: &WrongWord) -> Problem {
    Problem::new(Code::InvalidParameter, format!("The address is not accepted: {}.", wrong.why))
        .at_field(parameter(wrong.name))
}

/// What a field of [`Words`] is called in the address.
pub fn parameter(name: &'static str) -> &'static str {
    match name {
        "zone" => "timeZone",
        "as" => "format",
        other => other,
    }
}

/// A complaint, and the parameter that would answer it.
pub fn with_parameter(complaint: &impl Display, missing: Option<Missing>) -> String {
    let Some(missing) = missing else { return complaint.to_string() };
    let name = parameter(missing.name());
    match missing.such() {
        Some(such) => format!("{complaint} (`{name}`: {such})"),
        None => format!("{complaint} (`{name}`)"),
    }
}
