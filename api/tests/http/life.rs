//! A connected car that tells its life line by line, as webhooks bring it, and its owner.

use broker::message::{DeliveryV1, Source};
use chrono::{DateTime, TimeDelta, Utc};
use intake::replay::{self, Since};
use intake::{KnownReadings, Understood, batch};
use runtime::clock;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::fixture::{Answered, Fixture, Somebody};

pub struct Life {
    pub fixture: Fixture,
    pub ann: Somebody,
    pub car: Uuid,
    pub vehicle: Uuid,
}

impl Life {
    /// Of a car with a battery of 50 kWh and, if it burns, a tank of 50 litres.
    pub async fn new(powertrain: &str) -> Self {
        let fixture = Fixture::new(&[]).await;
        let ann = fixture.somebody().await;
        let car = fixture.car(&ann, "Berta").await;
        let vehicle = fixture.connection(&ann, car).await;
        sqlx::query(
            "UPDATE cars SET powertrain = $2, battery_usable_kwh = 50, tank_capacity_l = CASE $2 WHEN 'electric' THEN NULL ELSE 50 END
             WHERE id = $1",
        )
        .bind(car)
        .bind(powertrain)
        .execute(fixture.pool())
        .await
        .unwrap();
        let life = Self { fixture, ann, car, vehicle };
        // What changed of the car counts for all of its days: before they were looked at, deliveries wait for that.
        life.replay().await;
        life
    }

    /// `story`: one line a webhook: `<day> <hh:mm> <what> <value> [<what> <value> …]`, `what` being `km`, `soc`, `fuel`,
    /// `charging` (yes, no), `cable` (in, out), `kwh` (the counter), `tires` (kPa of four, with commas), `codes` (with commas, or `none`),
    /// `oil` or `12v` (GOOD, WARN, BAD). Day 1 is 2026-02-17.
    pub async fn tell(&self, story: &str) {
        let deliveries: Vec<Understood> = lines(story).map(|line| self.delivery(line)).collect();
        let batch: Vec<&Understood> = deliveries.iter().collect();
        let pool = self.fixture.pool();
        let outcome = batch::handle(pool, &KnownReadings::default(), &batch, clock::now()).await.unwrap();
        assert_eq!((outcome.folded, outcome.parked), (deliveries.len(), 0));
    }

    fn delivery(&self, line: &str) -> Understood {
        let words: Vec<&str> = line.split_whitespace().collect();
        let at = at(words[0], words[1]).timestamp_millis();
        let signals = words[2..].chunks(2).map(|said| {
            let (code, body) = signal(said[0], said[1]);
            json!({
                "code": code, "name": "", "group": "", "body": body,
                "meta": { "oemUpdatedAt": at, "retrievedAt": at + 40_000 }, "status": { "value": "SUCCESS" },
            })
        });
        let event_id = Uuid::new_v4().to_string();
        let body = json!({
            "eventId": event_id, "eventType": "VEHICLE_STATE",
            "data": {
                "user": { "id": self.ann.id },
                "vehicle": { "id": self.car, "make": "VOLVO", "model": "EX30", "year": 2025 },
                "signals": signals.collect::<Vec<_>>(),
            },
            "triggers": [], "meta": { "version": "4.0", "deliveredAt": at + 60_000 },
        });
        let bytes = body.to_string().into_bytes();
        Understood::of(DeliveryV1::new(event_id, clock::now(), Source::Webhook, bytes))
    }

    /// Folds all of the car's life anew.
    pub async fn replay(&self) {
        let pool = self.fixture.pool();
        replay::from(pool, self.vehicle, Since::TheStart, clock::now()).await.unwrap();
    }

    pub fn path(&self, rest: &str) -> String {
        format!("/api/cars/{}/{rest}", self.car)
    }

    pub async fn get(&self, rest: &str) -> Answered {
        self.fixture.get(&self.ann, &self.path(rest)).await
    }

    pub async fn post(&self, rest: &str, body: &Value) -> Answered {
        if body.is_null() {
            let request = self.fixture.request(reqwest::Method::POST, &self.path(rest));
            return self.fixture.send(request.bearer_auth(&self.ann.token)).await;
        }
        self.fixture.post(&self.ann, &self.path(rest), body).await
    }

