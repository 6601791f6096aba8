//! The fuel book: receipts that people type in, what the machine found, and corrections of both.

pub mod said;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Json, Response};
use chrono::{DateTime, Utc};
use runtime::clock;
use serde::{Deserialize, Serialize};
use sqlx::{Connection, PgConnection};
use store::StoreError;
use store::corrections::CorrectedBook;
use store::fuel_entries::{self, FuelEntryRow, FuelFinding, FuelReceipt};
use store::hand_entries::Edit;
use utoipa::ToSchema;
use uuid::Uuid;

use super::books::{Page, created};
use super::corrections::{self, BookEntry};
use crate::App;
use crate::extract::{Body, EntryOf, OwnCar, Params, PlaceAmongAll};
use crate::problem::{Answer, Code, Problem};
use crate::value::{self, Currency, Kilometres, Litres, Moment, Notes, Price, thousandths};

/// A fill-up.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FuelEntry {
    id: Uuid,
    filled_at: DateTime<Utc>,
    litres: Option<f64>,
    odometer_km: Option<f64>,
    full_tank: Option<bool>,
    /// A fill-up before this one is not in the book, so no economy follows from it.
    missed_previous: Option<bool>,
    price_per_litre: Option<f64>,
    total_cost: Option<f64>,
    /// Of both amounts.
    currency: Option<String>,
    cost_is_estimate: bool,
    economy_l_per_100km: Option<f64>,
    /// Who wrote it: `manual`, `smartcar_sync`, `import`.
    source: String,
    notes: Option<String>,
    finding: Finding,
}

/// What the machine found; on what is a person's, as it was found then, or empty.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Finding {
    /// It was filled after this moment and not after `filledAt`.
    filled_after: Option<DateTime<Utc>>,
    /// Percent of the tank.
    level_before: Option<f64>,
    level_after: Option<f64>,
    /// Between these the litres lie.
    litres_low: Option<f64>,
    litres_high: Option<f64>,
    /// As at the pump: from one full tank to the next.
    economy_at_pump_l_per_100km: Option<f64>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    /// The private place in which it was; there is no position then.
    private_zone: Option<String>,
    /// The geofence in which it was.
    place_id: Option<Uuid>,
    /// `candidate` (a question: counted nowhere), `recorded`, `hidden` (too small to be shown) or `confirmed` (a person's).
    state: Option<String>,
    confidence: Option<f64>,
    /// The newest reading that it rests on; `null` on what is a person's.
    as_of: Option<DateTime<Utc>>,
}

/// What stands on a receipt. Amounts need a currency.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FuelEntryInput {
    filled_at: Moment,
    litres: Litres,
    odometer_km: Option<Kilometres>,
    full_tank: bool,
    #[serde(default)]
    missed_previous: bool,
    price_per_litre: Option<Price>,
    total_cost: Option<Price>,
    currency: Option<Currency>,
    notes: Option<Notes>,
}

/// What is to be different. What is absent stays; `null` takes away.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FuelEntryPatch {
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    filled_at: Option<Moment>,
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    litres: Option<Litres>,
    #[serde(default, deserialize_with = "value::edit")]
    #[schema(value_type = Option<Kilometres>)]
    odometer_km: Edit<Kilometres>,
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    full_tank: Option<bool>,
    #[serde(default, deserialize_with = "value::not_null")]
    #[schema(nullable = false)]
    missed_previous: Option<bool>,
    #[serde(default, deserialize_with = "value::edit")]
    #[schema(value_type = Option<Price>)]
    price_per_litre: Edit<Price>,
    #[serde(default, deserialize_with = "value::edit")]
    #[schema(value_type = Option<Price>)]
    total_cost: Edit<Price>,
    #[serde(default, deserialize_with = "value::edit")]
    #[schema(value_type = Option<Currency>)]
    currency: Edit<Currency>,
    #[serde(default, deserialize_with = "value::edit")]
    #[schema(value_type = Option<Notes>)]
    notes: Edit<Notes>,
}

/// The fuel book of a car, newest first.
#[utoipa::path(get, path = "/api/cars/{carId}/fuel-entries", tag = "cars", operation_id = "listFuelEntries",
    security(("person" = [])), params(("carId" = Uuid, Path), PlaceAmongAll),
    responses((status = 200, description = "A page of the book", body = Page<FuelEntry>)))]
