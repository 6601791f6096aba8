//! The running stand-in: a fleet that lives in virtual time, and a sender that tells of it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::chance::Chance;
use crate::clock;
use crate::cloud::{Cloud, FaultControl, Faults};
use crate::driver::Driver;
use crate::ledger::{JournalError, Ledger};
use crate::pace::Pace;
use crate::platform::{Platform, PlatformOptions, Registry, Shared, Webhook};
use crate::reporter::DEFAULT_SUBSCRIPTION;
use crate::sender::{self, ANSWER_WITHIN, ClientError, HandshakeError, Post, Sender};
use crate::wire::SignalName;
use crate::world::CarIdentity;

/// What to simulate, and for whom. Begin with [`Options::new`] and change what should be otherwise.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where events are posted to; without it, there is no webhook, and no event is ever sent.
    pub ingest_url: Option<String>,
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
    /// The platform's pages and APIs.
    pub platform: PlatformOptions,
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
            ingest_url: Some(ingest_url.into()),
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
            platform: PlatformOptions::new(),
        }
    }

    /// The same without a webhook: for those who only ask.
    pub fn without_webhook(management_token: impl Into<SecretString>, start: DateTime<Utc>) -> Self {
        Self { ingest_url: None, ..Self::new("", management_token, start) }
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
    #[error("cannot listen at {address}")]
    Listen { address: SocketAddr, source: std::io::Error },
}

/// A simulation that runs until it is stopped, or dropped.
#[derive(Debug)]
pub struct Simulator {
    ledger: Arc<Ledger>,
    faults: FaultControl,
    pace: Arc<Mutex<Pace>>,
    stop: CancellationToken,
    finished: watch::Receiver<bool>,
    /// The driver, and the platform if it is served.
    tasks: JoinSet<()>,
    origin: Option<String>,
}

impl Simulator {
    /// Verifies the webhook and lets the cars live.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        if options.start > clock::now() {
            return Err(StartError::InTheFuture(options.start));
        }
        let Options { seed, cars, start, until, .. } = options;
        let cloud = Cloud::new(seed, cars, &options.subscription, start, until);
        let fleet: Vec<CarIdentity> = cloud.fleet().cloned().collect();
        let ledger = Arc::new(Ledger::open(fleet.clone(), start, options.ledger_file.as_deref())?);
        let post = webhook(&options).await?.map(Arc::new);
        let listener = listen(options.platform.address).await?;
        let origin = listener.as_ref().map(|(_, address)| format!("http://{address}"));

        let (cloud, stop) = (Arc::new(Mutex::new(cloud)), CancellationToken::new());
        let faults = FaultControl::new(options.faults.clone());
        let pace = Arc::new(Mutex::new(Pace::new(start, clock::now(), options.speed)));
        let registry = Arc::new(Mutex::new(registry(&options, &fleet)));
        let (done, finished) = watch::channel(false);
        let driver = Driver {
            cloud: Arc::clone(&cloud),
            registry: Arc::clone(&registry),
            sender: post.clone().map(|post| sender(post, &options, &ledger, &stop)),
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
        if let Some((listener, _)) = listener {
            let platform = Platform::new(Shared {
                application: options.platform.application,
                management_token: options.webhook_secret,
                auto_login: options.platform.auto_login,
                origin: origin.clone().unwrap_or_default(),
                fleet,
                cloud,
                ledger: Arc::clone(&ledger),
                faults: faults.clone(),
                post,
                registry,
            });
            tasks.spawn(platform.serve(listener, stop.clone()));
        }
        Ok(Self { ledger, faults, pace, stop, finished, tasks, origin })
    }

    /// The address that plays all hosts of the platform, as `http://127.0.0.1:8090`, if it is served.
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
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
        while self.tasks.join_next().await.is_some() {}
        self.ledger
    }
}

/// Verifies the webhook, if there is one.
async fn webhook(options: &Options) -> Result<Option<Post>, StartError> {
    let Some(url) = options.ingest_url.clone() else {
        return Ok(None);
    };
    let post = Post::new(url, options.webhook_secret.clone(), options.concurrency, options.answer_within)?;
    let mut chance = Chance::new(options.seed).branch("handshake", 0);
    sender::shake(&post, &mut chance, options.start, options.handshake_patience).await?;
    Ok(Some(post))
}

async fn listen(address: Option<SocketAddr>) -> Result<Option<(TcpListener, SocketAddr)>, StartError> {
    let Some(address) = address else {
        return Ok(None);
    };
    let failed = |source| StartError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok(Some((listener, address)))
}

fn sender(post: Arc<Post>, options: &Options, ledger: &Arc<Ledger>, stop: &CancellationToken) -> Sender {
    Sender::new(post, Arc::clone(ledger), options.concurrency, options.retry_scale, stop.clone())
}

/// What the platform remembers on its first day.
fn registry(options: &Options, fleet: &[CarIdentity]) -> Registry {
    let PlatformOptions { connected, auto_subscribe, limits, ref rules, .. } = options.platform;
    let webhook = Webhook { callback_uri: options.ingest_url.clone(), is_enabled: true, auto_subscribe };
    let mut registry = Registry::new(options.seed, webhook, limits, rules.clone());
    for (number, car) in fleet.iter().enumerate().filter(|_| connected) {
        registry.connect_everything(number, car, options.start);
    }
    registry
}
