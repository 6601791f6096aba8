//! What a stay brought: from the best source there is, how far that may be off, and what the grid gave for it.

use super::curve::Curve;
use super::stay::Stay;
use super::{Current, Energy, EnergySource, Piece};
use crate::fold::Scene;
use crate::reading::Milli;

/// Of the gross capacity, this much (thousandths) can be used, where nobody knows better. Makers leave 3 to 10 per cent.
const USABLE_OF_GROSS: i64 = 940;
/// A level is shown in whole points, and points are not all of one size.
const LEVEL_POINT: i64 = 1000;
const LEVEL_PER_MILLE: i64 = 30;
const COUNTER_PER_MILLE: i64 = 20;
/// Counters have one or two decimals.
const COUNTER_STEP: i64 = 50;
const POWER_PER_MILLE: i64 = 50;
/// Beyond both, counter and level contradict each other.
const MISMATCH_PER_MILLE: i64 = 250;
const MISMATCH_WH: i64 = 3000;
/// Wall boxes and sockets give up to 22 kW; what is faster is direct current.
const FASTEST_ALTERNATING: i64 = 22_000;
/// Reckoned from levels, power may be off by this much (thousandths).
const RECKONED_PER_MILLE: i64 = 1150;
/// So fast no level has to rise for its rate to be told.
const ENOUGH_GAIN: i64 = 5000;
/// Nobody stays at a fast charger for longer.
const LONGEST_DIRECT: chrono::TimeDelta = chrono::TimeDelta::hours(2);
/// Below this, what the car itself needs weighs more.
const SLOW: i64 = 2500;
/// Thousandths of the grid's energy that reach the battery.
const EFFICIENCY_ALTERNATING: i64 = 900;
const EFFICIENCY_DIRECT: i64 = 950;
const EFFICIENCY_SLOW: i64 = 850;
/// How far these may be off, in thousandths of the energy.
const EFFICIENCY_PER_MILLE: i64 = 40;

/// All that is to be said of a stay's energy.
pub(super) struct Found {
    pub(super) energy: Option<Energy>,
    pub(super) grid: Option<Energy>,
    pub(super) current: Option<Current>,
    pub(super) flow: Vec<Piece>,
    pub(super) disagrees: bool,
}

/// Watt hours between empty and full, as far as anybody knows. `gross`: what the car says of itself.
pub(super) fn usable(scene: &Scene<'_>, gross: Option<Milli>) -> Option<i64> {
    let of_gross = |gross: Milli| gross.0 * USABLE_OF_GROSS / 1000;
    // What was learned also knows how old the battery is.
    let known = scene.usable.or(scene.setup.battery_usable).map(|usable| usable.0);
    known.or(scene.setup.battery_gross.or(gross).map(of_gross)).filter(|wh| *wh > 0)
}

pub(super) fn found(stay: &Stay, scene: &Scene<'_>, gross: Option<Milli>) -> Found {
    let usable = usable(scene, gross);
    let by_level = usable.map(|usable| of_level(stay, usable)).filter(|energy| energy.wh > 0);
    let (energy, disagrees) = best(stay, by_level, usable);
    let watts = watts(stay, usable);
    let current = current(stay, watts);
    let grid = energy.map(|energy| grid(energy, current, slow(stay, energy), scene));
    let flow = energy.map_or_else(Vec::new, |energy| shaped(stay, energy, late(stay, usable)));
    let flow = if flow.is_empty() { evenly(stay, energy) } else { flow };
    // Where nobody knows when it came, it has no flow, and no energy that prices could be reckoned from.
    let told = !flow.is_empty();
    Found { energy: energy.filter(|_| told), grid: grid.filter(|_| told), current, flow, disagrees }
}

/// By how much a gain may be off, in thousandths of a percent.
const fn off(gained: i64) -> i64 {
    let share = gained * LEVEL_PER_MILLE / 1000;
    if share > LEVEL_POINT { share } else { LEVEL_POINT }
}

/// Whether more was counted than these levels show.
pub(super) const fn is_more(wh: i64, gained: i64, usable: i64) -> bool {
    wh > (gained + off(gained)) * usable / 100_000
}

fn of_level(stay: &Stay, usable: i64) -> Energy {
    let gained = stay.gained();
    let off = off(gained);
    let reckoned = gained - stay.level.total();
    let wh = |thousandths: i64| thousandths * usable / 100_000;
    Energy {
        wh: wh(gained) - stay.unlevelled,
        plus_minus_wh: wh(off + reckoned),
        source: EnergySource::Level,
    }
}

/// The first source of these that tells anything, and whether counter and level contradict each other.
fn best(stay: &Stay, by_level: Option<Energy>, usable: Option<i64>) -> (Option<Energy>, bool) {
    let level_wh = by_level.map(|energy| energy.wh);
    let contradicts = |wh: i64| {
        by_level.is_some_and(|level| {
            let off = (wh - level.wh).abs() - level.plus_minus_wh;
            off > MISMATCH_WH && off * 1000 > level.wh.max(wh) * MISMATCH_PER_MILLE
        })
    };
    let counted = stay.tally.wh(level_wh);
    let late = late(stay, usable).map_or(0, |late| late.wh);
    if stay.tally.tells() && counted > 0 && (late > 0 || !is_cut_short(stay, counted, level_wh)) {
        // What came after its last reading is known from the levels, and from what ways take: as good as not at all.
        let plus_minus_wh = COUNTER_STEP.max(counted * COUNTER_PER_MILLE / 1000) + late + stay.tally.doubt();
        let energy = Energy { wh: counted + late, plus_minus_wh, source: EnergySource::Counter };
        return (Some(energy), contradicts(energy.wh));
    }
    let stuck = stay.tally.tells() && contradicts(counted);
    if let Some(wh) = stay.power.wh().filter(|wh| *wh > 0 && (stay.power.is_metered() || !contradicts(*wh))) {
        let plus_minus_wh = wh * POWER_PER_MILLE / 1000;
        return (Some(Energy { wh, plus_minus_wh, source: EnergySource::Power }), stuck || contradicts(wh));
    }
    (by_level, stuck)
}

