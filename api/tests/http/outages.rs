//! What is answered while the database is away.

use harness::proxy::Proxy;
use reqwest::Method;

use crate::fixture::{Fixture, GENEROUS, meter_entry};

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
