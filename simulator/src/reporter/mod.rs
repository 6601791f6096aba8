//! What a car's cloud tells of its life, and when: a few snapshots a day, in which every signal has an age of
//! its own.

mod cadence;
mod charge_port;
mod dashboard;
mod manner;
mod source;
mod virtual_car;

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};

pub use manner::Manner;
pub use virtual_car::VirtualCar;

use crate::wire::{Body, Outcome, Signal, SignalError, SignalName, Times, Triggers, names};
use crate::world::{Cadence, Car, Doing, Segment, Stamps};
use dashboard::{Dashboard, Shown};
use source::Source;

/// One snapshot: all subscribed signals, whatever made the platform send it.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// When the platform has it.
    pub at: DateTime<Utc>,
    pub signals: Vec<Signal>,
    pub triggers: Triggers,
}

/// A moment at which the car speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Moment {
    at: DateTime<Utc>,
    /// Whether it is the first since the car began to do what it does.
    opening: bool,
}

/// The car's cloud: remembers what was told last.
#[derive(Debug)]
struct Reporter {
    car: Arc<Car>,
    cadence: Cadence,
    dashboard: Dashboard,
    known: Vec<Known>,
    is_subscribed: bool,
    health_at: Option<DateTime<Utc>>,
    /// When the platform heard from the car last, news or not.
    heard: Option<Moment>,
}

/// What the platform knows of a car.
#[derive(Debug, Clone, PartialEq)]
pub struct LastKnown {
    /// When it heard from the car last.
    pub at: DateTime<Utc>,
    pub signals: Vec<Signal>,
}

/// A subscribed signal and what it said last.
#[derive(Debug)]
struct Known {
    name: SignalName,
    last: Option<(Body, DateTime<Utc>)>,
    is_failing: bool,
}

impl Reporter {
    fn new(car: Arc<Car>, subscription: &[SignalName], manner: Manner) -> Self {
        let known = |&name: &SignalName| Known { name, last: None, is_failing: false };
        Self {
            cadence: manner.cadence(car.model.cadence),
            dashboard: Dashboard::new(Arc::clone(&car), manner),
            known: subscription.iter().map(known).collect(),
            is_subscribed: false,
            health_at: None,
            heard: None,
            car,
        }
    }

    /// The snapshot of a moment within a segment; `None` if nothing is new, for then the platform sends
    /// nothing.
    fn report(&mut self, segment: &Segment, moment: Moment) -> Option<Report> {
        let first = !std::mem::replace(&mut self.is_subscribed, true);
        self.heard = Some(moment);
        let health = self.health_at.is_none_or(|last| moment.at - last > Duration::hours(20));
        if health {
            self.health_at = Some(moment.at);
        }
        let mut updated = Vec::new();
        let mut signals = Vec::with_capacity(self.known.len());
        for index in 0..self.known.len() {
            let source = Source::of(self.known[index].name);
            let spoken = match source {
                Source::Health => health,
                Source::Static => false,
                Source::Drive | Source::Battery | Source::Charge | Source::Place | Source::Closure => {
                    first || self.speaks_of(source, segment, moment)
                }
            };
            if spoken && self.listen(index, source, segment, moment) {
                updated.push(self.known[index].name);
            }
            signals.push(self.tell(index, source, moment));
        }
        let triggers = if first { Triggers::First } else { Triggers::Updated(updated) };
        let is_news = triggers != Triggers::Updated(Vec::new());
        is_news.then(|| Report { at: self.arrival(moment), signals, triggers })
    }

    /// All signals as they were heard last, the same as in the delivery that told it.
    fn last_known(&self) -> Option<LastKnown> {
        let moment = self.heard?;
        let signals = self.known.iter().enumerate();
        let signals = signals.map(|(index, known)| self.tell(index, Source::of(known.name), moment));
        Some(LastKnown { at: self.arrival(moment), signals: signals.collect() })
    }

    /// When the platform has what the car said at a moment.
    fn arrival(&self, moment: Moment) -> DateTime<Utc> {
        let mut latency = self.car.chance.branch("latency", moment.at.timestamp_millis());
        moment.at + Duration::milliseconds(latency.between(1_600, 4_000))
    }

    fn speaks_of(&self, source: Source, segment: &Segment, moment: Moment) -> bool {
        let cadence = self.cadence;
        if !cadence.on_change || cadence.stamps == Stamps::Fetches {
            // One upload of everything, whatever happens.
            return true;
        }
        match segment.doing {
            Doing::Driving { .. } => match source {
                Source::Drive => cadence.odometer_while_driving,
                Source::Battery | Source::Place => true,
                Source::Charge | Source::Closure | Source::Health | Source::Static => moment.opening,
            },
            Doing::Charging { .. } => match source {
                Source::Battery | Source::Charge => true,
                Source::Drive | Source::Place | Source::Closure | Source::Health | Source::Static => {
                    moment.opening
                }
            },
            Doing::Standing { .. } | Doing::Refuelling | Doing::InService => {
                moment.opening || source == Source::Battery
            }
        }
    }

    /// Reads a gauge; true if that is an update.
    fn listen(&mut self, index: usize, source: Source, segment: &Segment, moment: Moment) -> bool {
        let said_at = self.said_at(source, segment, moment);
        let known = &mut self.known[index];
        let (body, failing) = match self.dashboard.show(known.name, segment, said_at) {
            Shown::Body(body) => (body, false),
            Shown::NotNow(body) => (body, true),
            Shown::NotFitted => return false,
        };
        let unchanged =
            known.last.as_ref().is_some_and(|(last, _)| *last == body) && known.is_failing == failing;
        if unchanged && self.cadence.stamps == Stamps::Changes {
            return false;
        }
        known.is_failing = failing;
        known.last = Some((body, said_at));
        true
    }

    /// The car speaks some seconds before the platform fetches, and of each thing at another moment.
    fn said_at(&self, source: Source, segment: &Segment, moment: Moment) -> DateTime<Utc> {
        let mut chance = self.car.chance.branch(source.name(), moment.at.timestamp_millis());
        let said_at = moment.at - Duration::milliseconds(chance.between(0, 14_000));
        let said_at = said_at.max(segment.from);
        if self.cadence.whole_seconds {
            DateTime::from_timestamp(said_at.timestamp(), 0).unwrap_or(said_at)
        } else {
            said_at
        }
    }

    fn tell(&self, index: usize, source: Source, moment: Moment) -> Signal {
        let known = &self.known[index];
        if let Some(body) = self.dashboard.constant(known.name) {
            return Signal::new(known.name, body, Times::STATIC);
        }
        // Each part of the car is fetched by itself.
        let offset = self.car.chance.branch(source.name(), moment.at.timestamp()).between(0, 1_500);
        let fetched_at = moment.at + Duration::milliseconds(offset);
        let last = known.last.clone().map(|(body, said_at)| (body, Times::new(said_at, fetched_at)));
        let outcome = match last {
            Some(last) if known.is_failing => {
                Outcome::Failed { error: SignalError::NOT_CHARGING, last: Some(last) }
            }
            Some((body, times)) => Outcome::Success { body, times },
            None => Outcome::Failed { error: SignalError::NOT_CAPABLE, last: None },
        };
        Signal { name: known.name, outcome }
    }
}

/// The signals that the stand-in's webhook subscribes to if nobody says otherwise.
pub const DEFAULT_SUBSCRIPTION: &[SignalName] = &names::EVERYTHING;
