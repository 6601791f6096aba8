//! Who connected what, ending it, and who is told about it.

use serde_json::{Value, json};
use smartcar::client::{Access, ConnectionFilter, SubscriptionFilter};

use crate::platform::{
    APPLICATION, MANAGEMENT_TOKEN, Platform, USER, VEHICLE, answer, raw, user_token, vehicle,
};

const CONNECTIONS: &str = "GET /v3/connections";

fn row(id: &str, vehicle: &str, user: &str, external: Option<&str>) -> Value {
    json!({
        "id": id, "type": "connection",
        "attributes": {
            "permissions": ["read_odometer", "control_charge"],
            "vehicle": { "make": "SKODA", "model": "Enyaq", "year": 2024, "mode": "live", "powertrainType": "BEV" },
            "user": { "id": user, "externalId": external },
        },
        "relationships": {
            "vehicle": { "data": { "id": vehicle, "type": "vehicle" }, "links": { "related": "https://evil.example" } },
            "user": { "data": { "id": user, "type": "user" } },
        },
        "meta": { "createdAt": "2026-05-03T02:45:45.349Z" },
    })
}

fn page(rows: &[Value], total: usize) -> Value {
    let next = "https://evil.example/v3/connections?page=2";
    json!({ "data": rows, "meta": { "totalCount": total, "pageNumber": 1 }, "links": { "next": next } })
}

#[tokio::test]
async fn a_connection_tells_whose_consent_it_is_for_which_car_and_what_it_permits() {
    let platform = Platform::start().await;
    platform.on(CONNECTIONS, answer(200, &page(&[row("c-1", VEHICLE, USER, Some("person-1"))], 1)));
    let filter = ConnectionFilter { external_id: Some("person-1"), ..ConnectionFilter::default() };

    let connections = platform.client("v3").connections(&filter).await.unwrap();

    let connection = &connections[0];
    assert_eq!((connection.vehicle_id.as_str(), connection.user_id.as_str()), (VEHICLE, USER));
    assert_eq!(connection.external_id.as_deref(), Some("person-1"));
    assert_eq!(connection.permissions, ["read_odometer", "control_charge"]);
    assert_eq!(connection.info.powertrain.as_deref(), Some("BEV"));
    assert_eq!(connection.created_at.unwrap().to_rfc3339(), "2026-05-03T02:45:45.349+00:00");
    assert_eq!(
        platform.last().query,
        "filter%5Buser.externalId%5D=person-1&filter%5Bvehicle.mode%5D=live\
         &page%5Bnumber%5D=1&page%5Bsize%5D=100"
    );
    // The application asks for itself.
    assert_eq!(platform.last().header("sc-user-id"), "");
}

#[tokio::test]
async fn a_filter_that_the_platform_does_not_understand_shows_nobody_elses_cars() {
    let platform = Platform::start().await;
    let rows = [
        row("c-1", VEHICLE, USER, Some("person-1")),
        row("c-2", VEHICLE, "stranger", Some("person-2")),
        row("c-3", "v-3", USER, None),
    ];
    platform.on(CONNECTIONS, answer(200, &page(&rows, 3)));
    let client = platform.client("v3");
    let none = ConnectionFilter::default();
    let table = [
        (none, vec!["c-1", "c-2", "c-3"]),
        (ConnectionFilter { external_id: Some("person-1"), ..none }, vec!["c-1"]),
        (ConnectionFilter { external_id: Some("person-3"), ..none }, vec![]),
        (ConnectionFilter { user_id: Some(USER), ..none }, vec!["c-1", "c-3"]),
        (ConnectionFilter { user_id: Some(USER), vehicle_id: Some("v-3"), ..none }, vec!["c-3"]),
        (ConnectionFilter { user_id: Some("stranger"), external_id: Some("person-1"), ..none }, vec![]),
    ];
    for (filter, expected) in table {
        let connections = client.connections(&filter).await.unwrap();
        let ids: Vec<&str> = connections.iter().map(|one| one.id.as_deref().unwrap()).collect();
        assert_eq!(ids, expected, "{filter:?}");
    }
}

