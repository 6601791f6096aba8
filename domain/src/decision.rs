//! People win: what a person edited, confirmed or deleted outlives every new fold.

use chrono::{DateTime, TimeDelta, Utc};

use crate::book::{Entry, MeterEntry};
use crate::distance::Distance;
use crate::fact::RowId;

/// What a person decided of an entry that the machine had written: a dated fact, kept for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub what: Decided,
    pub verdict: Verdict,
    /// The row that was decided about. Later folds may give the same entry another id.
    pub row: RowId,
}

/// The entry as the machine had written it when the person decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    MeterEntry {
        at: DateTime<Utc>,
        odometer: Distance,
    },
    /// A suggested issue: its row's id never changes, so the row alone says which one.
    Issue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The person's words stand in the row now; the machine leaves it alone.
    Edited,
    /// The row is gone and does not come back.
    Deleted,
}

/// An entry of the same odometer this near to a decided one is the same entry: a late reading may have moved
/// its anchor. (Nearer than this the machine writes an odometer once only.)
const SAME_WITHIN: TimeDelta = TimeDelta::hours(1);

impl Decision {
    /// Whether this decision was about that entry, whatever its id is now.
    fn covers(&self, entry: &Entry) -> bool {
        match (&self.what, entry) {
            (Decided::MeterEntry { at, odometer }, Entry::Meter(entry)) => {
                same_meter_entry(*at, *odometer, entry)
            }
            (Decided::MeterEntry { .. }, Entry::Quarantined(_) | Entry::Issue(_)) | (Decided::Issue, _) => {
                false
            }
        }
    }
}

/// What is left for the machine to write: everything that no person has decided about.
pub fn undecided(entries: Vec<Entry>, decisions: &[Decision]) -> Vec<Entry> {
    entries.into_iter().filter(|entry| !decisions.iter().any(|decision| decision.covers(entry))).collect()
}

fn same_meter_entry(at: DateTime<Utc>, odometer: Distance, entry: &MeterEntry) -> bool {
    entry.odometer == odometer && (entry.anchor.at - at).abs() <= SAME_WITHIN
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::{Anchor, Evidence};
    use crate::reading::{Milli, Value};

    fn entry(minute: i64, km: i64) -> Entry {
        let at = DateTime::UNIX_EPOCH + TimeDelta::minutes(minute);
        Entry::Meter(MeterEntry {
            anchor: Anchor { at, value: Value::Number(Milli(km * 1000)), by_hand: false },
            odometer: Distance::from_km(km),
            evidence: Evidence::at(at),
        })
    }

    #[test]
    fn a_deleted_entry_stays_away_even_when_a_late_reading_moves_its_anchor() {
        let at = DateTime::UNIX_EPOCH + TimeDelta::minutes(120);
        let deleted = Decision {
            what: Decided::MeterEntry { at, odometer: Distance::from_km(500) },
            verdict: Verdict::Deleted,
            row: RowId(1),
        };
        let left =
            undecided(vec![entry(90, 500), entry(120, 500), entry(120, 501), entry(200, 500)], &[deleted]);
        assert_eq!(left, vec![entry(120, 501), entry(200, 500)]);
    }
}
