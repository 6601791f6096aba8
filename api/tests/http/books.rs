//! What people write into the three books, correct and delete.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::fixture::{Fixture, Somebody, meter_entry};

const MORNING: &str = "2026-03-01T08:00:00Z";

async fn ann_and_her_car() -> (Fixture, Somebody, Uuid) {
    let fixture = Fixture::new(&[]).await;
    let ann = fixture.somebody().await;
    let car = fixture.car(&ann, "Berta").await;
    (fixture, ann, car)
}

#[tokio::test]
async fn an_entry_is_written_listed_corrected_and_deleted() {
    let (fixture, ann, car) = ann_and_her_car().await;
    let cases = [
        (
            "meter-entries",
            json!({ "odometerKm": 12_345.6, "entryDate": MORNING, "notes": "before the trip" }),
            json!({ "odometerKm": 12_346, "notes": null }),
        ),
        (
            "fuel-entries",
            json!({ "filledAt": MORNING, "litres": 41.37, "odometerKm": 12_345.6, "fullTank": true,
                "pricePerLitre": 1.879, "totalCost": 77.73, "currency": "EUR", "notes": "by the motorway" }),
            json!({ "litres": 41.4, "odometerKm": null, "notes": null }),
        ),
        (
            "expenses",
            json!({ "category": "tyres", "amount": 480.5, "currency": "EUR", "occurredAt": MORNING }),
            json!({ "amount": -20, "notes": "a refund" }),
        ),
    ];
    for (book, entry, patch) in cases {
        let list = format!("/api/cars/{car}/{book}");
        let written = fixture.post(&ann, &list, &entry).await;
        assert_eq!(written.status, 201, "{}", written.text);
        let place = written.header("location").to_owned();
        assert_eq!(place, format!("{list}/{}", written.json["id"].as_str().unwrap()));
        assert_holds(&written.json, &entry);
        assert_eq!(written.json["source"], "manual");

        let listed = fixture.get(&ann, &list).await.json;
        assert_eq!(listed, json!({ "items": [written.json], "next": null }));

        let corrected = fixture.patch(&ann, &place, &patch).await;
        assert_eq!(corrected.status, 200, "{}", corrected.text);
        assert_holds(&corrected.json, &patch);
        let untouched = if book == "expenses" { "occurredAt" } else { "source" };
        assert_eq!(corrected.json[untouched], written.json[untouched]);
        assert_eq!(fixture.get(&ann, &list).await.json["items"], json!([corrected.json]));

        assert_eq!(fixture.delete(&ann, &place).await.status, 204);
        assert_eq!(fixture.delete(&ann, &place).await.verdict(), "404 entry_not_found");
        assert_eq!(fixture.patch(&ann, &place, &patch).await.verdict(), "404 entry_not_found");
        assert_eq!(fixture.get(&ann, &list).await.json["items"], json!([]));
    }
}

/// Every field that was sent stands in the answer.
fn assert_holds(answer: &Value, sent: &Value) {
    for (name, value) in sent.as_object().unwrap() {
        let is_same = match (answer[name].as_f64(), value.as_f64()) {
            (Some(one), Some(other)) => (one - other).abs() < 1e-9,
            _ => answer[name] == *value,
        };
        assert!(is_same, "{name} of {answer}");
    }
}

