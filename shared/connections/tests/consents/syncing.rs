//! Asking cars: what is asked, what comes of it, and when nobody is asked.

use chrono::TimeDelta;
use connections::{Ask, Outcome, ReconnectReason, Source, SyncError, SyncOutcome, WaitReason};
use serde_json::json;

use crate::fixture::{Stage, later, now};

async fn sync(stage: &Stage, vehicle: uuid::Uuid, minute: i64) -> SyncOutcome {
    stage.connections.sync_vehicle_data(vehicle, Source::Poll, later(minute)).await.unwrap()
}

#[tokio::test]
async fn it_says_what_it_did_written_nothing_new_duplicate() {
    for stage in [Stage::v2().await, Stage::v3().await] {
        let (owner, vehicle, smartcar_vehicle) = stage.connected().await;
        assert_eq!(sync(&stage, vehicle, 1).await, SyncOutcome::NothingNew { odometer_km: Some(25_000.0) });
        stage.platform.drive(&smartcar_vehicle, 25_040.5, "2026-02-16T11:00:00.000Z");
        let outcome = stage.connections.sync_car(owner.user, owner.car, later(2)).await.unwrap();
        let SyncOutcome::Written { entries, .. } = outcome else { panic!("{outcome:?}") };
        assert_eq!((entries.len(), entries[0].odometer_km), (1, 25_040.5));
        let id: uuid::Uuid =
            sqlx::query_scalar("SELECT id FROM meter_entries WHERE odometer_reading = 25040.5")
                .fetch_one(stage.pool())
                .await
                .unwrap();
        assert_eq!(entries[0].id, id);
        assert!(stage.book(owner.car).await[1].ends_with("(manual sync)"));
        stage.platform.drive(&smartcar_vehicle, 25_040.5, "2026-02-16T11:30:00.000Z");
        let outcome = sync(&stage, vehicle, 3).await;
        assert!(
            matches!(outcome, SyncOutcome::Duplicate { odometer_km: Some(_), readings_new: 1.. }),
            "{outcome:?}"
        );
        stage.close().await;
    }
}

#[tokio::test]
async fn nobody_asks_a_strangers_car_or_one_that_is_not_connected() {
    let stage = Stage::v2().await;
    let (owner, vehicle, _) = stage.connected().await;
    let stranger = stage.owner(None).await;
    for (user, car) in [(stranger.user, owner.car), (stranger.user, stranger.car)] {
        let refused = stage.connections.sync_car(user, car, now()).await.unwrap_err();
        assert!(matches!(refused, SyncError::NotConnected));
    }
    stage.connections.disconnect_vehicle(owner.user, owner.car, false, now()).await.unwrap();
    let refused = stage.connections.sync_vehicle_data(vehicle, Source::Poll, now()).await.unwrap_err();
    assert!(matches!(refused, SyncError::NotConnected));
    stage.close().await;
}

#[tokio::test]
async fn only_what_is_agreed_to_and_what_the_car_can_tell_is_asked_again() {
    let stage = Stage::v2().await;
    let owner = stage.owner(None).await;
    let smartcar_vehicle = stage.platform.vehicle(None);
    stage.platform.world().vehicles.get_mut(&smartcar_vehicle).unwrap().incapable = vec!["/fuel"];
    let Outcome::Connected { vehicle_id, .. } = stage.connect(owner, &[&smartcar_vehicle]).await else {
        panic!()
    };
    let spent = async || stage.count("SELECT calls::bigint FROM api_usage").await;
    // Odometer, fuel and doors are agreed to: three paths.
    let first = spent().await;
    sync(&stage, vehicle_id, 1).await;
    assert_eq!(first + 1, spent().await, "what the car cannot tell was asked again");
    let known: Vec<String> = sqlx::query_scalar("SELECT what FROM vehicle_incapacities ORDER BY 1")
        .fetch_all(stage.pool())
        .await
        .unwrap();
    assert!(known.iter().any(|code| code.contains("fuellevel")), "{known:?}");
    // After a month it is tried again: the car may have learned it.
    stage.connections.sync_vehicle_data(vehicle_id, Source::Poll, now() + TimeDelta::days(31)).await.unwrap();
    let march = stage.count("SELECT calls::bigint FROM api_usage WHERE month = '2026-03-01'").await;
    assert!(march > 1, "{march}");
    stage.close().await;
}

