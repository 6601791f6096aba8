//! The bare confirm probe: how many messages a quorum queue confirms, with nothing around it.

use std::time::Duration;

use anyhow::{Context, ensure};
use futures_util::{StreamExt, stream};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Channel};
use tokio::time::Instant;

use super::Bench;
use super::deliveries::Delivery;
use super::figures::{DELIVERIES, Figures, Unit};
use super::latencies::Latencies;
use super::options::Measurement;
use super::rates::per_second;

/// As many unconfirmed messages as a channel of ours has.
const IN_FLIGHT: usize = broker::Publisher::WINDOW;

/// AMQP's word for a message that survives a restart.
const PERSISTENT: u8 = 2;

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Figures> {
    let channel = confirming(bench).await?;
    let queue = bench.servers.bare_queue(&channel).await?;
    bench.servers.settle().await?;
    let effort = bench.effort();
    let (started, time) = (Instant::now(), bench.options.duration());
    let deliveries = bench.deliveries.all.iter().cycle();
    let publishing =
        deliveries.take_while(|_| started.elapsed() < time).map(|delivery| timed(&channel, &queue, delivery));
    let mut latencies = Latencies::default();
    let mut confirms = stream::iter(publishing).buffer_unordered(IN_FLIGHT);
    while let Some(took) = confirms.next().await {
        latencies.extend([took?]);
    }
    let rate = per_second(latencies.len(), started.elapsed());
    let figures = bench.figures(Measurement::ConfirmProbe).with(DELIVERIES, rate, Unit::PerSecond);
    let figures = effort.note(figures, latencies.len());
    Ok(latencies.note(figures).done())
}

/// A channel on which the broker confirms.
pub(super) async fn confirming(bench: &Bench) -> anyhow::Result<Channel> {
    let channel = bench.servers.channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await.context("cannot ask for confirms")?;
    Ok(channel)
}

/// Publishes as barely as a message can be that must not be lost.
pub(super) async fn publish(channel: &Channel, queue: &str, body: &[u8]) -> anyhow::Result<()> {
    let properties = BasicProperties::default().with_delivery_mode(PERSISTENT);
    let confirm = channel
        .basic_publish("".into(), queue.into(), BasicPublishOptions::default(), body, properties)
        .await
        .context("cannot publish")?;
    let answer = confirm.await.context("cannot wait for a confirm")?;
    ensure!(answer.is_ack(), "the broker refused a message");
    Ok(())
}

async fn timed(channel: &Channel, queue: &str, delivery: &Delivery) -> anyhow::Result<Duration> {
    let began = Instant::now();
    publish(channel, queue, &delivery.body).await?;
    Ok(began.elapsed())
}
