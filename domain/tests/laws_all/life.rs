//! Lives of cars: what they did, what they said of it, what their people told and set.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use domain::distance::Distance;
use domain::fact::{Fact, RowId};
use domain::fences::{Fence, Passage, Shape, Telling};
use domain::fold::Sighting;
use domain::reading::{Milli, Position, Reading, Signal, TimeQuality, Value};
use domain::setup::{Chemistry, Powertrain, Setup};
use domain::trips::{Purpose, PurposeRule, Watch};
use proptest::prelude::*;

/// Watt hours between empty and full.
pub const BATTERY: i64 = 60_000;
/// Watt hours and thousandths of a percent of the tank for each kilometre.
const WH_PER_KM: i64 = 180;
const FUEL_PER_KM: i64 = 130;

/// What a car did, and what it said.
#[derive(Clone)]
pub struct Life {
    pub sightings: Vec<Sighting>,
    pub setup: Setup,
    /// Watt hours that reached the battery.
    pub charged: i64,
    /// Thousandths of the tank that were filled.
    pub filled: i64,
    /// Metres that were driven.
    pub driven: i64,
}

impl fmt::Debug for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?} {:?}", self.setup.powertrain, self.setup.battery_usable)?;
        let mut sightings = self.sightings.clone();
        sightings.sort();
        sightings.iter().try_for_each(|Sighting { reading, by_hand }| {
            let by_hand = if *by_hand { " by hand" } else { "" };
            let at = reading.at.format("%d %H:%M:%S");
            writeln!(f, "{at} {} {:?}{by_hand}", reading.signal, reading.value)
        })
    }
}

#[derive(Debug, Clone, Copy)]
enum Doing {
    Stand,
    Drive { metres: i64, seen: bool },
    Fill { level: i64 },
    Charge { minutes: i64, watts: i64, seen: bool },
}

/// One thing after the other, and what is said after it.
#[derive(Debug, Clone, Copy)]
struct Step {
    pause: i64,
    doing: Doing,
    /// A bit a signal.
    says: u16,
    oddity: u8,
}

/// The car as it is.
struct Car {
    /// Seconds since the beginning.
    now: i64,
    /// What was driven, and what the counter showed at the beginning of its series.
    driven: i64,
    counter: i64,
    /// Thousandths of a percent.
    fuel: i64,
    wh: i64,
    /// Of this plug-in.
    added: i64,
    watts: i64,
    plugged: bool,
    speed: i64,
    life: Life,
}

pub fn start() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

/// So many metres east of where a meridian meets the equator.
fn east(metres: i64) -> Position {
    let longitude = i32::try_from(metres * 1_000_000 / 111_195).unwrap_or(0);
    Position { latitude_e6: 0, longitude_e6: 10_000_000 + longitude }
}

/// A home, a shop within a town, which all tell something; watched in the second week. What is known of the car depends on
/// `what`.
pub fn setup(what: u8) -> Setup {
    let circle = |number, centre, radius_m| {
        let shape = Shape::Circle { centre: east(centre), radius_m };
        Fence { id: RowId(number), name: number.to_string(), shape, priority: 0 }
    };
    let second_week = (start() + TimeDelta::days(7), Some(start() + TimeDelta::days(14)));
    let telling = |number, passage, (from, until)| Telling { fence: RowId(number), passage, from, until };
    let powertrain = match what % 6 {
        0 => Some(Powertrain::Electric),
        1 => Some(Powertrain::Combustion),
        2 | 3 => Some(Powertrain::PlugInHybrid),
        _ => None,
    };
    let business = PurposeRule {
        purpose: Purpose::Business,
        fences: vec![RowId(2)],
        weekdays: [true; 7],
        from_minute: 360,
        to_minute: 1200,
    };
    Setup {
        powertrain,
        tank: (!what.is_multiple_of(5)).then_some(Milli(50_000)),
        battery_usable: (what % 4 < 2).then_some(Milli(BATTERY)),
        battery_gross: (what % 4 == 2).then_some(Milli(64_000)),
        chemistry: what.is_multiple_of(7).then_some(Chemistry::Lfp),
        fences: vec![circle(1, 0, 300), circle(2, 12_000, 150), circle(3, 10_000, 6_000)],
        told: vec![
            telling(1, Passage::Enter, (start(), None)),
            telling(1, Passage::Exit, second_week),
            telling(2, Passage::Passed, second_week),
            telling(3, Passage::Dwell, (start(), None)),
        ],
        watched: vec![Watch { from: second_week.0, until: second_week.1 }],
        purposes: vec![business],
        ..Setup::default()
    }
}

