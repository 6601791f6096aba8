//! The book of a batch's vehicles: the derived rows of all kinds, compared with what follows from the fold and
//! changed where they differ. A few statements a batch, whatever the number of vehicles or their history.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use domain::book::{Changes, Entry, EntryKey, Mark, changes};
use domain::decision::{Decision, undecided};
use domain::reading::Value;
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::issues::IssueRow;
use crate::meter_entries::MeterRow;
use crate::quarantine::QuarantineRow;
use crate::{StoreError, canonical, issues, meter_entries, quarantine, sync_logs};

/// What follows for one vehicle from folding on from `since`.
#[derive(Debug)]
pub struct Page {
    pub vehicle: Uuid,
    pub car: Uuid,
    /// The starting state's moment: rows whose evidence is no newer cannot have changed, but for `open`.
    pub since: Option<DateTime<Utc>>,
    pub open: Vec<EntryKey>,
    pub entries: Vec<Entry>,
    pub decisions: Vec<Decision>,
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

/// Compares the pages with what is stored.
pub async fn compare(db: &mut PgConnection, pages: Vec<Page>) -> Result<PageChanges, StoreError> {
    let reach = Reach::of(&pages);
    let stored_meter = meter_entries::reachable(db, &reach).await?;
    let stored_quarantine = quarantine::reachable(db, &reach).await?;
    let stored_issues = issues::reachable(db, &reach).await?;
    let (mut meter, mut quarantined, mut suggested) = (Vec::new(), Vec::new(), Vec::new());
    for page in pages {
        let decided: HashSet<Uuid> = page
            .decisions
            .iter()
            .map(|decision| Uuid::from_u128(decision.row.0))
            .collect();
        for entry in undecided(page.entries, &page.decisions) {
            let id = row_id(page.vehicle, &entry.key());
            if decided.contains(&id) {
                continue;
            }
            match entry {
                Entry::Meter(entry) => meter.push(MeterRow::new(id, page.vehicle, page.car, &entry)),
                Entry::Quarantined(entry) => quarantined.push(QuarantineRow::new(id, page.vehicle, &entry)),
                Entry::Issue(issue) => suggested.push(IssueRow::new(id, page.vehicle, page.car, &issue)),
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

/// Which stored rows a fold may change.
pub(crate) struct Reach {
    pub vehicles: Vec<Uuid>,
    pub since: Vec<DateTime<Utc>>,
    /// Rows that may change whatever the age of their evidence.
    pub open: Vec<Uuid>,
}

impl Reach {
    fn of(pages: &[Page]) -> Self {
        let open = pages
            .iter()
            .flat_map(|page| page.open.iter().map(|key| row_id(page.vehicle, key)))
            .collect();
        Self {
            vehicles: pages.iter().map(|page| page.vehicle).collect(),
            since: pages
                .iter()
                .map(|page| page.since.unwrap_or(DateTime::UNIX_EPOCH))
                .collect(),
            open,
        }
    }
}

/// The id of an entry's row: the same readings give the same id, so that writing twice is writing once.
pub fn row_id(vehicle: Uuid, key: &EntryKey) -> Uuid {
    let value = |value: &Value| format!("{}:{}", canonical::kind(value), canonical::text(value));
    let name = match key {
        EntryKey::Meter { at, value: shown } => format!("meter|{}|{}", at.timestamp_millis(), value(shown)),
        EntryKey::Quarantined {
            at,
            signal,
            value: shown,
        } => {
            format!("quarantined|{}|{signal}|{}", at.timestamp_millis(), value(shown))
        }
        EntryKey::OdometerConflict { row } => format!("odometer conflict|{:032x}", row.0),
        EntryKey::OdometerReplaced { at, value: shown } => {
            format!("odometer replaced|{}|{}", at.timestamp_millis(), value(shown))
        }
    };
    Uuid::new_v5(&vehicle, name.as_bytes())
}

/// Evidence as people read it.
pub(crate) fn evidence(
    rule: &str,
    anchor: Option<&domain::book::Anchor>,
    evidence: &domain::book::Evidence,
) -> serde_json::Value {
    let marks: Vec<&str> = evidence
        .marks
        .iter()
        .map(|mark| match mark {
            Mark::UnitCorrected => "unit_corrected",
            Mark::Released => "released",
        })
        .collect();
    let readings: Vec<serde_json::Value> = anchor
        .map(|anchor| json!({ "at": anchor.at.timestamp_millis(), "value": canonical::text(&anchor.value) }))
        .into_iter()
        .collect();
    json!({
        "rule": rule,
        "rules_version": domain::RULES_VERSION,
        "confidence": f64::from(evidence.confidence()) / 100.0,
        "marks": marks,
        "readings": readings,
    })
}
