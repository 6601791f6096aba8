//! Tokens: renewed once however many ask, stored before they are used, and not lost when a process dies.

use std::time::Duration;

use connections::{RefreshError, Refreshed, Source, SyncOutcome, token_place};
use secrecy::ExposeSecret;
use store::grants;
use tokio::task::JoinSet;
use uuid::Uuid;
use vault::KeyRing;

use crate::fixture::{KEYS, Stage, later, now};

async fn pair(stage: &Stage, grant: Uuid) -> (String, String, i64) {
    let mut db = stage.pool().acquire().await.unwrap();
    let grant = grants::find(&mut db, grant).await.unwrap().unwrap();
    let ring = KeyRing::parse(&KEYS.to_owned().into()).unwrap();
    let sealed = grant.tokens.unwrap();
    let open = |sealed: &str, column| {
        ring.open(sealed, &token_place(grant.id, column)).unwrap().expose_secret().to_owned()
    };
    (
        open(&sealed.access_token, "access_token"),
        open(&sealed.refresh_token, "refresh_token"),
        grant.token_version,
    )
}

#[tokio::test]
async fn a_token_that_is_fresh_is_left_alone_and_one_that_expires_is_renewed() {
    let stage = Stage::v2().await;
    let (_, vehicle, _) = stage.connected().await;
    let grant = stage.grant_of(vehicle).await;
    let before = pair(&stage, grant).await;
    assert_eq!(stage.connections.refresh_access_token(grant, now()).await.unwrap(), Refreshed::StillFresh);
    assert_eq!(stage.connections.refresh_access_token(grant, later(101)).await.unwrap(), Refreshed::Renewed);
    let after = pair(&stage, grant).await;
    assert!(before.0 != after.0 && before.1 != after.1 && after.2 == before.2 + 1);
    assert_eq!(
        stage.connections.refresh_access_token(grant, later(102)).await.unwrap(),
        Refreshed::StillFresh
    );
    assert_eq!(stage.connections.refresh_access_token(Uuid::new_v4(), now()).await.unwrap(), Refreshed::Gone);
    stage.close().await;
}

#[tokio::test]
async fn a_refresh_token_near_its_end_is_renewed_although_nobody_needs_it() {
    let stage = Stage::v2().await;
    let (_, vehicle, _) = stage.connected().await;
    let grant = stage.grant_of(vehicle).await;
    sqlx::query("UPDATE smartcar_grants SET token_expires_at = $1, refresh_expires_at = $1")
        .bind(now() + chrono::TimeDelta::days(5))
        .execute(stage.pool())
        .await
        .unwrap();
    assert_eq!(stage.connections.refresh_access_token(grant, now()).await.unwrap(), Refreshed::Renewed);
    stage.close().await;
}

#[tokio::test]
async fn with_v3_there_is_nothing_to_renew() {
    let stage = Stage::v3().await;
    let (_, vehicle, _) = stage.connected().await;
    let grant = stage.grant_of(vehicle).await;
    assert_eq!(
        stage.connections.refresh_access_token(grant, later(1_000)).await.unwrap(),
        Refreshed::StillFresh
    );
    stage.close().await;
}

#[tokio::test]
async fn twenty_at_once_renew_once() {
    let stage = Stage::v2().await;
    let (_, vehicle, _) = stage.connected().await;
    let grant = stage.grant_of(vehicle).await;
    let before = stage.platform.asked("/oauth/token");
    stage.platform.world().token_delay = Duration::from_millis(300);
    let mut asking = JoinSet::new();
    for _ in 0..20 {
        // Each with a memory of its own, as processes have.
        let connections = stage.another(&[]);
        asking.spawn(async move { connections.refresh_access_token(grant, later(110)).await });
    }
    let outcomes = asking.join_all().await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(stage.platform.asked("/oauth/token") - before, 1);
    assert_eq!(pair(&stage, grant).await.2, 1);
    stage.close().await;
}

