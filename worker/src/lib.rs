//! Takes deliveries in batches, folds what they say into each car's book, and acknowledges what is committed.
//!
//! A worker has some *lanes*, each with a consumer and a batch of its own, a lane for deliveries that came back
//! (one at a time, apart), one for the spool (what the door kept while the broker was away), one for each kind of job, and
//! one that moves dead letters to where a person looks. What a batch does to the books is in the crate `intake`.

mod apart;
mod config;
mod jobs;
mod lane;
mod meter;
mod parking;
mod revocations;
mod settle;
mod spool;

use broker::{BrokerOptions, ConsumerLink, Publisher};
use connections::Connections;
use intake::KnownReadings;
use runtime::http::{Health, Readiness, unless_stopping};
use runtime::lifecycle::Lifecycle;
use secrecy::ExposeSecret;
use tracing::info;

pub use config::{BatchConfig, Config, JobsConfig};

use jobs::{Notices, Polls, Refreshes, Replays};
use settle::Storing;

/// What all lanes of a worker share.
#[derive(Clone)]
pub(crate) struct Worker {
    pub batch: BatchConfig,
    pub pool: sqlx::PgPool,
    pub link: ConsumerLink,
    pub publisher: Publisher,
    pub known: KnownReadings,
    pub storing: Storing,
}

/// Starts a worker's tasks; they run until the lifecycle stops them.
///
/// # Errors
///
/// If an address cannot be understood, or what Smartcar gives its customers is set and cannot be used. Servers that are
/// away are waited for.
pub async fn start(config: &Config, life: &Lifecycle) -> anyhow::Result<()> {
    let tasks = life.tasks();
    let options = BrokerOptions::from_config(&config.broker, "worker")?;
    let url = config.database.database_url.expose_secret();
    let worker = Worker {
        batch: config.batch,
        pool: store::pool(url, config.database.database_connections.max(config.connections()))?,
        link: ConsumerLink::start(&options, &tasks),
        publisher: Publisher::start(&options, &tasks),
        known: if config.mileage_only { KnownReadings::of_mileage_only() } else { KnownReadings::default() },
        storing: Storing::default(),
    };
    for _ in 0..config.batch.batches_at_once {
        life.spawn("lane", lane::run(worker.clone(), tasks.stopping()));
    }
    life.spawn("apart", apart::run(worker.clone(), tasks.stopping()));
    life.spawn("spool", spool::run(worker.clone(), tasks.stopping()));
    let replays = Replays { pool: worker.pool.clone() };
    life.spawn("replays", jobs::run(worker.clone(), replays, tasks.stopping()));
    let keys = config.connections.token_encryption_keys.as_ref();
    let notices = Notices::new(worker.pool.clone(), &config.notify, keys)?;
    life.spawn("notices", jobs::run(worker.clone(), notices, tasks.stopping()));
    ask_smartcar(config, &worker, life)?;
    for queue in parking::QUEUES {
        life.spawn("parking", parking::run(worker.clone(), queue, tasks.stopping()));
    }
    let (link, storing) = (worker.link.clone(), worker.storing.clone());
    let health = Health::new(move || match (link.is_connected(), storing.works()) {
        (true, true) => Readiness::Ready,
        (false, _) => Readiness::not("no connection to the broker"),
        (true, false) => Readiness::not("the database does not store"),
    });
    runtime::http::spawn_operations(life, config.metrics, unless_stopping(life, health)).await
}

/// Takes the jobs for which Smartcar is asked, if there is somebody to ask as. Else they wait for a worker that can.
fn ask_smartcar(config: &Config, worker: &Worker, life: &Lifecycle) -> anyhow::Result<()> {
    if !config.connections.is_wanted() {
        info!("SMARTCAR_CLIENT_ID or SMARTCAR_CLIENT_SECRET is not set: polls are left to other workers");
        return Ok(());
    }
    let connections = Connections::new(&config.connections, worker.pool.clone())?;
    let stop = life.stopping();
    let polls = Polls {
        connections: connections.clone(),
        pool: worker.pool.clone(),
        at_once: config.jobs.polls_at_once,
        stop: stop.clone(),
        patience: config.lifecycle.grace() / 2,
    };
    life.spawn("polls", jobs::run(worker.clone(), polls, stop.clone()));
    let refreshes = Refreshes { connections: connections.clone() };
    life.spawn("refreshes", jobs::run(worker.clone(), refreshes, stop.clone()));
    life.spawn("revocations", revocations::run(connections, stop));
    Ok(())
}
