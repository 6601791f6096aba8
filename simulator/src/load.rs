//! Payloads for benchmarks: what a fleet would have sent, one after the other and without waiting. Since they
//! come from lives, most signals are repeats, and the signals of one delivery are up to days apart, as with
//! real cars.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::chance::Chance;
use crate::cloud::{Cloud, Faults, Step};
use crate::wire::{SignalName, names, sign};
use crate::world::CarIdentity;

/// How large the payloads are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// Three signals, about 1 KB.
    OneKilobyte,
    /// Eleven signals, about 3 KB.
    ThreeKilobytes,
}

impl Size {
    const fn subscription(self) -> &'static [SignalName] {
        match self {
            Self::OneKilobyte => &names::THREE,
            Self::ThreeKilobytes => &names::ELEVEN,
        }
    }
}

/// An endless supply of deliveries in the order of their time; nothing of it is remembered.
#[derive(Debug)]
pub struct Load {
    cloud: Cloud,
    ids: Chance,
}

/// One delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    pub event_id: Uuid,
    /// The car's number in the fleet.
    pub number: usize,
    /// When it was made: no reading inside is later.
    pub at: DateTime<Utc>,
    pub body: Vec<u8>,
}

impl Payload {
    /// The header `SC-Signature`.
    pub fn signature(&self, secret: &[u8]) -> String {
        sign(secret, &self.body)
    }
}

impl Load {
    /// The deliveries of a fleet from `start` on. A car makes 5 to 100 of them a day, so begin far enough in
    /// the past to stay out of the future: with 10,000 cars, a million are four days. At first all signals
    /// are new; skip the first days to have the ages of real captures.
    pub fn new(seed: u64, cars: usize, size: Size, start: DateTime<Utc>) -> Self {
        Self {
            cloud: Cloud::new(seed, cars, size.subscription(), start, None),
            ids: Chance::new(seed).branch("load", 0),
        }
    }

    /// The cars, in the order of their numbers.
    pub fn fleet(&self) -> Vec<CarIdentity> {
        self.cloud.fleet().cloned().collect()
    }
}

impl Iterator for Load {
    type Item = Payload;

    fn next(&mut self) -> Option<Payload> {
        let faults = Faults::none();
        while let Some(at) = self.cloud.next_at() {
            let step = self.cloud.step(&faults);
            self.cloud.take_lived();
            if let Step::Send(event) = step {
                let body = event.body(self.ids.uuid(), at);
                return Some(Payload { event_id: event.event_id, number: event.number, at, body });
            }
        }
        None
    }
}
