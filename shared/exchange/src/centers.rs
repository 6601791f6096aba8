//! Places that repair cars, out of a file of OpenStreetMap: `GeoJSON`, or what an Overpass server answers as JSON.
//!
//! The file is read as it comes, and only what is such a place is kept. Which these are is said by their tags
//! (<https://wiki.openstreetmap.org/wiki/Key:shop>).

mod bounds;
mod document;
mod tags;

use std::collections::BTreeMap;
use std::io::{BufReader, Read};

use domain::reading::Position;

use document::Document;

/// Larger files are refused: an extract of a country's workshops is a hundredth of it.
pub const MOST_BYTES: u64 = 256 * 1024 * 1024;
/// More than there are in any country.
pub const MOST_CENTERS: usize = 300_000;

/// What a place does for cars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CenterKind {
    /// `shop=car_repair`
    Repair,
    /// `shop=tyres`
    Tyres,
    /// `shop=car` that says that it repairs, too.
    Dealer,
}

/// What OpenStreetMap draws a place as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OsmType {
    Node,
    Way,
    Relation,
}

/// By what OpenStreetMap knows a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct OsmId {
    pub drawn_as: OsmType,
    pub number: i64,
}

/// A place that repairs cars.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Center {
    pub id: OsmId,
    pub kind: CenterKind,
    pub name: String,
    /// Of what is drawn as an area, its middle.
    pub at: Position,
    pub address: Option<String>,
    pub phone: Option<String>,
    /// Begins with `http://` or `https://`.
    pub website: Option<String>,
    /// As OpenStreetMap writes them: `Mo-Fr 08:00-18:00`.
    pub opening_hours: Option<String>,
    pub operator: Option<String>,
    pub brand: Option<String>,
}

/// What a file holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Centers {
    /// In the order of their ids.
    pub centers: Vec<Center>,
    pub passed_over: PassedOver,
}

/// How many things of a file were not taken, and why.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PassedOver {
    /// They repair no cars, as far as their tags say.
    pub others: usize,
    pub nameless: usize,
    /// They have no position, or none on earth.
    pub nowhere: usize,
    /// They have no id of OpenStreetMap's, by which they would be known again.
    pub unidentified: usize,
    /// They stand in the file a second time.
    pub repeated: usize,
}

#[derive(Debug, thiserror::Error)]
pub enum BrokenCenters {
    #[error("the file is larger than {} MB: cut it into regions, or let Overpass choose what repairs cars", MOST_BYTES >> 20)]
    TooLarge,
    #[error("the file names more than {MOST_CENTERS} places: cut it into regions")]
    TooMany,
    #[error("the file is neither GeoJSON with `features` nor an answer of Overpass with `elements`")]
    NeitherForm,
    #[error("Overpass did not come to the end: {0}")]
    Incomplete(String),
    #[error("the file is no JSON that can be understood")]
    Json(#[source] serde_json::Error),
}

/// Reads a file to its end.
///
/// # Errors
///
/// If the file is too large, no JSON, of neither form, or an answer that Overpass broke off.
pub fn read(file: impl Read) -> Result<Centers, BrokenCenters> {
    read_at_most(file, MOST_BYTES)
}

fn read_at_most(file: impl Read, bytes: u64) -> Result<Centers, BrokenCenters> {
    let mut limited = BufReader::new(file.take(bytes));
    let mut gathered = Gathered::default();
    let said = Document::read(&mut limited, &mut gathered);
    if gathered.is_full {
        return Err(BrokenCenters::TooMany);
    }
    let document = match said {
        Ok(document) => document,
        Err(_) if limited.get_ref().limit() == 0 => return Err(BrokenCenters::TooLarge),
        Err(error) => return Err(BrokenCenters::Json(error)),
    };
    match document {
        Document { remark: Some(remark), .. } => Err(BrokenCenters::Incomplete(remark)),
        Document { has_places: false, .. } => Err(BrokenCenters::NeitherForm),
        Document { has_places: true, remark: None } => {
            let Gathered { centers, passed_over, is_full: _ } = gathered;
            Ok(Centers { centers: centers.into_values().collect(), passed_over })
        }
    }
}

/// What was found so far.
#[derive(Debug, Default)]
struct Gathered {
    centers: BTreeMap<OsmId, Center>,
    passed_over: PassedOver,
    is_full: bool,
}

/// One thing of a file, whatever the file's form.
struct Told {
    id: Option<OsmId>,
    at: Option<Position>,
    tags: tags::Tags,
}

impl Gathered {
    /// Whether there is room for more.
    fn take(&mut self, told: Told) -> bool {
        let Self { centers, passed_over, is_full } = self;
        let Told { id, at, tags } = told;
        let Some(kind) = tags.kind() else {
            passed_over.others += 1;
            return true;
        };
        match (id, at, tags.name()) {
            (None, _, _) => passed_over.unidentified += 1,
            (_, None, _) => passed_over.nowhere += 1,
            (_, _, None) => passed_over.nameless += 1,
            (Some(id), Some(at), Some(name)) => {
                let center = tags.center(id, kind, name, at);
                passed_over.repeated += usize::from(centers.insert(id, center).is_some());
            }
        }
        *is_full = centers.len() > MOST_CENTERS;
        !*is_full
    }
}

impl CenterKind {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Repair => "repair",
            Self::Tyres => "tyres",
            Self::Dealer => "dealer",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        [Self::Repair, Self::Tyres, Self::Dealer].into_iter().find(|kind| kind.word() == word)
    }
}

impl OsmType {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Way => "way",
            Self::Relation => "relation",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        [Self::Node, Self::Way, Self::Relation].into_iter().find(|kind| kind.word() == word)
    }
}

impl OsmId {
    /// `node/123` as Overpass' web page writes it, `n123` as osmium does. Osmium's areas, `a246`, are ways (twice their
    /// number) or relations (one more than that): <https://docs.osmcode.org/libosmium/latest/> under `area`.
    fn parse(text: &str) -> Option<Self> {
        if let Some((word, number)) = text.split_once('/') {
            return Self::of(OsmType::parse(word)?, number.parse().ok()?);
        }
        let number = |from: &str| from.parse::<i64>().ok();
        match text.split_at_checked(1)? {
            ("n", rest) => Self::of(OsmType::Node, number(rest)?),
            ("w", rest) => Self::of(OsmType::Way, number(rest)?),
            ("r", rest) => Self::of(OsmType::Relation, number(rest)?),
            ("a", rest) => {
                let area = number(rest)?;
                let drawn_as = if area % 2 == 0 { OsmType::Way } else { OsmType::Relation };
                Self::of(drawn_as, area / 2)
            }
            _ => None,
        }
    }

    fn of(drawn_as: OsmType, number: i64) -> Option<Self> {
        (number > 0).then_some(Self { drawn_as, number })
    }
}

#[cfg(test)]
mod tests;
