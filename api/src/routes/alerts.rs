//! What is not as it should be with a car, or what people want to be told, and what they did with being told.

use axum::extract::State;
use axum::response::Json;
use chrono::{DateTime, TimeDelta, Utc};
use domain::alert::AlertKind;
use runtime::clock;
use serde::Serialize;
use serde_json::Value;
use store::alert_book::{self, AlertRow, Attention};
use utoipa::ToSchema;
use uuid::Uuid;

use super::books::Page;
use crate::App;
use crate::extract::{EntryOf, OwnCar, Params, PlaceAmongAll};
use crate::problem::Answer;

/// Something that is not as it should be, or that the person wants to be told.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Alert {
    id: Uuid,
    /// When the car showed it.
    at: DateTime<Utc>,
    /// `fuel_drop`, `moved_without_driving`, `left_its_place`, `odometer_behind_position`, `battery_weak`, `tyre_low`,
    /// `tyres_uneven`, `tyre_leaks`, `tyre_loses_fast`, `low_voltage_battery`, `oil_low`, `oil_wears_fast`, `oil_renewed`,
    /// `trouble_codes`, `trouble_codes_return`, `warning_lamps`, `parasitic_drain`,
    /// `car_offline`, `service_due`, `place_entered`, `place_left`, `place_stayed`, `place_passed`; more may come.
    kind: String,
    /// What the kind needs to be told: percents, kilometres, places.
    details: Value,
    confidence: Option<f64>,
    /// It was found when it was no news any more: nobody is woken for it.
    found_later: bool,
    found_at: DateTime<Utc>,
    seen_at: Option<DateTime<Utc>>,
    dismissed_at: Option<DateTime<Utc>>,
}

/// What a kind that we do not know is news for.
const ELSE_IS_NEWS: TimeDelta = TimeDelta::hours(1);

/// Whether it was found when it was no news any more.
pub fn is_found_later(kind: &str, at: DateTime<Utc>, found_at: DateTime<Utc>) -> bool {
    found_at - at > AlertKind::named(kind).map_or(ELSE_IS_NEWS, AlertKind::is_news_for)
}

/// The alerts of a car, newest first; dismissed ones with `hidden`.
#[utoipa::path(get, path = "/api/cars/{carId}/alerts", tag = "cars", operation_id = "listAlerts",
    security(("person" = [])), params(("carId" = Uuid, Path), PlaceAmongAll),
    responses((status = 200, description = "A page of alerts", body = Page<Alert>)))]
pub async fn list(
    State(app): State<App>,
    car: OwnCar,
    Params(among): Params<PlaceAmongAll>,
) -> Answer<Json<Page<Alert>>> {
    let place = among.place();
    let mut db = app.pool.acquire().await?;
    let mut rows = alert_book::page(&mut db, car.id, among.hidden, place.behind(), place.rows()).await?;
    let next = place.cut(&mut rows, |row| (row.at, row.id));
    Ok(Json(Page { items: rows.into_iter().map(Alert::from).collect(), next }))
}

/// One alert.
#[utoipa::path(get, path = "/api/cars/{carId}/alerts/{entryId}", tag = "cars", operation_id = "getAlert",
    security(("person" = [])), params(("carId" = Uuid, Path), ("entryId" = Uuid, Path)),
    responses((status = 200, description = "The alert", body = Alert)))]
pub async fn find(State(app): State<App>, entry: EntryOf) -> Answer<Json<Alert>> {
    let mut db = app.pool.acquire().await?;
    let row = alert_book::find(&mut db, entry.car.id, entry.id).await?;
    Ok(Json(row.ok_or_else(EntryOf::none)?.into()))
}

/// Notes that the person saw it.
#[utoipa::path(post, path = "/api/cars/{carId}/alerts/{entryId}/seen", tag = "cars", operation_id = "seeAlert",
    security(("person" = [])), params(("carId" = Uuid, Path), ("entryId" = Uuid, Path)),
    responses((status = 200, description = "The alert", body = Alert)))]
pub async fn see(State(app): State<App>, entry: EntryOf) -> Answer<Json<Alert>> {
    note(&app, entry, Attention::Seen).await
}

/// Puts it away for good.
#[utoipa::path(post, path = "/api/cars/{carId}/alerts/{entryId}/dismiss", tag = "cars",
    operation_id = "dismissAlert", security(("person" = [])),
    params(("carId" = Uuid, Path), ("entryId" = Uuid, Path)),
    responses((status = 200, description = "The alert", body = Alert)))]
pub async fn dismiss(State(app): State<App>, entry: EntryOf) -> Answer<Json<Alert>> {
    note(&app, entry, Attention::Dismissed).await
}

async fn note(app: &App, entry: EntryOf, what: Attention) -> Answer<Json<Alert>> {
    let mut db = app.pool.acquire().await?;
    let row = alert_book::note(&mut db, entry.car.id, entry.id, what, clock::now()).await?;
    Ok(Json(row.ok_or_else(EntryOf::none)?.into()))
}

impl From<AlertRow> for Alert {
    fn from(row: AlertRow) -> Self {
        let AlertRow { id, at, kind, details, confidence, seen_at, dismissed_at, created_at } = row;
        Self {
            id,
            at,
            found_later: is_found_later(&kind, at, created_at),
            kind,
            details,
            confidence,
            found_at: created_at,
            seen_at,
            dismissed_at,
        }
    }
}
