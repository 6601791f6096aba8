//! What the tests share: a scheduler that looks often, the jobs that it asks for, and a car.

use std::time::Duration;

use broker::{BrokerOptions, Consumer, ConsumerLink, JobKind, Queue};
use clap::Parser;
use runtime::lifecycle::Lifecycle;
use scheduler::Config;
use sqlx::PgPool;
use tokio::time::timeout;
use uuid::Uuid;

pub const PATIENCE: Duration = Duration::from_secs(30);

pub async fn start_scheduler(database_url: &str, namespace: &str, life: &Lifecycle) {
    start_scheduler_with(&[], database_url, namespace, life).await;
}

pub async fn start_scheduler_with(more: &[&str], database_url: &str, namespace: &str, life: &Lifecycle) {
    let amqp_url = harness::amqp_url();
    let options = ["--look-every-seconds", "1", "--sweep-every-seconds", "1"];
    let addresses = ["--database-url", database_url, "--amqp-url", &amqp_url, "--amqp-namespace", namespace];
    let words = ["scheduler"].into_iter().chain(options).chain(addresses).chain(more.iter().copied());
    scheduler::start(&Config::parse_from(words), life).await.unwrap();
}

/// What waits in a queue of jobs, taken one after the other.
pub struct Jobs {
    consumer: Consumer,
}

impl Jobs {
    pub async fn open(kind: JobKind, namespace: &str, life: &Lifecycle) -> Self {
        let options = BrokerOptions::new(&harness::amqp_url(), namespace, "test").unwrap();
        let link = ConsumerLink::start(&options, &life.tasks());
        Self { consumer: Consumer::open(&link, Queue::Job(kind), 10).await.unwrap() }
    }

    pub async fn next(&mut self) -> Uuid {
        let message = timeout(PATIENCE, self.consumer.next()).await.unwrap().unwrap();
        let _settled = self.consumer.ack(message.tag).await;
        message.job().unwrap().subject()
    }

    /// Takes jobs until none comes for a while.
    pub async fn all(&mut self) -> Vec<Uuid> {
        let mut jobs = vec![self.next().await];
        while let Ok(Some(message)) = timeout(Duration::from_secs(4), self.consumer.next()).await {
            jobs.push(message.job().unwrap().subject());
            let _settled = self.consumer.ack(message.tag).await;
        }
        jobs
    }
}

pub async fn connected_car(pool: &PgPool) -> Uuid {
    connected_car_called("v-1", pool).await
}

pub async fn connected_car_called(name: &str, pool: &PgPool) -> Uuid {
    sqlx::query_scalar(
        "WITH person AS (INSERT INTO auth.users DEFAULT VALUES RETURNING id),
              car AS (INSERT INTO cars (user_id, name) SELECT id, 'a car' FROM person RETURNING id)
         INSERT INTO smartcar_vehicles (car_id, smartcar_vehicle_id, smartcar_user_id)
         SELECT id, $1, 'u-1' FROM car RETURNING id",
    )
    .bind(name)
    .fetch_one(pool)
    .await
    .unwrap()
}
