//! Places that a person marked: they name where trips and charging sessions were, tell when cars came and went, and keep what
//! is private private.

mod drawn;
pub mod preview;

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Json, Response};
use chrono::{DateTime, Utc};
use domain::fences;
use runtime::clock;
use serde::{Deserialize, Serialize};
use sqlx::{Connection, PgConnection};
use store::geofences::{self, NewPlace, PlaceChange, PlaceRow};
use store::hand_entries::Edit;
use store::tariffs;
use utoipa::ToSchema;
use uuid::Uuid;

use super::books::created;
use super::geofence_events::Passage;
use crate::App;
use crate::extract::{Body, OwnThing};
use crate::identity::Person;
use crate::problem::{Answer, Code, Problem};
use crate::value::{self, Name};
use drawn::{Circle, Corner, Drawing};

/// A marked place: a circle or a polygon.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Geofence {
    id: Uuid,
    name: String,
    circle: Option<Circle>,
    /// Its corners in order, without the first again at the end.
    polygon: Option<Vec<Corner>>,
    /// Where places overlap, the higher one gives its name and its tariff; of equal ones the smaller.
    priority: i16,
    is_private: bool,
    /// The tariff of who charges here.
    tariff_id: Option<Uuid>,
    /// Of these the person is told: an alert, each time that a car does so.
    tells: Vec<Passage>,
    created_at: DateTime<Utc>,
}

/// The places of a person.
#[derive(Debug, Serialize, ToSchema)]
pub struct Geofences {
    items: Vec<Geofence>,
}

/// A place that is to be marked: either a circle or a polygon.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GeofenceInput {
    name: Name,
    circle: Option<Circle>,
    /// 3 to 200 corners in order, whose sides do not meet. The first corner may stand again at the end.
    #[schema(min_items = 3, max_items = 201)]
    polygon: Option<Vec<Corner>>,
    #[serde(default)]
    priority: i16,
    /// Positions in here are not stored: this place stands in their stead, in the books as in what the car sent.
    #[serde(default)]
    is_private: bool,
    tariff_id: Option<Uuid>,
    /// Of these the person wants to be told, from now on; none: of nothing; absent: `enter` and `exit`. A car that only passed
    /// was not seen there.
    #[serde(default = "usually_told")]
    #[schema(max_items = 4)]
    tells: Vec<Passage>,
}

/// What is to be different. What is absent stays; a circle takes the place of a polygon, and the other way round.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GeofencePatch {
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    name: Option<Name>,
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    circle: Option<Circle>,
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false, min_items = 3, max_items = 201)]
    polygon: Option<Vec<Corner>>,
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    priority: Option<i16>,
    /// What is stored already is hidden, too, when a place becomes private. What was hidden is not known any more when it
    /// ceases to be.
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    is_private: Option<bool>,
    /// `null` takes it away.
    #[serde(default, deserialize_with = "value::edit")]
    #[schema(value_type = Option<Uuid>)]
    tariff_id: Edit<Uuid>,
    /// From now on: what the person was told before stays.
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false, max_items = 4)]
    tells: Option<Vec<Passage>>,
}

/// The places of the person, by name.
#[utoipa::path(get, path = "/api/geofences", tag = "places", operation_id = "listGeofences",
    security(("person" = [])), responses((status = 200, description = "The places", body = Geofences)))]
pub async fn list(State(app): State<App>, person: Person) -> Answer<Json<Geofences>> {
    let mut db = app.pool.acquire().await?;
    let rows = geofences::list(&mut db, person.id).await?;
    Ok(Json(Geofences { items: rows.into_iter().map(Geofence::from).collect() }))
}

/// Marks a place. The books of all of the person's cars are looked at anew, from their first day on.
#[utoipa::path(post, path = "/api/geofences", tag = "places", operation_id = "addGeofence", security(("person" = [])),
    request_body = GeofenceInput,
    responses(
        (status = 201, description = "Marked", body = Geofence),
        (status = 409, description = "As many places as one person can have are marked"),
    ))]
pub async fn add(
    State(app): State<App>,
    person: Person,
    Body(input): Body<GeofenceInput>,
) -> Answer<Response> {
    let place = input.checked()?;
    let mut db = app.pool.acquire().await?;
    let mut tx = db.begin().await?;
    let id = insert(&mut tx, person, &place).await?;
    let row = geofences::find(&mut tx, person.id, id).await?.ok_or_else(none)?;
    tx.commit().await?;
    Ok(created("/api/geofences", id, &Geofence::from(row)))
}

/// One place.
#[utoipa::path(get, path = "/api/geofences/{geofenceId}", tag = "places", operation_id = "getGeofence",
    security(("person" = [])), params(("geofenceId" = Uuid, Path)),
    responses((status = 200, description = "The place", body = Geofence)))]
