//! The stays at the plug: found by the machine, corrected by people.

pub mod said;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use chrono::{DateTime, Utc};
use runtime::clock;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::PgConnection;
use store::StoreError;
use store::charging_book::{self, SessionChange, SessionRow};
use store::corrections::CorrectedBook;
use store::hand_entries::Edit;
use utoipa::ToSchema;
use uuid::Uuid;

use super::books::{Page, Progress};
use super::corrections::{self, BookEntry};
use crate::App;
use crate::extract::{Body, EntryOf, OwnCar, Params, PlaceAmongAll};
use crate::measured::{KilowattHours, Percent};
use crate::problem::{Answer, Code, Problem};
use crate::value::{self, Currency, Kilometres, Moment, Notes, Price};

/// A stay at the plug, from plug to unplug.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChargingSession {
    id: Uuid,
    /// It began after the first of these moments and not after the second; the same where that is known exactly.
    started_after: DateTime<Utc>,
    started_at: DateTime<Utc>,
    /// Likewise the end; both `null` as long as nothing says that it ended.
    ended_after: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    progress: Progress,
    /// Percent.
    start_soc: Option<f64>,
    end_soc: Option<f64>,
    /// What reached the battery, and how far that may be off.
    energy_kwh: Option<f64>,
    energy_plus_minus_kwh: Option<f64>,
    /// `counter`, `power`, `level` or `meter`.
    energy_source: Option<String>,
    /// What came from the grid, and how far that may be off.
    grid_kwh: Option<f64>,
    grid_plus_minus_kwh: Option<f64>,
    /// `AC` or `DC`.
    current_type: Option<String>,
    peak_kw: Option<f64>,
    odometer_km: Option<f64>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    /// The private place in which it was; there is no position then.
    private_zone: Option<String>,
    /// The geofence in which it was.
    place_id: Option<Uuid>,
    /// When current flowed, oldest first.
    segments: Vec<Segment>,
    /// Nobody saw the charging itself: it follows from two levels.
    inferred: bool,
    /// What it cost, and between what that lies. `null`: no price is known. 0: free.
    cost: Option<f64>,
    cost_low: Option<f64>,
    cost_high: Option<f64>,
    currency: Option<String>,
    /// The share of the energy that has a price: below 1 the cost is that of a part.
    cost_share: Option<f64>,
    /// How it adds up.
    cost_parts: Option<Value>,
    /// The expense in which it stands.
    expense_id: Option<Uuid>,
    /// `candidate` (a question: counted nowhere), `recorded`, `hidden` (too small to be shown) or `confirmed` (a person's).
    state: String,
    confidence: Option<f64>,
    /// Who wrote it: `manual`, `smartcar_sync`, `import`.
    source: String,
    notes: Option<String>,
    /// The newest reading that it rests on; `null` on what is a person's.
    as_of: Option<DateTime<Utc>>,
}

/// Current that flowed.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Segment {
    started_after: DateTime<Utc>,
    started_at: DateTime<Utc>,
    ended_after: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    /// Percent.
    start_soc: Option<f64>,
    end_soc: Option<f64>,
    kwh: Option<f64>,
}

/// What is to be different. What is absent stays; `null` takes away: without the person's cost, tariffs say again what it is.
/// Who changes more than cost and notes makes the session their own: the machine leaves it alone from then on.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChargingSessionPatch {
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    started_at: Option<Moment>,
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    ended_at: Option<Moment>,
    #[serde(default, deserialize_with = "value::edit")]
    #[schema(value_type = Option<Percent>)]
    start_soc: Edit<Percent>,
    #[serde(default, deserialize_with = "value::edit")]
    #[schema(value_type = Option<Percent>)]
    end_soc: Edit<Percent>,
    #[serde(default, deserialize_with = "value::edit")]
    #[schema(value_type = Option<KilowattHours>)]
    energy_kwh: Edit<KilowattHours>,
    #[serde(default, deserialize_with = "value::edit")]
    #[schema(value_type = Option<KilowattHours>)]
    grid_kwh: Edit<KilowattHours>,
    #[serde(default, deserialize_with = "value::edit")]
    #[schema(value_type = Option<Kilometres>)]
    odometer_km: Edit<Kilometres>,
    #[serde(default, deserialize_with = "value::edit")]
    #[schema(value_type = Option<Price>)]
    cost: Edit<Price>,
    /// Of the cost; absent: the currency that stands there.
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    currency: Option<Currency>,
    #[serde(default, deserialize_with = "value::edit")]
    #[schema(value_type = Option<Notes>)]
    notes: Edit<Notes>,
}

