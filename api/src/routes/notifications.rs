//! What a person is told: in their page, and how it reaches them elsewhere.

pub mod email;
pub mod preferences;
pub mod unsubscribe;
pub mod webhooks;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use chrono::{DateTime, Utc};
use runtime::clock;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::notifications::{self, Told};
use utoipa::ToSchema;
use uuid::Uuid;

use super::alerts::is_found_later;
use crate::App;
use crate::extract::{Body, Cursor, OwnThing, Params, Place};
use crate::identity::Person;
use crate::problem::{Answer, Code, Problem};

/// An alert that the person is told of.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    /// The alert's.
    id: Uuid,
    car_id: Uuid,
    car_name: String,
    /// As in alerts.
    kind: String,
    /// When the car showed it.
    at: DateTime<Utc>,
    /// What the kind needs to be told.
    details: Value,
    /// It was found when it was no news any more.
    found_later: bool,
    told_at: DateTime<Utc>,
    read_at: Option<DateTime<Utc>>,
}

/// What a person is told, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Notifications {
    items: Vec<Notification>,
    /// The `cursor` of the next page; `null` on the last.
    next: Option<Cursor>,
    /// How many of all are unread.
    unread: i64,
}

/// Up to when all was read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Read {
    /// `toldAt` of the newest that the person saw.
    until: DateTime<Utc>,
}

/// What the person is told, newest first. What the machine takes back is not told any more.
#[utoipa::path(get, path = "/api/notifications", tag = "notifications", operation_id = "listNotifications",
    security(("person" = [])), params(Place),
    responses((status = 200, description = "A page of notifications", body = Notifications)))]
pub async fn list(
    State(app): State<App>,
    person: Person,
    Params(place): Params<Place>,
) -> Answer<Json<Notifications>> {
    let mut db = app.pool.acquire().await?;
    let mut rows = notifications::page(&mut db, person.id, place.behind(), place.rows()).await?;
    let next = place.cut(&mut rows, |row| (row.found_at, row.alert_id));
    let unread = notifications::unread(&mut db, person.id).await?.count;
    Ok(Json(Notifications { items: rows.into_iter().map(Notification::from).collect(), next, unread }))
}

/// Notes that the person read one.
#[utoipa::path(post, path = "/api/notifications/{alertId}/read", tag = "notifications", operation_id = "readNotification",
    security(("person" = [])), params(("alertId" = Uuid, Path)), responses((status = 204, description = "Noted")))]
pub async fn read(State(app): State<App>, own: OwnThing) -> Answer<StatusCode> {
    let (person, [id]) = own.named(["alertId"]).ok_or_else(none)?;
    let mut db = app.pool.acquire().await?;
    let is_there = notifications::read(&mut db, person.id, id, clock::now()).await?;
    if is_there { Ok(StatusCode::NO_CONTENT) } else { Err(none()) }
}

/// Notes that the person read all that they had been told until then.
#[utoipa::path(post, path = "/api/notifications/read", tag = "notifications", operation_id = "readNotifications",
    security(("person" = [])), request_body = Read, responses((status = 204, description = "Noted")))]
pub async fn read_all(
    State(app): State<App>,
    person: Person,
    Body(Read { until }): Body<Read>,
) -> Answer<StatusCode> {
    let mut db = app.pool.acquire().await?;
    notifications::read_all(&mut db, person.id, until, clock::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is said of one that does not exist, and of somebody else's.
fn none() -> Problem {
    Problem::new(Code::EntryNotFound, "You have not been told of any such thing.")
}

impl From<Told> for Notification {
    fn from(told: Told) -> Self {
        let Told { alert_id, car_id, car_name, kind, at, found_at, details, read_at } = told;
        let found_later = is_found_later(&kind, at, found_at);
        Self { id: alert_id, car_id, car_name, kind, at, details, found_later, told_at: found_at, read_at }
    }
}
