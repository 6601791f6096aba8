//! A spell of one kind of trouble, so that thousands of failures are two lines in the log: where it begins, and where it
//! is over.

use std::time::Duration;

use tokio::time::Instant;

/// What is known of the present spell, if there is one.
#[derive(Debug, Default)]
pub struct Spell {
    last: Option<Instant>,
    deliveries: u64,
}

impl Spell {
    /// While some deliveries fare well and others do not, the spell goes on.
    const CALM: Duration = Duration::from_secs(5);

    /// One more delivery in trouble. Whether that is news.
    pub fn goes_on(&mut self) -> bool {
        let is_news = self.last.is_none();
        self.last = Some(Instant::now());
        self.deliveries += 1;
        is_news
    }

    /// A delivery fared well. How many did not, if that is over now.
    pub fn ends(&mut self) -> Option<u64> {
        let is_over = self.last.is_some_and(|at| at.elapsed() >= Self::CALM);
        is_over.then(|| std::mem::take(self).deliveries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spell_of_failures_is_one_until_there_was_calm() {
        let mut spell = Spell::default();
        assert_eq!(spell.ends(), None, "there was none");
        assert!(spell.goes_on());
        assert_eq!(spell.ends(), None, "what fares well in between does not end it");
        assert!(!spell.goes_on());

        spell.last = Instant::now().checked_sub(Spell::CALM);
        assert_eq!(spell.ends(), Some(2));
        assert_eq!(spell.ends(), None, "said once");
        assert!(spell.goes_on(), "the next one is news again");
    }
}
