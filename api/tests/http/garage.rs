//! The garage at a glance.

use serde_json::json;

use crate::fixture::{Fixture, meter_entry};

#[tokio::test]
async fn a_garage_shows_its_owners_cars_and_nobody_elses() {
    let fixture = Fixture::new(&[]).await;
    let (ann, bob) = (fixture.somebody().await, fixture.somebody().await);
    let car = fixture.car(&ann, "Berta").await;
    fixture.car(&ann, "Anton").await;
    fixture.car(&bob, "Cäsar").await;
    fixture.connection(&ann, car).await;
    let path = format!("/api/cars/{car}/meter-entries");
    for (km, at) in [(100.5, "2026-01-02T10:00:00Z"), (90.0, "2026-01-01T10:00:00Z")] {
        assert_eq!(fixture.post(&ann, &path, &meter_entry(km, at)).await.status, 201);
    }
    let cars = fixture.get(&ann, "/api/cars").await.json;
    let names: Vec<&str> =
        cars["items"].as_array().unwrap().iter().map(|car| car["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Anton", "Berta"]);
    let berta = &cars["items"][1];
    assert_eq!(berta["odometerKm"], json!(100.5));
    assert_eq!(berta["odometerAt"], json!("2026-01-02T10:00:00Z"));
    assert_eq!(berta["connection"], json!("active"));
    assert_eq!(cars["items"][0]["connection"], json!("not_connected"));
}

#[tokio::test]
async fn a_person_without_cars_has_an_empty_garage() {
    let fixture = Fixture::new(&[]).await;
    let ann = fixture.somebody().await;
    assert_eq!(fixture.get(&ann, "/api/cars").await.json, json!({ "items": [] }));
}
