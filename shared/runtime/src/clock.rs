//! The one place that reads the time of day. Everything below a program's outermost loop is given it.

use chrono::{DateTime, SubsecRound, Utc};

/// The time now, cut to whole microseconds: what PostgreSQL keeps, so that a time that was stored and read back
/// equals the one that was never stored.
#[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else is given")]
pub fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_has_no_more_digits_than_the_database_keeps() {
        for _ in 0..1_000 {
            assert_eq!(now().timestamp_subsec_nanos() % 1_000, 0);
        }
    }
}
