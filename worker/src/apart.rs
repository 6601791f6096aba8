//! Deliveries that came back once: one at a time, so that one that kills the process is the only one in hand. The
//! broker counts how often it came back, and parks it.

use broker::Queue;
use intake::Understood;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::Worker;
use crate::lane::{Messages, note, open};
use crate::settle::{Abandoned, bring_to_end};

pub(crate) async fn run(worker: Worker, stop: CancellationToken) -> anyhow::Result<()> {
    while let Some(mut consumer) = open(&worker, Queue::Apart, 1, &stop).await {
        let mut messages = Messages::new(&mut consumer, &stop);
        while let Some(message) = messages.next().await {
            let settled = match Understood::read(&message) {
                Ok(delivery) => {
                    if bring_to_end(&worker, &[delivery], &stop).await == Err(Abandoned) {
                        break;
                    }
                    messages.consumer.ack(message.tag).await
                }
                Err(error) => {
                    warn!(error = runtime::chain(&error), "parked a message that is no delivery");
                    messages.consumer.park(message.tag).await
                }
            };
            note(settled);
        }
    }
    Ok(())
}
