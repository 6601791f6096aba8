//! The spool as a second source of deliveries: drained beside the queue, also while there is no queue.

use std::time::Duration;

use broker::message::DeliveryV1;
use clap::Parser;
use harness::proxy::Proxy;
use runtime::lifecycle::Lifecycle;
use store::events::EventSource;
use store::spool::{self, SpooledDelivery};
use worker::Config;

use crate::support::{Car, PATIENCE, Pipeline, odometer, of};

const NO_BROKER: &str = "amqp://127.0.0.1:1/%2f";
const SPOOLED: &str = "SELECT count(*) FROM ingest_spool";

/// What the door writes when the broker does not confirm.
async fn put(pipeline: &Pipeline, deliveries: &[DeliveryV1]) {
    let rows: Vec<SpooledDelivery> = deliveries
        .iter()
        .map(|one| SpooledDelivery {
            event_id: one.event_id.clone(),
            source: EventSource::Webhook,
            received_at: one.received_at,
            body: one.body.clone(),
            traceparent: None,
        })
        .collect();
    let mut db = pipeline.pool().acquire().await.unwrap();
    spool::insert(&mut db, &rows.iter().collect::<Vec<_>>(), runtime::clock::now()).await.unwrap();
}

/// A worker that nobody but the spool brings anything.
async fn without_a_broker(database_url: &str, batch_size: &str) -> Lifecycle {
    let life = Lifecycle::new(Duration::from_secs(8));
    let arguments =
        ["worker", "--database-url", database_url, "--amqp-url", NO_BROKER, "--batch-size", batch_size];
    worker::start(&Config::parse_from(arguments), &life).await.unwrap();
    life
}

/// A car's kilometres in its order: enough that any doubling or loss shows in the book.
fn a_drive(car: &Car, readings: i64) -> Vec<DeliveryV1> {
    (0..readings).map(|n| odometer(car, n * 10, 100.0 + f64::from(i32::try_from(n).unwrap()))).collect()
}

/// Lets the database refuse one event for its data, as a column that is too narrow would.
async fn refuse_poison(pipeline: &Pipeline) {
    sqlx::raw_sql(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '22000'; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON webhook_events FOR EACH ROW
         WHEN (NEW.event_id = 'poison') EXECUTE FUNCTION refuse();",
    )
    .execute(pipeline.pool())
    .await
    .unwrap();
}

#[tokio::test]
async fn what_was_spooled_becomes_an_entry_while_the_broker_is_still_away() {
    let pipeline = Pipeline::new().await;
    let car = pipeline.connected_car().await;
    put(&pipeline, &[odometer(&car, 480, 25_010.0)]).await;
    let life = without_a_broker(&pipeline.database.url, "200").await;
    pipeline.until(SPOOLED, 0).await;
    assert_eq!(pipeline.book(&car).await, ["2026-02-16 08:00 25010 Automatically synced from Smartcar"]);

    put(&pipeline, &[odometer(&car, 900, 25_042.5)]).await;
    pipeline.until(SPOOLED, 0).await;
    assert_eq!(pipeline.book(&car).await.len(), 2, "what comes later is seen as well");
    life.shut_down().await;
    pipeline.stop().await;
}

#[tokio::test]
async fn a_delivery_that_reached_the_queue_and_the_spool_is_one_event_and_one_entry() {
    let mut pipeline = Pipeline::new().await;
    let car = pipeline.connected_car().await;
    let drive = a_drive(&car, 60);
    put(&pipeline, &drive).await;
    pipeline.deliver(&drive).await;
    pipeline.worker(7).await;
    pipeline.worker(7).await;
    pipeline.until(SPOOLED, 0).await;
    pipeline.all_are_stored(60).await;
    assert_eq!(pipeline.book(&car).await.len(), 60);
    assert_eq!(pipeline.count("SELECT count(*) FROM parked_messages").await, 0);
    pipeline.stop().await;
}

#[tokio::test]
async fn two_workers_drain_five_hundred_rows_and_double_none() {
    let pipeline = Pipeline::new().await;
    let cars = [pipeline.connected_car().await, pipeline.connected_car().await];
    for car in &cars {
        put(&pipeline, &a_drive(car, 250)).await;
    }
    let lives = [
        without_a_broker(&pipeline.database.url, "20").await,
        without_a_broker(&pipeline.database.url, "20").await,
    ];
    pipeline.until(SPOOLED, 0).await;
    assert_eq!(pipeline.count("SELECT count(*) FROM webhook_events").await, 500);
    for car in &cars {
        assert_eq!(pipeline.book(car).await.len(), 250);
    }
    for life in lives {
        life.shut_down().await;
    }
    pipeline.stop().await;
}

#[tokio::test]
async fn a_row_that_the_database_refuses_is_parked_alone() {
    let pipeline = Pipeline::new().await;
    let car = pipeline.connected_car().await;
    refuse_poison(&pipeline).await;
    let mut drive = a_drive(&car, 99);
    let poison = odometer(&car, 5, 100.5);
    drive.insert(63, of("poison".to_owned(), std::str::from_utf8(&poison.body).unwrap()));
    put(&pipeline, &drive).await;
    let lives = [
        without_a_broker(&pipeline.database.url, "200").await,
        without_a_broker(&pipeline.database.url, "40").await,
    ];
    pipeline.until(SPOOLED, 0).await;
    assert_eq!(pipeline.count("SELECT count(*) FROM webhook_events").await, 99);
    assert_eq!(pipeline.book(&car).await.len(), 99);
    let parked: Vec<(String, Vec<u8>)> = sqlx::query_as("SELECT message_key, body FROM parked_messages")
        .fetch_all(pipeline.pool())
        .await
        .unwrap();
    assert_eq!(parked, [("poison".to_owned(), poison.body)]);
    for life in lives {
        life.shut_down().await;
    }
    pipeline.stop().await;
}

#[tokio::test]
async fn a_row_that_nobody_understands_is_parked_and_its_neighbours_are_folded() {
    let pipeline = Pipeline::new().await;
    let car = pipeline.connected_car().await;
    let mut drive = a_drive(&car, 20);
    drive.insert(7, of("garbage".to_owned(), "{\"eventType\":"));
    put(&pipeline, &drive).await;
    let life = without_a_broker(&pipeline.database.url, "200").await;
    pipeline.until(SPOOLED, 0).await;
    assert_eq!(pipeline.book(&car).await.len(), 20);
    let parked = "SELECT count(*) FROM parked_messages WHERE message_key = 'garbage'";
    assert_eq!(pipeline.count(parked).await, 1);
    life.shut_down().await;
    pipeline.stop().await;
}

#[tokio::test]
async fn a_database_that_goes_in_the_middle_and_comes_back_loses_and_doubles_nothing() {
    let pipeline = Pipeline::new().await;
    let car = pipeline.connected_car().await;
    put(&pipeline, &a_drive(&car, 300)).await;
    let wire = Proxy::to(&pipeline.database.url).await;
    let life = without_a_broker(wire.url(), "5").await;
    for part in [250, 150] {
        harness::eventually(PATIENCE, "some rows are drained", async || pipeline.count(SPOOLED).await < part)
            .await;
        wire.refuse();
        tokio::time::sleep(Duration::from_millis(300)).await;
        wire.accept();
    }
    pipeline.until(SPOOLED, 0).await;
    assert_eq!(pipeline.count("SELECT count(*) FROM webhook_events").await, 300);
    assert_eq!(pipeline.book(&car).await.len(), 300);
    assert_eq!(pipeline.count("SELECT count(*) FROM parked_messages").await, 0);
    life.shut_down().await;
    pipeline.stop().await;
}
