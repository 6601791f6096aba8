//! Places that repair cars near where the car stands: only who agreed to positions is told, and never around a private place.

use chrono::{DateTime, TimeDelta, Utc};
use runtime::clock;
use serde_json::{Value, json};

use crate::life::Life;

/// A connected car, and three places that repair cars, 6.8, 11.1 and 13.7 km from latitude 52, longitude 13.
async fn town() -> Life {
    let life = Life::new("combustion").await;
    sqlx::query(
        "INSERT INTO service_centers (osm_type, osm_id, kind, name, latitude, longitude, phone) VALUES
           ('node', 1, 'repair', 'North', 52.1, 13, '+49 30 1'), ('way', 2, 'tyres', 'East', 52, 13.1, NULL),
           ('node', 3, 'dealer', 'West', 52, 12.8, NULL)",
    )
    .execute(life.fixture.pool())
    .await
    .unwrap();
    life
}

async fn agree(life: &Life, agreed: bool) {
    sqlx::query("UPDATE smartcar_vehicles SET location_consent = $2 WHERE id = $1")
        .bind(life.vehicle)
        .bind(agreed)
        .execute(life.fixture.pool())
        .await
        .unwrap();
}

async fn say(life: &Life, at: DateTime<Utc>, signal: &str, kind: &str, value: &str) {
    sqlx::query(
        "INSERT INTO readings (vehicle_id, at, signal, kind, value, value_hash, quality, by_hand)
         VALUES ($1, $2, $3, $4::reading_kind, $5, 1, 'oem', false)",
    )
    .bind(life.vehicle)
    .bind(at)
    .bind(signal)
    .bind(kind)
    .bind(value)
    .execute(life.fixture.pool())
    .await
    .unwrap();
}

const LOCATION: &str = "location-preciselocation";
const ODOMETER: &str = "odometer-traveleddistance";
const HERE: &str = "52.000000,13.000000";

async fn near_by(life: &Life, asked: &str) -> Value {
    let answer = life.get(&format!("service-centers{asked}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json
}

fn names(answer: &Value) -> Vec<&str> {
    answer["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_nearest_places_come_first_with_whose_data_they_are() {
    let life = town().await;
    agree(&life, true).await;
    let at = clock::now() - TimeDelta::hours(3);
    say(&life, at, LOCATION, "position", HERE).await;
    say(&life, at + TimeDelta::minutes(2), ODOMETER, "number", "1000").await;
    let found = near_by(&life, "").await;
    assert_eq!((&found["state"], names(&found)), (&json!("found"), vec!["East", "North", "West"]));
    assert_eq!(found["attribution"], "© OpenStreetMap contributors");
    let said_at: DateTime<Utc> = found["positionAt"].as_str().unwrap().parse().unwrap();
    assert_eq!(said_at.timestamp_millis(), at.timestamp_millis());
    let first = &found["items"][0];
    assert_eq!(
        json!([first["id"], first["kind"], first["distanceM"], first["phone"], first["url"]]),
        json!(["way/2", "tyres", 6_846, null, "https://www.openstreetmap.org/way/2"])
    );
    assert_eq!(names(&near_by(&life, "?kind=repair").await), ["North"]);
    assert_eq!(names(&near_by(&life, "?radius=12000&limit=1").await), ["East"]);
    let nothing = near_by(&life, "?radius=100").await;
    assert_eq!((&nothing["state"], names(&nothing)), (&json!("found"), vec![]));
    for (wrong, field) in
        [("?kind=bakery", "kind"), ("?radius=99", "radius"), ("?limit=51", "limit"), ("?near=me", "near")]
    {
        let refused = life.get(&format!("service-centers{wrong}")).await;
        assert_eq!(
            (refused.verdict(), &refused.json["field"]),
            ("400 invalid_parameter".to_owned(), &json!(field))
        );
    }
}

#[tokio::test]
async fn without_consent_without_a_position_and_without_an_import_it_is_said_why_there_is_nothing() {
    let life = town().await;
    say(&life, clock::now() - TimeDelta::hours(3), LOCATION, "position", HERE).await;
    let state = async || {
        let answer = near_by(&life, "").await;
        assert!(names(&answer).is_empty() && answer["positionAt"].is_null(), "{answer}");
        answer["state"].as_str().unwrap().to_owned()
    };
    agree(&life, false).await;
    assert_eq!(state().await, "no_consent");
    agree(&life, true).await;
    assert_eq!(names(&near_by(&life, "").await).len(), 3);
    let disconnect = "UPDATE smartcar_vehicles SET status = 'disconnected'";
    sqlx::query(disconnect).execute(life.fixture.pool()).await.unwrap();
    assert_eq!(state().await, "no_consent");
    let connect = "UPDATE smartcar_vehicles SET status = 'active'";
    sqlx::query(connect).execute(life.fixture.pool()).await.unwrap();
    sqlx::query("DELETE FROM readings").execute(life.fixture.pool()).await.unwrap();
    assert_eq!(state().await, "position_unknown");
    sqlx::query("DELETE FROM service_centers").execute(life.fixture.pool()).await.unwrap();
    assert_eq!(state().await, "nothing_imported");
}

#[tokio::test]
async fn a_car_that_has_driven_on_since_its_last_position_stands_nobody_knows_where() {
    let life = town().await;
    agree(&life, true).await;
    let at = clock::now() - TimeDelta::hours(3);
    say(&life, at - TimeDelta::hours(1), ODOMETER, "number", "950").await;
    say(&life, at, LOCATION, "position", HERE).await;
    say(&life, at + TimeDelta::minutes(2), ODOMETER, "number", "1000").await;
    assert_eq!(near_by(&life, "").await["state"], "found");
    say(&life, at + TimeDelta::hours(1), ODOMETER, "number", "1000.3").await;
    assert_eq!(near_by(&life, "").await["state"], "found", "it is only rounded in another way");
    say(&life, at + TimeDelta::hours(2), ODOMETER, "number", "1030").await;
    assert_eq!(near_by(&life, "").await["state"], "position_unknown");
}

#[tokio::test]
async fn around_a_private_place_nothing_is_looked_for() {
    let life = town().await;
    agree(&life, true).await;
    say(&life, clock::now() - TimeDelta::hours(3), LOCATION, "position", HERE).await;
    assert_eq!(near_by(&life, "").await["state"], "found");
    let home = json!({ "name": "Home", "isPrivate": true, "circle": { "latitude": 52, "longitude": 13, "radiusM": 200 } });
    let drawn = life.fixture.post(&life.ann, "/api/geofences", &home).await;
    assert_eq!(drawn.status, 201, "{}", drawn.text);
    // Before anything is hidden, and after.
    assert_eq!(near_by(&life, "").await["state"], "private_place");
    sqlx::query("DELETE FROM geofences").execute(life.fixture.pool()).await.unwrap();
    let zone = format!("zone:{}", drawn.json["id"].as_str().unwrap());
    say(&life, clock::now() - TimeDelta::hours(1), LOCATION, "text", &zone).await;
    let answer = near_by(&life, "").await;
    assert_eq!((&answer["state"], names(&answer)), (&json!("private_place"), vec![]));
}
