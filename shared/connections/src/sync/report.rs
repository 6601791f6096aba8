//! What an answer said, and what was made of it, in the words of an outcome.

use domain::reading::{Signal, Value};
use intake::Understood;
use store::sync_logs::{Action, Noted};

use super::{EntryAction, EntryWritten, SyncOutcome};

/// What an answer said.
pub(super) struct Said {
    /// Nothing but refusals.
    pub is_silent: bool,
    pub odometer_km: Option<f64>,
}

pub(super) fn of(understood: &Understood) -> Said {
    let Ok(delivery) = &understood.said else {
        return Said { is_silent: true, odometer_km: None };
    };
    let readings = || delivery.reports.iter().flat_map(|report| &report.readings);
    let odometer = readings().filter(|reading| reading.signal.is(Signal::ODOMETER)).max();
    let odometer_km = odometer.and_then(|reading| match reading.value {
        Value::Number(km) => Some(km.to_f64()),
        Value::Bool(_) | Value::Text(_) | Value::Position(_) | Value::Structure(_) => None,
    });
    let is_untimed = delivery.reports.iter().any(|report| !report.untimed.is_empty());
    Said { is_silent: readings().next().is_none() && !is_untimed, odometer_km }
}

pub(super) fn outcome(noted: &[Noted], readings_new: usize, odometer_km: Option<f64>) -> SyncOutcome {
    let entries: Vec<EntryWritten> = noted.iter().map(entry).collect();
    if !entries.is_empty() {
        SyncOutcome::Written { entries, readings_new }
    } else if readings_new > 0 && odometer_km.is_some() {
        SyncOutcome::Duplicate { odometer_km, readings_new }
    } else {
        SyncOutcome::NothingNew { odometer_km }
    }
}

fn entry(noted: &Noted) -> EntryWritten {
    EntryWritten {
        id: noted.meter_entry_id,
        odometer_km: noted.odometer_km,
        at: noted.at,
        action: match noted.action {
            Action::Inserted => EntryAction::Inserted,
            Action::Amended => EntryAction::Amended,
            Action::Retracted => EntryAction::Retracted,
        },
    }
}
