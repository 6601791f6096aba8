//! Disconnecting: at once here, until it is confirmed there.

use broker::message::DeliveryV1;
use chrono::TimeDelta;
use connections::{DisconnectError, Outcome, Source, SyncError};
use intake::{KnownReadings, Understood, batch};
use serde_json::json;
use uuid::Uuid;

use crate::fixture::{Stage, later, now};

#[tokio::test]
async fn leaving_revokes_the_consent_and_forgets_its_tokens_and_the_book_stays() {
    for stage in [Stage::v2().await, Stage::v3().await] {
        let (owner, vehicle, _) = stage.connected().await;
        let done =
            stage.connections.disconnect_vehicle(owner.user, owner.car, false, later(1)).await.unwrap();
        assert!(done.is_revoked);
        assert_eq!((done.entries_deleted, done.readings_deleted), (0, 0));
        assert!(stage.platform.world().access.is_empty() && stage.platform.world().connections.is_empty());
        assert_eq!(stage.count("SELECT count(*) FROM smartcar_grants").await, 0);
        assert_eq!(stage.count("SELECT count(*) FROM pending_revocations").await, 0);
        assert_eq!(stage.book(owner.car).await.len(), 1);
        let refused = stage.connections.sync_vehicle_data(vehicle, Source::Poll, later(2)).await.unwrap_err();
        assert!(matches!(refused, SyncError::NotConnected));
        let again =
            stage.connections.disconnect_vehicle(owner.user, owner.car, false, later(3)).await.unwrap_err();
        assert!(matches!(again, DisconnectError::NotConnected));
        stage.close().await;
    }
}

#[tokio::test]
async fn a_platform_that_does_not_confirm_is_told_again_until_it_does() {
    let stage = Stage::v2().await;
    let (owner, ..) = stage.connected().await;
    stage.platform.answers("/application", 500, json!({}));
    stage.platform.answers("/application", 500, json!({}));
    let done = stage.connections.disconnect_vehicle(owner.user, owner.car, false, later(1)).await.unwrap();
    assert!(!done.is_revoked);
    assert_eq!(stage.count("SELECT count(*) FROM smartcar_vehicles WHERE status = 'disconnected'").await, 1);
    assert_eq!(
        stage.count("SELECT count(*) FROM smartcar_grants").await,
        1,
        "its tokens are needed to revoke it"
    );
    assert_eq!(stage.connections.revoke_pending(10, later(1)).await.unwrap(), 0, "not before its time");
    assert_eq!(stage.connections.revoke_pending(10, later(3)).await.unwrap(), 0);
    let (one, other) = (stage.another(&[]), stage.another(&[]));
    let both = tokio::join!(one.revoke_pending(10, later(60)), other.revoke_pending(10, later(60)));
    assert_eq!(both.0.unwrap() + both.1.unwrap(), 1);
    assert_eq!(stage.platform.asked("/application"), 3);
    assert_eq!(stage.count("SELECT count(*) FROM smartcar_grants").await, 0);
    stage.close().await;
}

#[tokio::test]
async fn after_two_weeks_nobody_insists_and_the_tokens_are_forgotten() {
    let stage = Stage::v3().await;
    let (owner, ..) = stage.connected().await;
    stage.platform.answers("/connections", 500, json!({}));
    stage.platform.answers("/connections", 500, json!({}));
    stage.connections.disconnect_vehicle(owner.user, owner.car, false, now()).await.unwrap();
    stage.connections.revoke_pending(10, now() + TimeDelta::days(15)).await.unwrap();
    assert_eq!(stage.count("SELECT count(*) FROM pending_revocations").await, 0);
    assert_eq!(stage.count("SELECT count(*) FROM smartcar_grants").await, 0);
    stage.close().await;
}

#[tokio::test]
async fn who_connects_again_before_the_platform_confirmed_is_not_disconnected_by_it() {
    let stage = Stage::v2().await;
    let owner = stage.owner(None).await;
    let vehicle = stage.platform.vehicle(None);
    let user = Uuid::new_v4().to_string();
    let connect = async || {
        let begun = stage.begin(owner, connections::Ask::default()).await;
        stage.back_with_code(&begun, &stage.platform.code_of(&user, &[&vehicle])).await.outcome
    };
    connect().await;
    stage.platform.answers("/application", 500, json!({}));
    stage.connections.disconnect_vehicle(owner.user, owner.car, false, later(1)).await.unwrap();
    assert!(matches!(connect().await, Outcome::Connected { .. }));
    stage.connections.revoke_pending(10, later(60)).await.unwrap();
    assert_eq!(stage.platform.asked("/application"), 1, "the new consent was revoked");
    assert_eq!(stage.count("SELECT count(*) FROM smartcar_vehicles WHERE status = 'active'").await, 1);
    stage.close().await;
}

