//! What a person agreed to, and when they took it back.

use axum::extract::State;
use axum::response::Json;
use chrono::{DateTime, Utc};
use serde::Serialize;
use store::consents::{self, ConsentRow};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::App;
use crate::identity::Person;
use crate::problem::Answer;

/// What a person said to a connection of one of their cars.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Consent {
    at: DateTime<Utc>,
    /// Perhaps a car that is gone.
    car_id: Uuid,
    /// `given`, `withdrawn`, or `forgotten`: what the car had told was deleted.
    what: String,
    /// Whether positions may be kept.
    location: bool,
    /// What Smartcar may be asked for; empty where that is not known any more.
    scopes: Vec<String>,
}

/// What a person said to all connections of their cars.
#[derive(Debug, Serialize, ToSchema)]
pub struct Consents {
    items: Vec<Consent>,
}

/// What the person agreed to, newest first.
#[utoipa::path(get, path = "/api/consents", tag = "smartcar", operation_id = "listConsents",
    security(("person" = [])), responses((status = 200, description = "All of it", body = Consents)))]
pub async fn list(State(app): State<App>, person: Person) -> Answer<Json<Consents>> {
    let mut db = app.pool.acquire().await?;
    let rows = consents::of(&mut db, person.id).await?;
    Ok(Json(Consents { items: rows.into_iter().map(Consent::from).collect() }))
}

impl From<ConsentRow> for Consent {
    fn from(row: ConsentRow) -> Self {
        let ConsentRow { at, car_id, what, location, scopes } = row;
        Self { at, car_id, what, location, scopes }
    }
}
