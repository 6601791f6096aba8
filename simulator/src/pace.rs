//! How virtual time follows real time: quicker until it has caught up, and never ahead of it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// The relation of both times, from an anchor on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    real: DateTime<Utc>,
    virtual_: DateTime<Utc>,
    speed: f64,
    is_paused: bool,
}

impl Pace {
    /// Virtual time is `start` at the real moment `now`, and passes `speed` times as fast (infinity: as fast
    /// as the work is done).
    pub fn new(start: DateTime<Utc>, now: DateTime<Utc>, speed: f64) -> Self {
        Self { real: now, virtual_: start, speed: speed.max(0.0), is_paused: false }
    }

    /// The virtual time at a real moment: never later than the real one, for the future has no readings.
    pub fn at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let passed_ms = (now - self.real).num_milliseconds().max(0);
        if self.is_paused || passed_ms == 0 {
            return self.virtual_.min(now);
        }
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of a run are far below 2^53")]
        let ahead_ms = passed_ms as f64 * self.speed;
        // What is too far to be said is in the future anyway.
        #[expect(clippy::cast_possible_truncation, reason = "a cast from a large double saturates")]
        let ahead = TimeDelta::try_milliseconds(ahead_ms as i64);
        ahead.and_then(|ahead| self.virtual_.checked_add_signed(ahead)).map_or(now, |then| then.min(now))
    }

    /// How long to wait until a virtual moment comes; at most a tenth of a second, since the pace may change
    /// meanwhile.
    pub fn wait(&self, moment: DateTime<Utc>, now: DateTime<Utc>) -> Duration {
        const LONGEST: Duration = Duration::from_millis(100);
        let missing = (moment - self.at(now)).to_std().unwrap_or(Duration::ZERO);
        if self.is_paused || !self.speed.is_normal() {
            return LONGEST;
        }
        // Once it has caught up, virtual time passes as real time does.
        let quicker = if self.at(now) == now { 1.0 } else { self.speed.max(1.0) };
        missing.div_f64(quicker).clamp(Duration::from_millis(1), LONGEST)
    }

    pub fn pause(&mut self, now: DateTime<Utc>) {
        *self = Self { real: now, virtual_: self.at(now), is_paused: true, ..*self };
    }

    pub fn resume(&mut self, now: DateTime<Utc>) {
        *self = Self { real: now, virtual_: self.at(now), is_paused: false, ..*self };
    }

    pub fn is_paused(&self) -> bool {
        self.is_paused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_780_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn virtual_time_passes_quicker_until_it_has_caught_up() {
        // A day behind, an hour a second.
        let pace = Pace::new(at(-86_400), at(0), 3_600.0);
        assert_eq!(pace.at(at(0)), at(-86_400));
        assert_eq!(pace.at(at(10)), at(-50_400));
        assert_eq!(pace.at(at(25)), at(25));
        assert_eq!(pace.at(at(1_000)), at(1_000));
    }

    #[test]
    fn virtual_time_is_never_ahead() {
        for speed in [0.5, 1.0, 100.0, 1e300, f64::INFINITY] {
            let pace = Pace::new(at(-5), at(0), speed);
            for seconds in 0..100 {
                assert!(pace.at(at(seconds)) <= at(seconds), "speed {speed}");
            }
        }
        assert_eq!(Pace::new(at(50), at(0), 1.0).at(at(0)), at(0));
    }

    #[test]
    fn infinite_speed_is_the_present_at_once() {
        let pace = Pace::new(at(-86_400), at(0), f64::INFINITY);
        assert_eq!(pace.at(at(1)), at(1));
    }

    #[test]
    fn a_pause_is_made_up_for_by_the_speed() {
        let mut pace = Pace::new(at(-100), at(0), 2.0);
        pace.pause(at(10));
        assert_eq!(pace.at(at(50)), at(-80));
        pace.resume(at(50));
        assert_eq!(pace.at(at(60)), at(-60));
    }

    #[test]
    fn waiting_is_as_long_as_it_takes_but_short() {
        let pace = Pace::new(at(-86_400), at(0), 3_600.0);
        assert_eq!(pace.wait(at(-86_400 + 180), at(0)), Duration::from_millis(50));
        assert_eq!(pace.wait(at(0), at(0)), Duration::from_millis(100));
        assert_eq!(pace.wait(at(-90_000), at(0)), Duration::from_millis(1));
    }
}
