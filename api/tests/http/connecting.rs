//! The whole journey of connecting a car, and every way in which it can go wrong.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use simulator::person::{Decision, Person};
use url::Url;
use uuid::Uuid;

use crate::fixture::{CARVETKA, GENEROUS};
use crate::stage::Stage;

#[tokio::test]
async fn a_person_connects_a_car_and_its_mileage_is_in_the_book_at_once() {
    for version in ["v2", "v3"] {
        let stage = Stage::new(version, &[]).await;
        let ann = stage.api.somebody().await;
        let car = stage.api.car(&ann, "Berta").await;
        let (_, login) = stage.virtual_car(0);
        let page = stage.connect(&ann, car, &login, "").await;
        assert_eq!(page.status, 200, "{version}: {}", page.text);
        assert!(page.text.contains("Your car is connected"), "{}", page.text);
        assert!(page.text.contains("mileage is in your book"), "{}", page.text);
        let book = stage.api.get(&ann, &format!("/api/cars/{car}/meter-entries")).await.json;
        assert_eq!(book["items"][0]["source"], "smartcar_sync", "{version}: {book}");
        let status = stage.api.get(&ann, &format!("/api/smartcar/status/{car}")).await.json;
        assert_eq!(status["badge"], "connected");
        assert!(status["signals"].as_array().is_some_and(|signals| !signals.is_empty()), "{status}");
        assert_eq!(stage.api.get(&ann, "/api/cars").await.json["items"][0]["connection"], "active");
    }
}

#[tokio::test]
async fn with_a_page_to_return_to_the_person_is_back_in_carvetka_at_once() {
    let stage = Stage::new("v3", &[]).await;
    let ann = stage.api.somebody().await;
    let car = stage.api.car(&ann, "Berta").await;
    let (_, login) = stage.virtual_car(0);
    let back = stage.connect(&ann, car, &login, "&returnTo=/cars/1?tab%3Dmileage").await;
    assert_eq!(back.status, 303, "{}", back.text);
    assert_eq!(back.header("location"), format!("{CARVETKA}/cars/1?tab=mileage&smartcar=connected"));
    assert!(back.header("set-cookie").contains("Max-Age=0"), "the cookie is of no use any more");
}

#[tokio::test]
async fn a_popup_tells_the_page_that_opened_it_and_no_other() {
    let stage = Stage::new("v3", &[]).await;
    let ann = stage.api.somebody().await;
    let car = stage.api.car(&ann, "Berta").await;
    let (_, login) = stage.virtual_car(0);
    let page = stage.connect(&ann, car, &login, "&popup=true&returnTo=/cars/1").await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.text.contains("window.opener.postMessage"), "{}", page.text);
    assert!(page.text.contains(&format!("data-origins=\"[&quot;{CARVETKA}&quot;]\"")), "{}", page.text);
    assert!(page.text.contains("&quot;outcome&quot;:&quot;connected&quot;"), "{}", page.text);
    assert!(!page.text.contains("postMessage(JSON.parse(d.message),'*')"));
    let policy = page.header("content-security-policy");
    let nonce = policy.split("script-src 'nonce-").nth(1).unwrap().split('\'').next().unwrap();
    assert!(page.text.contains(&format!("<script nonce=\"{nonce}\">")), "{policy}");
}

#[tokio::test]
async fn a_person_who_says_no_or_has_no_fitting_car_is_told_so_kindly() {
    let stage = Stage::new("v3", &[]).await;
    let ann = stage.api.somebody().await;
    let car = stage.api.car(&ann, "Berta").await;
    let (identity, login) = stage.virtual_car(0);
    let denying = Person { decision: Decision::Deny, ..Person::new(login.as_str()) };
    let leaving = Person { decision: Decision::Leave, ..Person::new(login.as_str()) };
    let incompatible = Person::new(format!("{}@incompatible.smartcar.com", identity.vin));
    let cases = [
        (denying, 200, "You did not agree"),
        (leaving, 200, "You did not agree"),
        (incompatible, 200, "Smartcar cannot reach"),
        (Person::new("smartcar@no-vehicles.com"), 200, "There is no car in this account"),
        (Person::new("smartcar@invalid-subscription.com"), 200, "connected services"),
        (Person::new("smartcar@server-error.com"), 502, "does not answer as it should"),
        (Person::new("smartcar@configuration-error.com"), 500, "not your fault"),
    ];
    for (person, status, words) in cases {
        let way = stage.begin(&ann, car, "&returnTo=/cars/1").await;
        let back = stage.consent(&way, &person).await;
        let page = stage.come_back(&back, &way.cookie).await;
        assert_eq!(page.status, status, "{}: {}", person.login, page.text);
        assert!(page.text.contains(words), "{} is not told {words}: {}", person.login, page.text);
        assert!(
            page.text.contains(&format!("{CARVETKA}/cars/1?smartcar=")),
            "there is a way back: {}",
            page.text
        );
        assert!(!page.text.contains("<script"), "{}", page.text);
    }
    assert_eq!(
        stage.api.get(&ann, &format!("/api/smartcar/status/{car}")).await.json["badge"],
        "not_connected"
    );
}

