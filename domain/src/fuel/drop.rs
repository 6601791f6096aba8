//! Fuel that vanished while the car stood.

use super::gauge::Gauge;
use super::stand::{Known, Part};
use crate::alert::{Alarm, Alert};
use crate::book::{Cited, Evidence};
use crate::fold::Scene;
use crate::reading::Milli;

/// Percent: less may be a slope, the cold, or a heater.
const TELLING: i64 = 10_000;
/// Readings that must agree that it is gone.
const AGREEING: usize = 2;

/// What vanished from one part to the next. Only where the odometer proves that the car did not move.
pub(super) fn drops(parts: &[Part], gauge: Gauge, tank: Option<Milli>, scene: &Scene<'_>) -> Vec<Alert> {
    let vanished = parts.windows(2).filter(|pair| {
        let (before, after) = (pair[0], pair[1]);
        let stood = after.stands && before.known >= Known::About && after.known == Known::Exactly;
        // At once, and not little by little: a heater burns little by little.
        let at_once = before.read_last.0 - after.read.0 >= TELLING;
        stood && at_once && before.end.0 - after.level.0 >= TELLING && after.readings >= AGREEING
    });
    let alert = |pair: &[Part]| {
        let (before, after) = (pair[0], pair[1]);
        let cite = |at, level| {
            let (signal, value) = gauge.reported(level, tank);
            Cited { at, signal, value }
        };
        let cited = vec![cite(before.last, before.read_last), cite(after.first, after.read)];
        Alert {
            at: after.first,
            what: Alarm::FuelDrop { from: before.end, to: after.level },
            evidence: Evidence { cited, ..Evidence::at(scene.until) },
        }
    };
    vanished.map(alert).collect()
}
