//! Bad signatures in a row. One is a stranger; many, and no good one between them, is a wrong secret, which a green
//! handshake does not rule out: deliveries were seen to fail with the very token that answered it.

use std::sync::atomic::{AtomicU64, Ordering};

use tracing::warn;

/// Counts what Smartcar's own advice is to count.
#[derive(Debug, Default)]
pub struct Suspicion {
    in_a_row: AtomicU64,
}

impl Suspicion {
    /// Smartcar's pages advise an alarm above this many.
    const ALARM: u64 = 10;

    /// Then only every so many: a flood of forgeries must not become a flood of lines.
    const AGAIN: u64 = 1_000;

    pub fn good(&self) {
        // Only written when there is something to forget: all connections share this line of memory.
        if self.in_a_row.load(Ordering::Relaxed) != 0 {
            self.in_a_row.store(0, Ordering::Relaxed);
        }
    }

    pub fn bad(&self) {
        let in_a_row = self.in_a_row.fetch_add(1, Ordering::Relaxed) + 1;
        if Self::is_news(in_a_row) {
            warn!(
                signatures.bad = in_a_row,
                "{in_a_row} deliveries in a row had bad signatures: compare SMARTCAR_WEBHOOK_SECRET with the \
                 application management token in Smartcar's dashboard"
            );
        }
    }

    fn is_news(in_a_row: u64) -> bool {
        in_a_row == Self::ALARM + 1 || in_a_row.is_multiple_of(Self::AGAIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_ten_bad_signatures_in_a_row_are_news_and_a_flood_is_not_a_flood_of_lines() {
        let news: Vec<u64> = (1..=2_500).filter(|row| Suspicion::is_news(*row)).collect();
        assert_eq!(news, [11, 1_000, 2_000]);
    }

    #[test]
    fn a_good_signature_ends_the_row() {
        let suspicion = Suspicion::default();
        (0..5).for_each(|_| suspicion.bad());
        suspicion.good();
        assert_eq!(suspicion.in_a_row.load(Ordering::Relaxed), 0);
    }
}
