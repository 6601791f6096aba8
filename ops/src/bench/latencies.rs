//! How long each of many things took.

use std::time::Duration;

use super::figures::{Draft, Unit};

/// Durations in no order, or sorted once they are asked.
#[derive(Debug, Clone, Default)]
pub(super) struct Latencies(Vec<Duration>);

impl Latencies {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The duration that this share of all does not exceed; zero if nothing was timed.
    pub fn quantile(&mut self, share: f64) -> Duration {
        self.0.sort_unstable();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a share of a count is a count, and nobody times 2^52 things"
        )]
        let rank = (share * self.0.len() as f64).ceil() as usize;
        self.0.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// In milliseconds, what 99 of 100 do not exceed.
    pub fn p99_ms(&mut self) -> f64 {
        self.quantile(0.99).as_secs_f64() * 1e3
    }

    pub fn append(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    /// p50, p99 and p99.9 in milliseconds.
    pub fn note(&mut self, figures: Draft) -> Draft {
        [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)].into_iter().fold(figures, |figures, (name, share)| {
            figures.with(name, self.quantile(share).as_secs_f64() * 1e3, Unit::Milliseconds)
        })
    }
}

impl Extend<Duration> for Latencies {
    fn extend<T: IntoIterator<Item = Duration>>(&mut self, more: T) {
        self.0.extend(more);
    }
}

impl FromIterator<Duration> for Latencies {
    fn from_iter<T: IntoIterator<Item = Duration>>(durations: T) -> Self {
        Self(durations.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_the_smallest_duration_that_enough_do_not_exceed() {
        let mut hundred: Latencies = (1..=100).rev().map(Duration::from_millis).collect();
        for (share, milliseconds) in [(0.5, 50), (0.99, 99), (0.999, 100), (1.0, 100), (0.0, 1)] {
            assert_eq!(hundred.quantile(share), Duration::from_millis(milliseconds));
        }
        assert_eq!(Latencies::default().quantile(0.5), Duration::ZERO);
    }
}
