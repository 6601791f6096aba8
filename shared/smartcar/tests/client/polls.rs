//! Asking how a car is.

use std::time::Duration;

use serde_json::{Value, json};
use smartcar::client::{Access, Advice, ApiVersion, PollAnswer, Wanted, Who};
use smartcar::report::Report;
use smartcar::webhook;

use crate::platform::{
    APPLICATION, Platform, USER, USER_TOKEN, VEHICLE, answer, fixture, raw, user_token, vehicle,
};

const BATCH: &str = "POST /v2.0/vehicles/36ab27d0-0000-4000-8000-000000000001/batch";
const SIGNALS: &str = "GET /v3/vehicles/36ab27d0-0000-4000-8000-000000000001/signals";

fn report(answer: &PollAnswer) -> Report {
    let received_at = "2026-12-01T00:00:00Z".parse().unwrap();
    webhook::decode(&answer.body, received_at).unwrap().reports.remove(0)
}

fn refusals(answer: &PollAnswer) -> Vec<String> {
    let told = |refused: &smartcar::client::Refused| {
        let signals: Vec<&str> = refused.signals.iter().map(domain::reading::Signal::as_str).collect();
        format!("{} {}", signals.join(" "), refused.error.kind)
    };
    answer.refused.iter().map(told).collect()
}

/// A batch's answer to one path.
fn told(path: &str, body: &Value) -> Value {
    json!({ "path": path, "code": 200, "body": body, "headers": { "sc-data-age": "2026-05-31T08:40:57.000Z" } })
}

/// The fixture, about the vehicle that is asked for.
fn signals() -> Value {
    let mut json = fixture("signals.json");
    json["included"]["vehicle"]["id"] = VEHICLE.into();
    json
}

async fn poll_v2(
    platform: &Platform,
    wanted: &[Wanted],
) -> Result<PollAnswer, smartcar::client::PlatformError> {
    platform.client("v2").poll(Access::User { token: &user_token() }, &vehicle(), wanted).await
}

