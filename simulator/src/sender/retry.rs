//! How patient the platform is, as a table.

use std::time::Duration;

/// The platform waits this long for an answer (source: its page on delivery behaviour).
pub const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// The waits after the first, second and third failed attempt, in seconds; there is no fifth attempt.
const WAITS: [u64; 3] = [25, 50, 100];

/// The wait after so many failed attempts; `None` if the event is given up for good. `scale` stretches or
/// shrinks all waits; 1 is the platform's own.
pub fn wait_after(failed_attempts: usize, scale: f64) -> Option<Duration> {
    let seconds = WAITS.get(failed_attempts.checked_sub(1)?)?;
    Some(Duration::from_secs(*seconds).mul_f64(scale.clamp(0.0, 1_000.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_attempts_in_175_seconds_and_then_never_again() {
        let waits: Vec<u64> =
            (1..10).map_while(|failed| wait_after(failed, 1.0)).map(|wait| wait.as_secs()).collect();
        assert_eq!(waits, [25, 50, 100]);
        assert_eq!(waits.iter().sum::<u64>(), 175);
        assert_eq!(wait_after(0, 1.0), None);
    }

    #[test]
    fn the_scale_shrinks_the_waits_and_not_their_number() {
        let waits: Vec<u128> =
            (1..10).map_while(|failed| wait_after(failed, 0.001)).map(|wait| wait.as_millis()).collect();
        assert_eq!(waits, [25, 50, 100]);
        assert_eq!(wait_after(1, f64::INFINITY), Some(Duration::from_secs(25_000)));
    }
}
