//! How far the car came: at moments, between things, and as a driver's log.

use serde_json::{Value, json};

use crate::fixture::{Fixture, Somebody, meter_entry};
use crate::past::Past;

async fn fixture() -> (Fixture, Somebody) {
    let fixture = Fixture::new(&["--actions-per-minute", "1000"]).await;
    let ann = fixture.somebody().await;
    (fixture, ann)
}

#[tokio::test]
async fn a_moment_between_two_entries_is_told_with_its_bounds_and_what_they_follow_from() {
    let (fixture, ann) = fixture().await;
    let car = fixture.car(&ann, "Berta").await;
    let at = format!("/api/cars/{car}/mileage/at?moment=2026-01-02T00:00:00Z");
    let unknown = fixture.get(&ann, &at).await.json;
    assert_eq!((&unknown["how"], &unknown["km"]), (&json!("unknown"), &json!(null)));
    for (km, day) in [(1_000.0, "2026-01-01T00:00:00Z"), (1_200.0, "2026-01-05T00:00:00Z")] {
        fixture.post(&ann, &format!("/api/cars/{car}/meter-entries"), &meter_entry(km, day)).await;
    }
    let known = fixture.get(&ann, &at).await.json;
    assert_eq!(
        json!([known["how"], known["km"], known["lowKm"], known["highKm"]]),
        json!(["between", 1_050.0, 1_000.0, 1_200.0])
    );
    assert_eq!(known["after"], json!({ "at": "2026-01-05T00:00:00Z", "km": 1_200.0 }));
    let refused = fixture.get(&ann, &format!("/api/cars/{car}/mileage/at")).await;
    assert_eq!(
        (refused.verdict().as_str(), &refused.json["field"]),
        ("400 invalid_parameter", &json!("moment"))
    );
}

#[tokio::test]
async fn ways_between_fills_services_and_months_are_told_and_nothing_across_another_counter() {
    let (fixture, ann) = fixture().await;
    let car = fixture.car(&ann, "Berta").await;
    let day = |day: u32| format!("2026-01-{day:02}T00:00:00Z");
    let book = |book: &str| format!("/api/cars/{car}/{book}");
    for (km, at) in [(1_000.0, day(1)), (1_300.0, day(11)), (1_900.0, day(31))] {
        fixture.post(&ann, &book("meter-entries"), &meter_entry(km, &at)).await;
    }
    for (at, km) in [(2, json!(1_010.0)), (12, json!(null))] {
        let fill = json!({ "filledAt": day(at), "litres": 40, "fullTank": true, "odometerKm": km });
        assert_eq!(fixture.post(&ann, &book("fuel-entries"), &fill).await.status, 201);
    }
    for (at, category) in [(6, "Service"), (7, "tyres"), (26, "repair")] {
        let expense = json!({ "category": category, "amount": 1, "currency": "EUR", "occurredAt": day(at) });
        assert_eq!(fixture.post(&ann, &book("expenses"), &expense).await.status, 201);
    }
    let ways = async |what: &str| {
        let path = format!(
            "/api/cars/{car}/mileage?between={what}&from=2025-12-01T00:00:00Z&to=2026-01-31T00:00:00Z"
        );
        let told = fixture.get(&ann, &path).await;
        assert_eq!(told.status, 200, "{}", told.text);
        let items = told.json["items"].as_array().unwrap().iter();
        let ways: Vec<Value> = items.map(|item| item["way"]["km"].clone()).collect();
        (ways, told.json["sinceLast"]["km"].clone())
    };
    assert_eq!(ways("fills").await, (vec![json!(null), json!(320.0)], json!(570.0)));
    assert_eq!(ways("services").await, (vec![json!(null), json!(611.1)], json!(150.0)));
    assert_eq!(ways("services&category=Tyres").await.0.len(), 1);
    assert_eq!(ways("months").await, (vec![json!(null), json!(null)], json!(900.0)));
    assert_eq!(ways("trips").await, (vec![], json!(null)));

    sqlx::query("INSERT INTO decisions (car_id, kind, verdict, at) VALUES ($1, 'odometer', 'replaced', '2026-01-10Z')")
        .bind(car)
        .execute(fixture.pool())
        .await
        .unwrap();
    assert_eq!(ways("fills").await.0, [json!(null), json!(null)]);
    for (more, field) in
        [("between=years", "between"), ("between=fills&category=x", "category"), ("", "between")]
    {
        let refused = fixture.get(&ann, &format!("/api/cars/{car}/mileage?{more}")).await;
        assert_eq!(
            (refused.verdict().as_str(), &refused.json["field"]),
            ("400 invalid_parameter", &json!(field))
        );
    }
}

