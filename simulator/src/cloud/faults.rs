//! What can go wrong between a car and its book, on demand and while the simulation runs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use chrono::Duration;
use serde::Serialize;

use crate::chance::Chance;
use crate::wire::{Body, ErrorKind, Number, Outcome, Signal, SignalError, Times, names};

/// All faults; shares are from 0 to 1, times are virtual.
#[derive(Debug, Clone, PartialEq)]
pub struct Faults {
    /// Share of events that are sent a second time, with the same event id.
    pub duplicates: f64,
    /// Each event is held back by up to this much, so that neighbours change places.
    pub shuffle: Duration,
    /// Share of events that come late, by a tenth of `delay` up to the whole.
    pub delayed: f64,
    pub delay: Duration,
    /// Share of events that never leave the platform.
    pub lost: f64,
    pub outage: Outage,
    /// Cars (their vehicle ids) without a connection: they are silent, and tell everything when they are
    /// back.
    pub offline: BTreeSet<String>,
    /// Share of signals that fail in a delivery that arrives.
    pub failed_signals: f64,
    /// Share of reports whose odometer says zero.
    pub odometer_zero: f64,
    /// Share of reports whose odometer says [`SENTINEL`].
    pub odometer_sentinel: f64,
    /// Share of reports whose odometer counts the other unit and does not say so.
    pub unit_flip: f64,
    /// Cars (their vehicle ids) with an error; taking one out resolves it.
    pub broken: BTreeMap<String, ErrorKind>,
    /// Share of reports beside which an error is raised that resolves itself within 1 to 12 hours.
    pub vehicle_errors: f64,
    /// Share of reports beside which the platform complains of permissions that nobody needs.
    pub noise_errors: f64,
}

impl Faults {
    /// A perfect world.
    pub fn none() -> Self {
        Self {
            duplicates: 0.0,
            shuffle: Duration::zero(),
            delayed: 0.0,
            delay: Duration::hours(48),
            lost: 0.0,
            outage: Outage::None,
            offline: BTreeSet::new(),
            failed_signals: 0.0,
            odometer_zero: 0.0,
            odometer_sentinel: 0.0,
            unit_flip: 0.0,
            broken: BTreeMap::new(),
            vehicle_errors: 0.0,
            noise_errors: 0.0,
        }
    }
}

/// Whether the platform sends at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    None,
    /// Nothing is sent; what comes up meanwhile is sent afterwards.
    Hold,
    /// Nothing is sent, and what comes up meanwhile is lost.
    Lose,
}

/// What an odometer says when it has nothing to say: the largest 32-bit number of tenths, in whole units.
pub const SENTINEL: i64 = 429_496_729;

/// A wrong number on an odometer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Flaw {
    Zero,
    Sentinel,
    UnitFlip,
}

/// The handle by which faults are changed while the simulation runs. Clones share the same faults.
#[derive(Debug, Clone)]
pub struct FaultControl(Arc<RwLock<Arc<Faults>>>);

impl FaultControl {
    pub fn new(faults: Faults) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(faults))))
    }

    pub fn get(&self) -> Arc<Faults> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes effect with the next event.
    pub fn set(&self, faults: Faults) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(faults);
    }

    /// Changes some of the faults: `faults.change(|faults| faults.duplicates = 0.2)`.
    pub fn change(&self, change: impl FnOnce(&mut Faults)) {
        let mut faults = self.0.write().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut faults));
    }
}

/// Spoils the signals of one report; tells what is wrong with its odometer now.
pub(super) fn spoil(signals: &mut [Signal], faults: &Faults, chance: &mut Chance) -> Option<Flaw> {
    for signal in signals.iter_mut() {
        if chance.happens(faults.failed_signals) {
            fail(signal, chance);
        }
    }
    let flaw = [
        (faults.odometer_zero, Flaw::Zero),
        (faults.odometer_sentinel, Flaw::Sentinel),
        (faults.unit_flip, Flaw::UnitFlip),
    ]
    .into_iter()
    .find_map(|(share, flaw)| chance.happens(share).then_some(flaw))?;
    let odometer = signals.iter_mut().find(|signal| signal.name == names::ODOMETER)?;
    let Outcome::Success { body: Body::Measured { value, unit }, times } = &mut odometer.outcome else {
        return None;
    };
    *value = wrong(*value, unit, flaw);
    // A new reading, and not another value for an old one.
    *times = Times { oem_updated_at: times.retrieved_at, ..*times };
    Some(flaw)
}

/// The number that a broken odometer shows under the same unit.
fn wrong(value: Number, unit: &str, flaw: Flaw) -> Number {
    match flaw {
        Flaw::Zero => Number::from(0),
        Flaw::Sentinel => Number::from(SENTINEL),
        Flaw::UnitFlip if unit == "km" => Number::from((value.as_f64() / 1.609_344).floor()),
        Flaw::UnitFlip => Number::from((value.as_f64() * 1.609_344).floor()),
    }
}

/// Lets a signal fail: mostly without a body, sometimes with the last one.
fn fail(signal: &mut Signal, chance: &mut Chance) {
    let errors = [SignalError::UNREACHABLE, SignalError::INTERNAL, SignalError::NO_PERMISSION];
    let error = *chance.pick(&errors);
    let keeps_body = chance.happens(0.3);
    if let Outcome::Success { body, times } = &signal.outcome {
        let last = keeps_body.then(|| (body.clone(), *times));
        signal.outcome = Outcome::Failed { error, last };
    }
}
