//! The deliveries of a run: what the simulator's cars report, signed as the platform does.

use std::sync::Arc;

use chrono::TimeDelta;
use simulator::CarIdentity;
use simulator::cloud::{Cloud, Event, Faults, Step};
use simulator::wire::{SignalName, names, sign};

use super::options::Payload;

/// What both sides sign with.
pub(super) const SECRET: &str = "bench-application-management-token";

/// Where `ingest` takes webhooks, and the probes as well.
pub(super) const PATH: &str = ingest::Door::PATH;

/// The fleet lives this long before the first delivery that counts, so that its signals have the ages that they have
/// in real captures: up to days apart in one delivery.
const LIVED: TimeDelta = TimeDelta::days(2);

/// How long ago the fleet was connected. Long enough for any number of deliveries to lie in the past.
const SINCE: TimeDelta = TimeDelta::days(40);

/// One delivery.
#[derive(Debug, Clone)]
pub(super) struct Delivery {
    pub event_id: String,
    pub body: Vec<u8>,
}

/// The deliveries of one payload, in the order of time, and the cars that sent them.
#[derive(Debug)]
pub(super) struct Deliveries {
    pub cars: Vec<CarIdentity>,
    pub all: Arc<Vec<Delivery>>,
}

impl Deliveries {
    /// The next `number` deliveries of a fleet that has been connected for two days.
    pub fn make(payload: Payload, cars: u16, number: usize) -> Self {
        let start = runtime::clock::now() - SINCE;
        let mut cloud = Cloud::new(1, cars.into(), subscription(payload), start, None);
        let cars = cloud.fleet().cloned().collect();
        let faults = Faults::none();
        let mut all = Vec::with_capacity(number);
        while all.len() < number {
            match cloud.step(&faults) {
                Step::Send(event) if event.at - start >= LIVED => all.push(Delivery::of(&event)),
                Step::Send(_) | Step::Silence | Step::Lose(_) => {}
            }
            // Where the cars were is of no interest here, and would pile up.
            cloud.take_lived();
        }
        Self {
            cars,
            all: Arc::new(all),
        }
    }

    /// The mean size of a body, in bytes.
    pub fn mean_size(&self) -> usize {
        let total: usize = self.all.iter().map(|delivery| delivery.body.len()).sum();
        total / self.all.len().max(1)
    }

    /// Whole HTTP requests, so that the load generator has nothing to do but to write them.
    pub fn requests(&self) -> Arc<Vec<Vec<u8>>> {
        Arc::new(self.all.iter().map(Delivery::request).collect())
    }
}

impl Delivery {
    fn of(event: &Event) -> Self {
        Self {
            event_id: event.event_id.to_string(),
            body: event.body(event.event_id, event.at),
        }
    }

    fn request(&self) -> Vec<u8> {
        let signature = sign(SECRET.as_bytes(), &self.body);
        let length = self.body.len();
        let head = format!(
            "POST {PATH} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\nsc-signature: {signature}\r\n\
             content-length: {length}\r\n\r\n"
        );
        [head.as_bytes(), &self.body].concat()
    }
}

fn subscription(payload: Payload) -> &'static [SignalName] {
    match payload {
        Payload::Small => &names::THREE,
        Payload::Large => &names::ELEVEN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_have_about_the_size_that_they_are_named_for() {
        for (payload, bytes) in [(Payload::Small, 900..1_600), (Payload::Large, 2_500..3_800)] {
            let size = Deliveries::make(payload, 20, 200).mean_size();
            assert!(bytes.contains(&size), "{payload}: {size} bytes");
        }
    }

    #[test]
    fn every_delivery_is_another_one_and_none_is_of_the_future() {
        let deliveries = Deliveries::make(Payload::Large, 10, 300);
        let mut ids: Vec<&str> = deliveries
            .all
            .iter()
            .map(|delivery| delivery.event_id.as_str())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 300);
    }
}
