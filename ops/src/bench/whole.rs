//! `ingest` and one `worker` at once, as fast as they go: from the first request to the last visible row.

use tokio::time::Instant;

use super::Bench;
use super::book::check_stored;
use super::door::INGEST_USES;
use super::figures::{DELIVERIES, Figures, Of, Unit};
use super::load::{self, Pace, per_second};
use super::options::Measurement;
use super::program::Program;
use super::progress;
use super::worker::{WORKER_USES, folded};

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Figures> {
    let mut worker = Program::worker(&bench.servers).await?;
    let mut ingest = Program::ingest(&bench.servers).await?;
    let before = (ingest.used()?, worker.used()?);
    let number = bench.deliveries.all.len();
    let start = Instant::now();
    let load = load::run(ingest.address, bench.deliveries.requests(), Pace::Each, start);
    let all_folded = progress::until(number, async || folded(&mut worker).await);
    let (_, progress) = tokio::try_join!(load, all_folded)?;
    ingest.check()?;
    let used = (ingest.used()?, worker.used()?);
    ingest.stop().await?;
    worker.stop().await?;
    check_stored(&bench.servers.pool, number).await?;
    let rate = per_second(number, progress.last - start);
    let figures = Of::new(bench.payload, Measurement::Whole).with(DELIVERIES, rate, Unit::PerSecond);
    let figures = used.0.note(figures, before.0, number, INGEST_USES);
    Ok(used.1.note(figures, before.1, number, WORKER_USES).done())
}
