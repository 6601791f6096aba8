//! An installation of its own: ingest and workers as processes, on a fresh database and fresh broker names.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use harness::{Process, TestDatabase, program};
use simulator::{CarIdentity, Options};
use sqlx::PgPool;
use uuid::Uuid;

pub const SECRET: &str = "1f3a9f0e-5a7d-4a44-9d0c-1f6f0d1f9a55";
pub const PATIENCE: Duration = Duration::from_mins(2);

pub struct Installation {
    database_url: String,
    pub pool: PgPool,
    pub amqp_url: String,
    namespace: String,
    /// Where webhooks are taken.
    pub door: String,
    /// Ends with the installation.
    _ingest: Process,
}

impl Installation {
    /// With a fresh database, and the broker at this address.
    pub async fn on(database: &TestDatabase, amqp_url: &str) -> Self {
        let namespace = harness::namespace();
        let mut command = program("ingest");
        command
            .env("INGEST_ADDR", "127.0.0.1:0")
            .env("DATABASE_URL", &database.url)
            .env("AMQP_URL", amqp_url)
            .env("AMQP_NAMESPACE", &namespace)
            .env("SMARTCAR_WEBHOOK_SECRET", SECRET);
        let mut ingest = Process::start(command);
        let door = ingest.address(PATIENCE, "http://").await;
        ingest.ready(PATIENCE, &format!("{door}/readyz")).await;
        Self {
            database_url: database.url.clone(),
            pool: database.pool.clone(),
            amqp_url: amqp_url.to_owned(),
            namespace,
            door: format!("{door}/api/smartcar/webhook"),
            _ingest: ingest,
        }
    }

    pub fn worker(&self) -> Process {
        let mut command = program("worker");
        command
            .env("DATABASE_URL", &self.database_url)
            .env("AMQP_URL", &self.amqp_url)
            .env("AMQP_NAMESPACE", &self.namespace)
            .env("BATCH_SIZE", "50");
        Process::start(command)
    }

    pub fn scheduler(&self) -> Process {
        let mut command = program("scheduler");
        command
            .env("DATABASE_URL", &self.database_url)
            .env("AMQP_URL", &self.amqp_url)
            .env("AMQP_NAMESPACE", &self.namespace);
        Process::start(command)
    }

    /// What a simulator needs to talk to this installation: some days of these cars, told within `seconds`.
    pub fn options(&self, cars: usize, days: i64, seconds: f64) -> Options {
        let until = DateTime::<Utc>::from(std::time::SystemTime::now());
        let start = until - TimeDelta::days(days);
        #[expect(clippy::cast_precision_loss, reason = "some days in seconds")]
        let speed = (days * 86_400) as f64 / seconds;
        Options { cars, speed, until: Some(until), ..Options::new(&self.door, SECRET, start) }
    }

    /// Connects the simulator's cars, as their owners would have.
    pub async fn connect(&self, fleet: &[CarIdentity]) {
        for car in fleet {
            connect(&self.pool, &car.smartcar_vehicle_id, &car.smartcar_user_id, &car.name).await;
        }
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }
}

/// Makes a car and its connection, and gives the car's id.
pub async fn connect(pool: &PgPool, vehicle: &str, user: &str, name: &str) -> Uuid {
    sqlx::query_scalar(
        "WITH person AS (INSERT INTO auth.users DEFAULT VALUES RETURNING id),
              car AS (INSERT INTO cars (user_id, name) SELECT id, $3 FROM person RETURNING id)
         INSERT INTO smartcar_vehicles (car_id, smartcar_vehicle_id, smartcar_user_id)
         SELECT id, $1, $2 FROM car RETURNING car_id",
    )
    .bind(vehicle)
    .bind(user)
    .bind(name)
    .fetch_one(pool)
    .await
    .unwrap()
}
