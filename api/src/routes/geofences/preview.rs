//! What a place would change, before anybody marks it: it is marked in a transaction that is never committed, so a preview
//! cannot differ from what is previewed.

use axum::extract::State;
use axum::response::Json;
use chrono::{DateTime, Utc};
use domain::fact::RowId;
use domain::fences::{Fence, named_place};
use serde::Serialize;
use sqlx::{Connection, PgConnection};
use store::StoreError;
use store::geofences::{self, PlacedSession};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{GeofenceInput, GeofencePatch, insert, none, update};
use crate::App;
use crate::extract::{Body, OwnThing};
use crate::identity::Person;
use crate::problem::Answer;
use crate::routes::tariffs::preview::{Before, Preview};

/// What a place would change. Nothing was written.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct GeofencePreview {
    /// Charging sessions that would stand at another place, newest first.
    moved: Vec<MovedSession>,
    /// There are older sessions, whose places were not looked at.
    is_cut: bool,
    /// Charging sessions that would cost something else.
    priced: Preview,
}

/// A charging session, and where it stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MovedSession {
    car_id: Uuid,
    car_name: String,
    session_id: Uuid,
    started_at: DateTime<Utc>,
    /// The name of its place; `null`: at none.
    before: Option<String>,
    after: Option<String>,
    /// A person corrected the session: it stays as it is.
    is_locked: bool,
}

/// So many sessions are looked at.
const MOST: i64 = 2_000;

/// Tells what marking a place would change, and writes nothing.
#[utoipa::path(post, path = "/api/geofences/preview", tag = "places", operation_id = "previewGeofence",
    security(("person" = [])), request_body = GeofenceInput,
    responses(
        (status = 200, description = "The sessions that would be placed or priced anew", body = GeofencePreview),
        (status = 409, description = "As many places as one person can have are marked"),
    ))]
pub async fn of_new(
    State(app): State<App>,
    person: Person,
    Body(input): Body<GeofenceInput>,
) -> Answer<Json<GeofencePreview>> {
    let place = input.checked()?;
    let mut db = app.pool.acquire().await?;
    let mut tx = db.begin().await?;
    let before = Places::look(&mut tx, person).await?;
    insert(&mut tx, person, &place).await?;
    before.compare(tx, person).await.map(Json)
}

/// Tells what changing a place would change, and writes nothing.
#[utoipa::path(post, path = "/api/geofences/{geofenceId}/preview", tag = "places",
    operation_id = "previewGeofenceChange", security(("person" = [])), params(("geofenceId" = Uuid, Path)),
    request_body = GeofencePatch,
    responses((status = 200, description = "The sessions that would be placed or priced anew", body = GeofencePreview)))]
pub async fn of_change(
    State(app): State<App>,
    own: OwnThing,
    Body(patch): Body<GeofencePatch>,
) -> Answer<Json<GeofencePreview>> {
    let (person, [id]) = own.named(["geofenceId"]).ok_or_else(none)?;
    let change = patch.checked()?;
    let mut db = app.pool.acquire().await?;
    let mut tx = db.begin().await?;
    let before = Places::look(&mut tx, person).await?;
    update(&mut tx, person, id, &change).await?;
    before.compare(tx, person).await.map(Json)
}

/// How it is: places, and what stands at them.
struct Places {
    fences: Vec<Fence>,
    sessions: Vec<PlacedSession>,
    priced: Before,
}

impl Places {
    async fn look(db: &mut PgConnection, person: Person) -> Result<Self, StoreError> {
        Ok(Self {
            fences: fences(db, person).await?,
            sessions: geofences::placed_sessions(db, person.id, DateTime::UNIX_EPOCH, MOST + 1).await?,
            priced: Before::look(db, person.id, DateTime::UNIX_EPOCH).await?,
        })
    }

    /// What is different by what this transaction did, which ends here without having done it.
    async fn compare(
        mut self,
        mut tx: sqlx::Transaction<'_, sqlx::Postgres>,
        person: Person,
    ) -> Answer<GeofencePreview> {
        let after = fences(&mut tx, person).await?;
        let setups = self.priced.setups(&mut tx).await?;
        tx.rollback().await?;
        let most = usize::try_from(MOST).unwrap_or_default();
        let is_cut = self.sessions.len() > most;
        self.sessions.truncate(most);
        let moved = self.sessions.into_iter().filter_map(|session| {
            let (old, new) = (named_place(&self.fences, &session.place), named_place(&after, &session.place));
            let is_other =
                old.map(|fence| (fence.id, &fence.name)) != new.map(|fence| (fence.id, &fence.name));
            is_other.then(|| MovedSession::of(&session, old, new))
        });
        Ok(GeofencePreview { moved: moved.collect(), is_cut, priced: self.priced.compare(setups).await? })
    }
}

async fn fences(db: &mut PgConnection, person: Person) -> Result<Vec<Fence>, StoreError> {
    let rows = geofences::list(db, person.id).await?;
    let fence = |row: geofences::PlaceRow| Fence {
        id: RowId(row.id.as_u128()),
        name: row.name,
        shape: row.shape,
        priority: row.priority,
    };
    Ok(rows.into_iter().map(fence).collect())
}

impl MovedSession {
    fn of(session: &PlacedSession, before: Option<&Fence>, after: Option<&Fence>) -> Self {
        let name = |fence: Option<&Fence>| fence.map(|fence| fence.name.clone());
        Self {
            car_id: session.car,
            car_name: session.car_name.clone(),
            session_id: session.id,
            started_at: session.started_at,
            before: name(before),
            after: name(after),
            is_locked: session.is_locked,
        }
    }
}
