//! The energy ledger: litres, kilowatt hours, kilometres and money over the same way. Of a plug-in hybrid both consumptions
//! are of all kilometres: which of them were driven with what, nobody knows.

use axum::extract::State;
use axum::response::Json;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use store::energy::{self, Ledger, Paid};
use utoipa::ToSchema;

use crate::App;
use crate::extract::{OwnCar, Params, Span};
use crate::problem::Answer;

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
    /// Percent of the tank at both ends.
    level_before: Option<f64>,
    level_after: Option<f64>,
    /// Out of the tank: what went in, and what the level fell.
    used_litres: Option<f64>,
    per_100_km: Option<f64>,
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
    /// Percent of the battery at both ends.
    level_before: Option<f64>,
    level_after: Option<f64>,
    /// Out of the battery: what went in, and what the level fell.
    used_kwh: Option<f64>,
    per_100_km: Option<f64>,
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

/// Why no consumption can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Missing {
    /// Below 50 km, or nobody knows how far.
    TooShort,
    /// Of a fill-up or a session nobody knows how much it was.
    AmountUnknown,
    /// Nobody knows the level at both ends.
    LevelUnknown,
    /// Nobody knows how much goes into the tank or the battery.
    SizeUnknown,
    /// Less than a tenth of the tank or the battery: gauges are not that exact.
    TooLittle,
}

const LONGEST: TimeDelta = TimeDelta::days(3_700);
const SHORTEST_KM: f64 = 50.0;
const SMALLEST_SHARE: f64 = 0.1;

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

/// What flowed in and out of a tank or a battery.
struct Store {
    put_in: f64,
    is_known: bool,
    before: Option<f64>,
    after: Option<f64>,
    size: Option<f64>,
}

impl Store {
    /// How much of it was used.
    fn used(&self) -> Result<f64, Missing> {
        if !self.is_known {
            return Err(Missing::AmountUnknown);
        }
        let (before, after) = self.before.zip(self.after).ok_or(Missing::LevelUnknown)?;
        let size = self.size.ok_or(Missing::SizeUnknown)?;
        Ok(thousandths(self.put_in + (before - after) / 100.0 * size))
    }

    fn per_100_km(&self, km: Option<f64>) -> Result<f64, Missing> {
        let km = km.filter(|km| *km >= SHORTEST_KM).ok_or(Missing::TooShort)?;
        let used = self.used()?;
        if self.size.is_some_and(|size| used < size * SMALLEST_SHARE) {
            return Err(Missing::TooLittle);
        }
        Ok(thousandths(used / km * 100.0))
    }

    /// Whether the car has one at all, by what it says and gets.
    fn is_there(&self) -> bool {
        !self.is_known || self.put_in > 0.0 || self.before.is_some() || self.after.is_some()
    }
}

impl EnergyLedger {
    fn of(ledger: &Ledger, paid: Vec<Paid>) -> Self {
        let tank = Store {
            put_in: ledger.litres,
            is_known: ledger.fills_without_litres == 0,
            before: ledger.fuel_level_before,
            after: ledger.fuel_level_after,
            size: ledger.tank,
        };
        let battery = Store {
            put_in: ledger.kwh,
            is_known: ledger.sessions_without_kwh == 0,
            before: ledger.charge_before,
            after: ledger.charge_after,
            size: ledger.usable_kwh,
        };
        let km = ledger.km;
        let fuel = Fuel {
            litres: ledger.litres,
            fills_without_litres: ledger.fills_without_litres,
            level_before: tank.before,
            level_after: tank.after,
            used_litres: tank.used().ok(),
            per_100_km: tank.per_100_km(km).ok(),
            missing: tank.per_100_km(km).err(),
        };
        let electricity = Electricity {
            kwh: ledger.kwh,
            grid_kwh: ledger.grid_kwh,
            sessions_without_kwh: ledger.sessions_without_kwh,
            level_before: battery.before,
            level_after: battery.after,
            used_kwh: battery.used().ok(),
            per_100_km: battery.per_100_km(km).ok(),
            missing: battery.per_100_km(km).err(),
        };
        let paid = paid.into_iter().map(|Paid { currency, fuel, charging }| {
            let per_100_km =
                km.filter(|km| *km >= SHORTEST_KM).map(|km| thousandths((fuel + charging) / km * 100.0));
            PaidIn { currency, fuel, charging, per_100_km }
        });
        Self {
            from: ledger.from,
            to: ledger.to,
            km,
            fuel: tank.is_there().then_some(fuel),
            electricity: battery.is_there().then_some(electricity),
            paid: paid.collect(),
            without_cost: ledger.fills_without_cost + ledger.sessions_without_cost,
        }
    }
}

/// Digits beyond these are no measurement, only the noise of a division.
fn thousandths(number: f64) -> f64 {
    (number * 1_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tank() -> Store {
        Store { put_in: 40.0, is_known: true, before: Some(50.0), after: Some(60.0), size: Some(50.0) }
    }

    #[test]
    fn what_stays_in_the_tank_was_not_used() {
        assert_eq!(tank().used(), Ok(35.0));
        assert_eq!(tank().per_100_km(Some(500.0)), Ok(7.0));
    }

    #[test]
    fn what_is_not_known_is_said_and_never_zero() {
        assert_eq!(tank().per_100_km(Some(49.9)), Err(Missing::TooShort));
        assert_eq!(tank().per_100_km(None), Err(Missing::TooShort));
        let cases = [
            (Store { is_known: false, ..tank() }, Missing::AmountUnknown),
            (Store { after: None, ..tank() }, Missing::LevelUnknown),
            (Store { size: None, ..tank() }, Missing::SizeUnknown),
            (Store { put_in: 0.0, after: Some(49.0), ..tank() }, Missing::TooLittle),
        ];
        for (store, missing) in cases {
            assert_eq!(store.per_100_km(Some(500.0)), Err(missing));
        }
    }
}
