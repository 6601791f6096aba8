//! How long the client waits, on a clock that leaps over waits.

use std::time::Duration;

use serde_json::json;
use smartcar::client::{Access, Advice, PlatformError, Wanted, Who};
use tokio::time::{Instant, pause};

use crate::platform::{Platform, VEHICLE, answer, user_token, vehicle};

/// Asks a car that takes so long, and a token endpoint.
async fn waited(seconds: u64) -> (Result<(), PlatformError>, Result<(), PlatformError>) {
    let platform = Platform::start().await;
    let (client, token) = (platform.client("v2"), user_token());
    let user = Access::User { token: &token };
    let batch = format!("POST /v2.0/vehicles/{VEHICLE}/batch");
    let pair = json!({ "access_token": "a", "refresh_token": "r" });
    platform.on("GET /v2.0/user", answer(200, &json!({ "id": "u" })));
    platform.on(&batch, answer(200, &json!({ "responses": [] })).after(Duration::from_secs(seconds)));
    platform.on("POST /oauth/token", answer(200, &pair).after(Duration::from_secs(seconds)));
    // The connections are made on the real clock.
    client.user(user).await.unwrap();
    pause();
    let car = client.poll(user, &vehicle(), &[Wanted::Odometer]).await.map(drop);
    let tokens = client.refresh(&"r".into()).await.map(drop);
    (car, tokens)
}

#[tokio::test]
async fn a_car_may_take_five_minutes_and_a_token_endpoint_half_of_one() {
    let (car, tokens) = waited(29).await;
    assert!(car.is_ok() && tokens.is_ok());
}

#[tokio::test]
async fn a_token_endpoint_that_takes_longer_is_given_up_and_a_car_is_not() {
    let (car, tokens) = waited(309).await;
    assert!(car.is_ok());
    assert!(tokens.unwrap_err().is("TRANSPORT", "TIMEOUT"));
}

#[tokio::test]
async fn a_car_that_never_answers_is_given_up_after_little_more_than_five_minutes() {
    let begun = Instant::now();
    let (car, _) = waited(600).await;
    let error = car.unwrap_err();
    assert!(error.is("TRANSPORT", "TIMEOUT"), "{error}");
    assert!(matches!(error.advice, Advice::RetryAfter { who: Who::Vehicle, .. }));
    assert_eq!(error.calls, 1);
    assert!(begun.elapsed() < Duration::from_secs(400));
}
