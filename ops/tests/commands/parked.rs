//! `carvetka parked`

use std::time::Duration;

use broker::message::{DeliveryV1, Source};
use broker::{BrokerOptions, Consumer, ConsumerLink, Destination, Publisher, Queue};
use clap::Parser;
use harness::{TestDatabase, eventually};
use runtime::lifecycle::Lifecycle;
use sqlx::PgPool;
use tokio::time::Instant;
use uuid::Uuid;

use crate::support::{Car, PATIENCE, carvetka, count, run, start};

/// A worker in this process, and a publisher.
struct Pipeline {
    database: TestDatabase,
    namespace: String,
    life: Lifecycle,
    publisher: Publisher,
}

impl Pipeline {
    async fn start() -> Self {
        let (database, namespace) = (harness::database().await, harness::namespace());
        let life = Lifecycle::new(Duration::from_secs(8));
        let config = worker::Config::parse_from([
            "worker",
            "--database-url",
            &database.url,
            "--amqp-url",
            &harness::amqp_url(),
            "--amqp-namespace",
            &namespace,
        ]);
        worker::start(&config, &life).await.unwrap();
        let options = BrokerOptions::new(&harness::amqp_url(), &namespace, "test").unwrap();
        let publisher = Publisher::start(&options, &life.tasks());
        Self { database, namespace, life, publisher }
    }

    async fn deliver(&self, event_id: &str, body: &str) {
        let delivery = DeliveryV1::new(
            event_id.to_owned(),
            runtime::clock::now(),
            Source::Webhook,
            body.as_bytes().to_vec(),
        );
        let to = Destination::Webhook { version: "v4" };
        self.publisher.deliver(to, &delivery, Instant::now() + PATIENCE).await.unwrap();
    }

    async fn until(&self, sql: &'static str, number: i64) {
        eventually(PATIENCE, sql, async || count(&self.database.pool, sql).await == number).await;
    }

    async fn stop(self) {
        drop(self.publisher);
        self.life.shut_down().await;
        self.database.close().await;
    }
}

const PARKED: &str = "SELECT count(*) FROM parked_messages WHERE state = 'parked'";

/// A row as a worker writes it for a delivery that it had read.
async fn park(pool: &PgPool, event_id: &str, body: &str) -> Uuid {
    let id = Uuid::new_v4();
    sqlx::query(
        "INSERT INTO parked_messages (id, queue, message_key, why, body, headers, parked_at)
         VALUES ($1, 'events', $2, 'the database refused it', $3,
           jsonb_build_object('type', 'delivery.v1', 'event_id', $2::text, 'source', 'webhook', 'received_at_ms', $4::bigint), now())",
    )
    .bind(id)
    .bind(event_id)
    .bind(body.as_bytes())
    .bind((start() + chrono::TimeDelta::days(2)).timestamp_millis())
    .execute(pool)
    .await
    .unwrap();
    id
}

#[tokio::test]
async fn a_replayed_delivery_is_folded_as_if_it_had_never_been_parked() {
    let pipeline = Pipeline::start().await;
    let car = Car::connect(&pipeline.database).await;
    let id = park(&pipeline.database.pool, "e-1", &car.odometer("e-1", 8, 25_010.0)).await;
    let ended =
        run(carvetka(&["parked", "replay", &id.to_string()], &pipeline.database.url, &pipeline.namespace))
            .await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.output.contains(&format!("{id} replayed")), "{ended:?}");
    pipeline.until("SELECT count(*) FROM meter_entries", 1).await;
    assert_eq!(car.book(&pipeline.database.pool).await, ["2026-02-16 08:00 25010"]);
    assert_eq!(
        count(&pipeline.database.pool, "SELECT count(*) FROM parked_messages WHERE state = 'replayed'").await,
        1
    );

    let again =
        run(carvetka(&["parked", "replay", &id.to_string()], &pipeline.database.url, &pipeline.namespace))
            .await;
    assert_eq!(again.code, Some(1));
    assert!(again.output.contains("is not parked"), "{again:?}");
    pipeline.stop().await;
}

#[tokio::test]
async fn what_fails_again_is_parked_again_under_the_same_id_and_replay_of_all_comes_to_an_end() {
    let pipeline = Pipeline::start().await;
    for event in ["bad-1", "bad-2", "bad-3"] {
        pipeline.deliver(event, "{ this is no delivery").await;
    }
    pipeline.until(PARKED, 3).await;
    let ids: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM parked_messages ORDER BY id")
        .fetch_all(&pipeline.database.pool)
        .await
        .unwrap();
    let ended =
        run(carvetka(&["parked", "replay", "--all"], &pipeline.database.url, &pipeline.namespace)).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.output.contains("replayed 3, left 0"), "{ended:?}");
    pipeline.until(PARKED, 3).await;
    let after: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM parked_messages ORDER BY id")
        .fetch_all(&pipeline.database.pool)
        .await
        .unwrap();
    assert_eq!(ids, after);
    pipeline.stop().await;
}