pub async fn list(
    State(app): State<App>,
    car: OwnCar,
    Params(among): Params<PlaceAmongAll>,
) -> Answer<Json<Page<FuelEntry>>> {
    let place = among.place();
    let mut db = app.pool.acquire().await?;
    let mut rows = fuel_entries::page(&mut db, car.id, among.hidden, place.behind(), place.rows()).await?;
    let next = place.cut(&mut rows, |row| (row.at, row.id));
    Ok(Json(Page { items: rows.into_iter().map(FuelEntry::from).collect(), next }))
}

/// Writes what stands on a receipt.
#[utoipa::path(post, path = "/api/cars/{carId}/fuel-entries", tag = "cars", operation_id = "addFuelEntry",
    security(("person" = [])), params(("carId" = Uuid, Path)), request_body = FuelEntryInput,
    responses((status = 201, description = "Written", body = FuelEntry)))]
pub async fn add(State(app): State<App>, car: OwnCar, Body(input): Body<FuelEntryInput>) -> Answer<Response> {
    let at = input.filled_at.0;
    let receipt = input.into_receipt();
    check(&receipt)?;
    let mut db = app.pool.acquire().await?;
    let id = fuel_entries::add(&mut db, car.id, at, &receipt, clock::now()).await?;
    drop(db);
    corrections::refold(&app, car.id).await?;
    let Json(written) = corrections::found::<FuelEntry>(&app, EntryOf { car, id }).await?;
    Ok(created(&format!("/api/cars/{}/fuel-entries", car.id), id, &written))
}

/// Corrects a fill-up.
#[utoipa::path(patch, path = "/api/cars/{carId}/fuel-entries/{entryId}", tag = "cars",
    operation_id = "changeFuelEntry", security(("person" = [])),
    params(("carId" = Uuid, Path), ("entryId" = Uuid, Path)), request_body = FuelEntryPatch,
    responses((status = 200, description = "The fill-up as it is now", body = FuelEntry)))]
pub async fn change(
    State(app): State<App>,
    entry: EntryOf,
    Body(patch): Body<FuelEntryPatch>,
) -> Answer<Json<FuelEntry>> {
    let mut db = app.pool.acquire().await?;
    let mut tx = db.begin().await?;
    let before = fuel_entries::find_for_change(&mut tx, entry.car.id, entry.id).await?;
    let before = before.ok_or_else(EntryOf::none)?;
    let (at, receipt) = patch.apply(before.at, before.receipt);
    check(&receipt)?;
    fuel_entries::replace(&mut tx, entry.car.id, entry.id, at, &receipt).await?;
    tx.commit().await?;
    drop(db);
    corrections::refold(&app, entry.car.id).await?;
    corrections::found(&app, entry).await
}

/// One fill-up.
#[utoipa::path(get, path = "/api/cars/{carId}/fuel-entries/{entryId}", tag = "cars", operation_id = "getFuelEntry",
    security(("person" = [])), params(("carId" = Uuid, Path), ("entryId" = Uuid, Path)),
    responses((status = 200, description = "The fill-up", body = FuelEntry)))]
pub async fn find(State(app): State<App>, entry: EntryOf) -> Answer<Json<FuelEntry>> {
    corrections::found(&app, entry).await
}

/// Deletes a fill-up, whoever wrote it. The machine does not write it again.
#[utoipa::path(delete, path = "/api/cars/{carId}/fuel-entries/{entryId}", tag = "cars",
    operation_id = "deleteFuelEntry", security(("person" = [])),
    params(("carId" = Uuid, Path), ("entryId" = Uuid, Path)),
    responses((status = 204, description = "Deleted")))]
pub async fn delete(State(app): State<App>, entry: EntryOf) -> Answer<StatusCode> {
    corrections::reject(&app, CorrectedBook::FuelEntries, entry).await
}

impl BookEntry for FuelEntry {
    const BOOK: CorrectedBook = CorrectedBook::FuelEntries;

    async fn find(
        db: &mut PgConnection,
        car: Uuid,
        id: Uuid,
        _: DateTime<Utc>,
    ) -> Result<Option<Self>, StoreError> {
        Ok(fuel_entries::find(db, car, id).await?.map(Self::from))
    }
}

