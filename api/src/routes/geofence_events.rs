//! When a car came to the marked places, stayed, left and passed.

use axum::extract::State;
use axum::response::Json;
use chrono::{DateTime, Utc};
use domain::fences;
use serde::{Deserialize, Serialize};
use store::geofences::{self, HappeningRow, Happenings};
use utoipa::ToSchema;
use uuid::Uuid;

use super::books::Page;
use crate::App;
use crate::extract::{OwnCar, Params, PlaceAmongAll};
use crate::problem::Answer;

/// What happened at a marked place.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GeofenceEvent {
    id: Uuid,
    geofence_id: Uuid,
    /// As the place is called.
    name: String,
    at: DateTime<Utc>,
    passage: Passage,
    /// Nobody saw it there: the way between two positions leads through.
    inferred: bool,
    /// 0 to 1.
    confidence: Option<f64>,
}

/// What a car does at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Passage {
    Enter,
    Exit,
    /// It stayed: only then is it taken for a visit.
    Dwell,
    /// It went through without stopping.
    Passed,
}

/// What happened at the marked places, newest first; with `hidden` also where the car only passed. Of a connection without
/// the consent to positions nothing is known.
#[utoipa::path(get, path = "/api/cars/{carId}/geofence-events", tag = "places", operation_id = "listGeofenceEvents",
    security(("person" = [])), params(("carId" = Uuid, Path), PlaceAmongAll),
    responses((status = 200, description = "A page of the events", body = Page<GeofenceEvent>)))]
pub async fn list(
    State(app): State<App>,
    car: OwnCar,
    Params(asked): Params<PlaceAmongAll>,
) -> Answer<Json<Page<GeofenceEvent>>> {
    let place = asked.place();
    let wanted = Happenings { geofence: None, passed: asked.hidden, behind: place.behind() };
    let mut db = app.pool.acquire().await?;
    let mut rows = geofences::happenings(&mut db, car.id, wanted, place.rows()).await?;
    let next = place.cut(&mut rows, |row| (row.at, row.id));
    Ok(Json(Page { items: rows.into_iter().map(GeofenceEvent::from).collect(), next }))
}

impl From<fences::Passage> for Passage {
    fn from(passage: fences::Passage) -> Self {
        match passage {
            fences::Passage::Enter => Self::Enter,
            fences::Passage::Exit => Self::Exit,
            fences::Passage::Dwell => Self::Dwell,
            fences::Passage::Passed => Self::Passed,
        }
    }
}

impl From<Passage> for fences::Passage {
    fn from(passage: Passage) -> Self {
        match passage {
            Passage::Enter => Self::Enter,
            Passage::Exit => Self::Exit,
            Passage::Dwell => Self::Dwell,
            Passage::Passed => Self::Passed,
        }
    }
}

impl From<HappeningRow> for GeofenceEvent {
    fn from(row: HappeningRow) -> Self {
        let HappeningRow { id, geofence_id, name, at, passage, inferred, confidence } = row;
        let passage = fences::Passage::named(&passage).map_or(Passage::Passed, Passage::from);
        Self { id, geofence_id, name, at, passage, inferred, confidence }
    }
}
