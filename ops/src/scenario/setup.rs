//! What a case says of its car and its people, as the rules want to know it.

use anyhow::{Context, bail};
use domain::distance::Distance;
use domain::fact::{Fact, RowId};
use domain::fences::{Fence, Shape};
use domain::reading::{Milli, Position};
use domain::setup::{Chemistry, Powertrain, Setup};
use domain::tariff::Tariff;
use domain::trips::Watch;

use super::file::{Config, Geofence, Said, Scenario, Statement, Vehicle};

/// Metres round a place where a case does not say how many.
const USUAL_RADIUS_M: f64 = 150.0;
/// The rows of people in a case are numbered from here, so that they are not those of its fences.
const FIRST_FACT: u128 = 1_000;

const ALWAYS: Watch = Watch { from: chrono::DateTime::UNIX_EPOCH, until: None };

impl Scenario {
    /// # Errors
    ///
    /// If the case says something that no car or place can be.
    pub fn setup(&self) -> anyhow::Result<Setup> {
        let Vehicle { powertrain, make, battery_capacity_kwh, battery_gross_kwh, chemistry, fuel_tank_l } =
            &self.vehicle;
        let fences = (0..).zip(&self.config.geofences).map(|(number, fence)| fence_of(number, fence));
        Ok(Setup {
            powertrain: powertrain.as_deref().map(self::powertrain).transpose()?.flatten(),
            make: make.as_ref().map(|make| make.to_uppercase()),
            tank: milli(*fuel_tank_l)?,
            battery_gross: milli(*battery_gross_kwh)?,
            battery_usable: milli(*battery_capacity_kwh)?,
            chemistry: chemistry.as_deref().map(self::chemistry).transpose()?,
            charger_efficiency: self.config.charger_efficiency.map(thousandths).transpose()?,
            fences: fences.collect::<anyhow::Result<_>>()?,
            watched: self.config.watched.then_some(ALWAYS).into_iter().collect(),
            zone: self.config.zone,
            tariffs: self.tariffs()?,
            ..Setup::default()
        })
    }

    /// Of its places, then the one that counts elsewhere.
    fn tariffs(&self) -> anyhow::Result<Vec<Tariff>> {
        let Config { geofences, tariff, zone, .. } = &self.config;
        let of_places = (0..).zip(geofences).filter_map(|(number, fence)| {
            let price = fence.tariff.as_ref()?;
            Some(price.tariff(number, vec![RowId(number)], *zone))
        });
        let elsewhere = tariff.iter().map(|price| price.tariff(FIRST_FACT - 1, Vec::new(), *zone));
        of_places.chain(elsewhere).collect()
    }

    /// What people said, as the fold takes it in.
    ///
    /// # Errors
    ///
    /// If a number is none that can be.
    pub fn facts(&self) -> anyhow::Result<Vec<Fact>> {
        (FIRST_FACT..).zip(&self.facts).map(|(row, said)| fact(RowId(row), said)).collect()
    }
}

fn fact(row: RowId, said: &Said) -> anyhow::Result<Fact> {
    let at = said.t;
    Ok(match said.what {
        Statement::MeterEntry { odometer_km } => {
            Fact::MeterEntry { at, odometer: distance(odometer_km)?, row }
        }
        Statement::OdometerReplaced => Fact::OdometerReplaced { at },
        Statement::FillUp { litres, full, odometer_km } => {
            let odometer = odometer_km.map(distance).transpose()?;
            Fact::FillUp { at, litres: Milli::from_f64(litres)?, full, odometer, row }
        }
    })
}

fn fence_of(number: u128, fence: &Geofence) -> anyhow::Result<Fence> {
    let shape = match (fence, &fence.polygon) {
        (_, Some(corners)) => Shape::Polygon {
            corners: corners
                .iter()
                .map(|[latitude, longitude]| place(*latitude, *longitude))
                .collect::<anyhow::Result<_>>()?,
        },
        (Geofence { latitude: Some(latitude), longitude: Some(longitude), radius_m, .. }, None) => {
            Shape::Circle {
                centre: place(*latitude, *longitude)?,
                radius_m: metres(radius_m.unwrap_or(USUAL_RADIUS_M))?,
            }
        }
        (_, None) => bail!("the place {:?} is neither a circle nor a polygon", fence.name),
    };
    Ok(Fence { id: RowId(number), name: fence.name.clone(), shape, priority: fence.priority })
}

/// A polygon across the 180th meridian may be written with longitudes a little beyond it.
fn place(latitude: f64, longitude: f64) -> anyhow::Result<Position> {
    let longitude =
        if longitude.abs() > 180.0 { longitude - 360.0_f64.copysign(longitude) } else { longitude };
    Ok(Position::from_degrees(latitude, longitude)?)
}

fn powertrain(text: &str) -> anyhow::Result<Option<Powertrain>> {
    Ok(match text.to_ascii_uppercase().as_str() {
        "ANY" => None,
        "ICE" => Some(Powertrain::Combustion),
        "HEV" => Some(Powertrain::Hybrid),
        "PHEV" => Some(Powertrain::PlugInHybrid),
        "BEV" => Some(Powertrain::Electric),
        _ => bail!("the powertrain {text:?} is none of any, ICE, HEV, PHEV, BEV"),
    })
}

fn chemistry(text: &str) -> anyhow::Result<Chemistry> {
    match text.to_ascii_uppercase().as_str() {
        "LFP" => Ok(Chemistry::Lfp),
        "NMC" | "NCA" | "NICKEL" => Ok(Chemistry::Nickel),
        _ => bail!("the chemistry {text:?} is none of LFP, NMC, NCA, nickel"),
    }
}

fn milli(number: Option<f64>) -> anyhow::Result<Option<Milli>> {
    Ok(number.map(Milli::from_f64).transpose()?)
}

fn distance(km: f64) -> anyhow::Result<Distance> {
    Ok(Distance::from_km_reading(Milli::from_f64(km)?))
}

fn thousandths(share: f64) -> anyhow::Result<u16> {
    u16::try_from(Milli::from_f64(share)?.0).with_context(|| format!("{share} is no share"))
}

fn metres(metres: f64) -> anyhow::Result<u32> {
    u32::try_from(Milli::from_f64(metres)?.0 / 1000).with_context(|| format!("{metres} m is no radius"))
}
