//! A car's life: what it did, what of it reached us, and the book that follows.

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use domain::book::Entry;
use domain::fact::RowId;
use domain::reading::{Milli, Reading};
use domain::setup::{Currency, Powertrain, Setup};
use domain::tariff::{Micros, MinuteOfDay, Parts, Tariff};
use domain::timeline::{Settled, advance};
use simulator::reporter::{DEFAULT_SUBSCRIPTION, Manner, Report, VirtualCar};
use simulator::wire::{self, Stamp};
use simulator::world::{self, Car, Segment, Truth};
use smartcar::webhook;

use crate::scenario::sightings;

/// A car that is to live.
#[derive(Debug, Clone, Copy)]
pub struct Wish {
    pub manner: Manner,
    /// In the world of its seed.
    pub number: usize,
    pub seed: u64,
    pub begin: DateTime<Utc>,
    pub end: DateTime<Utc>,
    /// Share of reports that never arrive.
    pub lost: f64,
}

pub struct Lived {
    pub number: usize,
    pub name: String,
    pub segments: Vec<Segment>,
    pub truth: Truth,
    /// When reports came that arrived.
    pub reports: Vec<DateTime<Utc>>,
    /// What was decoded, oldest first, each once.
    pub readings: Vec<Reading>,
    pub setup: Setup,
    pub book: Vec<Entry>,
    /// What the car calls full; zero without one.
    pub tank_ml: u32,
    pub battery_wh: u32,
}

/// Money a kilowatt hour by day and by night, in millionths, and the hours of the night (UTC).
pub const DAY: Micros = Micros(320_000);
pub const NIGHT: Micros = Micros(210_000);
pub const NIGHT_FROM: u32 = 22;
pub const NIGHT_TO: u32 = 6;

impl Lived {
    /// # Errors
    ///
    /// If a report cannot be decoded.
    pub fn of(wish: &Wish) -> anyhow::Result<Self> {
        let mut virtual_car =
            VirtualCar::connect_as(wish.manner, wish.seed, wish.number, DEFAULT_SUBSCRIPTION, wish.begin);
        let car = virtual_car.car.clone();
        let (mut seen, mut reports) = (Vec::new(), Vec::new());
        while virtual_car.next_at() < wish.end {
            let Some(report) = virtual_car.report() else { continue };
            if is_lost(wish, report.at) {
                continue;
            }
            reports.push(report.at);
            let delivery = webhook::decode(&body(&car, &report), report.at + TimeDelta::seconds(1))
                .context("cannot decode what a virtual car reports")?;
            seen.extend(sightings(delivery));
        }
        seen.sort();
        seen.dedup();
        let segments = virtual_car.take_lived();
        let truth = Truth::of(&segments, wish.end).context("a car did not live")?;
        let setup = setup(&car)?;
        let book = advance(Settled::default(), seen.iter().cloned(), [], &setup).book.into_entries();
        let readings = seen.into_iter().map(|seen| seen.reading).collect();
        let name = format!("{} {}", car.model.make, car.model.model);
        let (tank_ml, battery_wh) = (car.model.tank_ml, car.model.battery_wh);
        Ok(Self {
            number: wish.number,
            name,
            segments,
            truth,
            reports,
            readings,
            setup,
            book,
            tank_ml,
            battery_wh,
        })
    }
}

/// Whether the report of this moment gets lost.
fn is_lost(wish: &Wish, at: DateTime<Utc>) -> bool {
    let number = i64::try_from(wish.number).unwrap_or(i64::MAX);
    let chance = simulator::chance::Chance::new(wish.seed).branch("lost", number);
    chance.branch("report", at.timestamp()).happens(wish.lost)
}

fn body(car: &Car, report: &Report) -> Vec<u8> {
    let stamp = Stamp { event_id: String::new(), delivery_id: String::new(), delivered_at: report.at };
    wire::vehicle_state(&car.identity, &report.signals, &report.triggers, &stamp)
}

/// What the people of the car told of it.
fn setup(car: &Car) -> anyhow::Result<Setup> {
    let thousandths = |number: u32| Milli(i64::from(number) * 1000);
    Ok(Setup {
        powertrain: Some(match car.identity.powertrain {
            world::Powertrain::Ice => Powertrain::Combustion,
            world::Powertrain::Phev => Powertrain::PlugInHybrid,
            world::Powertrain::Bev => Powertrain::Electric,
        }),
        make: Some(car.identity.make.clone()),
        tank: car.identity.tank_capacity_l.map(thousandths),
        battery_gross: car.identity.battery_capacity_kwh.map(thousandths),
        tariffs: vec![tariff()?],
        ..Setup::default()
    })
}

fn tariff() -> anyhow::Result<Tariff> {
    let hour = |hour: u32| MinuteOfDay::parse(&format!("{hour:02}:00"));
    Ok(Tariff {
        version: RowId(1),
        tariff: RowId(1),
        name: String::new(),
        network: None,
        is_default: true,
        fences: Vec::new(),
        valid_from: DateTime::UNIX_EPOCH,
        valid_to: None,
        currency: Currency::parse("EUR")?,
        zone: chrono_tz::Tz::UTC,
        parts: Parts::day_and_night(DAY, NIGHT, hour(NIGHT_FROM)?, hour(NIGHT_TO)?),
    })
}
