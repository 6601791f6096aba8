//! How long to wait before trying again: a table that can be read, and jitter on top of it so that many processes
//! that failed together do not come back together. The only user of the crate `backoff`, which is unmaintained
//! (RUSTSEC-2025-0012): to replace it is to change this file.

use std::iter;
use std::time::Duration;

use backoff::ExponentialBackoffBuilder;
use backoff::backoff::Backoff as _;

/// Waits that double from `first` to `longest` and then stay there, for ever.
///
/// Whoever waits decides when to give up; whoever succeeded starts a new row of waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
}

impl Backoff {
    /// For connections to servers of our own: soon at first, since most restarts take seconds; then every ten
    /// seconds, so that a server that comes back is not stormed.
    pub const RECONNECT: Self = Self::new(Duration::from_millis(100), Duration::from_secs(10));

    /// How far jitter moves a wait, to either side, as a share of it.
    const JITTER: f64 = 0.3;

    /// Waits that double from `first` up to `longest`.
    ///
    /// # Panics
    ///
    /// If `first` is nothing or longer than `longest`. In a constant, as tables should be, that fails the build.
    pub const fn new(first: Duration, longest: Duration) -> Self {
        assert!(!first.is_zero(), "the first wait of a backoff must not be zero");
        assert!(first.as_nanos() <= longest.as_nanos(), "the first wait is longer than the longest");
        Self { first, longest }
    }

    /// The table itself: what the waits are before jitter. Endless.
    pub fn table(self) -> impl Iterator<Item = Duration> {
        self.row(0.0)
    }

    /// The waits to sleep: the table, each moved by up to 30 % to either side. Endless.
    pub fn waits(self) -> impl Iterator<Item = Duration> + Send {
        self.row(Self::JITTER)
    }

    fn row(self, jitter: f64) -> impl Iterator<Item = Duration> + Send {
        let mut waits = ExponentialBackoffBuilder::new()
            .with_initial_interval(self.first)
            .with_max_interval(self.longest)
            .with_multiplier(2.0)
            .with_randomization_factor(jitter)
            .with_max_elapsed_time(None)
            .build();
        // Without a maximum of elapsed time there is always a next one; the longest is what it would be.
        iter::repeat_with(move || waits.next_backoff().unwrap_or(self.longest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_tried_again_by_this_table() {
        let table: Vec<u128> = Backoff::RECONNECT.table().take(9).map(|wait| wait.as_millis()).collect();
        assert_eq!(table, [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
    }

    #[test]
    fn jitter_stays_within_thirty_percent_of_the_table() {
        for _ in 0..200 {
            for (wait, middle) in Backoff::RECONNECT.waits().zip(Backoff::RECONNECT.table()).take(12) {
                let share = wait.as_secs_f64() / middle.as_secs_f64();
                assert!((0.699..=1.301).contains(&share), "{wait:?} is not near {middle:?}");
            }
        }
    }

    #[test]
    fn two_processes_that_failed_together_do_not_come_back_together() {
        let row = || Backoff::RECONNECT.waits().take(6).collect::<Vec<_>>();
        assert_ne!(row(), row());
    }

    #[test]
    #[should_panic(expected = "longer than the longest")]
    fn a_table_that_shrinks_is_refused() {
        let _ = Backoff::new(Duration::from_secs(2), Duration::from_secs(1));
    }
}
