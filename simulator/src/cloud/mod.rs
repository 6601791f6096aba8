//! The platform without its network: a fleet in virtual time, the events that come up, and the faults on
//! their way. Pure: time is an argument, and chance hangs on the seed.

mod agenda;
mod event;
mod faults;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use uuid::Uuid;

pub use event::{Event, EventKind, Recipient, withhold};
pub use faults::{FaultControl, Faults, Flaw, Outage, SENTINEL};

use agenda::{Agenda, Task};

use crate::chance::Chance;
use crate::reporter::{LastKnown, Report, VirtualCar};
use crate::wire::{ErrorKind, ErrorState, SignalName, Triggers, VehicleError};
use crate::world::{Car, CarIdentity, Command, Refusal, Segment};

/// The fleet and everything that is on its way.
#[derive(Debug)]
pub struct Cloud {
    cars: Vec<VirtualCar>,
    /// The errors that were raised because [`Faults::broken`] said so.
    broken: BTreeMap<String, ErrorKind>,
    until: Option<DateTime<Utc>>,
    agenda: Agenda,
    held: Vec<Arc<Event>>,
    lived: Vec<(usize, Vec<Segment>)>,
    /// How many appointments were made with each car: only the newest counts.
    appointments: Vec<u64>,
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Nothing to tell.
    Silence,
    /// An event is ready to be sent (again, if it is a duplicate).
    Send(Arc<Event>),
    /// An event came up that will never be sent.
    Lose(Arc<Event>),
}

impl Cloud {
    /// A fleet that was connected at `start` and reports until `until`, if that is given.
    pub fn new(
        seed: u64,
        cars: usize,
        subscription: &[SignalName],
        start: DateTime<Utc>,
        until: Option<DateTime<Utc>>,
    ) -> Self {
        let connect = |number| VirtualCar::connect(seed, number, subscription, start);
        let cars: Vec<VirtualCar> = (0..cars).map(connect).collect();
        let fleet = 0..cars.len();
        let mut cloud = Self {
            cars,
            broken: BTreeMap::new(),
            until,
            agenda: Agenda::default(),
            held: Vec::new(),
            lived: Vec::new(),
            appointments: vec![0; fleet.len()],
        };
        fleet.for_each(|car| cloud.await_car(car));
        cloud
    }

    pub fn fleet(&self) -> impl Iterator<Item = &CarIdentity> {
        self.cars.iter().map(|virtual_car| &virtual_car.car.identity)
    }

    /// When the next step is due; never, once `until` is over and everything is sent.
    pub fn next_at(&self) -> Option<DateTime<Utc>> {
        self.agenda.next_at()
    }

    /// What the cars lived since this was asked last: their numbers in the fleet, and segments that reach at
    /// least to their next step.
    pub fn take_lived(&mut self) -> Vec<(usize, Vec<Segment>)> {
        std::mem::take(&mut self.lived)
    }

    /// Applies the faults that are states: frees what an outage held, raises and resolves errors.
    pub fn notice(&mut self, now: DateTime<Utc>, faults: &Faults) {
        if faults.outage != Outage::Hold {
            for event in std::mem::take(&mut self.held) {
                self.agenda.put(event.at, Task::Event(event));
            }
        }
        if faults.broken == self.broken {
            return;
        }
        let before = std::mem::replace(&mut self.broken, faults.broken.clone());
        for car in 0..self.cars.len() {
            let id = &self.cars[car].car.identity.smartcar_vehicle_id;
            let (old, new) = (before.get(id).copied(), self.broken.get(id).copied());
            if old == new {
                continue;
            }
            let resolved = old.map(|kind| error(kind, ErrorState::Resolved));
            let raised = new.map(|kind| error(kind, ErrorState::Raised));
            // People may change their mind twice within one moment of virtual time.
            let id = self.cars[car].car.chance.branch("broken", self.agenda.count()).uuid();
            self.put_errors(car, now, id, resolved.into_iter().chain(raised).collect());
        }
    }

    /// Takes the step that is due next, whatever the time is.
    pub fn step(&mut self, faults: &Faults) -> Step {
        let Some(task) = self.agenda.take_next() else {
            return Step::Silence;
        };
        match task {
            Task::Car(car, nth) if self.appointments[car] == nth => self.hear(car, faults),
            // A command has made another appointment since.
            Task::Car(..) => Step::Silence,
            Task::Event(event) => match faults.outage {
                Outage::None => Step::Send(event),
                Outage::Lose => Step::Lose(event),
                Outage::Hold => {
                    self.held.push(event);
                    Step::Silence
                }
            },
        }
    }

    /// What the platform knows of a car now, whatever became of its deliveries.
    pub fn last_known(&self, car: usize) -> Option<LastKnown> {
        self.cars.get(car)?.last_known()
    }

    /// The car of this number, with all that is drawn for it.
    pub fn car(&self, car: usize) -> Option<&Arc<Car>> {
        self.cars.get(car).map(|virtual_car| &virtual_car.car)
    }

