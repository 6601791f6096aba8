//! How long good traffic waits at `ingest` while thousands stand in its door: as it is by default, where most of them
//! have to leave again, and with room for them all. Beside it, in the same run, without them.

use std::time::Duration;

use tokio::time::Instant;

use super::Bench;
use super::crowd::Crowd;
use super::figures::{CALM, CROWDED, DELIVERIES, Figures, SPACIOUS, Unit};
use super::hard::coming;
use super::load::{self, Pace, Served};
use super::open_files;
use super::options::Measurement;
use super::program::Program;
use super::supply::Supply;

/// For so many idle ones there is one that sends a byte now and then.
const IDLE_FOR_ONE_SLOW: u16 = 20;

/// Files that are open beside those of the crowd, and seats beside theirs.
const OTHERS: u16 = 1_000;

/// How much longer than others this measurement takes: a p99 needs many deliveries.
const TIMES: u32 = 2;

pub(super) async fn measure(bench: &Bench, so_far: &Figures) -> anyhow::Result<Figures> {
    let idle = bench.options.hard.crowd;
    let slow = (idle / IDLE_FOR_ONE_SLOW).max(2);
    let seats = idle + slow + OTHERS;
    open_files::at_least(seats.into())?;
    let mut traffic = Traffic::of(bench, so_far);

    let mut ingest = Program::ingest(&bench.servers).await?;
    let mut calm = traffic.run(&mut ingest).await?;
    let crowd = Crowd::gather(ingest.address, idle.into(), slow.into()).await?;
    let mut crowded = traffic.run(&mut ingest).await?;
    crowd.leave()?;
    let memory = ingest.peak_memory()?;
    ingest.stop().await?;

    let mut ingest = Program::ingest_for(&bench.servers, Some(seats)).await?;
    let crowd = Crowd::gather(ingest.address, idle.into(), slow.into()).await?;
    let mut spacious = traffic.run(&mut ingest).await?;
    crowd.leave()?;
    let memory_for_all = ingest.peak_memory()?;
    ingest.stop().await?;

    Ok(bench
        .figures(Measurement::Crowds)
        .with(DELIVERIES, crowded.per_second(), Unit::PerSecond)
        .with("in the crowd", f64::from(idle + slow), Unit::Number)
        .with(CALM, calm.latencies.p99_ms(), Unit::Milliseconds)
        .with(CROWDED, crowded.latencies.p99_ms(), Unit::Milliseconds)
        .with(SPACIOUS, spacious.latencies.p99_ms(), Unit::Milliseconds)
        .with("ingest memory crowded", memory, Unit::Megabytes)
        .with("ingest memory with room for all", memory_for_all, Unit::Megabytes)
        .done())
}

/// Good traffic at a steady rate. Whatever is not answered 200 ends the measurement.
struct Traffic {
    supply: Supply,
    pace: Pace,
}

impl Traffic {
    fn of(bench: &Bench, so_far: &Figures) -> Self {
        let rate = bench.modest_rate(so_far);
        let time: Duration = bench.options.duration() * TIMES;
        let supply = Supply::of(&bench.deliveries, coming(rate, time));
        Self { supply, pace: Pace::Steady { per_second: rate } }
    }

    async fn run(&mut self, ingest: &mut Program) -> anyhow::Result<Served> {
        let requests = self.supply.next_requests().await?;
        let served = load::run(ingest.address, requests, self.pace, Instant::now()).await?;
        ingest.check()?;
        Ok(served)
    }
}
