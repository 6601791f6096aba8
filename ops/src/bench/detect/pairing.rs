//! Which claims are true, and which truths were claimed.

use chrono::{DateTime, TimeDelta, Utc};

/// Something that happened, or is said to have happened, within this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Pairing {
    /// Of each truth: the claim that tells it. Truths that nobody could tell apart may share one.
    pub claims: Vec<Option<usize>>,
    /// Claims without any truth, or whose truth another claim tells already.
    pub wrong: Vec<usize>,
}

/// Clouds speak some seconds later than cars.
const SLACK: TimeDelta = TimeDelta::minutes(5);

impl Span {
    pub fn meets(self, other: Self) -> bool {
        self.from - SLACK <= other.to && other.from <= self.to + SLACK
    }
}

/// Both in the order of time.
pub fn pair(claims: &[Span], truths: &[Span]) -> Pairing {
    let mut taken = vec![false; claims.len()];
    let pairs: Vec<Option<usize>> = truths
        .iter()
        .map(|truth| {
            let all = || (0..claims.len()).filter(|claim| claims[*claim].meets(*truth));
            let claim = all().find(|claim| !taken[*claim]).or_else(|| all().next());
            claim.inspect(|claim| taken[*claim] = true)
        })
        .collect();
    let wrong = (0..claims.len()).filter(|claim| !taken[*claim]).collect();
    Pairing { claims: pairs, wrong }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(hours: &[(i64, i64)]) -> Vec<Span> {
        let at = |hour: &i64| DateTime::UNIX_EPOCH + TimeDelta::hours(*hour);
        hours.iter().map(|(from, to)| Span { from: at(from), to: at(to) }).collect()
    }

    #[test]
    fn a_claim_is_wrong_without_a_truth_and_if_it_tells_one_twice() {
        let pairing = pair(&spans(&[(0, 1), (3, 5), (4, 6), (9, 10)]), &spans(&[(4, 4), (12, 12)]));
        assert_eq!(pairing, Pairing { claims: vec![Some(1), None], wrong: vec![0, 2, 3] });
    }

    #[test]
    fn what_happened_twice_in_one_silence_may_be_told_once() {
        let pairing = pair(&spans(&[(0, 24)]), &spans(&[(3, 4), (20, 21)]));
        assert_eq!(pairing, Pairing { claims: vec![Some(0), Some(0)], wrong: Vec::new() });
    }
}
