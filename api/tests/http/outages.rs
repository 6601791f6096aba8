//! What is answered while the database is away.

use harness::proxy::Proxy;
use reqwest::Method;

use crate::fixture::{CARVETKA, Fixture, GENEROUS, meter_entry};

#[tokio::test]
async fn while_the_database_is_away_the_answer_is_503_and_afterwards_all_is_well() {
    let database = harness::database().await;
    let wire = Proxy::to(&database.url).await;
    let url = wire.url().to_owned();
    let fixture = Fixture::on(database, &url, &[]).await;
    let ann = fixture.somebody().await;
    let car = fixture.car(&ann, "Berta").await;
    let path = format!("/api/cars/{car}/meter-entries");
    let ready = async || fixture.send(fixture.request(Method::GET, "/readyz")).await.status;
    harness::eventually(GENEROUS, "it is ready", async || ready().await == 200).await;
    wire.refuse();
    let refused = fixture.post(&ann, &path, &meter_entry(1.0, "2026-01-01T00:00:00Z")).await;
    assert_eq!(refused.verdict(), "503 unavailable");
    assert!(refused.header("retry-after").parse::<u64>().is_ok());
    assert!(!refused.text.contains("postgres"), "{}", refused.text);
    harness::eventually(GENEROUS, "it says that it is not ready", async || ready().await == 503).await;
    assert_eq!(fixture.send(fixture.request(Method::GET, "/healthz")).await.status, 200);
    wire.accept();
    harness::eventually(GENEROUS, "it is ready again", async || ready().await == 200).await;
    assert_eq!(fixture.post(&ann, &path, &meter_entry(1.0, "2026-01-01T00:00:00Z")).await.status, 201);
}

#[tokio::test]
async fn a_person_who_comes_back_from_smartcar_meanwhile_sees_a_page_and_can_try_again() {
    let database = harness::database().await;
    let wire = Proxy::to(&database.url).await;
    let url = wire.url().to_owned();
    let credentials = [
        ["--smartcar-application-id", "app-1"],
        ["--smartcar-client-id", "client-1"],
        ["--smartcar-client-secret", "correcthorsebatterystaple"],
        ["--smartcar-redirect-uri", "https://app.carvetka.example/api/smartcar/callback"],
        ["--token-encryption-keys", "one:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="],
    ];
    let fixture = Fixture::on(database, &url, credentials.as_flattened()).await;
    let ann = fixture.somebody().await;
    let car = fixture.car(&ann, "Berta").await;
    let begin =
        fixture.request(Method::GET, &format!("/api/smartcar/connect?carId={car}")).bearer_auth(&ann.token);
    let answer = fixture.send(begin.header("accept", "application/json")).await;
    assert!(answer.header("set-cookie").starts_with("__Host-"), "{:?}", answer.headers);
    let way: url::Url = answer.json["url"].as_str().unwrap().parse().unwrap();
    let state = way.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    wire.refuse();
    let mut back: url::Url = fixture.url("/api/smartcar/callback").parse().unwrap();
    back.query_pairs_mut().append_pair("state", &state).append_pair("user_id", "u-1");
    let path = format!("{}?{}", back.path(), back.query().unwrap());
    let page = fixture.send(fixture.request(Method::GET, &path)).await;
    assert_eq!(page.status, 503);
    assert!(page.text.contains("Please try again") && page.text.contains(CARVETKA), "{}", page.text);
}
