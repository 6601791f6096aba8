//! From "Connect to Smartcar" to a connected car: the successes.

use connections::{Ask, Callback, ConnectError, FirstSync, Outcome, SyncOutcome};
use uuid::Uuid;

use crate::fixture::{Stage, now, query, state};

const VIN: &str = "WVWZZZE1ZMP000001";
const OTHER: &str = "WVWZZZE1ZMP000002";

#[tokio::test]
async fn a_person_is_sent_to_the_consent_page_with_what_is_needed_and_no_more() {
    let stage = Stage::v2().await;
    let owner = stage.owner(None).await;
    let begun = stage.begin(owner, Ask { return_to: Some("/cars/1".to_owned()), ..Ask::default() }).await;
    assert!(begun.url.path().ends_with("/oauth/authorize"));
    let scope = query(&begun, "scope");
    assert!(scope.contains("required:read_odometer") && !scope.contains("read_location"), "{scope}");
    assert!(state(&begun).len() > 80, "a state that can be guessed");
    let with = stage.begin(owner, Ask { location: true, ..Ask::default() }).await;
    assert!(query(&with, "scope").contains("read_location"));
    assert_ne!(state(&begun), state(&with));
    let stored: Option<String> =
        sqlx::query_scalar("SELECT return_to FROM connect_attempts ORDER BY created_at LIMIT 1")
            .fetch_one(stage.pool())
            .await
            .unwrap();
    assert_eq!(stored.as_deref(), Some("https://app.carvetka.example/cars/1"));
    stage.close().await;
}

#[tokio::test]
async fn with_v2_a_car_is_connected_its_tokens_are_sealed_and_its_first_mileage_is_in_the_book() {
    let stage = Stage::v2().await;
    let owner = stage.owner(None).await;
    let vehicle = stage.platform.vehicle(Some(VIN));
    let outcome = stage.connect(owner, &[&vehicle]).await;
    let Outcome::Connected { vehicle_id, first_sync, others, .. } = outcome else { panic!("{outcome:?}") };
    assert!(others.is_empty());
    let FirstSync::Done(SyncOutcome::Written { entries, .. }) = first_sync else { panic!("{first_sync:?}") };
    assert_eq!(entries.len(), 1);
    let book = stage.book(owner.car).await;
    assert_eq!(book, ["2026-02-16 08:00 25000 Automatically synced from Smartcar"]);
    let tokens: Vec<String> =
        sqlx::query_scalar("SELECT access_token || ' ' || refresh_token FROM smartcar_grants")
            .fetch_all(stage.pool())
            .await
            .unwrap();
    assert_eq!(tokens.len(), 1);
    assert!(tokens[0].starts_with("v1.2026a.") && !tokens[0].contains("access-"), "{tokens:?}");
    let row: (Uuid, String, String, bool) = sqlx::query_as(
        "SELECT car_id, status::text, vin, location_consent FROM smartcar_vehicles WHERE id = $1",
    )
    .bind(vehicle_id)
    .fetch_one(stage.pool())
    .await
    .unwrap();
    assert_eq!(row, (owner.car, "active".to_owned(), VIN.to_owned(), false));
    let scopes: Vec<String> = sqlx::query_scalar("SELECT unnest(scopes) FROM smartcar_grants")
        .fetch_all(stage.pool())
        .await
        .unwrap();
    assert!(scopes.contains(&"read_odometer".to_owned()), "{scopes:?}");
    stage.close().await;
}

