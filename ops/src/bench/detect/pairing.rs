//! Which claims are true, and which truths were claimed.

use chrono::{DateTime, TimeDelta, Utc};

/// Something that happened, or is said to have happened, within this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: DateTime<Utc>,
    /// It had begun by then.
    pub begun: DateTime<Utc>,
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
    /// Begun nobody knows when within this time.
    pub const fn within(from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        Self { from, begun: to, to }
    }

    pub fn meets(self, other: Self) -> bool {
        self.from - SLACK <= other.to && other.from <= self.to + SLACK
    }

    /// Whether both may have begun at the same moment.
    fn begins_with(self, other: Self) -> bool {
        self.from - SLACK <= other.begun && other.from <= self.begun + SLACK
    }

    fn covers(self, other: Self) -> bool {
        self.from - SLACK <= other.from && other.to <= self.to + SLACK
    }

    /// Seconds; negative of what only comes near.
    fn overlap(self, other: Self) -> i64 {
        (self.to.min(other.to) - self.from.max(other.from)).num_seconds()
    }
}

/// Pairs claims with truths, both in the order of time: each with one, as many as there can be (of the truths that count
/// above all), and of those the ones that overlap most. What is left over of the truths that count is told all the same where
/// a claim covers it: it happened twice in one silence, and nobody could tell the two apart.
pub fn pair(claims: &[Span], truths: &[Span], counts: impl Fn(usize) -> bool) -> Pairing {
    let mut claimed = best(claims, truths, &counts);
    let mut taken = vec![false; claims.len()];
    for claim in claimed.iter().flatten() {
        taken[*claim] = true;
    }
    for truth in (0..truths.len()).filter(|truth| counts(*truth)) {
        claimed[truth] =
            claimed[truth].or_else(|| claims.iter().position(|claim| claim.covers(truths[truth])));
    }
    let wrong = (0..claims.len()).filter(|claim| !taken[*claim]).collect();
    Pairing { claims: claimed, wrong }
}

/// How good a pairing is: first the number of its pairs of truths that count, then of those that begin together, then of
/// all, then the seconds that they overlap.
type Worth = (u32, u32, u32, i64);

/// Of each truth its claim, so that no two pairs cross.
fn best(claims: &[Span], truths: &[Span], counts: impl Fn(usize) -> bool) -> Vec<Option<usize>> {
    let wide = claims.len() + 1;
    let place = |truth: usize, claim: usize| truth * wide + claim;
    // The best of all truths and claims from these on.
    let mut worth: Vec<Worth> = vec![(0, 0, 0, 0); (truths.len() + 1) * wide];
    let paired = |worth: &[Worth], truth: usize, claim: usize| {
        let (counting, together, pairs, seconds) = worth[place(truth + 1, claim + 1)];
        let (one, other) = (truths[truth], claims[claim]);
        let counting = counting + u32::from(counts(truth));
        let together = together + u32::from(one.begins_with(other));
        one.meets(other).then_some((counting, together, pairs + 1, seconds + one.overlap(other)))
    };
    for truth in (0..truths.len()).rev() {
        for claim in (0..claims.len()).rev() {
            let apart = worth[place(truth + 1, claim)].max(worth[place(truth, claim + 1)]);
            let together = paired(&worth, truth, claim).unwrap_or_default();
            worth[place(truth, claim)] = apart.max(together);
        }
    }
    let (mut pairs, mut claim) = (Vec::with_capacity(truths.len()), 0);
    for truth in 0..truths.len() {
        let at = |truth, claim| worth[place(truth, claim)];
        if at(truth + 1, claim) == at(truth, claim) {
            pairs.push(None);
            continue;
        }
        // Nothing is lost without the claims before its own.
        while paired(&worth, truth, claim) != Some(at(truth, claim)) {
            claim += 1;
        }
        pairs.push(Some(claim));
        claim += 1;
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(hours: &[(i64, i64)]) -> Vec<Span> {
        let at = |hour: &i64| DateTime::UNIX_EPOCH + TimeDelta::hours(*hour);
        hours.iter().map(|(from, to)| Span { from: at(from), begun: at(to), to: at(to) }).collect()
    }

    #[test]
    fn a_claim_is_wrong_without_a_truth_and_if_it_tells_one_twice() {
        let pairing = pair(&spans(&[(0, 1), (3, 5), (4, 6), (9, 10)]), &spans(&[(4, 4), (12, 12)]), |_| true);
        assert_eq!(pairing, Pairing { claims: vec![Some(1), None], wrong: vec![0, 2, 3] });
    }

    #[test]
    fn what_happened_twice_in_one_silence_may_be_told_once() {
        let pairing = pair(&spans(&[(0, 24)]), &spans(&[(3, 4), (20, 21)]), |_| true);
        assert_eq!(pairing, Pairing { claims: vec![Some(0), Some(0)], wrong: Vec::new() });
    }

    #[test]
    fn what_only_touches_the_claim_of_another_is_not_told() {
        let pairing = pair(&spans(&[(10, 24)]), &spans(&[(3, 11), (20, 21)]), |_| true);
        assert_eq!(pairing, Pairing { claims: vec![None, Some(0)], wrong: Vec::new() });
    }

    #[test]
    fn a_claim_tells_the_truth_that_it_overlaps_most() {
        let pairing = pair(&spans(&[(9, 20), (26, 40)]), &spans(&[(0, 10), (12, 27), (30, 50)]), |_| true);
        assert_eq!(pairing, Pairing { claims: vec![None, Some(0), Some(1)], wrong: Vec::new() });
    }

    #[test]
    fn truths_that_count_come_before_others() {
        let pairing = pair(&spans(&[(0, 9)]), &spans(&[(1, 8), (9, 12)]), |truth| truth == 1);
        assert_eq!(pairing, Pairing { claims: vec![None, Some(0)], wrong: Vec::new() });
    }
}
