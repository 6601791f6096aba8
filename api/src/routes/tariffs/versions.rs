//! What a tariff says from a moment on.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use runtime::clock;
use sqlx::Connection;
use store::tariffs;

use super::{Tariff, VersionInput, none};
use crate::App;
use crate::extract::{Body, OwnThing};
use crate::problem::Answer;
use crate::routes::books::created;

/// Says something else from a moment on: the version before it ends there, a later one stays, and one of the same moment is
/// superseded. Sessions since then are priced anew; what a person paid stays.
#[utoipa::path(post, path = "/api/tariffs/{tariffId}/versions", tag = "costs", operation_id = "addTariffVersion",
    security(("person" = [])), params(("tariffId" = Uuid, Path)), request_body = VersionInput,
    responses((status = 201, description = "The tariff as it is now", body = Tariff)))]
pub async fn add(State(app): State<App>, own: OwnThing, Body(input): Body<VersionInput>) -> Answer<Response> {
    let (person, [tariff]) = own.named(["tariffId"]).ok_or_else(none)?;
    let (valid_from, terms) = input.checked("")?;
    let now = clock::now();
    let mut db = app.pool.acquire().await?;
    let mut tx = db.begin().await?;
    let added =
        tariffs::add_version(&mut tx, person.id, tariff, valid_from.unwrap_or(now), &terms, now).await?;
    let id = added.ok_or_else(none)?;
    let row = tariffs::find(&mut tx, person.id, tariff).await?.ok_or_else(none)?;
    tx.commit().await?;
    Ok(created(&format!("/api/tariffs/{tariff}/versions"), id, &Tariff::from(row)))
}

/// Takes a version back as if it had never been said: the one before it goes on until its end.
#[utoipa::path(delete, path = "/api/tariffs/{tariffId}/versions/{versionId}", tag = "costs",
    operation_id = "deleteTariffVersion", security(("person" = [])),
    params(("tariffId" = Uuid, Path), ("versionId" = Uuid, Path)),
    responses((status = 204, description = "Taken back")))]
pub async fn withdraw(State(app): State<App>, own: OwnThing) -> Answer<StatusCode> {
    let (person, [tariff, version]) = own.named(["tariffId", "versionId"]).ok_or_else(none)?;
    let mut db = app.pool.acquire().await?;
    let mut tx = db.begin().await?;
    let is_withdrawn = tariffs::withdraw(&mut tx, person.id, tariff, version, clock::now()).await?;
    tx.commit().await?;
    if is_withdrawn { Ok(StatusCode::NO_CONTENT) } else { Err(none()) }
}