#[tokio::test]
async fn what_others_send_to_the_callback_connects_nothing() {
    let stage = Stage::new("v2", &[]).await;
    let (ann, eve) = (stage.api.somebody().await, stage.api.somebody().await);
    let (car, hers) = (stage.api.car(&ann, "Berta").await, stage.api.car(&eve, "Eve's").await);
    let (_, login) = stage.virtual_car(0);
    let way = stage.begin(&ann, car, "").await;
    let back = stage.consent(&way, &Person::new(login.as_str())).await;
    let issued = back.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let with_state = |state: &str| {
        let mut forged = back.clone();
        let kept: Vec<(String, String)> = back
            .query_pairs()
            .filter(|(name, _)| name != "state")
            .map(|(a, b)| (a.into(), b.into()))
            .collect();
        forged.query_pairs_mut().clear().extend_pairs(kept).append_pair("state", state);
        forged
    };
    let evil = "\"><script>alert(1)</script>";
    for (back, cookie, what) in [
        (with_state("invented"), way.cookie.as_str(), "an invented state"),
        (with_state(""), way.cookie.as_str(), "no state"),
        (with_state(&format!("{issued}x")), way.cookie.as_str(), "a state that was changed"),
        (with_state(evil), way.cookie.as_str(), "markup"),
        (back.clone(), "", "another browser"),
        (back.clone(), "carvetka-connect=x", "another cookie"),
    ] {
        let page = stage.come_back(&back, cookie).await;
        assert_eq!(page.status, 400, "{what}: {}", page.text);
        assert!(
            page.text.contains("was not connected") && !page.text.contains("<script"),
            "{what}: {}",
            page.text
        );
    }
    // Eve makes Ann's browser finish what Eve began.
    let hers_way = stage.begin(&eve, hers, "").await;
    let (_, other_login) = stage.virtual_car(1);
    let hers_back = stage.consent(&hers_way, &Person::new(other_login.as_str())).await;
    let page = stage.come_back(&hers_back, &way.cookie).await;
    assert_eq!(page.status, 400, "{}", page.text);
    for (who, car) in [(&ann, car), (&eve, hers)] {
        let status = stage.api.get(who, &format!("/api/smartcar/status/{car}")).await.json;
        assert_eq!(status["badge"], "not_connected");
    }
    // Nobody has used Ann's state up meanwhile, and it is good for once.
    assert_eq!(stage.come_back(&back, &way.cookie).await.status, 200);
    let again = stage.come_back(&back, &way.cookie).await;
    assert_eq!(again.status, 400);
    assert!(again.text.contains("used already"), "{}", again.text);
}

#[tokio::test]
async fn people_are_sent_back_to_carvetka_and_nowhere_else() {
    let stage = Stage::new("v3", &[]).await;
    let ann = stage.api.somebody().await;
    let car = stage.api.car(&ann, "Berta").await;
    for elsewhere in [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "https://app.carvetka.example.evil.example/",
        "https://app.carvetka.example@evil.example/",
        "https://user:password@app.carvetka.example/",
        "http://app.carvetka.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://app.carvetka.example:8443/",
    ] {
        let mut url: Url = stage.api.url("/api/smartcar/connect").parse().unwrap();
        url.query_pairs_mut().append_pair("carId", &car.to_string()).append_pair("returnTo", elsewhere);
        let path = format!("/api/smartcar/connect?{}", url.query().unwrap());
        let refused = stage.api.get(&ann, &path).await;
        assert_eq!(refused.verdict(), "400 invalid_parameter", "{elsewhere}");
        assert_eq!(refused.json["field"], "returnTo");
        assert!(refused.headers.get("location").is_none());
    }
}

