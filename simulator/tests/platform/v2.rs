//! API v2.0. That its answers are understood is proven by the vendor's SDKs; here is what they do not look at.

use reqwest::Method;
use serde_json::{Value, json};

use crate::stand_in::{StandIn, login, send};

#[tokio::test]
async fn the_odometer_is_what_the_car_told_last_with_its_age() {
    let stand_in = StandIn::start().await;
    let car = stand_in.car(0);
    let token = stand_in.connect(&login(&car)).await;
    let path = format!("/v2.0/vehicles/{}/odometer", car.smartcar_vehicle_id);
    let answer = stand_in.get(&token, &path).await;
    let told = stand_in.simulator.ledger().polled_odometers(&car.smartcar_vehicle_id);
    let last = told.last().unwrap();
    assert_eq!(answer.body["distance"].as_f64(), Some(last.value));
    let age = chrono::DateTime::parse_from_rfc3339(answer.header("sc-data-age")).unwrap();
    assert_eq!(age, last.at);
    let fetched = chrono::DateTime::parse_from_rfc3339(answer.header("sc-fetched-at")).unwrap();
    assert!(age <= fetched && fetched <= stand_in.simulator.now());
    assert_eq!(answer.header("sc-unit-system"), "metric");
    assert_eq!(answer.header("sc-request-id").len(), 36);
    // It is what the car's own truth was then.
    let truth = stand_in.simulator.ledger().truth(&car.smartcar_vehicle_id).unwrap();
    let true_km = f64::from(u32::try_from(truth.now.odometer_m.div_ceil(1_000)).unwrap());
    assert!(last.value <= true_km);
}

#[tokio::test]
async fn miles_come_as_kilometres_unless_miles_are_wanted() {
    let stand_in = StandIn::start().await;
    let car = stand_in.car(5);
    let token = stand_in.connect(&login(&car)).await;
    let path = format!("/v2.0/vehicles/{}/odometer", car.smartcar_vehicle_id);
    let km = stand_in.get(&token, &path).await.body["distance"].as_f64().unwrap();
    let request = stand_in.request(Method::GET, &path).bearer_auth(&token);
    let miles = send(request.header("SC-Unit-System", "imperial")).await;
    assert_eq!(miles.header("sc-unit-system"), "imperial");
    let miles = miles.body["distance"].as_f64().unwrap();
    let told = stand_in.simulator.ledger().polled_odometers(&car.smartcar_vehicle_id);
    assert_eq!((told[0].unit, told[0].value), ("miles", miles));
    assert!((km - miles * 1.609_344).abs() < 0.01);
    let request = stand_in.request(Method::GET, &path).bearer_auth(&token);
    let nautical = send(request.header("SC-Unit-System", "nautical")).await;
    assert_eq!((nautical.status, nautical.error().0), (400, "VALIDATION"));
}

#[tokio::test]
async fn other_peoples_cars_and_unknown_paths_are_errors() {
    let stand_in = StandIn::start().await;
    let (mine, theirs) = (stand_in.car(0), stand_in.car(1));
    let token = stand_in.connect(&login(&mine)).await;
    stand_in.connect(&login(&theirs)).await;
    let foreign = stand_in.get(&token, &format!("/v2.0/vehicles/{}/vin", theirs.smartcar_vehicle_id)).await;
    assert_eq!((foreign.status, foreign.error()), (403, ("PERMISSION", None)));
    let own = format!("/v2.0/vehicles/{}", mine.smartcar_vehicle_id);
    let nowhere = stand_in.get(&token, &format!("{own}/mind")).await;
    assert_eq!((nowhere.status, nowhere.error()), (404, ("RESOURCE_NOT_FOUND", Some("PATH"))));
    let ancient = stand_in.get(&token, "/v0.1/vehicles").await;
    assert_eq!(ancient.error(), ("RESOURCE_NOT_FOUND", Some("VERSION")));
    let nobody = send(stand_in.request(Method::GET, &format!("{own}/vin"))).await;
    assert_eq!((nobody.status, nobody.error()), (401, ("AUTHENTICATION", None)));
}

#[tokio::test]
async fn a_batch_answers_each_path_for_itself() {
    let stand_in = StandIn::start().await;
    let car = stand_in.car(0);
    let token = stand_in.connect(&login(&car)).await;
    let path = format!("/v2.0/vehicles/{}/batch", car.smartcar_vehicle_id);
    let limited =
        json!({ "answer": "error", "type": "RATE_LIMIT", "code": "VEHICLE", "retryAfterSeconds": 252 });
    stand_in.trouble("/location", 1, &limited).await;
    let paths = ["/odometer", "/fuel", "/location", "/mind", "/charge"].map(|path| json!({ "path": path }));
    let answer = stand_in.post(&token, &path, &json!({ "requests": paths })).await;
    assert_eq!(answer.status, 200);
    let responses = answer.body["responses"].as_array().unwrap();
    let codes: Vec<_> = responses.iter().map(|one| one["code"].as_u64().unwrap()).collect();
    // An electric car has no fuel.
    assert_eq!(codes, [200, 501, 429, 404, 200]);
    assert_eq!(responses[0]["headers"]["sc-unit-system"], "metric");
    assert!(responses[0]["headers"]["sc-data-age"].is_string());
    assert!(responses[1].get("headers").is_none() && responses[3].get("headers").is_none());
    assert_eq!(responses[2]["headers"], json!({ "Retry-After": "252" }));
    assert_eq!(responses[4]["headers"].get("sc-unit-system"), None);
}

