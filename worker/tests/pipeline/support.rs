//! A pipeline without its door: a fresh database with connected cars, fresh broker names, workers in this process.

use std::thread;
use std::time::Duration;

use broker::message::{DeliveryV1, Source};
use broker::{BrokerOptions, Destination, Publisher, Session};
use chrono::{DateTime, TimeDelta, Utc};
use clap::Parser;
use runtime::lifecycle::Lifecycle;
use serde_json::json;
use sqlx::PgPool;
use tokio::time::Instant;
use uuid::Uuid;
use worker::Config;

pub const PATIENCE: Duration = Duration::from_mins(1);

pub struct Pipeline {
    pub database: harness::TestDatabase,
    pub namespace: String,
    publisher: Publisher,
    lives: Vec<Lifecycle>,
    own: Lifecycle,
    queues: Queues,
}

/// A connected car.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Car {
    pub id: Uuid,
    pub vehicle: Uuid,
    pub smartcar_vehicle_id: String,
    pub smartcar_user_id: String,
}

impl Car {
    pub fn new() -> Self {
        Self {
            id: Uuid::new_v4(),
            vehicle: Uuid::new_v4(),
            smartcar_vehicle_id: Uuid::new_v4().to_string(),
            smartcar_user_id: Uuid::new_v4().to_string(),
        }
    }
}

impl Pipeline {
    pub async fn new() -> Self {
        let namespace = harness::namespace();
        let own = Lifecycle::new(Duration::from_secs(5));
        let options = BrokerOptions::new(&harness::amqp_url(), &namespace, "test").unwrap();
        let publisher = Publisher::start(&options, &own.tasks());
        Self {
            database: harness::database().await,
            namespace,
            publisher,
            lives: Vec::new(),
            own,
            queues: Queues(options),
        }
    }

    pub fn pool(&self) -> &PgPool {
        &self.database.pool
    }

    /// Starts a worker in this process.
    pub async fn worker(&mut self, batch_size: u16) {
        self.worker_with(&["--batch-size", &batch_size.to_string()]).await;
    }

    /// The same with other settings.
    pub async fn worker_with(&mut self, more: &[&str]) {
        self.worker_by(&harness::amqp_url(), more).await;
    }

    /// The same by another way to the broker.
    pub async fn worker_by(&mut self, amqp_url: &str, more: &[&str]) {
        let life = Lifecycle::new(Duration::from_secs(8));
        let addresses = ["--database-url", &self.database.url, "--amqp-url", amqp_url];
        let names = ["--amqp-namespace", &self.namespace];
        let words = ["worker"].into_iter().chain(addresses).chain(names).chain(more.iter().copied());
        worker::start(&Config::parse_from(words), &life).await.unwrap();
        self.lives.push(life);
    }

    /// Lets all workers finish, within their grace.
    pub async fn stop_workers(&mut self) {
        for life in self.lives.drain(..) {
            life.shut_down().await;
        }
    }

    pub async fn car(&self) -> Car {
        let car = Car::new();
        self.add(&car).await;
        car
    }

    pub async fn add(&self, car: &Car) {
        let user = Uuid::new_v4();
        sqlx::query("INSERT INTO auth.users (id) VALUES ($1)").bind(user).execute(self.pool()).await.unwrap();
        sqlx::query("INSERT INTO cars (id, user_id, name) VALUES ($1, $2, 'a car')")
            .bind(car.id)
            .bind(user)
            .execute(self.pool())
            .await
            .unwrap();
    }

    pub async fn connect(&self, car: &Car) {
        sqlx::query(
            "INSERT INTO smartcar_vehicles (id, car_id, smartcar_vehicle_id, smartcar_user_id) VALUES ($1, $2, $3, $4)",
        )
        .bind(car.vehicle)
        .bind(car.id)
        .bind(&car.smartcar_vehicle_id)
        .bind(&car.smartcar_user_id)
        .execute(self.pool())
        .await
        .unwrap();
    }

