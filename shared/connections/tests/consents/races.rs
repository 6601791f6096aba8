//! Deliveries that come before, while and after their car is connected: none is left behind.

use std::time::Duration;

use broker::message::{DeliveryV1, Source};
use connections::{Ask, Callback, Outcome};
use intake::{KnownReadings, Understood, batch, replay};
use serde_json::json;
use store::{dirty, events};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::fixture::{Stage, later, now, query};

/// A webhook about this vehicle, with a mileage of its own at an hour of its own.
fn webhook(user: &str, vehicle: &str, number: i64) -> DeliveryV1 {
    let event_id = Uuid::new_v4().to_string();
    let at = (now() - chrono::TimeDelta::hours(50 - number)).timestamp_millis();
    let body = json!({
        "eventId": event_id, "eventType": "VEHICLE_STATE",
        "data": {
            "user": { "id": user },
            "vehicle": { "id": vehicle, "make": "RENAULT", "model": "CLIO", "year": 2019 },
            "signals": [{
                "code": "odometer-traveleddistance", "name": "", "group": "",
                "body": { "value": 24_000 + number * 10, "unit": "km" },
                "meta": { "oemUpdatedAt": at, "retrievedAt": at }, "status": { "value": "SUCCESS" },
            }],
        },
        "triggers": [], "meta": { "version": "4.0", "deliveredAt": at },
    });
    DeliveryV1::new(event_id, now(), Source::Webhook, body.to_string().into_bytes())
}

async fn deliver(pool: &sqlx::PgPool, delivery: DeliveryV1) {
    let understood = Understood::of(delivery);
    // Each as from a process of its own.
    batch::handle(pool, &KnownReadings::default(), &[&understood], later(1)).await.unwrap();
}

/// What the scheduler does each minute, and workers after it.
async fn sweep(stage: &Stage) {
    let mut db = stage.pool().acquire().await.unwrap();
    let waiting = events::vehicles_with_waiting(&mut db, 100).await.unwrap();
    let marks: Vec<_> = waiting.iter().map(|vehicle| (*vehicle, later(2), "events waited")).collect();
    dirty::mark(&mut db, &marks).await.unwrap();
    drop(db);
    let marked: Vec<Uuid> =
        sqlx::query_scalar("SELECT vehicle_id FROM dirty_vehicles").fetch_all(stage.pool()).await.unwrap();
    for vehicle in marked {
        replay::replay(stage.pool(), vehicle, later(2)).await.unwrap();
    }
}

#[tokio::test]
async fn what_came_before_the_connection_is_in_the_book_when_the_person_is_back() {
    let stage = Stage::v3().await;
    let owner = stage.owner(None).await;
    let (user, vehicle) = (Uuid::new_v4().to_string(), stage.platform.vehicle(None));
    for number in [1, 2, 3] {
        deliver(stage.pool(), webhook(&user, &vehicle, number)).await;
    }
    // Somebody else's consent for the same vehicle is not theirs.
    deliver(stage.pool(), webhook(&Uuid::new_v4().to_string(), &vehicle, 4)).await;
    let begun = stage.begin(owner, Ask::default()).await;
    stage.platform.connect(&user, Some(&query(&begun, "external_id")), &vehicle);
    let outcome = stage.back(&begun, Callback { user_id: Some(user), ..Callback::default() }).await.outcome;
    assert!(matches!(outcome, Outcome::Connected { .. }), "{outcome:?}");
    assert_eq!(stage.book(owner.car).await.len(), 4, "three that waited, and the first sync");
    assert_eq!(stage.count("SELECT count(*) FROM webhook_events WHERE NOT processed").await, 1);
    assert_eq!(stage.count("SELECT count(*) FROM dirty_vehicles").await, 0);
    stage.close().await;
}

