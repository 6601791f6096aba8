//! The loop between virtual and real time.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use crate::clock;
use crate::cloud::{Cloud, FaultControl, Step};
use crate::ledger::Ledger;
use crate::pace::Pace;
use crate::sender::Sender;

/// Takes each step of the cloud when its time has come.
pub struct Driver {
    pub cloud: Cloud,
    pub sender: Sender,
    pub until: Option<DateTime<Utc>>,
    pub ledger: Arc<Ledger>,
    pub faults: FaultControl,
    pub pace: Arc<Mutex<Pace>>,
    pub stop: CancellationToken,
}

impl Driver {
    /// Runs until the end of the simulation, or until it is stopped.
    pub async fn run(mut self) {
        while !self.stop.is_cancelled() {
            let (pace, now) = (self.pace(), clock::now());
            let virtual_now = pace.at(now);
            self.cloud.notice(virtual_now, &self.faults.get());
            self.catch_up(virtual_now).await;
            if self.is_over(virtual_now) && self.cloud.next_at().is_none() && !self.cloud.is_holding() {
                break;
            }
            let next = self.cloud.next_at().unwrap_or(virtual_now);
            tokio::select! {
                () = self.stop.cancelled() => {}
                () = tokio::time::sleep(pace.wait(next, clock::now())) => {}
            }
        }
        self.sender.finish().await;
    }

    /// Takes every step that is due.
    async fn catch_up(&mut self, virtual_now: DateTime<Utc>) {
        let is_over = self.is_over(virtual_now);
        while let Some(at) = self.cloud.next_at().filter(|at| is_over || *at <= virtual_now) {
            if self.stop.is_cancelled() || self.pace().is_paused() {
                return;
            }
            self.ledger.set_now(at.min(virtual_now));
            // Catching up may take long, and the faults may change meanwhile.
            let faults = self.faults.get();
            self.cloud.notice(at.min(virtual_now), &faults);
            let step = self.cloud.step(&faults);
            self.learn();
            match step {
                Step::Silence => {}
                Step::Send(event) => self.sender.send(event).await,
                Step::Lose(event) => self.ledger.lost(&event),
            }
        }
        self.ledger.set_now(self.until.map_or(virtual_now, |until| until.min(virtual_now)));
    }

    fn learn(&mut self) {
        for (car, segments) in self.cloud.take_lived() {
            self.ledger.lived(car, segments);
        }
    }

    fn is_over(&self, virtual_now: DateTime<Utc>) -> bool {
        self.until.is_some_and(|until| virtual_now >= until)
    }

    fn pace(&self) -> Pace {
        *self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