#[tokio::test]
async fn with_v3_a_car_is_connected_without_any_token_of_its_own() {
    let stage = Stage::v3().await;
    let owner = stage.owner(None).await;
    let vehicle = stage.platform.vehicle(Some(VIN));
    let outcome = stage.connect_v3(owner, &vehicle, Ask::default()).await;
    let Outcome::Connected { first_sync: FirstSync::Done(SyncOutcome::Written { .. }), .. } = &outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!(stage.book(owner.car).await.len(), 1);
    assert_eq!(
        stage
            .count("SELECT count(*) FROM smartcar_grants WHERE access_token IS NULL AND api_version = 'v3'")
            .await,
        1
    );
    // Without consent to places none is kept, although the platform tells it.
    assert_eq!(stage.count("SELECT count(*) FROM readings WHERE signal LIKE 'location%'").await, 0);
    assert_eq!(
        stage
            .count("SELECT count(*) FROM webhook_events WHERE convert_from(body, 'UTF8') LIKE '%48.1%'")
            .await,
        0
    );
    stage.close().await;
}

#[tokio::test]
async fn of_several_vehicles_in_one_consent_the_one_with_the_cars_vin_is_connected_and_the_others_are_told() {
    let stage = Stage::new("v2", &["--free-vehicles", "2"]).await;
    let owner = stage.owner(Some(VIN)).await;
    let second = stage.second_car(owner, Some(OTHER)).await;
    let (other, own) = (stage.platform.vehicle(Some(OTHER)), stage.platform.vehicle(Some(VIN)));
    let user = Uuid::new_v4().to_string();
    let begun = stage.begin(owner, Ask::default()).await;
    let outcome = stage.back_with_code(&begun, &stage.platform.code_of(&user, &[&other, &own])).await.outcome;
    let Outcome::Connected { vehicle_id, others, .. } = outcome else { panic!("{outcome:?}") };
    let connected: String =
        sqlx::query_scalar("SELECT smartcar_vehicle_id FROM smartcar_vehicles WHERE id = $1")
            .bind(vehicle_id)
            .fetch_one(stage.pool())
            .await
            .unwrap();
    assert_eq!(connected, own);
    assert_eq!(others.len(), 1);
    assert_eq!((others[0].car_id, others[0].is_connected), (Some(second.car), false));
    // The other car is connected with a consent of its own.
    let begun = stage.begin(second, Ask::default()).await;
    let outcome = stage.back_with_code(&begun, &stage.platform.code_of(&user, &[&other, &own])).await.outcome;
    let Outcome::Connected { others, .. } = outcome else { panic!("{outcome:?}") };
    assert!(others[0].is_connected);
    stage.close().await;
}

#[tokio::test]
async fn a_vehicle_with_another_vin_is_not_the_car() {
    let stage = Stage::v2().await;
    let owner = stage.owner(Some(VIN)).await;
    let vehicle = stage.platform.vehicle(Some(OTHER));
    let outcome = stage.connect(owner, &[&vehicle]).await;
    assert!(matches!(&outcome, Outcome::VinMismatch { vehicles } if vehicles.len() == 1), "{outcome:?}");
    assert_eq!(stage.count("SELECT count(*) FROM smartcar_vehicles").await, 0);
    assert_eq!(
        stage.count("SELECT count(*) FROM smartcar_grants").await,
        0,
        "tokens that nobody uses were kept"
    );
    stage.close().await;
}

#[tokio::test]
async fn of_two_vehicles_that_could_both_be_the_car_none_is_guessed() {
    let stage = Stage::v2().await;
    let owner = stage.owner(None).await;
    let (one, other) = (stage.platform.vehicle(None), stage.platform.vehicle(None));
    let outcome = stage.connect(owner, &[&one, &other]).await;
    assert!(matches!(&outcome, Outcome::WhichOne { vehicles } if vehicles.len() == 2), "{outcome:?}");
    stage.close().await;
}

