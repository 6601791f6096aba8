//! Looks at what is, and asks for what is due. Any number of schedulers may run: what one asks for it leases, so
//! that the others do not ask as well, and a job that is asked for twice is harmless.
//!
//! Today: cars that have to be folded again, events that waited for their car, and partitions made ahead.
//! Polling and the renewal of tokens come with the connection to Smartcar's REST API.

mod chore;
mod config;
mod partitions;
mod replays;

use broker::{BrokerOptions, Publisher};
use runtime::http::{Health, Readiness, unless_stopping};
use runtime::lifecycle::Lifecycle;
use secrecy::ExposeSecret;
use sqlx::PgPool;

pub use config::Config;

use chore::Chore;

/// What the chores work with.
#[derive(Clone)]
pub(crate) struct Scheduler {
    pub pool: PgPool,
    pub publisher: Publisher,
}

/// Starts the scheduler's tasks; they run until the lifecycle stops them.
///
/// # Errors
///
/// If an address cannot be understood. Servers that are away are waited for.
pub async fn start(config: &Config, life: &Lifecycle) -> anyhow::Result<()> {
    let options = BrokerOptions::from_config(&config.broker, "scheduler")?;
    let url = config.database.database_url.expose_secret();
    let scheduler = Scheduler {
        pool: store::pool(url, config.database.database_connections)?,
        publisher: Publisher::start(&options, &life.tasks()),
    };
    let chores = [
        Chore { name: "replays", every: config.look_every(), run: |it| Box::pin(replays::ask(it)) },
        Chore { name: "sweep", every: config.sweep_every(), run: |it| Box::pin(replays::sweep(it)) },
        Chore { name: "partitions", every: partitions::EVERY, run: |it| Box::pin(partitions::make(it)) },
    ];
    for chore in chores {
        life.spawn(chore.name, chore.repeat(scheduler.clone(), life.stopping()));
    }
    let publisher = scheduler.publisher.clone();
    let connected = Health::new(move || {
        if publisher.health().connected {
            Readiness::Ready
        } else {
            Readiness::not("no connection to the broker")
        }
    });
    runtime::http::spawn_operations(life, config.metrics, unless_stopping(life, connected)).await
}