#[tokio::test]
async fn pages_are_asked_for_by_number_and_links_are_never_followed() {
    let platform = Platform::start().await;
    let rows = |numbers: std::ops::Range<usize>| -> Vec<Value> {
        numbers.map(|n| row(&format!("c-{n}"), &format!("v-{n}"), USER, None)).collect()
    };
    platform.on_each(
        CONNECTIONS,
        [
            answer(200, &page(&rows(0..10), 25)),
            answer(200, &page(&rows(10..20), 25)),
            answer(200, &page(&rows(20..25), 25)),
        ],
    );
    let connections = platform.client("v3").connections(&ConnectionFilter::default()).await.unwrap();
    assert_eq!((connections.len(), platform.asked().len()), (25, 3));
    assert!(platform.last().query.contains("page%5Bnumber%5D=3"));
}

#[tokio::test]
async fn a_list_that_claims_more_than_it_has_ends() {
    let platform = Platform::start().await;
    platform.on(CONNECTIONS, answer(200, &page(&[row("c-1", VEHICLE, USER, None)], 10_000)));
    let connections = platform.client("v3").connections(&ConnectionFilter::default()).await.unwrap();
    assert_eq!((connections.len(), platform.asked().len()), (1, 2));
}

#[tokio::test]
async fn no_connection_at_all_is_an_answer() {
    let platform = Platform::start().await;
    platform.on(CONNECTIONS, answer(200, &page(&[], 0)));
    assert_eq!(platform.client("v3").connections(&ConnectionFilter::default()).await.unwrap(), []);
    assert_eq!(platform.client("v3").vehicles(APPLICATION).await.unwrap(), [""; 0]);
    assert_eq!(platform.client("v3").permissions(APPLICATION, VEHICLE).await.unwrap(), [""; 0]);
}

#[tokio::test]
async fn vehicles_and_permissions_of_the_present_api_are_those_of_its_connections() {
    let platform = Platform::start().await;
    let rows = [row("c-1", VEHICLE, USER, None), row("c-2", VEHICLE, "stranger", None)];
    platform.on(CONNECTIONS, answer(200, &page(&rows, 2)));
    let client = platform.client("v3");
    assert_eq!(client.vehicles(APPLICATION).await.unwrap(), [VEHICLE]);
    assert_eq!(client.permissions(APPLICATION, VEHICLE).await.unwrap(), ["read_odometer", "control_charge"]);
}

#[tokio::test]
async fn the_old_api_asks_for_connections_with_the_management_token_cursor_by_cursor() {
    let platform = Platform::start().await;
    let row = |n: u32| json!({ "vehicleId": format!("v-{n}"), "userId": USER, "connectedAt": "2026-05-03T02:45:45Z" });
    let cursor = format!("AES::{}+/=", "x".repeat(200));
    platform.on_each(
        "GET /v2.0/management/connections",
        [
            answer(200, &json!({ "connections": [row(1)], "paging": { "cursor": cursor } })),
            answer(200, &json!({ "connections": [row(2)], "paging": { "cursor": null } })),
        ],
    );
    let filter = ConnectionFilter { user_id: Some(USER), ..ConnectionFilter::default() };
    let connections = platform.client("v2").connections(&filter).await.unwrap();
    assert_eq!(connections.len(), 2);
    let basic = reqwest::Client::new().get("http://x").basic_auth("default", Some(MANAGEMENT_TOKEN));
    let basic = basic.build().unwrap().headers()["authorization"].to_str().unwrap().to_owned();
    assert_eq!(platform.last().header("authorization"), basic);
    assert!(platform.last().query.ends_with("%2B%2F%3D"), "{}", platform.last().query);

    let external = ConnectionFilter { external_id: Some("person-1"), ..ConnectionFilter::default() };
    assert_eq!(platform.client("v2").connections(&external).await.unwrap(), []);
}

#[tokio::test]
async fn a_consent_of_the_old_api_is_ended_with_its_token() {
    let platform = Platform::start().await;
    let route = format!("DELETE /v2.0/vehicles/{VEHICLE}/application");
    platform.on(&route, answer(200, &json!({ "status": "success" })));
    let token = user_token();
    platform.client("v2").disconnect(Access::User { token: &token }, &vehicle()).await.unwrap();
    assert_eq!(platform.count(&route), 1);
}

