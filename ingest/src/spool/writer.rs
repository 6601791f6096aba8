//! The task behind the spool: gathers what waits, commits it as one, and looks now and then whether that would work.

use std::time::Duration;

use runtime::clock;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, PgConnection};
use store::StoreError;
use store::spool::{self, SpooledDelivery};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tracing::{info, warn};

use super::{Spool, SpoolError};
use crate::metric;

/// How often it is looked whether the spool can be written, while nothing is: so that readiness tells the truth, and
/// that who has set it up wrongly learns it before it is needed.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// How long a look may take. After that the connection is given up.
const LOOK_WITHIN: Duration = Duration::from_secs(2);

/// Between two attempts to write the same deliveries.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

/// A delivery, and who waits for its commit.
pub struct Ticket {
    pub delivery: SpooledDelivery,
    pub answer: oneshot::Sender<Result<(), SpoolError>>,
}

/// Whether the spool can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Nobody has looked yet.
    Unknown,
    Open,
    Closed,
}

pub struct Writer {
    options: PgConnectOptions,
    /// Taken out for each use and put back after its success: what was left in the middle is closed.
    connection: Option<PgConnection>,
    tickets: mpsc::Receiver<Ticket>,
    condition: watch::Sender<Condition>,
    within: Duration,
    /// What the last attempt failed of.
    trouble: Option<String>,
}

impl Writer {
    pub fn new(
        options: PgConnectOptions,
        tickets: mpsc::Receiver<Ticket>,
        within: Duration,
    ) -> (Self, watch::Receiver<Condition>) {
        let (condition, seen) = watch::channel(Condition::Unknown);
        let writer = Self { options, connection: None, tickets, condition, within, trouble: None };
        (writer, seen)
    }

    /// Runs until nobody can send tickets any more.
    pub async fn run(mut self) -> anyhow::Result<()> {
        let mut next_look = Instant::now();
        let mut batch = Vec::with_capacity(Spool::AT_ONCE);
        loop {
            tokio::select! {
                biased;
                // No timer: while one commit is under way, the next batch gathers by itself.
                taken = self.tickets.recv_many(&mut batch, Spool::AT_ONCE) => {
                    if taken == 0 {
                        break;
                    }
                    self.settle(std::mem::take(&mut batch)).await;
                }
                () = sleep_until(next_look) => self.look().await,
            }
            next_look = Instant::now() + LOOK_EVERY;
        }
        if let Some(connection) = self.connection {
            timeout(LOOK_WITHIN, connection.close()).await.ok();
        }
        Ok(())
    }

    /// Commits all, or none, and tells those who wait.
    async fn settle(&mut self, mut batch: Vec<Ticket>) {
        // Who left was not answered 200.
        batch.retain(|ticket| !ticket.answer.is_closed());
        if batch.is_empty() {
            return;
        }
        let deliveries: Vec<&SpooledDelivery> = batch.iter().map(|ticket| &ticket.delivery).collect();
        let committed =
            timeout(self.within, self.insist(&deliveries)).await.unwrap_or(Err(SpoolError::Failed));
        self.note(committed.is_ok());
        for ticket in batch {
            // An error means that this one left meanwhile.
            ticket.answer.send(committed).ok();
        }
    }

    /// Tries until it succeeds, so that a database that is just coming back is waited for. The caller sets an end.
    async fn insist(&mut self, deliveries: &[&SpooledDelivery]) -> Result<(), SpoolError> {
        self.trouble = None;
        loop {
            match self.write(deliveries).await {
                Ok(()) => return Ok(()),
                Err(error) => {
                    self.trouble = Some(runtime::chain(&error));
                    if error.is_fault_of_the_data() {
                        return Err(SpoolError::Failed);
                    }
                }
            }
            sleep(AGAIN_AFTER).await;
        }
    }

    async fn write(&mut self, deliveries: &[&SpooledDelivery]) -> Result<(), StoreError> {
        let mut db = self.connection().await?;
        let mut tx = db.begin().await?;
        spool::prepare(&mut tx, self.within).await?;
        spool::insert(&mut tx, deliveries, clock::now()).await?;
        tx.commit().await?;
        self.connection = Some(db);
        Ok(())
    }

    async fn look(&mut self) {
        self.trouble = None;
        let is_open = timeout(LOOK_WITHIN, self.is_writable()).await.unwrap_or(false);
        self.note(is_open);
    }

    async fn is_writable(&mut self) -> bool {
        // A connection that was idle may have died since; that says nothing of a new one.
        let had_one = self.connection.is_some();
        let mut asked = self.ask().await;
        if asked.is_err() && had_one {
            asked = self.ask().await;
        }
        match asked {
            Ok(true) => true,
            Ok(false) => {
                self.trouble = Some("this role or this server may not write to ingest_spool".to_owned());
                false
            }
            Err(error) => {
                self.trouble = Some(runtime::chain(&error));
                false
            }
        }
    }

    async fn ask(&mut self) -> Result<bool, StoreError> {
        let mut db = self.connection().await?;
        let is_writable = spool::is_writable(&mut db).await?;
        self.connection = Some(db);
        Ok(is_writable)
    }

    async fn connection(&mut self) -> Result<PgConnection, StoreError> {
        match self.connection.take() {
            Some(connection) => Ok(connection),
            None => Ok(PgConnection::connect_with(&self.options).await?),
        }
    }

    /// Shows what was found, and logs what is new.
    fn note(&mut self, is_open: bool) {
        let now = if is_open { Condition::Open } else { Condition::Closed };
        metric::spool_is_open(is_open);
        let before = self.condition.send_replace(now);
        match (before, now) {
            (Condition::Closed, Condition::Open) => info!("the spool can be written again"),
            (Condition::Unknown | Condition::Open, Condition::Closed) => {
                let error = self.trouble.take().unwrap_or_else(|| "no answer in time".to_owned());
                warn!(error, "the spool cannot be written, there is no second way for deliveries: {error}");
            }
            (Condition::Unknown | Condition::Open, Condition::Open)
            | (Condition::Closed, Condition::Closed)
            | (_, Condition::Unknown) => {}
        }
    }
}