#[tokio::test]
async fn a_vehicle_that_another_car_or_another_person_has_is_not_connected_twice() {
    let stage = Stage::new("v2", &["--free-vehicles", "5"]).await;
    let owner = stage.owner(None).await;
    let vehicle = stage.platform.vehicle(None);
    let user = Uuid::new_v4().to_string();
    let connect = async |owner| {
        let begun = stage.begin(owner, Ask::default()).await;
        stage.back_with_code(&begun, &stage.platform.code_of(&user, &[&vehicle])).await.outcome
    };
    assert!(matches!(connect(owner).await, Outcome::Connected { .. }));
    let second = stage.second_car(owner, None).await;
    let outcome = connect(second).await;
    assert!(matches!(&outcome, Outcome::AnotherCar { car_id, .. } if *car_id == owner.car), "{outcome:?}");
    let stranger = stage.owner(None).await;
    let outcome = connect(stranger).await;
    assert!(matches!(outcome, Outcome::SomebodyElses), "{outcome:?}");
    assert_eq!(stage.count("SELECT count(*) FROM smartcar_vehicles WHERE status = 'active'").await, 1);
    stage.close().await;
}

#[tokio::test]
async fn two_people_with_consents_of_their_own_may_connect_the_same_vehicle() {
    let stage = Stage::v2().await;
    let vehicle = stage.platform.vehicle(None);
    for _ in 0..2 {
        let owner = stage.owner(None).await;
        assert!(matches!(stage.connect(owner, &[&vehicle]).await, Outcome::Connected { .. }));
    }
    stage.close().await;
}

#[tokio::test]
async fn connecting_again_keeps_the_connection_and_its_book() {
    let stage = Stage::v2().await;
    let (owner, vehicle_id, vehicle) = stage.connected().await;
    stage.platform.drive(&vehicle, 25_100.0, "2026-02-16T10:00:00.000Z");
    sqlx::query("UPDATE smartcar_vehicles SET status = 'reauth_required'")
        .execute(stage.pool())
        .await
        .unwrap();
    let begun = stage.begin(owner, Ask { location: true, ..Ask::default() }).await;
    let outcome = stage.back_with_code(&begun, &stage.platform.code(&[&vehicle])).await.outcome;
    assert!(
        matches!(outcome, Outcome::Connected { vehicle_id: again, .. } if again == vehicle_id),
        "{outcome:?}"
    );
    assert_eq!(stage.book(owner.car).await.len(), 2);
    assert_eq!(
        stage
            .count("SELECT count(*) FROM smartcar_vehicles WHERE status = 'active' AND location_consent")
            .await,
        1
    );
    stage.close().await;
}

#[tokio::test]
async fn a_vehicle_that_moves_to_another_car_leaves_its_history_where_it_was() {
    let stage = Stage::v2().await;
    let user = Uuid::new_v4().to_string();
    let owner = stage.owner(None).await;
    let vehicle = stage.platform.vehicle(None);
    let begun = stage.begin(owner, Ask::default()).await;
    stage.back_with_code(&begun, &stage.platform.code_of(&user, &[&vehicle])).await;
    stage.connections.disconnect_vehicle(owner.user, owner.car, false, now()).await.unwrap();
    // The car was sold, together with the account of its maker.
    let buyer = stage.owner(None).await;
    let begun = stage.begin(buyer, Ask::default()).await;
    stage.platform.drive(&vehicle, 26_000.0, "2026-02-16T11:00:00.000Z");
    let outcome = stage.back_with_code(&begun, &stage.platform.code_of(&user, &[&vehicle])).await.outcome;
    assert!(matches!(outcome, Outcome::Connected { .. }), "{outcome:?}");
    assert_eq!(stage.book(owner.car).await, ["2026-02-16 08:00 25000 Automatically synced from Smartcar"]);
    assert_eq!(stage.book(buyer.car).await, ["2026-02-16 11:00 26000 Automatically synced from Smartcar"]);
    stage.close().await;
}

