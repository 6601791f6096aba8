//! How old a value may be: by the rhythm in which the car is used to tell it, learned from its own past.

use chrono::TimeDelta;

/// So many times the longest of the usual times between two values.
pub const TIMES: i32 = 3;
/// What is younger is never stale,
pub const SHORTEST: TimeDelta = TimeDelta::hours(6);
/// and what is older always is.
pub const LONGEST: TimeDelta = TimeDelta::days(7);
/// Fewer times between two values show no rhythm.
const ENOUGH: u32 = 5;

/// The times that passed between two values of one signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rhythm {
    /// All but a twentieth of them are shorter.
    pub usual: TimeDelta,
    /// So many were seen.
    pub seen: u32,
}

/// After how long a value is stale. One whose rhythm nobody knows is given the longest time.
pub fn stale_after(rhythm: Option<Rhythm>) -> TimeDelta {
    match rhythm.filter(|rhythm| rhythm.seen >= ENOUGH) {
        Some(rhythm) => (rhythm.usual.min(LONGEST) * TIMES).clamp(SHORTEST, LONGEST),
        None => LONGEST,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_may_be_three_times_as_old_as_it_usually_gets() {
        let after = |hours, seen| stale_after(Some(Rhythm { usual: TimeDelta::hours(hours), seen }));
        assert_eq!(after(5, 5), TimeDelta::hours(15));
        assert_eq!(after(1, 50), TimeDelta::hours(6), "never so soon");
        assert_eq!(after(100, 50), TimeDelta::days(7), "never later");
        assert_eq!(after(i64::from(u32::MAX), 50), TimeDelta::days(7));
        assert_eq!(after(1, 4), TimeDelta::days(7), "not learned yet");
        assert_eq!(stale_after(None), TimeDelta::days(7));
    }
}
