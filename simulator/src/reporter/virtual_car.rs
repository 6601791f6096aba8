//! A car with its life and its cloud: moments to come, and the snapshot of each.

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};

use super::cadence::{self, Last};
use super::dashboard::Dashboard;
use super::{LastKnown, Manner, Moment, Report, Reporter};
use crate::wire::SignalName;
use crate::world::{Cadence, Car, Command, Doing, Life, Refusal, Segment};

/// How long nobody drives a car that nobody drives.
const UNUSED: Duration = Duration::days(400);

/// A car that lives and reports, one moment after the other.
#[derive(Debug)]
pub struct VirtualCar {
    pub car: Arc<Car>,
    life: Life,
    reporter: Reporter,
    segment: Segment,
    moments: VecDeque<Moment>,
    last: Last,
    /// Whether the car has been silent since it spoke last.
    missed: bool,
    lived: Vec<Segment>,
    /// The segments since the car spoke last, each as it began: it lives ahead until it speaks, and who gives
    /// it a command means the present.
    begun: Vec<Begun>,
}

/// A segment with the life that goes on after it, and the instruments as they were then.
#[derive(Debug)]
struct Begun {
    segment: Segment,
    life: Life,
    dashboard: Dashboard,
}

impl VirtualCar {
    /// Car number `number` of a seed's world. It is connected at `start`, and its first delivery follows
    /// within two minutes.
    pub fn connect(seed: u64, number: usize, subscription: &[SignalName], start: DateTime<Utc>) -> Self {
        Self::connect_as(Manner::default(), seed, number, subscription, start)
    }

    /// The same car, reporting in another manner.
    pub fn connect_as(
        manner: Manner,
        seed: u64,
        number: usize,
        subscription: &[SignalName],
        start: DateTime<Utc>,
    ) -> Self {
        let car = Arc::new(Car::draw(seed, number));
        let mut life = Life::begin(Arc::clone(&car), start);
        let segment = if manner.parked {
            life.stand_still(start + UNUSED)
        } else {
            // A life never ends, so there always is a first segment.
            life.next().unwrap_or_else(|| standing(&car, start))
        };
        let mut reporter = Reporter::new(Arc::clone(&car), subscription, manner);
        reporter.dashboard.enter(&segment);
        let hello = start + Duration::seconds(car.chance.branch("hello", 0).between(5, 120));
        let hello = Moment { at: hello.min(segment.until), opening: true };
        let last = Last { at: hello.at, settled: true };
        let later = moments(reporter.cadence, &car, &segment, last)
            .into_iter()
            .filter(|moment| moment.at >= hello.at + Duration::seconds(30));
        Self {
            moments: std::iter::once(hello).chain(later).collect(),
            lived: vec![segment],
            missed: false,
            begun: vec![Begun { segment, life: life.clone(), dashboard: reporter.dashboard.clone() }],
            reporter,
            last,
            segment,
            life,
            car,
        }
    }

    /// When the car speaks next; it lives on until then.
    pub fn next_at(&mut self) -> DateTime<Utc> {
        loop {
            if let Some(moment) = self.moments.front() {
                return moment.at;
            }
            self.live();
            self.moments.extend(moments(self.reporter.cadence, &self.car, &self.segment, self.last));
        }
    }

    /// The snapshot of the next moment, if there is news.
    pub fn report(&mut self) -> Option<Report> {
        self.next_at();
        let moment = self.moments.pop_front()?;
        // After a silence the car tells everything anew.
        let moment = Moment { opening: moment.opening || std::mem::take(&mut self.missed), ..moment };
        let settled = matches!(self.segment.doing, Doing::Standing { .. } | Doing::InService);
        self.last = Last { at: moment.at, settled };
        self.forget_before_now();
        self.reporter.report(&self.segment, moment)
    }

    /// What the platform knows of the car; nothing before it spoke for the first time.
    pub fn last_known(&self) -> Option<LastKnown> {
        self.reporter.last_known()
    }

    /// Does what the car is told at a moment (not before it spoke last, and not after it speaks next), and
    /// speaks of it some seconds later.
    pub fn obey(&mut self, command: Command, at: DateTime<Utc>) -> Result<(), Refusal> {
        let present = self.begun.iter().rposition(|begun| begun.segment.from <= at).unwrap_or(0);
        let Some(begun) = self.begun.get(present) else {
            return Ok(());
        };
        let (now, mut life, mut dashboard) = (begun.segment, begun.life.clone(), begun.dashboard.clone());
        let at = at.clamp(now.from, now.until);
        let turns = life.obey(command, &now, at)?;
        dashboard.obey(command);
        self.begun.truncate(present + 1);
        (self.segment, self.life, self.reporter.dashboard) = (now, life, dashboard);
        if turns {
            self.begun.clear();
            self.live();
        } else {
            self.begun.pop();
            self.keep_begun();
        }
        let soon = at + Duration::seconds(self.car.chance.branch("command", at.timestamp()).between(3, 9));
        let word = Moment { at: soon.min(self.segment.until).max(self.segment.from), opening: true };
        let last = Last { at: word.at, settled: true };
        let later = moments(self.reporter.cadence, &self.car, &self.segment, last)
            .into_iter()
            .filter(|moment| moment.at >= word.at + Duration::seconds(30));
        self.moments = std::iter::once(word).chain(later).collect();
        Ok(())
    }

    /// The car has no connection at its next moment: nobody learns what it would have said.
    pub fn stay_silent(&mut self) {
        self.next_at();
        self.missed |= self.moments.pop_front().is_some();
        self.forget_before_now();
    }

    /// The segments that were begun since this was asked last.
    pub fn take_lived(&mut self) -> Vec<Segment> {
        std::mem::take(&mut self.lived)
    }

    fn live(&mut self) {
        if let Some(segment) = self.life.next() {
            self.reporter.dashboard.enter(&segment);
            self.segment = segment;
            self.lived.push(segment);
            self.keep_begun();
        }
    }

    fn keep_begun(&mut self) {
        let dashboard = self.reporter.dashboard.clone();
        self.begun.push(Begun { segment: self.segment, life: self.life.clone(), dashboard });
    }

    fn forget_before_now(&mut self) {
        self.begun.drain(..self.begun.len().saturating_sub(1));
    }
}

fn moments(cadence: Cadence, car: &Car, segment: &Segment, last: Last) -> Vec<Moment> {
    let mut chance = car.chance.branch("moments", segment.from.timestamp());
    cadence::moments(cadence, segment, last, &mut chance)
}

fn standing(car: &Car, at: DateTime<Utc>) -> Segment {
    let gauges = car.at_first;
    let doing = Doing::Standing { plugged: false };
    Segment { from: at, until: at, place: car.places.home, doing, before: gauges, after: gauges }
}