#[tokio::test]
async fn a_connection_of_the_present_api_is_ended_and_no_other_persons() {
    let platform = Platform::start().await;
    let rows = [
        row("c-1", VEHICLE, USER, None),
        row("c-2", VEHICLE, "stranger", None),
        row("c-3", "v-3", USER, None),
    ];
    platform.on(CONNECTIONS, answer(200, &page(&rows, 3))).on("DELETE /v3/connections/c-1", raw(204, ""));
    platform.client("v3").disconnect(APPLICATION, &vehicle()).await.unwrap();
    let deleted: Vec<String> =
        platform.asked().into_iter().map(|asked| asked.route).filter(|r| r.starts_with("DELETE")).collect();
    assert_eq!(deleted, ["DELETE /v3/connections/c-1"]);
}

#[tokio::test]
async fn a_connection_that_is_gone_already_is_ended_and_one_that_stays_is_an_error() {
    let platform = Platform::start().await;
    let client = platform.client("v3");
    platform.on(CONNECTIONS, answer(200, &page(&[row("c-1", VEHICLE, USER, None)], 1)));
    client.disconnect(APPLICATION, &vehicle()).await.unwrap();
    platform.on("DELETE /v3/connections/c-1", answer(500, &json!({ "type": "SERVER", "code": "INTERNAL" })));
    assert!(client.disconnect(APPLICATION, &vehicle()).await.unwrap_err().is("SERVER", "INTERNAL"));
    platform.on(CONNECTIONS, answer(200, &page(&[], 0)));
    client.disconnect(APPLICATION, &vehicle()).await.unwrap();
}

#[tokio::test]
async fn vehicles_are_subscribed_to_a_webhook_and_taken_off_it() {
    let platform = Platform::start().await;
    let client = platform.client("v3");
    let webhook = json!({ "id": "w-1", "attributes": { "name": "Carvetka", "isEnabled": true, "autoSubscribe": false } });
    let related = |id: &str| json!({ "data": { "type": "x", "id": id } });
    let subscription = json!({
        "id": "s-1", "type": "subscription",
        "relationships": { "webhook": related("w-1"), "user": related(USER), "vehicle": related(VEHICLE) },
    });
    platform
        .on("GET /v3/webhooks", answer(200, &json!({ "data": [webhook], "meta": { "totalCount": 1 } })))
        .on(
            "GET /v3/subscriptions",
            answer(200, &json!({ "data": [subscription], "meta": { "totalCount": 1 } })),
        )
        .on("POST /v3/subscriptions", answer(202, &json!({ "meta": { "message": "in progress" } })))
        .on("DELETE /v3/subscriptions/s-1", raw(204, ""));

    let webhooks = client.webhooks().await.unwrap();
    assert_eq!(
        (webhooks[0].id.as_str(), webhooks[0].is_enabled, webhooks[0].auto_subscribe),
        ("w-1", Some(true), Some(false))
    );

    client.subscribe("w-1", USER, VEHICLE).await.unwrap();
    let attributes = json!({ "webhookId": "w-1", "userId": USER, "vehicleId": VEHICLE });
    assert_eq!(platform.last().json(), json!({ "data": { "attributes": attributes } }));

    let filter = SubscriptionFilter { vehicle_id: Some(VEHICLE), ..SubscriptionFilter::default() };
    let subscriptions = client.subscriptions(&filter).await.unwrap();
    assert_eq!(subscriptions[0].vehicle_id.as_deref(), Some(VEHICLE));
    assert!(platform.last().query.starts_with("filter%5BvehicleId%5D="));

    client.unsubscribe(&subscriptions[0].id).await.unwrap();
}

#[tokio::test]
async fn a_subscription_that_exists_and_one_that_is_gone_are_no_errors() {
    let platform = Platform::start().await;
    let client = platform.client("v3");
    platform.on("POST /v3/subscriptions", answer(409, &json!({ "errors": [{ "code": "conflict" }] })));
    client.subscribe("w-1", USER, VEHICLE).await.unwrap();
    client.unsubscribe("s-9").await.unwrap();
    platform.on("POST /v3/subscriptions", answer(400, &json!({ "errors": [{ "code": "bad_request" }] })));
    assert_eq!(client.subscribe("w-1", USER, VEHICLE).await.unwrap_err().kind, "VALIDATION");
}