#[tokio::test]
async fn the_first_car_is_free_and_more_need_a_plan() {
    let stage = Stage::v2().await;
    let (owner, ..) = stage.connected().await;
    let second = stage.second_car(owner, None).await;
    let ask = async || stage.connections.begin(second.user, second.car, Ask::default(), now()).await;
    let refused = ask().await.unwrap_err();
    assert!(matches!(refused, ConnectError::PlanLimit { allowed: 1 }), "{refused}");
    sqlx::query("INSERT INTO vehicle_plans (user_id, vehicles) VALUES ($1, 2)")
        .bind(owner.user)
        .execute(stage.pool())
        .await
        .unwrap();
    let begun = ask().await.unwrap();
    // The plan ends while the person is at the consent page.
    sqlx::query("UPDATE vehicle_plans SET vehicles = 1").execute(stage.pool()).await.unwrap();
    let vehicle = stage.platform.vehicle(None);
    let outcome = stage.back_with_code(&begun, &stage.platform.code(&[&vehicle])).await.outcome;
    assert!(matches!(outcome, Outcome::PlanLimit { allowed: 1 }), "{outcome:?}");
    // Connecting the first one again is no second car.
    stage.connections.begin(owner.user, owner.car, Ask::default(), now()).await.unwrap();
    stage.close().await;
}

#[tokio::test]
async fn two_cars_at_once_do_not_slip_through_a_plan_for_one() {
    let stage = Stage::v2().await;
    let owner = stage.owner(None).await;
    let second = stage.second_car(owner, None).await;
    let (one, other) = (stage.begin(owner, Ask::default()).await, stage.begin(second, Ask::default()).await);
    let codes =
        [stage.platform.vehicle(None), stage.platform.vehicle(None)].map(|id| stage.platform.code(&[&id]));
    let (one, other) =
        tokio::join!(stage.back_with_code(&one, &codes[0]), stage.back_with_code(&other, &codes[1]));
    let limits =
        [&one.outcome, &other.outcome].iter().filter(|it| matches!(it, Outcome::PlanLimit { .. })).count();
    assert_eq!(limits, 1, "{one:?} {other:?}");
    stage.close().await;
}

#[tokio::test]
async fn an_error_of_the_platform_uses_the_attempt_up_and_sends_the_person_back_where_they_came_from() {
    let stage = Stage::v2().await;
    let owner = stage.owner(None).await;
    let ask = Ask { popup: true, return_to: Some("/cars".to_owned()), ..Ask::default() };
    let begun = stage.begin(owner, ask).await;
    let denied = || Callback { error: Some("access_denied".to_owned()), ..Callback::default() };
    let connected = stage.back(&begun, denied()).await;
    assert!(matches!(connected.outcome, Outcome::Refused));
    let origins = connected.origins.unwrap();
    assert_eq!((origins.car_id, origins.popup), (owner.car, true));
    assert_eq!(origins.return_to.as_deref(), Some("https://app.carvetka.example/cars"));
    let again = stage.back(&begun, denied()).await;
    assert!(matches!(again.outcome, Outcome::State(connections::StateTrouble::Used)), "{again:?}");
    stage.close().await;
}

#[tokio::test]
async fn a_platform_that_fails_is_told_apart_from_a_person_who_refused() {
    let stage = Stage::v2().await;
    let owner = stage.owner(None).await;
    let begun = stage.begin(owner, Ask::default()).await;
    stage.platform.answers("/oauth/token", 503, serde_json::json!({ "error": "temporarily_unavailable" }));
    let outcome = stage.back_with_code(&begun, "a-code").await.outcome;
    assert!(matches!(outcome, Outcome::PlatformFault), "{outcome:?}");
    stage.close().await;
}

#[tokio::test]
async fn a_car_that_does_not_answer_is_connected_all_the_same() {
    let stage = Stage::v2().await;
    let owner = stage.owner(None).await;
    let vehicle = stage.platform.vehicle(None);
    stage.platform.refuses("/batch", 409, "VEHICLE_STATE", Some("ASLEEP"));
    let outcome = stage.connect(owner, &[&vehicle]).await;
    let Outcome::Connected { first_sync: FirstSync::Done(SyncOutcome::Wait { .. }), .. } = outcome else {
        panic!("{outcome:?}")
    };
    stage.close().await;
}
