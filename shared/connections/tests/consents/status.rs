//! The badge.

use chrono::TimeDelta;
use connections::{Badge, Source, StatusError};

use crate::fixture::{Owner, Stage, later, now};

async fn badge(stage: &Stage, owner: Owner, at: chrono::DateTime<chrono::Utc>) -> Badge {
    stage.connections.status(owner.user, owner.car, at).await.unwrap().badge
}

#[tokio::test]
async fn the_badge_says_whether_a_car_is_connected_and_when_each_signal_was_last_said() {
    let stage = Stage::v2().await;
    let bare = stage.owner(None).await;
    assert_eq!(badge(&stage, bare, now()).await, Badge::NotConnected);
    let (owner, vehicle, _) = stage.connected().await;
    let status = stage.connections.status(owner.user, owner.car, later(1)).await.unwrap();
    assert_eq!((status.badge, status.vehicle_id), (Badge::Connected, Some(vehicle)));
    assert_eq!(status.connected_at, Some(now()));
    let odometer = status.signals.iter().find(|seen| seen.signal == "odometer-traveleddistance").unwrap();
    assert_eq!(odometer.at.to_rfc3339(), "2026-02-16T08:00:00+00:00");
    assert!(status.calls_left < 500 && status.consent_expires_at.is_none() && !status.location_consent);
    assert_eq!(badge(&stage, owner, now() + TimeDelta::days(2)).await, Badge::Stale);
    stage.connections.disconnect_vehicle(owner.user, owner.car, false, later(2)).await.unwrap();
    assert_eq!(badge(&stage, owner, later(3)).await, Badge::NotConnected);
    stage.close().await;
}

#[tokio::test]
async fn a_consent_that_ends_within_a_week_is_announced() {
    let stage = Stage::v2().await;
    let (owner, ..) = stage.connected().await;
    let at = now() + TimeDelta::days(54);
    let status = stage.connections.status(owner.user, owner.car, at).await.unwrap();
    assert!(status.consent_expires_at.is_some_and(|ends| ends > at), "{status:?}");
    stage.close().await;
}

#[tokio::test]
async fn a_connection_that_only_the_person_can_mend_says_why() {
    let stage = Stage::v3().await;
    let (owner, vehicle, _) = stage.connected().await;
    stage.platform.refuses("/signals", 400, "CONNECTED_SERVICES_ACCOUNT", Some("PERMISSION"));
    stage.connections.sync_vehicle_data(vehicle, Source::Poll, later(1)).await.unwrap();
    let Badge::ReconnectNeeded(reason) = badge(&stage, owner, later(2)).await else { panic!() };
    assert_eq!(
        (reason.kind.as_str(), reason.code.as_deref()),
        ("CONNECTED_SERVICES_ACCOUNT", Some("PERMISSION"))
    );
    stage.close().await;
}

#[tokio::test]
async fn a_car_that_rests_says_until_when() {
    let stage = Stage::v3().await;
    let (owner, vehicle, _) = stage.connected().await;
    stage.platform.refuses("/signals", 409, "VEHICLE_STATE", Some("ASLEEP"));
    stage.connections.sync_vehicle_data(vehicle, Source::Poll, later(1)).await.unwrap();
    let status = stage.connections.status(owner.user, owner.car, later(2)).await.unwrap();
    assert!(status.rests.is_some_and(|(until, _)| until > later(2)), "{status:?}");
    stage.close().await;
}

#[tokio::test]
async fn a_strangers_car_has_no_badge() {
    let stage = Stage::v3().await;
    let (owner, stranger) = (stage.owner(None).await, stage.owner(None).await);
    let refused = stage.connections.status(stranger.user, owner.car, now()).await.unwrap_err();
    assert!(matches!(refused, StatusError::NoSuchCar));
    stage.close().await;
}

#[tokio::test]
async fn a_connection_of_before_grants_is_connected_for_as_long_as_its_deliveries_come() {
    let stage = Stage::v2().await;
    let (owner, ..) = stage.connected().await;
    sqlx::query("UPDATE smartcar_vehicles SET grant_id = NULL").execute(stage.pool()).await.unwrap();
    assert_eq!(badge(&stage, owner, later(1)).await, Badge::Connected);
    let silent = badge(&stage, owner, now() + TimeDelta::days(2)).await;
    assert!(matches!(&silent, Badge::ReconnectNeeded(reason) if reason.kind == "NO_CONSENT"), "{silent:?}");
    stage.close().await;
}