/// What came after the counter was read last.
fn late(stay: &Stay, usable: Option<i64>) -> Option<Piece> {
    let ((from, gained), usable) = stay.uncounted().zip(usable)?;
    Some(Piece { from, to: stay.end()?.by, wh: gained * usable / 100_000 })
}

/// The counter was read last when much was still to come.
fn is_cut_short(stay: &Stay, counted: i64, level_wh: Option<i64>) -> bool {
    let later = stay.level.until() > stay.tally.last().map(|last| last.at);
    later && level_wh.is_some_and(|level| (level - counted) * 1000 > level * MISMATCH_PER_MILLE)
}

/// What tells best when the energy came. What saw less than half of it says little of when the rest came.
fn finest(stay: &Stay, wh: i64) -> &Curve {
    let power = Some(&stay.power.curve).filter(|curve| curve.total() / 1000 * 2 >= wh);
    let counter = Some(&stay.tally.curve).filter(|curve| curve.total() * 2 >= wh || stay.level.total() == 0);
    let curves = [Some(&stay.level), power, counter].into_iter().flatten();
    // The last one of equal ones.
    curves.max_by_key(|curve| curve.pieces()).unwrap_or(&stay.level)
}

/// The energy as the finest curve has it; what came after its end is put there.
fn shaped(stay: &Stay, energy: Energy, late: Option<Piece>) -> Vec<Piece> {
    let finest = finest(stay, energy.wh);
    let is_counted = energy.source == EnergySource::Counter;
    match late.filter(|late| is_counted && finest.until().is_some_and(|until| until <= late.from)) {
        Some(late) if late.wh < energy.wh => {
            let mut flow = finest.shape(energy.wh - late.wh);
            flow.push(late);
            flow
        }
        Some(_) | None => finest.shape(energy.wh),
    }
}

/// Where only the levels before and after tell of it: at some time in between.
fn evenly(stay: &Stay, energy: Option<Energy>) -> Vec<Piece> {
    let piece =
        energy.zip(stay.span()).map(|(energy, span)| Piece { from: span.after, to: span.by, wh: energy.wh });
    piece.into_iter().filter(|piece| piece.wh > 0 && piece.from < piece.to).collect()
}

/// Watts as they were measured or, at least on the average, must have been.
fn watts(stay: &Stay, usable: Option<i64>) -> Option<i64> {
    let by_level = || {
        let gained = stay.level.total();
        let leg = stay.first().filter(|leg| !leg.inferred && stay.legs.len() == 1)?;
        let took = (leg.gained - leg.start.after).num_milliseconds();
        let wh = gained * usable? / 100_000;
        (gained >= ENOUGH_GAIN && took > 0).then(|| wh * 3_600_000 / took * 1000 / RECKONED_PER_MILLE)
    };
    stay.power.peak.or_else(|| stay.tally.watts()).or_else(by_level)
}

fn current(stay: &Stay, watts: Option<i64>) -> Option<Current> {
    let watts = watts?;
    if watts > FASTEST_ALTERNATING {
        return Some(Current::Direct);
    }
    let measured = stay.power.peak.is_some();
    let long = stay.legs.iter().any(|leg| leg.flowed - leg.start.by >= LONGEST_DIRECT);
    (measured || long).then_some(Current::Alternating)
}

/// Whether it came slowly: as measured, or over a time that was seen.
fn slow(stay: &Stay, energy: Energy) -> bool {
    if let Some(peak) = stay.power.peak {
        return peak < SLOW;
    }
    let seen: i64 = stay.legs.iter().map(|leg| (leg.flowed - leg.start.by).num_milliseconds()).sum();
    energy.wh * 3_600_000 < SLOW * seen
}

fn grid(energy: Energy, current: Option<Current>, slow: bool, scene: &Scene<'_>) -> Energy {
    let measured = scene.setup.charger_efficiency.map(i64::from).filter(|known| *known > 0);
    let per_mille = match (current, measured) {
        (Some(Current::Direct), _) => EFFICIENCY_DIRECT,
        (Some(Current::Alternating) | None, Some(measured)) => measured,
        (Some(Current::Alternating) | None, None) if slow => EFFICIENCY_SLOW,
        (Some(Current::Alternating) | None, None) => EFFICIENCY_ALTERNATING,
    };
    let off = if measured.is_some() { 0 } else { energy.wh * EFFICIENCY_PER_MILLE / 1000 };
    let from_grid = |wh: i64| (wh * 1000 + per_mille / 2) / per_mille;
    Energy { wh: from_grid(energy.wh), plus_minus_wh: from_grid(energy.plus_minus_wh + off), ..energy }
}
