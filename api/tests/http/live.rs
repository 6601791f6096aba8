//! News of a person's cars.

use reqwest::{Method, Response};
use tokio::time::timeout;

use crate::fixture::{Fixture, GENEROUS, Somebody, meter_entry};
use crate::life::Life;

async fn follow(fixture: &Fixture, who: &Somebody) -> Response {
    let answer = fixture.request(Method::GET, "/api/live").bearer_auth(&who.token).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    answer
}

/// What comes next.
async fn next(news: &mut Response) -> String {
    let chunk = timeout(GENEROUS, news.chunk()).await.unwrap().unwrap();
    String::from_utf8(chunk.expect("the stream ended").to_vec()).unwrap()
}

#[tokio::test]
async fn whoever_follows_hears_of_their_own_cars_and_of_no_others() {
    let life = Life::new("electric").await;
    let bob = life.fixture.somebody().await;
    let his = life.fixture.car(&bob, "Emma").await;
    let (mut hers, mut news) = (follow(&life.fixture, &life.ann).await, follow(&life.fixture, &bob).await);
    life.tell("1 08:00 km 1000").await;
    assert_eq!(next(&mut hers).await, format!("event: car\ndata: {}\n\n", life.car));
    life.tell("1 09:00 km 1010").await;
    assert_eq!(next(&mut hers).await, format!("event: car\ndata: {}\n\n", life.car));
    sqlx::query("UPDATE cars SET name = 'Eve' WHERE id = $1")
        .bind(his)
        .execute(life.fixture.pool())
        .await
        .unwrap();
    assert_eq!(next(&mut news).await, format!("event: car\ndata: {his}\n\n"), "the first word that he hears");
}

#[tokio::test]
async fn a_correction_is_news_in_all_of_a_persons_pages() {
    let life = Life::new("electric").await;
    life.tell("1 08:00 km 1000").await;
    let mut news = follow(&life.fixture, &life.ann).await;
    let path = format!("/api/cars/{}/meter-entries", life.car);
    let added = life.fixture.post(&life.ann, &path, &meter_entry(1001.0, "2026-02-17T09:00:00Z")).await;
    assert_eq!(added.status, 201, "{}", added.text);
    assert_eq!(next(&mut news).await, format!("event: car\ndata: {}\n\n", life.car));
}

#[tokio::test]
async fn nobody_follows_without_a_token_and_not_more_than_there_are_seats_for() {
    let fixture = Fixture::new(&["--api-connections", "4"]).await;
    let refused = fixture.send(fixture.request(Method::GET, "/api/live")).await;
    assert_eq!(refused.verdict(), "401 token_missing");
    let ann = fixture.somebody().await;
    let _pages = (follow(&fixture, &ann).await, follow(&fixture, &ann).await);
    assert_eq!(fixture.get(&ann, "/api/live").await.verdict(), "429 too_many_requests");
}
