//! One entry that is two to people.

use chrono::{DateTime, Utc};

use super::scaled;
use crate::book::{Evidence, Mark};
use crate::charging::{ChargingSession, Energy, Piece, Segment};
use crate::distance::Distance;
use crate::trips::Trip;
use crate::within::Within;

/// Cuts a session: the energy goes where it flowed. `None` if it does not lie at that moment, or still goes on.
pub(super) fn session(whole: &ChargingSession, at: DateTime<Utc>) -> Option<[ChargingSession; 2]> {
    let [start, before, after, end] = ends(whole.start, whole.end?, at)?;
    let (early_flow, late_flow) = flow(&whole.flow, at);
    let share = share(whole, &early_flow, at);
    let [early_energy, late_energy] = energy(whole.energy, share);
    let [early_grid, late_grid] = energy(whole.grid, share);
    let (early_segments, late_segments) = segments(&whole.segments, at, &whole.flow);
    let evidence = divided(&whole.evidence);
    let first = ChargingSession {
        key: whole.key,
        start,
        end: Some(before),
        end_level: early_segments.last().and_then(|segment| segment.end_level),
        energy: early_energy,
        grid: early_grid,
        // It was reached in one of both.
        peak: None,
        segments: early_segments,
        flow: early_flow,
        evidence: evidence.clone(),
        ..whole.clone()
    };
    let second = ChargingSession {
        key: at,
        start: after,
        end: Some(end),
        start_level: late_segments.first().and_then(|segment| segment.start_level),
        energy: late_energy,
        grid: late_grid,
        peak: None,
        segments: late_segments,
        flow: late_flow,
        evidence,
        ..whole.clone()
    };
    Some([first, second])
}

/// Cuts a trip where the odometer showed this; where nobody knows, evenly over the time. `None` if it does not lie at that
/// moment, or still goes on.
pub(super) fn trip(whole: &Trip, at: DateTime<Utc>, odometer: Option<Distance>) -> Option<[Trip; 2]> {
    let [start, before, after, end] = ends(whole.start, whole.end?, at)?;
    let counted = odometer.and_then(|shown| {
        let (from, to) = whole.odometer_before.zip(whole.odometer_after)?;
        (from <= shown && shown <= to).then_some((shown.minus(from).metres(), to.minus(from).metres()))
    });
    let timed = share_of_time(whole.start, end.by, at);
    // The distance may be longer than the counter tells, across a counter that was replaced.
    let (part, all) = counted.unwrap_or(timed);
    let distance = Distance::from_metres(scaled(whole.distance.metres(), part, all));
    let shown = whole.odometer_before.map(|from| from.plus(distance));
    let shown = odometer.filter(|_| counted.is_some()).or(shown);
    let evidence = if counted.is_some() { whole.evidence.clone() } else { divided(&whole.evidence) };
    let unmeasured = Trip { fuel_used: None, charge_used: None, evidence, ..whole.clone() };
    let first =
        Trip { start, end: Some(before), distance, odometer_after: shown, to: None, ..unmeasured.clone() };
    let rest = whole.distance.minus(distance);
    let second = Trip {
        start: after,
        end: Some(end),
        distance: rest,
        odometer_before: shown,
        from: None,
        ..unmeasured
    };
    Some([first, second])
}

/// Start and end of both parts.
fn ends(start: Within, end: Within, at: DateTime<Utc>) -> Option<[Within; 4]> {
    let cut = Within::exactly(at);
    let first = Within { after: start.after, by: start.by.min(at) };
    let last = Within { after: end.after.max(at), by: end.by };
    (start.after < at && at < end.by).then_some([first, cut, cut, last])
}

/// The share of the first part, as (part, whole).
fn share(whole: &ChargingSession, early: &[Piece], at: DateTime<Utc>) -> (i64, i64) {
    let sum = |flow: &[Piece]| flow.iter().map(|piece| piece.wh).sum::<i64>();
    let all = sum(&whole.flow);
    if all > 0 {
        return (sum(early), all);
    }
    share_of_time(whole.start, whole.end.map_or(whole.start.by, |end| end.by), at)
}

/// How much of the time lies before the cut, as (part, whole): from when it certainly went on, or, where that is later than the
/// cut, from when it may have.
fn share_of_time(start: Within, end: DateTime<Utc>, at: DateTime<Utc>) -> (i64, i64) {
    let from = if start.by < at { start.by } else { start.after }.timestamp_millis();
    let all = (end.timestamp_millis() - from).max(0);
    ((at.timestamp_millis() - from).clamp(0, all), all)
}

fn energy(whole: Option<Energy>, (part, all): (i64, i64)) -> [Option<Energy>; 2] {
    let Some(whole) = whole else { return [None, None] };
    let first = Energy {
        wh: scaled(whole.wh, part, all),
        plus_minus_wh: scaled(whole.plus_minus_wh, part, all),
        ..whole
    };
    let second =
        Energy { wh: whole.wh - first.wh, plus_minus_wh: whole.plus_minus_wh - first.plus_minus_wh, ..whole };
    [Some(first), Some(second)]
}

fn flow(whole: &[Piece], at: DateTime<Utc>) -> (Vec<Piece>, Vec<Piece>) {
    let (mut early, mut late) = (Vec::new(), Vec::new());
    for piece in whole {
        if piece.to <= at {
            early.push(*piece);
        } else if piece.from >= at {
            late.push(*piece);
        } else {
            let millis = |from: DateTime<Utc>, to: DateTime<Utc>| (to - from).num_milliseconds();
            let wh = scaled(piece.wh, millis(piece.from, at), millis(piece.from, piece.to));
            early.push(Piece { to: at, wh, ..*piece });
            late.push(Piece { from: at, wh: piece.wh - wh, ..*piece });
        }
    }
    (early, late)
}

fn segments(whole: &[Segment], at: DateTime<Utc>, all: &[Piece]) -> (Vec<Segment>, Vec<Segment>) {
    let (mut early, mut late) = (Vec::new(), Vec::new());
    for segment in whole {
        if segment.end.is_some_and(|end| end.by <= at) {
            early.push(*segment);
        } else if segment.start.after >= at {
            late.push(*segment);
        } else {
            let cut = Within::exactly(at);
            let start = Within { after: segment.start.after, by: segment.start.by.min(at) };
            let end = segment.end.map(|end| Within { after: end.after.max(at), by: end.by });
            let wh = segment.wh.map(|wh| wh_before(segment, wh, at, all));
            early.push(Segment { start, end: Some(cut), end_level: None, wh, ..*segment });
            let rest = segment.wh.zip(wh).map(|(all, early)| all - early);
            late.push(Segment { start: cut, end, start_level: None, wh: rest, ..*segment });
        }
    }
    (early, late)
}

/// What of a segment's energy flowed before.
fn wh_before(segment: &Segment, wh: i64, at: DateTime<Utc>, all: &[Piece]) -> i64 {
    let end = segment.end.map_or(segment.start.by, |end| end.by);
    let own: Vec<Piece> =
        all.iter().filter(|piece| piece.from >= segment.start.after && piece.to <= end).copied().collect();
    let (early, _) = flow(&own, at);
    let sum = |flow: &[Piece]| flow.iter().map(|piece| piece.wh).sum::<i64>();
    scaled(wh, sum(&early), sum(&own))
}

fn divided(evidence: &Evidence) -> Evidence {
    let mut evidence = evidence.clone();
    if !evidence.marks.contains(&Mark::Divided) {
        evidence.marks.push(Mark::Divided);
    }
    evidence
}
