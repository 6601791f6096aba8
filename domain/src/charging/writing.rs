//! A stay as it is written into the book.

use super::energy::{Found, found};
use super::stay::{Doubt, Leg, Origin, Stay};
use super::{ChargingSession, EnergySource, Piece, Segment};
use crate::book::{EntryState, Evidence, Mark};
use crate::fold::Scene;
use crate::reading::Milli;
use crate::within::Within;

/// Less than both of these is true and not worth a line.
const SMALLEST_WH: i64 = 300;
const SMALLEST_GAIN: i64 = 1000;

/// Watt hours that it brought, as it would be written.
pub(super) fn wh(stay: &Stay, scene: &Scene<'_>, gross: Option<Milli>) -> i64 {
    session(stay, scene, gross).and_then(|session| session.energy).map_or(0, |energy| energy.wh)
}

/// `None` where nothing is left of it.
pub(super) fn session(stay: &Stay, scene: &Scene<'_>, gross: Option<Milli>) -> Option<ChargingSession> {
    let (first, last) = (stay.first()?, stay.leg()?);
    let Found { energy, grid, current, mut flow, disagrees } = found(stay, scene, gross);
    if let Some(end) = last.end {
        end_by(&mut flow, Within { after: first.start.after, by: end.by });
    }
    let (energy, grid) = if flow.is_empty() { (None, None) } else { (energy, grid) };
    let by_level = energy.is_none_or(|energy| energy.source == EnergySource::Level);
    let last_level = stay.legs.iter().rev().find_map(|leg| leg.end_level);
    let after = stay.ends.after().map(|level| level.percent);
    Some(ChargingSession {
        key: stay.key,
        start: first.start,
        end: last.end,
        start_level: stay.legs.iter().find_map(|leg| leg.start_level),
        end_level: if after > last_level { after } else { last_level },
        state: state(stay, energy.map_or(0, |energy| energy.wh)),
        energy,
        grid,
        current,
        peak: stay.power.peak,
        odometer: stay.mileage.filter(|_| stay.origin != Origin::OnTheWay).map(|mileage| mileage.odometer),
        place: stay.place.clone().filter(|_| stay.origin != Origin::OnTheWay),
        segments: segments(&stay.legs, &flow),
        flow,
        inferred: stay.legs.iter().all(|leg| leg.inferred),
        evidence: Evidence {
            until: scene.until,
            marks: marks(stay, by_level, disagrees),
            cited: stay.cited.clone(),
        },
    })
}

/// What was read only after the end had come by then.
fn end_by(flow: &mut Vec<Piece>, span: Within) {
    let late: i64 = flow.iter().filter(|piece| piece.from >= span.by).map(|piece| piece.wh).sum();
    flow.retain(|piece| piece.from < span.by);
    match flow.last_mut() {
        Some(last) => *last = Piece { to: last.to.min(span.by), wh: last.wh + late, ..*last },
        None if late > 0 && span.after < span.by => {
            flow.push(Piece { from: span.after, to: span.by, wh: late });
        }
        None => {}
    }
}

fn state(stay: &Stay, wh: i64) -> EntryState {
    match stay.doubt {
        Doubt::MayHaveMoved | Doubt::MayHaveBurnt => EntryState::Candidate,
        Doubt::None if stay.is_flowing() => EntryState::Recorded,
        Doubt::None if wh >= SMALLEST_WH || stay.gained() >= SMALLEST_GAIN => EntryState::Recorded,
        Doubt::None => EntryState::Hidden,
    }
}

fn marks(stay: &Stay, by_level: bool, disagrees: bool) -> Vec<Mark> {
    let marks = [
        (
            Mark::Compensated,
            by_level && stay.gained() > stay.level.total() || !by_level && stay.uncounted().is_some(),
        ),
        (Mark::Merged, stay.legs.len() > 1),
        (Mark::Inferred, stay.legs.iter().all(|leg| leg.inferred)),
        (Mark::Silent, stay.silent),
        (Mark::CounterReset, stay.tally.resets),
        (Mark::Disagrees, disagrees),
        (Mark::Truncated, stay.origin == Origin::FoundGoingOn),
    ];
    marks.into_iter().filter(|(_, applies)| *applies).map(|(mark, _)| mark).collect()
}

/// The legs with what each of them brought: a piece belongs to the last leg that may have begun by then.
fn segments(legs: &[Leg], flow: &[Piece]) -> Vec<Segment> {
    let wh_of = |index: usize| {
        let begins = |leg: &Leg, piece: &Piece| leg.start.after < piece.to;
        let is_mine = |piece: &&Piece| {
            let of = legs.iter().rposition(|leg| begins(leg, piece)).unwrap_or(0);
            of == index
        };
        flow.iter().filter(is_mine).map(|piece| piece.wh).sum::<i64>()
    };
    let segment = |(index, leg): (usize, &Leg)| Segment {
        start: leg.start,
        end: leg.end,
        start_level: leg.start_level,
        end_level: leg.end_level,
        wh: (!flow.is_empty()).then(|| wh_of(index)),
    };
    legs.iter().enumerate().map(segment).collect()
}
