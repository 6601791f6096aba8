//! API v3 with the token of the application.

use reqwest::Method;
use serde_json::{Value, json};
use simulator::Application;
use simulator::person::Person;
use simulator::wire::WEBHOOK_ID;

use crate::stand_in::{StandIn, login, send};

async fn connect(stand_in: &StandIn, login: &str, external_id: &str) -> String {
    let asked = [
        ("response_type", "none"),
        ("client_id", Application::APPLICATION_ID),
        ("external_id", external_id),
        ("scope", "read_odometer read_battery control_security control_charge"),
    ];
    stand_in.follow(&Person::new(login), &asked).await["user_id"].clone()
}

#[tokio::test]
async fn connections_are_listed_newest_first_filtered_and_in_pages() {
    let stand_in = StandIn::start().await;
    let token = stand_in.application_token().await;
    let empty = stand_in.get(&token, "/v3/connections").await;
    assert_eq!((&empty.body["meta"]["pageSize"], &empty.body["data"]), (&json!(0), &json!([])));

    let anna = connect(&stand_in, "3-vehicles@smartcar.com", "anna").await;
    let ben = connect(&stand_in, &login(&stand_in.car(7)), "ben").await;
    let page = stand_in.get(&token, "/v3/connections?page[number]=2&page[size]=3").await.body;
    assert_eq!((page["data"].as_array().unwrap().len(), &page["meta"]["totalCount"]), (1, &json!(4)));
    assert_eq!(page["links"]["next"], Value::Null);
    let previous = page["links"]["prev"].as_str().unwrap().strip_prefix(&stand_in.origin).unwrap().to_owned();
    assert_eq!(stand_in.get(&token, &previous).await.body["data"].as_array().unwrap().len(), 3);

    for (filter, user) in [
        (format!("filter[userId]={anna}"), &anna),
        ("filter[user.externalId]=ben".to_owned(), &ben),
        (format!("filter[user_id]={ben}&filter[vehicle.mode]=live"), &ben),
    ] {
        let found = stand_in.get(&token, &format!("/v3/connections?{filter}")).await.body;
        let rows = found["data"].as_array().unwrap();
        assert!(!rows.is_empty());
        assert!(rows.iter().all(|row| row["attributes"]["user"]["id"] == **user), "{filter}");
    }
    let none = stand_in.get(&token, "/v3/connections?filter[user.externalId]=eve").await.body;
    assert_eq!(none["data"], json!([]));
    let newest = stand_in.get(&token, "/v3/connections").await.body["data"][0].clone();
    assert_eq!(newest["attributes"]["user"], json!({ "id": ben, "externalId": "ben" }));
    let itself = newest["links"]["self"].as_str().unwrap().strip_prefix(&stand_in.origin).unwrap().to_owned();
    assert_eq!(stand_in.get(&token, &itself).await.body["data"], newest);
}

#[tokio::test]
async fn signals_need_the_user_and_show_what_the_user_allows() {
    let stand_in = StandIn::start().await;
    let token = stand_in.application_token().await;
    let car = stand_in.car(2);
    let user = connect(&stand_in, &login(&car), "anna").await;
    let path = format!("/v3/vehicles/{}/signals", car.smartcar_vehicle_id);
    let unnamed = stand_in.get(&token, &path).await;
    assert_eq!((unnamed.status, unnamed.code()), (400, "bad_request"));
    let stranger = stand_in.get_as(&token, "somebody", &path).await;
    assert_eq!((stranger.status, stranger.code()), (404, "not_found"));
    let nobody = send(stand_in.request(Method::GET, &path)).await;
    assert_eq!((nobody.status, nobody.code()), (401, "unauthorized"));

    let all = stand_in.get_as(&token, &user, &path).await.body;
    let row = |code: &str| {
        let rows = all["data"].as_array().unwrap();
        rows.iter().find(|row| row["id"] == code).cloned().unwrap()
    };
    let odometer = row("odometer-traveleddistance");
    assert_eq!(odometer["attributes"]["status"], json!({ "value": "SUCCESS" }));
    assert!(odometer["meta"]["oemUpdatedAt"].as_str().unwrap().ends_with('Z'));
    let location = row("location-preciselocation");
    assert_eq!(location["attributes"]["status"]["error"]["type"], "PERMISSION");
    assert_eq!(location["attributes"]["status"]["error"]["code"], "UNKNOWN");
    assert!(location["attributes"].get("body").is_none() && location["meta"].get("oemUpdatedAt").is_none());
    let fuel = row("internalcombustionengine-fuellevel");
    assert_eq!(fuel["attributes"]["status"]["error"]["code"], "UNKNOWN", "fuel was not allowed");
    let one = stand_in.get_as(&token, &user, &format!("{path}/odometer-traveleddistance")).await.body;
    assert_eq!(one["data"], odometer);
    assert_eq!(one["included"], all["included"]);
}

