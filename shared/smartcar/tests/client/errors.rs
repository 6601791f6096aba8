//! Every form in which the platform says that something failed, and what becomes of it.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use smartcar::client::{Advice, Client, PlatformError, Who};

use crate::platform::{Canned, Platform, VEHICLE, answer, raw, user_token, vehicle};

async fn refused(client: &Client, platform: &Platform, canned: Canned) -> PlatformError {
    platform.on(&format!("GET /v2.0/vehicles/{VEHICLE}/vin"), canned);
    let access = smartcar::client::Access::User { token: &user_token() };
    client.vin(access, &vehicle().smartcar_vehicle_id).await.unwrap_err()
}

/// `KIND/CODE status advice resolution url`, with `-` for what is not said.
fn told(error: &PlatformError) -> String {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let advice = match error.advice {
        Advice::RetryAfter { who, wait } => format!("{who:?} {}s", wait.as_secs()),
        Advice::Wait
        | Advice::RefreshTokenOnce
        | Advice::Reauthenticate
        | Advice::NeverForThisSignal
        | Advice::AskUser
        | Advice::Billing
        | Advice::Bug => format!("{:?}", error.advice),
    };
    let known = if error.known { "" } else { "?" };
    format!(
        "{}/{} {} {advice}{known} {} {}",
        error.kind,
        or_dash(&error.code),
        error.status.unwrap_or(0),
        or_dash(&error.resolution),
        or_dash(&error.resolution_url),
    )
}

