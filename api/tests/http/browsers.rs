//! What browsers are told to allow.

use reqwest::Method;

use crate::fixture::{CARVETKA, Fixture};

#[tokio::test]
async fn only_carvetkas_own_pages_may_read_answers() {
    let fixture = Fixture::new(&["--carvetka-origin", "https://staging.carvetka.example"]).await;
    let ann = fixture.somebody().await;
    for (origin, allowed) in [
        (CARVETKA, true),
        ("https://staging.carvetka.example", true),
        ("https://app.carvetka.example.evil.example", false),
        ("https://evil.example", false),
        ("http://app.carvetka.example", false),
        ("null", false),
    ] {
        let request =
            fixture.request(Method::GET, "/api/cars").bearer_auth(&ann.token).header("origin", origin);
        let answer = fixture.send(request).await;
        let said = answer.header("access-control-allow-origin");
        assert_eq!(said, if allowed { origin } else { "" }, "{origin}");
        let refused = fixture.request(Method::GET, "/api/cars").header("origin", origin);
        let refused = fixture.send(refused).await;
        assert_eq!(
            refused.header("access-control-allow-origin") == origin,
            allowed,
            "a page may read why it was refused"
        );
        assert!(answer.header("vary").to_lowercase().contains("origin"), "caches have to tell origins apart");
    }
}

#[tokio::test]
async fn a_page_may_ask_with_a_token_and_json_by_the_methods_that_there_are() {
    let fixture = Fixture::new(&[]).await;
    let request = fixture
        .request(Method::OPTIONS, "/api/cars")
        .header("origin", CARVETKA)
        .header("access-control-request-method", "PATCH")
        .header("access-control-request-headers", "authorization, content-type");
    let answer = fixture.send(request).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-methods"), "GET,POST,PATCH,DELETE");
    let headers = answer.header("access-control-allow-headers");
    assert!(headers.contains("authorization") && headers.contains("content-type"), "{headers}");
    assert_eq!(answer.header("access-control-allow-credentials"), "true");
}

#[tokio::test]
async fn every_answer_tells_browsers_to_be_careful() {
    let fixture = Fixture::new(&[]).await;
    let ann = fixture.somebody().await;
    for path in ["/api/cars", "/api/openapi.json", "/api/nothing", "/api/smartcar/callback?state=x"] {
        let answer = fixture.get(&ann, path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
    }
}