#[tokio::test]
async fn a_place_is_asked_for_with_consent_and_kept_then() {
    let stage = Stage::v2().await;
    let owner = stage.owner(None).await;
    let smartcar_vehicle = stage.platform.vehicle(None);
    stage.platform.world().vehicles.get_mut(&smartcar_vehicle).unwrap().permissions.push("read_location");
    stage.connect(owner, &[&smartcar_vehicle]).await;
    // Permitted at the platform, but not agreed to here.
    assert_eq!(stage.count("SELECT count(*) FROM readings WHERE signal LIKE 'location%'").await, 0);
    assert_eq!(
        stage
            .count("SELECT count(*) FROM webhook_events WHERE convert_from(body, 'UTF8') LIKE '%/location%'")
            .await,
        0
    );
    let begun = stage.begin(owner, Ask { location: true, ..Ask::default() }).await;
    stage.back_with_code(&begun, &stage.platform.code(&[&smartcar_vehicle])).await;
    assert_eq!(stage.count("SELECT count(*) FROM readings WHERE signal LIKE 'location%'").await, 1);
    stage.close().await;
}

#[tokio::test]
async fn a_car_that_sleeps_is_left_alone_until_it_may_be_asked_again() {
    let stage = Stage::v2().await;
    let (_, vehicle, smartcar_vehicle) = stage.connected().await;
    stage.platform.refuses("/batch", 409, "VEHICLE_STATE", Some("ASLEEP"));
    let SyncOutcome::Wait { until, why: WaitReason::Asleep } = sync(&stage, vehicle, 1).await else {
        panic!()
    };
    assert!(until > later(1));
    let asked = stage.platform.asked("/batch");
    assert_eq!(sync(&stage, vehicle, 2).await, SyncOutcome::Wait { until, why: WaitReason::Asleep });
    assert_eq!(stage.platform.asked("/batch"), asked, "it was asked while it sleeps");
    stage.platform.drive(&smartcar_vehicle, 25_300.0, "2026-02-16T11:59:00.000Z");
    let awake = stage.connections.sync_vehicle_data(vehicle, Source::Poll, until).await.unwrap();
    assert!(matches!(awake, SyncOutcome::Written { .. }), "{awake:?}");
    stage.close().await;
}

#[tokio::test]
async fn an_error_is_not_a_value_and_changes_nothing_in_the_book() {
    let stage = Stage::v3().await;
    let (owner, vehicle, _) = stage.connected().await;
    let before = stage.book(owner.car).await;
    let failed = json!({ "data": [{ "id": "odometer-traveleddistance", "type": "signal", "attributes": {
        "code": "odometer-traveleddistance", "status": { "value": "ERROR",
        "error": { "type": "VEHICLE_STATE", "code": "UNREACHABLE" } }, "body": { "value": 1, "unit": "km" } },
        "meta": { "oemUpdatedAt": "2026-02-16T11:30:00.000Z" } }],
        "meta": { "totalCount": 1, "pageSize": 1, "pageNumber": 1 } });
    stage.platform.answers("/signals", 200, failed);
    let outcome = sync(&stage, vehicle, 1).await;
    assert!(matches!(outcome, SyncOutcome::Wait { why: WaitReason::Asleep, .. }), "{outcome:?}");
    assert_eq!(stage.book(owner.car).await, before);
    stage.close().await;
}

