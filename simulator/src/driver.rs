//! The loop between virtual and real time.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;

use crate::clock;
use crate::cloud::{Cloud, Event, FaultControl, Step};
use crate::ledger::Ledger;
use crate::pace::Pace;
use crate::platform::{Registry, lock};
use crate::sender::Sender;

/// Takes each step of the cloud when its time has come.
pub struct Driver {
    pub cloud: Arc<Mutex<Cloud>>,
    /// Says who hears of a car.
    pub registry: Arc<Mutex<Registry>>,
    /// Nothing is sent without it.
    pub sender: Option<Sender>,
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
            self.cloud().notice(virtual_now, &self.faults.get());
            self.catch_up(virtual_now).await;
            let (next, is_holding) = {
                let cloud = self.cloud();
                (cloud.next_at(), cloud.is_holding())
            };
            if self.is_over(virtual_now) && next.is_none() && !is_holding {
                break;
            }
            tokio::select! {
                () = self.stop.cancelled() => {}
                () = tokio::time::sleep(pace.wait(next.unwrap_or(virtual_now), clock::now())) => {}
            }
        }
        if let Some(sender) = self.sender {
            sender.finish().await;
        }
    }

    /// Takes every step that is due.
    async fn catch_up(&mut self, virtual_now: DateTime<Utc>) {
        let is_over = self.is_over(virtual_now);
        for steps in 1_u64.. {
            if steps % 64 == 0 {
                // Who asks for something meanwhile should not have to wait for the end.
                tokio::task::yield_now().await;
            }
            if self.stop.is_cancelled() || self.pace().is_paused() {
                return;
            }
            // Catching up may take long, and the faults may change meanwhile.
            let faults = self.faults.get();
            let step = {
                let mut cloud = self.cloud();
                let Some(at) = cloud.next_at().filter(|at| is_over || *at <= virtual_now) else {
                    break;
                };
                self.ledger.set_now(at.min(virtual_now));
                cloud.notice(at.min(virtual_now), &faults);
                let step = cloud.step(&faults);
                self.learn(&mut cloud);
                step
            };
            match step {
                Step::Silence => {}
                Step::Send(event) => self.send(event).await,
                Step::Lose(event) => self.addressed(&event).iter().for_each(|event| self.ledger.lost(event)),
            }
        }
        self.ledger.set_now(self.until.map_or(virtual_now, |until| until.min(virtual_now)));
    }

    /// Sends an event to everybody who hears of the car.
    async fn send(&mut self, event: Arc<Event>) {
        let events = self.addressed(&event);
        match &mut self.sender {
            Some(sender) => {
                for event in events {
                    sender.send(event).await;
                }
            }
            None => events.iter().for_each(|event| self.ledger.lost(event)),
        }
    }

    /// The event as each of those hears of it who are connected with the car and subscribed.
    fn addressed(&self, event: &Arc<Event>) -> Vec<Arc<Event>> {
        let recipients = lock(&self.registry).recipients(event.number);
        let is_meant = |user: &str| event.to.as_deref().is_none_or(|to| to == user);
        recipients
            .iter()
            .filter(|recipient| is_meant(&recipient.smartcar_user_id))
            .map(|recipient| Arc::clone(event).addressed(recipient))
            .collect()
    }

    fn learn(&self, cloud: &mut Cloud) {
        for (car, segments) in cloud.take_lived() {
            self.ledger.lived(car, segments);
        }
    }

    fn is_over(&self, virtual_now: DateTime<Utc>) -> bool {
        self.until.is_some_and(|until| virtual_now >= until)
    }

    fn cloud(&self) -> std::sync::MutexGuard<'_, Cloud> {
        lock(&self.cloud)
    }

    fn pace(&self) -> Pace {
        *lock(&self.pace)
    }
}
