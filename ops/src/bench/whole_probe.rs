//! Both bare probes at once: what this machine can do from end to end.

use tokio::time::Instant;

use super::Bench;
use super::book::check_stored;
use super::confirm_probe::confirming;
use super::door_probe::BareDoor;
use super::figures::{DELIVERIES, Figures, Of, Unit};
use super::insert_probe::Lanes;
use super::load::{self, Pace, per_second};
use super::options::Measurement;
use super::progress;

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Figures> {
    let channel = confirming(bench).await?;
    let queue = bench.servers.bare_queue(&channel).await?;
    let mut lanes = Lanes::start(bench, &queue).await?;
    let door = BareDoor::open(channel, queue).await?;
    let number = bench.deliveries.all.len();
    let start = Instant::now();
    let load = load::run(door.address, bench.deliveries.requests(), Pace::Each, start);
    let (_, progress) = tokio::try_join!(load, progress::until(number, async || lanes.count()))?;
    check_stored(&bench.servers.pool, number).await?;
    Ok(Of::new(bench.payload, Measurement::WholeProbe)
        .with(
            DELIVERIES,
            per_second(number, progress.last - start),
            Unit::PerSecond,
        )
        .done())
}
