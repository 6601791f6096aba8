//! Where something was, in columns: a position and the geofence that names it, or a privacy zone and no position.

use domain::fences::named;
use domain::motion::Place;
use domain::setup::Setup;
use serde_json::{Value, json};
use uuid::Uuid;

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Spot {
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub private_zone: Option<String>,
    pub place_id: Option<Uuid>,
}

impl Spot {
    pub fn of(place: Option<&Place>, setup: &Setup) -> Self {
        match place {
            None => Self::default(),
            Some(Place::Private(zone)) => Self {
                place_id: Uuid::parse_str(zone).ok(),
                private_zone: Some(zone.clone()),
                ..Self::default()
            },
            Some(Place::At(position)) => Self {
                latitude: Some(degrees(position.latitude_e6)),
                longitude: Some(degrees(position.longitude_e6)),
                private_zone: None,
                place_id: named(&setup.fences, *position).map(|fence| Uuid::from_u128(fence.id.0)),
            },
        }
    }
}

/// The same as pages read it.
pub(crate) fn json(place: &Place) -> Value {
    match place {
        Place::At(position) => json!({
            "latitude": degrees(position.latitude_e6),
            "longitude": degrees(position.longitude_e6),
        }),
        Place::Private(zone) => json!({ "privateZone": zone }),
    }
}

fn degrees(e6: i32) -> f64 {
    f64::from(e6) / 1e6
}
