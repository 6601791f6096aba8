//! What the hard runs are told: those that take minutes, or that need more from the machine than a short measurement.

use std::time::Duration;

use clap::Args;

use super::figures::{DELIVERIES, Figures};
use super::options::{Measurement, Payload};

/// The rate of the hard runs where nothing else is known: modest for any machine.
const MODEST: f64 = 500.0;

/// The share of the measured peak that a hard run takes for its rate.
const SHARE: f64 = 0.5;

#[derive(Debug, Clone, Args)]
pub struct HardOptions {
    /// How many deliveries a second come during crowds, backlog and soak. By default half of what `whole` reached, if
    /// it was measured before, or else 500.
    #[arg(long, value_name = "PER_SECOND", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub rate: Option<u32>,

    /// How many clients stand idle in the door during `crowds`. Needs as many open files, here and in `ingest`
    /// (`ulimit -n`; raised by itself as far as the system lets it).
    #[arg(long, value_name = "CLIENTS", default_value_t = 10_000, value_parser = clap::value_parser!(u16).range(1..=25_000))]
    pub crowd: u16,

    /// How many deliveries wait in the queue when `backlog` begins to drain it.
    #[arg(long, value_name = "DELIVERIES", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=5_000_000))]
    pub backlog: u32,

    /// How many cars are due when `planning` begins. What is told is scaled to a million.
    #[arg(long, value_name = "CARS", default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub fleet: u32,

    /// Soak for so many minutes (30, if `soak` is named without this).
    #[arg(long, value_name = "MINUTES", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    pub soak: Option<u64>,

    /// How many seconds a minute of the soak has. Tests have less time.
    #[arg(long, default_value_t = 60, hide = true)]
    pub minute: u64,
}

impl HardOptions {
    /// Deliveries a second.
    pub(super) fn rate(&self, round: u32, payload: Payload, so_far: &Figures) -> f64 {
        let given = self.rate.map(f64::from);
        let peak = || so_far.get(round, payload, Measurement::Whole, DELIVERIES);
        given.or_else(|| Some(peak()? * SHARE)).unwrap_or(MODEST)
    }

    /// How many minutes the soak takes.
    pub(super) fn minutes(&self) -> u64 {
        self.soak.unwrap_or(30)
    }

    /// How long one of them is.
    pub(super) fn minute(&self) -> Duration {
        Duration::from_secs(self.minute)
    }
}

/// How many deliveries come in some time at a rate.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rates are positive, and nobody waits for 2^52 deliveries"
)]
pub(super) fn coming(rate: f64, time: Duration) -> usize {
    (rate * time.as_secs_f64()).ceil() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_come_as_the_rate_says() {
        for (rate, seconds, number) in [(500.0, 60, 30_000), (0.1, 1, 1), (2.5, 3, 8), (1.0, 1, 1)] {
            assert_eq!(coming(rate, Duration::from_secs(seconds)), number);
        }
    }
}
