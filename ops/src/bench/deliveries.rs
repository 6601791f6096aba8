//! The deliveries of a run: what the simulator's cars report, signed as the platform does.

use std::sync::Arc;

use chrono::TimeDelta;
use simulator::CarIdentity;
use simulator::load::{Load, Size};

use super::options::Payload;

/// What both sides sign with.
pub(super) const SECRET: &str = "bench-application-management-token";

/// Where `ingest` takes webhooks, and the probes as well.
pub(super) const PATH: &str = ingest::Door::PATH;

/// The fleet lives this long before the first delivery that counts, so that its signals have the ages that they have
/// in real captures: up to days apart in one delivery.
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
    pub all: Arc<Vec<Delivery>>,
}

impl Deliveries {
    /// The next `number` deliveries of a fleet that has been connected for two days.
    pub fn make(payload: Payload, cars: u16, number: usize) -> Self {
        let start = runtime::clock::now() - SINCE;
        let load = Load::new(1, cars.into(), size(payload), start);
        let cars = load.fleet();
        let all =
            load.skip_while(|payload| payload.at < start + LIVED).take(number).map(|payload| Delivery {
                event_id: payload.event_id.to_string(),
                signature: payload.signature(SECRET.as_bytes()),
                body: payload.body,
            });
        Self { all: Arc::new(all.collect()), cars }
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

    /// The first `number` as whole HTTP requests, so that the load generator has nothing to do but to write them.
    pub fn requests(&self, number: usize) -> Arc<Vec<Vec<u8>>> {
        Arc::new(self.all.iter().take(number).map(Delivery::request).collect())
    }
}

impl Delivery {
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
    fn every_delivery_is_another_one() {
        let deliveries = Deliveries::make(Payload::Large, 10, 300);
        let ids: HashSet<&str> = deliveries.all.iter().map(|delivery| delivery.event_id.as_str()).collect();
        assert_eq!(ids.len(), 300);
    }
}
