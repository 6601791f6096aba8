//! What operators see of the pipeline and do about it, and that nobody else does.

use std::time::Duration;

use broker::{BrokerOptions, Publisher, Session};
use harness::eventually;
use reqwest::Method;
use runtime::lifecycle::Lifecycle;
use serde_json::json;
use uuid::Uuid;

use crate::fixture::{Answered, Fixture, GENEROUS, Somebody};
use crate::token;

const TOKEN: &str = "an-operators-token-of-forty-characters!!";
const ROUTES: [(Method, &str); 3] = [
    (Method::GET, "/api/operator/pipeline"),
    (Method::GET, "/api/operator/parked"),
    (Method::POST, "/api/operator/parked/5a8e5e38-1e12-4011-a36d-56f120053f9e/replay"),
];

fn operator() -> Somebody {
    Somebody { id: Uuid::nil(), token: TOKEN.to_owned() }
}

/// A message as a worker parks it, of which nothing but a number may be shown.
async fn park(fixture: &Fixture, queue: &str, kind: &str) -> Uuid {
    sqlx::query_scalar(
        "INSERT INTO parked_messages (id, queue, message_key, why, body, headers, parked_at)
         VALUES (gen_random_uuid(), $1, gen_random_uuid()::text, 'the database refused it', 'a body of somebody',
           jsonb_build_object('type', $2::text), now()) RETURNING id",
    )
    .bind(queue)
    .bind(kind)
    .fetch_one(fixture.pool())
    .await
    .unwrap()
}

async fn replay(fixture: &Fixture, id: &str) -> Answered {
    fixture.post(&operator(), &format!("/api/operator/parked/{id}/replay"), &json!(null)).await
}

#[tokio::test]
async fn the_operators_token_opens_their_routes_and_no_persons_does() {
    let fixture = Fixture::new(&["--operator-token", TOKEN]).await;
    let ann = fixture.somebody().await;
    for (method, path) in ROUTES {
        let ask = || fixture.request(method.clone(), path);
        assert_eq!(fixture.send(ask()).await.verdict(), "401 token_missing", "{path}");
        for token in [&ann.token, &token::hs256(TOKEN, &token::claims(ann.id)), &TOKEN[1..]] {
            let refused = fixture.send(ask().bearer_auth(token)).await;
            assert_eq!(refused.verdict(), "403 operators_only", "{path} {token}");
        }
    }
    assert_eq!(fixture.get(&operator(), "/api/operator/pipeline").await.status, 200);
    let refused = fixture.get(&operator(), "/api/cars").await;
    assert_eq!(refused.verdict(), "401 token_invalid", "an operator is nobody's owner");
}

#[tokio::test]
async fn an_installation_without_an_operators_token_has_no_operators() {
    let fixture = Fixture::new(&[]).await;
    for (method, path) in ROUTES {
        for token in [TOKEN, "undefined"] {
            let refused = fixture.send(fixture.request(method.clone(), path).bearer_auth(token)).await;
            assert_eq!(refused.verdict(), "501 not_configured", "{path} {token}");
        }
    }
}

#[tokio::test]
async fn operators_see_how_much_there_is_and_ids_and_nothing_of_people() {
    let fixture = Fixture::new(&["--operator-token", TOKEN]).await;
    let ann = fixture.somebody().await;
    let car = fixture.car(&ann, "Berta").await;
    let vehicle = fixture.connection(&ann, car).await;
    sqlx::query(
        "UPDATE smartcar_vehicles SET connected_at = now() - interval '9 days', vin = 'WVWZZZ1KZ6W000001'",
    )
    .execute(fixture.pool())
    .await
    .unwrap();
    let message = park(&fixture, "events", "delivery.v1").await;
    let seen = fixture.get(&operator(), "/api/operator/pipeline").await;
    assert_eq!(
        seen.json["vehicles"],
        json!({ "active": 1, "reauthRequired": 0, "unheard": 1, "resting": 0 })
    );
    assert_eq!(seen.json["silent"][0]["vehicleId"], json!(vehicle));
    assert_eq!(seen.json["parked"]["number"], 1);
    assert_eq!(seen.json["calls"]["allowed"], 500);
    let parked = fixture.get(&operator(), "/api/operator/parked").await;
    assert_eq!(parked.json["items"][0]["id"], json!(message));
    assert_eq!(parked.json["items"][0]["why"], "the database refused it");
    for text in [seen.text, parked.text] {
        for private in
            ["Berta", "WVWZZZ1KZ6W000001", "a body of somebody", &ann.id.to_string(), &car.to_string()]
        {
            assert!(!text.contains(private), "{private} in {text}");
        }
    }
}

#[tokio::test]
async fn an_operator_takes_a_parked_message_up_and_it_lies_in_its_queue_again_once() {
    let (url, namespace) = (harness::amqp_url(), harness::namespace());
    let broker = ["--amqp-url", &url, "--amqp-namespace", &namespace];
    let fixture = Fixture::new(&[&["--operator-token", TOKEN], &broker[..]].concat()).await;
    let life = Lifecycle::new(Duration::from_secs(8));
    let options = BrokerOptions::new(&url, &namespace, "test").unwrap();
    // Declares the queues.
    let publisher = Publisher::start(&options, &life.tasks());
    eventually(GENEROUS, "queues", async || publisher.health().connected).await;
    let (message, homeless) =
        (park(&fixture, "events", "delivery.v1").await, park(&fixture, "elsewhere", "of nobody").await);

    assert_eq!(replay(&fixture, &message.to_string()).await.status, 204);
    assert_eq!(replay(&fixture, &message.to_string()).await.verdict(), "404 message_not_found");
    assert_eq!(replay(&fixture, &homeless.to_string()).await.verdict(), "409 message_homeless");
    assert_eq!(replay(&fixture, &Uuid::new_v4().to_string()).await.verdict(), "404 message_not_found");
    assert_eq!(replay(&fixture, "everything").await.verdict(), "404 message_not_found");

    let seen = fixture.get(&operator(), "/api/operator/pipeline").await.json;
    assert_eq!(seen["queues"][0], json!({ "queue": "events", "messages": 1, "waiting": 0 }));
    assert_eq!(seen["deliveries"]["unstored"], 1);
    assert_eq!(seen["parked"]["number"], 1, "only the homeless one");
    let session = Session::open(&options).await.unwrap();
    options.topology().delete(&session).await.unwrap();
    session.close().await;
    life.shut_down().await;
}
