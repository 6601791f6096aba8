//! What can be done with a car that is connected: *Sync now*, commands, leaving.

use serde_json::json;
use simulator::person::Person;

use crate::stage::Stage;

#[tokio::test]
async fn sync_now_says_what_it_did() {
    for version in ["v2", "v3"] {
        let stage = Stage::new(version, &[]).await;
        let (ann, car) = stage.owner(0).await;
        let sync = format!("/api/smartcar/sync/{car}");
        let again = stage.api.post(&ann, &sync, &json!(null)).await;
        assert_eq!(again.status, 200, "{version}: {}", again.text);
        let result = again.json["result"].as_str().unwrap().to_owned();
        assert!(
            ["nothing_new", "duplicate", "written", "waiting"].contains(&result.as_str()),
            "{}",
            again.text
        );
        // The book as if the car had never told its mileage: what a person presses the button for.
        sqlx::query("DELETE FROM meter_entries").execute(stage.api.pool()).await.unwrap();
        let book = stage.api.get(&ann, &format!("/api/cars/{car}/meter-entries")).await.json;
        assert_eq!(book["items"], json!([]), "{version}");
    }
}

#[tokio::test]
async fn a_car_that_is_not_connected_cannot_be_asked() {
    let stage = Stage::new("v3", &[]).await;
    let ann = stage.api.somebody().await;
    let car = stage.api.car(&ann, "Berta").await;
    for (path, body) in [
        (format!("/api/smartcar/sync/{car}"), json!(null)),
        (format!("/api/smartcar/disconnect/{car}"), json!(null)),
        (format!("/api/smartcar/commands/{car}"), json!({ "command": "lock" })),
    ] {
        assert_eq!(stage.api.post(&ann, &path, &body).await.verdict(), "409 not_connected", "{path}");
    }
    let status = stage.api.get(&ann, &format!("/api/smartcar/status/{car}")).await.json;
    assert_eq!(status["badge"], "not_connected");
}

#[tokio::test]
async fn a_command_that_nobody_knows_is_refused_by_its_name() {
    let stage = Stage::new("v3", &[]).await;
    let (ann, car) = stage.owner(0).await;
    let path = format!("/api/smartcar/commands/{car}");
    let odd = stage.api.post(&ann, &path, &json!({ "command": "self_destruct" })).await;
    assert_eq!(odd.verdict(), "422 invalid_field");
    assert_eq!(odd.json["field"], "command");
    assert!(odd.json["detail"].as_str().unwrap().contains("stop_charge"), "{}", odd.text);
}

#[tokio::test]
async fn a_command_that_the_owner_allowed_is_done_and_written_down() {
    for version in ["v2", "v3"] {
        let stage = Stage::new(version, &[]).await;
        let (ann, car) = stage.owner(0).await;
        let path = format!("/api/smartcar/commands/{car}");
        let done = stage.api.post(&ann, &path, &json!({ "command": "lock" })).await;
        assert_eq!((done.status, &done.json["result"]), (200, &json!("done")), "{version}: {}", done.text);
        let logged: i64 = sqlx::query_scalar("SELECT count(*) FROM command_log WHERE id = $1::text::uuid")
            .bind(done.json["id"].as_str())
            .fetch_one(stage.api.pool())
            .await
            .unwrap();
        assert_eq!(logged, 1);
    }
}

#[tokio::test]
async fn a_command_that_the_owner_did_not_allow_is_refused() {
    let stage = Stage::new("v3", &[]).await;
    let ann = stage.api.somebody().await;
    let car = stage.api.car(&ann, "Berta").await;
    let (_, login) = stage.virtual_car(0);
    let careful = Person { withheld: vec!["control_security".to_owned()], ..Person::new(login) };
    let way = stage.begin(&ann, car, "").await;
    let back = stage.consent(&way, &careful).await;
    assert_eq!(stage.come_back(&back, &way.cookie).await.status, 200);
    let path = format!("/api/smartcar/commands/{car}");
    let refused = stage.api.post(&ann, &path, &json!({ "command": "unlock" })).await;
    assert_eq!(refused.verdict(), "403 not_permitted", "{}", refused.text);
    assert!(refused.json["detail"].as_str().unwrap().contains("control_security"), "{}", refused.text);
}

#[tokio::test]
async fn a_command_that_the_car_does_not_follow_is_refused_with_the_reason() {
    for (then, verdict) in [
        (json!({ "answer": "error", "type": "VEHICLE_STATE", "code": "ASLEEP" }), "409 car_asleep"),
        (json!({ "answer": "error", "type": "VEHICLE_STATE", "code": "DOOR_OPEN" }), "409 car_not_in_state"),
        (
            json!({ "answer": "error", "type": "COMPATIBILITY", "code": "VEHICLE_NOT_CAPABLE" }),
            "409 not_capable",
        ),
        (json!({ "answer": "hangUp" }), "202"),
    ] {
        let stage = Stage::new("v2", &[]).await;
        let (ann, car) = stage.owner(0).await;
        stage.trouble(&json!({ "part": "v2", "then": then })).await;
        let path = format!("/api/smartcar/commands/{car}");
        let answer = stage.api.post(&ann, &path, &json!({ "command": "lock" })).await;
        assert_eq!(answer.verdict(), verdict, "{then}: {}", answer.text);
        if verdict == "409 car_asleep" {
            assert!(answer.header("retry-after").parse::<u64>().is_ok());
        }
    }
}

#[tokio::test]
async fn who_leaves_is_forgotten_at_smartcar_and_may_take_the_data_along() {
    for (version, method, data) in [("v2", "POST", false), ("v3", "DELETE", true)] {
        let stage = Stage::new(version, &[]).await;
        let (ann, car) = stage.owner(0).await;
        let path = format!("/api/smartcar/disconnect/{car}?deleteData={data}");
        let request = stage.api.request(method.parse().unwrap(), &path).bearer_auth(&ann.token);
        let left = stage.api.send(request).await;
        assert_eq!(left.status, 200, "{}", left.text);
        assert_eq!(left.json["isRevoked"], true, "{version}: {}", left.text);
        let status = stage.api.get(&ann, &format!("/api/smartcar/status/{car}")).await.json;
        assert_eq!(status["badge"], "not_connected");
        let book = stage.api.get(&ann, &format!("/api/cars/{car}/meter-entries")).await.json;
        assert_eq!(book["items"].as_array().unwrap().is_empty(), data, "{book}");
        assert_eq!(stage.api.post(&ann, &path, &json!(null)).await.verdict(), "409 not_connected");
    }
}

#[tokio::test]
async fn a_person_who_has_to_connect_again_is_told_so() {
    let stage = Stage::new("v2", &[]).await;
    let (ann, car) = stage.owner(0).await;
    stage
        .trouble(&json!({ "part": "v2", "then": { "answer": "error", "type": "CONNECTED_SERVICES_ACCOUNT",
            "code": "AUTHENTICATION_FAILED", "resolutionUrl": "https://connect.smartcar.com/reauthenticate" } }))
        .await;
    let refused = stage.api.post(&ann, &format!("/api/smartcar/sync/{car}"), &json!(null)).await;
    assert_eq!(refused.verdict(), "409 reconnect_needed");
    let status = stage.api.get(&ann, &format!("/api/smartcar/status/{car}")).await.json;
    assert_eq!(status["badge"], "reconnect_needed");
    assert_eq!(status["reconnect"]["code"], "AUTHENTICATION_FAILED");
    assert_eq!(stage.api.get(&ann, "/api/cars").await.json["items"][0]["connection"], "reauth_required");
}