fn a_doing() -> impl Strategy<Value = Doing> {
    let metres = prop_oneof![1 => 0i64..900, 5 => 900i64..60_000, 1 => 60_000i64..300_000];
    prop_oneof![
        4 => Just(Doing::Stand),
        5 => (metres, any::<bool>()).prop_map(|(metres, seen)| Doing::Drive { metres, seen }),
        1 => (20_000i64..100_000).prop_map(|level| Doing::Fill { level }),
        3 => (5i64..600, 1_000i64..60_000, any::<bool>())
            .prop_map(|(minutes, watts, seen)| Doing::Charge { minutes, watts, seen }),
    ]
}

/// `odd`: of sixty steps so many are odd.
fn a_step(odd: u8) -> impl Strategy<Value = Step> {
    let pause = prop_oneof![2 => 0i64..5, 4 => 5i64..90, 3 => 90i64..800, 1 => 800i64..4_000];
    let says = prop_oneof![3 => Just(u16::MAX), 3 => any::<u16>(), 2 => (0u32..14).prop_map(|bit| 1 << bit)];
    (pause, a_doing(), says, 0u8..60).prop_map(move |(pause, doing, says, oddity)| Step {
        pause,
        doing,
        says,
        oddity: if oddity < odd { oddity } else { u8::MAX },
    })
}

/// Some weeks of one car: mostly as cars are, now and then odd.
pub fn a_life(steps: usize) -> impl Strategy<Value = Life> {
    let steps = proptest::collection::vec(a_step(22), 1..steps);
    (steps, any::<u8>(), prop_oneof![6 => Just(true), 1 => Just(false)]).prop_map(|(steps, what, counts)| {
        let mut life = live(&steps, setup(what));
        life.sightings.retain(|seen| counts || !seen.reading.signal.is(Signal::ODOMETER));
        life
    })
}

/// Likewise, with nothing odd: late and incomplete, but true.
pub fn an_honest_life(steps: usize) -> impl Strategy<Value = Life> {
    let steps = proptest::collection::vec(a_step(0), 1..steps);
    (steps, any::<u8>()).prop_map(|(steps, what)| {
        live(&steps, Setup { battery_usable: Some(Milli(BATTERY)), tank: Some(Milli(50_000)), ..setup(what) })
    })
}

/// Likewise, of a car that says all that it knows whenever it says anything, and never two things at once.
pub fn a_frank_life(steps: usize) -> impl Strategy<Value = Life> {
    let step = |step: Step| Step {
        pause: step.pause.max(1),
        says: if step.says.count_ones() > 1 { u16::MAX } else { 0 },
        ..step
    };
    let steps = proptest::collection::vec(a_step(0).prop_map(step), 1..steps);
    (steps, any::<u8>()).prop_map(|(steps, what)| {
        live(&steps, Setup { battery_usable: Some(Milli(BATTERY)), tank: Some(Milli(50_000)), ..setup(what) })
    })
}

/// A car that anything may be said of at any time, sense or not.
pub fn nonsense(readings: usize) -> impl Strategy<Value = Life> {
    let pause =
        prop_oneof![3 => Just(0i64), 4 => 1i64..1_800, 2 => 1_800i64..36_000, 1 => 36_000i64..200_000];
    let step = (pause, 0u8..16, 0i64..6_000, prop_oneof![4 => Just(0i64), 1 => 0i64..90_000]);
    (proptest::collection::vec(step, 1..readings), any::<u8>()).prop_map(|(steps, what)| {
        let mut car = Car::new(setup(what));
        for (pause, part, number, driven) in steps {
            car.now += pause;
            car.driven += driven;
            car.fuel = number % 106 * 1000;
            car.wh = number % 101 * BATTERY / 100;
            car.added = number % 600 * 100;
            car.watts = number % 12 * 1000;
            car.plugged = number % 3 != 0;
            car.speed = number % 4 * 30;
            car.say(1 << part, u8::try_from(number % 60).unwrap_or(u8::MAX));
        }
        car.life
    })
}

