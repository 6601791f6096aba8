//! A year of made-up cars that report three times a day: what is found of their charging, and what is not made up.

use chrono::{DateTime, TimeDelta, Utc};
use domain::book::{Entry, EntryState};
use domain::charging::ChargingSession;
use domain::fold::Sighting;
use domain::reading::{Milli, Reading, Signal, TimeQuality, Value};
use domain::setup::{Powertrain, Setup};
use domain::timeline::{Settled, advance};

/// Chance that is the same in every run.
struct Dice(u64);

impl Dice {
    /// From nought to below `sides`.
    fn roll(&mut self, sides: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 33).unwrap_or(0) % sides
    }
}

/// What a car lets be known.
#[derive(Clone, Copy)]
struct Tells {
    flags: bool,
    counter: bool,
}

/// What truly happened: when it charged, and by how many points.
struct Charged {
    from: i64,
    to: i64,
    gained: f64,
}

/// A car, minute by minute.
struct Car {
    level: f64,
    km: f64,
    plugged: bool,
    charging: bool,
    counted: f64,
}

/// Percent a minute: 11 kW into 60 kWh.
const RATE: f64 = 11.0 / 60.0 / 60.0 * 100.0;
/// Percent a kilometre.
const USE: f64 = 0.3;
/// Percent a minute that a standing car loses.
const LOSS: f64 = 0.3 / 1440.0;

fn at(minute: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::minutes(minute)
}

fn report(minute: i64, car: &Car, tells: Tells, dice: &mut Dice, into: &mut Vec<Sighting>) {
    let number = |number: f64| Value::Number(Milli::from_f64(number).unwrap_or(Milli(0)));
    // The level warms up and cools down a little.
    let wobble = f64::from(dice.roll(11)) / 10.0 - 0.5;
    let mut said = vec![
        (Signal::ODOMETER, number(car.km.floor())),
        (Signal::STATE_OF_CHARGE, number((car.level + wobble).round().clamp(1.0, 100.0))),
    ];
    if tells.flags {
        said.push((Signal::IS_CHARGING, Value::Bool(car.charging)));
        said.push((Signal::CABLE_CONNECTED, Value::Bool(car.plugged)));
    }
    if tells.counter {
        said.push((Signal::ENERGY_ADDED, number((car.counted * 10.0).round() / 10.0)));
    }
    into.extend(said.into_iter().map(|(signal, value)| Sighting {
        reading: Reading {
            at: at(minute),
            signal: Signal::new(signal),
            value,
            quality: TimeQuality::Oem,
            original: None,
        },
        by_hand: false,
    }));
}

/// A year of commuting: plugged in on most evenings, now and then charged far from home.
fn a_year(seed: u64, tells: Tells) -> (Vec<Sighting>, Vec<Charged>) {
    let mut dice = Dice(seed);
    let mut car = Car { level: 70.0, km: 20_000.0, plugged: false, charging: false, counted: 0.0 };
    let (mut said, mut truth) = (Vec::new(), Vec::<Charged>::new());
    for day in 0..365i64 {
        let leave = 400 + i64::from(dice.roll(90));
        let back = 1000 + i64::from(dice.roll(120));
        let far = f64::from(15 + dice.roll(50));
        let plugs_in = car.level - far * USE < 55.0 || dice.roll(3) == 0;
        let drives = dice.roll(8) != 0;
        let reports: Vec<i64> = (0..3).map(|part| part * 480 + i64::from(dice.roll(480))).collect();
        for minute in 0..1440 {
            let now = day * 1440 + minute;
            car.level -= LOSS;
            if drives && minute == leave {
                (car.plugged, car.charging) = (false, false);
            }
            let driving =
                drives && (minute >= leave && minute < leave + 40 || minute >= back && minute < back + 40);
            if driving {
                car.km += far / 40.0;
                car.level -= far / 40.0 * USE;
            }
            if minute == back + 45 && plugs_in && !car.plugged {
                (car.plugged, car.charging, car.counted) = (true, car.level < 78.0, 0.0);
                if car.charging {
                    truth.push(Charged { from: now, to: now, gained: 0.0 });
                }
            }
            if car.charging {
                car.level += RATE;
                car.counted += 11.0 / 60.0;
                if let Some(session) = truth.last_mut() {
                    (session.to, session.gained) = (now, session.gained + RATE);
                }
                car.charging = car.level < 80.0;
            }
            if reports.contains(&minute) {
                report(now, &car, tells, &mut dice, &mut said);
            }
        }
    }
    (said, truth)
}

