//! `ingest` itself, as a process, under the same load as its probe.

use tokio::time::Instant;

use super::Bench;
use super::figures::{DELIVERIES, Figures, INGEST_MEMORY, Unit};
use super::load::{self, Pace};
use super::options::Measurement;
use super::program::Program;

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Figures> {
    let mut ingest = Program::ingest(&bench.servers).await?;
    let pace = Pace::For(bench.options.duration());
    let requests = bench.deliveries.requests();
    bench.servers.settle().await?;
    let effort = bench.effort();
    let mut served = load::run(ingest.address, requests, pace, Instant::now()).await?;
    ingest.check()?;
    let figures = bench.figures(Measurement::Ingest).with(DELIVERIES, served.per_second(), Unit::PerSecond);
    let figures = served.latencies.note(figures);
    let figures = effort.note(figures, served.requests);
    let figures = figures.with(INGEST_MEMORY, ingest.peak_memory()?, Unit::Megabytes);
    ingest.stop().await?;
    Ok(figures.done())
}
