//! Commands change what a car does and what it tells, in virtual time and without a network.
#![expect(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

use chrono::{DateTime, Duration, Utc};
use simulator::cloud::{Cloud, EventKind, Faults, Step};
use simulator::wire::{Body, Outcome, SignalName, names};
use simulator::world::{Command, Doing, Refusal, Segment, Truth};

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_000_000, 0).unwrap()
}

/// A cloud with what its cars live, as the ledger keeps it.
struct World {
    cloud: Cloud,
    lives: Vec<Vec<Segment>>,
    told: usize,
}

impl World {
    fn new() -> Self {
        let cloud = Cloud::new(11, 12, &names::EVERYTHING, start(), None);
        Self { cloud, lives: vec![Vec::new(); 12], told: 0 }
    }

    /// Lives until a moment: all that is due before it is done.
    fn until(&mut self, at: DateTime<Utc>) {
        while self.cloud.next_at().is_some_and(|next| next < at) {
            if let Step::Send(event) = self.cloud.step(&Faults::none()) {
                self.told += usize::from(matches!(event.kind, EventKind::State { .. }));
            }
            self.learn();
        }
    }

    /// As the ledger does: the later word counts.
    fn learn(&mut self) {
        for (car, segments) in self.cloud.take_lived() {
            let life = &mut self.lives[car];
            for segment in segments {
                while life.last().is_some_and(|last| last.from >= segment.from) {
                    life.pop();
                }
                if let Some(last) = life.last_mut().filter(|last| last.until > segment.from) {
                    *last = last.cut_at(segment.from);
                }
                life.push(segment);
            }
        }
    }

    /// The first car and moment, by the quarter of an hour, at which a car does such a thing for a while still.
    fn find(&mut self, wanted: impl Fn(&Segment) -> bool) -> (usize, DateTime<Utc>) {
        for quarter in 1..2_000 {
            let at = start() + Duration::minutes(15 * quarter);
            self.until(at);
            let fits = |segment: &&Segment| {
                segment.from < at && segment.until > at + Duration::minutes(10) && wanted(segment)
            };
            if let Some(car) = self.lives.iter().position(|life| life.iter().any(|one| fits(&one))) {
                return (car, at);
            }
        }
        panic!("no car does that within weeks");
    }

    fn command(&mut self, car: usize, command: Command, at: DateTime<Utc>) -> Result<(), Refusal> {
        let answer = self.cloud.command(car, command, at);
        self.learn();
        answer
    }

    fn flag(&self, car: usize, name: SignalName) -> bool {
        let known = self.cloud.last_known(car).unwrap();
        let signal = known.signals.iter().find(|signal| signal.name == name).unwrap();
        match signal.outcome {
            Outcome::Success { body: Body::Flag { value }, .. } => value,
            ref other => panic!("{other:?}"),
        }
    }

    fn truth(&self, car: usize, at: DateTime<Utc>) -> Truth {
        Truth::of(&self.lives[car], at).unwrap()
    }

    /// A life has no gaps, and its gauges go on where they were.
    fn assert_whole(&self, car: usize) {
        for two in self.lives[car].windows(2) {
            assert_eq!((two[0].until, two[0].after), (two[1].from, two[1].before));
        }
    }
}

fn is_charging(segment: &Segment) -> bool {
    matches!(segment.doing, Doing::Charging { .. })
}

fn stands(segment: &Segment) -> bool {
    segment.doing == Doing::Standing { plugged: false }
}

#[test]
fn a_charge_that_is_stopped_stops_and_is_told_within_seconds() {
    let mut world = World::new();
    let (car, at) = world.find(is_charging);
    let before = world.truth(car, at).now.battery_wh;
    assert_eq!(world.command(car, Command::StopCharge, at), Ok(()));
    let told = world.told;
    world.until(at + Duration::minutes(1));
    assert!(world.told > told);
    assert!(!world.flag(car, names::IS_CHARGING) && world.flag(car, names::CABLE_CONNECTED));
    assert_eq!(world.truth(car, at + Duration::minutes(5)).now.battery_wh, before);
    assert_eq!(world.command(car, Command::StopCharge, at + Duration::minutes(1)), Err(Refusal::NotCharging));
    world.until(at + Duration::days(20));
    world.assert_whole(car);
    assert!(world.truth(car, at + Duration::days(20)).now.odometer_m > world.truth(car, at).now.odometer_m);
}

#[test]
fn a_charge_that_was_stopped_can_be_started_again() {
    let mut world = World::new();
    let (car, at) = world.find(is_charging);
    assert_eq!(world.command(car, Command::StartCharge, at), Err(Refusal::Charging));
    world.command(car, Command::StopCharge, at).unwrap();
    let again = at + Duration::minutes(2);
    world.until(again);
    let before = world.truth(car, again).now.battery_wh;
    assert_eq!(world.command(car, Command::StartCharge, again), Ok(()));
    world.until(again + Duration::minutes(1));
    assert!(world.flag(car, names::IS_CHARGING));
    assert!(world.truth(car, again + Duration::minutes(6)).now.battery_wh > before);
    world.until(at + Duration::days(20));
    world.assert_whole(car);
}

#[test]
fn a_charge_ends_at_the_limit_that_is_set() {
    let mut world = World::new();
    let (car, at) = world.find(is_charging);
    let capacity = world.cloud.car(car).unwrap().model.battery_wh;
    assert_eq!(world.command(car, Command::LimitCharge { percent: 50 }, at), Ok(()));
    let (now, later) = (world.truth(car, at).now, world.truth(car, at + Duration::hours(8)));
    world.until(at + Duration::hours(8));
    let most = now.battery_wh.max(capacity / 2);
    let session = later.sessions.last().unwrap();
    assert!(session.after_wh <= most + 1, "{} of {capacity}", session.after_wh);
}

#[test]
fn a_car_without_a_battery_or_a_cable_or_rest_refuses() {
    let mut world = World::new();
    let (car, at) = world.find(|one| stands(one) && one.before.battery_wh == 0);
    assert_eq!(world.command(car, Command::StartCharge, at), Err(Refusal::NotCapable));
    let (car, at) = world.find(|one| stands(one) && one.before.battery_wh > 0);
    assert_eq!(world.command(car, Command::StartCharge, at), Err(Refusal::NotPlugged));
    let (car, at) = world.find(|one| matches!(one.doing, Doing::Driving { .. }));
    assert_eq!(world.command(car, Command::Unlock, at), Err(Refusal::InMotion));
    world.until(at + Duration::days(1));
    world.assert_whole(car);
}

#[test]
fn doors_stay_as_they_were_left_until_the_car_drives() {
    let mut world = World::new();
    let (car, at) = world.find(stands);
    for (command, locked) in [(Command::Unlock, false), (Command::Lock, true), (Command::Unlock, false)] {
        let now = world.cloud.next_at().unwrap().min(at + Duration::minutes(1)).max(at);
        assert_eq!(world.command(car, command, now), Ok(()));
        world.until(now + Duration::seconds(30));
        assert_eq!(world.flag(car, names::IS_LOCKED), locked);
    }
    world.until(at + Duration::days(4));
    assert!(world.flag(car, names::IS_LOCKED), "it has driven and was locked again");
    world.assert_whole(car);
}

#[test]
fn without_a_command_nothing_changes() {
    let (mut one, mut other) = (World::new(), World::new());
    one.until(start() + Duration::days(10));
    let (car, at) = other.find(stands);
    assert!(other.command(car, Command::StopCharge, at).is_err());
    other.until(start() + Duration::days(10));
    assert!(one.lives == other.lives);
    assert_eq!(one.told, other.told);
}
