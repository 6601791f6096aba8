//! The pages under `/app/`. They are there in any case: where nobody built them, one says how to.

use reqwest::{Method, Response};

use crate::fixture::{CARVETKA, Fixture};

async fn get(fixture: &Fixture, path: &str, encodings: &str) -> Response {
    fixture.request(Method::GET, path).header("accept-encoding", encodings).send().await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

#[tokio::test]
async fn every_address_within_the_pages_gives_the_page_that_finds_it() {
    let fixture = Fixture::new(&[]).await;
    let start = get(&fixture, "/app/", "identity").await;
    assert_eq!(start.status(), 200);
    assert_eq!(header(&start, "content-type"), "text/html; charset=utf-8");
    assert_eq!(header(&start, "cache-control"), "no-cache", "a new version is seen at once");
    let start = start.text().await.unwrap();
    assert!(start.contains("/app/assets/") || start.contains("make web"), "{start}");
    let deep = get(&fixture, "/app/cars/0/trips?from=2026", "identity").await;
    assert_eq!(deep.text().await.unwrap(), start);
    let bare = get(&fixture, "/app", "identity").await;
    assert_eq!((bare.status().as_u16(), header(&bare, "location")), (308, "/app/"));
}

#[tokio::test]
async fn pages_run_scripts_of_their_own_alone_and_only_carvetka_embeds_them() {
    let fixture = Fixture::new(&["--dashboard-tiles", "https://tiles.example/{z}/{x}/{y}.png"]).await;
    let start = get(&fixture, "/app/", "identity").await;
    let policy = header(&start, "content-security-policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
    assert!(policy.contains("img-src 'self' data: https://tiles.example;"), "{policy}");
    assert!(policy.ends_with(&format!("frame-ancestors 'self' {CARVETKA}")), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(header(&start, "x-content-type-options"), "nosniff");
    let settings = get(&fixture, "/app/settings.json", "identity").await.text().await.unwrap();
    assert!(settings.contains(r#""url":"https://tiles.example/{z}/{x}/{y}.png""#), "{settings}");
    assert!(settings.contains(CARVETKA), "they hear of a token from nobody else: {settings}");
}

#[tokio::test]
async fn what_is_named_by_its_content_is_kept_for_ever_and_comes_compressed() {
    let fixture = Fixture::new(&[]).await;
    let gone = get(&fixture, "/app/assets/index-of-yesterday.js", "gzip").await;
    assert_eq!(gone.status(), 404);
    assert_eq!(header(&gone, "content-type"), "application/problem+json");
    let start = get(&fixture, "/app/", "identity").await.text().await.unwrap();
    let Some(script) = start.split("src=\"").nth(1).and_then(|rest| rest.split('"').next()) else {
        assert!(start.contains("make web"), "neither pages nor the word that they are missing: {start}");
        return;
    };
    let plain = get(&fixture, script, "identity").await;
    assert_eq!(header(&plain, "content-type"), "text/javascript; charset=utf-8");
    assert_eq!(header(&plain, "cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(header(&plain, "vary"), "Accept-Encoding");
    let compressed = get(&fixture, script, "br, gzip").await;
    assert_eq!(header(&compressed, "content-encoding"), "gzip");
    let (plain, compressed) = (plain.bytes().await.unwrap(), compressed.bytes().await.unwrap());
    assert!(compressed.len() * 2 < plain.len(), "{} of {}", compressed.len(), plain.len());
}