fn found(said: Vec<Sighting>) -> Vec<ChargingSession> {
    let setup = Setup {
        powertrain: Some(Powertrain::Electric),
        battery_usable: Some(Milli(60_000)),
        ..Setup::default()
    };
    let session = |entry: Entry| match entry {
        Entry::ChargingSession(session) => Some(session),
        _ => None,
    };
    let book = advance(Settled::default(), said, [], &setup).book;
    book.into_entries()
        .into_iter()
        .filter_map(session)
        .filter(|session| session.state != EntryState::Hidden)
        .collect()
}

/// Checks that of a thousand sessions of five points and more at least so many are found, and that nothing else is.
fn check(tells: Tells, per_mille: usize) {
    let (mut all, mut seen) = (0, 0);
    for seed in 1..=4 {
        let (said, truth) = a_year(seed, tells);
        let found = found(said);
        let meets = |session: &ChargingSession, real: &Charged| {
            session.start.after <= at(real.to) && session.end.is_none_or(|end| end.by >= at(real.from))
        };
        for session in &found {
            assert!(truth.iter().any(|real| meets(session, real)), "was not: {session:#?}");
        }
        let real: Vec<&Charged> = truth.iter().filter(|real| real.gained >= 5.0).collect();
        all += real.len();
        seen += real.iter().filter(|real| found.iter().any(|session| meets(session, real))).count();
    }
    assert!(seen * 1000 >= all * per_mille, "{seen} of {all}");
}

#[test]
fn a_car_that_tells_all_hides_no_session() {
    check(Tells { flags: true, counter: true }, 1000);
}

#[test]
fn flags_and_levels_show_ninety_nine_of_a_hundred_sessions() {
    check(Tells { flags: true, counter: false }, 990);
}

#[test]
fn levels_alone_show_all_but_those_that_the_way_home_hid() {
    check(Tells { flags: false, counter: false }, 970);
}

#[test]
fn a_car_that_stands_for_a_year_is_never_charged() {
    for seed in 1..=8 {
        let mut dice = Dice(seed);
        let mut car =
            Car { level: 90.0, km: 20_000.0, plugged: seed % 2 == 0, charging: false, counted: 15.0 };
        let mut said = Vec::new();
        for day in 0..365i64 {
            for part in 0..3 {
                let minute = day * 1440 + part * 480 + i64::from(dice.roll(480));
                car.level -= LOSS * 480.0 / 2.0;
                // The counter drifts, as counters of resting cars do.
                car.counted -= f64::from(dice.roll(3)) / 100.0;
                let tells = Tells { flags: seed > 2, counter: seed > 4 };
                report(minute, &car, tells, &mut dice, &mut said);
            }
        }
        assert_eq!(found(said), [], "{seed}");
    }
}

#[test]
fn what_is_remembered_of_a_long_night_stays_small() {
    let mut dice = Dice(1);
    let mut car = Car { level: 10.0, km: 20_000.0, plugged: true, charging: true, counted: 0.0 };
    let mut said = Vec::new();
    for minute in 0..1440 {
        car.level = (car.level + f64::from(dice.roll(13)) / 100.0).min(100.0);
        car.counted += f64::from(dice.roll(13)) / 100.0 * 0.6;
        report(minute, &car, Tells { flags: true, counter: true }, &mut dice, &mut said);
    }
    let tip = advance(Settled::default(), said, [], &Setup::default()).head.tip.map(|tip| tip.state);
    let bytes = serde_json::to_vec(&tip).map_or(usize::MAX, |json| json.len());
    // As text, where numbers and names are long; about a fifth of it as it is stored.
    assert!(bytes < 60_000, "{bytes}");
}