    /// Tells a car to do something now: not before the last step and not after the next one is due.
    pub fn command(&mut self, car: usize, command: Command, now: DateTime<Utc>) -> Result<(), Refusal> {
        let Some(virtual_car) = self.cars.get_mut(car) else {
            return Ok(());
        };
        virtual_car.obey(command, now)?;
        self.await_car(car);
        Ok(())
    }

    /// The first delivery of a new subscription: what is known of the car now. Nothing if the car has not
    /// spoken yet, for then its first word will be that delivery.
    pub fn introduce(&mut self, car: usize, smartcar_user_id: &str, now: DateTime<Utc>) {
        let Some(LastKnown { at: _, signals }) = self.last_known(car) else {
            return;
        };
        let car_itself = Arc::clone(&self.cars[car].car);
        let event_id = car_itself.chance.branch("introduction", self.agenda.count()).uuid();
        let kind = EventKind::State { signals, triggers: Triggers::First, odometer_flaw: None };
        let to = Some(smartcar_user_id.to_owned());
        let event = Event { event_id, number: car, car: car_itself, at: now, to, kind };
        self.agenda.put(now, Task::Event(Arc::new(event)));
    }

    /// Whether an outage holds events back.
    pub fn is_holding(&self) -> bool {
        !self.held.is_empty()
    }

    fn hear(&mut self, car: usize, faults: &Faults) -> Step {
        let virtual_car = &mut self.cars[car];
        let report = if faults.offline.contains(&virtual_car.car.identity.smartcar_vehicle_id) {
            virtual_car.stay_silent();
            None
        } else {
            virtual_car.report()
        };
        self.await_car(car);
        report.map_or(Step::Silence, |report| self.tell(car, report, faults))
    }

    fn tell(&mut self, car: usize, mut report: Report, faults: &Faults) -> Step {
        // A stream for each fault, so that one more of them does not move the others.
        let chance = self.cars[car].car.chance.branch("event", report.at.timestamp_millis());
        let flaw = faults::spoil(&mut report.signals, faults, &mut chance.branch("spoil", 0));
        let Report { at, signals, triggers } = report;
        let kind = EventKind::State { signals, triggers, odometer_flaw: flaw };
        let event = self.event(car, chance.branch("id", 0).uuid(), at, kind);
        self.tell_errors(car, at, faults, &mut chance.branch("errors", 0));
        if chance.branch("loss", 0).happens(faults.lost) {
            return Step::Lose(event);
        }
        let way = on_its_way(faults, &mut chance.branch("way", 0));
        self.agenda.put(at + way, Task::Event(Arc::clone(&event)));
        let mut again = chance.branch("again", 0);
        if again.happens(faults.duplicates) {
            let later = on_its_way(faults, &mut again) + Duration::seconds(again.between(0, 90));
            self.agenda.put(at + later, Task::Event(event));
        }
        Step::Silence
    }

    fn tell_errors(&mut self, car: usize, at: DateTime<Utc>, faults: &Faults, chance: &mut Chance) {
        if chance.happens(faults.vehicle_errors) {
            let kind = *chance.pick(&[ErrorKind::Unreachable, ErrorKind::AuthenticationFailed]);
            let over = at + Duration::minutes(chance.between(60, 720));
            self.put_errors(car, at, chance.uuid(), vec![error(kind, ErrorState::Raised)]);
            self.put_errors(car, over, chance.uuid(), vec![error(kind, ErrorState::Resolved)]);
        }
        if chance.happens(faults.noise_errors) {
            self.put_errors(car, at, chance.uuid(), vec![VehicleError::noise()]);
        }
    }

    fn put_errors(&mut self, car: usize, at: DateTime<Utc>, event_id: Uuid, errors: Vec<VehicleError>) {
        let event = self.event(car, event_id, at, EventKind::Error { errors });
        self.agenda.put(at, Task::Event(event));
    }

    fn event(&self, car: usize, event_id: Uuid, at: DateTime<Utc>, kind: EventKind) -> Arc<Event> {
        Arc::new(Event { event_id, number: car, car: Arc::clone(&self.cars[car].car), at, to: None, kind })
    }

    fn await_car(&mut self, car: usize) {
        let at = self.cars[car].next_at();
        self.lived.push((car, self.cars[car].take_lived()));
        if self.until.is_none_or(|until| at <= until) {
            self.appointments[car] += 1;
            self.agenda.put(at, Task::Car(car, self.appointments[car]));
        }
    }
}

fn error(kind: ErrorKind, state: ErrorState) -> VehicleError {
    VehicleError { kind, state, signals: Vec::new() }
}

/// How long an event is held back by the faults.
fn on_its_way(faults: &Faults, chance: &mut Chance) -> Duration {
    let shuffled = Duration::milliseconds(chance.between(0, faults.shuffle.num_milliseconds()));
    if chance.happens(faults.delayed) {
        let longest = faults.delay.num_milliseconds();
        shuffled + Duration::milliseconds(chance.between(longest / 10, longest))
    } else {
        shuffled
    }
}
