//! Chance that can be repeated: a small generator whose streams are named, so that one more draw in one rule
//! leaves all other rules as they were. Ours, and not a crate's, so that an update never changes the worlds.

use uuid::Uuid;

/// A stream of random numbers (splitmix64 by Steele, Lea and Flood, 2014). The same seed and the same names
/// give the same numbers on every machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(mix(seed.wrapping_add(STEP)))
    }

    /// The stream of this name and number below this one; drawing from it does not move this one.
    #[must_use]
    pub fn branch(&self, name: &str, number: i64) -> Self {
        let named = name.bytes().fold(self.0, |state, byte| mix(state ^ u64::from(byte).wrapping_add(STEP)));
        Self(mix(named ^ mix(number.cast_unsigned().wrapping_add(STEP))))
    }

    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mix(self.0)
    }

    /// A whole number from `low` to `high`, both included. `low` where the range is empty.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = u128::from(high.saturating_sub(low).max(0).unsigned_abs()) + 1;
        let offset = (u128::from(self.draw()) * width) >> 64;
        low.saturating_add(i64::try_from(offset).unwrap_or(0))
    }

    /// True in this share of cases: never at 0, always at 1.
    pub fn happens(&mut self, share: f64) -> bool {
        // 53 bits are what a double holds exactly.
        #[expect(clippy::cast_precision_loss, reason = "the number was cut to the 53 bits of a double")]
        let drawn = (self.draw() >> 11) as f64 / (1_u64 << 53) as f64;
        drawn < share
    }

    /// One of them, each as likely as the others. The first where there is only one.
    ///
    /// # Panics
    /// If there is nothing to pick from.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        let last = i64::try_from(from.len()).unwrap_or(i64::MAX) - 1;
        &from[usize::try_from(self.between(0, last)).unwrap_or(0)]
    }

    /// An id in the form of a random UUID (version 4).
    pub fn uuid(&mut self) -> Uuid {
        let bytes = (u128::from(self.draw()) << 64) | u128::from(self.draw());
        uuid::Builder::from_random_bytes(bytes.to_be_bytes()).into_uuid()
    }
}

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

fn mix(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    state ^ (state >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_says_the_same_on_every_machine() {
        let mut chance = Chance::new(7).branch("car", 3);
        let drawn: Vec<i64> = (0..6).map(|_| chance.between(0, 999)).collect();
        // Never edit this list: the worlds that people noted by their seed hang on it.
        assert_eq!(drawn, [648, 430, 827, 418, 396, 551]);
    }

    #[test]
    fn a_branch_does_not_move_the_stream_it_came_from() {
        let mut with = Chance::new(1);
        let mut without = Chance::new(1);
        with.branch("fuel", 1).draw();
        assert_eq!(with.draw(), without.draw());
    }

    #[test]
    fn branches_differ_by_name_and_by_number() {
        let root = Chance::new(1);
        let mut drawn = vec![
            root.branch("fuel", 1).draw(),
            root.branch("fuel", 2).draw(),
            root.branch("fuel", -1).draw(),
            root.branch("charge", 1).draw(),
        ];
        drawn.sort_unstable();
        drawn.dedup();
        assert_eq!(drawn.len(), 4);
    }

    #[test]
    fn both_ends_of_a_range_are_drawn_and_nothing_outside() {
        let mut chance = Chance::new(2);
        let drawn: std::collections::BTreeSet<i64> = (0..200).map(|_| chance.between(-1, 2)).collect();
        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), [-1, 0, 1, 2]);
        assert_eq!(chance.between(5, 4), 5);
    }

    #[test]
    fn a_share_is_kept() {
        let mut chance = Chance::new(3);
        let hits = (0..10_000).filter(|_| chance.happens(0.3)).count();
        assert!((2_800..3_200).contains(&hits), "{hits} of 10000");
        assert!((0..100).all(|_| chance.happens(1.0) && !chance.happens(0.0)));
    }
}
