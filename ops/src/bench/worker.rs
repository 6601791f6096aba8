//! `worker` itself, as a process, draining a queue that was filled while it stood still.

use std::time::Duration;

use anyhow::Context;
use broker::message::{DeliveryV1, Source};
use broker::{Destination, Publisher};
use runtime::lifecycle::Lifecycle;
use secrecy::SecretString;
use tokio::time::Instant;

use super::Bench;
use super::deliveries::Delivery;
use super::figures::{DELIVERIES, Figures, Unit, WORKER_MEMORY};
use super::options::Measurement;
use super::program::{Program, Rules};
use super::progress;
use super::rates::per_second;
use super::rows::{self, Stored};
use super::wiretap::Wiretap;

/// How long the broker may take to confirm a whole queue of deliveries.
const FILLED_WITHIN: Duration = Duration::from_mins(1);

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Figures> {
    drain(bench, Measurement::Worker, Worker::prepared(bench).await?).await
}

/// The same deliveries through the same program, which asks only the odometer's rule: stored as ever, compared and written as
/// ever, and the more that all rules cost is theirs.
pub(super) async fn measure_mileage_only(bench: &Bench) -> anyhow::Result<Figures> {
    drain(bench, Measurement::MileageOnly, Worker::of_mileage_only(bench).await?).await
}

async fn drain(bench: &Bench, measurement: Measurement, mut worker: Worker) -> anyhow::Result<Figures> {
    let before = rows::stored(&bench.servers.pool).await?;
    worker.hold_and_fill(bench).await?;
    let (effort, began) = (bench.effort(), Instant::now());
    worker.program.thaw().await?;
    let number = bench.deliveries.number();
    let progress = progress::until(number, async || worker.folded().await).await?;
    let took = progress.last - began;
    let figures = bench.figures(measurement).with(DELIVERIES, progress.per_second(), Unit::PerSecond);
    let memory = worker.program.peak_memory()?;
    let figures = effort.note(figures, number).with(WORKER_MEMORY, memory, Unit::Megabytes);
    worker.program.stop().await?;
    let Stored { readings, entries, .. } = rows::check_stored(bench).await?;
    Ok(figures
        .with("new readings", per_second(readings - before.readings, took), Unit::PerSecond)
        .with("entries", per_second(entries - before.entries, took), Unit::PerSecond)
        .done())
}

/// The program, and how many deliveries it had folded when it was prepared.
pub(super) struct Worker {
    pub program: Program,
    folded_before: usize,
}

impl Worker {
    /// A worker that has heard of each car once.
    pub async fn prepared(bench: &Bench) -> anyhow::Result<Self> {
        Self::with_database(bench, &bench.servers.database_url(), Rules::All).await
    }

    /// The same, asking only the odometer's rule.
    pub async fn of_mileage_only(bench: &Bench) -> anyhow::Result<Self> {
        Self::with_database(bench, &bench.servers.database_url(), Rules::MileageOnly).await
    }

    /// The same, with a database behind a wiretap.
    pub async fn listened_to(bench: &Bench, wiretap: &Wiretap) -> anyhow::Result<Self> {
        Self::with_database(bench, &bench.servers.database_url_through(wiretap.address), Rules::All).await
    }

    /// Lets it stand still, and fills its queue meanwhile.
    pub async fn hold_and_fill(&self, bench: &Bench) -> anyhow::Result<()> {
        self.program.freeze().await?;
        fill(bench, &bench.deliveries.all).await?;
        bench.servers.settle().await
    }

    async fn with_database(bench: &Bench, database_url: &SecretString, rules: Rules) -> anyhow::Result<Self> {
        fill(bench, &bench.deliveries.before).await?;
        let program = Program::worker(&bench.servers, database_url, rules).await?;
        let mut worker = Self { program, folded_before: 0 };
        let number = bench.deliveries.before.len();
        progress::until(number, async || worker.folded().await).await?;
        worker.folded_before = number;
        Ok(worker)
    }

    /// How many deliveries it has committed since it was prepared, by its own count.
    pub async fn folded(&mut self) -> anyhow::Result<usize> {
        self.program.check()?;
        let url = format!("http://{}/metrics", self.program.address);
        let answer = reqwest::get(&url).await.context("cannot ask the worker for its metrics")?;
        let metrics = answer.text().await.context("cannot read the worker's metrics")?;
        let folded: usize = metrics
            .lines()
            .find_map(|line| line.strip_prefix("worker_deliveries_total{outcome=\"folded\"} "))
            .and_then(|number| number.parse().ok())
            .unwrap_or(0);
        Ok(folded - self.folded_before)
    }
}

/// Puts deliveries into the queue, as `ingest` would.
async fn fill(bench: &Bench, deliveries: &[Delivery]) -> anyhow::Result<()> {
    let life = Lifecycle::new(Duration::from_secs(5));
    let publisher = Publisher::start(&bench.servers.broker_options()?, &life.tasks());
    let deadline = Instant::now() + FILLED_WITHIN;
    let now = runtime::clock::now();
    let wrapped: Vec<DeliveryV1> = deliveries
        .iter()
        .map(|delivery| {
            DeliveryV1::new(delivery.event_id.clone(), now, Source::Webhook, delivery.body.clone())
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
