//! Telling a car to do something.

use serde_json::{Value, json};
use smartcar::client::{Access, Advice, Command, Commanded};

use crate::platform::{APPLICATION, Platform, USER, VEHICLE, answer, raw, user_token, vehicle};

const ALL: [Command; 4] = [Command::Lock, Command::Unlock, Command::StartCharge, Command::StopCharge];

fn lock_v3() -> String {
    format!("POST /v3/vehicles/{VEHICLE}/commands/security/lock")
}

#[tokio::test]
async fn the_old_api_is_told_an_action() {
    let platform = Platform::start().await;
    let (client, token) = (platform.client("v2"), user_token());
    let success = json!({ "status": "success", "message": "Successfully sent request to vehicle" });
    for path in ["security", "charge"] {
        platform.on(&format!("POST /v2.0/vehicles/{VEHICLE}/{path}"), answer(200, &success));
    }
    for command in ALL {
        let done = client.command(Access::User { token: &token }, &vehicle(), command).await.unwrap();
        assert_eq!(done, Commanded::Done);
    }
    let told: Vec<(String, Value)> = platform
        .asked()
        .into_iter()
        .map(|asked| (asked.route.rsplit('/').next().unwrap().to_owned(), asked.json()["action"].clone()))
        .collect();
    let expected = [("security", "LOCK"), ("security", "UNLOCK"), ("charge", "START"), ("charge", "STOP")];
    assert_eq!(told, expected.map(|(path, action)| (path.to_owned(), Value::from(action))));
}

#[tokio::test]
async fn the_present_api_has_a_path_for_each_command() {
    let platform = Platform::start().await;
    let client = platform.client("v3");
    let done = json!({ "data": { "type": "command-execution", "attributes": { "status": { "value": "SUCCESS" } } } });
    for path in ["security/lock", "security/unlock", "charge/start", "charge/stop"] {
        platform.on(&format!("POST /v3/vehicles/{VEHICLE}/commands/{path}"), answer(200, &done));
    }
    for command in ALL {
        assert_eq!(client.command(APPLICATION, &vehicle(), command).await.unwrap(), Commanded::Done);
    }
    assert_eq!(platform.asked().len(), 4);
    assert!(platform.asked().iter().all(|asked| asked.header("sc-user-id") == USER));
}

#[tokio::test]
async fn where_the_platform_does_not_know_that_path_the_older_form_is_used() {
    let platform = Platform::start().await;
    let success = json!({ "status": "success" });
    platform.on(&format!("POST /v3/vehicles/{VEHICLE}/charge"), answer(200, &success));
    let done = platform.client("v3").command(APPLICATION, &vehicle(), Command::StartCharge).await.unwrap();
    assert_eq!(done, Commanded::Done);
    assert_eq!(platform.asked().len(), 2);
    assert_eq!(
        (platform.last().json(), platform.last().header("sc-user-id")),
        (json!({ "action": "START" }), USER)
    );
}

#[tokio::test]
async fn a_refusal_of_the_car_is_never_tried_again_in_another_form() {
    let platform = Platform::start().await;
    let refusal = json!({ "type": "VEHICLE_STATE", "code": "DOOR_OPEN", "statusCode": 409 });
    platform.on(&lock_v3(), answer(409, &refusal));
    let error = platform.client("v3").command(APPLICATION, &vehicle(), Command::Lock).await.unwrap_err();
    assert_eq!((error.advice, platform.asked().len()), (Advice::Wait, 1));
}

#[tokio::test]
async fn the_outcome_of_a_slow_command_is_in_its_body_and_not_in_its_status() {
    let platform = Platform::start().await;
    let client = platform.client("v3");
    let table = [
        (
            202,
            r#"{"type":"VEHICLE_STATE","code":"UNREACHABLE","status":409}"#,
            Err("VEHICLE_STATE/UNREACHABLE 409"),
        ),
        (200, r#"{"type":"VEHICLE_STATE","code":"UNREACHABLE"}"#, Err("VEHICLE_STATE/UNREACHABLE 200")),
        (
            202,
            r#"{"error":{"type":"UPSTREAM","code":"NO_RESPONSE","status":502}}"#,
            Err("UPSTREAM/NO_RESPONSE 502"),
        ),
        (
            202,
            r#"{"errors":[{"type":"COMPATIBILITY","code":"VEHICLE_NOT_CAPABLE","status":501}]}"#,
            Err("COMPATIBILITY/VEHICLE_NOT_CAPABLE 501"),
        ),
        (
            200,
            r#"{"data":{"attributes":{"status":{"value":"FAILURE","error":{"type":"VEHICLE_STATE","code":"ASLEEP"}}}}}"#,
            Err("VEHICLE_STATE/ASLEEP 200"),
        ),
        (200, r#"{"data":{"attributes":{"status":"FAILED"}}}"#, Err("COMMAND/FAILED 200")),
        (202, r#"{"data":{"attributes":{"status":{"value":"SUCCESS"}}}}"#, Ok(Commanded::Done)),
        (202, r#"{"data":{"attributes":{"status":{"value":"PENDING"}}}}"#, Ok(Commanded::Accepted)),
        (
            200,
            r#"{"id":"x","type":"command-execution","attributes":{"status":{"value":"SUCCESS"}}}"#,
            Ok(Commanded::Done),
        ),
        (202, "", Ok(Commanded::Accepted)),
        (200, "", Ok(Commanded::Done)),
        (200, "not json", Ok(Commanded::Done)),
    ];
    for (status, body, expected) in table {
        platform.on(&lock_v3(), raw(status, body));
        let outcome = client.command(APPLICATION, &vehicle(), Command::Lock).await;
        let told = outcome.map_err(|error| {
            format!("{}/{} {}", error.kind, error.code.as_deref().unwrap_or("-"), error.status.unwrap_or(0))
        });
        assert_eq!(told, expected.map_err(str::to_owned), "{status} {body}");
    }
}