pub async fn read(State(app): State<App>, own: OwnThing) -> Answer<Json<Geofence>> {
    let (person, [id]) = own.named(["geofenceId"]).ok_or_else(none)?;
    let mut db = app.pool.acquire().await?;
    let row = geofences::find(&mut db, person.id, id).await?;
    Ok(Json(row.ok_or_else(none)?.into()))
}

/// Changes a place. What the machine wrote follows, from the first day on; what a person corrected stays.
#[utoipa::path(patch, path = "/api/geofences/{geofenceId}", tag = "places", operation_id = "changeGeofence",
    security(("person" = [])), params(("geofenceId" = Uuid, Path)), request_body = GeofencePatch,
    responses((status = 200, description = "The place as it is now", body = Geofence)))]
pub async fn change(
    State(app): State<App>,
    own: OwnThing,
    Body(patch): Body<GeofencePatch>,
) -> Answer<Json<Geofence>> {
    let (person, [id]) = own.named(["geofenceId"]).ok_or_else(none)?;
    let change = patch.checked()?;
    let mut db = app.pool.acquire().await?;
    let mut tx = db.begin().await?;
    update(&mut tx, person, id, &change).await?;
    let row = geofences::find(&mut tx, person.id, id).await?.ok_or_else(none)?;
    tx.commit().await?;
    Ok(Json(row.into()))
}

/// Forgets a place: what happened there is taken out of the books, and nothing is called after it any more.
#[utoipa::path(delete, path = "/api/geofences/{geofenceId}", tag = "places", operation_id = "deleteGeofence",
    security(("person" = [])), params(("geofenceId" = Uuid, Path)),
    responses((status = 204, description = "Forgotten")))]
pub async fn delete(State(app): State<App>, own: OwnThing) -> Answer<StatusCode> {
    let (person, [id]) = own.named(["geofenceId"]).ok_or_else(none)?;
    let mut db = app.pool.acquire().await?;
    if geofences::delete(&mut db, person.id, id).await? { Ok(StatusCode::NO_CONTENT) } else { Err(none()) }
}

async fn insert(db: &mut PgConnection, person: Person, place: &NewPlace) -> Answer<Uuid> {
    if geofences::count(db, person.id).await? >= geofences::MOST {
        let detail = format!("You have marked {} places: forget one of them first.", geofences::MOST);
        return Err(Problem::new(Code::LimitReached, detail));
    }
    has_tariff(db, person, place.tariff_id).await?;
    Ok(geofences::add(db, person.id, place, clock::now()).await?)
}

async fn update(db: &mut PgConnection, person: Person, id: Uuid, change: &PlaceChange) -> Answer<()> {
    if let Edit::Set(tariff) = change.tariff_id {
        has_tariff(db, person, Some(tariff)).await?;
    }
    if geofences::change(db, person.id, id, change).await? { Ok(()) } else { Err(none()) }
}

/// Somebody else's tariff is answered like one that does not exist.
async fn has_tariff(db: &mut PgConnection, person: Person, tariff: Option<Uuid>) -> Answer<()> {
    let Some(tariff) = tariff else { return Ok(()) };
    match tariffs::find(db, person.id, tariff).await? {
        Some(_) => Ok(()),
        None => Err(Problem::new(Code::InvalidField, "You have no such tariff.").at_field("tariffId")),
    }
}

/// What is said of a place that does not exist, and of somebody else's.
fn none() -> Problem {
    Problem::new(Code::EntryNotFound, "You have marked no such place.")
}

/// Who marks a place wants to know who comes and goes.
fn usually_told() -> Vec<Passage> {
    vec![Passage::Enter, Passage::Exit]
}

/// In the order in which they happen.
fn each_once(tells: &[Passage]) -> Vec<fences::Passage> {
    let each: BTreeSet<fences::Passage> = tells.iter().map(|passage| (*passage).into()).collect();
    each.into_iter().collect()
}

impl GeofenceInput {
    fn checked(self) -> Answer<NewPlace> {
        let Self { name: Name(name), circle, polygon, priority, is_private, tariff_id, tells } = self;
        let shape = Drawing { circle, polygon }.shape()?.ok_or_else(drawn::nothing)?;
        Ok(NewPlace { name, shape, priority, is_private, tariff_id, tells: each_once(&tells) })
    }
}

impl GeofencePatch {
    fn checked(self) -> Answer<PlaceChange> {
        let Self { name, circle, polygon, priority, is_private, tariff_id, tells } = self;
        let shape = Drawing { circle, polygon }.shape()?;
        let (name, tells) = (name.map(|Name(name)| name), tells.as_deref().map(each_once));
        Ok(PlaceChange { name, shape, priority, is_private, tariff_id, tells })
    }
}

impl From<PlaceRow> for Geofence {
    fn from(row: PlaceRow) -> Self {
        let PlaceRow { id, name, shape, priority, is_private, tariff_id, tells, created_at } = row;
        let Drawing { circle, polygon } = Drawing::of(&shape);
        let tells = tells.into_iter().map(Passage::from).collect();
        Self { id, name, circle, polygon, priority, is_private, tariff_id, tells, created_at }
    }
}
