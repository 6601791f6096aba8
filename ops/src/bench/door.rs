//! `ingest` itself, as a process, under the same load as its probe.

use tokio::time::Instant;

use super::Bench;
use super::figures::{DELIVERIES, Figures, Of, Unit};
use super::load::{self, Pace};
use super::options::Measurement;
use super::program::Program;

/// The names of its memory and of its processor time for each delivery.
pub(super) const INGEST_USES: (&str, &str) = ("ingest memory", "ingest CPU");

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Figures> {
    let mut ingest = Program::ingest(&bench.servers).await?;
    let before = ingest.used()?;
    let pace = Pace::For(bench.options.duration());
    let mut served = load::run(ingest.address, bench.deliveries.requests(), pace, Instant::now()).await?;
    ingest.check()?;
    let used = ingest.used()?;
    ingest.stop().await?;
    let rate = served.per_second();
    let figures = Of::new(bench.payload, Measurement::Ingest).with(DELIVERIES, rate, Unit::PerSecond);
    let figures = served.latencies.note(figures);
    Ok(used.note(figures, before, served.requests, INGEST_USES).done())
}
