//! How far the stored deliveries are behind the accepted ones.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Remembers when how many were accepted, as long as some of them are not stored.
#[derive(Debug, Default)]
pub struct Lag(VecDeque<(Instant, u64)>);

impl Lag {
    /// Takes in the two counts of this moment, and tells how long the oldest delivery that is not stored has waited:
    /// exact to the time between two looks.
    pub fn note(&mut self, now: Instant, accepted: u64, stored: u64) -> Duration {
        self.0.push_back((now, accepted));
        while self.0.front().is_some_and(|(_, count)| *count <= stored) {
            self.0.pop_front();
        }
        self.0.front().map_or(Duration::ZERO, |(since, _)| now - *since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_is_that_of_the_oldest_that_is_not_stored() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut lag = Lag::default();
        for (second, accepted, stored, age) in
            [(0, 5, 5, 0), (1, 8, 5, 0), (2, 9, 7, 1), (3, 9, 8, 1), (4, 9, 9, 0)]
        {
            assert_eq!(lag.note(at(second), accepted, stored), Duration::from_secs(age), "{second}");
        }
    }
}
