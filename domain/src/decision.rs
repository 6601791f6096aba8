//! People win: what a person edited, confirmed or deleted outlives every new fold.

use chrono::{DateTime, Utc};

use crate::book::{Entry, MeterEntry};
use crate::distance::Distance;
use crate::fact::RowId;
use crate::odometer::stands_for;

/// What a person decided of an entry that the machine had written: a dated fact, kept for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub what: Decided,
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

impl Decision {
    /// Whether this decision was about that entry, whatever its id is now.
    fn covers(&self, entry: &Entry) -> bool {
        match (&self.what, entry) {
            (Decided::MeterEntry { at, odometer }, Entry::Meter(entry)) => {
                same_meter_entry(*at, *odometer, entry)
            }
            (
                Decided::MeterEntry { .. },
                Entry::Quarantined(_)
                | Entry::Issue(_)
                | Entry::FillUp(_)
                | Entry::ChargingSession(_)
                | Entry::Trip(_)
                | Entry::BatteryEstimate(_)
                | Entry::FenceEvent(_)
                | Entry::Alert(_),
            )
            | (Decided::Issue, _) => false,
        }
    }
}

/// What is left for the machine to write: everything that no person has decided about.
pub fn undecided(entries: Vec<Entry>, decisions: &[Decision]) -> Vec<Entry> {
    entries.into_iter().filter(|entry| !decisions.iter().any(|decision| decision.covers(entry))).collect()
}

/// An odometer is written once where one entry stands for it: a late reading only moves the entry's anchor.
fn same_meter_entry(at: DateTime<Utc>, odometer: Distance, entry: &MeterEntry) -> bool {
    entry.odometer == odometer && stands_for(at, entry.anchor.at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::{Anchor, Evidence};
    use crate::reading::{Milli, Value};
    use chrono::TimeDelta;

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
        let deleted =
            Decision { what: Decided::MeterEntry { at, odometer: Distance::from_km(500) }, row: RowId(1) };
        let (moved, other, next_day) = (entry(9 * 60, 500), entry(120, 501), entry(25 * 60, 500));
        let left = undecided(vec![moved, entry(120, 500), other.clone(), next_day.clone()], &[deleted]);
        assert_eq!(left, vec![other, next_day]);
    }
}
