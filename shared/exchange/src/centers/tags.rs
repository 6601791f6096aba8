//! What OpenStreetMap says of a place, as far as it is asked about here.

use domain::reading::Position;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{Center, CenterKind, OsmId};

/// OpenStreetMap keeps no longer values (<https://wiki.openstreetmap.org/wiki/API_v0.6>).
const LONGEST: usize = 255;

/// Tags that are asked about; those of `GeoJSON` stand among its properties, with the ids.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Tags {
    #[serde(rename = "@id", default)]
    pub at_id: Text,
    #[serde(rename = "@type", default)]
    pub at_type: Text,
    #[serde(default)]
    shop: Text,
    #[serde(default)]
    service: Text,
    #[serde(rename = "service:vehicle:car_repair", default)]
    repairs: Text,
    #[serde(default)]
    name: Text,
    #[serde(default)]
    phone: Text,
    #[serde(rename = "contact:phone", default)]
    contact_phone: Text,
    #[serde(default)]
    website: Text,
    #[serde(rename = "contact:website", default)]
    contact_website: Text,
    #[serde(default)]
    opening_hours: Text,
    #[serde(default)]
    operator: Text,
    #[serde(default)]
    brand: Text,
    #[serde(rename = "addr:street", default)]
    street: Text,
    #[serde(rename = "addr:housenumber", default)]
    house: Text,
    #[serde(rename = "addr:postcode", default)]
    postcode: Text,
    #[serde(rename = "addr:city", default)]
    city: Text,
}

/// Text that people can read and a database can keep; anything else is nothing.
#[derive(Debug, Default, Clone)]
pub(super) struct Text(pub Option<String>);

impl Tags {
    pub fn kind(&self) -> Option<CenterKind> {
        match self.shop.0.as_deref()? {
            "car_repair" => Some(CenterKind::Repair),
            "tyres" => Some(CenterKind::Tyres),
            "car" if self.says_that_it_repairs() => Some(CenterKind::Dealer),
            _ => None,
        }
    }

    fn says_that_it_repairs(&self) -> bool {
        let among_services = |text: &str| {
            text.split(';').map(str::trim).any(|service| matches!(service, "repair" | "car_repair"))
        };
        self.repairs.0.as_deref() == Some("yes") || self.service.0.as_deref().is_some_and(among_services)
    }

    pub fn name(&self) -> Option<String> {
        self.name.0.clone()
    }

    pub fn center(self, id: OsmId, kind: CenterKind, name: String, at: Position) -> Center {
        let address = self.address();
        Center {
            id,
            kind,
            name,
            at,
            address,
            phone: self.phone.0.or(self.contact_phone.0),
            website: self.website.0.or(self.contact_website.0).filter(|address| is_of_the_web(address)),
            opening_hours: self.opening_hours.0,
            operator: self.operator.0,
            brand: self.brand.0,
        }
    }

    /// `Hauptstraße 5, 10827 Berlin`
    fn address(&self) -> Option<String> {
        let joined = |parts: [&Text; 2]| {
            let parts: Vec<&str> = parts.into_iter().filter_map(|part| part.0.as_deref()).collect();
            parts.join(" ")
        };
        let lines = [joined([&self.street, &self.house]), joined([&self.postcode, &self.city])];
        let lines: Vec<String> = lines.into_iter().filter(|line| !line.is_empty()).collect();
        (!lines.is_empty()).then(|| lines.join(", "))
    }
}

/// Anybody may write into the map, and pages make a link of it.
fn is_of_the_web(address: &str) -> bool {
    let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace))
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = match Value::deserialize(from)? {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return Ok(Self(None)),
        };
        let fits = (1..=LONGEST).contains(&text.chars().count()) && !text.contains(char::is_control);
        Ok(Self(fits.then_some(text)))
    }
}
