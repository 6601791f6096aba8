//! Makes a connection, and another one when it is lost, for as long as it is wanted.

use std::time::Duration;

use runtime::backoff::Backoff;
use thiserror::Error;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::declare::DeclareError;
use crate::metric::ConnectionMeter;
use crate::options::BrokerOptions;
use crate::session::{Condition, Session, SessionError};
use crate::topology::Topology;

#[derive(Debug, Error)]
enum ReconnectError {
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error(transparent)]
    Declare(#[from] DeclareError),
}

/// A connection that stood this long was a good one: the next begins with the shortest wait again.
const GOOD: Duration = Duration::from_secs(10);

/// From here on all waits of the table are the longest.
const LAST: usize = 8;

/// One named connection over its many lives.
pub(crate) struct Reconnect {
    options: BrokerOptions,
    meter: ConnectionMeter,
    /// How many waits in a row there were; the next is the one of this place in the table.
    waits: usize,
    /// When the present connection, or the last one, was made; `None` before the first attempt.
    since: Option<Instant>,
    /// How often it failed in a row. Only the first is news.
    failures: u32,
}

impl Reconnect {
    pub fn new(options: BrokerOptions) -> Self {
        let meter = ConnectionMeter::new(&options.connection_name);
        Self { options, meter, waits: 0, since: None, failures: 0 }
    }

    /// A new connection over which everything was declared, however long that takes; `None` if it is not wanted any
    /// more.
    pub async fn session(&mut self, done: &CancellationToken) -> Option<Session> {
        loop {
            done.run_until_cancelled(self.pause()).await?;
            match done.run_until_cancelled(self.attempt()).await? {
                Ok(session) => {
                    self.succeeded();
                    return Some(session);
                }
                Err(error) => self.failed(&error),
            }
        }
    }

    /// What is declared over each connection.
    pub fn topology(&self) -> &Topology {
        &self.options.topology
    }

    /// Shows the state of the present connection.
    pub fn note(&self, condition: Condition) {
        self.meter.connected.set(f64::from(u8::from(condition != Condition::Lost)));
        self.meter.blocked.set(f64::from(u8::from(condition == Condition::Blocked)));
    }

    /// The present connection ended without our will.
    pub fn lost(&self) {
        let name = &self.options.connection_name;
        warn!(connection.name = name, "lost the connection to the broker as {name}");
        self.note(Condition::Lost);
    }

    /// Nothing before the first attempt of all.
    async fn pause(&mut self) {
        let Some(since) = self.since else {
            self.since = Some(Instant::now());
            return;
        };
        if self.failures == 0 && since.elapsed() > GOOD {
            self.waits = 0;
        }
        let wait = Backoff::RECONNECT.waits().nth(self.waits.min(LAST));
        self.waits += 1;
        sleep(wait.unwrap_or_default()).await;
    }

    async fn attempt(&self) -> Result<Session, ReconnectError> {
        let session = Session::open(&self.options).await?;
        self.options.topology.declare(&session).await?;
        Ok(session)
    }

    fn succeeded(&mut self) {
        let name = &self.options.connection_name;
        info!(connection.name = name, "connected to the broker as {name}");
        self.since = Some(Instant::now());
        self.failures = 0;
        self.meter.connections.increment(1);
        self.note(Condition::Open);
    }

    fn failed(&mut self, error: &ReconnectError) {
        let name = &self.options.connection_name;
        let error = runtime::chain(error);
        if self.failures == 0 {
            warn!(connection.name = name, error, "cannot connect as {name}, trying again: {error}");
        } else {
            debug!(connection.name = name, error, "still cannot connect as {name}: {error}");
        }
        self.failures = self.failures.saturating_add(1);
    }
}