#[tokio::test]
async fn limits_are_for_the_application_the_vehicle_and_the_month() {
    let stand_in = StandIn::start().await;
    let car = stand_in.car(0);
    let token = stand_in.connect(&login(&car)).await;
    let path = format!("/v2.0/vehicles/{}/odometer", car.smartcar_vehicle_id);
    for (limits, status, error) in [
        (json!({ "bucketSize": 1.0, "bucketRefillAMinute": 2.0 }), 429, ("RATE_LIMIT", Some("SMARTCAR_API"))),
        (json!({ "vehicleCallsAnHour": 1 }), 429, ("RATE_LIMIT", Some("VEHICLE"))),
        (json!({ "vehicleCallsAMonth": 3 }), 430, ("BILLING", Some("VEHICLE_REQUEST_LIMIT"))),
    ] {
        stand_in.developer("limits", &limits).await;
        assert_eq!(stand_in.get(&token, &path).await.status, 200);
        let refused = stand_in.get(&token, &path).await;
        assert_eq!((refused.status, refused.error()), (status, error), "{limits}");
        let retry_after = refused.headers.get("retry-after").map(|seconds| seconds.to_str().unwrap());
        assert_eq!(retry_after.is_some(), error.1 == Some("VEHICLE"));
    }
}

#[tokio::test]
async fn the_bucket_counts_each_path_of_a_batch_and_both_versions() {
    let stand_in = StandIn::start().await;
    let car = stand_in.car(0);
    let token = stand_in.connect(&login(&car)).await;
    let application = stand_in.application_token().await;
    stand_in.developer("limits", &json!({ "bucketSize": 6.0 })).await;
    let path = format!("/v2.0/vehicles/{}/batch", car.smartcar_vehicle_id);
    let paths = ["/odometer", "/battery", "/charge"].map(|path| json!({ "path": path }));
    assert_eq!(stand_in.post(&token, &path, &json!({ "requests": paths })).await.status, 200);
    let listed = stand_in.get(&application, "/v3/connections").await;
    assert_eq!(listed.status, 200);
    // Two are left, and three are wanted.
    let refused = stand_in.post(&token, &path, &json!({ "requests": paths })).await;
    assert_eq!((refused.status, refused.error()), (429, ("RATE_LIMIT", Some("SMARTCAR_API"))));
    assert_eq!(stand_in.get(&token, "/v2.0/user").await.status, 200);
    let refused = stand_in.get(&application, "/v3/connections").await;
    assert_eq!((refused.status, refused.code()), (429, "SMARTCAR_API"));
}

#[tokio::test]
async fn who_is_disconnected_is_gone_and_so_is_the_token() {
    let stand_in = StandIn::start().await;
    let token = stand_in.connect("2-vehicles@smartcar.com").await;
    let path = |number| format!("/v2.0/vehicles/{}", stand_in.car(number).smartcar_vehicle_id);
    let gone = stand_in.delete(&token, &format!("{}/application", path(0))).await;
    assert_eq!((gone.status, gone.body), (200, json!({ "status": "success" })));
    assert_eq!(stand_in.get(&token, &path(0)).await.status, 403);
    assert_eq!(stand_in.get(&token, &path(1)).await.status, 200);
    assert_eq!(stand_in.get(&token, "/v2.0/vehicles").await.body["paging"]["count"], 1);
    stand_in.delete(&token, &format!("{}/application", path(1))).await;
    assert_eq!(stand_in.get(&token, &path(1)).await.status, 401);
}

#[tokio::test]
async fn a_command_that_is_done_is_seen_by_the_next_who_asks() {
    let stand_in = StandIn::start().await;
    let (mut unlocked, mut moving) = (0, 0);
    for number in 0..12 {
        let car = stand_in.car(number);
        let token = stand_in.connect(&login(&car)).await;
        let path = format!("/v2.0/vehicles/{}/security", car.smartcar_vehicle_id);
        let done = stand_in.post(&token, &path, &json!({ "action": "UNLOCK" })).await;
        if done.status == 409 {
            assert_eq!(done.error(), ("VEHICLE_STATE", Some("IN_MOTION")));
            moving += 1;
            continue;
        }
        assert_eq!(done.body["status"], "success");
        unlocked += 1;
        if unlocked == 1 {
            // The car says so within seconds.
            let mut answer = Value::Null;
            for _ in 0..300 {
                answer = stand_in.get(&token, &path).await.body;
                if answer["isLocked"] == false {
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
            assert_eq!(
                (&answer["isLocked"], &answer["doors"][0]["status"]),
                (&json!(false), &json!("CLOSED"))
            );
        }
    }
    assert!(unlocked > 0 && unlocked + moving == 12);
}
