//! `ingest` and one `worker` at once, as fast as they go: from the first request to the last visible row.

use tokio::time::Instant;

use super::Bench;
use super::figures::{DELIVERIES, Figures, INGEST_MEMORY, Unit, WORKER_MEMORY};
use super::load::{self, Pace, per_second};
use super::options::Measurement;
use super::program::Program;
use super::progress;
use super::rows::check_stored;
use super::worker::folded;

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Figures> {
    let mut worker = Program::worker(&bench.servers).await?;
    let mut ingest = Program::ingest(&bench.servers).await?;
    let number = bench.deliveries.number();
    let requests = bench.deliveries.requests(number);
    let (effort, start) = (bench.effort(), Instant::now());
    let load = load::run(ingest.address, requests, Pace::Each, start);
    let all_folded = progress::until(number, async || folded(&mut worker).await);
    let (_, progress) = tokio::try_join!(load, all_folded)?;
    ingest.check()?;
    let rate = per_second(number, progress.last - start);
    let figures = bench.figures(Measurement::Whole).with(DELIVERIES, rate, Unit::PerSecond);
    let figures = effort
        .note(figures, number)
        .with(INGEST_MEMORY, ingest.peak_memory()?, Unit::Megabytes)
        .with(WORKER_MEMORY, worker.peak_memory()?, Unit::Megabytes);
    ingest.stop().await?;
    worker.stop().await?;
    check_stored(&bench.servers.pool, number).await?;
    Ok(figures.done())
}
