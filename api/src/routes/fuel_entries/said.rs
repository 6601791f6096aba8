//! What people say about fill-ups: right, nothing, two, one, or as it was before.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use store::corrections::CorrectedBook;

use super::FuelEntry;
use crate::App;
use crate::extract::{Body, EntryOf, OwnCar};
use crate::problem::Answer;
use crate::routes::corrections::{self, MergeInput, Standing};

/// Says that a fill-up is right: from then on it is the person's.
#[utoipa::path(post, path = "/api/cars/{carId}/fuel-entries/{entryId}/confirm", tag = "cars",
    operation_id = "confirmFuelEntry", security(("person" = [])),
    params(("carId" = Uuid, Path), ("entryId" = Uuid, Path)),
    responses(
        (status = 200, description = "The fill-up as it is now", body = FuelEntry),
        (status = 409, description = "It goes on"),
    ))]
pub async fn confirm(State(app): State<App>, entry: EntryOf) -> Answer<Json<FuelEntry>> {
    corrections::confirm(&app, entry).await
}

/// Says that there was nothing: the fill-up goes, and the machine does not write it again.
#[utoipa::path(post, path = "/api/cars/{carId}/fuel-entries/{entryId}/reject", tag = "cars",
    operation_id = "rejectFuelEntry", security(("person" = [])),
    params(("carId" = Uuid, Path), ("entryId" = Uuid, Path)),
    responses((status = 204, description = "Rejected")))]
pub async fn reject(State(app): State<App>, entry: EntryOf) -> Answer<StatusCode> {
    corrections::reject(&app, CorrectedBook::FuelEntries, entry).await
}

/// Says that fill-ups are one: neighbours, from the first to the last.
#[utoipa::path(post, path = "/api/cars/{carId}/fuel-entries/merge", tag = "cars", operation_id = "mergeFuelEntries",
    security(("person" = [])), params(("carId" = Uuid, Path)), request_body = MergeInput,
    responses(
        (status = 200, description = "What stands there now", body = Standing<FuelEntry>),
        (status = 409, description = "They are no neighbours, one goes on, or is the person's own"),
    ))]
pub async fn merge(
    State(app): State<App>,
    car: OwnCar,
    Body(input): Body<MergeInput>,
) -> Answer<Json<Standing<FuelEntry>>> {
    corrections::merge(&app, car, input).await
}

/// Takes back what was decided last about a fill-up, also about one that was rejected.
#[utoipa::path(post, path = "/api/cars/{carId}/fuel-entries/{entryId}/undo", tag = "cars",
    operation_id = "undoFuelEntry", security(("person" = [])),
    params(("carId" = Uuid, Path), ("entryId" = Uuid, Path)),
    responses(
        (status = 200, description = "What stands there now", body = Standing<FuelEntry>),
        (status = 409, description = "Nothing was decided"),
    ))]
pub async fn undo(State(app): State<App>, entry: EntryOf) -> Answer<Json<Standing<FuelEntry>>> {
    corrections::undo(&app, entry).await
}
