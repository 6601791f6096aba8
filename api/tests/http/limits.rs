//! Those who ask too often.

use reqwest::Method;

use crate::fixture::Fixture;

#[tokio::test]
async fn one_person_who_asks_too_often_has_to_wait_and_others_do_not() {
    let fixture = Fixture::new(&["--requests-per-minute", "5"]).await;
    let (often, seldom) = (fixture.somebody().await, fixture.somebody().await);
    let mut verdicts = Vec::new();
    for _ in 0..6 {
        verdicts.push(fixture.get(&often, "/api/cars").await.verdict());
    }
    assert_eq!(verdicts[..5], ["200"; 5]);
    assert_eq!(verdicts[5], "429 too_many_requests");
    let refused = fixture.get(&often, "/api/cars").await;
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=12).contains(&wait), "{wait}");
    assert_eq!(refused.json["retryAfterSeconds"], wait);
    assert_eq!(fixture.get(&seldom, "/api/cars").await.status, 200);
}

#[tokio::test]
async fn an_address_is_limited_whoever_it_says_to_be() {
    let fixture = Fixture::new(&["--requests-per-minute-and-address", "4"]).await;
    // The description was read once already.
    for number in 0..3 {
        let request =
            fixture.request(Method::GET, "/api/cars").header("x-forwarded-for", format!("10.0.0.{number}"));
        assert_eq!(fixture.send(request).await.verdict(), "401 token_missing");
    }
    let refused = fixture.send(fixture.request(Method::GET, "/api/cars")).await;
    assert_eq!(refused.verdict(), "429 too_many_requests");
    assert_eq!(
        fixture.send(fixture.request(Method::GET, "/healthz")).await.status,
        200,
        "operators are not limited"
    );
}

#[tokio::test]
async fn behind_a_proxy_each_of_its_visitors_is_limited_apart() {
    let fixture = Fixture::new(&["--requests-per-minute-and-address", "2", "--proxies", "1"]).await;
    let from = |address: &str| {
        let forged = format!("1.2.3.4, {address}");
        fixture.request(Method::GET, "/api/cars").header("x-forwarded-for", forged)
    };
    for _ in 0..2 {
        assert_eq!(fixture.send(from("192.0.2.1")).await.status, 401);
    }
    assert_eq!(fixture.send(from("192.0.2.1")).await.status, 429);
    assert_eq!(fixture.send(from("192.0.2.2")).await.status, 401);
}

#[tokio::test]
async fn what_asks_smartcar_is_limited_apart_from_what_only_reads() {
    let fixture = Fixture::new(&["--actions-per-minute", "2"]).await;
    let ann = fixture.somebody().await;
    let car = fixture.car(&ann, "Berta").await;
    let sync = format!("/api/smartcar/sync/{car}");
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses
            .push(fixture.send(fixture.request(Method::POST, &sync).bearer_auth(&ann.token)).await.status);
    }
    assert_eq!(statuses[2], 429, "{statuses:?}");
    assert!(statuses[..2].iter().all(|status| *status != 429), "{statuses:?}");
    assert_eq!(fixture.get(&ann, "/api/cars").await.status, 200);
}
