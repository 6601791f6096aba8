//! The entries that follow from the readings, and how they differ from what is stored.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::alert::{Alarm, Alert, AlertKind};
use crate::battery::BatteryEstimate;
use crate::charging::ChargingSession;
use crate::distance::Distance;
use crate::fact::RowId;
use crate::fences::{FenceEvent, Passage};
use crate::fuel::FillUp;
use crate::health::Condition;
use crate::reading::{Milli, Reading, Signal, Value};
use crate::trips::Trip;

/// What an entry is about and where it hangs. The same readings give the same key, so the row's id is made
/// from it: writing twice is writing once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum EntryKey {
    Meter {
        #[serde(with = "crate::moment")]
        at: DateTime<Utc>,
        value: Value,
    },
    Quarantined {
        #[serde(with = "crate::moment")]
        at: DateTime<Utc>,
        signal: Signal,
        value: Value,
    },
    /// A person's entry that the readings contradict.
    OdometerConflict { row: RowId },
    /// A counter that seems to have been changed.
    OdometerReplaced {
        #[serde(with = "crate::moment")]
        at: DateTime<Utc>,
        value: Value,
    },
    /// A condition of the car that somebody should look after.
    Condition {
        #[serde(with = "crate::moment")]
        at: DateTime<Utc>,
        kind: AlertKind,
    },
    /// By the reading that first showed the higher level.
    FillUp {
        #[serde(with = "crate::moment")]
        at: DateTime<Utc>,
    },
    /// By the first reading that speaks of it.
    ChargingSession {
        #[serde(with = "crate::moment")]
        at: DateTime<Utc>,
    },
    /// By the last reading before the car moved.
    Trip {
        #[serde(with = "crate::moment")]
        at: DateTime<Utc>,
    },
    /// By the first moment of its month.
    BatteryEstimate {
        #[serde(with = "crate::moment")]
        at: DateTime<Utc>,
    },
    FenceEvent {
        #[serde(with = "crate::moment")]
        at: DateTime<Utc>,
        fence: RowId,
        passage: Passage,
    },
    Alert {
        #[serde(with = "crate::moment")]
        at: DateTime<Utc>,
        kind: AlertKind,
    },
    /// An alert of a place: one moment may be that of several.
    AlertAtPlace {
        #[serde(with = "crate::moment")]
        at: DateTime<Utc>,
        kind: AlertKind,
        fence: RowId,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entry {
    Meter(MeterEntry),
    Quarantined(Quarantined),
    Issue(SuggestedIssue),
    FillUp(FillUp),
    ChargingSession(ChargingSession),
    Trip(Trip),
    BatteryEstimate(BatteryEstimate),
    FenceEvent(FenceEvent),
    Alert(Alert),
}

/// How sure the machine is that something happened at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EntryState {
    /// Perhaps: shown as a question, counted nowhere.
    Candidate,
    Recorded,
    /// True and too small to be shown: counted, not listed.
    Hidden,
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
    #[serde(with = "crate::moment")]
    pub at: DateTime<Utc>,
    pub evidence: Evidence,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum IssueKind {
    /// A person's entry says `entry`, the car says `car` beside it in time.
    OdometerConflict { row: RowId, entry: Distance, car: Distance },
    /// The counter went from `from` down to `to` and stays there.
    OdometerReplaced { value: Value, from: Distance, to: Distance },
    /// The car says that something is wrong with it.
    Condition(Condition),
}

/// The reading that an entry stands for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Anchor {
    #[serde(with = "crate::moment")]
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
    #[serde(with = "crate::moment")]
    pub until: DateTime<Utc>,
    pub marks: Vec<Mark>,
    /// The readings that say most about it, oldest first; not all that were looked at.
    pub cited: Vec<Cited>,
}

/// A reading that an entry rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cited {
    #[serde(with = "crate::moment")]
    pub at: DateTime<Utc>,
    pub signal: Signal,
    pub value: Value,
}

/// What was done to a reading before it became an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Mark {
    /// Its number was in another unit than its label said.
    UnitCorrected,
    /// It was doubted first and released when later readings agreed with it.
    Released,
    /// Seen only because the use of the way in between was added.
    Compensated,
    /// Several steps of one stop.
    Merged,
    /// A reading after a drive, a fuel station or a receipt agrees.
    Confirmed,
    /// The tank's size was learned from receipts.
    TankLearned,
    /// Found from levels; nobody saw it happen.
    Inferred,
    /// It ended because nothing was heard of it for long.
    Silent,
    /// Its counter began anew on the way.
    CounterReset,
    /// Counter and level do not agree.
    Disagrees,
    /// Of a fresh series: no reading lies before it.
    Truncated,
    /// A person cut it in two: what lies in which part was reckoned.
    Divided,
}

