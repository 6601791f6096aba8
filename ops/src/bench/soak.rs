//! `ingest` and one `worker` for a long time at a modest rate: what grows, grows visibly. At the end everything that
//! was accepted is stored, once.

use std::io::Write;
use std::time::Duration;

use tokio::time::Instant;

use super::Bench;
use super::figures::{
    DELIVERIES, Figures, INGEST_AT_FIRST, INGEST_AT_LAST, INGEST_MEMORY, Unit, WORKER_AT_FIRST,
    WORKER_AT_LAST, WORKER_MEMORY,
};
use super::hard::coming;
use super::load::{self, Pace};
use super::options::Measurement;
use super::program::Program;
use super::progress;
use super::rates::{count, per_second};
use super::rows::check_stored_in_all;
use super::supply::Supply;
use super::worker::Worker;

/// So many minutes at the beginning are compared with so many at the end; of a short soak, its halves.
const WINDOW: usize = 10;

/// What a minute came to.
#[derive(Debug, Clone, Copy)]
struct Minute {
    number: usize,
    took: Duration,
    p99_ms: f64,
    /// Megabytes at its end.
    ingest: f64,
    worker: f64,
}

pub(super) async fn measure(
    bench: &Bench,
    so_far: &Figures,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<Figures> {
    let rate = bench.modest_rate(so_far);
    let mut worker = Worker::prepared(bench).await?;
    let mut ingest = Program::ingest(&bench.servers).await?;
    let length = bench.options.hard.minute();
    let mut supply = Supply::of(&bench.deliveries, coming(rate, length));
    bench.servers.settle().await?;
    let mut minutes = Vec::new();
    for number in 1..=bench.options.hard.minutes() {
        let requests = supply.next_requests().await?;
        let pace = Pace::Steady { per_second: rate };
        let mut served = load::run(ingest.address, requests, pace, Instant::now()).await?;
        ingest.check()?;
        let minute = Minute {
            number: served.requests,
            took: served.took,
            p99_ms: served.latencies.p99_ms(),
            ingest: ingest.memory()?,
            worker: worker.program.memory()?,
        };
        writeln!(out, "{}", minute.line(number))?;
        minutes.push(minute);
    }
    let accepted = minutes.iter().map(|minute| minute.number).sum();
    progress::until(accepted, async || worker.folded().await).await?;
    check_stored_in_all(bench, accepted).await?;
    let memory = (ingest.peak_memory()?, worker.program.peak_memory()?);
    ingest.stop().await?;
    worker.program.stop().await?;
    Ok(figures(bench, &minutes, accepted, memory))
}

fn figures(bench: &Bench, minutes: &[Minute], accepted: usize, memory: (f64, f64)) -> Figures {
    let took = minutes.iter().map(|minute| minute.took).sum();
    let window = WINDOW.min(minutes.len().div_ceil(2));
    let (first, last) = (&minutes[..window], &minutes[minutes.len() - window..]);
    let mut figures = bench
        .figures(Measurement::Soak)
        .with(DELIVERIES, per_second(accepted, took), Unit::PerSecond)
        .with("p99 at first", mean(first, |minute| minute.p99_ms), Unit::Milliseconds)
        .with("p99 at last", mean(last, |minute| minute.p99_ms), Unit::Milliseconds)
        .with(INGEST_AT_FIRST, mean(first, |minute| minute.ingest), Unit::Megabytes)
        .with(INGEST_AT_LAST, mean(last, |minute| minute.ingest), Unit::Megabytes)
        .with(WORKER_AT_FIRST, mean(first, |minute| minute.worker), Unit::Megabytes)
        .with(WORKER_AT_LAST, mean(last, |minute| minute.worker), Unit::Megabytes)
        .with(INGEST_MEMORY, memory.0, Unit::Megabytes)
        .with(WORKER_MEMORY, memory.1, Unit::Megabytes);
    for (minute, number) in minutes.iter().zip(1..) {
        let seconds = number * bench.options.hard.minute().as_secs();
        figures.sample(seconds, "p99", minute.p99_ms, Unit::Milliseconds);
        figures.sample(seconds, INGEST_MEMORY, minute.ingest, Unit::Megabytes);
        figures.sample(seconds, WORKER_MEMORY, minute.worker, Unit::Megabytes);
    }
    figures.done()
}

fn mean(minutes: &[Minute], value: impl Fn(&Minute) -> f64) -> f64 {
    minutes.iter().map(value).sum::<f64>() / count(minutes.len().max(1))
}

impl Minute {
    fn line(&self, number: u64) -> String {
        format!(
            "    minute {number:>4}: {:.0}/s  p99 {:.1} ms  ingest {:.1} MB  worker {:.1} MB",
            per_second(self.number, self.took),
            self.p99_ms,
            self.ingest,
            self.worker,
        )
    }
}
