//! `geofences` with `geofence_tellings`, `purpose_rules`, `car_watches`: the places that people marked, and what they want to know
//! of what happens there, of trips and of leaving.

mod happenings;
mod marked;
mod placed;
pub mod purposes;
mod shape;
pub mod watches;

use chrono::{DateTime, Utc};
use domain::fences::{Passage, Shape};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::hand_entries::Edit;

pub use happenings::{HappeningRow, Happenings, happenings};
pub use marked::{Marked, for_vehicles, private_for};
pub use placed::{PlacedSession, placed_sessions};

/// A place as its person sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct PlaceRow {
    pub id: Uuid,
    pub name: String,
    pub shape: Shape,
    pub priority: i16,
    pub is_private: bool,
    pub tariff_id: Option<Uuid>,
    /// Of these the person is told.
    pub tells: Vec<Passage>,
    pub created_at: DateTime<Utc>,
}

/// A place that a person marks.
#[derive(Debug, Clone, PartialEq)]
pub struct NewPlace {
    pub name: String,
    pub shape: Shape,
    pub priority: i16,
    pub is_private: bool,
    pub tariff_id: Option<Uuid>,
    /// From now on.
    pub tells: Vec<Passage>,
}

/// What is to be different.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlaceChange {
    pub name: Option<String>,
    pub shape: Option<Shape>,
    pub priority: Option<i16>,
    pub is_private: Option<bool>,
    pub tariff_id: Edit<Uuid>,
    pub tells: Option<Vec<Passage>>,
}

/// More places than any person has: every fix of every car is compared with each of them.
pub const MOST: i64 = 500;

/// How many places a person has.
pub async fn count(db: &mut PgConnection, user: Uuid) -> Result<i64, StoreError> {
    let count = sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM geofences WHERE user_id = $1"#, user)
        .fetch_one(db)
        .await?;
    Ok(count)
}

/// All places of a person, by name.
pub async fn list(db: &mut PgConnection, user: Uuid) -> Result<Vec<PlaceRow>, StoreError> {
    let rows = sqlx::query_as!(
        shape::Row,
        "SELECT id, name, latitude, longitude, radius_m, corners, priority, is_private, tariff_id, tells, created_at
         FROM geofences WHERE user_id = $1 ORDER BY name, id",
        user,
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(PlaceRow::try_from).collect()
}

pub async fn find(db: &mut PgConnection, user: Uuid, id: Uuid) -> Result<Option<PlaceRow>, StoreError> {
    let row = sqlx::query_as!(
        shape::Row,
        "SELECT id, name, latitude, longitude, radius_m, corners, priority, is_private, tariff_id, tells, created_at
         FROM geofences WHERE user_id = $1 AND id = $2",
        user,
        id,
    )
    .fetch_optional(db)
    .await?;
    row.map(PlaceRow::try_from).transpose()
}

/// Marks a place; triggers have the person's cars folded anew.
pub async fn add(
    db: &mut PgConnection,
    user: Uuid,
    place: &NewPlace,
    now: DateTime<Utc>,
) -> Result<Uuid, StoreError> {
    let shape = shape::columns(&place.shape);
    let id = sqlx::query_scalar!(
        "INSERT INTO geofences (user_id, name, latitude, longitude, radius_m, corners, priority, is_private, tariff_id, created_at,
           tells)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id",
        user,
        place.name,
        shape.latitude,
        shape.longitude,
        shape.radius_m,
        shape.corners,
        place.priority,
        place.is_private,
        place.tariff_id,
        now,
        &names(&place.tells) as &[&str],
    )
    .fetch_one(db)
    .await?;
    Ok(id)
}

/// Changes a place; false if the person has no such one.
pub async fn change(
    db: &mut PgConnection,
    user: Uuid,
    id: Uuid,
    change: &PlaceChange,
) -> Result<bool, StoreError> {
    let PlaceChange { name, shape, priority, is_private, tariff_id, tells } = change;
    let tells = tells.as_deref().map(names);
    let shape = shape.as_ref().map(shape::columns);
    let has_shape = shape.is_some();
    let shape = shape.unwrap_or_default();
    let (has_tariff, tariff_id) = match tariff_id {
        Edit::Keep => (false, None),
        Edit::Empty => (true, None),
        Edit::Set(tariff) => (true, Some(*tariff)),
    };
    let changed = sqlx::query!(
        "UPDATE geofences SET name = coalesce($3, name), priority = coalesce($4, priority),
           is_private = coalesce($5, is_private),
           tariff_id = CASE WHEN $6 THEN $7 ELSE tariff_id END,
           latitude = CASE WHEN $8 THEN $9 ELSE latitude END,
           longitude = CASE WHEN $8 THEN $10 ELSE longitude END,
           radius_m = CASE WHEN $8 THEN $11 ELSE radius_m END,
           corners = CASE WHEN $8 THEN $12 ELSE corners END,
           tells = coalesce($13, tells)
         WHERE user_id = $1 AND id = $2",
        user,
        id,
        name.as_deref(),
        *priority,
        *is_private,
        has_tariff,
        tariff_id,
        has_shape,
        shape.latitude,
        shape.longitude,
        shape.radius_m,
        shape.corners,
        tells.as_deref() as Option<&[&str]>,
    )
    .execute(db)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// Forgets a place; false if the person has no such one.
pub async fn delete(db: &mut PgConnection, user: Uuid, id: Uuid) -> Result<bool, StoreError> {
    let deleted =
        sqlx::query!("DELETE FROM geofences WHERE user_id = $1 AND id = $2", user, id).execute(db).await?;
    Ok(deleted.rows_affected() == 1)
}

fn names(passages: &[Passage]) -> Vec<&'static str> {
    passages.iter().map(|passage| passage.name()).collect()
}
