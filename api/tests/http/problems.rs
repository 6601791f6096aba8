//! Every error has one form, also those of the framework.

use reqwest::Method;
use serde_json::json;

use crate::fixture::{Fixture, Somebody};

async fn fixture_and_path() -> (Fixture, Somebody, String) {
    let fixture = Fixture::new(&[]).await;
    let ann = fixture.somebody().await;
    let car = fixture.car(&ann, "Berta").await;
    (fixture, ann, format!("/api/cars/{car}/meter-entries"))
}

#[tokio::test]
async fn an_error_says_what_happened_what_to_do_and_which_request_it_was() {
    let (fixture, ann, path) = fixture_and_path().await;
    let refused =
        fixture.post(&ann, &path, &json!({ "odometerKm": -1, "entryDate": "2026-01-01T00:00:00Z" })).await;
    assert_eq!(refused.header("content-type"), "application/problem+json");
    assert_eq!(refused.json["type"], "urn:carvetka:problem:invalid-field");
    assert_eq!(refused.json["status"], 422);
    assert_eq!(refused.json["title"], "A field is wrong");
    assert!(refused.json["detail"].as_str().unwrap().contains("less than 10000000"));
    assert_eq!(refused.json["instance"], refused.header("x-request-id"));
    assert_eq!(refused.header("x-request-id").len(), 36);
}

#[tokio::test]
async fn what_the_framework_refuses_has_the_same_form() {
    let (fixture, ann, path) = fixture_and_path().await;
    let nowhere = fixture.get(&ann, "/api/nothing/here").await;
    assert_eq!(nowhere.verdict(), "404 no_such_route");
    let root = fixture.get(&ann, "/").await;
    assert_eq!(root.verdict(), "404 no_such_route");
    let method = fixture.send(fixture.request(Method::PUT, &path).bearer_auth(&ann.token)).await;
    assert_eq!(method.verdict(), "405 method_not_allowed");
    assert_eq!(method.header("allow"), "GET,HEAD,POST");
    for answer in [nowhere, root, method] {
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.json["instance"], answer.header("x-request-id"));
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_is_refused_by_what_is_wrong_with_it() {
    let (fixture, ann, path) = fixture_and_path().await;
    let post = |kind: &str, body: Vec<u8>| {
        fixture.request(Method::POST, &path).bearer_auth(&ann.token).header("content-type", kind).body(body)
    };
    let good = r#"{"odometerKm":1,"entryDate":"2026-01-01T00:00:00Z"}"#;
    let deep = format!("{}1{}", "[".repeat(4_000), "]".repeat(4_000));
    for (kind, body, verdict) in [
        ("text/plain", good, "415 not_json"),
        ("application/x-www-form-urlencoded", "odometerKm=1", "415 not_json"),
        ("", good, "415 not_json"),
        ("application/json", "", "400 broken_json"),
        ("application/json", "{", "400 broken_json"),
        ("application/json", "odometerKm=1", "400 broken_json"),
        ("application/json", deep.as_str(), "422 invalid_field"),
        ("application/json", "[]", "422 invalid_field"),
        ("application/json", "null", "422 invalid_field"),
    ] {
        let refused = fixture.send(post(kind, body.as_bytes().to_vec())).await;
        assert_eq!(refused.verdict(), verdict, "{kind} {}", &body[..body.len().min(40)]);
    }
    let not_text = fixture.send(post("application/json", vec![b'"', 0xff, 0xfe, b'"'])).await;
    assert!(matches!(not_text.status, 400 | 422), "{}", not_text.text);
    let zipped = post("application/json", good.into()).header("content-encoding", "gzip");
    assert_eq!(fixture.send(zipped).await.verdict(), "415 not_json");
    let charset = post("application/json; charset=utf-8", good.into());
    assert_eq!(fixture.send(charset).await.status, 201);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_not_read_to_its_end() {
    let (fixture, ann, path) = fixture_and_path().await;
    let request = |body: String| {
        let request = fixture.request(Method::POST, &path).bearer_auth(&ann.token);
        request.header("content-type", "application/json").body(body)
    };
    let large = format!("{{\"notes\":\"{}\"}}", "x".repeat(17 * 1024));
    let refused = fixture.send(request(large)).await;
    assert_eq!(refused.verdict(), "413 body_too_large");
    assert!(refused.json["detail"].as_str().unwrap().contains("16384"), "{}", refused.text);
}

#[tokio::test]
async fn a_parameter_that_is_wrong_is_named() {
    let (fixture, ann, path) = fixture_and_path().await;
    for (query, field) in [
        ("limit=many", "limit"),
        ("limit=-1", "limit"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("cursor=nowhere", "cursor"),
        ("cursor=1.%27%20OR%201%3D1", "cursor"),
        ("order=odometer", "order"),
        ("limit=1&limit=2", "limit"),
    ] {
        let refused = fixture.get(&ann, &format!("{path}?{query}")).await;
        assert_eq!(refused.verdict(), "400 invalid_parameter", "{query}");
        assert_eq!(refused.json["field"], field, "{query}: {}", refused.text);
    }
    assert_eq!(fixture.get(&ann, "/api/smartcar/connect").await.json["field"], "carId");
}
