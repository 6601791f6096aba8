//! `ingest` and one `worker` at once, as fast as they go: from the first request to the last visible row.

use tokio::time::Instant;

use super::Bench;
use super::figures::{DELIVERIES, Figures, INGEST_MEMORY, Unit, WORKER_MEMORY};
use super::load::{self, Pace};
use super::options::Measurement;
use super::program::Program;
use super::progress;
use super::rates::per_second;
use super::rows::check_stored;
use super::worker::Worker;

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Figures> {
    let mut worker = Worker::prepared(bench).await?;
    let mut ingest = Program::ingest(&bench.servers).await?;
    let number = bench.deliveries.number();
    let requests = bench.deliveries.requests();
    bench.servers.settle().await?;
    let (effort, start) = (bench.effort(), Instant::now());
    let load = load::run(ingest.address, requests, Pace::Each, start);
    let all_folded = progress::until(number, async || worker.folded().await);
    let (_, progress) = tokio::try_join!(load, all_folded)?;
    ingest.check()?;
    let rate = per_second(number, progress.last - start);
    let figures = bench.figures(Measurement::Whole).with(DELIVERIES, rate, Unit::PerSecond);
    let figures = effort
        .note(figures, number)
        .with(INGEST_MEMORY, ingest.peak_memory()?, Unit::Megabytes)
        .with(WORKER_MEMORY, worker.program.peak_memory()?, Unit::Megabytes);
    ingest.stop().await?;
    worker.program.stop().await?;
    check_stored(bench).await?;
    Ok(figures.done())
}
