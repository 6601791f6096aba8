//! Counts as numbers that can be divided.

use std::time::Duration;

/// A count; nobody counts four thousand million things here.
pub(super) fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// So many in that time.
pub(super) fn per_second(number: usize, took: Duration) -> f64 {
    count(number) / took.as_secs_f64().max(f64::EPSILON)
}

/// One count for each of another.
pub(super) fn ratio(number: usize, to: usize) -> f64 {
    count(number) / count(to.max(1))
}