#[tokio::test]
async fn a_field_that_is_wrong_is_named_and_nothing_is_written() {
    let (fixture, ann, car) = ann_and_her_car().await;
    let meter = |name: &str, value: Value| with(&meter_entry(1.0, MORNING), name, value);
    let fuel = json!({ "filledAt": MORNING, "litres": 40, "fullTank": true });
    let expense = json!({ "category": "tax", "amount": 1, "currency": "EUR", "occurredAt": MORNING });
    let cases = [
        ("meter-entries", meter("odometerKm", json!(-1)), "odometerKm"),
        ("meter-entries", meter("odometerKm", json!(10_000_000)), "odometerKm"),
        ("meter-entries", meter("odometerKm", json!("7")), "odometerKm"),
        ("meter-entries", meter("odometerKm", json!(null)), "odometerKm"),
        ("meter-entries", meter("entryDate", json!("2999-01-01T00:00:00Z")), "entryDate"),
        ("meter-entries", meter("entryDate", json!("yesterday")), "entryDate"),
        ("meter-entries", meter("notes", json!("x".repeat(3_000))), "notes"),
        ("meter-entries", meter("notes", json!("a\u{0}b")), "notes"),
        ("meter-entries", meter("sourceType", json!("smartcar_sync")), "sourceType"),
        ("meter-entries", meter("carId", json!(Uuid::new_v4())), "carId"),
        ("meter-entries", json!({ "odometerKm": 1 }), "entryDate"),
        ("fuel-entries", with(&fuel, "litres", json!(0)), "litres"),
        ("fuel-entries", with(&fuel, "totalCost", json!(-5)), "totalCost"),
        ("fuel-entries", with(&fuel, "totalCost", json!(50)), "currency"),
        ("fuel-entries", with(&fuel, "currency", json!("Euro")), "currency"),
        ("fuel-entries", with(&fuel, "gallons", json!(10)), "gallons"),
        ("expenses", with(&expense, "amount", json!(1e12)), "amount"),
        ("expenses", with(&expense, "currency", json!("eur")), "currency"),
        ("expenses", with(&expense, "category", json!("")), "category"),
    ];
    for (book, body, field) in cases {
        let refused = fixture.post(&ann, &format!("/api/cars/{car}/{book}"), &body).await;
        assert_eq!(refused.verdict(), "422 invalid_field", "{body}");
        assert_eq!(refused.json["field"], field, "{body}: {}", refused.text);
    }
    for book in ["meter-entries", "fuel-entries", "expenses"] {
        assert_eq!(fixture.get(&ann, &format!("/api/cars/{car}/{book}")).await.json["items"], json!([]));
    }
}

fn with(body: &Value, name: &str, value: Value) -> Value {
    let mut body = body.clone();
    body[name] = value;
    body
}

#[tokio::test]
async fn a_correction_is_checked_like_what_is_new() {
    let (fixture, ann, car) = ann_and_her_car().await;
    let list = format!("/api/cars/{car}/fuel-entries");
    let receipt =
        json!({ "filledAt": MORNING, "litres": 40, "fullTank": true, "totalCost": 60, "currency": "EUR" });
    let place = fixture.post(&ann, &list, &receipt).await.header("location").to_owned();
    for (patch, field) in [
        (json!({ "litres": -1 }), "litres"),
        (json!({ "litres": null }), "litres"),
        (json!({ "currency": null }), "currency"),
        (json!({ "id": Uuid::new_v4() }), "id"),
    ] {
        let refused = fixture.patch(&ann, &place, &patch).await;
        assert_eq!(refused.verdict(), "422 invalid_field", "{patch}");
        assert_eq!(refused.json["field"], field, "{patch}");
    }
    assert_eq!(fixture.patch(&ann, &place, &json!({})).await.status, 200, "nothing to change is no mistake");
}

