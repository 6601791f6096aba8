//! The book of a batch's vehicles: the derived rows of all kinds, compared with what follows from the fold and
//! changed where they differ. A few statements a batch, whatever the number of vehicles or their history.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use domain::book::{Changes, Entry, EntryKey, changes};
use domain::decision::undecided;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::issues::IssueRow;
use crate::meter_entries::MeterRow;
use crate::quarantine::QuarantineRow;
use crate::scope::{Scope, row_id};
use crate::{StoreError, facts, issues, meter_entries, quarantine, sync_logs};

/// What follows for one vehicle from folding on from `since`.
#[derive(Debug)]
pub struct Page {
    pub vehicle: Uuid,
    pub car: Uuid,
    /// The starting state's moment: rows whose evidence is no newer cannot have changed, but for `open`.
    pub since: Option<DateTime<Utc>>,
    pub open: Vec<EntryKey>,
    pub entries: Vec<Entry>,
}

/// What the book's rows of one kind have to become; ids tell which rows.
#[derive(Debug)]
pub struct PageChanges {
    meter_entries: Changes<MeterRow>,
    quarantined: Changes<QuarantineRow>,
    issues: Changes<IssueRow>,
}

/// How many rows were written, changed and taken back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    pub inserted: usize,
    pub amended: usize,
    pub retracted: usize,
}

impl PageChanges {
    /// One line a change of the mileage book, for people: `+ 2026-11-21 08:00 25010 km`.
    pub fn lines(&self) -> Vec<String> {
        let mark = |mark: char| move |row: &MeterRow| (row.at, format!("{mark} {}", row.line()));
        let book = &self.meter_entries;
        let mut lines: Vec<(DateTime<Utc>, String)> = book.insert.iter().map(mark('+')).collect();
        lines.extend(book.amend.iter().map(mark('~')));
        lines.extend(book.retract.iter().map(mark('-')));
        lines.sort();
        lines.into_iter().map(|(_, line)| line).collect()
    }

    pub fn written(&self) -> Written {
        Written {
            inserted: self.meter_entries.insert.len(),
            amended: self.meter_entries.amend.len(),
            retracted: self.meter_entries.retract.len(),
        }
    }
}

/// Compares the pages with what is stored and with what people decided.
///
/// The rows are read first: one that a person deletes in between is then in both, and neither written nor missed.
pub async fn compare(db: &mut PgConnection, pages: Vec<Page>) -> Result<PageChanges, StoreError> {
    let scope = Scope::of(&pages);
    let stored_meter = meter_entries::reachable(db, &scope).await?;
    let stored_quarantine = quarantine::reachable(db, &scope).await?;
    let stored_issues = issues::reachable(db, &scope).await?;
    let mut decisions = facts::decisions(db, &scope.vehicles, &scope.since, &scope.open).await?;
    let (mut meter, mut quarantined, mut suggested) = (Vec::new(), Vec::new(), Vec::new());
    for page in pages {
        let decisions = decisions.remove(&page.vehicle).unwrap_or_default();
        let decided: HashSet<Uuid> =
            decisions.iter().map(|decision| Uuid::from_u128(decision.row.0)).collect();
        for entry in undecided(page.entries, &decisions) {
            let id = row_id(page.vehicle, &entry.key());
            if decided.contains(&id) {
                continue;
            }
            match entry {
                Entry::Meter(entry) => meter.push(MeterRow::new(id, page.vehicle, page.car, &entry)),
                Entry::Quarantined(entry) => quarantined.push(QuarantineRow::new(id, page.vehicle, &entry)),
                Entry::Issue(issue) => suggested.push(IssueRow::new(id, page.vehicle, page.car, &issue)),
                Entry::FillUp(_)
                | Entry::ChargingSession(_)
                | Entry::Trip(_)
                | Entry::BatteryEstimate(_)
                | Entry::FenceEvent(_)
                | Entry::Alert(_) => {}
            }
        }
    }
    Ok(PageChanges {
        meter_entries: changes(stored_meter, meter, |row| row.id),
        quarantined: changes(stored_quarantine, quarantined, |row| row.id),
        issues: changes(stored_issues, suggested, |row| row.id),
    })
}

/// Makes the stored rows what they should be, and notes in the sync logs what was done.
pub async fn apply(db: &mut PgConnection, todo: &PageChanges, now: DateTime<Utc>) -> Result<(), StoreError> {
    meter_entries::apply(db, &todo.meter_entries, now).await?;
    quarantine::apply(db, &todo.quarantined).await?;
    issues::apply(db, &todo.issues, now).await?;
    sync_logs::note(db, &todo.meter_entries, &todo.quarantined, now).await
}
