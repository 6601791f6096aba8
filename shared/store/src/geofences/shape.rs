//! Circles and polygons, from columns and into them.

use chrono::{DateTime, Utc};
use domain::fences::{Passage, Shape};
use domain::reading::Position;
use serde_json::Value as Json;
use uuid::Uuid;

use super::PlaceRow;
use crate::StoreError;

/// A row of the table.
pub(super) struct Row {
    pub id: Uuid,
    pub name: String,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub radius_m: Option<i32>,
    pub corners: Option<Json>,
    pub priority: i16,
    pub is_private: bool,
    pub tariff_id: Option<Uuid>,
    pub tells: Vec<String>,
    pub created_at: DateTime<Utc>,
}

#[derive(Debug, Default)]
pub(super) struct Columns {
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub radius_m: Option<i32>,
    pub corners: Option<Json>,
}

impl TryFrom<Row> for PlaceRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let Row {
            id,
            name,
            latitude,
            longitude,
            radius_m,
            corners,
            priority,
            is_private,
            tariff_id,
            tells,
            created_at,
        } = row;
        let columns = Columns { latitude, longitude, radius_m, corners };
        let shape = columns.shape()?;
        let tells = tells.iter().filter_map(|name| Passage::named(name)).collect();
        Ok(Self { id, name, shape, priority, is_private, tariff_id, tells, created_at })
    }
}

impl Columns {
    pub(super) fn shape(self) -> Result<Shape, StoreError> {
        match self {
            Self {
                latitude: Some(latitude), longitude: Some(longitude), radius_m: Some(radius_m), ..
            } => {
                let radius_m = u32::try_from(radius_m).map_err(|wrong| corrupt("radius_m", wrong))?;
                Ok(Shape::Circle { centre: position(latitude, longitude)?, radius_m })
            }
            Self { corners, .. } => {
                let corners: Vec<[f64; 2]> = serde_json::from_value(corners.unwrap_or_default())
                    .map_err(|wrong| corrupt("corners", wrong))?;
                let corners = corners.into_iter().map(|[latitude, longitude]| position(latitude, longitude));
                Ok(Shape::Polygon { corners: corners.collect::<Result<_, _>>()? })
            }
        }
    }
}

pub(super) fn columns(shape: &Shape) -> Columns {
    let degrees = |e6: i32| f64::from(e6) / 1e6;
    match shape {
        Shape::Circle { centre, radius_m } => Columns {
            latitude: Some(degrees(centre.latitude_e6)),
            longitude: Some(degrees(centre.longitude_e6)),
            radius_m: i32::try_from(*radius_m).ok(),
            corners: None,
        },
        Shape::Polygon { corners } => {
            let corners = corners.iter().map(|at| [degrees(at.latitude_e6), degrees(at.longitude_e6)]);
            Columns { corners: Some(corners.map(Json::from).collect()), ..Columns::default() }
        }
    }
}

fn position(latitude: f64, longitude: f64) -> Result<Position, StoreError> {
    Position::from_degrees(latitude, longitude).map_err(|wrong| corrupt("latitude", wrong))
}

fn corrupt(column: &'static str, source: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::corrupt("geofences", column)(source.into())
}
