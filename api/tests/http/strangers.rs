//! Every route, asked by those who may not ask.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::description::Description;
use crate::fixture::{Fixture, Somebody, meter_entry};
use crate::token;

/// Every operation that is about a car, with a body that is good and an entry that exists.
async fn about(fixture: &Fixture, car: Uuid, entries: &[(&str, Uuid)]) -> Vec<(Method, String, Value)> {
    let description = Description::read(&reqwest::Client::new(), fixture.address).await;
    let mut requests = Vec::new();
    for (method, template, operation) in description.operations() {
        // Operators prove themselves in another way: operators.rs.
        if operation["security"].is_null() || operation["tags"][0] == "operators" {
            continue;
        }
        let book = template.split('/').nth(4).unwrap_or_default();
        let entry = entries.iter().find(|(name, _)| *name == book).map_or(Uuid::nil(), |(_, id)| *id);
        let path = template.replace("{carId}", &car.to_string()).replace("{entryId}", &entry.to_string());
        let path = if path.ends_with("/connect") { format!("{path}?carId={car}") } else { path };
        requests.push((method.clone(), path, body_for(&method, book, &template)));
    }
    assert!(requests.len() > 15, "{requests:?}");
    requests
}

fn body_for(method: &Method, book: &str, template: &str) -> Value {
    let at = "2026-02-01T08:00:00Z";
    match (method.as_str(), book) {
        ("POST", "meter-entries") => meter_entry(1.0, at),
        ("POST", "fuel-entries") => json!({ "filledAt": at, "litres": 40, "fullTank": true }),
        ("POST", "expenses") => {
            json!({ "category": "tax", "amount": 1, "currency": "EUR", "occurredAt": at })
        }
        ("PATCH", _) => json!({}),
        _ if template.contains("/commands/") => json!({ "command": "unlock" }),
        _ => Value::Null,
    }
}

fn build(fixture: &Fixture, method: &Method, path: &str, body: &Value) -> RequestBuilder {
    let request = fixture.request(method.clone(), path);
    if body.is_null() { request } else { request.json(body) }
}

async fn entries(fixture: &Fixture, owner: &Somebody, car: Uuid) -> Vec<(&'static str, Uuid)> {
    let mut entries = Vec::new();
    for book in ["meter-entries", "fuel-entries", "expenses"] {
        let path = format!("/api/cars/{car}/{book}");
        let written = fixture.post(owner, &path, &body_for(&Method::POST, book, "")).await.json;
        entries.push((book, written["id"].as_str().unwrap().parse().unwrap()));
    }
    entries
}

#[tokio::test]
async fn no_route_answers_to_nobody_or_to_somebody_who_is_not_believed() {
    let fixture = Fixture::new(&[]).await;
    let ann = fixture.somebody().await;
    let car = fixture.car(&ann, "Berta").await;
    let entries = entries(&fixture, &ann, car).await;
    let forged = token::hs256("another-secret-of-another-project-altogether", &token::claims(ann.id));
    for (method, path, body) in about(&fixture, car, &entries).await {
        let nobody = fixture.send(build(&fixture, &method, &path, &body)).await;
        assert_eq!(nobody.verdict(), "401 token_missing", "{method} {path}");
        let believed = fixture.send(build(&fixture, &method, &path, &body).bearer_auth(&forged)).await;
        assert_eq!(believed.verdict(), "401 token_invalid", "{method} {path}");
    }
}

#[tokio::test]
async fn somebody_elses_car_is_answered_in_every_route_like_one_that_does_not_exist() {
    let fixture = Fixture::new(&["--actions-per-minute", "1000"]).await;
    let (ann, eve) = (fixture.somebody().await, fixture.somebody().await);
    let car = fixture.car(&ann, "Berta").await;
    fixture.connection(&ann, car).await;
    let entries = entries(&fixture, &ann, car).await;
    let nowhere = Uuid::new_v4();
    for (method, path, body) in about(&fixture, car, &entries).await {
        if !path.contains(&car.to_string()) {
            continue;
        }
        let foreign = fixture.send(build(&fixture, &method, &path, &body).bearer_auth(&eve.token)).await;
        assert_eq!(foreign.verdict(), "404 car_not_found", "{method} {path}");
        let path = path.replace(&car.to_string(), &nowhere.to_string());
        let missing = fixture.send(build(&fixture, &method, &path, &body).bearer_auth(&eve.token)).await;
        let said =
            |answer: &Value| json!([answer["detail"], answer["title"], answer["type"], answer["field"]]);
        assert_eq!(said(&foreign.json), said(&missing.json), "{method} {path}");
    }
    for (book, id) in entries {
        let items = fixture.get(&ann, &format!("/api/cars/{car}/{book}")).await.json["items"].clone();
        assert_eq!(items.as_array().unwrap().len(), 1, "{book}");
        assert_eq!(items[0]["id"], json!(id));
    }
}

#[tokio::test]
async fn what_is_no_id_names_no_car() {
    let fixture = Fixture::new(&[]).await;
    let ann = fixture.somebody().await;
    for id in ["1", "me", "%00", "%ff", "..%2f..%2fetc%2fpasswd", "'%20OR%20'1'='1", "{carId}"] {
        let refused = fixture.get(&ann, &format!("/api/cars/{id}/meter-entries")).await;
        assert_eq!(refused.verdict(), "404 car_not_found", "{id}");
    }
}