fn live(steps: &[Step], setup: Setup) -> Life {
    let mut car = Car::new(setup);
    car.say(u16::MAX, u8::MAX);
    for step in steps {
        car.now += step.pause * 60;
        car.does(step);
        car.say(step.says, step.oddity);
    }
    car.life
}

impl Car {
    fn new(setup: Setup) -> Self {
        let life = Life { sightings: Vec::new(), setup, charged: 0, filled: 0, driven: 0 };
        Self {
            now: 0,
            driven: 0,
            counter: 30_000_000,
            fuel: 60_000,
            wh: BATTERY / 2,
            added: 0,
            watts: 0,
            plugged: false,
            speed: 0,
            life,
        }
    }

    fn does(&mut self, step: &Step) {
        match step.doing {
            Doing::Stand => {}
            Doing::Drive { metres, seen } => {
                self.drive(metres / 2);
                if seen {
                    self.speed = 60;
                    self.say(step.says.rotate_left(3), u8::MAX);
                    self.speed = 0;
                }
                self.drive(metres - metres / 2);
            }
            Doing::Fill { level } => {
                self.now += 300;
                self.life.filled += (level - self.fuel).max(0);
                self.fuel = self.fuel.max(level);
            }
            Doing::Charge { minutes, watts, seen } => {
                (self.plugged, self.watts, self.added) = (true, watts, 0);
                if seen {
                    self.say(u16::MAX, u8::MAX);
                }
                self.charge(minutes * 30);
                self.say(step.says.rotate_left(5), u8::MAX);
                self.charge(minutes * 30);
                self.watts = 0;
                if seen {
                    self.say(step.says.rotate_left(7), u8::MAX);
                }
                self.now += 120;
                self.plugged = false;
            }
        }
    }

    fn drive(&mut self, metres: i64) {
        // At sixty an hour, as far as there is something to drive with.
        self.now += metres * 60 / 1000;
        self.driven += metres;
        self.life.driven += metres;
        self.wh = (self.wh - metres * WH_PER_KM / 1000).max(0);
        self.fuel = (self.fuel - metres * FUEL_PER_KM / 1000).max(2_000);
    }

    fn charge(&mut self, seconds: i64) {
        let wh = (self.watts * seconds / 3600).min(BATTERY - self.wh);
        self.now += seconds;
        self.wh += wh;
        self.added += wh;
        self.life.charged += wh;
    }

    /// The counter as it is shown, sense or not.
    fn shown(&mut self, oddity: u8) -> i64 {
        let metres = self.counter + self.driven;
        match oddity {
            0 => 0,
            1 => metres + 5_000_000,
            2 => metres - 4_000_000,
            3 => metres * 100_000 / 160_934,
            4 => 429_496_729_000,
            5 => metres - 700,
            6 => metres + 60_000,
            7 => {
                self.counter = 50_000 - self.driven;
                50_000
            }
            _ => metres,
        }
    }

