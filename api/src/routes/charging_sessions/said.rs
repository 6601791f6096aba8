//! What people say about charging sessions: right, nothing, two, one, or as it was before.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use store::corrections::CorrectedBook;

use super::ChargingSession;
use crate::App;
use crate::extract::{Body, EntryOf, OwnCar};
use crate::problem::Answer;
use crate::routes::corrections::{self, MergeInput, SplitInput, Standing};

/// Says that a charging session is right: from then on it is the person's.
#[utoipa::path(post, path = "/api/cars/{carId}/charging-sessions/{entryId}/confirm", tag = "cars",
    operation_id = "confirmChargingSession", security(("person" = [])),
    params(("carId" = Uuid, Path), ("entryId" = Uuid, Path)),
    responses(
        (status = 200, description = "The session as it is now", body = ChargingSession),
        (status = 409, description = "It goes on"),
    ))]
pub async fn confirm(State(app): State<App>, entry: EntryOf) -> Answer<Json<ChargingSession>> {
    corrections::confirm(&app, entry).await
}

/// Says that there was nothing: the session goes, and the machine does not write it again.
#[utoipa::path(post, path = "/api/cars/{carId}/charging-sessions/{entryId}/reject", tag = "cars",
    operation_id = "rejectChargingSession", security(("person" = [])),
    params(("carId" = Uuid, Path), ("entryId" = Uuid, Path)),
    responses((status = 204, description = "Rejected")))]
pub async fn reject(State(app): State<App>, entry: EntryOf) -> Answer<StatusCode> {
    corrections::reject(&app, CorrectedBook::ChargingSessions, entry).await
}

/// Says that a charging session is two, and where the second begins.
#[utoipa::path(post, path = "/api/cars/{carId}/charging-sessions/{entryId}/split", tag = "cars",
    operation_id = "splitChargingSession", security(("person" = [])),
    params(("carId" = Uuid, Path), ("entryId" = Uuid, Path)), request_body = SplitInput,
    responses(
        (status = 200, description = "What stands there now", body = Standing<ChargingSession>),
        (status = 409, description = "It goes on, or is the person's own"),
    ))]
pub async fn split(
    State(app): State<App>,
    entry: EntryOf,
    Body(input): Body<SplitInput>,
) -> Answer<Json<Standing<ChargingSession>>> {
    corrections::split(&app, entry, input).await
}

/// Says that charging sessions are one: neighbours, from the first to the last.
#[utoipa::path(post, path = "/api/cars/{carId}/charging-sessions/merge", tag = "cars", operation_id = "mergeChargingSessions",
    security(("person" = [])), params(("carId" = Uuid, Path)), request_body = MergeInput,
    responses(
        (status = 200, description = "What stands there now", body = Standing<ChargingSession>),
        (status = 409, description = "They are no neighbours, one goes on, or is the person's own"),
    ))]
pub async fn merge(
    State(app): State<App>,
    car: OwnCar,
    Body(input): Body<MergeInput>,
) -> Answer<Json<Standing<ChargingSession>>> {
    corrections::merge(&app, car, input).await
}

/// Takes back what was decided last about a charging session, also about one that was rejected.
#[utoipa::path(post, path = "/api/cars/{carId}/charging-sessions/{entryId}/undo", tag = "cars",
    operation_id = "undoChargingSession", security(("person" = [])),
    params(("carId" = Uuid, Path), ("entryId" = Uuid, Path)),
    responses(
        (status = 200, description = "What stands there now", body = Standing<ChargingSession>),
        (status = 409, description = "Nothing was decided"),
    ))]
pub async fn undo(State(app): State<App>, entry: EntryOf) -> Answer<Json<Standing<ChargingSession>>> {
    corrections::undo(&app, entry).await
}