/// The charging sessions of a car, newest first.
#[utoipa::path(get, path = "/api/cars/{carId}/charging-sessions", tag = "cars", operation_id = "listChargingSessions",
    security(("person" = [])), params(("carId" = Uuid, Path), PlaceAmongAll),
    responses((status = 200, description = "A page of the book", body = Page<ChargingSession>)))]
pub async fn list(
    State(app): State<App>,
    car: OwnCar,
    Params(among): Params<PlaceAmongAll>,
) -> Answer<Json<Page<ChargingSession>>> {
    let (place, now) = (among.place(), clock::now());
    let mut db = app.pool.acquire().await?;
    let mut rows = charging_book::page(&mut db, car.id, among.hidden, place.behind(), place.rows()).await?;
    let next = place.cut(&mut rows, |row| (row.started_at, row.id));
    Ok(Json(Page { items: rows.into_iter().map(|row| ChargingSession::of(row, now)).collect(), next }))
}

/// One charging session.
#[utoipa::path(get, path = "/api/cars/{carId}/charging-sessions/{entryId}", tag = "cars",
    operation_id = "getChargingSession", security(("person" = [])),
    params(("carId" = Uuid, Path), ("entryId" = Uuid, Path)),
    responses((status = 200, description = "The session", body = ChargingSession)))]
pub async fn find(State(app): State<App>, entry: EntryOf) -> Answer<Json<ChargingSession>> {
    corrections::found(&app, entry).await
}

/// Corrects a charging session, whoever wrote it.
#[utoipa::path(patch, path = "/api/cars/{carId}/charging-sessions/{entryId}", tag = "cars",
    operation_id = "changeChargingSession", security(("person" = [])),
    params(("carId" = Uuid, Path), ("entryId" = Uuid, Path)), request_body = ChargingSessionPatch,
    responses(
        (status = 200, description = "The session as it is now", body = ChargingSession),
        (status = 409, description = "It goes on: only cost and notes can be changed now"),
    ))]
pub async fn change(
    State(app): State<App>,
    entry: EntryOf,
    Body(patch): Body<ChargingSessionPatch>,
) -> Answer<Json<ChargingSession>> {
    let mut db = app.pool.acquire().await?;
    let row = charging_book::find(&mut db, entry.car.id, entry.id).await?.ok_or_else(EntryOf::none)?;
    let change = patch.over(&row)?;
    charging_book::change(&mut db, entry.car.id, entry.id, &change).await.map_err(corrections::refuse)?;
    drop(db);
    corrections::refold(&app, entry.car.id).await?;
    corrections::found(&app, entry).await
}

/// Deletes a charging session, whoever wrote it. The machine does not write it again.
#[utoipa::path(delete, path = "/api/cars/{carId}/charging-sessions/{entryId}", tag = "cars",
    operation_id = "deleteChargingSession", security(("person" = [])),
    params(("carId" = Uuid, Path), ("entryId" = Uuid, Path)),
    responses((status = 204, description = "Deleted")))]
pub async fn delete(State(app): State<App>, entry: EntryOf) -> Answer<StatusCode> {
    corrections::reject(&app, CorrectedBook::ChargingSessions, entry).await
}

impl BookEntry for ChargingSession {
    const BOOK: CorrectedBook = CorrectedBook::ChargingSessions;

