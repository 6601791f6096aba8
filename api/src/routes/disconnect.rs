//! Leaving Smartcar: consent is revoked, and data is deleted if the person wants it.

use axum::extract::State;
use axum::response::Json;
use connections::DisconnectError;
use runtime::clock;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::extract::{OwnCar, Params};
use crate::problem::Answer;
use crate::refusal;

/// What is to happen to what is known of the car.
#[derive(Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
pub struct DisconnectParams {
    /// Also delete everything that the car ever told, and the entries that no person touched. It works for a car that was
    /// disconnected before, too.
    #[serde(default)]
    delete_data: bool,
}

/// What disconnecting did.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DisconnectResult {
    /// Smartcar confirmed it. Else it is asked again until it does; nothing of the car is taken in meanwhile.
    is_revoked: bool,
    /// Entries of the books that were deleted.
    entries_deleted: u64,
    readings_deleted: u64,
}

/// Disconnects the car.
#[utoipa::path(post, path = "/api/smartcar/disconnect/{carId}", tag = "smartcar", operation_id = "disconnect",
    security(("person" = [])), params(("carId" = uuid::Uuid, Path), DisconnectParams),
    responses(
        (status = 200, description = "What it did", body = DisconnectResult),
        (status = 409, description = "Not connected"),
        (status = 501, description = "Not set up"),
    ))]
pub async fn by_post(
    State(app): State<App>,
    car: OwnCar,
    Params(params): Params<DisconnectParams>,
) -> Answer<Json<DisconnectResult>> {
    disconnect(&app, car, params).await
}

/// The same as `POST`.
#[utoipa::path(delete, path = "/api/smartcar/disconnect/{carId}", tag = "smartcar",
    operation_id = "deleteConnection", security(("person" = [])),
    params(("carId" = uuid::Uuid, Path), DisconnectParams),
    responses(
        (status = 200, description = "What it did", body = DisconnectResult),
        (status = 409, description = "Not connected"),
        (status = 501, description = "Not set up"),
    ))]
pub async fn by_delete(
    State(app): State<App>,
    car: OwnCar,
    Params(params): Params<DisconnectParams>,
) -> Answer<Json<DisconnectResult>> {
    disconnect(&app, car, params).await
}

async fn disconnect(app: &App, car: OwnCar, params: DisconnectParams) -> Answer<Json<DisconnectResult>> {
    let connections = app.connections()?.clone();
    let done = app.to_its_end(async move {
        connections.disconnect_vehicle(car.person.id, car.id, params.delete_data, clock::now()).await
    });
    let done = done.await?.map_err(|error| match error {
        DisconnectError::NotConnected => refusal::not_connected(),
        DisconnectError::Store(error) => error.into(),
    })?;
    Ok(Json(DisconnectResult {
        is_revoked: done.is_revoked,
        entries_deleted: done.entries_deleted,
        readings_deleted: done.readings_deleted,
    }))
}
