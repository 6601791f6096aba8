//! What the battery holds, month by month, and how far that may be off.

use axum::extract::State;
use axum::response::Json;
use chrono::{DateTime, Utc};
use serde::Serialize;
use store::battery_book::{self, EstimateRow};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::App;
use crate::extract::{EntryOf, OwnCar};
use crate::problem::Answer;

/// The estimates of a car, newest first. Empty as long as too few sessions can tell.
#[derive(Debug, Serialize, ToSchema)]
pub struct Battery {
    items: Vec<BatteryEstimate>,
}

/// What the battery held in one month.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BatteryEstimate {
    id: Uuid,
    /// The month's first moment.
    month: DateTime<Utc>,
    /// Between empty and full, and how far that may be off.
    usable_kwh: f64,
    plus_minus_kwh: f64,
    /// Of what it held when it was new; `null` where that is not known.
    health_percent: Option<f64>,
    trend_percent_per_year: Option<f64>,
    /// So many sessions could tell.
    sessions: i32,
    confidence: Option<f64>,
}

/// How the battery is.
#[utoipa::path(get, path = "/api/cars/{carId}/battery", tag = "cars", operation_id = "getBattery",
    security(("person" = [])), params(("carId" = Uuid, Path)),
    responses((status = 200, description = "The estimates", body = Battery)))]
pub async fn list(State(app): State<App>, car: OwnCar) -> Answer<Json<Battery>> {
    let mut db = app.pool.acquire().await?;
    let rows = battery_book::all(&mut db, car.id).await?;
    Ok(Json(Battery { items: rows.into_iter().map(BatteryEstimate::from).collect() }))
}

/// One estimate.
#[utoipa::path(get, path = "/api/cars/{carId}/battery/{entryId}", tag = "cars", operation_id = "getBatteryEstimate",
    security(("person" = [])), params(("carId" = Uuid, Path), ("entryId" = Uuid, Path)),
    responses((status = 200, description = "The estimate", body = BatteryEstimate)))]
pub async fn find(State(app): State<App>, entry: EntryOf) -> Answer<Json<BatteryEstimate>> {
    let mut db = app.pool.acquire().await?;
    let rows = battery_book::all(&mut db, entry.car.id).await?;
    let row = rows.into_iter().find(|row| row.id == entry.id);
    Ok(Json(row.ok_or_else(EntryOf::none)?.into()))
}

impl From<EstimateRow> for BatteryEstimate {
    fn from(row: EstimateRow) -> Self {
        let EstimateRow {
            id,
            month,
            usable_kwh,
            plus_minus_kwh,
            health_percent,
            trend_percent_per_year,
            sessions,
            confidence,
        } = row;
        Self {
            id,
            month,
            usable_kwh,
            plus_minus_kwh,
            health_percent,
            trend_percent_per_year,
            sessions,
            confidence,
        }
    }
}
