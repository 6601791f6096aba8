//! How long good traffic waits at `ingest` while a worker drains a backlog, beside how long it waits without one; how
//! fast the backlog goes, and what it costs in memory.

use std::time::Duration;

use anyhow::{Context, ensure};
use broker::message::{DeliveryV1, Source};
use broker::{Destination, Publisher};
use runtime::lifecycle::Lifecycle;
use tokio::time::Instant;

use super::Bench;
use super::deliveries::Delivery;
use super::figures::{CALM, DELIVERIES, DRAINING, Draft, Figures, INGEST_MEMORY, Unit, WORKER_MEMORY};
use super::hard::coming;
use super::latencies::Latencies;
use super::load::{self, Pace};
use super::options::Measurement;
use super::program::{Program, Rules};
use super::progress;
use super::rates::per_second;
use super::rows::check_stored_in_all;
use super::supply::Supply;
use super::worker::Worker;

/// What a worker counts of those that it has committed.
const FOLDED: &str = "worker_deliveries_total{outcome=\"folded\"}";

/// How long the broker may take to confirm a portion of the backlog.
const CONFIRMED_WITHIN: Duration = Duration::from_mins(1);

pub(super) async fn measure(bench: &Bench, so_far: &Figures) -> anyhow::Result<Figures> {
    let worker = Worker::prepared(bench).await?;
    let rate = bench.modest_rate(so_far);
    let mut traffic = Traffic {
        ingest: Program::ingest(&bench.servers).await?,
        supply: Supply::of(&bench.deliveries, coming(rate, bench.options.duration())),
        pace: Pace::Steady { per_second: rate },
        sent: 0,
    };
    bench.servers.settle().await?;
    let mut calm = traffic.calm(worker).await?;
    let backlog = usize::try_from(bench.options.hard.backlog)?;
    fill(bench, &mut traffic.supply, backlog).await?;
    let mut drained = drain(bench, &mut traffic, backlog).await?;
    let memory = traffic.ingest.peak_memory()?;
    traffic.ingest.stop().await?;
    check_stored_in_all(bench, backlog + traffic.sent).await?;
    Ok(drained
        .figures
        .with(DELIVERIES, drained.per_second, Unit::PerSecond)
        .with(CALM, calm.p99_ms(), Unit::Milliseconds)
        .with(DRAINING, drained.latencies.p99_ms(), Unit::Milliseconds)
        .with(INGEST_MEMORY, memory, Unit::Megabytes)
        .done())
}

/// Good traffic at a steady rate. Whatever is not answered 200 ends the measurement.
struct Traffic {
    ingest: Program,
    supply: Supply,
    pace: Pace,
    sent: usize,
}

impl Traffic {
    async fn go_on(&mut self) -> anyhow::Result<Latencies> {
        let requests = self.supply.next_requests().await?;
        let served = load::run(self.ingest.address, requests, self.pace, Instant::now()).await?;
        self.ingest.check()?;
        self.sent += served.requests;
        Ok(served.latencies)
    }

    /// Beside a worker that has nothing else to do, and ends.
    async fn calm(&mut self, mut worker: Worker) -> anyhow::Result<Latencies> {
        let latencies = self.go_on().await?;
        progress::until(self.sent, async || worker.folded().await).await?;
        worker.program.stop().await?;
        Ok(latencies)
    }
}

/// Puts so many into the queue, portion by portion: all of them may be more than fit into memory.
async fn fill(bench: &Bench, supply: &mut Supply, number: usize) -> anyhow::Result<()> {
    let life = Lifecycle::new(Duration::from_secs(5));
    let publisher = Publisher::start(&bench.servers.broker_options()?, &life.tasks());
    let mut left = number;
    while left > 0 {
        let mut portion = supply.next().await?;
        portion.truncate(left);
        left -= portion.len();
        publish(&publisher, portion).await?;
    }
    drop(publisher);
    life.shut_down().await;
    Ok(())
}

async fn publish(publisher: &Publisher, portion: Vec<Delivery>) -> anyhow::Result<()> {
    let now = runtime::clock::now();
    let wrapped: Vec<DeliveryV1> = portion
        .into_iter()
        .map(|delivery| DeliveryV1::new(delivery.event_id, now, Source::Webhook, delivery.body))
        .collect();
    let messages = wrapped.iter().map(|delivery| (Destination::Webhook { version: "4.0" }, delivery));
    for confirmed in publisher.publish_all(messages, Instant::now() + CONFIRMED_WITHIN).await {
        confirmed.context("cannot fill the queue")?;
    }
    Ok(())
}

struct Drained {
    figures: Draft,
    /// While there was a backlog.
    per_second: f64,
    /// Of the good traffic meanwhile.
    latencies: Latencies,
}

/// Starts a worker, and lets good traffic go on until there is no backlog any more.
async fn drain(bench: &Bench, traffic: &mut Traffic, backlog: usize) -> anyhow::Result<Drained> {
    let mut drained = Drained {
        figures: bench.figures(Measurement::Backlog),
        per_second: 0.0,
        latencies: Latencies::default(),
    };
    let (began, before, mut folded) = (Instant::now(), traffic.sent, 0);
    let mut worker = Program::worker(&bench.servers, &bench.servers.database_url(), Rules::All).await?;
    loop {
        let more = traffic.go_on().await?;
        let portion = more.len();
        drained.latencies.append(more);
        let so_far = worker.counted(FOLDED).await?;
        ensure!(so_far > folded, "the worker stopped at {folded} of a backlog of {backlog}");
        folded = so_far;
        drained.sample(bench, began, &worker)?;
        let behind = (backlog + traffic.sent - before).saturating_sub(folded);
        if behind > portion || drained.per_second == 0.0 {
            drained.per_second = per_second(folded, began.elapsed());
        }
        if behind <= portion {
            break;
        }
    }
    let all = backlog + traffic.sent - before;
    progress::until(all, async || worker.counted(FOLDED).await).await?;
    let memory = worker.peak_memory()?;
    worker.stop().await?;
    drained.figures = drained.figures.with(WORKER_MEMORY, memory, Unit::Megabytes);
    Ok(drained)
}

impl Drained {
    /// The memory of the broker and the worker now.
    fn sample(&mut self, bench: &Bench, began: Instant, worker: &Program) -> anyhow::Result<()> {
        let seconds = began.elapsed().as_secs();
        self.figures.sample(seconds, WORKER_MEMORY, worker.memory()?, Unit::Megabytes);
        if let Some(broker) = bench.servers.processes.rabbitmq_memory() {
            self.figures.sample(seconds, "rabbitmq memory", broker, Unit::Megabytes);
        }
        Ok(())
    }
}