    async fn find(
        db: &mut PgConnection,
        car: Uuid,
        id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, StoreError> {
        Ok(charging_book::find(db, car, id).await?.map(|row| Self::of(row, now)))
    }
}

impl ChargingSessionPatch {
    /// What is to be written over this row.
    fn over(self, row: &SessionRow) -> Answer<SessionChange> {
        let cost = self.cost(row)?;
        let change = SessionChange {
            started_at: self.started_at.map(|Moment(at)| at),
            ended_at: self.ended_at.map(|Moment(at)| at),
            start_soc: self.start_soc.map(|Percent(percent)| percent),
            end_soc: self.end_soc.map(|Percent(percent)| percent),
            energy_kwh: self.energy_kwh.map(|KilowattHours(kwh)| kwh),
            grid_kwh: self.grid_kwh.map(|KilowattHours(kwh)| kwh),
            odometer_km: self.odometer_km.map(|Kilometres(km)| km),
            cost,
            notes: self.notes.map(|Notes(notes)| notes),
        };
        let is_price = SessionChange {
            cost: change.cost.clone(),
            notes: change.notes.clone(),
            ..SessionChange::default()
        };
        if row.ended_at.is_none() && row.evidence_until.is_some() && change != is_price {
            return Err(corrections::goes_on());
        }
        let from = change.started_at.unwrap_or(row.started_at);
        if change.ended_at.or(row.ended_at).is_some_and(|to| to < from) {
            return Err(
                Problem::new(Code::InvalidField, "It cannot end before it began.").at_field("endedAt")
            );
        }
        Ok(change)
    }

    /// An amount without a currency is none.
    fn cost(&self, row: &SessionRow) -> Answer<Edit<(f64, String)>> {
        let amount = match &self.cost {
            Edit::Keep if self.currency.is_none() => return Ok(Edit::Keep),
            Edit::Empty => return Ok(Edit::Empty),
            Edit::Keep => row.cost,
            Edit::Set(Price(amount)) => Some(*amount),
        };
        let amount = amount.ok_or_else(|| {
            Problem::new(Code::InvalidField, "Say what it cost in this currency.").at_field("cost")
        })?;
        let currency = self.currency.as_ref().map(|Currency(currency)| currency.clone());
        let currency = currency.or_else(|| row.currency.clone()).ok_or_else(|| {
            let detail = "Say in which currency the cost is: `\"currency\": \"EUR\"`.";
            Problem::new(Code::InvalidField, detail).at_field("currency")
        })?;
        Ok(Edit::Set((amount, currency)))
    }
}

impl ChargingSession {
    fn of(row: SessionRow, now: DateTime<Utc>) -> Self {
        Self {
            id: row.id,
            progress: Progress::of(row.ended_at, row.evidence_until, row.started_at, now),
            started_after: row.started_after,
            started_at: row.started_at,
            ended_after: row.ended_after,
            ended_at: row.ended_at,
            start_soc: row.start_soc,
            end_soc: row.end_soc,
            energy_kwh: row.energy_kwh,
            energy_plus_minus_kwh: row.energy_plus_minus_kwh,
            energy_source: row.energy_source,
            grid_kwh: row.grid_kwh,
            grid_plus_minus_kwh: row.grid_plus_minus_kwh,
            current_type: row.current_type,
            peak_kw: row.peak_kw,
            odometer_km: row.odometer_km,
            latitude: row.latitude,
            longitude: row.longitude,
            private_zone: row.private_zone,
            place_id: row.place_id,
            // What another program wrote there is not told.
            segments: serde_json::from_value(row.segments).unwrap_or_default(),
            inferred: row.inferred,
            cost: row.cost,
            cost_low: row.cost_low,
            cost_high: row.cost_high,
            currency: row.currency,
            cost_share: row.cost_share,
            cost_parts: row.cost_parts,
            expense_id: row.expense_id,
            state: row.state,
            confidence: row.confidence,
            source: row.source,
            notes: row.notes,
            as_of: row.evidence_until,
        }
    }
}