impl EntryKey {
    /// The moment by which it hangs; `None` for what hangs by a row.
    pub const fn at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Meter { at, .. }
            | Self::Quarantined { at, .. }
            | Self::OdometerReplaced { at, .. }
            | Self::Condition { at, .. }
            | Self::FillUp { at }
            | Self::ChargingSession { at }
            | Self::Trip { at }
            | Self::BatteryEstimate { at }
            | Self::FenceEvent { at, .. }
            | Self::Alert { at, .. }
            | Self::AlertAtPlace { at, .. } => Some(*at),
            Self::OdometerConflict { .. } => None,
        }
    }
}

impl Mark {
    /// As it is stored, and as pages know it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnitCorrected => "unit_corrected",
            Self::Released => "released",
            Self::Compensated => "compensated",
            Self::Merged => "merged",
            Self::Confirmed => "confirmed",
            Self::TankLearned => "tank_learned",
            Self::Inferred => "inferred",
            Self::Silent => "silent",
            Self::CounterReset => "counter_reset",
            Self::Disagrees => "disagrees",
            Self::Truncated => "truncated",
            Self::Divided => "divided",
        }
    }

    /// What it takes away from being sure, in percentage points.
    const fn doubt(self) -> u8 {
        match self {
            Self::Confirmed | Self::Merged | Self::TankLearned => 0,
            Self::CounterReset | Self::Truncated | Self::Divided => 5,
            Self::Silent => 10,
            Self::UnitCorrected | Self::Released | Self::Disagrees => 20,
            Self::Compensated | Self::Inferred => 40,
        }
    }
}

impl Evidence {
    pub fn at(at: DateTime<Utc>) -> Self {
        Self { until: at, marks: Vec::new(), cited: Vec::new() }
    }

    /// How sure the rule is, in per cent.
    pub fn confidence(&self) -> u8 {
        let doubt: u8 = self.marks.iter().map(|mark| mark.doubt()).fold(0, u8::saturating_add);
        100u8.saturating_sub(doubt).max(5)
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
            Self::FillUp(entry) => EntryKey::FillUp { at: entry.between.by },
            Self::ChargingSession(entry) => EntryKey::ChargingSession { at: entry.key },
            Self::Trip(entry) => EntryKey::Trip { at: entry.start.after },
            Self::BatteryEstimate(entry) => EntryKey::BatteryEstimate { at: entry.month },
            Self::FenceEvent(entry) => {
                EntryKey::FenceEvent { at: entry.at, fence: entry.fence, passage: entry.passage }
            }
            Self::Alert(Alert { at, what, .. }) => match what {
                Alarm::AtPlace { fence, .. } => {
                    EntryKey::AlertAtPlace { at: *at, kind: what.kind(), fence: *fence }
                }
                Alarm::FuelDrop { .. }
                | Alarm::MovedWithoutDriving { .. }
                | Alarm::LeftItsPlace { .. }
                | Alarm::OdometerBehindPosition { .. }
                | Alarm::BatteryWeak { .. }
                | Alarm::Condition(_) => EntryKey::Alert { at: *at, kind: what.kind() },
            },
            Self::Issue(issue) => match &issue.what {
                IssueKind::OdometerConflict { row, .. } => EntryKey::OdometerConflict { row: *row },
                IssueKind::OdometerReplaced { value, .. } => {
                    EntryKey::OdometerReplaced { at: issue.at, value: value.clone() }
                }
                IssueKind::Condition(condition) => {
                    EntryKey::Condition { at: issue.at, kind: condition.what.kind() }
                }
            },
        }
    }

    pub fn evidence(&self) -> &Evidence {
        match self {
            Self::Meter(entry) => &entry.evidence,
            Self::Quarantined(entry) => &entry.evidence,
            Self::Issue(issue) => &issue.evidence,
            Self::FillUp(entry) => &entry.evidence,
            Self::ChargingSession(entry) => &entry.evidence,
            Self::Trip(entry) => &entry.evidence,
            Self::BatteryEstimate(entry) => &entry.evidence,
            Self::FenceEvent(entry) => &entry.evidence,
            Self::Alert(entry) => &entry.evidence,
        }
    }
}

/// The entries of one car, each once, in one order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Book {
    entries: BTreeMap<EntryKey, Entry>,
    /// What was written or taken back since somebody asked.
    touched: Vec<EntryKey>,
}

impl Book {
    /// Writes the entry, or writes it anew.
    pub fn put(&mut self, entry: Entry) {
        let key = entry.key();
        self.touched.push(key.clone());
        self.entries.insert(key, entry);
    }

    /// Takes an entry back that the machine wrote.
    pub fn withdraw(&mut self, key: &EntryKey) {
        self.touched.push(key.clone());
        self.entries.remove(key);
    }

    pub fn get(&self, key: &EntryKey) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// Takes back what was written under these keys, and writes these entries as they were.
    pub(crate) fn restore<'a>(
        &mut self,
        touched: impl Iterator<Item = &'a EntryKey>,
        entries: impl IntoIterator<Item = Entry>,
    ) {
        touched.for_each(|key| self.withdraw(key));
        entries.into_iter().for_each(|entry| self.put(entry));
    }

    /// The keys that were written or taken back since this was asked last.
    pub(crate) fn take_touched(&mut self) -> Vec<EntryKey> {
        std::mem::take(&mut self.touched)
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
