//! Keeps a publisher connected, and its lanes open.

use std::iter;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::PublisherHealth;
use super::lane::Lane;
use crate::declare::DeclareError;
use crate::metric::PublisherMeter;
use crate::options::BrokerOptions;
use crate::reconnect::Reconnect;
use crate::session::{Condition, Session};

/// After the order to stop: how long nothing may be published before we believe that nothing will be.
const QUIET: Duration = Duration::from_secs(2);

/// What the publishers and their supervisor tell each other.
pub(super) struct Board {
    pub meter: PublisherMeter,
    connected: AtomicBool,
    blocked: AtomicBool,
    in_flight: AtomicUsize,
    flights: AtomicU64,
    began: Instant,
    /// In nanoseconds after `began`; 0: never.
    last_confirm: AtomicU64,
    /// A lane was discarded.
    vacancy: Notify,
}

pub(super) struct Supervisor {
    reconnect: Reconnect,
    stop: CancellationToken,
    slots: Vec<watch::Sender<Option<Arc<Lane>>>>,
    board: Arc<Board>,
}

impl Supervisor {
    pub fn new(
        options: BrokerOptions,
        stop: CancellationToken,
        slots: Vec<watch::Sender<Option<Arc<Lane>>>>,
        board: Arc<Board>,
    ) -> Self {
        Self { reconnect: Reconnect::new(options), stop, slots, board }
    }

    /// Runs until the program stops and nobody publishes any more.
    pub async fn run(mut self) {
        let done = CancellationToken::new();
        let nobody_publishes = {
            let (stop, board, done) = (self.stop.clone(), Arc::clone(&self.board), done.clone());
            let handles = self.slots.first().cloned();
            async move {
                stop.cancelled().await;
                tokio::select! {
                    () = all_dropped(handles) => {}
                    () = board.quiet() => {}
                }
                done.cancel();
            }
        };
        tokio::join!(nobody_publishes, self.keep_connected(&done));
    }

    async fn keep_connected(&mut self, done: &CancellationToken) {
        while let Some(session) = self.reconnect.session(done).await {
            self.serve(&session, done).await;
            for slot in &self.slots {
                if let Some(lane) = slot.send_replace(None) {
                    lane.discard();
                }
            }
            self.board.show(Condition::Lost);
            if done.is_cancelled() {
                self.reconnect.note(Condition::Lost);
            } else {
                self.reconnect.lost();
            }
            session.close().await;
        }
    }

    /// Keeps every slot filled until the connection is lost.
    async fn serve(&mut self, session: &Session, done: &CancellationToken) {
        let mut condition = Condition::Open;
        let mut lanes: Vec<Option<Arc<Lane>>> = iter::repeat_n(None, self.slots.len()).collect();
        loop {
            match condition {
                Condition::Lost => return,
                Condition::Open => tokio::select! {
                    filled = self.fill(session, &mut lanes) => if !filled { return },
                    now = session.changed(condition) => {
                        condition = now;
                        continue;
                    }
                },
                // What is published now would stay in our memory and be sent much later. So nobody gets a lane. A new
                // channel could not be opened either.
                Condition::Blocked => self.slots.iter().for_each(|slot| drop(slot.send_replace(None))),
            }
            self.board.show(condition);
            self.reconnect.note(condition);
            tokio::select! {
                now = session.changed(condition) => condition = now,
                () = self.board.vacancy.notified() => {}
                () = done.cancelled() => return,
            }
        }
    }

    async fn fill(&self, session: &Session, lanes: &mut [Option<Arc<Lane>>]) -> bool {
        for (lane, slot) in lanes.iter_mut().zip(&self.slots) {
            if !lane.as_ref().is_some_and(|lane| lane.is_usable()) {
                match self.open(session, lane.is_some()).await {
                    Ok(open) => *lane = Some(Arc::new(open)),
                    Err(error) => {
                        let error = runtime::chain(&error);
                        warn!(error, "cannot open a channel for publishing, connecting anew: {error}");
                        return false;
                    }
                }
            }
            slot.send_replace(lane.clone());
        }
        true
    }

    /// What ended the lane before may have been an exchange that is missing.
    async fn open(&self, session: &Session, again: bool) -> Result<Lane, DeclareError> {
        if again {
            self.reconnect.topology().declare(session).await?;
        }
        Lane::open(session, Arc::clone(&self.board)).await.map_err(DeclareError::Channel)
    }
}

/// Resolves when the last publisher is dropped.
async fn all_dropped(handles: Option<watch::Sender<Option<Arc<Lane>>>>) {
    if let Some(handles) = handles {
        handles.closed().await;
    }
}

impl Board {
    pub fn new() -> Self {
        Self {
            meter: PublisherMeter::new(),
            connected: AtomicBool::new(false),
            blocked: AtomicBool::new(false),
            in_flight: AtomicUsize::new(0),
            flights: AtomicU64::new(0),
            began: Instant::now(),
            last_confirm: AtomicU64::new(0),
            vacancy: Notify::new(),
        }
    }

    pub fn health(&self) -> PublisherHealth {
        let last = self.last_confirm.load(Ordering::Relaxed);
        PublisherHealth {
            connected: self.connected.load(Ordering::Relaxed),
            blocked: self.blocked.load(Ordering::Relaxed),
            last_confirm: (last > 0).then(|| self.began + Duration::from_nanos(last)),
            in_flight: self.in_flight.load(Ordering::Relaxed),
        }
    }

    pub fn confirmed(&self, started: Instant) {
        let now = Instant::now();
        self.meter.confirm_seconds.record(now - started);
        let since = u64::try_from((now - self.began).as_nanos()).unwrap_or(u64::MAX);
        self.last_confirm.store(since, Ordering::Relaxed);
    }

    pub fn takes_off(&self) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.flights.fetch_add(1, Ordering::Relaxed);
        self.meter.in_flight.increment(1);
    }

    pub fn lands(&self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.meter.in_flight.decrement(1);
    }

    pub fn lane_discarded(&self) {
        self.meter.channels_discarded.increment(1);
        self.vacancy.notify_one();
    }

    fn show(&self, condition: Condition) {
        self.connected.store(condition != Condition::Lost, Ordering::Relaxed);
        self.blocked.store(condition == Condition::Blocked, Ordering::Relaxed);
    }

    async fn quiet(&self) {
        loop {
            let before = self.flights.load(Ordering::Relaxed);
            sleep(QUIET).await;
            let idle = self.in_flight.load(Ordering::Relaxed) == 0;
            if idle && before == self.flights.load(Ordering::Relaxed) {
                return;
            }
        }
    }
}
