//! What a developer changes of the stand-in, and what everybody else sees of that.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::stand_in::{StandIn, login, send};

#[tokio::test]
async fn the_truth_of_each_car_can_be_seen() {
    let stand_in = StandIn::start().await;
    let car = stand_in.car(4);
    stand_in.connect(&login(&car)).await;
    let cars = send(stand_in.request(Method::GET, "/_simulator/cars")).await.body;
    let known = &cars[4];
    assert_eq!(
        (&known["vin"], &known["smartcar_vehicle_id"]),
        (&json!(car.vin), &json!(car.smartcar_vehicle_id))
    );
    assert!(known["odometerM"].as_u64().unwrap() > 0);
    assert_eq!(known["connections"][0]["userId"], car.smartcar_user_id);
    let path = format!("/_simulator/cars/{}/truth", car.smartcar_vehicle_id);
    let truth = send(stand_in.request(Method::GET, &path)).await.body;
    assert!(truth["track"].is_array() && truth["now"]["odometer_m"].is_u64());
    assert_eq!(send(stand_in.request(Method::GET, "/_simulator/cars/none/truth")).await.status, 404);
}

#[tokio::test]
async fn a_car_may_sleep_and_vanish_and_come_back() {
    let stand_in = StandIn::start().await;
    let car = stand_in.car(0);
    let (id, user) = (&car.smartcar_vehicle_id, &car.smartcar_user_id);
    let token = stand_in.connect(&login(&car)).await;
    let application = stand_in.application_token().await;
    let (asked, stored) = (format!("/v2.0/vehicles/{id}/odometer"), format!("/v3/vehicles/{id}/signals"));
    let change = format!("cars/{id}");
    for (condition, status, error, status_v3) in [
        (json!({ "asleep": true }), 409, ("VEHICLE_STATE", Some("ASLEEP")), 200),
        (
            json!({ "asleep": false, "vanished": true }),
            400,
            ("CONNECTED_SERVICES_ACCOUNT", Some("VEHICLE_MISSING")),
            404,
        ),
        (
            json!({ "vanished": false, "error": "subscriptionEnded" }),
            400,
            ("CONNECTED_SERVICES_ACCOUNT", Some("SUBSCRIPTION")),
            400,
        ),
        (json!({ "error": "unreachable" }), 409, ("VEHICLE_STATE", Some("UNREACHABLE")), 200),
    ] {
        stand_in.developer(&change, &condition).await;
        let answer = stand_in.get(&token, &asked).await;
        assert_eq!((answer.status, answer.error()), (status, error));
        // What is stored can be read also while the car sleeps.
        assert_eq!(stand_in.get_as(&application, user, &stored).await.status, status_v3, "{condition}");
    }
    stand_in.developer(&change, &json!({ "error": "none" })).await;
    assert_eq!(stand_in.get(&token, &asked).await.status, 200);
}

#[tokio::test]
async fn trouble_comes_in_the_form_of_its_part() {
    let stand_in = StandIn::start().await;
    let car = stand_in.car(0);
    let token = stand_in.application_token().await;
    stand_in.connect(&login(&car)).await;
    let path = format!("/v3/vehicles/{}/signals", car.smartcar_vehicle_id);
    let get = || stand_in.get_as(&token, &car.smartcar_user_id, &path);

    let error = json!({ "answer": "error", "type": "RATE_LIMIT", "code": "VEHICLE", "retryAfterSeconds": 9 });
    stand_in.trouble("/signals", 1, &error).await;
    let limited = get().await;
    assert_eq!((limited.status, limited.code(), limited.header("retry-after")), (429, "VEHICLE", "9"));
    stand_in.trouble("/signals", 1, &json!({ "answer": "page", "status": 503, "body": "<p>" })).await;
    let page = get().await;
    assert_eq!((page.status, page.body), (503, Value::String("<p>".to_owned())));
    stand_in.trouble("/signals", 1, &json!({ "answer": "late", "milliseconds": 300 })).await;
    let begun = Instant::now();
    assert_eq!(get().await.status, 200);
    assert!(begun.elapsed() >= Duration::from_millis(300));
    let oauth = json!({ "answer": "oauthError", "error": "server_error", "errorDescription": "later" });
    stand_in.trouble("/oauth/token", 1, &oauth).await;
    assert_eq!(stand_in.exchange("x").await.body["error"], "server_error");

    stand_in.trouble("/signals", 1_000, &error).await;
    let listed = send(stand_in.request(Method::GET, "/_simulator/faults")).await.body;
    assert_eq!(listed[0]["then"]["code"], "VEHICLE");
    let cleared = send(stand_in.request(Method::DELETE, "/_simulator/faults")).await;
    assert_eq!((cleared.status, get().await.status), (204, 200));
}

#[tokio::test]
async fn calls_are_counted_for_who_wants_to_know() {
    let stand_in = StandIn::start().await;
    let car = stand_in.car(0);
    let token = stand_in.connect(&login(&car)).await;
    stand_in.get(&token, &format!("/v2.0/vehicles/{}/vin", car.smartcar_vehicle_id)).await;
    let calls = send(stand_in.request(Method::GET, "/_simulator/calls")).await.body;
    let last = calls.as_array().unwrap().last().unwrap();
    assert_eq!((&last["vehicleId"], &last["status"]), (&json!(car.smartcar_vehicle_id), &json!(200)));
    assert_eq!(calls[0]["path"], "/oauth/token");
}

#[tokio::test]
async fn a_wish_that_makes_no_sense_is_refused() {
    let stand_in = StandIn::start().await;
    for (path, body) in [
        ("faults", json!({ "then": { "answer": "miracle" } })),
        ("faults", json!({ "pat": "/x", "then": { "answer": "hangUp" } })),
        ("clock", json!({ "advanceSeconds": -1 })),
        ("webhooks", json!({ "pause": true })),
    ] {
        let answer = send(stand_in.request(Method::POST, &format!("/_simulator/{path}")).json(&body)).await;
        assert_eq!(answer.status, 422, "{body}");
    }
    let nobody = send(stand_in.request(Method::POST, "/_simulator/cars/none").json(&json!({}))).await;
    assert_eq!(nobody.status, 404);
}

#[tokio::test]
async fn an_idle_connection_does_not_keep_the_stand_in_from_stopping() {
    let stand_in = StandIn::start().await;
    let StandIn { simulator, origin, .. } = stand_in;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let path = format!("{origin}/_simulator/cars");
    assert_eq!(client.get(&path).send().await.unwrap().bytes().await.unwrap().first(), Some(&b'['));
    let stopped = tokio::time::timeout(Duration::from_secs(30), simulator.stop()).await;
    assert_eq!(stopped.unwrap().fleet().len(), 12);
    assert!(client.get(&path).send().await.is_err());
}
