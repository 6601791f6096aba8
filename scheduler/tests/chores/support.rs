//! What the tests share: a scheduler that looks often, and a car.

use std::time::Duration;

use clap::Parser;
use runtime::lifecycle::Lifecycle;
use scheduler::Config;
use sqlx::PgPool;
use uuid::Uuid;

pub const PATIENCE: Duration = Duration::from_secs(30);

pub async fn start_scheduler(database_url: &str, namespace: &str, life: &Lifecycle) {
    let amqp_url = harness::amqp_url();
    let options = ["--look-every-seconds", "1", "--sweep-every-seconds", "1"];
    let addresses = ["--database-url", database_url, "--amqp-url", &amqp_url, "--amqp-namespace", namespace];
    let words = ["scheduler"].into_iter().chain(options).chain(addresses);
    scheduler::start(&Config::parse_from(words), life).await.unwrap();
}

pub async fn connected_car(pool: &PgPool) -> Uuid {
    sqlx::query_scalar(
        "WITH person AS (INSERT INTO auth.users DEFAULT VALUES RETURNING id),
              car AS (INSERT INTO cars (user_id, name) SELECT id, 'a car' FROM person RETURNING id)
         INSERT INTO smartcar_vehicles (car_id, smartcar_vehicle_id, smartcar_user_id)
         SELECT id, 'v-1', 'u-1' FROM car RETURNING id",
    )
    .fetch_one(pool)
    .await
    .unwrap()
}