#[tokio::test]
async fn tokens_that_another_car_uses_are_kept() {
    let stage = Stage::new("v2", &["--free-vehicles", "2"]).await;
    let (owner, vehicle, _) = stage.connected().await;
    let grant = stage.grant_of(vehicle).await;
    let second = stage.second_car(owner, None).await;
    sqlx::query(
        "INSERT INTO smartcar_vehicles (car_id, user_id, smartcar_vehicle_id, smartcar_user_id, grant_id) VALUES ($1, $2, 'v', 'u', $3)",
    )
    .bind(second.car)
    .bind(owner.user)
    .bind(grant)
    .execute(stage.pool())
    .await
    .unwrap();
    stage.connections.disconnect_vehicle(owner.user, owner.car, false, later(1)).await.unwrap();
    assert_eq!(stage.count("SELECT count(*) FROM smartcar_grants").await, 1);
    stage.close().await;
}

#[tokio::test]
async fn who_wants_their_data_gone_keeps_what_they_wrote_themselves() {
    let stage = Stage::v2().await;
    let (owner, vehicle, smartcar_vehicle) = stage.connected().await;
    stage.platform.drive(&smartcar_vehicle, 25_100.0, "2026-02-16T10:00:00.000Z");
    stage.connections.sync_vehicle_data(vehicle, Source::Poll, later(1)).await.unwrap();
    sqlx::query("UPDATE meter_entries SET notes = 'mine now' WHERE odometer_reading = 25000")
        .execute(stage.pool())
        .await
        .unwrap();
    let done = stage.connections.disconnect_vehicle(owner.user, owner.car, true, later(2)).await.unwrap();
    assert!(done.entries_deleted >= 1 && done.readings_deleted > 0, "{done:?}");
    assert_eq!(stage.book(owner.car).await, ["2026-02-16 08:00 25000 mine now"]);
    for table in
        ["readings", "vehicle_states", "smartcar_sync_logs", "untimed_readings", "trips", "smartcar_vehicles"]
    {
        let left: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
            .fetch_one(stage.pool())
            .await
            .unwrap();
        assert_eq!(left, 0, "{table}");
    }
    assert_eq!(stage.count("SELECT count(*) FROM webhook_events WHERE body <> '{}'").await, 0);
    // The machine's deletion is no decision of a person.
    assert_eq!(stage.count("SELECT count(*) FROM decisions WHERE verdict = 'deleted'").await, 0);
    // Connected again, the car tells all that it can, although it said so before.
    let outcome = stage.connect(owner, &[&smartcar_vehicle]).await;
    assert!(matches!(outcome, Outcome::Connected { .. }), "{outcome:?}");
    assert_eq!(stage.count("SELECT count(*) FROM readings WHERE signal LIKE 'odometer%'").await, 1);
    stage.close().await;
}

/// What Smartcar sent at this minute, and what a worker made of it just now.
async fn delivered(stage: &Stage, smartcar_vehicle: &str, minute: i64, km: f64) -> batch::Outcome {
    let at = later(minute).timestamp_millis();
    let body = json!({
        "eventId": Uuid::new_v4(), "eventType": "VEHICLE_STATE",
        "data": { "vehicle": { "id": smartcar_vehicle }, "signals": [{
            "code": "odometer-traveleddistance", "body": { "value": km, "unit": "km" },
            "meta": { "oemUpdatedAt": at, "retrievedAt": at }, "status": { "value": "SUCCESS" } }] },
        "triggers": [], "meta": { "version": "4.0" },
    });
    let (id, body) = (Uuid::new_v4().to_string(), body.to_string().into_bytes());
    let delivery = DeliveryV1::new(id, later(minute), broker::message::Source::Webhook, body);
    let understood = Understood::of(delivery);
    batch::handle(stage.pool(), &KnownReadings::default(), &[&understood], later(minute)).await.unwrap()
}

#[tokio::test]
async fn what_was_under_way_when_its_owner_had_all_deleted_is_thrown_away_also_when_they_come_back() {
    for stage in [Stage::v2().await, Stage::v3().await] {
        let (owner, _, vehicle) = stage.connected().await;
        stage.connections.disconnect_vehicle(owner.user, owner.car, true, later(-10)).await.unwrap();
        for minute in [-20, -5] {
            let outcome = delivered(&stage, &vehicle, minute, 25_010.0).await;
            assert_eq!((outcome.waiting, outcome.readings_seen), (0, 0), "{outcome:?}");
        }
        let kept =
            "SELECT count(*) FROM webhook_events WHERE body <> '{}' OR vehicle_id <> '' OR NOT processed";
        assert_eq!(stage.count(kept).await, 0);
        assert_eq!(stage.book(owner.car).await, [""; 0]);

        let outcome = match stage.connect_again(owner, &vehicle).await {
            Outcome::Connected { vehicle_id, .. } => vehicle_id,
            other => panic!("{other:?}"),
        };
        let of_connecting = stage.book(owner.car).await;
        let late = delivered(&stage, &vehicle, -20, 25_020.0).await;
        assert_eq!(late.readings_seen, 0, "{late:?}");
        assert_eq!(stage.book(owner.car).await, of_connecting, "{outcome}");
        let new = delivered(&stage, &vehicle, 30, 25_030.0).await;
        assert_eq!(new.readings_new, 1, "{new:?}");
        stage.close().await;
    }
}

