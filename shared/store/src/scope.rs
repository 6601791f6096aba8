//! Which stored rows a fold may change, and what their ids are made of.

use chrono::{DateTime, Utc};
use domain::book::EntryKey;
use domain::reading::Value;
use uuid::Uuid;

use crate::book::Page;
use crate::canonical;

/// Which stored rows a fold may change.
pub struct Scope {
    pub vehicles: Vec<Uuid>,
    pub since: Vec<DateTime<Utc>>,
    /// Rows that may change whatever the age of their evidence.
    pub open: Vec<Uuid>,
}

impl Scope {
    pub fn of(pages: &[Page]) -> Self {
        let open =
            pages.iter().flat_map(|page| page.open.iter().map(|key| row_id(page.vehicle, key))).collect();
        Self {
            vehicles: pages.iter().map(|page| page.vehicle).collect(),
            since: pages.iter().map(|page| page.since.unwrap_or(DateTime::UNIX_EPOCH)).collect(),
            open,
        }
    }
}

/// The id of an entry's row: the same readings give the same id, so that writing twice is writing once.
pub fn row_id(vehicle: Uuid, key: &EntryKey) -> Uuid {
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
        EntryKey::FillUp { at } => format!("fill-up|{}", at.timestamp_millis()),
        EntryKey::ChargingSession { at } => format!("charging session|{}", at.timestamp_millis()),
        EntryKey::Trip { at } => format!("trip|{}", at.timestamp_millis()),
        EntryKey::BatteryEstimate { at } => format!("battery estimate|{}", at.timestamp_millis()),
        EntryKey::FenceEvent { at, fence, passage } => {
            format!("fence event|{}|{:032x}|{}", at.timestamp_millis(), fence.0, passage.name())
        }
        EntryKey::Alert { at, kind } => format!("alert|{}|{}", at.timestamp_millis(), kind.name()),
    };
    Uuid::new_v5(&vehicle, name.as_bytes())
}
