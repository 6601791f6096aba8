//! Figures of the whole pipeline, which no single worker knows: how much lies in queues, who has to be looked at, how many
//! calls are spent. Every scheduler shows them; they are the same everywhere, so alarms take the largest.

use std::time::Duration;

use broker::{Depth, Session};
use chrono::{DateTime, Utc};
use metrics::gauge;
use runtime::clock;
use store::figures::{self, Figures};

use crate::Scheduler;

pub(crate) const EVERY: Duration = Duration::from_secs(30);

/// Counts, and shows what was counted.
pub(crate) async fn look(scheduler: Scheduler) -> anyhow::Result<()> {
    let now = clock::now();
    let figures =
        figures::look(&mut *scheduler.pool.acquire().await?, now, now - figures::UNHEARD_AFTER).await?;
    show(&figures, scheduler.calls_a_month, now);
    depths(&scheduler).await
}

fn show(figures: &Figures, calls_a_month: u32, now: DateTime<Utc>) {
    let vehicles = figures.vehicles;
    for (state, number) in [
        ("active", vehicles.active),
        ("reauth_required", vehicles.reauth_required),
        ("unheard", vehicles.unheard),
        ("resting", vehicles.resting),
    ] {
        gauge!("scheduler_vehicles", "state" => state).set(shown(number));
    }
    let age =
        |since: Option<DateTime<Utc>>| since.map_or(0.0, |since| (now - since).as_seconds_f64().max(0.0));
    gauge!("scheduler_marked_vehicles").set(shown(figures.marked));
    gauge!("scheduler_marked_oldest_seconds").set(age(figures.marked_since));
    gauge!("scheduler_parked_messages").set(shown(figures.parked));
    gauge!("scheduler_parked_oldest_seconds").set(age(figures.parked_since));
    gauge!("scheduler_circuits_open").set(shown(figures.circuits_open));
    gauge!("scheduler_calls_spent").set(shown(figures.calls));
    gauge!("scheduler_calls_allowed").set(shown(vehicles.active) * f64::from(calls_a_month));
}

/// What lies in the queues, and what waits for its next attempt. A connection of its own each time: it is rarely asked, and
/// a channel ends with the first queue that is not there yet.
async fn depths(scheduler: &Scheduler) -> anyhow::Result<()> {
    let session = Session::open(&scheduler.broker).await?;
    for Depth { queue, messages, waiting } in scheduler.broker.topology().depths(&session).await? {
        gauge!("scheduler_queue_messages", "queue" => queue.to_string()).set(f64::from(messages));
        if let Some(waiting) = waiting {
            gauge!("scheduler_queue_waiting_messages", "queue" => queue.to_string()).set(f64::from(waiting));
        }
    }
    session.close().await;
    Ok(())
}

/// Counts stay far below where a float would round them.
#[expect(clippy::cast_precision_loss, reason = "a count of rows")]
fn shown(number: i64) -> f64 {
    number as f64
}
