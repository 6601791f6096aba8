//! What people marked, as the rules know it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::fact::RowId;
use domain::fences::{Fence, Passage, Telling};
use domain::trips::{Purpose, PurposeRule, Watch};
use serde::Deserialize;
use serde_json::Value as Json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::shape;
use crate::StoreError;

/// What a vehicle's people marked and want to know.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Marked {
    /// In the order of their ids.
    pub fences: Vec<Fence>,
    pub told: Vec<Telling>,
    pub purposes: Vec<PurposeRule>,
    /// Oldest first.
    pub watched: Vec<Watch>,
}

#[derive(Debug, Deserialize)]
struct FenceJson {
    id: Uuid,
    name: String,
    latitude: Option<f64>,
    longitude: Option<f64>,
    radius_m: Option<i32>,
    corners: Option<Json>,
    priority: i16,
}

#[derive(Debug, Deserialize)]
struct TellingJson {
    geofence_id: Uuid,
    passage: String,
    told_from: DateTime<Utc>,
    told_until: Option<DateTime<Utc>>,
}

#[derive(Debug, Deserialize)]
struct RuleJson {
    purpose: String,
    geofence_ids: Vec<Uuid>,
    weekdays: [bool; 7],
    from_minute: u16,
    to_minute: u16,
}

#[derive(Debug, Deserialize)]
struct WatchJson {
    watched_from: DateTime<Utc>,
    watched_until: Option<DateTime<Utc>>,
}

/// What holds for these vehicles: the places and rules of whose cars they are, and the watches over these cars.
pub async fn for_vehicles(
    db: &mut PgConnection,
    vehicles: &[Uuid],
) -> Result<HashMap<Uuid, Marked>, StoreError> {
    let rows = sqlx::query!(
        "SELECT vehicle.id,
           (SELECT json_agg(fence ORDER BY fence.id) FROM geofences AS fence
            WHERE fence.user_id = car.user_id)::text AS fences,
           (SELECT json_agg(telling ORDER BY telling.told_from, telling.id)
            FROM geofence_tellings AS telling JOIN geofences AS fence ON fence.id = telling.geofence_id
            WHERE fence.user_id = car.user_id)::text AS told,
           (SELECT json_agg(rule ORDER BY rule.rank, rule.id) FROM purpose_rules AS rule
            WHERE rule.user_id = car.user_id)::text AS purposes,
           (SELECT json_agg(watch ORDER BY watch.watched_from, watch.id) FROM car_watches AS watch
            WHERE watch.car_id = car.id)::text AS watched
         FROM unnest($1::uuid[]) AS asked (id)
         JOIN smartcar_vehicles AS vehicle ON vehicle.id = asked.id
         JOIN cars AS car ON car.id = vehicle.car_id",
        vehicles,
    )
    .fetch_all(db)
    .await?;
    let marked = rows.into_iter().map(|row| {
        let fences: Vec<FenceJson> = read("geofences", row.fences.as_deref())?;
        let told: Vec<TellingJson> = read("geofence_tellings", row.told.as_deref())?;
        let rules: Vec<RuleJson> = read("purpose_rules", row.purposes.as_deref())?;
        let watched: Vec<WatchJson> = read("car_watches", row.watched.as_deref())?;
        let marked = Marked {
            fences: usable(fences),
            told: told.into_iter().filter_map(TellingJson::telling).collect(),
            purposes: rules.into_iter().map(PurposeRule::from).collect(),
            watched: watched.into_iter().map(Watch::from).collect(),
        };
        Ok((row.id, marked))
    });
    marked.collect()
}

/// The private places of these vehicles' people. A vehicle whose people have none is not in it.
pub async fn private_for(
    db: &mut PgConnection,
    vehicles: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Fence>>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT vehicle.id, json_agg(fence ORDER BY fence.id)::text AS "fences!"
         FROM unnest($1::uuid[]) AS asked (id)
         JOIN smartcar_vehicles AS vehicle ON vehicle.id = asked.id
         JOIN cars AS car ON car.id = vehicle.car_id
         JOIN geofences AS fence ON fence.user_id = car.user_id AND fence.is_private
         GROUP BY vehicle.id"#,
        vehicles,
    )
    .fetch_all(db)
    .await?;
    let private = rows.into_iter().map(|row| {
        let fences: Vec<FenceJson> = read("geofences", Some(&row.fences))?;
        Ok((row.id, usable(fences)))
    });
    private.collect()
}

fn read<T: for<'a> Deserialize<'a>>(table: &'static str, json: Option<&str>) -> Result<Vec<T>, StoreError> {
    let read = json.map(serde_json::from_str).transpose();
    Ok(read.map_err(|wrong| StoreError::corrupt(table, "its columns")(wrong.into()))?.unwrap_or_default())
}

/// Without those that are no place at all: people may write the table by themselves, and nothing may wait for them.
fn usable(fences: Vec<FenceJson>) -> Vec<Fence> {
    fences.into_iter().filter_map(|fence| Fence::try_from(fence).ok()).collect()
}

impl TryFrom<FenceJson> for Fence {
    type Error = StoreError;

    fn try_from(fence: FenceJson) -> Result<Self, StoreError> {
        let FenceJson { id, name, latitude, longitude, radius_m, corners, priority } = fence;
        let shape = shape::Columns { latitude, longitude, radius_m, corners }.shape()?;
        Ok(Self { id: RowId(id.as_u128()), name, shape, priority })
    }
}

impl TellingJson {
    /// `None` for what only a newer program knows.
    fn telling(self) -> Option<Telling> {
        let Self { geofence_id, passage, told_from, told_until } = self;
        let passage = Passage::named(&passage)?;
        Some(Telling { fence: RowId(geofence_id.as_u128()), passage, from: told_from, until: told_until })
    }
}

impl From<RuleJson> for PurposeRule {
    fn from(rule: RuleJson) -> Self {
        let RuleJson { purpose, geofence_ids, weekdays, from_minute, to_minute } = rule;
        let purpose = if purpose == "business" { Purpose::Business } else { Purpose::Private };
        let fences = geofence_ids.into_iter().map(|id| RowId(id.as_u128())).collect();
        Self { purpose, fences, weekdays, from_minute, to_minute }
    }
}

impl From<WatchJson> for Watch {
    fn from(watch: WatchJson) -> Self {
        Self { from: watch.watched_from, until: watch.watched_until }
    }
}