    pub async fn connected_car(&self) -> Car {
        let car = self.car().await;
        self.connect(&car).await;
        car
    }

    pub async fn deliver(&self, deliveries: &[DeliveryV1]) {
        let deadline = Instant::now() + PATIENCE;
        let messages: Vec<_> =
            deliveries.iter().map(|one| (Destination::Webhook { version: "v4" }, one)).collect();
        for outcome in self.publisher.publish_all(messages, deadline).await {
            outcome.unwrap();
        }
    }

    pub fn publisher(&self) -> &Publisher {
        &self.publisher
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(self.pool()).await.unwrap()
    }

    /// Waits until a query that counts gives this number.
    pub async fn until(&self, sql: &'static str, number: i64) {
        harness::eventually(PATIENCE, &format!("{sql} gives {number}"), async || {
            self.count(sql).await == number
        })
        .await;
    }

    pub async fn all_are_stored(&self, number: usize) {
        self.until("SELECT count(*) FROM webhook_events", i64::try_from(number).unwrap()).await;
    }

    /// The mileage book of a car: what people see, without the moment at which it was written.
    pub async fn book(&self, car: &Car) -> Vec<String> {
        sqlx::query_scalar(
            "SELECT concat_ws(' ', to_char(entry_date AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), odometer_reading, notes)
             FROM meter_entries WHERE car_id = $1 ORDER BY entry_date, odometer_reading, id",
        )
        .bind(car.id)
        .fetch_all(self.pool())
        .await
        .unwrap()
    }

    pub async fn stop(self) {
        for life in self.lives {
            life.shut_down().await;
        }
        drop(self.publisher);
        self.own.shut_down().await;
        self.database.close().await;
        drop(self.queues);
    }
}

/// The queues of a test, which go with it: a broker that many tests share would be full of them.
pub struct Queues(BrokerOptions);

impl Drop for Queues {
    fn drop(&mut self) {
        let options = self.0.clone();
        // A thread with a runtime of its own, because the test's may not be blocked on.
        let removal = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                // Best effort: a test may have taken the broker away.
                let Ok(session) = Session::open(&options).await else { return };
                options.topology().delete(&session).await.ok();
                session.close().await;
            });
        });
        removal.join().ok();
    }
}

/// A day in the past, so that no reading lies in the future.
pub fn start() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_500)
}

/// A reading of a car: minutes after [`start`], and kilometres.
pub fn odometer(car: &Car, minute: i64, km: f64) -> DeliveryV1 {
    delivery(
        car,
        &json!([signal("odometer-traveleddistance", minute, &json!({ "value": km, "unit": "km" }))]),
    )
}

pub fn signal(code: &str, minute: i64, body: &serde_json::Value) -> serde_json::Value {
    let at = (start() + TimeDelta::minutes(minute)).timestamp_millis();
    json!({
        "code": code, "name": "", "group": "", "body": body,
        "meta": { "oemUpdatedAt": at, "retrievedAt": at + 40_000 }, "status": { "value": "SUCCESS" },
    })
}

pub fn delivery(car: &Car, signals: &serde_json::Value) -> DeliveryV1 {
    let event_id = Uuid::new_v4().to_string();
    let body = json!({
        "eventId": event_id, "eventType": "VEHICLE_STATE",
        "data": {
            "user": { "id": car.smartcar_user_id },
            "vehicle": { "id": car.smartcar_vehicle_id, "make": "VOLVO", "model": "EX30", "year": 2025 },
            "signals": signals,
        },
        "triggers": [], "meta": { "version": "4.0", "deliveredAt": start().timestamp_millis() },
    });
    of(event_id, &body.to_string())
}

pub fn of(event_id: String, body: &str) -> DeliveryV1 {
    DeliveryV1::new(event_id, runtime::clock::now(), Source::Webhook, body.as_bytes().to_vec())
}