#[tokio::test]
async fn who_dies_between_the_answer_and_the_commit_costs_nothing_within_the_minute() {
    let stage = Stage::v2().await;
    let (_, vehicle, _) = stage.connected().await;
    let grant = stage.grant_of(vehicle).await;
    // A process took the lease, the platform gave it a pair, and then it was gone.
    let (_, old, version) = pair(&stage, grant).await;
    let mut db = stage.pool().acquire().await.unwrap();
    let until = later(120) + chrono::TimeDelta::seconds(2);
    assert!(grants::lease(&mut db, (grant, version), Uuid::new_v4(), until, later(120)).await.unwrap());
    drop(db);
    let lost = reqwest_refresh(&stage, &old).await;
    assert!(lost, "the platform gave no pair");

    let refreshed = stage.connections.refresh_access_token(grant, later(120)).await.unwrap();
    assert_eq!(
        refreshed,
        Refreshed::Renewed,
        "it waits for the lease and takes over with the old refresh token"
    );
    // What is stored works.
    let outcome = stage.connections.sync_vehicle_data(vehicle, Source::Poll, later(121)).await.unwrap();
    assert!(!matches!(outcome, SyncOutcome::Reconnect(_)), "{outcome:?}");
    stage.close().await;
}

#[tokio::test]
async fn after_the_minute_the_person_has_to_connect_again_and_is_told_why() {
    let stage = Stage::v2().await;
    let (owner, vehicle, smartcar_vehicle) = stage.connected().await;
    let grant = stage.grant_of(vehicle).await;
    let (_, old, _) = pair(&stage, grant).await;
    assert!(reqwest_refresh(&stage, &old).await);
    stage.platform.a_minute_later();
    let refreshed = stage.connections.refresh_access_token(grant, later(120)).await.unwrap();
    assert_eq!(refreshed, Refreshed::ReauthRequired { reason: "INVALID_GRANT".to_owned() });
    let outcome = stage.connections.sync_vehicle_data(vehicle, Source::Poll, later(121)).await.unwrap();
    let SyncOutcome::Reconnect(reason) = outcome else { panic!("{outcome:?}") };
    assert_eq!((reason.kind.as_str(), reason.code.as_deref()), ("OAUTH", Some("INVALID_GRANT")));
    // Nothing hammers the platform.
    let asked = stage.platform.asked("/oauth/token");
    stage.connections.refresh_access_token(grant, later(200)).await.unwrap();
    assert_eq!(stage.platform.asked("/oauth/token"), asked);
    // A new consent mends it.
    let outcome = stage.connect(owner, &[&smartcar_vehicle]).await;
    assert!(matches!(outcome, connections::Outcome::Connected { .. }), "{outcome:?}");
    let outcome = stage.connections.sync_vehicle_data(vehicle, Source::Poll, later(1)).await.unwrap();
    assert!(!matches!(outcome, SyncOutcome::Reconnect(_)), "{outcome:?}");
    stage.close().await;
}

#[tokio::test]
async fn who_was_frozen_and_wakes_with_an_older_pair_overwrites_nothing() {
    let stage = Stage::v2().await;
    let (_, vehicle, _) = stage.connected().await;
    let grant = stage.grant_of(vehicle).await;
    let (_, _, version) = pair(&stage, grant).await;
    let mut db = stage.pool().acquire().await.unwrap();
    let frozen = Uuid::new_v4();
    assert!(grants::lease(&mut db, (grant, version), frozen, later(120), later(119)).await.unwrap());
    // Its lease is over, another one renews.
    assert_eq!(stage.connections.refresh_access_token(grant, later(121)).await.unwrap(), Refreshed::Renewed);
    let good = pair(&stage, grant).await;
    // It wakes with what the platform had given it before: all that it can do is refused.
    let its_own = grants::find(&mut db, grant).await.unwrap().unwrap().tokens.unwrap();
    assert!(!grants::renew(&mut db, (grant, version), &its_own).await.unwrap());
    assert!(!grants::refuse(&mut db, (grant, version), "INVALID_GRANT", later(122)).await.unwrap());
    grants::release(&mut db, grant, frozen).await.unwrap();
    drop(db);
    assert_eq!(pair(&stage, grant).await, good);
    stage.close().await;
}