/// An amount without a currency is none.
fn check(receipt: &FuelReceipt) -> Answer<()> {
    let has_amount = receipt.price_per_litre.is_some() || receipt.total_cost.is_some();
    if has_amount && receipt.currency.is_none() {
        let detail = "Say in which currency the price is: `\"currency\": \"EUR\"`.";
        return Err(Problem::new(Code::InvalidField, detail).at_field("currency"));
    }
    Ok(())
}

impl FuelEntryInput {
    fn into_receipt(self) -> FuelReceipt {
        FuelReceipt {
            litres: Some(self.litres.0),
            odometer_km: self.odometer_km.map(|Kilometres(km)| km),
            full_tank: Some(self.full_tank),
            missed_previous: Some(self.missed_previous),
            price_per_litre: self.price_per_litre.map(|Price(price)| price),
            total_cost: self.total_cost.map(|Price(cost)| cost),
            currency: self.currency.map(|Currency(currency)| currency),
            notes: self.notes.map(|Notes(notes)| notes),
        }
    }
}

impl FuelEntryPatch {
    fn apply(self, at: DateTime<Utc>, old: FuelReceipt) -> (DateTime<Utc>, FuelReceipt) {
        let receipt = FuelReceipt {
            litres: self.litres.map(|Litres(litres)| litres).or(old.litres),
            odometer_km: self.odometer_km.map(|Kilometres(km)| km).over(old.odometer_km),
            full_tank: self.full_tank.or(old.full_tank),
            missed_previous: self.missed_previous.or(old.missed_previous),
            price_per_litre: self.price_per_litre.map(|Price(price)| price).over(old.price_per_litre),
            total_cost: self.total_cost.map(|Price(cost)| cost).over(old.total_cost),
            currency: self.currency.map(|Currency(currency)| currency).over(old.currency),
            notes: self.notes.map(|Notes(notes)| notes).over(old.notes),
        };
        (self.filled_at.map_or(at, |Moment(at)| at), receipt)
    }
}

impl From<FuelEntryRow> for FuelEntry {
    fn from(row: FuelEntryRow) -> Self {
        let FuelEntryRow { id, at, source, economy_l_per_100km, cost_is_estimate, receipt, finding } = row;
        let finding = Finding::of(finding, receipt.litres);
        let FuelReceipt {
            litres,
            odometer_km,
            full_tank,
            missed_previous,
            price_per_litre,
            total_cost,
            currency,
            notes,
        } = receipt;
        Self {
            id,
            filled_at: at,
            litres,
            odometer_km,
            full_tank,
            missed_previous,
            price_per_litre,
            total_cost,
            currency,
            cost_is_estimate,
            economy_l_per_100km,
            source,
            notes,
            finding,
        }
    }
}

impl Finding {
    fn of(row: FuelFinding, litres: Option<f64>) -> Self {
        let FuelFinding {
            filled_after,
            level_before,
            level_after,
            litres_plus_minus,
            economy_at_pump_l_per_100km,
            latitude,
            longitude,
            private_zone,
            place_id,
            state,
            confidence,
            evidence_until,
        } = row;
        // What a person says is exact.
        let range = litres.zip(litres_plus_minus).filter(|_| evidence_until.is_some());
        Self {
            filled_after,
            level_before,
            level_after,
            litres_low: range.map(|(litres, off)| thousandths((litres - off).max(0.0))),
            litres_high: range.map(|(litres, off)| thousandths(litres + off)),
            economy_at_pump_l_per_100km,
            latitude,
            longitude,
            private_zone,
            place_id,
            state,
            confidence,
            as_of: evidence_until,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_the_litres_have_no_more_digits_than_the_litres() {
        let found = |off| FuelFinding {
            litres_plus_minus: Some(off),
            evidence_until: Some(DateTime::UNIX_EPOCH),
            ..FuelFinding::default()
        };
        let ends = |off| {
            let Finding { litres_low, litres_high, .. } = Finding::of(found(off), Some(52.9));
            (litres_low, litres_high)
        };
        assert_eq!(ends(22.571), (Some(30.329), Some(75.471)));
        assert_eq!(ends(60.0), (Some(0.0), Some(112.9)));
    }
}
