//! The running stand-in: a fleet that lives in virtual time, and a sender that tells of it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::chance::Chance;
use crate::clock;
use crate::cloud::{Cloud, FaultControl, Faults};
use crate::driver::Driver;
use crate::ledger::{JournalError, Ledger};
use crate::pace::Pace;
use crate::reporter::DEFAULT_SUBSCRIPTION;
use crate::sender::{self, ANSWER_WITHIN, ClientError, HandshakeError, Post, Sender};
use crate::wire::SignalName;
use crate::world::CarIdentity;

/// What to simulate, and for whom. Begin with [`Options::new`] and change what should be otherwise.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where events are posted to.
    pub ingest_url: String,
    /// The application management token.
    pub webhook_secret: SecretString,
    /// The same seed gives the same cars, lives, reports, event ids and faults.
    pub seed: u64,
    pub cars: usize,
    /// When the cars were connected: in the past, for virtual time is never ahead of real time.
    pub start: DateTime<Utc>,
    /// Virtual seconds a real second until the present is caught up with; infinity: as fast as the receiver
    /// answers.
    pub speed: f64,
    /// The last moment at which a car reports; what is on its way then is sent at once. `None`: follow the
    /// present.
    pub until: Option<DateTime<Utc>>,
    pub subscription: Vec<SignalName>,
    pub faults: Faults,
    /// Requests at a time.
    pub concurrency: usize,
    /// Stretches or shrinks the waits between attempts; 1 is the platform's own.
    pub retry_scale: f64,
    /// How long an answer may take.
    pub answer_within: Duration,
    /// How long to wait for a webhook that is not there yet.
    pub handshake_patience: Duration,
    /// Keeps the ledger as lines of JSON, too.
    pub ledger_file: Option<PathBuf>,
}

impl Options {
    /// Twelve cars of seed 1 without faults, caught up with the present as fast as possible, the platform's
    /// own waits.
    pub fn new(
        ingest_url: impl Into<String>,
        webhook_secret: impl Into<SecretString>,
        start: DateTime<Utc>,
    ) -> Self {
        Self {
            ingest_url: ingest_url.into(),
            webhook_secret: webhook_secret.into(),
            seed: 1,
            cars: 12,
            start,
            speed: f64::INFINITY,
            until: None,
            subscription: DEFAULT_SUBSCRIPTION.to_vec(),
            faults: Faults::none(),
            concurrency: 16,
            retry_scale: 1.0,
            answer_within: ANSWER_WITHIN,
            handshake_patience: Duration::from_secs(30),
            ledger_file: None,
        }
    }
}

/// Why the simulation did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("the simulation would start in the future, at {0}")]
    InTheFuture(DateTime<Utc>),
    #[error("cannot keep the ledger")]
    Ledger(#[from] JournalError),
    #[error("cannot send deliveries")]
    Client(#[from] ClientError),
    #[error("the webhook was not verified")]
    Handshake(#[from] HandshakeError),
}

/// A simulation that runs until it is stopped, or dropped.
#[derive(Debug)]
pub struct Simulator {
    ledger: Arc<Ledger>,
    faults: FaultControl,
    pace: Arc<Mutex<Pace>>,
    stop: CancellationToken,
    finished: watch::Receiver<bool>,
    driver: JoinSet<()>,
}

impl Simulator {
    /// Verifies the webhook and lets the cars live.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        if options.start > clock::now() {
            return Err(StartError::InTheFuture(options.start));
        }
        let Options { seed, cars, start, until, concurrency, retry_scale, .. } = options;
        let cloud = Cloud::new(seed, cars, &options.subscription, start, until);
        let ledger = Ledger::open(cloud.fleet().cloned().collect(), start, options.ledger_file.as_deref())?;
        let post = Post::new(options.ingest_url, options.webhook_secret, concurrency, options.answer_within)?;
        let mut chance = Chance::new(seed).branch("handshake", 0);
        sender::shake(&post, &mut chance, start, options.handshake_patience).await?;

        let (ledger, stop) = (Arc::new(ledger), CancellationToken::new());
        let faults = FaultControl::new(options.faults);
        let pace = Arc::new(Mutex::new(Pace::new(start, clock::now(), options.speed)));
        let sender = Sender::new(post, Arc::clone(&ledger), concurrency, retry_scale, stop.clone());
        let (done, finished) = watch::channel(false);
        let driver = Driver {
            cloud,
            sender,
            until,
            ledger: Arc::clone(&ledger),
            faults: faults.clone(),
            pace: Arc::clone(&pace),
            stop: stop.clone(),
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            driver.run().await;
            // Nobody may be waiting for it anymore.
            let _ = done.send(true);
        });
        Ok(Self { ledger, faults, pace, stop, finished, driver: tasks })
    }

    /// What is known for sure; it may be kept after the simulation.
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// What goes wrong; it may be changed at any time.
    pub fn faults(&self) -> &FaultControl {
        &self.faults
    }

    pub fn fleet(&self) -> Vec<CarIdentity> {
        self.ledger.fleet().to_vec()
    }

    /// The virtual present.
    pub fn now(&self) -> DateTime<Utc> {
        self.ledger.now()
    }

    /// Virtual time stands still; what was sent already goes on.
    pub fn pause(&self) {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner).pause(clock::now());
    }

    pub fn resume(&self) {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner).resume(clock::now());
    }

    /// Waits until the last report before [`Options::until`] was accepted or given up. Never comes back
    /// without `until`, or while an outage holds events.
    pub async fn finished(&self) {
        // The sender of this channel ends only with the driver.
        let _ = self.finished.clone().wait_for(|done| *done).await;
    }

    /// Stops: requests under way are finished, and no further attempt is made.
    pub async fn stop(mut self) -> Arc<Ledger> {
        self.stop.cancel();
        while self.driver.join_next().await.is_some() {}
        self.ledger
    }
}