#[tokio::test]
async fn a_book_is_read_page_by_page_newest_first_without_losing_a_row() {
    let (fixture, ann, car) = ann_and_her_car().await;
    // Several entries of one moment: the place in the list is more than the moment.
    sqlx::query(
        "INSERT INTO meter_entries (car_id, odometer_reading, entry_date)
         SELECT $1, number, '2026-01-01T00:00:00.123456Z'::timestamptz + (number / 4) * interval '1 hour'
         FROM generate_series(0, 29) AS number",
    )
    .bind(car)
    .execute(fixture.pool())
    .await
    .unwrap();
    let mut seen: Vec<Value> = Vec::new();
    let mut next = Some(String::new());
    while let Some(cursor) = next {
        let page = fixture.get(&ann, &format!("/api/cars/{car}/meter-entries?limit=7{cursor}")).await;
        assert_eq!(page.status, 200, "{}", page.text);
        let items = page.json["items"].as_array().unwrap();
        assert!(items.len() <= 7);
        seen.extend(items.iter().cloned());
        next = page.json["next"].as_str().map(|cursor| format!("&cursor={cursor}"));
    }
    assert_eq!(seen.len(), 30);
    let times: Vec<&str> = seen.iter().map(|entry| entry["entryDate"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|one, other| one >= other), "{times:?}");
    let mut km: Vec<f64> = seen.iter().map(|entry| entry["odometerKm"].as_f64().unwrap()).collect();
    km.sort_by(f64::total_cmp);
    assert_eq!(km, (0..30).map(f64::from).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_a_person_does_to_the_machines_entry_becomes_a_decision() {
    let (fixture, ann, car) = ann_and_her_car().await;
    let vehicle = fixture.connection(&ann, car).await;
    let machine: Vec<Uuid> = sqlx::query_scalar(
        "INSERT INTO meter_entries (car_id, odometer_reading, entry_date, source_type, source_id, evidence, evidence_until)
         SELECT $1, 100 + day, '2026-01-01T08:00:00Z'::timestamptz + day * interval '1 day', 'smartcar_sync', $2,
           '{}', '2026-01-01T08:00:00Z'
         FROM generate_series(0, 1) AS day RETURNING id",
    )
    .bind(car)
    .bind(vehicle)
    .fetch_all(fixture.pool())
    .await
    .unwrap();
    let place = |id: Uuid| format!("/api/cars/{car}/meter-entries/{id}");
    let edited = fixture.patch(&ann, &place(machine[0]), &json!({ "odometerKm": 99.5 })).await;
    assert_eq!(edited.json["source"], "smartcar_sync", "who wrote it is not forgotten");
    assert_eq!(fixture.delete(&ann, &place(machine[1])).await.status, 204);
    let decisions: Vec<(Uuid, String)> =
        sqlx::query_as("SELECT row_id, verdict::text FROM decisions ORDER BY decided_at, verdict::text DESC")
            .fetch_all(fixture.pool())
            .await
            .unwrap();
    assert_eq!(decisions, [(machine[0], "edited".to_owned()), (machine[1], "deleted".to_owned())]);
    let is_dirty: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM dirty_vehicles WHERE vehicle_id = $1)")
            .bind(vehicle)
            .fetch_one(fixture.pool())
            .await
            .unwrap();
    assert!(is_dirty, "the car is folded again with the person's word");
}

#[tokio::test]
async fn an_entry_is_only_found_in_the_book_of_its_own_car() {
    let (fixture, ann, car) = ann_and_her_car().await;
    let other = fixture.car(&ann, "Anton").await;
    for (book, entry) in [
        ("meter-entries", meter_entry(7.0, MORNING)),
        ("fuel-entries", json!({ "filledAt": MORNING, "litres": 40, "fullTank": true })),
        ("expenses", json!({ "category": "tax", "amount": 1, "currency": "EUR", "occurredAt": MORNING })),
    ] {
        let written = fixture.post(&ann, &format!("/api/cars/{car}/{book}"), &entry).await.json;
        let elsewhere = format!("/api/cars/{other}/{book}/{}", written["id"].as_str().unwrap());
        assert_eq!(fixture.patch(&ann, &elsewhere, &json!({})).await.verdict(), "404 entry_not_found");
        assert_eq!(fixture.delete(&ann, &elsewhere).await.verdict(), "404 entry_not_found");
        assert_eq!(
            fixture.get(&ann, &format!("/api/cars/{car}/{book}")).await.json["items"],
            json!([written])
        );
    }
}

#[tokio::test]
async fn text_that_means_something_elsewhere_is_only_text_here() {
    let (fixture, ann, car) = ann_and_her_car().await;
    let list = format!("/api/cars/{car}/expenses");
    for evil in [
        "'; DROP TABLE cars; --",
        "$1; SELECT pg_sleep(10)",
        "<script>alert(1)</script>",
        "{{7*7}} ${7*7}",
        "a\r\nSet-Cookie: x=y",
        "\u{202e}gnp.exe",
    ] {
        let entry = json!({ "category": "other", "amount": 1, "currency": "EUR", "occurredAt": MORNING, "notes": evil });
        let written = fixture.post(&ann, &list, &entry).await;
        assert_eq!((written.status, &written.json["notes"]), (201, &json!(evil)));
        assert_eq!(written.header("content-type"), "application/json");
        assert_eq!(written.header("x-content-type-options"), "nosniff");
        assert!(written.headers.get("set-cookie").is_none());
    }
    assert_eq!(fixture.get(&ann, &list).await.json["items"].as_array().unwrap().len(), 6);
}
