//! The deliveries of a run: what the simulator's cars report, signed as the platform does.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use simulator::CarIdentity;
use simulator::load::{Load, Size};

use super::options::Payload;

/// What both sides sign with.
pub(super) const SECRET: &str = "bench-application-management-token";

/// Where `ingest` takes webhooks, and the probes as well.
pub(super) const PATH: &str = ingest::Door::PATH;

/// The fleet lives this long before the first delivery that is measured, so that its signals have the ages that they
/// have in real captures: up to days apart in one delivery.
const LIVED: TimeDelta = TimeDelta::days(2);

/// How long ago the fleet was connected: so long that its deliveries lie in the past, and not so long that its
/// readings lie in months without a partition of their own.
const SINCE: TimeDelta = TimeDelta::days(30);

/// One delivery.
#[derive(Debug, Clone)]
pub(super) struct Delivery {
    pub event_id: String,
    body: Vec<u8>,
    signature: String,
}

/// The deliveries of one payload, in the order of time, and the cars that sent them.
#[derive(Debug)]
pub(super) struct Deliveries {
    pub cars: Vec<CarIdentity>,
    /// The last delivery of each car before those that are measured: with these every measurement begins, so that no
    /// car is new and no table empty.
    pub before: Vec<Delivery>,
    pub all: Vec<Delivery>,
}

impl Deliveries {
    /// The next `number` deliveries of a fleet that has been connected for two days.
    pub fn make(payload: Payload, cars: u16, number: usize) -> Self {
        let start = runtime::clock::now() - SINCE;
        let load = Load::new(1, cars.into(), size(payload), start);
        let cars = load.fleet();
        let mut load = load.peekable();
        let mut before = BTreeMap::new();
        while let Some(one) = load.next_if(|one| one.at < start + LIVED) {
            before.insert(one.number, one);
        }
        Self {
            cars,
            before: before.into_values().map(Delivery::of).collect(),
            all: load.take(number).map(Delivery::of).collect(),
        }
    }

    /// How many there are.
    pub fn number(&self) -> usize {
        self.all.len()
    }

    /// The mean size of a body, in bytes.
    pub fn mean_size(&self) -> usize {
        let total: usize = self.all.iter().map(|delivery| delivery.body.len()).sum();
        total / self.number().max(1)
    }

    /// Those that are measured, as whole requests.
    pub fn requests(&self) -> Arc<Vec<Vec<u8>>> {
        requests(&self.all)
    }
}

/// Whole HTTP requests, so that the load generator has nothing to do but to write them.
pub(super) fn requests(deliveries: &[Delivery]) -> Arc<Vec<Vec<u8>>> {
    Arc::new(deliveries.iter().map(Delivery::request).collect())
}

impl Delivery {
    fn of(payload: simulator::load::Payload) -> Self {
        Self {
            event_id: payload.event_id.to_string(),
            signature: payload.signature(SECRET.as_bytes()),
            body: payload.body,
        }
    }

    pub fn body(&self) -> &[u8] {
        &self.body
    }

    fn request(&self) -> Vec<u8> {
        let Self { signature, body, .. } = self;
        let length = body.len();
        let head = format!(
            "POST {PATH} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\nsc-signature: {signature}\r\n\
             content-length: {length}\r\n\r\n"
        );
        [head.as_bytes(), body].concat()
    }
}

fn size(payload: Payload) -> Size {
    match payload {
        Payload::Small => Size::OneKilobyte,
        Payload::Large => Size::ThreeKilobytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn payloads_have_about_the_size_that_they_are_named_for() {
        for (payload, bytes) in [(Payload::Small, 900..1_600), (Payload::Large, 2_500..3_800)] {
            let size = Deliveries::make(payload, 20, 200).mean_size();
            assert!(bytes.contains(&size), "{payload}: {size} bytes");
        }
    }

    #[test]
    fn every_delivery_is_another_one_and_no_car_is_new() {
        let Deliveries { before, all, .. } = Deliveries::make(Payload::Large, 10, 300);
        assert_eq!((before.len(), all.len()), (10, 300));
        let ids: HashSet<&str> =
            before.iter().chain(&all).map(|delivery| delivery.event_id.as_str()).collect();
        assert_eq!(ids.len(), 310);
    }
}
