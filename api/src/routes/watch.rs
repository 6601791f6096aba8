//! The switch of a parked car's watch: whoever turns it on is told when the standing car leaves its place.

use axum::extract::State;
use axum::response::Json;
use chrono::{DateTime, Utc};
use runtime::clock;
use serde::{Deserialize, Serialize};
use sqlx::{Connection, PgConnection};
use store::geofences::watches;
use utoipa::ToSchema;

use crate::App;
use crate::extract::{Body, OwnCar};
use crate::problem::Answer;

/// Whether the standing car is watched.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ParkedWatch {
    is_watched: bool,
    /// Since when; `null` where it is not.
    since: Option<DateTime<Utc>>,
}

/// How the switch is to stand.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ParkedWatchPatch {
    is_watched: bool,
}

/// Whether the standing car is watched.
#[utoipa::path(get, path = "/api/cars/{carId}/watch", tag = "places", operation_id = "getParkedWatch",
    security(("person" = [])), params(("carId" = Uuid, Path)),
    responses((status = 200, description = "The switch", body = ParkedWatch)))]
pub async fn read(State(app): State<App>, car: OwnCar) -> Answer<Json<ParkedWatch>> {
    let mut db = app.pool.acquire().await?;
    stand(&mut db, car).await.map(Json)
}

/// Turns the watch on or off, from now on. Turning it to where it stands changes nothing.
#[utoipa::path(patch, path = "/api/cars/{carId}/watch", tag = "places", operation_id = "switchParkedWatch",
    security(("person" = [])), params(("carId" = Uuid, Path)), request_body = ParkedWatchPatch,
    responses((status = 200, description = "The switch as it stands now", body = ParkedWatch)))]
pub async fn switch(
    State(app): State<App>,
    car: OwnCar,
    Body(patch): Body<ParkedWatchPatch>,
) -> Answer<Json<ParkedWatch>> {
    let mut db = app.pool.acquire().await?;
    let mut tx = db.begin().await?;
    if patch.is_watched {
        watches::begin(&mut tx, car.id, clock::now()).await?;
    } else {
        watches::end(&mut tx, car.id, clock::now()).await?;
    }
    let stand = stand(&mut tx, car).await?;
    tx.commit().await?;
    Ok(Json(stand))
}

async fn stand(db: &mut PgConnection, car: OwnCar) -> Answer<ParkedWatch> {
    let since = watches::since(db, car.id).await?;
    Ok(ParkedWatch { is_watched: since.is_some(), since })
}
