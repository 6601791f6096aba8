//! Which stored rows a fold may change, and what their ids are made of.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use domain::book::{Entry, EntryKey};
use domain::reading::Value;
use uuid::Uuid;

use crate::book::{KnownRow, Page};
use crate::{canonical, expense_rows};

/// Which stored rows a fold may change.
pub struct Scope {
    pub vehicles: Vec<Uuid>,
    pub since: Vec<DateTime<Utc>>,
    /// Rows whose evidence is newer belong to later stretches; `None`: no row does.
    pub until: Vec<Option<DateTime<Utc>>>,
    /// Rows that may change whatever the age of their evidence.
    pub open: Vec<Uuid>,
}

impl Scope {
    pub fn of<'a>(pages: impl IntoIterator<Item = &'a Page<'a>>) -> Self {
        let mut scope = Self { vehicles: Vec::new(), since: Vec::new(), until: Vec::new(), open: Vec::new() };
        for page in pages {
            scope.vehicles.push(page.vehicle);
            scope.since.push(page.since.max(page.kept_until).unwrap_or(DateTime::UNIX_EPOCH));
            scope.until.push(page.until);
            scope.open.extend(page.open.iter().flat_map(|key| row_ids(page.vehicle, key)));
            if page.until.is_some() || page.kept_until.is_some() {
                // What follows may be written already, as resting on something that is not looked at here.
                let keys = page.entries.iter().map(Entry::key);
                scope.open.extend(keys.flat_map(|key| row_ids(page.vehicle, &key).collect::<Vec<_>>()));
            }
        }
        scope
    }
}

impl Scope {
    pub fn is_empty(&self) -> bool {
        self.vehicles.is_empty()
    }
}

/// The rows of one vehicle that folding on from a state may change.
pub(crate) struct Reached {
    since: Option<DateTime<Utc>>,
    open: HashSet<Uuid>,
}

impl Reached {
    pub fn by(vehicle: Uuid, since: Option<DateTime<Utc>>, open: &[EntryKey]) -> Self {
        Self { since, open: open.iter().flat_map(|key| row_ids(vehicle, key)).collect() }
    }

    pub fn holds(&self, row: &KnownRow) -> bool {
        self.since.is_none_or(|since| row.until > since) || self.open.contains(&row.id)
    }
}

/// The ids of the rows that may stand for an entry.
pub fn row_ids(vehicle: Uuid, key: &EntryKey) -> impl Iterator<Item = Uuid> {
    let id = entry_id(vehicle, key);
    let cost = matches!(key, EntryKey::ChargingSession { .. }).then(|| expense_rows::id(id));
    [id].into_iter().chain(cost)
}

/// The id of an entry's row: the same readings give the same id, so that writing twice is writing once.
pub fn entry_id(vehicle: Uuid, key: &EntryKey) -> Uuid {
    let value = |value: &Value| format!("{}:{}", canonical::kind(value), canonical::text(value));
    let name = match key {
        EntryKey::Meter { at, value: shown } => format!("meter|{}|{}", at.timestamp_millis(), value(shown)),
        EntryKey::Quarantined { at, signal, value: shown } => {
            format!("quarantined|{}|{signal}|{}", at.timestamp_millis(), value(shown))
        }
        EntryKey::OdometerConflict { row } => format!("odometer conflict|{:032x}", row.0),
        EntryKey::OdometerReplaced { at, value: shown } => {
            format!("odometer replaced|{}|{}", at.timestamp_millis(), value(shown))
        }
        EntryKey::Condition { at, kind } => format!("condition|{}|{}", at.timestamp_millis(), kind.name()),
        EntryKey::FillUp { at } => format!("fill-up|{}", at.timestamp_millis()),
        EntryKey::ChargingSession { at } => format!("charging session|{}", at.timestamp_millis()),
        EntryKey::Trip { at } => format!("trip|{}", at.timestamp_millis()),
        EntryKey::BatteryEstimate { at } => format!("battery estimate|{}", at.timestamp_millis()),
        EntryKey::FenceEvent { at, fence, passage } => {
            format!("fence event|{}|{:032x}|{}", at.timestamp_millis(), fence.0, passage.name())
        }
        EntryKey::Alert { at, kind } => format!("alert|{}|{}", at.timestamp_millis(), kind.name()),
        EntryKey::AlertAtPlace { at, kind, fence } => {
            format!("alert|{}|{}|{:032x}", at.timestamp_millis(), kind.name(), fence.0)
        }
    };
    Uuid::new_v5(&vehicle, name.as_bytes())
}
