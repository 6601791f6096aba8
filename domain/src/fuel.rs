//! Fill-ups: when the tank was filled and by how much, from a gauge that is coarse, slopes and speaks seldom.

mod conclude;
mod drop;
mod economy;
mod gauge;
mod habits;
mod keep;
mod odd;
mod open;
mod price;
mod rise;
mod stand;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::alert::Alert;
use crate::book::{Book, Entry, EntryState, Evidence};
use crate::distance::Distance;
use crate::fact::Fact;
use crate::fold::{Event, Scene};
use crate::motion::Place;
use crate::reading::{Milli, Reading, Signal, Value};
use crate::setup::{Currency, Powertrain};
use crate::within::Within;

use economy::Ledger;
pub use economy::{Economy, Figure, Fill, economy};
use gauge::Gauge;
use habits::{Habits, Tank};
use odd::without_odd;
use open::Open;
pub use price::{Price, price};
use rise::Bounds;
use stand::{Levels, Part, Stop};

/// Kilometres an hour from which on a car moves.
const MOVES: Milli = Milli(5_000);
/// Entries of people that are remembered.
const RECEIPTS: usize = 6;
/// A line of the fuel book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FillUp {
    /// From the last low to the first high reading.
    pub between: Within,
    /// Percent.
    pub level_before: Milli,
    /// Percent.
    pub level_after: Milli,
    /// Litres, and how far they may be off; absent while the tank's size is not known.
    pub litres: Option<Litres>,
    pub odometer: Option<Distance>,
    pub place: Option<Place>,
    pub full: bool,
    /// A fill-up before this one was probably not seen: no economy follows from it.
    pub missed_previous: bool,
    /// Litres per 100 km since the fill-up before, corrected by the levels.
    pub economy: Option<Milli>,
    /// Litres per 100 km since the last full tank, as at the pump.
    pub economy_at_pump: Option<Milli>,
    pub state: EntryState,
    pub evidence: Evidence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Litres {
    pub amount: Milli,
    pub plus_minus: Milli,
}

/// What people paid at the pump: the last price counts, else a usual one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FuelPrices {
    /// Oldest first.
    pub paid: Vec<FuelPrice>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FuelPrice {
    #[serde(with = "crate::moment")]
    pub at: DateTime<Utc>,
    /// Money a litre, in thousandths.
    pub per_litre: Milli,
    pub currency: Currency,
}

/// What the rule remembers of a car.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fuel {
    gauge: Gauge,
    levels: Levels,
    /// What is settled since the last fill-up, oldest first.
    stops: Vec<Stop>,
    habits: Habits,
    ledger: Ledger,
    /// What people wrote of fill-ups lately, oldest first.
    receipts: Vec<Receipt>,
    /// Fill-ups that may still change, oldest first.
    open: Vec<Open>,
    drops: Vec<Alert>,
    last: Option<Within>,
    /// It was seen at a plug.
    plugs_in: bool,
}

/// A fill-up as a person wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Receipt {
    #[serde(with = "crate::moment")]
    at: DateTime<Utc>,
    litres: Milli,
}

impl Fuel {
    pub fn take(&mut self, event: &Event<'_>, scene: &Scene<'_>, book: &mut Book) {
        if !scene.setup.may_burn() {
            return;
        }
        let tells = match event {
            Event::Odometer(mileage) => {
                self.levels.came(*mileage);
                true
            }
            Event::Reading(reading) => self.saw(reading, scene),
            Event::Fact(fact) => self.told(fact),
        };
        if tells {
            self.conclude(event.at(), scene, book);
        }
    }

    /// The entries that a later moment may still change or take back.
    pub fn open_entries(&self) -> Vec<Entry> {
        let fills = self.open.iter().map(|open| Entry::FillUp(open.fill.clone()));
        fills.chain(self.drops.iter().cloned().map(Entry::Alert)).collect()
    }

    /// The fill-up that was seen last.
    pub fn last(&self) -> Option<Within> {
        let open = self.open.iter().rev().find(|open| !open.is_candidate());
        open.map(|open| open.fill.between).or(self.last)
    }

    /// Whether the reading may change what is written.
    fn saw(&mut self, reading: &Reading, scene: &Scene<'_>) -> bool {
        let (at, signal) = (reading.at, &reading.signal);
        match &reading.value {
            Value::Number(speed) if signal.is(Signal::SPEED) => {
                self.levels.speed(at, *speed >= MOVES);
                true
            }
            Value::Number(_) => {
                let tank = self.habits.tank(scene.setup).map(|tank| tank.litres);
                let Some(level) = self.gauge.level(reading, tank) else { return false };
                if let Some(tank) = self.gauge.tank(level, at) {
                    self.habits.told_tank(tank);
                }
                self.levels.saw(at, level)
            }
            Value::Bool(true) if signal.is(Signal::CABLE_CONNECTED) || signal.is(Signal::IS_CHARGING) => {
                self.plugs_in = true;
                false
            }
            Value::Position(_) | Value::Text(_) => {
                signal.is(Signal::LOCATION) && self.open.iter().any(|open| open.fill.place.is_none())
            }
            Value::Bool(_) | Value::Structure(_) => false,
        }
    }

    fn told(&mut self, fact: &Fact) -> bool {
        match *fact {
            Fact::FillUp { at, litres, .. } => {
                if self.receipts.len() >= RECEIPTS {
                    self.receipts.remove(0);
                }
                self.receipts.push(Receipt { at, litres });
                true
            }
            Fact::OdometerReplaced { .. } => {
                self.ledger.break_off();
                false
            }
            Fact::MeterEntry { .. } => false,
        }
    }

    fn conclude(&mut self, at: DateTime<Utc>, scene: &Scene<'_>, book: &mut Book) {
        let written = self.open.clone();
        self.settle(&written, scene);
        let parts = self.parts();
        if let Some(last) = parts.last() {
            self.levels.thin(last);
        }
        self.find(&parts, &written, scene);
        self.judge(&parts, scene);
        self.count(scene);
        self.write(&written, scene, book);
        self.watch(&parts, scene, book);
        self.close(at, scene);
    }

    fn parts(&self) -> Vec<Part> {
        let before = self.stops.last();
        without_odd(&self.levels.parts(before), before, &self.habits)
    }

    fn tank(&self, scene: &Scene<'_>) -> Option<Tank> {
        self.habits.tank(scene.setup)
    }

    fn bounds(&self, scene: &Scene<'_>) -> Bounds<'_> {
        let plugs_in = match scene.setup.powertrain {
            Some(Powertrain::PlugInHybrid) => true,
            Some(Powertrain::Combustion | Powertrain::Hybrid | Powertrain::Electric) => false,
            None => self.plugs_in,
        };
        Bounds { habits: &self.habits, tank: self.tank(scene).map(|tank| tank.litres), plugs_in }
    }
}