#[tokio::test]
async fn who_hears_of_nothing_has_an_empty_store() {
    let stand_in = StandIn::with(|options| options.platform.auto_subscribe = false).await;
    let token = stand_in.application_token().await;
    let car = stand_in.car(0);
    let user = connect(&stand_in, &login(&car), "anna").await;
    let path = format!("/v3/vehicles/{}/signals", car.smartcar_vehicle_id);
    let empty = stand_in.get_as(&token, &user, &path).await;
    assert_eq!((empty.status, &empty.body["data"]), (200, &json!([])));
    let body = json!({ "data": { "attributes": {
        "webhookId": WEBHOOK_ID, "vehicleId": car.smartcar_vehicle_id, "userId": user,
    } } });
    let begun = stand_in.post(&token, "/v3/subscriptions", &body).await;
    assert_eq!(
        (begun.status, &begun.body["meta"]["message"]),
        (202, &json!("subscription creation in progress"))
    );
    assert_eq!(stand_in.post(&token, "/v3/subscriptions", &body).await.status, 409);
    assert_eq!(stand_in.get_as(&token, &user, &path).await.body["data"].as_array().unwrap().len(), 19);

    let listed = stand_in.get(&token, &format!("/v3/subscriptions?filter[userId]={user}")).await.body;
    let id = listed["data"][0]["id"].as_str().unwrap();
    assert_eq!(
        stand_in.get(&token, &format!("/v3/subscriptions/{id}")).await.body["data"],
        listed["data"][0]
    );
    assert_eq!(stand_in.delete(&token, &format!("/v3/subscriptions/{id}")).await.status, 204);
    assert_eq!(stand_in.get_as(&token, &user, &path).await.body["data"], json!([]));
    let webhook = stand_in.get(&token, &format!("/v3/webhooks/{WEBHOOK_ID}")).await.body;
    assert_eq!(webhook["data"]["attributes"]["autoSubscribe"], false);
    let none = stand_in.get(&token, "/v3/webhooks?filter[isEnabled]=false").await.body;
    assert_eq!(none["data"], json!([]));
}

#[tokio::test]
async fn commands_are_understood_in_every_form_that_is_around() {
    let stand_in = StandIn::start().await;
    let token = stand_in.application_token().await;
    let car = stand_in.car(2);
    let user = connect(&stand_in, &login(&car), "anna").await;
    let forms = [
        ("commands/security/lock", json!({}), "security-lock"),
        (
            "commands/charge/set-limit",
            json!({ "data": { "attributes": { "percent": 80 } } }),
            "charge-set-limit",
        ),
        ("commands", json!({ "command": "LOCK_DOORS" }), "LOCK_DOORS"),
        ("security", json!({ "action": "LOCK" }), ""),
    ];
    for (path, body, name) in forms {
        let path = format!("/v3/vehicles/{}/{path}", car.smartcar_vehicle_id);
        let request = stand_in.request(Method::POST, &path).bearer_auth(&token).json(&body);
        let answer = send(request.header("sc-user-id", &user)).await;
        if answer.status == 409 {
            assert_eq!(answer.code(), "IN_MOTION");
            continue;
        }
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        if name.is_empty() {
            assert_eq!(answer.body["status"], "success");
        } else {
            assert_eq!(answer.body["data"]["attributes"]["commandType"], name);
            assert_eq!(answer.body["data"]["attributes"]["status"]["value"], "SUCCESS");
        }
    }
    let path = format!("/v3/vehicles/{}/commands/navigation/set-destination", car.smartcar_vehicle_id);
    let request = stand_in.request(Method::POST, &path).bearer_auth(&token).header("sc-user-id", &user);
    let forbidden = send(request).await;
    assert_eq!((forbidden.status, forbidden.code()), (403, "forbidden"));
}

#[tokio::test]
async fn connections_and_users_can_be_removed() {
    let stand_in = StandIn::start().await;
    let token = stand_in.application_token().await;
    let user = connect(&stand_in, "3-vehicles@smartcar.com", "anna").await;
    let listed = stand_in.get(&token, "/v3/connections").await.body;
    let id = listed["data"][0]["id"].as_str().unwrap();
    assert_eq!(stand_in.delete(&token, &format!("/v3/connections/{id}")).await.status, 204);
    assert_eq!(stand_in.delete(&token, &format!("/v3/connections/{id}")).await.status, 404);
    assert_eq!(stand_in.get(&token, "/v3/connections").await.body["meta"]["totalCount"], 2);
    assert_eq!(stand_in.delete(&token, &format!("/v3/users/{user}")).await.status, 204);
    assert_eq!(stand_in.get(&token, "/v3/connections").await.body["meta"]["totalCount"], 0);
}
