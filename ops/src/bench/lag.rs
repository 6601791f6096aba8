//! From webhook to visible row, at half of the peak: seen from outside, by a session of its own that looks for the
//! rows of some of the deliveries.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, ensure};
use sqlx::PgPool;
use tokio::time::{Instant, sleep};

use super::Bench;
use super::deliveries::requests;
use super::figures::{DELIVERIES, Figures, Unit};
use super::latencies::Latencies;
use super::load::{self, Pace, due};
use super::options::Measurement;
use super::program::Program;
use super::progress;
use super::rates::count;
use super::worker::Worker;

/// Share of the peak at which it is measured.
const SHARE: f64 = 0.5;

/// Rows are looked for so often: the error of every latency, upwards.
const LOOK: Duration = Duration::from_millis(5);

/// So many deliveries a second are looked for: enough for a p99, few enough to cost nothing.
const WATCHED_PER_SECOND: f64 = 200.0;

/// A delivery that is not visible after this was lost.
const LOST: Duration = Duration::from_secs(30);

/// How much longer than others this measurement takes: a p99 needs many deliveries.
const TIMES: f64 = 1.5;

/// Time for the load to connect before the first delivery is due.
const SET_UP: Duration = Duration::from_millis(200);

pub(super) async fn measure(bench: &Bench, so_far: &Figures) -> anyhow::Result<Figures> {
    let peak = so_far
        .get(bench.round, bench.payload, Measurement::Whole, DELIVERIES)
        .context("the peak was not measured")?;
    let rate = peak * SHARE;
    let mut worker = Worker::prepared(bench).await?;
    let ingest = Program::ingest(&bench.servers).await?;
    let number = number(bench, rate);
    let requests = requests(&bench.deliveries.all[..number]);
    bench.servers.settle().await?;
    let start = Instant::now() + SET_UP;
    let load = load::run(ingest.address, requests, Pace::Steady { per_second: rate }, start);
    let watched = watch(bench, rate, number, start);
    let all_folded = progress::until(number, async || worker.folded().await);
    let (served, visible, _) = tokio::try_join!(load, watched, all_folded)?;
    ingest.stop().await?;
    worker.program.stop().await?;
    let mut visible = visible;
    let figures = bench.figures(Measurement::Lag).with(DELIVERIES, served.per_second(), Unit::PerSecond);
    Ok(visible.note(figures).done())
}

/// As many deliveries as come at this rate in that time, and no more than there are.
fn number(bench: &Bench, rate: f64) -> usize {
    let wanted = rate * bench.options.duration().as_secs_f64() * TIMES;
    let all = bench.deliveries.number();
    (1..all).find(|number| count(*number) >= wanted).unwrap_or(all)
}

/// Looks for some of the deliveries, from when each is due until its row is visible.
async fn watch(bench: &Bench, rate: f64, number: usize, start: Instant) -> anyhow::Result<Latencies> {
    let step = (1..number).find(|step| rate / count(*step) <= WATCHED_PER_SECOND).unwrap_or(1);
    let mut coming = (0..number)
        .step_by(step)
        .map(|index| (bench.deliveries.all[index].event_id.as_str(), due(start, rate, index)))
        .peekable();
    let mut awaited: HashMap<&str, Instant> = HashMap::new();
    let mut latencies = Latencies::default();
    while !awaited.is_empty() || coming.peek().is_some() {
        sleep(LOOK).await;
        let now = Instant::now();
        while let Some(one) = coming.next_if(|(_, due)| *due <= now) {
            awaited.extend([one]);
        }
        let ids: Vec<&str> = awaited.keys().copied().collect();
        for id in visible(&bench.servers.pool, &ids).await? {
            let due = awaited.remove(id.as_str());
            latencies.extend(due.map(|due| due.elapsed()));
        }
        ensure!(
            awaited.values().all(|due| due.elapsed() < LOST),
            "a delivery did not become visible within {LOST:?}"
        );
    }
    Ok(latencies)
}

/// Which of these events are stored. Claim, event, readings and book are one transaction: with one all are visible.
async fn visible(pool: &PgPool, ids: &[&str]) -> anyhow::Result<Vec<String>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    sqlx::query_scalar("SELECT event_id FROM event_claims WHERE event_id = ANY ($1)")
        .bind(ids)
        .fetch_all(pool)
        .await
        .context("cannot look for rows")
}
