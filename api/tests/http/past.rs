//! A connected car with two charging sessions behind it: 20 kWh at a place on 2026-02-16 from 18:00 to 20:00 UTC, 10 kWh
//! elsewhere two days later.

use chrono::{DateTime, TimeDelta, Utc};
use domain::fold::Sighting;
use domain::reading::{Milli, Position, Reading, Signal, TimeQuality, Value};
use runtime::clock;
use uuid::Uuid;

use crate::fixture::{Fixture, Somebody};

pub struct Past {
    pub car: Uuid,
    pub vehicle: Uuid,
}

/// Hours after midnight of 2026-02-16, UTC; what the car said then.
const SAID: [(i64, &str, &str, f64); 9] = [
    (17, "km", "at", 10.0),
    (18, "charging", "soc", 40.0),
    (19, "on", "soc", 60.0),
    (20, "done", "soc", 80.0),
    (32, "km 30", "at", 11.0),
    (68, "charging", "soc", 60.0),
    (70, "done", "soc", 80.0),
    (80, "km 30", "at", 12.0),
    (130, "km 0", "soc", 70.0),
];

impl Past {
    pub async fn of(fixture: &Fixture, owner: &Somebody) -> Self {
        let car = fixture.car(owner, "Berta").await;
        let vehicle = fixture.connection(owner, car).await;
        sqlx::query("UPDATE cars SET powertrain = 'electric', battery_usable_kwh = 50 WHERE id = $1")
            .bind(car)
            .execute(fixture.pool())
            .await
            .unwrap();
        let past = Self { car, vehicle };
        let mut db = fixture.pool().acquire().await.unwrap();
        store::readings::insert(&mut db, &past.sightings()).await.unwrap();
        past
    }

    fn sightings(&self) -> Vec<(Uuid, Sighting)> {
        let (mut km, mut kwh, mut seen) = (1_000.0, 0.0, Vec::new());
        for (hour, what, more, number) in SAID {
            let mut say = |signal: &str, value: Value| {
                let at = start() + TimeDelta::hours(hour);
                let reading = Reading {
                    at,
                    signal: Signal::new(signal),
                    value,
                    quality: TimeQuality::Oem,
                    original: None,
                };
                seen.push((self.vehicle, Sighting { reading, by_hand: false }));
            };
            let decimal = |number: f64| Value::Number(Milli::from_f64(number).unwrap());
            if let Some(driven) = what.strip_prefix("km") {
                km += driven.trim().parse::<f64>().unwrap_or_default();
                say(Signal::ODOMETER, decimal(km));
                say(Signal::CABLE_CONNECTED, Value::Bool(false));
            } else {
                let is_new = what == "charging";
                kwh = if is_new { 0.0 } else { kwh + 10.0 };
                say(Signal::CABLE_CONNECTED, Value::Bool(true));
                say(Signal::IS_CHARGING, Value::Bool(what != "done"));
                say(Signal::ENERGY_ADDED, decimal(kwh));
                say(Signal::ODOMETER, decimal(km));
            }
            match more {
                "at" => {
                    say(
                        Signal::LOCATION,
                        Value::Position(Position::from_degrees(0.000_001, number).unwrap()),
                    );
                }
                _ => say(Signal::STATE_OF_CHARGE, decimal(number)),
            }
        }
        seen
    }

    /// What the scheduler's job does, until nothing is left to do; at first of all that there is.
    pub async fn replay(&self, fixture: &Fixture) {
        let pool = fixture.pool();
        if self.dirty(fixture).await == 0 {
            let since = intake::replay::Since::TheStart;
            intake::replay::from(pool, self.vehicle, since, clock::now()).await.unwrap();
        }
        intake::replay::replay(pool, self.vehicle, clock::now()).await.unwrap();
        assert_eq!(self.dirty(fixture).await, 0);
    }

    pub async fn dirty(&self, fixture: &Fixture) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM dirty_vehicles").fetch_one(fixture.pool()).await.unwrap()
    }

    pub async fn sessions(&self, fixture: &Fixture) -> Vec<String> {
        let sql = "SELECT concat_ws(' ', to_char(started_at AT TIME ZONE 'UTC', 'MM-DD'), trim_scale(energy_kwh), 'kWh',
                     trim_scale(cost), currency, 'of ' || nullif(trim_scale(cost_share), 1))
                   FROM charging_sessions WHERE car_id = $1 AND state <> 'candidate' ORDER BY started_at";
        sqlx::query_scalar(sql).bind(self.car).fetch_all(fixture.pool()).await.unwrap()
    }

    pub async fn expenses(&self, fixture: &Fixture) -> Vec<String> {
        let sql = "SELECT concat_ws(' ', to_char(occurred_at AT TIME ZONE 'UTC', 'MM-DD'), trim_scale(amount), currency)
                   FROM expenses WHERE car_id = $1 ORDER BY occurred_at";
        sqlx::query_scalar(sql).bind(self.car).fetch_all(fixture.pool()).await.unwrap()
    }
}

fn start() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_500)
}
