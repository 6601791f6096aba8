//! What the head of a car remembers of its book, so that the next fold need not ask ten tables for rows that it might change and
//! four for what people decided, although nearly always nobody did.
//!
//! It is read and written with the head, in one row and under the vehicle's lock: no other worker comes between, and what a
//! batch that was rolled back had written is not remembered. Whoever else writes to a book, or decides about it, marks the car
//! and counts the change, in the same transaction (`carvetka_mark_dirty`). A marked car's memory is not used, and neither is one
//! with another count. Where a change comes after both were looked at, its mark brings another fold, and until then the rows
//! themselves refuse: what has no moment of evidence, or is gone, is not amended.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{KnownRow, Page, Wanted};
use crate::scope::Reached;
use crate::sheet::Sheet;

/// What is remembered; by default nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    basis: Option<Basis>,
    /// The machine's rows that folding on from the settled state may change. `None`: not known.
    pub(super) rows: Option<Vec<KnownRow>>,
    /// Nobody decided about anything that reaches beyond this moment. `None`: somebody did, or nobody knows.
    #[serde(with = "domain::moment::option")]
    pub(super) undecided_since: Option<DateTime<Utc>>,
}

/// What all that is remembered hangs by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    pub car: Uuid,
    /// How often people had changed anything about it.
    pub told: i64,
}

impl Remembered {
    /// What still holds on this basis: all of it, or nothing.
    #[must_use]
    pub fn on(self, basis: Basis) -> Self {
        if self.basis == Some(basis) { self } else { Self::default() }
    }

    /// Whether anything holds: then people said nothing since.
    pub const fn holds(&self) -> bool {
        self.basis.is_some()
    }
}

impl Page<'_> {
    /// Nobody decided about anything that this fold may write. What hangs by a row and no moment is always asked for.
    pub(super) fn is_undecided(&self) -> bool {
        let since = self.asked().since;
        self.remembered.undecided_since.is_some_and(|undecided| undecided <= since)
            && self.open.iter().all(|key| key.at().is_some())
    }

    /// What is remembered once the wanted rows are written, of those that were known.
    pub(super) fn remembers(
        &self,
        wanted: &Wanted,
        known: &[KnownRow],
        reached: &Reached,
        undecided_since: Option<DateTime<Utc>>,
    ) -> Remembered {
        if self.until.is_some() {
            // The history goes on: neither rows nor what people said of later days was looked at.
            return Remembered::default();
        }
        let basis = Some(Basis { car: self.car, told: self.told });
        // A fold from the tip alone does not see all rows that one from the settled state may change.
        let sees_all = self.remembered.rows.is_some() || self.stays_open.is_some();
        let leaves_none = wanted.left_alone.is_empty() && self.kept_until.is_none();
        let rows = (sees_all && leaves_none).then(|| self.reachable(wanted, known, reached));
        Remembered { basis, rows, undecided_since }
    }

    /// Of what is stored then, the rows that folding on from the settled state may change.
    fn reachable(&self, wanted: &Wanted, known: &[KnownRow], reached: &Reached) -> Vec<KnownRow> {
        let untouched =
            known.iter().filter(|row| !reached.holds(row) || wanted.stays.contains(&row.id)).copied();
        let rows: BTreeMap<(Sheet, Uuid), KnownRow> = untouched
            .chain(wanted.rows.iter().map(KnownRow::of))
            .map(|row| ((row.sheet, row.id), row))
            .collect();
        let rows = rows.into_values();
        match &self.stays_open {
            Some(open) => {
                let reached = Reached::by(self.vehicle, self.settled_until, open);
                rows.filter(|row| reached.holds(row)).collect()
            }
            None => rows.collect(),
        }
    }
}