    fn say(&mut self, says: u16, oddity: u8) {
        let milli = |number: i64| Value::Number(Milli(number));
        let is_on = self.watts > 0;
        let place = match oddity {
            8 => Value::Position(Position { latitude_e6: 0, longitude_e6: 0 }),
            9 => Value::Position(east(900_000)),
            10 => Value::Text("zone:00000000-0000-0000-0000-000000000001".to_owned()),
            // To and fro along a road of 40 km.
            _ => Value::Position(east((self.driven / 10 * 9 % 80_000 - 40_000).abs())),
        };
        let charge = if oddity == 11 { 0 } else { self.wh * 100 / BATTERY * 1000 };
        let fuel = match oddity {
            12 => 0,
            13 => 255_000,
            14 => (self.fuel + 30_000).min(100_000),
            _ => self.fuel / 1000 * 1000,
        };
        let status = match (is_on ^ (oddity == 15), self.wh == BATTERY) {
            (true, _) => "CHARGING",
            (false, true) => "FULLY_CHARGED",
            (false, false) => "NOT_CHARGING",
        };
        let shown = self.shown(oddity);
        let all = [
            (Signal::ODOMETER, milli(shown)),
            (Signal::FUEL_LEVEL, milli(fuel)),
            (Signal::STATE_OF_CHARGE, milli(charge)),
            (Signal::LOCATION, place),
            (Signal::GEAR_STATE, Value::Text(if self.speed > 0 { "D" } else { "P" }.to_owned())),
            (Signal::SPEED, milli(self.speed * 1000)),
            (Signal::IS_CHARGING, Value::Bool(is_on ^ (oddity == 16))),
            (Signal::CABLE_CONNECTED, Value::Bool(self.plugged ^ (oddity == 17))),
            (Signal::CHARGING_STATUS, Value::Text(status.to_owned())),
            (Signal::ENERGY_ADDED, milli(if oddity == 18 { 0 } else { self.added })),
            (Signal::WATTAGE, milli(self.watts * 1000)),
            (Signal::FUEL_AMOUNT, milli(self.fuel / 2)),
            (Signal::OUTSIDE_TEMPERATURE, milli(18_000)),
            (Signal::BATTERY_CAPACITY, milli(BATTERY + 4_000)),
            (Signal::TIRES, tyres(self.driven / 100_000, oddity)),
            (Signal::TROUBLE_CODES, codes(self.driven / 50_000, oddity)),
        ];
        for (number, (code, value)) in (0i64..).zip(all) {
            if says & (1 << number) != 0 {
                // The parts of a report have ages of their own.
                let age = if oddity == 19 { number * 400 } else { number % 3 };
                let at = start() + TimeDelta::seconds(self.now - age);
                let signal = Signal::new(code);
                let reading = Reading { at, signal, value, quality: TimeQuality::Oem, original: None };
                self.life.sightings.push(Sighting { reading, by_hand: oddity == 20 });
            }
        }
    }
}

/// The second tyre leaks, is pumped up now and then, and some sensors are odd.
fn tyres(way: i64, oddity: u8) -> Value {
    let leaky = if oddity == 21 { 120 } else { 250 - way % 9 * 8 };
    let wheels = [250, leaky, 248, 251].into_iter().zip(0..).map(|(kpa, place): (i64, i64)| {
        let kpa = if oddity == 8 && place == 3 { "null".to_owned() } else { kpa.to_string() };
        format!(r#"{{"column":{},"row":{},"tirePressure":{kpa}}}"#, place % 2, place / 2)
    });
    Value::Structure(format!(r#"{{"unit":"kPa","values":[{}]}}"#, wheels.collect::<Vec<_>>().join(",")))
}

/// Codes that come and go.
fn codes(way: i64, oddity: u8) -> Value {
    let codes = (0..4)
        .filter(|code| way % 7 == *code || oddity == 9)
        .map(|code| format!(r#"{{"code":"P030{code}"}}"#));
    Value::Structure(format!(r#"{{"values":[{}]}}"#, codes.collect::<Vec<_>>().join(",")))
}

/// What people told, their rows numbered from `first`.
pub fn some_facts(first: u128) -> impl Strategy<Value = Vec<Fact>> {
    let fact = (0i64..30_000, 29_900i64..30_600, 0u8..4);
    proptest::collection::vec(fact, 0..4).prop_map(move |facts| {
        let facts = (first..).zip(facts).map(|(number, (minute, km, what))| {
            let (at, row) = (start() + TimeDelta::minutes(minute), RowId(number));
            match what {
                0 | 1 => Fact::MeterEntry { at, odometer: Distance::from_km(km), row },
                2 => Fact::OdometerReplaced { at },
                _ => Fact::FillUp { at, litres: Milli(km * 1000 % 60_000), full: None, odometer: None, row },
            }
        });
        facts.collect()
    })
}