#[tokio::test]
async fn a_browser_is_redirected_and_a_page_is_told() {
    let stage = Stage::new("v3", &[]).await;
    let ann = stage.api.somebody().await;
    let car = stage.api.car(&ann, "Berta").await;
    let path = format!("/api/smartcar/connect?carId={car}");
    let smartcar = stage.smartcar.origin().unwrap().to_owned();
    for accept in ["text/html,*/*", "*/*"] {
        let request = stage.api.request(Method::GET, &path).bearer_auth(&ann.token).header("accept", accept);
        let sent = stage.api.send(request).await;
        assert_eq!(sent.status, 302);
        assert!(sent.header("location").starts_with(&format!("{smartcar}/oauth/authorize?")));
        let cookie = sent.header("set-cookie");
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    }
    let asked = stage.begin(&ann, car, "").await.url;
    let scope = asked.query_pairs().find(|(name, _)| name == "scope").unwrap().1.into_owned();
    assert!(!scope.contains("location"), "{scope}");
    let asked = stage.begin(&ann, car, "&location=true").await.url;
    let scope = asked.query_pairs().find(|(name, _)| name == "scope").unwrap().1.into_owned();
    assert!(scope.contains("location"), "{scope}");
}

#[tokio::test]
async fn a_person_who_closes_the_page_too_early_is_connected_all_the_same() {
    let stage = Stage::new("v2", &[]).await;
    let ann = stage.api.somebody().await;
    let car = stage.api.car(&ann, "Berta").await;
    let (_, login) = stage.virtual_car(0);
    let way = stage.begin(&ann, car, "").await;
    let back = stage.consent(&way, &Person::new(login)).await;
    stage
        .trouble(&json!({ "part": "auth", "times": 1, "then": { "answer": "late", "milliseconds": 1_000 } }))
        .await;
    let path = format!("{}?{}", back.path(), back.query().unwrap());
    let request = stage.api.request(Method::GET, &path).header("cookie", &way.cookie);
    let gone = request.timeout(Duration::from_millis(200)).send().await;
    assert!(gone.unwrap_err().is_timeout());
    let status = format!("/api/smartcar/status/{car}");
    harness::eventually(GENEROUS, "the car is connected", async || {
        stage.api.get(&ann, &status).await.json["badge"] == "connected"
    })
    .await;
}

#[tokio::test]
async fn a_second_car_needs_a_plan_and_is_refused_with_402() {
    let stage = Stage::new("v3", &[]).await;
    let (ann, _) = stage.owner(0).await;
    let second = stage.api.car(&ann, "Cäsar").await;
    let path = format!("/api/smartcar/connect?carId={second}");
    let refused = stage.api.get(&ann, &path).await;
    assert_eq!(refused.verdict(), "402 plan_limit");
    assert!(refused.json["detail"].as_str().unwrap().contains("one connected car"), "{}", refused.text);
    sqlx::query("INSERT INTO vehicle_plans (user_id, vehicles) VALUES ($1, 2)")
        .bind(ann.id)
        .execute(stage.api.pool())
        .await
        .unwrap();
    let (_, login) = stage.virtual_car(1);
    assert_eq!(stage.connect(&ann, second, &login, "").await.status, 200);
}

#[tokio::test]
async fn an_installation_without_smartcars_credentials_says_so_and_serves_the_books() {
    let fixture = crate::fixture::Fixture::new(&[]).await;
    let ann = fixture.somebody().await;
    let car = fixture.car(&ann, "Berta").await;
    let refused = fixture.get(&ann, &format!("/api/smartcar/connect?carId={car}")).await;
    assert_eq!(refused.verdict(), "501 not_configured");
    let command =
        fixture.post(&ann, &format!("/api/smartcar/commands/{car}"), &json!({ "command": "lock" })).await;
    assert_eq!(command.verdict(), "501 not_configured");
    assert_eq!(fixture.get(&ann, &format!("/api/cars/{car}/expenses")).await.status, 200);
    let nobody = fixture.get(&ann, &format!("/api/smartcar/status/{}", Uuid::new_v4())).await;
    assert_eq!(nobody.verdict(), "404 car_not_found");
}
