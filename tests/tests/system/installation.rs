//! An installation of its own: ingest and workers as processes, on a fresh database and fresh broker names.

use std::process::{Command, ExitStatus};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use harness::{Process, TestDatabase, program};
use reqwest::{Client, StatusCode};
use simulator::{CarIdentity, Options};
use sqlx::PgPool;
use uuid::Uuid;

pub const SECRET: &str = "1f3a9f0e-5a7d-4a44-9d0c-1f6f0d1f9a55";
pub const PATIENCE: Duration = Duration::from_mins(2);

/// How long a program may take to end when it is told to: its grace is 8 s.
pub const STOPPED_WITHIN: Duration = Duration::from_secs(10);

pub struct Installation {
    database_url: String,
    pub pool: PgPool,
    pub amqp_url: String,
    /// What all names at the broker begin with.
    pub namespace: String,
    /// Where webhooks are taken.
    pub door: String,
    /// `http://host:port` of the door's program.
    address: String,
    /// Ends with the installation.
    ingest: Process,
}

impl Installation {
    /// With a fresh database, and the broker at this address.
    pub async fn on(database: &TestDatabase, amqp_url: &str) -> Self {
        let namespace = harness::namespace();
        let (ingest, address) = ingest("127.0.0.1:0", &database.url, amqp_url, &namespace).await;
        Self {
            database_url: database.url.clone(),
            pool: database.pool.clone(),
            amqp_url: amqp_url.to_owned(),
            namespace,
            door: format!("{address}/api/smartcar/webhook"),
            address,
            ingest,
        }
    }

    /// `kill -9` to the door, and a new one at the same address, ready when this returns.
    pub async fn kill_and_restart_the_door(&mut self) {
        self.ingest.kill_9();
        let address = self.address.trim_start_matches("http://");
        (self.ingest, self.address) =
            ingest(address, &self.database_url, &self.amqp_url, &self.namespace).await;
    }

    /// SIGTERM to the door, and a new one at the same address once it has ended; says how it ended.
    pub async fn stop_and_restart_the_door(&mut self) -> ExitStatus {
        self.ingest.terminate();
        let status = self.ingest.wait(STOPPED_WITHIN).await;
        let address = self.address.trim_start_matches("http://");
        (self.ingest, self.address) =
            ingest(address, &self.database_url, &self.amqp_url, &self.namespace).await;
        status
    }

    pub fn worker(&self) -> Process {
        Process::start(self.worker_command())
    }

    /// To be changed before it is started: what is set later wins.
    pub fn worker_command(&self) -> Command {
        let mut command = program("worker");
        command
            .env("DATABASE_URL", &self.database_url)
            .env("AMQP_URL", &self.amqp_url)
            .env("AMQP_NAMESPACE", &self.namespace)
            .env("BATCH_SIZE", "50");
        command
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

    /// A number that the door's program counts. Zero while there was nothing to count.
    pub async fn door_counts(&self, series: &str) -> u64 {
        counted(&self.address, series).await
    }

    /// Posts a signed body to the door.
    pub async fn post(&self, body: &[u8]) -> StatusCode {
        let signature = simulator::wire::sign(SECRET.as_bytes(), body);
        let post = Client::new().post(&self.door).header("SC-Signature", signature).body(body.to_vec());
        post.send().await.unwrap().status()
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }
}

/// Starts the door's program, and gives it and its address when it is ready.
async fn ingest(listen: &str, database_url: &str, amqp_url: &str, namespace: &str) -> (Process, String) {
    let mut command = program("ingest");
    command
        .env("INGEST_ADDR", listen)
        .env("DATABASE_URL", database_url)
        .env("AMQP_URL", amqp_url)
        .env("AMQP_NAMESPACE", namespace)
        .env("SMARTCAR_WEBHOOK_SECRET", SECRET);
    let mut ingest = Process::start(command);
    let address = ingest.address(PATIENCE, "http://").await;
    ingest.ready(PATIENCE, &format!("{address}/readyz")).await;
    // With its spool it is ready sooner than that.
    harness::eventually(PATIENCE, "the door is connected to the broker", async || {
        counted(&address, r#"broker_connected{connection="ingest publishing"}"#).await == 1
    })
    .await;
    (ingest, address)
}

/// A number that a program counts, as its operators see it. `series` is a name with all its labels.
pub async fn counted(address: &str, series: &str) -> u64 {
    let page = reqwest::get(format!("{address}/metrics")).await.unwrap().text().await.unwrap();
    let line = page.lines().find_map(|line| line.strip_prefix(series));
    line.map_or(0, |number| number.trim().parse().unwrap())
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
