//! Levels that no tank had: what a gauge says once and takes back at the next stop.

use super::habits::Habits;
use super::stand::{Part, STEP, Stop, between};

/// Percent: a fall is beyond what can have been burnt only when it is so much beyond.
const LEEWAY: i64 = 8_000;
/// Percent: a gauge that returns so close has returned to what it said before.
const SAME: i64 = 3_000;

/// The parts without those that the next part belies. `before`: the stop before them.
pub(super) fn without_odd(parts: &[Part], before: Option<&Stop>, habits: &Habits) -> Vec<Part> {
    let mut kept: Vec<Part> = Vec::with_capacity(parts.len());
    let mut stands = true;
    for (index, part) in parts.iter().enumerate() {
        let last = kept.last().map(Part::stop).or_else(|| before.copied());
        let odd = match (last, parts.get(index + 1)) {
            (Some(last), Some(next)) => is_odd(&last, part, next, habits),
            (None, _) | (_, None) => false,
        };
        if odd {
            stands &= part.stands;
        } else {
            kept.push(Part { stands: part.stands && stands, ..*part });
            stands = true;
        }
    }
    kept
}

fn is_odd(last: &Stop, part: &Part, next: &Part, habits: &Habits) -> bool {
    let change = part.level.0 - last.level.0;
    if change.abs() < STEP {
        return false;
    }
    let back = next.level.0 - last.level.0;
    if part.stands && next.stands {
        return back.abs() < STEP;
    }
    let used = between(last.way, next.way).map(|way| habits.burns(way).unwrap_or(0));
    let returned = used.map_or(back.abs() <= SAME, |used| (back + used).abs() < STEP);
    if change > 0 {
        // The rise was none, if more is missing now than the car can have burnt.
        let fell = part.level.0 - next.level.0;
        let too_far = between(part.way, next.way).is_none_or(|way| fell > habits.burns_at_most(way) + LEEWAY);
        fell >= STEP && too_far && back + used.unwrap_or(0) < STEP
    } else {
        // The fall was none, if the car cannot have burnt it and the next stop does not know of it.
        let too_far =
            between(last.way, part.way).is_some_and(|way| -change > habits.burns_at_most(way) + LEEWAY);
        let alone = part.readings == 1 && next.level.0 - part.level.0 >= STEP;
        let unknown = between(last.way, part.way).is_none();
        (too_far && (alone || returned)) || (unknown && returned)
    }
}
