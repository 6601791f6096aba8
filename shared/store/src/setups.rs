//! What people told of their cars and of themselves without a date: columns of `cars` and `user_preferences`, tariffs, geofences,
//! and what they paid at the pump.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::fuel::{FuelPrice, FuelPrices};
use domain::reading::Milli;
use domain::setup::{Chemistry, Currency, Powertrain, Setup};
use serde::Deserialize;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::geofences::{self, Marked};
use crate::{StoreError, tariffs};

/// How often the setup of these vehicles was changed; a vehicle that has none never was. As long as it is the same, so is the
/// setup.
pub async fn versions(db: &mut PgConnection, vehicles: &[Uuid]) -> Result<HashMap<Uuid, i64>, StoreError> {
    let rows =
        sqlx::query!("SELECT vehicle_id, version FROM setup_versions WHERE vehicle_id = ANY ($1)", vehicles,)
            .fetch_all(db)
            .await?;
    Ok(rows.into_iter().map(|row| (row.vehicle_id, row.version)).collect())
}

/// The setups of these vehicles. Words that nobody knows count as not said.
pub async fn of(db: &mut PgConnection, vehicles: &[Uuid]) -> Result<HashMap<Uuid, Setup>, StoreError> {
    let mut tariffs = tariffs::for_vehicles(&mut *db, vehicles).await?;
    let mut marked = geofences::for_vehicles(&mut *db, vehicles).await?;
    let rows = sqlx::query!(
        r#"SELECT vehicle.id, car.make::text AS make, car.powertrain::text AS powertrain,
             round(car.tank_capacity_l * 1000)::bigint AS tank,
             round(car.battery_capacity_kwh * 1000)::bigint AS battery_gross,
             round(car.battery_usable_kwh * 1000)::bigint AS battery_usable,
             car.battery_chemistry AS chemistry, round(car.charger_efficiency * 1000)::bigint AS charger_efficiency,
             preferences.currency::text AS currency, preferences.time_zone::text AS zone,
             CASE WHEN preferences.fuel_price_per_litre < 1000000 THEN round(preferences.fuel_price_per_litre * 1000)::bigint END AS fuel_price,
             (SELECT json_agg(json_build_object('at', fill.filled_at::timestamptz, 'price', fill.price_per_litre::float8,
                'currency', fill.currency) ORDER BY fill.filled_at, fill.id)
              FROM (
                SELECT id, filled_at, price_per_litre, currency::text AS currency FROM fuel_entries AS entry
                WHERE entry.car_id = car.id AND entry.evidence_until IS NULL AND entry.price_per_litre > 0
                  AND entry.currency IS NOT NULL
                ORDER BY entry.filled_at DESC LIMIT $2
              ) AS fill)::text AS paid
           FROM unnest($1::uuid[]) AS asked (id)
           JOIN smartcar_vehicles AS vehicle ON vehicle.id = asked.id
           JOIN cars AS car ON car.id = vehicle.car_id
           LEFT JOIN LATERAL (
             SELECT currency, time_zone, fuel_price_per_litre FROM user_preferences WHERE user_id = car.user_id LIMIT 1
           ) AS preferences ON true"#,
        vehicles,
        MOST_PRICES,
    )
    .fetch_all(db)
    .await?;
    let mut setups = HashMap::new();
    for row in rows {
        let Marked { fences, told, purposes, watched } = marked.remove(&row.id).unwrap_or_default();
        let setup = Setup {
            powertrain: row.powertrain.as_deref().and_then(powertrain),
            make: row.make.map(|make| make.to_uppercase()),
            tank: positive(row.tank),
            battery_gross: positive(row.battery_gross),
            battery_usable: positive(row.battery_usable),
            chemistry: row.chemistry.as_deref().and_then(chemistry),
            charger_efficiency: row.charger_efficiency.and_then(|share| u16::try_from(share).ok()),
            zone: row.zone.and_then(|zone| zone.parse().ok()),
            tariffs: tariffs.remove(&row.id).unwrap_or_default(),
            fuel_price: positive(row.fuel_price),
            fuel_prices: FuelPrices { paid: row.paid.as_deref().map(paid).transpose()?.unwrap_or_default() },
            currency: row.currency.and_then(|currency| Currency::parse(&currency).ok()),
            fences,
            told,
            purposes,
            watched,
            mileage_only: false,
        };
        setups.insert(row.id, setup);
    }
    Ok(setups)
}

/// More receipts than a car sees in its life.
const MOST_PRICES: i64 = 5_000;

/// A receipt as the question gives it.
#[derive(Debug, Deserialize)]
struct Paid {
    at: DateTime<Utc>,
    price: f64,
    currency: String,
}

fn paid(json: &str) -> Result<Vec<FuelPrice>, StoreError> {
    let receipts: Vec<Paid> = serde_json::from_str(json)
        .map_err(|error| StoreError::corrupt("fuel_entries", "price_per_litre")(error.into()))?;
    let price = |one: Paid| {
        Some(FuelPrice {
            at: one.at,
            per_litre: Milli::from_f64(one.price).ok()?,
            currency: Currency::parse(&one.currency).ok()?,
        })
    };
    Ok(receipts.into_iter().filter_map(price).collect())
}

fn positive(number: Option<i64>) -> Option<Milli> {
    number.filter(|number| *number > 0).map(Milli)
}

/// Carvetka's pages and their older versions have several words for the same.
fn powertrain(word: &str) -> Option<Powertrain> {
    let word: String = word.to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect();
    match word.as_str() {
        "combustion" | "ice" | "petrol" | "gasoline" | "gas" | "diesel" | "lpg" | "cng" | "e85" => {
            Some(Powertrain::Combustion)
        }
        "hybrid" | "hev" | "mhev" | "mildhybrid" | "fullhybrid" => Some(Powertrain::Hybrid),
        "pluginhybrid" | "phev" | "plugin" => Some(Powertrain::PlugInHybrid),
        "electric" | "ev" | "bev" => Some(Powertrain::Electric),
        _ => None,
    }
}

fn chemistry(word: &str) -> Option<Chemistry> {
    match word.to_lowercase().as_str() {
        "lfp" => Some(Chemistry::Lfp),
        "nickel" | "nmc" | "nca" | "ncma" => Some(Chemistry::Nickel),
        _ => None,
    }
}
