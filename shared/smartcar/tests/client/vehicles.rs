//! What a consent covers, in both APIs.

use secrecy::SecretString;
use serde_json::{Value, json};
use smartcar::client::{Access, Advice, VehicleInfo};

use crate::platform::{APPLICATION, Platform, USER, VEHICLE, answer, user_token};

fn info(make: &str, model: &str, year: i32, powertrain: Option<&str>) -> VehicleInfo {
    VehicleInfo {
        make: Some(make.to_owned()),
        model: Some(model.to_owned()),
        year: Some(year),
        powertrain: powertrain.map(str::to_owned),
    }
}

fn access(token: &SecretString) -> Access<'_> {
    Access::User { token }
}

#[tokio::test]
async fn the_old_api_tells_the_user_the_vehicles_what_they_are_and_what_they_permit() {
    let platform = Platform::start().await;
    let (client, token) = (platform.client("v2"), user_token());
    platform
        .on("GET /v2.0/user", answer(200, &json!({ "id": USER })))
        .on(
            "GET /v2.0/vehicles",
            answer(200, &json!({ "vehicles": [VEHICLE, "v-2"], "paging": { "count": 25, "offset": 10 } })),
        )
        .on(
            &format!("GET /v2.0/vehicles/{VEHICLE}"),
            answer(200, &json!({ "id": VEHICLE, "make": "SKODA", "model": "Enyaq", "year": 2024 })),
        )
        .on(&format!("GET /v2.0/vehicles/{VEHICLE}/vin"), answer(200, &json!({ "vin": "tmbjj7nx0r0000001" })))
        .on(
            &format!("GET /v2.0/vehicles/{VEHICLE}/permissions"),
            answer(200, &json!({ "permissions": ["read_odometer"], "paging": { "count": 25, "offset": 0 } })),
        );

    assert_eq!(client.user(access(&token)).await.unwrap(), USER);
    assert_eq!(client.vehicles(access(&token)).await.unwrap(), [VEHICLE, "v-2"]);
    assert_eq!(
        client.vehicle_info(access(&token), VEHICLE).await.unwrap(),
        info("SKODA", "Enyaq", 2024, None)
    );
    assert_eq!(client.vin(access(&token), VEHICLE).await.unwrap(), "TMBJJ7NX0R0000001");
    assert_eq!(client.permissions(access(&token), VEHICLE).await.unwrap(), ["read_odometer"]);
    let asked = platform.asked();
    assert!(asked.iter().all(|asked| asked.header("authorization").starts_with("Bearer ")));
}

#[tokio::test]
async fn the_present_api_tells_the_same() {
    let platform = Platform::start().await;
    let client = platform.client("v3");
    let attributes = json!({ "make": "SKODA", "model": "Enyaq", "year": 2024, "powertrainType": "BEV" });
    let resource = json!({ "id": VEHICLE, "type": "vehicle", "attributes": attributes });
    for body in [resource.clone(), json!({ "data": resource, "links": {} })] {
        platform.on(&format!("GET /v3/vehicles/{VEHICLE}"), answer(200, &body));
        let told = client.vehicle_info(APPLICATION, VEHICLE).await.unwrap();
        assert_eq!(told, info("SKODA", "Enyaq", 2024, Some("BEV")), "{body}");
    }

    let vin =
        |body: Value| json!({ "id": "vehicleidentification-vin", "type": "signal", "attributes": body });
    let good = vin(json!({ "status": { "value": "SUCCESS" }, "body": { "value": "TMBJJ7NX0R0000001" } }));
    let route = format!("GET /v3/vehicles/{VEHICLE}/signals/vehicleidentification-vin");
    for body in [good.clone(), json!({ "data": good })] {
        platform.on(&route, answer(200, &body));
        assert_eq!(client.vin(APPLICATION, VEHICLE).await.unwrap(), "TMBJJ7NX0R0000001", "{body}");
    }
    let error = json!({ "type": "COMPATIBILITY", "code": "VEHICLE_NOT_CAPABLE" });
    let bad = vin(json!({ "status": { "value": "ERROR", "error": error } }));
    platform.on(&route, answer(200, &json!({ "data": bad })));
    assert_eq!(client.vin(APPLICATION, VEHICLE).await.unwrap_err().advice, Advice::NeverForThisSignal);

    assert_eq!(client.user(APPLICATION).await.unwrap(), USER);
}

#[tokio::test]
async fn a_person_with_many_cars_is_told_of_all_of_them() {
    let platform = Platform::start().await;
    let page = |numbers: std::ops::Range<u32>| {
        answer(200, &json!({ "vehicles": numbers.map(|n| format!("v-{n}")).collect::<Vec<_>>() }))
    };
    platform.on_each("GET /v2.0/vehicles", [page(0..50), page(50..60)]);
    let vehicles = platform.client("v2").vehicles(access(&user_token())).await.unwrap();
    assert_eq!((vehicles.len(), vehicles.last().unwrap().as_str()), (60, "v-59"));
    let queries: Vec<String> = platform.asked().into_iter().map(|asked| asked.query).collect();
    assert_eq!(queries, ["limit=50&offset=0", "limit=50&offset=50"]);
}

#[tokio::test]
async fn a_list_that_repeats_itself_for_ever_ends() {
    let platform = Platform::start().await;
    let same: Vec<String> = (0..50).map(|n| format!("v-{n}")).collect();
    platform.on("GET /v2.0/vehicles", answer(200, &json!({ "vehicles": same })));
    assert_eq!(platform.client("v2").vehicles(access(&user_token())).await.unwrap().len(), 50);
    assert_eq!(platform.asked().len(), 2);
}

#[tokio::test]
async fn an_answer_that_does_not_tell_what_was_asked_is_none() {
    let platform = Platform::start().await;
    let (client, token) = (platform.client("v2"), user_token());
    for body in [json!({}), json!([]), json!({ "id": null, "vin": {}, "vehicles": 7 })] {
        for route in ["user", "vehicles"] {
            platform.on(&format!("GET /v2.0/{route}"), answer(200, &body));
        }
        platform.on(&format!("GET /v2.0/vehicles/{VEHICLE}/vin"), answer(200, &body));
        for error in [
            client.user(access(&token)).await.unwrap_err(),
            client.vehicles(access(&token)).await.unwrap_err(),
            client.vin(access(&token), VEHICLE).await.unwrap_err(),
        ] {
            assert!(error.is("TRANSPORT", "UNREADABLE"), "{body}: {error}");
        }
    }
}

#[tokio::test]
async fn an_expired_token_is_said_to_be_one_and_is_not_tried_again() {
    let platform = Platform::start().await;
    let body = json!({ "type": "AUTHENTICATION", "code": null, "statusCode": 401 });
    platform.on("GET /v2.0/user", answer(401, &body));
    let error = platform.client("v2").user(access(&user_token())).await.unwrap_err();
    assert_eq!((error.advice, platform.asked().len()), (Advice::RefreshTokenOnce, 1));
}