#[tokio::test]
async fn who_disconnected_long_ago_may_still_have_all_deleted() {
    let stage = Stage::v2().await;
    let (owner, _, vehicle) = stage.connected().await;
    stage.connections.disconnect_vehicle(owner.user, owner.car, false, later(1)).await.unwrap();
    // Another vehicle in the same car's place, and it leaves, too.
    let other = stage.platform.vehicle(None);
    stage.connect(owner, &[&other]).await;
    stage.connections.disconnect_vehicle(owner.user, owner.car, false, later(2)).await.unwrap();
    assert!(!stage.book(owner.car).await.is_empty());
    let done = stage.connections.disconnect_vehicle(owner.user, owner.car, true, later(60)).await.unwrap();
    assert!(done.entries_deleted > 0, "{done:?}");
    assert_eq!(stage.book(owner.car).await, [""; 0]);
    for one in [vehicle, other] {
        assert_eq!(delivered(&stage, &one, 3, 25_010.0).await.waiting, 0);
    }
    let again =
        stage.connections.disconnect_vehicle(owner.user, owner.car, true, later(61)).await.unwrap_err();
    assert!(matches!(again, DisconnectError::NotConnected), "nothing is left to be deleted");
    stage.close().await;
}

#[tokio::test]
async fn who_agreed_and_took_it_back_stays_known() {
    let stage = Stage::v3().await;
    let (owner, ..) = stage.connected().await;
    stage.connections.disconnect_vehicle(owner.user, owner.car, true, later(1)).await.unwrap();
    let known: Vec<String> = sqlx::query_scalar(
        "SELECT what || CASE WHEN cardinality(scopes) > 0 THEN ' with scopes' ELSE '' END FROM consents
         WHERE user_id = $1 AND car_id = $2 AND NOT location ORDER BY at, array_position('{given,withdrawn,forgotten}', what)",
    )
    .bind(owner.user)
    .bind(owner.car)
    .fetch_all(stage.pool())
    .await
    .unwrap();
    assert_eq!(known, ["given with scopes", "withdrawn with scopes", "forgotten with scopes"]);
    stage.close().await;
}

#[tokio::test]
async fn nobody_disconnects_a_strangers_car() {
    let stage = Stage::v2().await;
    let (owner, ..) = stage.connected().await;
    let stranger = stage.owner(None).await;
    let refused =
        stage.connections.disconnect_vehicle(stranger.user, owner.car, true, now()).await.unwrap_err();
    assert!(matches!(refused, DisconnectError::NotConnected));
    assert_eq!(stage.count("SELECT count(*) FROM smartcar_vehicles WHERE status = 'active'").await, 1);
    stage.close().await;
}

#[tokio::test]
async fn a_car_that_is_deleted_from_its_garage_takes_its_consent_along() {
    for stage in [Stage::v2().await, Stage::v3().await] {
        let (owner, ..) = stage.connected().await;
        sqlx::query("DELETE FROM cars WHERE id = $1").bind(owner.car).execute(stage.pool()).await.unwrap();
        assert_eq!(stage.count("SELECT count(*) FROM smartcar_vehicles").await, 0);
        // By the database's own clock.
        let soon = chrono::TimeDelta::minutes(1);
        assert_eq!(stage.connections.revoke_pending(10, runtime::clock::now() + soon).await.unwrap(), 1);
        assert!(stage.platform.world().access.is_empty() && stage.platform.world().connections.is_empty());
        assert_eq!(stage.count("SELECT count(*) FROM smartcar_grants").await, 0);
        stage.close().await;
    }
}

#[tokio::test]
async fn tokens_that_nothing_uses_any_more_are_forgotten() {
    let stage = Stage::v2().await;
    let (owner, _, vehicle) = stage.connected().await;
    // Connected again with a new consent: the one before is of no use.
    stage.connect(owner, &[&vehicle]).await;
    assert_eq!(stage.count("SELECT count(*) FROM smartcar_grants").await, 2);
    stage.connections.revoke_pending(10, later(30)).await.unwrap();
    assert_eq!(
        stage.count("SELECT count(*) FROM smartcar_grants").await,
        2,
        "somebody may be connecting just now"
    );
    stage.connections.revoke_pending(10, later(90)).await.unwrap();
    assert_eq!(stage.count("SELECT count(*) FROM smartcar_grants").await, 1);
    stage.close().await;
}
