//! Moves dead letters into the table where a person looks.

use std::time::Duration;

use broker::{Incoming, Queue};
use chrono::{DateTime, Utc};
use runtime::clock;
use serde_json::{Value, json};
use store::act_as_machine;
use store::parked::{self, ParkedMessage};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::lane::{Messages, note, open};
use crate::settle::insist;
use crate::{Worker, meter};

/// Dead letters of all queues, and what no queue was bound for.
pub(crate) const QUEUES: [Queue; 2] = [Queue::Parked, Queue::Unrouted];

const AT_ONCE: u16 = 50;
const WAIT: Duration = Duration::from_millis(20);

pub(crate) async fn run(worker: Worker, queue: Queue, stop: CancellationToken) -> anyhow::Result<()> {
    while let Some(mut consumer) = open(&worker, queue, AT_ONCE, &stop).await {
        let mut messages = Messages::new(&mut consumer, &stop);
        loop {
            let batch = messages.gather(AT_ONCE.into(), WAIT).await;
            let Some(last) = batch.last().map(|message| message.tag) else {
                break;
            };
            let rows: Vec<ParkedMessage> = batch.iter().map(|message| row(message, clock::now())).collect();
            let store = async || {
                let mut tx = worker.pool.begin().await?;
                act_as_machine(&mut tx).await?;
                parked::insert(&mut tx, &rows).await?;
                Ok(tx.commit().await?)
            };
            match insist(&worker, &stop, store).await {
                Ok(Ok(())) => {
                    meter::deliveries("parked", rows.len());
                    warn!(
                        messages.parked = rows.len(),
                        "parked {} messages, a person should look",
                        rows.len()
                    );
                    note(messages.consumer.ack_through(last).await);
                }
                Ok(Err(error)) => {
                    warn!(
                        error = runtime::chain(&error),
                        "cannot store parked messages, leaving them with the broker"
                    );
                    break;
                }
                Err(_) => break,
            }
        }
    }
    Ok(())
}

fn row(message: &Incoming, now: DateTime<Utc>) -> ParkedMessage {
    let copy = message.copy();
    let death = message.death.as_ref();
    let (queue, why) = match (death, message.queue) {
        (Some(death), _) => (death.queue.clone(), format!("the broker gave it up: {}", death.reason)),
        (None, Queue::Unrouted) => {
            (format!("routed to {:?}", message.routing_key), "no queue is bound for it".to_owned())
        }
        (None, queue) => (queue.to_string(), "it was put aside without a reason".to_owned()),
    };
    let mut headers = Value::Object(copy.headers);
    headers["type"] = json!(copy.kind);
    headers["message_id"] = json!(copy.id);
    ParkedMessage {
        queue,
        message_key: copy.id.clone().unwrap_or_else(|| format!("unnamed:{}", uuid::Uuid::new_v4())),
        why,
        body: copy.body,
        headers,
        parked_at: now,
    }
}
