//! One lane: a consumer, and one batch after the other. Each lane has a channel of its own, so that acknowledging
//! everything up to a message never acknowledges another lane's.

use std::borrow::Borrow;
use std::time::Duration;

use broker::message::TraceContext;
use broker::{Consumer, Incoming, OpenError, Queue, Settled};
use intake::Understood;
use runtime::backoff::Backoff;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, debug, info_span, warn};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::settle::{Abandoned, bring_to_end};
use crate::{Worker, meter};

/// How long the broker has for taking what is set apart. After that the lane gives everything back.
const SET_APART_WITHIN: Duration = Duration::from_secs(5);

/// Takes batches until the program stops; a lost consumer is opened again.
pub(crate) async fn run(worker: Worker, stop: CancellationToken) -> anyhow::Result<()> {
    let prefetch = worker.batch.prefetch();
    while let Some(mut consumer) = open(&worker, Queue::Events, prefetch, &stop).await {
        let mut messages = Messages::new(&mut consumer, &stop);
        loop {
            let batch = messages.gather(worker.batch.batch_size.into(), worker.batch.wait()).await;
            if batch.is_empty() {
                break;
            }
            let span = span(batch.iter().map(Incoming::trace));
            if handle(&worker, messages.consumer, &batch, &stop).instrument(span).await == Err(Abandoned) {
                break;
            }
        }
    }
    Ok(())
}

/// Opens a consumer; keeps trying while the broker refuses, which it does while it starts. `None`: the program stops.
pub(crate) async fn open(
    worker: &Worker,
    queue: Queue,
    prefetch: u16,
    stop: &CancellationToken,
) -> Option<Consumer> {
    for wait in Backoff::RECONNECT.waits() {
        if stop.is_cancelled() {
            return None;
        }
        match stop.run_until_cancelled(Consumer::open(&worker.link, queue, prefetch)).await? {
            Ok(consumer) => return Some(consumer),
            Err(OpenError::Stopped) => return None,
            Err(error) => {
                warn!(messaging.queue = %queue, error = runtime::chain(&error), "cannot consume, trying again");
            }
        }
        stop.run_until_cancelled(tokio::time::sleep(wait)).await?;
    }
    None
}

/// Brings a batch to its end and acknowledges it, in runs of what comes for the first time and of what came back: each run
/// with one acknowledgement. Of many single ones a quorum queue's channel keeps those back that come while 32 are not applied
/// yet (`quorum_commands_soft_limit`), and forgets them when the connection ends.
async fn handle(
    worker: &Worker,
    consumer: &Consumer,
    batch: &[Incoming],
    stop: &CancellationToken,
) -> Result<(), Abandoned> {
    for run in batch.chunk_by(|one, next| one.redelivered == next.redelivered) {
        let Some(last) = run.last() else { continue };
        if last.redelivered {
            set_apart(worker, run).await?;
        } else {
            take(worker, consumer, run, stop).await?;
        }
        note(consumer.ack_through(last.tag).await);
    }
    Ok(())
}

async fn take(
    worker: &Worker,
    consumer: &Consumer,
    run: &[Incoming],
    stop: &CancellationToken,
) -> Result<(), Abandoned> {
    let mut deliveries = Vec::with_capacity(run.len());
    for message in run {
        match Understood::read(message) {
            Ok(delivery) => deliveries.push(delivery),
            // Not written by us, or by a newer version: the broker parks it as it is.
            Err(error) => {
                warn!(error = runtime::chain(&error), "parked a message that is no delivery");
                note(consumer.park(message.tag).await);
            }
        }
    }
    bring_to_end(worker, &deliveries, stop).await
}

/// A delivery that came back may be the one that killed its worker. It is moved to a queue that is taken one at
/// a time, so that it takes no healthy neighbours with it.
async fn set_apart(worker: &Worker, returned: &[Incoming]) -> Result<(), Abandoned> {
    let moved = worker.publisher.set_apart(returned, Instant::now() + SET_APART_WITHIN).await;
    if let Some(error) = moved.into_iter().find_map(Result::err) {
        warn!(error = runtime::chain(&error), "cannot set deliveries apart, giving them back");
        return Err(Abandoned);
    }
    meter::set_apart(returned.len());
    Ok(())
}

/// What is lost comes again, and is recognised: nothing to do but to know.
pub(crate) fn note(settled: Settled) {
    match settled {
        Settled::Yes => {}
        Settled::Lost => debug!("an acknowledgement was lost with its connection, the message comes again"),
    }
}

/// The messages of a consumer, until the program stops: then what has arrived is still handed out, and no more.
pub(crate) struct Messages<'a> {
    pub consumer: &'a mut Consumer,
    stop: &'a CancellationToken,
    cancelled: bool,
}

impl<'a> Messages<'a> {
    pub fn new(consumer: &'a mut Consumer, stop: &'a CancellationToken) -> Self {
        Self { consumer, stop, cancelled: false }
    }

    /// The next message; `None` when no more will come.
    pub async fn next(&mut self) -> Option<Incoming> {
        if !self.cancelled {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => {
                    self.cancelled = true;
                    self.consumer.cancel().await;
                }
                message = self.consumer.next() => return message,
            }
        }
        self.consumer.next().await
    }

    /// Up to `size` messages: waits for the first, and then no longer than `wait` for the others. Empty when no
    /// more will come.
    pub async fn gather(&mut self, size: usize, wait: Duration) -> Vec<Incoming> {
        let Some(first) = self.next().await else {
            return Vec::new();
        };
        let mut batch = vec![first];
        let until = Instant::now() + wait;
        while batch.len() < size {
            match timeout_at(until, self.next()).await {
                Ok(Some(message)) => batch.push(message),
                Ok(None) | Err(_) => break,
            }
        }
        batch
    }
}

/// A root span that links to the traces of its messages: a batch has many origins and no parent.
pub(crate) fn span<T: Borrow<TraceContext>>(traces: impl ExactSizeIterator<Item = T>) -> tracing::Span {
    let span = info_span!(parent: None, "batch", messaging.batch.message_count = traces.len());
    for link in traces.filter_map(|trace| trace.borrow().as_link()) {
        span.add_link(link);
    }
    span
}
