//! The bare insert probe: consume in batches, three bulk inserts, commit, acknowledge. No rules, no states, nothing
//! parked, and nothing remembered: what was known already, the database finds out.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, bail};
use futures_util::{StreamExt, stream};
use lapin::Channel;
use lapin::message::Delivery as Message;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use sqlx::PgPool;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use super::Bench;
use super::confirm_probe::{confirming, publish};
use super::deliveries::Delivery;
use super::figures::{DELIVERIES, Figures, Unit};
use super::options::Measurement;
use super::progress;
use super::rows::{Rows, check_stored};

/// The same as a worker has by default: lanes, deliveries a batch, and how long a batch is waited for.
const LANES: usize = 2;
const BATCH: usize = 200;
const WAIT: Duration = Duration::from_millis(20);

/// Two batches, so that the next one is here when one is done.
const PREFETCH: u16 = 400;

pub(super) async fn measure(bench: &Bench) -> anyhow::Result<Figures> {
    let channel = confirming(bench).await?;
    let queue = bench.servers.bare_queue(&channel).await?;
    Lanes::prepare(bench, &channel, &queue).await?;
    fill(&channel, &queue, &bench.deliveries.all).await?;
    bench.servers.settle().await?;
    let effort = bench.effort();
    let mut lanes = Lanes::start(bench, &queue).await?;
    let number = bench.deliveries.number();
    let progress = progress::until(number, async || lanes.count()).await?;
    let figures =
        bench.figures(Measurement::InsertProbe).with(DELIVERIES, progress.per_second(), Unit::PerSecond);
    let figures = effort.note(figures, number);
    check_stored(bench).await?;
    Ok(figures.done())
}

/// Puts deliveries into the queue.
async fn fill(channel: &Channel, queue: &str, deliveries: &[Delivery]) -> anyhow::Result<()> {
    let publishing = deliveries.iter().map(|delivery| publish(channel, queue, &delivery.body));
    let mut confirms = stream::iter(publishing).buffer_unordered(broker::Publisher::WINDOW);
    while let Some(confirmed) = confirms.next().await {
        confirmed?;
    }
    Ok(())
}

/// Consumers that do the least; they end with this value.
pub(super) struct Lanes {
    done: Arc<AtomicUsize>,
    tasks: JoinSet<anyhow::Result<()>>,
}

impl Lanes {
    /// Stores one delivery of each car.
    pub async fn prepare(bench: &Bench, channel: &Channel, queue: &str) -> anyhow::Result<()> {
        let before = &bench.deliveries.before;
        fill(channel, queue, before).await?;
        let mut lanes = Self::start(bench, queue).await?;
        progress::until(before.len(), async || lanes.count()).await?;
        lanes.stop().await;
        Ok(())
    }

    pub async fn start(bench: &Bench, queue: &str) -> anyhow::Result<Self> {
        let done = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        for _ in 0..LANES {
            let lane = Lane {
                messages: consume(bench, queue).await?,
                pool: bench.servers.pool.clone(),
                done: Arc::clone(&done),
            };
            tasks.spawn(lane.run());
        }
        Ok(Self { done, tasks })
    }

    /// Ends the consumers; nothing may be left in the queue.
    async fn stop(mut self) {
        self.tasks.shutdown().await;
    }

    /// How many deliveries are committed; an error if a lane has failed.
    pub fn count(&mut self) -> anyhow::Result<usize> {
        match self.tasks.try_join_next() {
            None => Ok(self.done.load(Ordering::Relaxed)),
            Some(Ok(Err(error))) => Err(error),
            Some(Ok(Ok(())) | Err(_)) => bail!("a lane of the probe ended early"),
        }
    }
}

async fn consume(bench: &Bench, queue: &str) -> anyhow::Result<(Channel, lapin::Consumer)> {
    let channel = bench.servers.channel().await?;
    let prefetch = channel.basic_qos(PREFETCH, BasicQosOptions::default());
    prefetch.await.context("cannot set the prefetch")?;
    let consumer =
        channel.basic_consume(queue.into(), "".into(), BasicConsumeOptions::default(), FieldTable::default());
    let consumer = consumer.await.context("cannot consume")?;
    Ok((channel, consumer))
}

struct Lane {
    messages: (Channel, lapin::Consumer),
    pool: PgPool,
    done: Arc<AtomicUsize>,
}

impl Lane {
    async fn run(mut self) -> anyhow::Result<()> {
        loop {
            let batch = self.gather().await?;
            let last = batch.last().context("a batch has at least one message")?.delivery_tag;
            let rows: Rows = batch.iter().map(|message| message.data.as_slice()).collect();
            rows.insert(&self.pool).await?;
            let through = BasicAckOptions { multiple: true };
            self.messages.0.basic_ack(last, through).await.context("cannot acknowledge")?;
            self.done.fetch_add(batch.len(), Ordering::Relaxed);
        }
    }

    async fn gather(&mut self) -> anyhow::Result<Vec<Message>> {
        let mut batch = vec![self.next().await?];
        let until = Instant::now() + WAIT;
        while batch.len() < BATCH {
            match timeout_at(until, self.next()).await {
                Ok(message) => batch.push(message?),
                Err(_) => break,
            }
        }
        Ok(batch)
    }

    async fn next(&mut self) -> anyhow::Result<Message> {
        let message = self.messages.1.next().await.context("the probe's consumer ended")?;
        message.context("cannot take a message")
    }
}
