//! Connect's pages, as people go through them.

use reqwest::Method;
use serde_json::json;
use simulator::Application;
use simulator::person::{Decision, Lost, Person};

use crate::stand_in::{StandIn, login, send};

#[tokio::test]
async fn with_v2_a_person_comes_back_with_a_code_and_the_state() {
    let stand_in = StandIn::start().await;
    let person = Person::new(login(&stand_in.car(0)));
    let back = stand_in.follow(&person, &[("state", "a/b c&d")]).await;
    assert_eq!((back.len(), back["state"].as_str()), (2, "a/b c&d"));
    assert_eq!(stand_in.exchange(&back["code"]).await.status, 200);
}

#[tokio::test]
async fn with_v3_a_person_comes_back_with_the_user_and_no_code() {
    let stand_in = StandIn::start().await;
    let car = stand_in.car(1);
    let asked = [
        ("response_type", "none"),
        ("client_id", Application::APPLICATION_ID),
        ("external_id", "anna-1"),
        ("state", "s"),
    ];
    let back = stand_in.follow(&Person::new(login(&car)), &asked).await;
    let expected = [("external_id", "anna-1"), ("state", "s"), ("user_id", &car.smartcar_user_id)];
    assert!(back.iter().map(|(name, value)| (name.as_str(), value.as_str())).eq(expected), "{back:?}");
}

#[tokio::test]
async fn who_denies_or_leaves_or_cannot_comes_back_with_the_reason() {
    let stand_in = StandIn::start().await;
    let deny = Person { decision: Decision::Deny, ..Person::new("anna@example.org") };
    let leave = Person { decision: Decision::Leave, ..Person::new("anna@example.org") };
    for (person, error) in [
        (deny, "access_denied"),
        (leave, "user_manually_returned_to_application"),
        (Person::new("smartcar@no-vehicles.com"), "no_vehicles"),
        (Person::new("smartcar@invalid-subscription.com"), "invalid_subscription"),
        (Person::new("smartcar@server-error.com"), "server_error"),
        (Person::new("smartcar@vehicle-incompatible.com"), "vehicle_incompatible"),
    ] {
        let back = stand_in.follow(&person, &[("state", "s")]).await;
        assert_eq!((back["error"].as_str(), back["state"].as_str()), (error, "s"));
        assert!(!back["error_description"].is_empty() && !back.contains_key("code"));
        // Whoever was not compatible agreed to tell which car it was.
        assert_eq!(back.contains_key("vin"), error == "vehicle_incompatible");
    }
    let token = stand_in.application_token().await;
    assert_eq!(stand_in.get(&token, "/v3/connections").await.body["data"], json!([]));
}

#[tokio::test]
async fn a_link_that_is_wrong_shows_an_error_and_leads_nowhere() {
    let stand_in = StandIn::start().await;
    for (name, value) in
        [("redirect_uri", "https://evil.example"), ("client_id", "x"), ("scope", "read_minds")]
    {
        match Person::new("anna@example.org").follow(&stand_in.link(&[(name, value)])).await {
            Err(Lost::Refused(page)) => {
                assert!(page.contains(&format!("Invalid parameter {name}")), "{page}");
            }
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_wrong_password_is_asked_for_again() {
    let stand_in = StandIn::start().await;
    let wrong = Person { password: "wrong".to_owned(), ..Person::new("anna@example.org") };
    assert!(matches!(wrong.follow(&stand_in.link(&[])).await, Err(Lost::Lost)));
}

#[tokio::test]
async fn a_person_may_allow_less_but_not_less_than_is_required() {
    let stand_in = StandIn::start().await;
    let car = stand_in.car(0);
    let withheld = vec!["read_location".to_owned(), "read_vin".to_owned()];
    let person = Person { withheld, ..Person::new(login(&car)) };
    let asked = [("scope", "read_odometer read_location required:read_vin")];
    let back = stand_in.follow(&person, &asked).await;
    let token = stand_in.exchange(&back["code"]).await.body["access_token"].as_str().unwrap().to_owned();
    let path = format!("/v2.0/vehicles/{}", car.smartcar_vehicle_id);
    let allowed = stand_in.get(&token, &format!("{path}/permissions")).await;
    assert_eq!(allowed.body["permissions"], json!(["read_odometer", "read_vin"]));
    let refused = stand_in.get(&token, &format!("{path}/location")).await;
    assert_eq!((refused.status, refused.error()), (403, ("PERMISSION", None)));
}

#[tokio::test]
async fn a_link_may_ask_for_one_vehicle_or_for_this_one() {
    let stand_in = StandIn::start().await;
    let several = Person::new("5-vehicles@smartcar.com");
    let vin = stand_in.car(3).vin;
    for (asked, count) in [
        (vec![], 5),
        (vec![("single_select", "true")], 1),
        (vec![("single_select", "true"), ("single_select_vin", vin.as_str())], 1),
        (vec![("make", "POLESTAR")], 1),
    ] {
        let back = stand_in.follow(&several, &asked).await;
        let pair = stand_in.exchange(&back["code"]).await;
        let token = pair.body["access_token"].as_str().unwrap();
        let listed = stand_in.get(token, "/v2.0/vehicles").await;
        assert_eq!(listed.body["paging"]["count"], count, "{asked:?}");
        if asked.len() == 2 {
            assert_eq!(listed.body["vehicles"][0], stand_in.car(3).smartcar_vehicle_id);
        }
    }
    let asked = [("single_select", "true"), ("single_select_vin", "0")];
    assert_eq!(stand_in.follow(&several, &asked).await["error"], "no_vehicles");
}

#[tokio::test]
async fn to_sign_in_again_makes_whole_what_the_old_password_broke() {
    let stand_in = StandIn::start().await;
    let car = stand_in.car(0);
    let id = &car.smartcar_vehicle_id;
    let token = stand_in.connect(&login(&car)).await;
    stand_in.developer(&format!("cars/{id}"), &json!({ "error": "authenticationFailed" })).await;
    let path = format!("/v2.0/vehicles/{id}/odometer");
    let failed = stand_in.get(&token, &path).await;
    assert_eq!(failed.error(), ("CONNECTED_SERVICES_ACCOUNT", Some("AUTHENTICATION_FAILED")));
    let link = format!("{}&state=s", failed.body["resolution"]["url"].as_str().unwrap());

    let stranger = Person::new("anna@example.org").follow(&link).await.unwrap();
    assert!(stranger.query().unwrap().contains("error=no_vehicles"));
    let back = Person::new(login(&car)).follow(&link).await.unwrap();
    assert_eq!(back.query(), Some(format!("vehicle_id={id}&state=s").as_str()));
    assert_eq!(stand_in.get(&token, &path).await.status, 200);
}

#[tokio::test]
async fn the_shortcut_exists_only_where_it_was_asked_for() {
    let strict = StandIn::start().await;
    let page = send(strict.request(Method::GET, "/connect/none")).await;
    assert_eq!(page.status, 404);
    let link = strict.link(&[("auto", "anna@example.org")]);
    let path = link.strip_prefix(&strict.origin).unwrap();
    let shown = send(strict.request(Method::GET, path)).await;
    assert!(shown.header("location").starts_with("/connect/"));

    let quick = StandIn::with(|options| options.platform.auto_login = true).await;
    let link = quick.link(&[("auto", "anna@example.org")]);
    let done = send(quick.request(Method::GET, link.strip_prefix(&quick.origin).unwrap())).await;
    assert!(done.header("location").contains("?code="));
}