#[tokio::test]
async fn a_message_that_a_worker_cannot_even_read_goes_back_as_it_was() {
    let pipeline = Pipeline::start().await;
    let strange = broker::message::RawMessage {
        id: Some("strange".to_owned()),
        kind: Some("delivery.v9".to_owned()),
        content_type: None,
        headers: serde_json::Map::from_iter([("x-of-tomorrow".to_owned(), "yes".into())]),
        body: b"a body of tomorrow".to_vec(),
    };
    let to = Destination::Queue(Queue::Events);
    pipeline.publisher.publish(to, &strange, Instant::now() + PATIENCE).await.unwrap();
    pipeline.until(PARKED, 1).await;
    let (database, namespace) = (&pipeline.database, pipeline.namespace.clone());
    let shown = run(carvetka(&["parked", "list"], &database.url, &namespace)).await;
    assert!(shown.output.contains("strange"), "{shown:?}");
    // Nobody may take it before it is looked at.
    pipeline.life.shut_down().await;

    let ended = run(carvetka(&["parked", "replay", "--all"], &database.url, &namespace)).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let life = Lifecycle::new(Duration::from_secs(5));
    let options = BrokerOptions::new(&harness::amqp_url(), &namespace, "test").unwrap();
    let link = ConsumerLink::start(&options, &life.tasks());
    let mut consumer = Consumer::open(&link, Queue::Events, 1).await.unwrap();
    let message = tokio::time::timeout(PATIENCE, consumer.next()).await.unwrap().unwrap();
    let copy = message.copy();
    assert_eq!((copy.id, copy.kind), (strange.id, strange.kind));
    assert_eq!(copy.body, strange.body);
    assert_eq!(copy.headers["x-of-tomorrow"], "yes");
    drop(consumer);
    life.shut_down().await;
    pipeline.database.close().await;
}

#[tokio::test]
async fn a_broker_that_is_away_leaves_the_message_parked() {
    let database = harness::database().await;
    let id = park(&database.pool, "e-1", "{}").await;
    let mut command = carvetka(&["parked", "replay", &id.to_string()], &database.url, "unused");
    command.env("AMQP_URL", "amqp://guest:hunter2@127.0.0.1:9/%2f");
    let ended = run(command).await;
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.output.contains("everything stays parked") && !ended.output.contains("hunter2"),
        "{ended:?}"
    );
    assert_eq!(count(&database.pool, PARKED).await, 1);
    database.close().await;
}

#[tokio::test]
async fn a_message_is_listed_shown_and_discarded() {
    let database = harness::database().await;
    let empty = run(carvetka(&["parked", "list"], &database.url, "unused")).await;
    assert_eq!((empty.code, empty.output.as_str()), (Some(0), "nothing is parked"));

    let body = r#"{"eventType":"VEHICLE_STATE","data":{"signals":[{"code":"location-preciselocation","body":{"latitude":59.4,"longitude":24.7}}]}}"#;
    let id = park(&database.pool, "e-7", body).await.to_string();
    let list = run(carvetka(&["parked", "list"], &database.url, "unused")).await;
    assert!(list.output.contains(&id) && list.output.contains("the database refused it"), "{list:?}");
    let shown = run(carvetka(&["parked", "show", &id], &database.url, "unused")).await;
    assert_eq!(shown.code, Some(0));
    assert!(shown.output.contains("POSITIONS") && shown.output.contains(r#""latitude": 59.4"#), "{shown:?}");

    let discarded = run(carvetka(&["parked", "discard", &id], &database.url, "unused")).await;
    assert_eq!(discarded.code, Some(0), "{discarded:?}");
    assert_eq!(count(&database.pool, PARKED).await, 0);
    let again = run(carvetka(&["parked", "discard", &id], &database.url, "unused")).await;
    assert_eq!(again.code, Some(1));
    let nobody = run(carvetka(&["parked", "show", &Uuid::nil().to_string()], &database.url, "unused")).await;
    assert_eq!(nobody.code, Some(1));
    assert!(nobody.output.contains("no message has this id"), "{nobody:?}");
    database.close().await;
}