#[tokio::test]
async fn a_month_has_so_many_calls_and_some_are_kept_for_people() {
    let stage = Stage::new("v3", &["--smartcar-calls-per-vehicle", "10"]).await;
    let (owner, vehicle, _) = stage.connected().await;
    let mut outcomes = Vec::new();
    for minute in 1..12 {
        outcomes.push(sync(&stage, vehicle, minute).await);
    }
    let exhausted = SyncOutcome::BudgetExhausted { until: "2026-03-01T00:00:00Z".parse().unwrap() };
    // One was the first sync, one is kept.
    assert_eq!(outcomes.iter().position(|outcome| *outcome == exhausted), Some(8), "{outcomes:?}");
    let by_hand =
        async |minute| stage.connections.sync_car(owner.user, owner.car, later(minute)).await.unwrap();
    // A person's asking is noted in the book: that is a change.
    assert!(matches!(by_hand(20).await, SyncOutcome::Written { .. }));
    assert_eq!(by_hand(21).await, exhausted);
    assert_eq!(stage.count("SELECT calls::bigint FROM api_usage").await, 10);
    let next_month = stage
        .connections
        .sync_vehicle_data(vehicle, Source::Poll, now() + TimeDelta::days(20))
        .await
        .unwrap();
    assert!(matches!(next_month, SyncOutcome::NothingNew { .. }), "{next_month:?}");
    stage.close().await;
}

#[tokio::test]
async fn many_processes_together_never_spend_more_than_there_is() {
    let stage = Stage::new("v3", &["--smartcar-calls-per-vehicle", "10"]).await;
    let (owner, ..) = stage.connected().await;
    let mut asking = tokio::task::JoinSet::new();
    for _ in 0..24 {
        let connections = stage.another(&["--smartcar-calls-per-vehicle", "10"]);
        asking.spawn(async move { connections.sync_car(owner.user, owner.car, later(1)).await.unwrap() });
    }
    let outcomes = asking.join_all().await;
    let told =
        outcomes.iter().filter(|outcome| matches!(outcome, SyncOutcome::BudgetExhausted { .. })).count();
    assert_eq!((told, stage.count("SELECT calls::bigint FROM api_usage").await), (15, 10), "{outcomes:?}");
    assert_eq!(stage.platform.asked("/signals"), 10);
    stage.close().await;
}

#[tokio::test]
async fn the_applications_bucket_is_shared_and_fills_again() {
    let few = ["--smartcar-bucket", "3", "--smartcar-bucket-per-minute", "1"];
    let stage = Stage::new("v3", &few).await;
    let (_, vehicle, _) = stage.connected().await;
    assert!(matches!(sync(&stage, vehicle, 0).await, SyncOutcome::NothingNew { .. }));
    assert!(matches!(sync(&stage, vehicle, 0).await, SyncOutcome::NothingNew { .. }));
    let other = stage.another(&few);
    let outcome = other.sync_vehicle_data(vehicle, Source::Poll, now()).await.unwrap();
    let SyncOutcome::Wait { until, why: WaitReason::ApplicationLimit } = outcome else {
        panic!("{outcome:?}")
    };
    assert!(until > now() && until <= later(2), "{until}");
    assert!(matches!(sync(&stage, vehicle, 2).await, SyncOutcome::NothingNew { .. }));
    // What was not asked was not spent.
    assert_eq!(stage.count("SELECT calls::bigint FROM api_usage").await, 4);
    stage.close().await;
}

#[tokio::test]
async fn when_the_platform_says_that_all_of_us_ask_too_often_nobody_asks() {
    let stage = Stage::v3().await;
    let ((_, one, _), (_, other, _)) = (stage.connected().await, stage.connected().await);
    stage.platform.refuses("/signals", 429, "RATE_LIMIT", Some("SMARTCAR_API"));
    let outcome = sync(&stage, one, 1).await;
    let SyncOutcome::Wait { until, why: WaitReason::ApplicationLimit } = outcome else {
        panic!("{outcome:?}")
    };
    let asked = stage.platform.asked("/signals");
    let outcome = sync(&stage, other, 2).await;
    assert!(matches!(outcome, SyncOutcome::Wait { why: WaitReason::ApplicationLimit, .. }), "{outcome:?}");
    assert_eq!(stage.platform.asked("/signals"), asked);
    let later = stage
        .connections
        .sync_vehicle_data(other, Source::Poll, until + TimeDelta::minutes(1))
        .await
        .unwrap();
    assert!(matches!(later, SyncOutcome::NothingNew { .. }), "{later:?}");
    stage.close().await;
}

