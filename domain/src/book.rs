//! The entries that follow from the readings, and how they differ from what is stored.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::distance::Distance;
use crate::fact::RowId;
use crate::reading::{Milli, Reading, Signal, Value};

/// What an entry is about and where it hangs. The same readings give the same key, so the row's id is made
/// from it: writing twice is writing once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum EntryKey {
    Meter {
        at: DateTime<Utc>,
        value: Value,
    },
    Quarantined {
        at: DateTime<Utc>,
        signal: Signal,
        value: Value,
    },
    /// A person's entry that the readings contradict.
    OdometerConflict {
        row: RowId,
    },
    /// A counter that seems to have been changed.
    OdometerReplaced {
        at: DateTime<Utc>,
        value: Value,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    Meter(MeterEntry),
    Quarantined(Quarantined),
    Issue(SuggestedIssue),
}

/// A line of the mileage book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeterEntry {
    pub anchor: Anchor,
    pub odometer: Distance,
    pub evidence: Evidence,
}

/// A reading that is kept out of the book until others agree with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    pub anchor: Anchor,
    pub signal: Signal,
    pub why: Doubt,
    pub evidence: Evidence,
}

/// Something that a person should look at; it changes nothing by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuggestedIssue {
    pub what: IssueKind,
    pub at: DateTime<Utc>,
    pub evidence: Evidence,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum IssueKind {
    /// A person's entry says `entry`, the car says `car` beside it in time.
    OdometerConflict { row: RowId, entry: Distance, car: Distance },
    /// The counter went from `from` down to `to` and stays there.
    OdometerReplaced { value: Value, from: Distance, to: Distance },
}

/// The reading that an entry stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Anchor {
    pub at: DateTime<Utc>,
    pub value: Value,
    /// A person pressed *Sync now* and it brought this reading (too).
    pub by_hand: bool,
}

/// Why a reading is not believed (yet).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Doubt {
    /// No odometer shows this.
    Impossible,
    /// Lower than an earlier reading.
    Falls { from: Distance },
    /// Further than a car can have driven since the reading before.
    Leaps { from: Distance },
    /// Later readings agreed with each other and not with this one.
    Outlier,
    /// Lower than what a person wrote just before it.
    BelowPerson { row: RowId, entry: Distance },
}

/// Why an entry is what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The moment of the newest reading or fact that this entry rests on. An entry can only change by
    /// folding on from a state that is older than this.
    pub until: DateTime<Utc>,
    pub marks: Vec<Mark>,
}

/// What was done to a reading before it became an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Mark {
    /// Its number was in another unit than its label said.
    UnitCorrected,
    /// It was doubted first and released when later readings agreed with it.
    Released,
}

impl Evidence {
    pub fn at(at: DateTime<Utc>) -> Self {
        Self { until: at, marks: Vec::new() }
    }

    /// How sure the rule is, in per cent.
    pub fn confidence(&self) -> u8 {
        match self.marks.as_slice() {
            [] => 100,
            [_] => 80,
            _ => 60,
        }
    }
}

impl Anchor {
    pub fn of(reading: &Reading, by_hand: bool) -> Self {
        Self { at: reading.at, value: reading.value.clone(), by_hand }
    }

    /// The number that was reported; zero for what is no number.
    pub fn number(&self) -> Milli {
        match self.value {
            Value::Number(number) => number,
            Value::Bool(_) | Value::Text(_) | Value::Position(_) | Value::Structure(_) => Milli(0),
        }
    }
}

impl Entry {
    pub fn key(&self) -> EntryKey {
        match self {
            Self::Meter(entry) => EntryKey::Meter { at: entry.anchor.at, value: entry.anchor.value.clone() },
            Self::Quarantined(entry) => EntryKey::Quarantined {
                at: entry.anchor.at,
                signal: entry.signal.clone(),
                value: entry.anchor.value.clone(),
            },
            Self::Issue(issue) => match &issue.what {
                IssueKind::OdometerConflict { row, .. } => EntryKey::OdometerConflict { row: *row },
                IssueKind::OdometerReplaced { value, .. } => {
                    EntryKey::OdometerReplaced { at: issue.at, value: value.clone() }
                }
            },
        }
    }

    pub fn evidence(&self) -> &Evidence {
        match self {
            Self::Meter(entry) => &entry.evidence,
            Self::Quarantined(entry) => &entry.evidence,
            Self::Issue(issue) => &issue.evidence,
        }
    }
}

/// The entries of one car, each once, in one order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Book {
    entries: BTreeMap<EntryKey, Entry>,
}

impl Book {
    /// Writes the entry, or writes it anew.
    pub fn put(&mut self, entry: Entry) {
        self.entries.insert(entry.key(), entry);
    }

    /// Takes an entry back that the machine wrote.
    pub fn withdraw(&mut self, key: &EntryKey) {
        self.entries.remove(key);
    }

    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    pub fn into_entries(self) -> Vec<Entry> {
        self.entries.into_values().collect()
    }
}

/// What has to be done to stored rows so that they say what they should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes<Row> {
    pub insert: Vec<Row>,
    pub amend: Vec<Row>,
    pub retract: Vec<Row>,
}

/// Compares rows by `id`. Both sides may come in any order; the changes come in the order of their ids.
pub fn changes<Row: PartialEq, Id: Ord>(
    stored: Vec<Row>,
    wanted: Vec<Row>,
    id: impl Fn(&Row) -> Id,
) -> Changes<Row> {
    let mut stored: BTreeMap<Id, Row> = stored.into_iter().map(|row| (id(&row), row)).collect();
    let wanted: BTreeMap<Id, Row> = wanted.into_iter().map(|row| (id(&row), row)).collect();
    let mut changes = Changes { insert: Vec::new(), amend: Vec::new(), retract: Vec::new() };
    for (id, row) in wanted {
        match stored.remove(&id) {
            None => changes.insert.push(row),
            Some(old) if old != row => changes.amend.push(row),
            Some(_) => {}
        }
    }
    changes.retract = stored.into_values().collect();
    changes
}
