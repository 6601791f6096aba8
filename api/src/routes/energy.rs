//! The energy ledger: litres, kilowatt hours, kilometres and money over the same way. Of a plug-in hybrid both consumptions
//! are of all kilometres: which of them were driven with what, nobody knows.

mod vessel;

use axum::extract::State;
use axum::response::Json;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use store::energy::{self, Ledger, Paid};
use utoipa::ToSchema;

use crate::App;
use crate::extract::{OwnCar, Params, Span};
use crate::problem::Answer;
use crate::value::thousandths;
use vessel::{Figure, Gauge, Missing, Size, Vessel, far_enough};

/// What went in and how far the car came, between the first and the last entry of the mileage book in a span.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnergyLedger {
    /// The mileage entries between which it is reckoned; `null` without two of them.
    from: Option<DateTime<Utc>>,
    to: Option<DateTime<Utc>>,
    km: Option<f64>,
    /// `null` where the car shows no sign of having a tank.
    fuel: Option<Fuel>,
    /// `null` where the car shows no sign of being charged.
    electricity: Option<Electricity>,
    /// Each currency for itself.
    paid: Vec<PaidIn>,
    /// So many fill-ups and charging sessions have no price, or not for all: what was paid is more.
    without_cost: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Fuel {
    /// Into the tank.
    litres: f64,
    /// Of so many fill-ups nobody knows the litres.
    fills_without_litres: i64,
    /// Of so many fill-ups nobody knows how far their litres may be off: then nothing says between what consumption lies.
    fills_without_range: i64,
    /// Percent of the tank at both ends.
    level_before: Option<f64>,
    level_after: Option<f64>,
    /// Out of the tank: what went in, and what the level fell. Between the other two it lies.
    used_litres: Option<f64>,
    used_litres_low: Option<f64>,
    used_litres_high: Option<f64>,
    per_100_km: Option<f64>,
    per_100_km_low: Option<f64>,
    per_100_km_high: Option<f64>,
    /// Why there is no consumption.
    missing: Option<Missing>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Electricity {
    /// Into the battery.
    kwh: f64,
    /// Out of the grid, as far as it is known; else what reached the battery.
    grid_kwh: f64,
    /// Of so many sessions nobody knows the energy.
    sessions_without_kwh: i64,
    /// Of so many sessions nobody knows how far their energy may be off: then nothing says between what consumption lies.
    sessions_without_range: i64,
    /// Percent of the battery at both ends.
    level_before: Option<f64>,
    level_after: Option<f64>,
    /// Out of the battery: what went in, and what the level fell. Between the other two it lies.
    used_kwh: Option<f64>,
    used_kwh_low: Option<f64>,
    used_kwh_high: Option<f64>,
    per_100_km: Option<f64>,
    per_100_km_low: Option<f64>,
    per_100_km_high: Option<f64>,
    /// Why there is no consumption.
    missing: Option<Missing>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PaidIn {
    currency: String,
    fuel: f64,
    charging: f64,
    per_100_km: Option<f64>,
}

const LONGEST: TimeDelta = TimeDelta::days(3_700);

/// Litres, kilowatt hours, kilometres and money over the same way.
#[utoipa::path(get, path = "/api/cars/{carId}/energy", tag = "cars", operation_id = "getEnergy",
    security(("person" = [])), params(("carId" = Uuid, Path), Span),
    responses((status = 200, description = "The ledger", body = EnergyLedger)))]
pub async fn find(
    State(app): State<App>,
    car: OwnCar,
    Params(span): Params<Span>,
) -> Answer<Json<EnergyLedger>> {
    let (from, to) = span.within(LONGEST)?;
    let mut db = app.pool.acquire().await?;
    let ledger = energy::ledger(&mut db, car.id, from, to).await?;
    let paid = match (ledger.from, ledger.to) {
        (Some(from), Some(to)) => energy::paid(&mut db, car.id, from, to).await?,
        (_, _) => Vec::new(),
    };
    Ok(Json(EnergyLedger::of(&ledger, paid)))
}

impl EnergyLedger {
    fn of(ledger: &Ledger, paid: Vec<Paid>) -> Self {
        let km = ledger.km;
        let paid = paid.into_iter().map(|Paid { currency, fuel, charging }| {
            let per_100_km = far_enough(km).map(|km| thousandths((fuel + charging) / km * 100.0));
            PaidIn { currency, fuel, charging, per_100_km }
        });
        Self {
            from: ledger.from,
            to: ledger.to,
            km,
            fuel: Fuel::of(ledger),
            electricity: Electricity::of(ledger),
            paid: paid.collect(),
            without_cost: ledger.fills_without_cost + ledger.sessions_without_cost,
        }
    }
}

impl Fuel {
    fn of(ledger: &Ledger) -> Option<Self> {
        let tank = Vessel {
            put_in: ledger.litres,
            is_known: ledger.fills_without_litres == 0,
            put_in_off: (ledger.fills_without_range == 0).then_some(ledger.litres_plus_minus),
            before: ledger.fuel_level_before,
            after: ledger.fuel_level_after,
            // How far a tank differs from its brochure is the gauge's share.
            size: ledger.tank.map(|full| Size { full, off: 0.0 }),
            gauge: Gauge::OF_TANKS,
        };
        let (used, consumption) = (tank.used().ok(), tank.per_100_km(ledger.km));
        let told = consumption.ok();
        tank.is_there().then(|| Self {
            litres: ledger.litres,
            fills_without_litres: ledger.fills_without_litres,
            fills_without_range: ledger.fills_without_range,
            level_before: tank.before,
            level_after: tank.after,
            used_litres: used.map(|used| used.value),
            used_litres_low: used.and_then(Figure::low),
            used_litres_high: used.and_then(Figure::high),
            per_100_km: told.map(|told| told.value),
            per_100_km_low: told.and_then(Figure::low),
            per_100_km_high: told.and_then(Figure::high),
            missing: consumption.err(),
        })
    }
}

impl Electricity {
    fn of(ledger: &Ledger) -> Option<Self> {
        let size = ledger.usable_kwh.zip(ledger.usable_plus_minus_kwh);
        let battery = Vessel {
            put_in: ledger.kwh,
            is_known: ledger.sessions_without_kwh == 0,
            put_in_off: (ledger.sessions_without_range == 0).then_some(ledger.kwh_plus_minus),
            before: ledger.charge_before,
            after: ledger.charge_after,
            size: size.map(|(full, off)| Size { full, off }),
            gauge: Gauge::OF_BATTERIES,
        };
        let (used, consumption) = (battery.used().ok(), battery.per_100_km(ledger.km));
        let told = consumption.ok();
        battery.is_there().then(|| Self {
            kwh: ledger.kwh,
            grid_kwh: ledger.grid_kwh,
            sessions_without_kwh: ledger.sessions_without_kwh,
            sessions_without_range: ledger.sessions_without_range,
            level_before: battery.before,
            level_after: battery.after,
            used_kwh: used.map(|used| used.value),
            used_kwh_low: used.and_then(Figure::low),
            used_kwh_high: used.and_then(Figure::high),
            per_100_km: told.map(|told| told.value),
            per_100_km_low: told.and_then(Figure::low),
            per_100_km_high: told.and_then(Figure::high),
            missing: consumption.err(),
        })
    }
}
