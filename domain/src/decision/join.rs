//! Several entries that are one to people.

use super::{Price, Told};
use crate::book::{Entry, EntryState, Evidence, Mark};
use crate::charging::{ChargingSession, Energy, EnergySource};
use crate::fuel::{FillUp, Litres};
use crate::reading::Milli;
use crate::tariff::Micros;
use crate::trips::{Journey, Trip};
use crate::within::Within;

/// Joins entries of one kind, in the order of their time. One alone stays what it is.
pub(super) fn all(mut parts: Vec<Told>) -> Vec<Told> {
    parts.sort_by_key(|told| told.entry.key());
    let mut joined: Vec<Told> = Vec::new();
    for told in parts {
        let whole = joined.last().and_then(|first| both(first, &told));
        match whole {
            Some(whole) => {
                joined.pop();
                joined.push(whole);
            }
            None => joined.push(told),
        }
    }
    joined
}

fn both(first: &Told, second: &Told) -> Option<Told> {
    let entry = match (&first.entry, &second.entry) {
        (Entry::FillUp(first), Entry::FillUp(second)) => Entry::FillUp(fill_ups(first, second)),
        (Entry::ChargingSession(first), Entry::ChargingSession(second)) => {
            Entry::ChargingSession(sessions(first, second))
        }
        (Entry::Trip(first), Entry::Trip(second)) => Entry::Trip(trips(first, second)),
        (
            Entry::FillUp(_)
            | Entry::ChargingSession(_)
            | Entry::Trip(_)
            | Entry::Meter(_)
            | Entry::Quarantined(_)
            | Entry::Issue(_)
            | Entry::BatteryEstimate(_)
            | Entry::FenceEvent(_)
            | Entry::Alert(_),
            _,
        ) => return None,
    };
    let (price, booked) = (prices(first.price, second.price), first.booked && second.booked);
    Some(Told { entry, price, booked, expense: first.expense.or(second.expense) })
}

/// A price of a part is no price of the whole.
fn prices(first: Option<Price>, second: Option<Price>) -> Option<Price> {
    let (first, second) = first.zip(second)?;
    let amount = Micros(first.amount.0.saturating_add(second.amount.0));
    (first.currency == second.currency).then_some(Price { amount, ..first })
}

fn sessions(first: &ChargingSession, second: &ChargingSession) -> ChargingSession {
    let energy = energies(first.energy, second.energy);
    let grid = energies(first.grid, second.grid);
    let flow = [first.flow.as_slice(), second.flow.as_slice()].concat();
    ChargingSession {
        key: first.key,
        start: first.start,
        end: second.end,
        start_level: first.start_level,
        end_level: second.end_level,
        energy,
        grid,
        current: if first.current == second.current { first.current } else { None },
        peak: first.peak.max(second.peak),
        odometer: first.odometer.or(second.odometer),
        place: first.place.clone().or_else(|| second.place.clone()),
        segments: [first.segments.as_slice(), second.segments.as_slice()].concat(),
        // Of an energy that is not known there is no flow to tell.
        flow: if energy.is_some() { flow } else { Vec::new() },
        inferred: first.inferred && second.inferred,
        state: states(first.state, second.state),
        evidence: evidences(&first.evidence, &second.evidence),
    }
}

/// What is not known of a part is not known of the whole.
fn energies(first: Option<Energy>, second: Option<Energy>) -> Option<Energy> {
    let (first, second) = first.zip(second)?;
    let source = if first.source == second.source {
        first.source
    } else {
        // The whole is as good as its worse part.
        [EnergySource::Level, EnergySource::Power, EnergySource::Counter, EnergySource::Meter]
            .into_iter()
            .find(|source| [first.source, second.source].contains(source))?
    };
    let plus_minus_wh = first.plus_minus_wh + second.plus_minus_wh;
    Some(Energy { wh: first.wh + second.wh, plus_minus_wh, source })
}

fn trips(first: &Trip, second: &Trip) -> Trip {
    let sum = |one: Option<Milli>, two: Option<Milli>| one.zip(two).map(|(one, two)| Milli(one.0 + two.0));
    let drives = first.what == Journey::Drive && second.what == Journey::Drive;
    Trip {
        start: first.start,
        end: second.end,
        distance: first.distance.plus(second.distance),
        odometer_before: first.odometer_before,
        odometer_after: second.odometer_after,
        from: first.from.clone(),
        to: second.to.clone(),
        what: if drives { Journey::Drive } else { Journey::Movement },
        purpose: if first.purpose == second.purpose { first.purpose } else { None },
        fuel_used: sum(first.fuel_used, second.fuel_used),
        charge_used: sum(first.charge_used, second.charge_used),
        state: states(first.state, second.state),
        evidence: evidences(&first.evidence, &second.evidence),
    }
}

fn fill_ups(first: &FillUp, second: &FillUp) -> FillUp {
    let litres = first.litres.zip(second.litres).map(|(one, two)| Litres {
        amount: Milli(one.amount.0 + two.amount.0),
        plus_minus: Milli(one.plus_minus.0 + two.plus_minus.0),
    });
    FillUp {
        between: Within { after: first.between.after, by: second.between.by },
        level_before: first.level_before,
        level_after: second.level_after,
        litres,
        odometer: second.odometer.or(first.odometer),
        place: second.place.clone().or_else(|| first.place.clone()),
        full: second.full,
        missed_previous: first.missed_previous,
        // It was reckoned for each alone.
        economy: None,
        economy_at_pump: None,
        state: states(first.state, second.state),
        evidence: evidences(&first.evidence, &second.evidence),
    }
}

/// What is certain of a part is certain of the whole.
fn states(first: EntryState, second: EntryState) -> EntryState {
    match (first, second) {
        (EntryState::Candidate, EntryState::Candidate) => EntryState::Candidate,
        (EntryState::Hidden, EntryState::Hidden) => EntryState::Hidden,
        (EntryState::Candidate | EntryState::Recorded | EntryState::Hidden, _) => EntryState::Recorded,
    }
}

fn evidences(first: &Evidence, second: &Evidence) -> Evidence {
    let mut marks = [first.marks.as_slice(), second.marks.as_slice(), &[Mark::Merged]].concat();
    marks.sort_unstable();
    marks.dedup();
    let mut cited = [first.cited.as_slice(), second.cited.as_slice()].concat();
    cited.sort_by(|one, two| (one.at, &one.signal, &one.value).cmp(&(two.at, &two.signal, &two.value)));
    cited.dedup();
    Evidence { until: first.until.max(second.until), marks, cited }
}
