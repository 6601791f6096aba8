//! When a message that was not taken is tried again.

use chrono::TimeDelta;

/// As the Standard Webhooks' example has it; for e-mail, too: greylisting mail servers want minutes, broken ones hours.
const SECONDS: [i64; 9] = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// The wait after so many attempts; `None` when there were enough.
pub fn again(attempts: i16) -> Option<TimeDelta> {
    let place = usize::try_from(attempts).ok()?.checked_sub(1)?;
    SECONDS.get(place).copied().map(TimeDelta::seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schedule_that_the_page_of_notifications_promises() {
        let waits: Vec<_> = (0..=10).map(|attempts| again(attempts).map(|wait| wait.num_seconds())).collect();
        let minutes = |minutes: i64| Some(minutes * 60);
        let promised = [
            minutes(5),
            minutes(30),
            minutes(120),
            minutes(300),
            minutes(600),
            minutes(840),
            minutes(1_200),
            minutes(1_440),
        ];
        assert_eq!(waits[..2], [None, Some(5)]);
        assert_eq!(waits[2..10], promised);
        assert_eq!(waits[10], None);
    }
}
