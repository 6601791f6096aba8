//! What a worker counts.

use chrono::{DateTime, TimeDelta, Utc};
use intake::Understood;
use intake::batch::Outcome;
use metrics::{counter, gauge, histogram};

/// Counts deliveries by how they ended: `folded`, `duplicate`, `waiting` (no connection yet), `parked`.
pub(crate) fn deliveries(outcome: &'static str, number: usize) {
    counter!("worker_deliveries_total", "outcome" => outcome).increment(number as u64);
}

/// Counts a committed batch, and how old its deliveries were when they became visible.
pub(crate) fn batch(part: &[&Understood], outcome: Outcome, now: DateTime<Utc>) {
    deliveries("folded", outcome.folded);
    deliveries("duplicate", outcome.duplicates);
    deliveries("waiting", outcome.waiting);
    deliveries("parked", outcome.parked);
    counter!("worker_readings_total", "kind" => "new").increment(outcome.readings_new as u64);
    counter!("worker_readings_total", "kind" => "repeat")
        .increment(outcome.readings_seen.saturating_sub(outcome.readings_new) as u64);
    let written = outcome.written;
    counter!("worker_entries_total", "change" => "inserted").increment(written.inserted as u64);
    counter!("worker_entries_total", "change" => "amended").increment(written.amended as u64);
    counter!("worker_entries_total", "change" => "retracted").increment(written.retracted as u64);
    histogram!("worker_batch_deliveries").record(f64::from(u32::try_from(part.len()).unwrap_or(u32::MAX)));
    for one in part {
        let age = now - one.delivery.received_at;
        histogram!("worker_visible_after_seconds").record(age.as_seconds_f64().max(0.0));
    }
}

/// Counts what was drained from the spool, and shows how long its oldest row had lain there: 0 when it is empty.
pub(crate) fn spool(rows: usize, oldest: Option<TimeDelta>) {
    counter!("worker_spool_rows_total").increment(rows as u64);
    let oldest = oldest.map_or(0.0, |age| age.as_seconds_f64().max(0.0));
    gauge!("worker_spool_oldest_seconds").set(oldest);
}

pub(crate) fn store_failed() {
    counter!("worker_store_failures_total").increment(1);
}

pub(crate) fn set_apart(number: usize) {
    counter!("worker_set_apart_total").increment(number as u64);
}

pub(crate) fn job(kind: &'static str, outcome: &'static str) {
    counter!("worker_jobs_total", "job" => kind, "outcome" => outcome).increment(1);
}
