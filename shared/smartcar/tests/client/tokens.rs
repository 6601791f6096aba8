//! Tokens: of a consent (v2), and the application's own (v3).

use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::json;
use smartcar::client::{Advice, Who};
use tokio::task::JoinSet;

use crate::platform::{
    APPLICATION, APPLICATION_TOKEN, CLIENT_ID, CLIENT_SECRET, Platform, USER, VEHICLE, answer, raw,
};

const PAIR: &str = r#"{"access_token":"a-1","token_type":"Bearer","expires_in":7200,"refresh_token":"r-1"}"#;
const IAM: &str = "POST /oauth2/token";

/// `Basic` with the client's id and secret.
fn basic() -> String {
    let request = reqwest::Client::new().get("http://x").basic_auth(CLIENT_ID, Some(CLIENT_SECRET));
    request.build().unwrap().headers()["authorization"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_code_becomes_a_pair_of_tokens() {
    let platform = Platform::start().await;
    platform.on("POST /oauth/token", raw(200, PAIR));

    let pair = platform.client("v2").exchange_code("c0de/+ &x").await.unwrap();

    assert_eq!(pair.access_token.expose_secret(), "a-1");
    assert_eq!(pair.refresh_token.expose_secret(), "r-1");
    assert_eq!(pair.expires_in, Duration::from_hours(2));
    let asked = platform.last();
    assert_eq!(asked.header("authorization"), basic());
    assert_eq!(asked.header("content-type"), "application/x-www-form-urlencoded");
    assert_eq!(
        asked.body,
        "grant_type=authorization_code&code=c0de%2F%2B+%26x\
         &redirect_uri=https%3A%2F%2Fcarvetka.example%2Fapi%2Fsmartcar%2Fcallback"
    );
}

#[tokio::test]
async fn a_refresh_token_becomes_the_next_pair() {
    let platform = Platform::start().await;
    platform.on("POST /oauth/token", raw(200, PAIR));

    let pair = platform.client("v2").refresh(&"r-0".into()).await.unwrap();

    assert_eq!(pair.refresh_token.expose_secret(), "r-1");
    assert_eq!(platform.last().body, "grant_type=refresh_token&refresh_token=r-0");
}

#[tokio::test]
async fn an_answer_without_a_new_refresh_token_leaves_the_old_one_in_force() {
    let platform = Platform::start().await;
    platform.on("POST /oauth/token", answer(200, &json!({ "access_token": "a-1" })));
    let pair = platform.client("v2").refresh(&"r-0".into()).await.unwrap();
    assert_eq!(pair.refresh_token.expose_secret(), "r-0");
    assert_eq!(pair.expires_in, Duration::from_hours(1));
}

#[tokio::test]
async fn an_answer_without_the_tokens_is_no_success() {
    let platform = Platform::start().await;
    for body in [r#"{"token_type":"Bearer"}"#, "{}", "[]", "null", "<html>", ""] {
        platform.on("POST /oauth/token", raw(200, body));
        let error = platform.client("v2").exchange_code("c").await.unwrap_err();
        assert!(error.is("TRANSPORT", "UNREADABLE"), "{body}: {error}");
    }
    // The first consent without a refresh token could not be kept.
    platform.on("POST /oauth/token", answer(200, &json!({ "access_token": "a-1", "expires_in": 7200 })));
    assert!(platform.client("v2").exchange_code("c").await.unwrap_err().is("TRANSPORT", "UNREADABLE"));
}

#[tokio::test]
async fn a_refusal_of_the_token_endpoint_is_told_from_one_of_the_api() {
    let platform = Platform::start().await;
    let table = [
        (
            400,
            r#"{"error":"invalid_grant","error_description":"Invalid code"}"#,
            "OAUTH/INVALID_GRANT",
            Advice::Reauthenticate,
        ),
        (401, r#"{"error":"invalid_client"}"#, "OAUTH/INVALID_CLIENT", Advice::Bug),
        (400, r#"{"error":"invalid_request","error_description":"x"}"#, "OAUTH/INVALID_REQUEST", Advice::Bug),
        (
            503,
            r#"{"error":"temporarily_unavailable"}"#,
            "OAUTH/TEMPORARILY_UNAVAILABLE",
            Advice::RetryAfter { who: Who::Application, wait: Duration::from_mins(1) },
        ),
        (
            429,
            r#"{"type":"RATE_LIMIT","code":"SMARTCAR_API","statusCode":429,"resolution":{"type":"RETRY_LATER"}}"#,
            "RATE_LIMIT/SMARTCAR_API",
            Advice::RetryAfter { who: Who::Application, wait: Duration::from_mins(5) },
        ),
    ];
    for (status, body, name, advice) in table {
        platform.on("POST /oauth/token", raw(status, body));
        let error = platform.client("v2").refresh(&"r-0".into()).await.unwrap_err();
        assert_eq!(format!("{}/{}", error.kind, error.code.as_deref().unwrap_or("-")), name);
        assert_eq!((error.advice, error.status), (advice, Some(status)), "{name}");
    }
}

#[tokio::test]
async fn a_token_endpoint_that_answers_401_without_a_word_has_nobody_refresh_a_token() {
    let platform = Platform::start().await;
    platform.on("POST /oauth/token", raw(401, ""));
    let error = platform.client("v2").refresh(&"r-0".into()).await.unwrap_err();
    assert_eq!((error.advice, error.known), (Advice::Bug, false));
}

#[tokio::test]
async fn the_application_asks_for_its_token_by_client_credentials_and_names_the_user() {
    let platform = Platform::start().await;
    platform.on(
        "GET /v3/vehicles/36ab27d0-0000-4000-8000-000000000001",
        answer(200, &json!({ "attributes": {} })),
    );
    let client = platform.client("v3");

    client.vehicle_info(APPLICATION, VEHICLE).await.unwrap();
    client.vehicle_info(APPLICATION, VEHICLE).await.unwrap();

    assert_eq!(platform.count(IAM), 1);
    let asked = platform.last();
    assert_eq!(asked.header("authorization"), format!("Bearer {APPLICATION_TOKEN}"));
    assert_eq!(asked.header("sc-user-id"), USER);
    assert_eq!(asked.header("user-agent"), concat!("carvetka-sync/", env!("CARGO_PKG_VERSION")));
}

#[tokio::test]
async fn fifty_calls_at_once_and_their_clones_fetch_one_token() {
    let platform = Platform::start().await;
    let token = json!({ "access_token": APPLICATION_TOKEN, "expires_in": 3600 });
    platform.on(IAM, answer(200, &token).after(Duration::from_millis(200)));
    platform.on(&format!("GET /v3/vehicles/{VEHICLE}"), answer(200, &json!({ "attributes": {} })));
    let client = platform.client("v3");

    let mut calls = JoinSet::new();
    for _ in 0..50 {
        let client = client.clone();
        calls.spawn(async move { client.vehicle_info(APPLICATION, VEHICLE).await.map(drop) });
    }
    assert!(calls.join_all().await.into_iter().all(|outcome| outcome.is_ok()));
    assert_eq!(platform.count(IAM), 1);
}

#[tokio::test]
async fn a_failure_to_get_the_token_is_the_answer_to_all_who_wait_for_it() {
    let platform = Platform::start().await;
    platform.on(IAM, answer(401, &json!({ "error": "invalid_client" })).after(Duration::from_millis(200)));
    let client = platform.client("v3");

    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let client = client.clone();
        calls.spawn(async move { client.vehicle_info(APPLICATION, VEHICLE).await.map(drop) });
    }
    for outcome in calls.join_all().await {
        assert!(outcome.unwrap_err().is("OAUTH", "INVALID_CLIENT"));
    }
    assert_eq!(platform.count(IAM), 1);
}

#[tokio::test]
async fn a_token_that_expires_is_renewed_before_it_does() {
    let platform = Platform::start().await;
    // A tenth of its life before its end: at once.
    platform.on(IAM, answer(200, &json!({ "access_token": "short", "expires_in": 1 })));
    platform.on(&format!("GET /v3/vehicles/{VEHICLE}"), answer(200, &json!({ "attributes": {} })));
    let client = platform.client("v3");
    client.vehicle_info(APPLICATION, VEHICLE).await.unwrap();
    tokio::time::sleep(Duration::from_millis(950)).await;
    client.vehicle_info(APPLICATION, VEHICLE).await.unwrap();
    assert_eq!(platform.count(IAM), 2);
}

#[tokio::test]
async fn a_token_that_is_not_accepted_is_replaced_once_for_all_who_held_it() {
    let platform = Platform::start().await;
    let issued = |token| answer(200, &json!({ "access_token": token, "expires_in": 3600 }));
    platform.on_each(IAM, [issued("old"), issued("new")]);
    let route = format!("GET /v3/vehicles/{VEHICLE}");
    let refused = json!({ "errors": [{ "status": "401", "code": "unauthorized", "title": "Unauthorized" }] });
    let refusals = (0..10).map(|_| answer(401, &refused).after(Duration::from_millis(100)));
    platform.on_each(&route, refusals.chain([answer(200, &json!({ "attributes": {} }))]));
    let client = platform.client("v3");

    let mut calls = JoinSet::new();
    for _ in 0..10 {
        let client = client.clone();
        calls.spawn(async move { client.vehicle_info(APPLICATION, VEHICLE).await.map(drop) });
    }
    assert!(calls.join_all().await.into_iter().all(|outcome| outcome.is_ok()));

    assert_eq!((platform.count(IAM), platform.count(&route)), (2, 20));
    assert_eq!(platform.last().header("authorization"), "Bearer new");
}

#[tokio::test]
async fn a_new_token_that_is_not_accepted_either_is_no_reason_to_go_on_asking() {
    let platform = Platform::start().await;
    let route = format!("GET /v3/vehicles/{VEHICLE}");
    platform.on(&route, answer(401, &json!({ "errors": [{ "code": "unauthorized" }] })));
    let error = platform.client("v3").vehicle_info(APPLICATION, VEHICLE).await.unwrap_err();
    assert_eq!((error.kind.as_str(), error.code.as_deref()), ("AUTHENTICATION", Some("UNAUTHORIZED")));
    let wait = Duration::from_mins(10);
    assert_eq!(error.advice, Advice::RetryAfter { who: Who::Application, wait });
    assert_eq!((platform.count(IAM), platform.count(&route)), (2, 2));
}