#[tokio::test]
async fn a_drivers_log_names_places_purposes_and_gaps_as_json_and_on_paper() {
    let (fixture, ann) = fixture().await;
    let past = Past::of(&fixture, &ann).await;
    let home = json!({ "name": "=Home", "circle": { "latitude": 0, "longitude": 10 }, "isPrivate": true });
    fixture.post(&ann, "/api/geofences", &home).await;
    fixture.patch(&ann, "/api/preferences", &json!({ "timeZone": "Europe/Berlin" })).await;
    past.replay(&fixture).await;
    // A trip that a person wrote, after some kilometres of which nobody wrote.
    sqlx::query(
        "INSERT INTO trips (car_id, started_after, started_at, ended_after, ended_at, distance_km, odometer_before,
           odometer_after, purpose)
         VALUES ($1, '2026-02-25Z', '2026-02-25Z', '2026-02-25T01:00Z', '2026-02-25T01:00Z', 10, 1072.5, 1082.5, 'private')",
    )
    .bind(past.car)
    .execute(fixture.pool())
    .await
    .unwrap();
    let path =
        format!("/api/cars/{}/mileage-log?from=2026-02-01T00:00:00Z&to=2026-03-01T00:00:00Z", past.car);
    let log = fixture.get(&ann, &path).await;
    assert_eq!(log.status, 200, "{}", log.text);
    let lines: Vec<Value> = log.json["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            json!([line["kind"], line["odometerBeforeKm"], line["odometerAfterKm"], line["distanceKm"]])
        })
        .collect();
    assert_eq!(
        lines,
        [
            json!(["trip", 1_000.0, 1_030.0, 30.0]),
            json!(["trip", 1_030.0, 1_060.0, 30.0]),
            json!(["gap", 1_060.0, 1_072.5, 12.5]),
            json!(["trip", 1_072.5, 1_082.5, 10.0]),
        ]
    );
    // Of a private place the name is told to whom it belongs, and no position to anybody.
    assert_eq!(log.json["lines"][0]["from"], json!({ "name": "=Home", "latitude": null, "longitude": null }));
    assert_eq!(log.json["lines"][0]["to"], json!({ "name": null, "latitude": 0.000_001, "longitude": 11.0 }));
    assert_eq!(
        log.json["totals"],
        json!({ "businessKm": 0.0, "privateKm": 10.0, "unknownKm": 60.0, "gapsKm": 12.5 })
    );
    assert_eq!(log.json["timeZone"], "Europe/Berlin");

    let asked = fixture.request(reqwest::Method::GET, &path).bearer_auth(&ann.token);
    let paper = fixture.send(asked.header("accept", "text/csv")).await;
    assert_eq!(paper.text, fixture.get(&ann, &format!("{path}&format=csv")).await.text);
    let lines: Vec<&str> = paper.text.lines().collect();
    assert_eq!(lines.len(), 5, "{}", paper.text);
    assert!(lines[1].contains("'=Home"), "{}", lines[1]);
    assert!(lines[3].starts_with("gap,") && lines[3].contains("1060,1072.5,12.5"), "{}", lines[3]);
    assert_eq!(
        lines[4],
        "trip,2026-02-25,2026-02-25 01:00,2026-02-25 02:00,,,1072.5,1082.5,10,private,,manual"
    );
    let too_much =
        format!("/api/cars/{}/mileage-log?from=2000-01-01T00:00:00Z&to=2026-03-01T00:00:00Z", past.car);
    assert_eq!(fixture.get(&ann, &too_much).await.verdict(), "400 invalid_parameter");
}
