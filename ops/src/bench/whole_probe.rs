//! Both bare probes at once: what this machine can do from end to end.

use tokio::time::Instant;

use super::Bench;
use super::confirm_probe::confirming;
use super::door_probe::BareDoor;
use super::figures::{DELIVERIES, Figures, Unit};
use super::insert_probe::Lanes;
use super::load::{self, Pace};
use super::options::Measurement;
use super::progress;
use super::rates::per_second;
use super::rows::check_stored;

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Figures> {
    let channel = confirming(bench).await?;
    let queue = bench.servers.bare_queue(&channel).await?;
    Lanes::prepare(bench, &channel, &queue).await?;
    let mut lanes = Lanes::start(bench, &queue).await?;
    let door = BareDoor::open(channel, queue).await?;
    let number = bench.deliveries.number();
    let requests = bench.deliveries.requests();
    bench.servers.settle().await?;
    let (effort, start) = (bench.effort(), Instant::now());
    let load = load::run(door.address, requests, Pace::Each, start);
    let (_, progress) = tokio::try_join!(load, progress::until(number, async || lanes.count()))?;
    let rate = per_second(number, progress.last - start);
    let figures = bench.figures(Measurement::WholeProbe).with(DELIVERIES, rate, Unit::PerSecond);
    let figures = effort.note(figures, number);
    check_stored(bench).await?;
    Ok(figures.done())
}