#[tokio::test]
async fn one_batch_asks_for_everything_and_costs_a_call_a_path() {
    let platform = Platform::start().await;
    platform.on(BATCH, answer(200, &fixture("batch.json")));

    let answer = poll_v2(&platform, &Wanted::ALL).await.unwrap();

    assert_eq!((platform.asked().len(), answer.calls), (1, 11));
    let asked = platform.last();
    assert_eq!(asked.header("authorization"), format!("Bearer {USER_TOKEN}"));
    assert_eq!(asked.header("sc-unit-system"), "metric");
    let json = asked.json();
    let paths: Vec<&str> = json["requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|request| request["path"].as_str().unwrap())
        .collect();
    assert_eq!(
        paths,
        [
            "/odometer",
            "/fuel",
            "/battery",
            "/battery/nominal_capacity",
            "/charge",
            "/charge/limit",
            "/location",
            "/engine/oil",
            "/tires/pressure",
            "/security",
            "/vin"
        ]
    );

    let report = report(&answer);
    assert_eq!(report.vehicle.smartcar_vehicle_id, VEHICLE);
    assert_eq!(report.vehicle.smartcar_user_id.as_deref(), Some(USER));
    assert_eq!(report.readings.len(), 10);
    assert_eq!(report.failed.len(), 5);
}

#[tokio::test]
async fn what_was_refused_inside_of_a_batch_comes_with_its_advice_and_its_own_wait() {
    let platform = Platform::start().await;
    platform.on(BATCH, answer(200, &fixture("batch.json")));
    let answer = poll_v2(&platform, &Wanted::ALL).await.unwrap();
    assert_eq!(
        refusals(&answer),
        [
            "tractionbattery-stateofcharge tractionbattery-range VEHICLE_STATE",
            "internalcombustionengine-oillife COMPATIBILITY",
            "wheel-tires RATE_LIMIT",
            "vehicleidentification-vin PERMISSION",
        ]
    );
    let advice: Vec<Advice> = answer.refused.iter().map(|refused| refused.error.advice).collect();
    let rest = |seconds| Advice::RetryAfter { who: Who::Vehicle, wait: Duration::from_secs(seconds) };
    assert_eq!(advice, [rest(3600), Advice::NeverForThisSignal, rest(252), Advice::Reauthenticate]);
}

#[tokio::test]
async fn only_what_is_wanted_is_asked_for_and_each_thing_once() {
    let platform = Platform::start().await;
    platform.on(BATCH, answer(200, &json!({ "responses": [told("/odometer", &json!({ "distance": 5 }))] })));
    let wanted = [Wanted::Odometer, Wanted::ChargeDetails, Wanted::Odometer, Wanted::LowVoltageBattery];
    let answer = poll_v2(&platform, &wanted).await.unwrap();
    assert_eq!(platform.last().json(), json!({ "requests": [{ "path": "/odometer" }] }));
    assert_eq!((answer.calls, report(&answer).readings.len()), (1, 1));
}

#[tokio::test]
async fn who_wants_nothing_asks_nothing() {
    let platform = Platform::start().await;
    let answer = poll_v2(&platform, &[Wanted::ChargeDetails]).await.unwrap();
    assert_eq!((answer.calls, platform.asked().len(), report(&answer).readings.len()), (0, 0, 0));
}

#[tokio::test]
async fn a_path_that_has_the_whole_batch_refused_costs_the_others_nothing() {
    let platform = Platform::start().await;
    let refusal = json!({ "type": "VALIDATION", "code": null, "statusCode": 400 });
    let unknown = json!({ "type": "RESOURCE_NOT_FOUND", "code": "PATH", "statusCode": 404 });
    platform.on_each(
        BATCH,
        [
            answer(400, &refusal),
            answer(200, &json!({ "responses": [told("/odometer", &json!({ "distance": 5 }))] })),
            answer(404, &unknown),
            answer(200, &json!({ "responses": [told("/security", &json!({ "isLocked": true }))] })),
        ],
    );
    let wanted = [Wanted::Odometer, Wanted::BatteryCapacity, Wanted::Security];

    let answer = poll_v2(&platform, &wanted).await.unwrap();

    assert_eq!((platform.asked().len(), answer.calls), (4, 6));
    assert_eq!(refusals(&answer), ["tractionbattery-nominalcapacity RESOURCE_NOT_FOUND"]);
    let report = report(&answer);
    assert_eq!(report.readings.len(), 2);
    assert_eq!(report.failed[0].signal.as_str(), "tractionbattery-nominalcapacity");
    assert_eq!((report.failed[0].kind.as_str(), report.failed.len()), ("RESOURCE_NOT_FOUND", 1));
}

#[tokio::test]
async fn a_batch_of_which_nothing_is_told_is_an_error_and_says_what_it_cost() {
    let platform = Platform::start().await;
    platform.on(
        BATCH,
        answer(403, &json!({ "type": "PERMISSION", "code": null, "resolution": "REAUTHENTICATE" })),
    );
    let error = poll_v2(&platform, &[Wanted::Odometer, Wanted::Fuel]).await.unwrap_err();
    assert_eq!((error.advice, error.calls), (Advice::Reauthenticate, 4));

    platform.on(BATCH, answer(409, &json!({ "type": "VEHICLE_STATE", "code": "ASLEEP" })));
    let error = poll_v2(&platform, &[Wanted::Odometer, Wanted::Fuel]).await.unwrap_err();
    assert!(error.is("VEHICLE_STATE", "ASLEEP"));
    assert_eq!((error.calls, platform.asked().len()), (2, 4));
}

#[tokio::test]
async fn a_poll_that_never_reached_the_platform_cost_nothing() {
    let client = crate::platform::client("v2", "http://127.0.0.1:9");
    let error =
        client.poll(Access::User { token: &user_token() }, &vehicle(), &Wanted::ALL).await.unwrap_err();
    assert!(error.is("TRANSPORT", "CONNECT"));
    assert_eq!(error.calls, 0);

    let platform = Platform::start().await;
    platform.on("POST /oauth2/token", answer(401, &json!({ "error": "invalid_client" })));
    let error = platform.client("v3").poll(APPLICATION, &vehicle(), &Wanted::ALL).await.unwrap_err();
    assert!(error.is("OAUTH", "INVALID_CLIENT"));
    assert_eq!(error.calls, 0);
}

#[tokio::test]
async fn paths_that_are_refused_for_reasons_of_their_own_are_told_one_by_one() {
    let platform = Platform::start().await;
    let incapable = json!({ "type": "COMPATIBILITY", "code": "VEHICLE_NOT_CAPABLE" });
    platform.on_each(BATCH, [answer(400, &json!({ "type": "VALIDATION" })), answer(501, &incapable)]);
    let answer = poll_v2(&platform, &[Wanted::EngineOil, Wanted::Tires]).await.unwrap();
    assert_eq!(
        refusals(&answer),
        ["internalcombustionengine-oillife COMPATIBILITY", "wheel-tires COMPATIBILITY"]
    );
    assert_eq!(report(&answer).failed.len(), 2);
}

#[tokio::test]
async fn a_car_that_falls_asleep_between_two_paths_is_not_asked_for_the_rest() {
    let platform = Platform::start().await;
    platform.on_each(
        BATCH,
        [
            answer(400, &json!({ "type": "VALIDATION" })),
            answer(200, &json!({ "responses": [told("/odometer", &json!({ "distance": 5 }))] })),
            answer(409, &json!({ "type": "VEHICLE_STATE", "code": "ASLEEP" })),
        ],
    );
    let wanted = [Wanted::Odometer, Wanted::Fuel, Wanted::Charge, Wanted::Security];
    let answer = poll_v2(&platform, &wanted).await.unwrap();
    assert_eq!((platform.asked().len(), answer.calls), (3, 6));
    assert_eq!(report(&answer).readings.len(), 1);
    assert_eq!(answer.refused.len(), 1);
}

#[tokio::test]
async fn a_page_of_somebody_in_between_is_no_answer_of_the_car() {
    let platform = Platform::start().await;
    for body in [
        r#"{"status":"contact the front desk to activate your wifi"}"#,
        "<html>log in</html>",
        "",
        "null",
        "[]",
        r#"{"responses":7}"#,
        r#"{"responses":[{"path":"/odometer","code":200"#,
    ] {
        platform.on(BATCH, raw(200, body));
        let error = poll_v2(&platform, &[Wanted::Odometer, Wanted::Fuel]).await.unwrap_err();
        assert!(error.is("TRANSPORT", "UNREADABLE"), "{body}: {error}");
        platform.on(SIGNALS, raw(200, body));
        let error =
            platform.client("v3").poll(APPLICATION, &vehicle(), &[Wanted::Odometer]).await.unwrap_err();
        assert!(error.is("TRANSPORT", "UNREADABLE"), "{body}: {error}");
    }
}

#[tokio::test]
async fn the_platforms_words_are_handed_on_untouched_but_for_links_that_carry_a_token() {
    let platform = Platform::start().await;
    let body = r#"{"responses": [ {"path":"/odometer","code":200,"body":{"distance":104.320},"more":1e2} ]}"#;
    platform.on(BATCH, raw(200, body));
    let answer_text = String::from_utf8(poll_v2(&platform, &[Wanted::Odometer]).await.unwrap().body).unwrap();
    assert_eq!(
        answer_text,
        format!(r#"{{"poll":"v2","user":"{USER}","vehicle":"{VEHICLE}","answer":[{body}]}}"#)
    );

    let capacity = json!({
        "capacity": { "nominal": 77.5, "source": "SMARTCAR" }, "availableCapacities": [],
        "url": "https://connect.example/battery-capacity?vehicle_id=1&token=t0ken-of-a-link&response_type=vehicle_id",
    });
    platform.on(BATCH, answer(200, &json!({ "responses": [told("/battery/nominal_capacity", &capacity)] })));
    let answer = poll_v2(&platform, &[Wanted::BatteryCapacity]).await.unwrap();
    assert!(!String::from_utf8_lossy(&answer.body).contains("t0ken-of-a-link"));
    assert_eq!(report(&answer).readings.len(), 1);
}

#[tokio::test]
async fn the_present_api_tells_everything_in_one_call() {
    let platform = Platform::start().await;
    platform.on(SIGNALS, answer(200, &signals()));

    let answer = platform.client("v3").poll(APPLICATION, &vehicle(), &Wanted::ALL).await.unwrap();

    assert_eq!((platform.asked().len(), answer.calls), (1, 1));
    assert_eq!(platform.last().header("sc-user-id"), USER);
    assert_eq!(
        refusals(&answer),
        [
            "charge-chargerate VEHICLE_STATE",
            "closure-fronttrunk PERMISSION",
            "internalcombustionengine-oillife COMPATIBILITY"
        ]
    );
    let report = report(&answer);
    assert_eq!((report.readings.len(), report.failed.len(), report.untimed.len()), (5, 3, 1));
    assert_eq!(report.vehicle.make.as_deref(), Some("SKODA"));
}

#[tokio::test]
async fn signals_that_are_missing_from_the_list_are_asked_for_one_by_one() {
    let platform = Platform::start().await;
    let mut list = signals();
    list["data"].as_array_mut().unwrap().truncate(1);
    list["meta"]["totalCount"] = 40.into();
    platform.on(SIGNALS, answer(200, &list));
    let mut one = fixture("signal.json");
    one["included"]["vehicle"]["id"] = VEHICLE.into();
    one["data"]["attributes"]["code"] = "internalcombustionengine-fuellevel".into();
    one["data"]["attributes"]["body"] = json!({ "value": 58, "unit": "percent" });
    platform.on(&format!("{SIGNALS}/internalcombustionengine-fuellevel"), answer(200, &one));
    let incapable =
        json!({ "errors": [{ "type": "COMPATIBILITY", "code": "VEHICLE_NOT_CAPABLE", "status": 501 }] });
    platform.on(&format!("{SIGNALS}/internalcombustionengine-amountremaining"), answer(501, &incapable));

    let wanted = [Wanted::Odometer, Wanted::Fuel];
    let answer = platform.client("v3").poll(APPLICATION, &vehicle(), &wanted).await.unwrap();

    // The list, and the three of the tank; the odometer was in the list.
    assert_eq!((platform.asked().len(), answer.calls), (4, 4));
    assert_eq!(report(&answer).readings.len(), 2);
    assert_eq!(
        refusals(&answer),
        [
            "internalcombustionengine-amountremaining COMPATIBILITY",
            "internalcombustionengine-range RESOURCE_NOT_FOUND"
        ]
    );
}

#[tokio::test]
async fn when_the_application_has_to_rest_no_further_signal_is_asked_for() {
    let platform = Platform::start().await;
    let list = json!({ "data": [], "meta": { "totalCount": 5 } });
    let limit = json!({ "type": "RATE_LIMIT", "code": "SMARTCAR_API" });
    platform.on(SIGNALS, answer(200, &list));
    platform.on(&format!("{SIGNALS}/odometer-traveleddistance"), answer(429, &limit));
    let answer = platform.client("v3").poll(APPLICATION, &vehicle(), &Wanted::ALL).await.unwrap();
    assert_eq!((platform.asked().len(), answer.calls, answer.refused.len()), (2, 2, 1));
}

#[tokio::test]
async fn a_list_that_says_it_is_empty_is_nothing_new() {
    let platform = Platform::start().await;
    platform.on(SIGNALS, answer(200, &json!({ "data": [], "meta": { "totalCount": 0 } })));
    let answer = platform.client("v3").poll(APPLICATION, &vehicle(), &Wanted::ALL).await.unwrap();
    assert_eq!((answer.calls, answer.refused.len(), report(&answer).readings.len()), (1, 0, 0));
}

#[tokio::test]
async fn what_is_told_about_another_car_is_not_taken_for_this_one() {
    let platform = Platform::start().await;
    platform.on(SIGNALS, answer(200, &fixture("signals.json")));
    let error = platform.client("v3").poll(APPLICATION, &vehicle(), &Wanted::ALL).await.unwrap_err();
    assert!(error.is("TRANSPORT", "FOREIGN"), "{error}");
    assert_eq!(error.calls, 1);
}

#[tokio::test]
async fn every_wanted_signal_that_a_path_does_not_tell_is_named() {
    let platform = Platform::start().await;
    for wanted in Wanted::ALL {
        let signals = wanted.signals(ApiVersion::V2);
        if signals.is_empty() {
            continue;
        }
        let error = json!({ "type": "COMPATIBILITY", "code": "VEHICLE_NOT_CAPABLE" });
        platform
            .on(BATCH, answer(200, &json!({ "responses": [{ "path": "/x", "code": 501, "body": error }] })));
        let _ = poll_v2(&platform, &[wanted]).await.unwrap();
        let path = platform.last().json()["requests"][0]["path"].clone();
        platform
            .on(BATCH, answer(200, &json!({ "responses": [{ "path": path, "code": 501, "body": error }] })));
        let answer = poll_v2(&platform, &[wanted]).await.unwrap();
        let named: Vec<&str> =
            answer.refused[0].signals.iter().map(domain::reading::Signal::as_str).collect();
        assert_eq!(named, signals, "{wanted:?}");
    }
}
