//! The door: proves that a webhook comes from Smartcar, makes it durable, and only then answers 200. It does not
//! read what a delivery says; that is the worker's part.
//!
//! There are two ways to make it durable: the broker's queue, and, where ingest is given a database, a table in which it
//! waits for the workers while the broker does not confirm. Only when both are closed the answer is 503.

mod body;
mod config;
mod door;
mod keeper;
mod metric;
mod outcome;
mod queue;
mod spell;
mod spool;
mod suspicion;
mod visit;

use std::net::SocketAddr;

use anyhow::Context;
use broker::{BrokerOptions, Publisher};
use runtime::http::{self, Health, Limits};
use runtime::lifecycle::Lifecycle;
use runtime::metrics as runtime_metrics;
use tokio::net::TcpListener;
use tracing::info;

pub use config::{Config, DoorConfig, SpoolConfig};
pub use door::Door;
pub use keeper::{Keeper, Kept, NotKept};
pub use spool::SpoolError;

use queue::QueueWay;
use spool::Spool;

/// Opens the door, and returns the address at which it stands: of interest when the configured port is 0.
///
/// It stands open also while the broker and the database are away; it then answers 503, and `/readyz` says why.
///
/// # Errors
///
/// If the address cannot be bound, or the broker's or the database's address cannot be read.
pub async fn run(config: &Config, life: &Lifecycle) -> anyhow::Result<SocketAddr> {
    // Before the publisher starts: it takes hold of its series when it does.
    let metrics = runtime_metrics::install()?;
    life.spawn("metrics upkeep", runtime_metrics::upkeep(metrics.clone(), life.stopping()));

    let options = BrokerOptions::from_config(&config.broker, "ingest")?
        .with_channels(usize::from(config.ingest_channels));
    let tasks = life.tasks();
    let spool = Spool::start(&config.spool, &tasks)?;
    let queue = QueueWay::new(Publisher::start(&options, &tasks), config.door.confirm_within());
    let keeper = Keeper::new(queue, spool);
    let door = Door::new(&config.door, keeper.clone());
    let ready = Health::new(move || keeper.readiness());
    let app = door.router().merge(http::router(http::unless_stopping(life, ready), metrics));

    let address = config.ingest_addr;
    let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
    let address = listener.local_addr().context("cannot learn the address that was bound")?;
    info!(server.address = %address, "webhooks are taken at http://{address}{}", Door::PATH);
    let limits = Limits { connections: usize::from(config.ingest_connections), ..Limits::NEIGHBOURS };
    life.spawn("door", http::serve_within(limits, listener, app, life.stopping()));
    Ok(address)
}
