//! How many statements a batch costs a worker: as many for cars that are nearly new as for cars with a history.

use super::Bench;
use super::figures::{Figures, LATER, SOONER, Unit};
use super::options::Measurement;
use super::progress;
use super::rates::ratio;
use super::wiretap::{Heard, Wiretap};
use super::worker::Worker;

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Figures> {
    let (host, port) = bench.servers.postgresql();
    let wiretap = Wiretap::open(host, port).await?;
    let mut worker = Worker::listened_to(bench, &wiretap).await?;
    worker.hold_and_fill(bench).await?;
    let start = wiretap.heard();
    worker.program.thaw().await?;
    let number = bench.deliveries.number();
    let half = number / 2;
    progress::until(half, async || worker.folded().await).await?;
    let middle = wiretap.heard();
    progress::until(number, async || worker.folded().await).await?;
    let end = wiretap.heard();
    worker.program.stop().await?;
    Ok(bench
        .figures(Measurement::Statements)
        .with(SOONER, a_batch(start, middle), Unit::Number)
        .with(LATER, a_batch(middle, end), Unit::Number)
        .done())
}

/// Statements for each transaction between two moments.
fn a_batch(from: Heard, to: Heard) -> f64 {
    ratio(to.statements - from.statements, to.commits - from.commits)
}
