//! Looks at what is, and asks for what is due. Any number of schedulers may run: what one asks for it leases, so
//! that the others do not ask as well, and a job that is asked for twice is harmless.
//!
//! Cars that Smartcar is to be asked about, cars that have to be folded again, events that waited for their car,
//! partitions made ahead, alerts that people are to be told of, what expires, a look at the spool, and figures for those who watch.

mod chore;
mod config;
mod expiry;
mod figures;
mod notices;
mod partitions;
mod polls;
mod refreshes;
mod reminders;
mod replays;
mod spool;
mod thinning;

use broker::{BrokerOptions, Publisher};
use chrono::TimeDelta;
use runtime::http::{Health, Readiness, unless_stopping};
use runtime::lifecycle::Lifecycle;
use secrecy::ExposeSecret;
use sqlx::PgPool;
use store::polls::Pace;

pub use config::Config;

use chore::Chore;

/// What the chores work with.
#[derive(Clone)]
pub(crate) struct Scheduler {
    pub pool: PgPool,
    pub publisher: Publisher,
    pub broker: BrokerOptions,
    pub events_retention: TimeDelta,
    pub pace: Pace,
    /// For each car.
    pub calls_a_month: u32,
    pub shed: polls::Watch,
    pub spool: spool::Watch,
    pub thinned: thinning::Place,
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
        broker: options,
        events_retention: config.events_retention(),
        pace: polls::pace(&config.budget),
        calls_a_month: config.budget.calls_per_vehicle,
        shed: polls::Watch::default(),
        spool: spool::Watch::default(),
        thinned: thinning::Place::default(),
    };
    for chore in chores(config) {
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

/// All that is done again and again.
fn chores(config: &Config) -> [Chore; 17] {
    [
        Chore { name: "replays", every: config.look_every(), run: |it| Box::pin(replays::ask(it)) },
        Chore { name: "sweep", every: config.sweep_every(), run: |it| Box::pin(replays::sweep(it)) },
        Chore { name: "rules", every: config.sweep_every(), run: |it| Box::pin(replays::upgrade(it)) },
        Chore { name: "polls", every: config.look_every(), run: |it| Box::pin(polls::plan(it)) },
        Chore { name: "refreshes", every: refreshes::EVERY, run: |it| Box::pin(refreshes::ask(it)) },
        Chore { name: "shed", every: polls::WATCH_EVERY, run: |it| Box::pin(polls::watch(it)) },
        Chore { name: "partitions", every: partitions::EVERY, run: |it| Box::pin(partitions::make(it)) },
        Chore { name: "events", every: expiry::EVERY, run: |it| Box::pin(expiry::events(it)) },
        Chore { name: "connecting", every: expiry::EVERY, run: |it| Box::pin(expiry::connecting(it)) },
        Chore { name: "parked", every: expiry::EVERY, run: |it| Box::pin(expiry::parked(it)) },
        Chore { name: "spool", every: spool::EVERY, run: |it| Box::pin(spool::look(it)) },
        Chore { name: "figures", every: figures::EVERY, run: |it| Box::pin(figures::look(it)) },
        Chore { name: "reminders", every: reminders::EVERY, run: |it| Box::pin(reminders::look(it)) },
        Chore {
            name: "silences",
            every: reminders::SILENCES_EVERY,
            run: |it| Box::pin(reminders::silences(it)),
        },
        Chore { name: "notices", every: config.look_every(), run: |it| Box::pin(notices::ask(it)) },
        Chore { name: "messages", every: expiry::EVERY, run: |it| Box::pin(expiry::messages(it)) },
        Chore { name: "states", every: thinning::EVERY, run: |it| Box::pin(thinning::thin(it)) },
    ]
}