#[tokio::test]
async fn who_was_frozen_and_wakes_with_the_only_good_pair_saves_it_although_others_gave_up() {
    let stage = Stage::v2().await;
    let (_, vehicle, _) = stage.connected().await;
    let grant = stage.grant_of(vehicle).await;
    let (_, old, version) = pair(&stage, grant).await;
    assert!(reqwest_refresh(&stage, &old).await);
    stage.platform.a_minute_later();
    let refused = stage.connections.refresh_access_token(grant, later(121)).await.unwrap();
    assert!(matches!(refused, Refreshed::ReauthRequired { .. }));
    let mut db = stage.pool().acquire().await.unwrap();
    let good = grants::find(&mut db, grant).await.unwrap().unwrap().tokens.unwrap();
    assert!(grants::renew(&mut db, (grant, version), &good).await.unwrap());
    drop(db);
    assert_eq!(stage.count("SELECT count(*) FROM smartcar_grants WHERE reauth_reason IS NULL").await, 1);
    stage.close().await;
}

#[tokio::test]
async fn whoever_goes_away_while_the_platform_is_asked_does_not_take_the_pair_with_them() {
    let stage = Stage::v2().await;
    let (_, vehicle, _) = stage.connected().await;
    let grant = stage.grant_of(vehicle).await;
    stage.platform.world().token_delay = Duration::from_millis(500);
    let refreshing = stage.connections.refresh_access_token(grant, later(120));
    tokio::time::timeout(Duration::from_millis(200), refreshing).await.unwrap_err();
    harness::eventually(Duration::from_secs(20), "the pair is stored", async || {
        pair(&stage, grant).await.2 == 1
    })
    .await;
    assert_eq!(stage.count("SELECT count(*) FROM smartcar_grants WHERE refresh_lease IS NULL").await, 1);
    stage.close().await;
}

#[tokio::test]
async fn a_platform_that_fails_leaves_the_pair_as_it_was_and_the_lease_free() {
    let stage = Stage::v2().await;
    let (_, vehicle, _) = stage.connected().await;
    let grant = stage.grant_of(vehicle).await;
    stage.platform.answers("/oauth/token", 503, serde_json::json!({}));
    let failed = stage.connections.refresh_access_token(grant, later(120)).await.unwrap_err();
    assert!(matches!(failed, RefreshError::Platform(_)), "{failed:?}");
    assert_eq!(
        stage
            .count(
                "SELECT count(*) FROM smartcar_grants WHERE reauth_since IS NULL AND refresh_lease IS NULL"
            )
            .await,
        1
    );
    assert_eq!(stage.connections.refresh_access_token(grant, later(121)).await.unwrap(), Refreshed::Renewed);
    stage.close().await;
}

#[tokio::test]
async fn a_token_that_the_platform_does_not_take_any_more_is_replaced_once_and_the_car_is_asked_again() {
    let stage = Stage::v2().await;
    let (_, vehicle, _) = stage.connected().await;
    stage.platform.world().access.clear();
    let outcome = stage.connections.sync_vehicle_data(vehicle, Source::Poll, later(5)).await.unwrap();
    assert!(matches!(outcome, SyncOutcome::NothingNew { .. }), "{outcome:?}");
    assert_eq!(stage.platform.asked("/oauth/token"), 2);
    stage.close().await;
}

/// Uses a refresh token at the platform, behind the back of whoever holds it.
async fn reqwest_refresh(stage: &Stage, token: &str) -> bool {
    let body = format!("grant_type=refresh_token&refresh_token={token}");
    let address = format!("{}/oauth/token", stage.platform.origin);
    let client = reqwest::Client::new();
    let answer = client
        .post(address)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .send()
        .await;
    answer.unwrap().status().is_success()
}
