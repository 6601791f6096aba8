//! Running `carvetka`, and a connected car with a past.

use std::process::{Command, Stdio};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use harness::{TestDatabase, program};
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

pub const PATIENCE: Duration = Duration::from_mins(1);

/// How a command ended, and what it printed.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub output: String,
}

/// The command with its servers, and with nothing else from the environment of this test.
pub fn carvetka(arguments: &[&str], database_url: &str, namespace: &str) -> Command {
    let mut command = program("carvetka");
    for name in ["SMARTCAR_WEBHOOK_SECRET", "SMARTCAR_CLIENT_SECRET", "INGEST_ADDR"] {
        command.env_remove(name);
    }
    command
        .args(arguments)
        .env("DATABASE_URL", database_url)
        .env("AMQP_URL", harness::amqp_url())
        .env("AMQP_NAMESPACE", namespace);
    command
}

/// Runs it to its end; what it printed on both streams is one text.
pub async fn run(command: Command) -> Ended {
    let mut command = tokio::process::Command::from(command);
    command.stdin(Stdio::null()).kill_on_drop(true);
    let ended = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = ended.expect("the command does not end").unwrap();
    let text = [output.stdout, output.stderr].concat();
    Ended { code: output.status.code(), output: String::from_utf8_lossy(&text).trim_end().to_owned() }
}

/// A connected car.
#[derive(Debug)]
pub struct Car {
    pub id: Uuid,
    pub vehicle: Uuid,
    pub smartcar_vehicle_id: String,
}

impl Car {
    pub async fn connect(database: &TestDatabase) -> Self {
        let car = Self {
            id: Uuid::new_v4(),
            vehicle: Uuid::new_v4(),
            smartcar_vehicle_id: Uuid::new_v4().to_string(),
        };
        let user = Uuid::new_v4();
        let pool = &database.pool;
        sqlx::query("INSERT INTO auth.users (id) VALUES ($1)").bind(user).execute(pool).await.unwrap();
        sqlx::query("INSERT INTO cars (id, user_id, name) VALUES ($1, $2, 'Blue Clio')")
            .bind(car.id)
            .bind(user)
            .execute(pool)
            .await
            .unwrap();
        sqlx::query("INSERT INTO smartcar_vehicles (id, car_id, smartcar_vehicle_id) VALUES ($1, $2, $3)")
            .bind(car.vehicle)
            .bind(car.id)
            .bind(&car.smartcar_vehicle_id)
            .execute(pool)
            .await
            .unwrap();
        car
    }

    /// The body of a delivery: an odometer so many hours after [`start`].
    pub fn odometer(&self, event_id: &str, hour: i64, km: f64) -> String {
        let at = (start() + TimeDelta::hours(hour)).timestamp_millis();
        let body = json!({
            "eventId": event_id, "eventType": "VEHICLE_STATE",
            "data": {
                "vehicle": { "id": self.smartcar_vehicle_id },
                "signals": [{
                    "code": "odometer-traveleddistance", "body": { "value": km, "unit": "km" },
                    "meta": { "oemUpdatedAt": at, "retrievedAt": at + 40_000 }, "status": { "value": "SUCCESS" },
                }],
            },
            "triggers": [], "meta": { "version": "4.0" },
        });
        body.to_string()
    }

    /// The mileage book: moment and kilometres.
    pub async fn book(&self, pool: &PgPool) -> Vec<String> {
        sqlx::query_scalar(
            "SELECT to_char(entry_date AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI ') || odometer_reading
             FROM meter_entries WHERE car_id = $1 ORDER BY entry_date",
        )
        .bind(self.id)
        .fetch_all(pool)
        .await
        .unwrap()
    }
}

/// 2026-02-16 00:00 UTC.
pub fn start() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_500)
}

pub async fn count(pool: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}
