//! The two forms of files, read one thing after the other.

use std::fmt::{self, Formatter};
use std::io::Read;

use domain::reading::Position;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::bounds::Part;
use super::tags::{Tags, Text};
use super::{Gathered, OsmId, OsmType, Told};

/// What a file says besides its places.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// It has a list of them, if only an empty one.
    pub has_places: bool,
    /// Overpass says here why it broke off.
    pub remark: Option<String>,
}

/// A place of an answer of Overpass (<https://wiki.openstreetmap.org/wiki/OSM_JSON>).
#[derive(Debug, Deserialize)]
struct Element {
    #[serde(rename = "type", default)]
    drawn_as: Text,
    id: Option<i64>,
    lat: Option<f64>,
    lon: Option<f64>,
    center: Option<Middle>,
    tags: Option<Tags>,
}

#[derive(Debug, Deserialize)]
struct Middle {
    lat: f64,
    lon: f64,
}

/// A place of `GeoJSON` (RFC 7946).
#[derive(Debug, Deserialize)]
struct Feature {
    #[serde(default)]
    id: Text,
    properties: Option<Tags>,
    geometry: Option<Geometry>,
}

#[derive(Debug, Deserialize)]
struct Geometry {
    coordinates: Option<Part>,
}

impl Document {
    pub fn read(file: impl Read, gathered: &mut Gathered) -> Result<Self, serde_json::Error> {
        let mut json = serde_json::Deserializer::from_reader(file);
        let document = json.deserialize_map(Whole(gathered))?;
        json.end()?;
        Ok(document)
    }
}

impl From<Element> for Told {
    fn from(element: Element) -> Self {
        let Element { drawn_as, id, lat, lon, center, tags } = element;
        let drawn_as = drawn_as.0.as_deref().and_then(OsmType::parse);
        let at = lat.zip(lon).or(center.map(|Middle { lat, lon }| (lat, lon)));
        Self {
            id: drawn_as.zip(id).and_then(|(drawn_as, number)| OsmId::of(drawn_as, number)),
            at: at.and_then(|(latitude, longitude)| Position::from_degrees(latitude, longitude).ok()),
            tags: tags.unwrap_or_default(),
        }
    }
}

impl From<Feature> for Told {
    fn from(feature: Feature) -> Self {
        let Feature { id, properties, geometry } = feature;
        let tags = properties.unwrap_or_default();
        // The page of Overpass writes `@id: node/1`, osmium `@type: node, @id: 1`.
        let in_parts = || {
            let (drawn_as, number) = (tags.at_type.0.as_deref()?, tags.at_id.0.as_deref()?);
            OsmId::of(OsmType::parse(drawn_as)?, number.parse().ok()?)
        };
        let whole = [&id, &tags.at_id].into_iter().find_map(|text| OsmId::parse(text.0.as_deref()?));
        Self {
            id: whole.or_else(in_parts),
            at: geometry.and_then(|geometry| geometry.coordinates?.middle()),
            tags,
        }
    }
}

struct Whole<'a>(&'a mut Gathered);

impl<'de> Visitor<'de> for Whole<'_> {
    type Value = Document;

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `features` or `elements`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document, A::Error> {
        let mut document = Document::default();
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "elements" => map.next_value_seed(Each::<Element>::into(self.0))?,
                "features" => map.next_value_seed(Each::<Feature>::into(self.0))?,
                "remark" => {
                    document.remark = map.next_value()?;
                    continue;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            }
            document.has_places = true;
        }
        Ok(document)
    }
}

/// A list of places, of which each is let go before the next is read.
struct Each<'a, T> {
    gathered: &'a mut Gathered,
    form: std::marker::PhantomData<T>,
}

impl<'a, T> Each<'a, T> {
    fn into(gathered: &'a mut Gathered) -> Self {
        Self { gathered, form: std::marker::PhantomData }
    }
}

impl<'de, T: Deserialize<'de> + Into<Told>> DeserializeSeed<'de> for Each<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de> + Into<Told>> Visitor<'de> for Each<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("a list of places")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut places: A) -> Result<(), A::Error> {
        while let Some(place) = places.next_element::<T>()? {
            if !self.gathered.take(place.into()) {
                return Err(A::Error::custom("too many places"));
            }
        }
        Ok(())
    }
}
