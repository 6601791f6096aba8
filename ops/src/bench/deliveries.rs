//! The deliveries of a run: what the simulator's cars report, signed as the platform does.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use simulator::CarIdentity;
use simulator::cloud::{Cloud, Event, Faults, Step};
use simulator::wire::{SignalName, names, sign};

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
    pub body: Vec<u8>,
}

/// The deliveries of one payload, and the cars that sent them.
#[derive(Debug)]
pub(super) struct Deliveries {
    payload: Payload,
    /// When the fleet was connected.
    start: DateTime<Utc>,
    pub cars: Vec<CarIdentity>,
    /// The last delivery of each car before those that are measured: with these every measurement begins, so that no
    /// car is new and no table empty.
    pub before: Vec<Delivery>,
    /// What is measured: one delivery of each car, then the next one of each car, and so on. A fleet that makes
    /// thousands of deliveries a second is so large that no car comes twice within minutes; a small fleet has to be
    /// put in this order to look like that.
    pub all: Vec<Delivery>,
}

impl Deliveries {
    /// At most `number` deliveries of a fleet that has been connected for two days.
    pub fn make(payload: Payload, cars: u16, number: usize) -> Self {
        let start = runtime::clock::now() - SINCE;
        let mut cloud = cloud(payload, cars.into(), start);
        let mut before = BTreeMap::new();
        let mut rounds =
            Rounds { of_each: number.div_ceil(cars.into()), number, taken: 0, events: BTreeMap::new() };
        while let Some(event) = next(&mut cloud).filter(|event| event.at < start + SINCE) {
            if event.at < start + LIVED {
                before.insert(event.number, event);
            } else if rounds.take(event).is_full() {
                break;
            }
        }
        Self {
            payload,
            start,
            cars: cloud.fleet().cloned().collect(),
            before: before.values().map(|event| Delivery::of(event)).collect(),
            all: rounds.in_order().map(|event| Delivery::of(&event)).collect(),
        }
    }

    /// How many are measured.
    pub fn number(&self) -> usize {
        self.all.len()
    }

    /// The mean size of a body, in bytes.
    pub fn mean_size(&self) -> usize {
        let total: usize = self.all.iter().map(|delivery| delivery.body.len()).sum();
        total / self.number().max(1)
    }

    /// All that the same cars report after what they said before, in the order of time: more of them than fit into
    /// memory. They end when the fleet has come to the present.
    pub fn endless(&self) -> impl Iterator<Item = Delivery> + Send + use<> {
        let start = self.start;
        let mut cloud = cloud(self.payload, self.cars.len(), start);
        std::iter::from_fn(move || next(&mut cloud))
            .skip_while(move |event| event.at < start + LIVED)
            .take_while(move |event| event.at < start + SINCE)
            .map(|event| Delivery::of(&event))
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

/// The same number of events of each car.
struct Rounds {
    of_each: usize,
    /// Of all cars together.
    number: usize,
    taken: usize,
    /// By the number of the car.
    events: BTreeMap<usize, Vec<Arc<Event>>>,
}

impl Rounds {
    fn take(&mut self, event: Arc<Event>) -> &Self {
        let of_car = self.events.entry(event.number).or_default();
        if of_car.len() < self.of_each {
            of_car.push(event);
            self.taken += 1;
        }
        self
    }

    fn is_full(&self) -> bool {
        self.taken >= self.number
    }

    /// The first of each car, then the second of each.
    fn in_order(self) -> impl Iterator<Item = Arc<Event>> {
        let rounds = 0..self.of_each;
        let events: Vec<Vec<Arc<Event>>> = self.events.into_values().collect();
        let nth = move |round: usize| -> Vec<Arc<Event>> {
            events.iter().filter_map(|of_car| of_car.get(round).cloned()).collect()
        };
        rounds.flat_map(nth).take(self.number)
    }
}

fn cloud(payload: Payload, cars: usize, start: DateTime<Utc>) -> Cloud {
    Cloud::new(1, cars, subscription(payload), start, None)
}

/// The next event, whatever the time is.
fn next(cloud: &mut Cloud) -> Option<Arc<Event>> {
    let faults = Faults::none();
    while cloud.next_at().is_some() {
        let step = cloud.step(&faults);
        // Where the cars were is of no interest here, and would pile up.
        cloud.take_lived();
        match step {
            Step::Send(event) => return Some(event),
            Step::Silence | Step::Lose(_) => {}
        }
    }
    None
}

impl Delivery {
    fn of(event: &Event) -> Self {
        Self { event_id: event.event_id.to_string(), body: event.body(event.event_id, event.at) }
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

const fn subscription(payload: Payload) -> &'static [SignalName] {
    match payload {
        Payload::Small => &names::THREE,
        Payload::Large => &names::ELEVEN,
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
        let Deliveries { before, all, .. } = Deliveries::make(Payload::Large, 10, 95);
        assert_eq!((before.len(), all.len()), (10, 95));
        let ids: HashSet<&str> =
            before.iter().chain(&all).map(|delivery| delivery.event_id.as_str()).collect();
        assert_eq!(ids.len(), 105);
    }

    #[test]
    fn the_endless_ones_are_new_and_of_the_same_cars() {
        let deliveries = Deliveries::make(Payload::Small, 10, 10);
        let about = |delivery: &Delivery| {
            let body = String::from_utf8_lossy(&delivery.body).into_owned();
            deliveries.cars.iter().any(|car| body.contains(&car.smartcar_vehicle_id))
        };
        let endless: Vec<Delivery> = deliveries.endless().take(200).collect();
        assert!(endless.iter().all(about));
        let ids: HashSet<&str> =
            deliveries.before.iter().chain(&endless).map(|delivery| delivery.event_id.as_str()).collect();
        assert_eq!(ids.len(), 210);
    }

    #[test]
    fn a_car_comes_again_only_after_the_others() {
        let deliveries = Deliveries::make(Payload::Small, 10, 100);
        let about = |delivery: &Delivery| {
            let body = String::from_utf8_lossy(&delivery.body).into_owned();
            deliveries.cars.iter().position(|car| body.contains(&car.smartcar_vehicle_id))
        };
        for ten in deliveries.all.chunks(10) {
            let cars: HashSet<Option<usize>> = ten.iter().map(about).collect();
            assert_eq!(cars.len(), 10);
        }
    }
}
