//! What somebody could try who answers for the platform, or who names ids to us.

use serde_json::json;
use smartcar::client::{Access, Advice, Command, ConnectionFilter, VehicleRef, Wanted};

use crate::platform::{APPLICATION, Platform, USER, VEHICLE, answer, raw, user_token, vehicle};

/// Ids that are meant to be something else.
const IDS: [&str; 9] = [
    "../user",
    "..",
    ".",
    "v/../../../admin",
    "v?x=1#y",
    "v\r\nx-evil: 1",
    "%2e%2e/%2e%2e",
    "@evil.example/",
    "",
];

#[tokio::test]
async fn an_id_never_leaves_its_place_in_the_path() {
    let platform = Platform::start().await;
    let (client, token) = (platform.client("v2"), user_token());
    let user = Access::User { token: &token };
    for id in IDS {
        let vehicle = VehicleRef { smartcar_vehicle_id: id.to_owned(), ..VehicleRef::default() };
        client.vin(user, id).await.unwrap_err();
        client.vehicle_info(user, id).await.unwrap_err();
        client.poll(user, &vehicle, &[Wanted::Odometer]).await.unwrap_err();
        client.command(user, &vehicle, Command::Unlock).await.unwrap_err();
        client.disconnect(user, &vehicle).await.unwrap_err();
    }
    for asked in platform.asked() {
        let path = asked.route.split(' ').nth(1).unwrap();
        let parts: Vec<&str> = path.split('/').collect();
        assert_eq!(parts[..3], ["", "v2.0", "vehicles"], "{path}");
        assert!(
            parts.len() <= 5 && !parts.contains(&"..") && asked.query.is_empty(),
            "{path} {}",
            asked.query
        );
        assert_eq!(asked.header("x-evil"), "");
    }
}

#[tokio::test]
async fn an_id_that_cannot_be_one_is_a_fault_of_ours_and_nothing_is_asked() {
    let platform = Platform::start().await;
    let token = user_token();
    for id in ["", ".", "..", "v\r\nx: y", "v\0", &"v".repeat(129)] {
        let error = platform.client("v2").vin(Access::User { token: &token }, id).await.unwrap_err();
        assert!(error.is("TRANSPORT", "BAD_ID") && error.advice == Advice::Bug, "{id:?}: {error}");
    }
    assert_eq!(platform.asked().len(), 0);
}

#[tokio::test]
async fn a_users_id_adds_no_line_to_the_head_of_a_request() {
    let platform = Platform::start().await;
    let client = platform.client("v3");
    for user_id in ["u\r\nx-evil: 1", "u\nx", "", "\u{1F600}\0"] {
        let access = Access::Application { user_id };
        let error = client.vehicle_info(access, VEHICLE).await.unwrap_err();
        assert!(error.is("TRANSPORT", "BAD_ID"), "{user_id:?}: {error}");
        assert!(client.poll(access, &vehicle(), &Wanted::ALL).await.unwrap_err().is("TRANSPORT", "BAD_ID"));
    }
    assert_eq!(platform.asked().len(), 0);
}

#[tokio::test]
async fn what_is_filtered_by_stays_one_value() {
    let platform = Platform::start().await;
    platform.on("GET /v3/connections", answer(200, &json!({ "data": [], "meta": { "totalCount": 0 } })));
    let filter = ConnectionFilter {
        external_id: Some("person&filter[userId]=stranger#"),
        ..ConnectionFilter::default()
    };
    platform.client("v3").connections(&filter).await.unwrap();
    let pairs = platform.last().query.split('&').count();
    assert_eq!(pairs, 4, "{}", platform.last().query);
}

#[tokio::test]
async fn a_redirect_takes_no_token_anywhere() {
    let (platform, elsewhere) = (Platform::start().await, Platform::start().await);
    let (client, token) = (platform.client("v2"), user_token());
    for status in [301, 302, 303, 307, 308] {
        let there = format!("http://{}/v2.0/user", elsewhere.address);
        platform
            .on("GET /v2.0/user", raw(status, "").with("location", &there))
            .on("POST /oauth/token", raw(status, "").with("location", &there));
        let error = client.user(Access::User { token: &token }).await.unwrap_err();
        assert!(error.is("TRANSPORT", "REDIRECT"), "{error}");
        assert!(client.refresh(&token).await.unwrap_err().is("TRANSPORT", "REDIRECT"));
    }
    assert_eq!((elsewhere.asked().len(), platform.asked().len()), (0, 10));
}

#[tokio::test]
async fn a_cookie_is_not_kept() {
    let platform = Platform::start().await;
    let (client, token) = (platform.client("v2"), user_token());
    platform.on("GET /v2.0/user", answer(200, &json!({ "id": USER })).with("set-cookie", "who=me"));
    for _ in 0..2 {
        client.user(Access::User { token: &token }).await.unwrap();
    }
    assert_eq!(platform.last().header("cookie"), "");
}

#[tokio::test]
async fn an_answer_nested_without_end_is_none() {
    let platform = Platform::start().await;
    let (client, token) = (platform.client("v2"), user_token());
    let deep = format!(r#"{{"responses":{}1{}}}"#, "[".repeat(200_000), "]".repeat(200_000));
    let error = json!(null).to_string();
    platform.on(&format!("POST /v2.0/vehicles/{VEHICLE}/batch"), raw(200, deep.clone()));
    let user = Access::User { token: &token };
    assert!(
        client.poll(user, &vehicle(), &[Wanted::Odometer]).await.unwrap_err().is("TRANSPORT", "UNREADABLE")
    );
    for body in [deep, error] {
        platform.on("GET /v2.0/user", raw(500, body));
        assert_eq!(client.user(user).await.unwrap_err().kind, "HTTP_500");
    }
    let access = APPLICATION;
    platform.on(
        &format!("GET /v3/vehicles/{VEHICLE}/signals"),
        raw(200, format!(r#"{{"data":{}"#, "[".repeat(200_000))),
    );
    let error = platform.client("v3").poll(access, &vehicle(), &[]).await.unwrap_err();
    assert!(error.is("TRANSPORT", "UNREADABLE"));
}