#[tokio::test]
async fn every_form_of_an_error_is_understood() {
    let table = [
        // v2.
        (
            403,
            r#"{"type":"PERMISSION","code":null,"description":"d","statusCode":403,"resolution":"REAUTHENTICATE"}"#,
            "PERMISSION/- 403 Reauthenticate REAUTHENTICATE -",
        ),
        (
            400,
            r#"{"type":"CONNECTED_SERVICES_ACCOUNT","code":"AUTHENTICATION_FAILED","statusCode":400,"resolution":{"type":"REAUTHENTICATE","url":"https://connect.example/oauth/reauthenticate?vehicle_id=1"}}"#,
            "CONNECTED_SERVICES_ACCOUNT/AUTHENTICATION_FAILED 400 Reauthenticate REAUTHENTICATE https://connect.example/oauth/reauthenticate?vehicle_id=1",
        ),
        (
            409,
            r#"{"type":"VEHICLE_STATE","code":"ASLEEP","statusCode":409,"resolution":null}"#,
            "VEHICLE_STATE/ASLEEP 409 Vehicle 3600s - -",
        ),
        (
            409,
            r#"{"type":"VEHICLE_STATE","code":"DOOR_OPEN","statusCode":409,"resolution":{"type":null}}"#,
            "VEHICLE_STATE/DOOR_OPEN 409 Wait - -",
        ),
        (
            400,
            r#"{"type":"VALIDATION","code":null,"detail":[{"field":["requests"],"message":"\"requests\" is required"}]}"#,
            "VALIDATION/- 400 Bug - -",
        ),
        (430, r#"{"type":"BILLING","code":"VEHICLE_LIMIT"}"#, "BILLING/VEHICLE_LIMIT 430 Billing - -"),
        (
            501,
            r#"{"type":"COMPATIBILITY","code":"VEHICLE_NOT_CAPABLE"}"#,
            "COMPATIBILITY/VEHICLE_NOT_CAPABLE 501 NeverForThisSignal - -",
        ),
        // v1.
        (
            409,
            r#"{"error":"vehicle_state_error","message":"Vehicle state cannot be determined.","code":"VS_000"}"#,
            "VEHICLE_STATE/VS_000 409 Vehicle 1800s - -",
        ),
        (403, r#"{"error":"permission_error","message":"m"}"#, "PERMISSION/- 403 Reauthenticate - -"),
        (
            401,
            r#"{"error":"authentication_error","message":"m"}"#,
            "AUTHENTICATION/- 401 RefreshTokenOnce - -",
        ),
        (
            429,
            r#"{"error":"rate_limiting_error","message":"m"}"#,
            "RATE_LIMIT/SMARTCAR_API 429 Application 300s - -",
        ),
        (
            501,
            r#"{"error":"vehicle_not_capable_error","message":"m"}"#,
            "COMPATIBILITY/VEHICLE_NOT_CAPABLE 501 NeverForThisSignal - -",
        ),
        // v3.
        (
            401,
            r#"{"errors":[{"status":"401","code":"unauthorized","title":"Unauthorized","detail":"d","links":{"about":"x"}}]}"#,
            "AUTHENTICATION/UNAUTHORIZED 401 RefreshTokenOnce - -",
        ),
        (
            404,
            r#"{"errors":[{"status":"404","code":"not_found","title":"Not Found"}]}"#,
            "HTTP_404/NOT_FOUND 404 Vehicle 1800s? - -",
        ),
        (403, r#"{"errors":[{"code":"forbidden"}]}"#, "HTTP_403/FORBIDDEN 403 Vehicle 21600s? - -"),
        (
            409,
            r#"{"errors":[{"type":"vehicle-state","code":"asleep","status":409}]}"#,
            "VEHICLE_STATE/ASLEEP 409 Vehicle 3600s - -",
        ),
        (429, r#"{"errors":[{"code":"SMARTCAR_API"}]}"#, "RATE_LIMIT/SMARTCAR_API 429 Application 300s - -"),
        (
            400,
            r#"{"errors":[{"code":"ACCOUNT_LOCKED"}]}"#,
            "CONNECTED_SERVICES_ACCOUNT/ACCOUNT_LOCKED 400 AskUser? - -",
        ),
        (500, r#"{"errors":[{"code":"internal_error"}]}"#, "SERVER/INTERNAL 500 Vehicle 600s - -"),
        (
            502,
            r#"{"error":{"type":"UPSTREAM","code":"NO_RESPONSE","status":502}}"#,
            "UPSTREAM/NO_RESPONSE 502 Make 1800s - -",
        ),
        // None at all.
        (500, "", "HTTP_500/- 500 Vehicle 600s? - -"),
        (503, "<html>Service Unavailable</html>", "HTTP_503/- 503 Application 120s? - -"),
        (504, "[]", "HTTP_504/- 504 Vehicle 600s? - -"),
        (404, r#"{"errors":[]}"#, "HTTP_404/- 404 Vehicle 1800s? - -"),
        (502, r#"{"type":7,"code":{"odd":1},"errors":"x"}"#, "7/- 502 Application 120s? - -"),
        (460, "null", "HTTP_460/- 460 Vehicle 600s? - -"),
    ];
    let platform = Platform::start().await;
    let client = platform.client("v2");
    for (status, body, expected) in table {
        let error = refused(&client, &platform, raw(status, body)).await;
        assert_eq!(told(&error), expected, "{status} {body}");
    }
}

#[tokio::test]
async fn a_wait_in_the_header_is_obeyed() {
    let platform = Platform::start().await;
    let client = platform.client("v2");
    let body = json!({ "type": "RATE_LIMIT", "code": "VEHICLE", "statusCode": 429 });
    let table = [
        (answer(429, &body).with("retry-after", "252"), 252),
        (
            answer(429, &body)
                .with("date", "Sat, 21 Nov 2026 08:00:00 GMT")
                .with("retry-after", "Sat, 21 Nov 2026 08:02:00 GMT"),
            120,
        ),
        (answer(429, &body).with("retry-after", "tomorrow"), 1800),
    ];
    for (canned, seconds) in table {
        let error = refused(&client, &platform, canned).await;
        let wait = Duration::from_secs(seconds);
        assert_eq!(error.advice, Advice::RetryAfter { who: Who::Vehicle, wait });
    }
}

#[tokio::test]
async fn the_request_can_be_named_to_the_platforms_support_and_the_owner_can_be_told_what_to_do() {
    let platform = Platform::start().await;
    let client = platform.client("v2");
    let body = json!({
        "type": "CONNECTED_SERVICES_ACCOUNT", "code": "ACCOUNT_ISSUE", "requestId": "in-the-body",
        "suggestedUserMessage": "Please\u{7} log in.", "description": "d", "resolution": { "type": "ACTION_REQUIRED", "url": "https://maker.example" },
    });
    let error = refused(&client, &platform, answer(400, &body)).await;
    assert_eq!(error.request_id.as_deref(), Some("in-the-body"));
    assert_eq!(error.message_for_user.as_deref(), Some("Please log in."));
    assert_eq!(error.resolution_url.as_deref(), Some("https://maker.example/"));
    assert_eq!(error.description.as_deref(), Some("d"));
    let error = refused(&client, &platform, answer(400, &body).with("sc-request-id", "in-the-head")).await;
    assert_eq!(error.request_id.as_deref(), Some("in-the-head"));
    assert_eq!(
        error.to_string(),
        "smartcar: CONNECTED_SERVICES_ACCOUNT/ACCOUNT_ISSUE, status 400, request in-the-head"
    );
}

#[tokio::test]
async fn nobody_is_sent_to_an_address_that_is_not_https() {
    let platform = Platform::start().await;
    let client = platform.client("v2");
    for url in ["http://maker.example", "javascript:alert(1)", "//maker.example", "data:text/html,x", "", "x"]
    {
        let body = json!({ "type": "PERMISSION", "resolution": { "type": "REAUTHENTICATE", "url": url } });
        let error = refused(&client, &platform, answer(403, &body)).await;
        assert_eq!((error.resolution_url.as_deref(), error.advice), (None, Advice::Reauthenticate), "{url}");
    }
}

#[tokio::test]
async fn words_of_an_error_cannot_write_lines_into_our_logs() {
    let platform = Platform::start().await;
    let client = platform.client("v2");
    let long = "A".repeat(65);
    for word in ["A\nB", "<script>", "\u{1b}[31m", "a/b", &long, " "] {
        let body = json!({ "type": word, "code": word, "requestId": word });
        let error = refused(&client, &platform, answer(500, &body).with("sc-request-id", "a b<c>")).await;
        assert_eq!((error.kind.as_str(), error.code.as_deref()), ("HTTP_500", None), "{word:?}");
        assert_eq!(error.request_id, None, "{word:?}");
        assert!(!error.to_string().contains('\n'));
    }
}

/// Errors of the real platform, recorded by its vendor's own SDK.
#[tokio::test]
async fn every_recorded_error_is_a_documented_one() {
    let own = ["batch.json"].map(|name| crate::platform::fixture(name)["responses"].clone());
    let mut errors: Vec<(String, Value)> = own
        .iter()
        .flat_map(|list| list.as_array().unwrap().clone())
        .filter(|one| one["code"] != 200)
        .map(|one| (one["path"].to_string(), one["body"].clone()))
        .collect();
    assert!(errors.len() >= 4, "where are our own fixtures?");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/captures/api-v2");
    for file in std::fs::read_dir(folder).into_iter().flatten() {
        let file = file.unwrap().path();
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with("Error") {
            errors.push((name, serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap()));
        }
    }

    let platform = Platform::start().await;
    let client = platform.client("v2");
    for (name, body) in errors {
        let error = refused(&client, &platform, answer(418, &body)).await;
        assert!(error.known, "{name}: {error}");
    }
}