#[tokio::test]
async fn deliveries_that_come_while_the_connection_is_made_all_end_in_the_book() {
    let stage = Stage::v3().await;
    for round in 0..12 {
        let owner = stage.owner(None).await;
        let (user, vehicle) = (Uuid::new_v4().to_string(), stage.platform.vehicle(None));
        let begun = stage.begin(owner, Ask::default()).await;
        stage.platform.connect(&user, Some(&query(&begun, "external_id")), &vehicle);
        stage.platform.world().car_delay = Duration::from_millis(round % 4);
        let mut coming = JoinSet::new();
        for number in 1..=8 {
            let (pool, delivery) = (stage.pool().clone(), webhook(&user, &vehicle, number));
            let pause = Duration::from_millis(u64::try_from(number).unwrap() * (1 + round));
            coming.spawn(async move {
                tokio::time::sleep(pause).await;
                deliver(&pool, delivery).await;
            });
        }
        let connecting = stage.back(&begun, Callback { user_id: Some(user), ..Callback::default() });
        let (connected, ()) = tokio::join!(connecting, async { while coming.join_next().await.is_some() {} });
        assert!(matches!(connected.outcome, Outcome::Connected { .. }), "{connected:?}");
        sweep(&stage).await;
        assert_eq!(stage.book(owner.car).await.len(), 9, "round {round}: eight and the first sync");
    }
    assert_eq!(stage.count("SELECT count(*) FROM webhook_events WHERE NOT processed").await, 0);
    stage.close().await;
}

#[tokio::test]
async fn a_delivery_that_had_looked_for_its_car_before_it_was_connected_is_found_by_the_sweep() {
    let stage = Stage::v3().await;
    let owner = stage.owner(None).await;
    let (user, vehicle) = (Uuid::new_v4().to_string(), stage.platform.vehicle(None));
    // The worst moment: its transaction found no connection, and commits after everything is over.
    let mut tx = stage.pool().begin().await.unwrap();
    store::act_as_machine(&mut tx).await.unwrap();
    let late = Understood::of(webhook(&user, &vehicle, 1));
    let handled = batch::handle_in(&mut tx, &KnownReadings::default(), &[&late], later(1)).await.unwrap();
    let begun = stage.begin(owner, Ask::default()).await;
    stage.platform.connect(&user, Some(&query(&begun, "external_id")), &vehicle);
    stage.back(&begun, Callback { user_id: Some(user), ..Callback::default() }).await;
    tx.commit().await.unwrap();
    assert_eq!(handled.committed(&KnownReadings::default()).waiting, 1);
    assert_eq!(stage.book(owner.car).await.len(), 1);
    sweep(&stage).await;
    assert_eq!(stage.book(owner.car).await.len(), 2);
    stage.close().await;
}

#[tokio::test]
async fn a_replay_that_failed_once_is_asked_for_again() {
    let stage = Stage::v3().await;
    let owner = stage.owner(None).await;
    let (user, vehicle) = (Uuid::new_v4().to_string(), stage.platform.vehicle(None));
    deliver(stage.pool(), webhook(&user, &vehicle, 1)).await;
    // For a while, nothing of the machine's can be written to the book.
    sqlx::query("ALTER TABLE meter_entries ADD CONSTRAINT broken CHECK (false) NOT VALID")
        .execute(stage.pool())
        .await
        .unwrap();
    let begun = stage.begin(owner, Ask::default()).await;
    stage.platform.connect(&user, Some(&query(&begun, "external_id")), &vehicle);
    let outcome = stage.back(&begun, Callback { user_id: Some(user), ..Callback::default() }).await.outcome;
    assert!(matches!(outcome, Outcome::Connected { .. }), "{outcome:?}");
    assert_eq!(stage.count("SELECT count(*) FROM dirty_vehicles").await, 1);
    sqlx::query("ALTER TABLE meter_entries DROP CONSTRAINT broken").execute(stage.pool()).await.unwrap();
    sweep(&stage).await;
    assert_eq!(stage.book(owner.car).await.len(), 1);
    assert_eq!(stage.count("SELECT count(*) FROM dirty_vehicles").await, 0);
    stage.close().await;
}