    pub async fn patch(&self, rest: &str, body: &Value) -> Answered {
        self.fixture.patch(&self.ann, &self.path(rest), body).await
    }

    /// A book with all that stands in it, oldest first.
    pub async fn book(&self, name: &str) -> Vec<Value> {
        let page = self.get(&format!("{name}?hidden=true")).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let mut items = page.json["items"].as_array().unwrap().clone();
        // Of parts that began at the same moment as far as is known, the one that may have begun earlier.
        items.sort_by_key(|entry| {
            ["startedAt", "filledAt", "startedAfter"].map(|name| entry[name].as_str().map(str::to_owned))
        });
        items
    }

    /// The same, a line an entry.
    pub async fn told(&self, name: &str) -> Vec<String> {
        self.book(name).await.iter().map(tell).collect()
    }

    /// The ids of a book, oldest first.
    pub async fn ids(&self, name: &str) -> Vec<String> {
        self.book(name).await.iter().map(|entry| entry["id"].as_str().unwrap().to_owned()).collect()
    }
}

/// An entry in a line: from when to when, what, its cost or purpose, and whose it is.
pub fn tell(entry: &Value) -> String {
    let clock = |name: &str| {
        let at: DateTime<Utc> = entry[name].as_str()?.parse().ok()?;
        Some(format!("{} {}", (at - start()).num_days(), at.format("%H:%M")))
    };
    let from = clock("startedAt").or_else(|| clock("filledAt")).unwrap();
    let to = clock("endedAt").map(|to| format!("to {to}"));
    let number = |name: &str, unit: &str| Some(format!("{} {unit}", entry[name].as_f64()?));
    let said = [
        to,
        number("energyKwh", "kWh"),
        number("distanceKm", "km"),
        number("litres", "l"),
        number("cost", entry["currency"].as_str().unwrap_or_default()),
        entry["purpose"].as_str().map(str::to_owned),
        entry["notes"].as_str().map(|notes| format!("'{notes}'")),
    ];
    let state = entry["state"].as_str().or(entry["finding"]["state"].as_str());
    let state = state.filter(|state| *state != "recorded").map(|state| format!("({state})"));
    [Some(from)].into_iter().chain(said).chain([state]).flatten().collect::<Vec<_>>().join(" ")
}

pub fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

pub fn at(day: &str, clock: &str) -> DateTime<Utc> {
    let (hours, minutes) = clock.split_once(':').unwrap();
    start()
        + TimeDelta::days(day.parse().unwrap())
        + TimeDelta::minutes(hours.parse::<i64>().unwrap() * 60 + minutes.parse::<i64>().unwrap())
}

/// A day in the past, so that no reading lies in the future.
fn start() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_500)
}

fn signal(what: &str, value: &str) -> (&'static str, Value) {
    let number = || value.parse::<f64>().unwrap();
    match what {
        "km" => ("odometer-traveleddistance", json!({ "value": number(), "unit": "km" })),
        "soc" => ("tractionbattery-stateofcharge", json!({ "value": number(), "unit": "percent" })),
        "fuel" => ("internalcombustionengine-fuellevel", json!({ "value": number(), "unit": "percent" })),
        "charging" => ("charge-ischarging", json!({ "value": value == "yes" })),
        "cable" => ("charge-ischargingcableconnected", json!({ "value": value == "in" })),
        "kwh" => ("charge-energyadded", json!({ "value": number(), "unit": "kWh" })),
        "oil" => ("internalcombustionengine-oillife", json!({ "value": number(), "unit": "percent" })),
        "12v" => ("lowvoltagebattery-status", json!({ "value": value })),
        "codes" => {
            let codes = value.split(',').filter(|code| *code != "none");
            let codes: Vec<Value> = codes.map(|code| json!({ "code": code, "timestamp": null })).collect();
            ("diagnostics-dtclist", json!({ "values": codes }))
        }
        "tires" => {
            let wheel = |(number, kpa): (usize, &str)| json!({ "row": number / 2, "column": number % 2, "tirePressure": kpa.parse::<f64>().unwrap() });
            let wheels: Vec<Value> = value.split(',').enumerate().map(wheel).collect();
            ("wheel-tires", json!({ "values": wheels, "rowCount": 2, "columnCount": 2, "unit": "kPa" }))
        }
        other => panic!("no such word in a story: {other}"),
    }
}
