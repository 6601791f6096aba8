//! The mileage book. What a person writes, changes or deletes here is a person's word: triggers keep it as a decision,
//! and no fold overrides it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Json, Response};
use chrono::{DateTime, Utc};
use runtime::clock;
use serde::{Deserialize, Serialize};
use store::hand_entries::{self, Edit, MeterEntryChange, MeterEntryRow, NewMeterEntry};
use utoipa::ToSchema;
use uuid::Uuid;

use super::books::{Page, created};
use crate::App;
use crate::extract::{Body, EntryOf, OwnCar, Params, Place};
use crate::problem::Answer;
use crate::value::{self, Kilometres, Moment, Notes};

/// An entry of the mileage book.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MeterEntry {
    id: Uuid,
    odometer_km: f64,
    entry_date: DateTime<Utc>,
    /// Who wrote it: `manual`, `smartcar_sync`, `import`.
    source: String,
    notes: Option<String>,
}

/// What the counter showed, and when.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MeterEntryInput {
    odometer_km: Kilometres,
    entry_date: Moment,
    notes: Option<Notes>,
}

/// What is to be different. What is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MeterEntryPatch {
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    odometer_km: Option<Kilometres>,
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    entry_date: Option<Moment>,
    /// `null` takes them away.
    #[serde(default, deserialize_with = "value::edit")]
    #[schema(value_type = Option<Notes>)]
    notes: Edit<Notes>,
}

/// The mileage book of a car, newest first.
#[utoipa::path(get, path = "/api/cars/{carId}/meter-entries", tag = "cars", operation_id = "listMeterEntries",
    security(("person" = [])), params(("carId" = Uuid, Path), Place),
    responses((status = 200, description = "A page of the book", body = Page<MeterEntry>)))]
pub async fn list(
    State(app): State<App>,
    car: OwnCar,
    Params(place): Params<Place>,
) -> Answer<Json<Page<MeterEntry>>> {
    let mut db = app.pool.acquire().await?;
    let mut rows = hand_entries::page(&mut db, car.id, place.behind(), place.rows()).await?;
    let next = place.cut(&mut rows, |row| (row.at, row.id));
    Ok(Json(Page { items: rows.into_iter().map(MeterEntry::from).collect(), next }))
}

/// Writes what a person read off the counter.
#[utoipa::path(post, path = "/api/cars/{carId}/meter-entries", tag = "cars", operation_id = "addMeterEntry",
    security(("person" = [])), params(("carId" = Uuid, Path)), request_body = MeterEntryInput,
    responses((status = 201, description = "Written", body = MeterEntry)))]
pub async fn add(
    State(app): State<App>,
    car: OwnCar,
    Body(input): Body<MeterEntryInput>,
) -> Answer<Response> {
    let entry = NewMeterEntry {
        odometer_km: input.odometer_km.0,
        at: input.entry_date.0,
        notes: input.notes.map(|Notes(notes)| notes),
    };
    let mut db = app.pool.acquire().await?;
    let row = hand_entries::add(&mut db, car.id, &entry, clock::now()).await?;
    let list = format!("/api/cars/{}/meter-entries", car.id);
    Ok(created(&list, row.id, &MeterEntry::from(row)))
}

/// Corrects an entry, whoever wrote it. The machine leaves it alone from then on.
#[utoipa::path(patch, path = "/api/cars/{carId}/meter-entries/{entryId}", tag = "cars",
    operation_id = "changeMeterEntry", security(("person" = [])),
    params(("carId" = Uuid, Path), ("entryId" = Uuid, Path)), request_body = MeterEntryPatch,
    responses((status = 200, description = "The entry as it is now", body = MeterEntry)))]
pub async fn change(
    State(app): State<App>,
    entry: EntryOf,
    Body(patch): Body<MeterEntryPatch>,
) -> Answer<Json<MeterEntry>> {
    let change = MeterEntryChange {
        odometer_km: patch.odometer_km.map(|Kilometres(km)| km),
        at: patch.entry_date.map(|Moment(at)| at),
        notes: patch.notes.map(|Notes(notes)| notes),
    };
    let mut db = app.pool.acquire().await?;
    let row = hand_entries::change(&mut db, entry.car.id, entry.id, &change).await?;
    Ok(Json(row.ok_or_else(EntryOf::none)?.into()))
}

/// Deletes an entry, whoever wrote it. The machine does not write it again.
#[utoipa::path(delete, path = "/api/cars/{carId}/meter-entries/{entryId}", tag = "cars",
    operation_id = "deleteMeterEntry", security(("person" = [])),
    params(("carId" = Uuid, Path), ("entryId" = Uuid, Path)),
    responses((status = 204, description = "Deleted")))]
pub async fn delete(State(app): State<App>, entry: EntryOf) -> Answer<StatusCode> {
    let mut db = app.pool.acquire().await?;
    if hand_entries::delete(&mut db, entry.car.id, entry.id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(EntryOf::none())
    }
}

impl From<MeterEntryRow> for MeterEntry {
    fn from(row: MeterEntryRow) -> Self {
        let MeterEntryRow { id, odometer_km, at, source, notes } = row;
        Self { id, odometer_km, entry_date: at, source, notes }
    }
}
