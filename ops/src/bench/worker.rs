//! `worker` itself, as a process, draining a queue that was filled before.

use std::time::Duration;

use anyhow::Context;
use broker::message::{DeliveryV1, Source};
use broker::{Destination, Publisher};
use runtime::lifecycle::Lifecycle;
use tokio::time::Instant;

use super::Bench;
use super::figures::{DELIVERIES, Figures, Unit, WORKER_MEMORY};
use super::load::per_second;
use super::options::Measurement;
use super::program::Program;
use super::progress;
use super::rows::check_stored;
use super::servers::Servers;

/// How long the broker may take to confirm a whole queue of deliveries.
const FILLED_WITHIN: Duration = Duration::from_mins(1);

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Figures> {
    fill(bench).await?;
    let number = bench.deliveries.number();
    let (effort, began) = (bench.effort(), Instant::now());
    let mut worker = Program::worker(&bench.servers).await?;
    let progress = progress::until(number, async || folded(&mut worker).await).await?;
    let figures = bench.figures(Measurement::Worker).with(DELIVERIES, progress.per_second(), Unit::PerSecond);
    let figures = effort.note(figures, number).with(WORKER_MEMORY, worker.peak_memory()?, Unit::Megabytes);
    worker.stop().await?;
    check_stored(&bench.servers.pool, number).await?;
    let (readings, entries) = written(&bench.servers).await?;
    let took = progress.last - began;
    Ok(figures
        .with("new readings", per_second(readings, took), Unit::PerSecond)
        .with("entries", per_second(entries, took), Unit::PerSecond)
        .done())
}

/// Puts all deliveries into the queue of `ingest`, as it would.
async fn fill(bench: &Bench) -> anyhow::Result<()> {
    let life = Lifecycle::new(Duration::from_secs(5));
    let publisher = Publisher::start(&bench.servers.broker_options()?, &life.tasks());
    let deadline = Instant::now() + FILLED_WITHIN;
    let now = runtime::clock::now();
    let wrapped: Vec<DeliveryV1> = bench
        .deliveries
        .all
        .iter()
        .map(|delivery| {
            DeliveryV1::new(delivery.event_id.clone(), now, Source::Webhook, delivery.body().to_vec())
        })
        .collect();
    let messages = wrapped.iter().map(|delivery| (Destination::Webhook { version: "4.0" }, delivery));
    let confirms = publisher.publish_all(messages, deadline).await;
    drop(publisher);
    life.shut_down().await;
    for confirmed in confirms {
        confirmed.context("cannot fill the queue")?;
    }
    Ok(())
}

/// How many deliveries a worker has committed, by its own count.
pub(super) async fn folded(worker: &mut Program) -> anyhow::Result<usize> {
    worker.check()?;
    let url = format!("http://{}/metrics", worker.address);
    let answer = reqwest::get(&url).await.context("cannot ask the worker for its metrics")?;
    let metrics = answer.text().await.context("cannot read the worker's metrics")?;
    Ok(metrics
        .lines()
        .find_map(|line| line.strip_prefix("worker_deliveries_total{outcome=\"folded\"} "))
        .and_then(|number| number.parse().ok())
        .unwrap_or(0))
}

/// How many readings and how many entries of the mileage book there are.
async fn written(servers: &Servers) -> anyhow::Result<(usize, usize)> {
    let (readings, entries): (i64, i64) =
        sqlx::query_as("SELECT (SELECT count(*) FROM readings), (SELECT count(*) FROM meter_entries)")
            .fetch_one(&servers.pool)
            .await
            .context("cannot count what was written")?;
    Ok((usize::try_from(readings)?, usize::try_from(entries)?))
}