#[tokio::test]
async fn a_make_that_fails_again_and_again_is_left_alone_and_tried_by_one() {
    let stage = Stage::v3().await;
    let mut vehicles = Vec::new();
    for _ in 0..7 {
        vehicles.push(stage.connected().await.1);
    }
    for vehicle in &vehicles[..5] {
        stage.platform.refuses("/signals", 502, "UPSTREAM", Some("NO_RESPONSE"));
        let outcome = sync(&stage, *vehicle, 1).await;
        assert!(matches!(outcome, SyncOutcome::Wait { why: WaitReason::MakeTrouble, .. }), "{outcome:?}");
    }
    let asked = stage.platform.asked("/signals");
    let outcome = stage.another(&[]).sync_vehicle_data(vehicles[5], Source::Poll, later(1)).await.unwrap();
    let SyncOutcome::Wait { until, why: WaitReason::MakeTrouble } = outcome else { panic!("{outcome:?}") };
    assert_eq!(stage.platform.asked("/signals"), asked, "the circuit is closed");
    // After the wait one tries, the others wait for what it finds; an answer lets all ask again.
    let probe = stage.connections.sync_vehicle_data(vehicles[5], Source::Poll, until).await.unwrap();
    assert!(matches!(probe, SyncOutcome::NothingNew { .. }), "{probe:?}");
    let other = stage.connections.sync_vehicle_data(vehicles[6], Source::Poll, until).await.unwrap();
    assert!(matches!(other, SyncOutcome::NothingNew { .. }), "{other:?}");
    stage.close().await;
}

#[tokio::test]
async fn an_error_that_only_the_person_can_mend_needs_a_new_connection_and_is_told() {
    let stage = Stage::v3().await;
    let (_, vehicle, _) = stage.connected().await;
    stage.platform.refuses("/signals", 400, "CONNECTED_SERVICES_ACCOUNT", Some("AUTHENTICATION_FAILED"));
    let SyncOutcome::Reconnect(ReconnectReason { kind, code, message, .. }) = sync(&stage, vehicle, 1).await
    else {
        panic!()
    };
    assert_eq!(
        (kind.as_str(), code.as_deref()),
        ("CONNECTED_SERVICES_ACCOUNT", Some("AUTHENTICATION_FAILED"))
    );
    assert_eq!(message.as_deref(), Some("Please have a look at your car."));
    let asked = stage.platform.asked("/signals");
    assert!(matches!(sync(&stage, vehicle, 2).await, SyncOutcome::Reconnect(_)));
    assert_eq!(stage.platform.asked("/signals"), asked);
    assert_eq!(
        stage.count("SELECT count(*) FROM smartcar_vehicles WHERE status = 'reauth_required'").await,
        1
    );
    stage.close().await;
}

#[tokio::test]
async fn what_the_operator_has_to_mend_is_told_apart() {
    let stage = Stage::v3().await;
    let (_, vehicle, _) = stage.connected().await;
    stage.platform.refuses("/signals", 430, "BILLING", Some("INVALID_PLAN"));
    assert!(matches!(sync(&stage, vehicle, 1).await, SyncOutcome::Wait { why: WaitReason::Billing, .. }));
    let (_, vehicle, _) = stage.connected().await;
    stage.platform.refuses("/signals", 400, "VALIDATION", None);
    let error = stage.connections.sync_vehicle_data(vehicle, Source::Poll, later(1)).await.unwrap_err();
    assert!(matches!(error, SyncError::Platform(_)), "{error:?}");
    stage.close().await;
}
