//! Places that people mark: what is kept of them, what is refused, and what the books say afterwards.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::fixture::{Fixture, Somebody};
use crate::past::Past;

async fn fixture() -> (Fixture, Somebody) {
    let fixture = Fixture::new(&["--actions-per-minute", "1000"]).await;
    let ann = fixture.somebody().await;
    (fixture, ann)
}

/// Where the first charging session of the past was.
fn works() -> Value {
    json!({ "name": "Works", "circle": { "latitude": 0.0, "longitude": 10.0, "radiusM": 200 } })
}

async fn dirty_since(fixture: &Fixture) -> Option<String> {
    let sql = "SELECT to_char(min(dirty_since) AT TIME ZONE 'UTC', 'YYYY') FROM dirty_vehicles";
    sqlx::query_scalar(sql).fetch_one(fixture.pool()).await.unwrap()
}

#[tokio::test]
async fn a_place_is_marked_read_listed_changed_and_forgotten() {
    let (fixture, ann) = fixture().await;
    let drawn = fixture.post(&ann, "/api/geofences", &works()).await;
    assert_eq!(drawn.status, 201, "{}", drawn.text);
    let place = drawn.header("location").to_owned();
    assert_eq!(
        json!([drawn.json["circle"], drawn.json["polygon"], drawn.json["priority"], drawn.json["isPrivate"]]),
        json!([{ "latitude": 0.0, "longitude": 10.0, "radiusM": 200 }, null, 0, false])
    );
    assert_eq!(fixture.get(&ann, &place).await.json, drawn.json);
    assert_eq!(fixture.get(&ann, "/api/geofences").await.json, json!({ "items": [drawn.json] }));

    let corner = |latitude: f64, longitude: f64| json!({ "latitude": latitude, "longitude": longitude });
    let corners = json!([corner(0.0, 10.0), corner(0.0, 10.01), corner(0.01, 10.0)]);
    let patch = json!({ "name": " Yard ", "polygon": corners, "priority": -3, "isPrivate": true });
    let changed = fixture.patch(&ann, &place, &patch).await.json;
    assert_eq!(
        json!([
            changed["name"],
            changed["circle"],
            changed["polygon"],
            changed["priority"],
            changed["isPrivate"]
        ]),
        json!(["Yard", null, corners, -3, true])
    );
    assert_eq!(fixture.patch(&ann, &place, &json!({})).await.json, changed);

    let eve = fixture.somebody().await;
    for answer in [
        fixture.get(&eve, &place).await,
        fixture.patch(&eve, &place, &json!({ "name": "Mine" })).await,
        fixture.post(&eve, &format!("{place}/preview"), &json!({ "name": "Mine" })).await,
        fixture.delete(&eve, &place).await,
    ] {
        assert_eq!(answer.verdict(), "404 entry_not_found");
    }
    assert_eq!(fixture.get(&eve, "/api/geofences").await.json, json!({ "items": [] }));
    assert_eq!(fixture.delete(&ann, &place).await.status, 204);
    assert_eq!(fixture.delete(&ann, &place).await.verdict(), "404 entry_not_found");
    assert_eq!(fixture.get(&ann, "/api/geofences/nowhere").await.verdict(), "404 entry_not_found");
}

#[tokio::test]
async fn a_drawing_that_is_no_place_is_refused_with_what_to_draw_instead() {
    let (fixture, ann) = fixture().await;
    let circle = |circle: Value| json!({ "name": "Home", "circle": circle });
    let polygon = |corners: &[[f64; 2]]| {
        let corners = corners
            .iter()
            .map(|[latitude, longitude]| json!({ "latitude": latitude, "longitude": longitude }));
        json!({ "name": "Home", "polygon": corners.collect::<Vec<_>>() })
    };
    let both = json!({ "name": "Home", "circle": { "latitude": 1, "longitude": 2 }, "polygon": [] });
    let foreign =
        json!({ "name": "Home", "circle": { "latitude": 1, "longitude": 2 }, "tariffId": Uuid::new_v4() });
    let cases = [
        (json!({ "name": "Home" }), "circle", "as a `circle` or as a `polygon`"),
        (both, "polygon", "either a circle or a polygon"),
        (circle(json!({ "latitude": 91, "longitude": 0 })), "circle", "-90 to 90"),
        (circle(json!({ "latitude": 0, "longitude": 180.1 })), "circle", "-180 to 180"),
        (circle(json!({ "latitude": 0, "longitude": 0, "radiusM": 74 })), "circle.radiusM", "75 to 50000"),
        (circle(json!({ "latitude": 0, "longitude": 0, "radiusM": -1 })), "circle.radiusM", "u32"),
        (circle(json!({ "latitude": 0 })), "circle.longitude", "missing"),
        (polygon(&[[0.0, 0.0], [1.0, 1.0]]), "polygon", "3 to 200 corners"),
        (polygon(&[[0.0, 0.0], [0.0, 400.0], [1.0, 1.0]]), "polygon[1]", "-180 to 180"),
        (polygon(&[[0.0, 0.0], [0.01, 0.01], [0.0, 0.01], [0.01, 0.0]]), "polygon", "no two sides meet"),
        (polygon(&[[0.0, 0.0], [0.0, 0.0001], [0.0001, 0.0]]), "polygon", "5000 square meters"),
        (polygon(&[[0.0, 0.0], [0.0, 9.0], [1.0, 0.0]]), "polygon", "100 km"),
        (polygon(&[[89.0, 0.0], [89.0, 0.1], [89.01, 0.0]]), "polygon", "draw a circle"),
        (json!({ "name": " ", "circle": { "latitude": 1, "longitude": 2 } }), "name", "1 to 64"),
        (foreign, "tariffId", "no such tariff"),
    ];
    for (body, field, words) in cases {
        let refused = fixture.post(&ann, "/api/geofences", &body).await;
        assert_eq!(refused.verdict(), "422 invalid_field", "{body}");
        assert_eq!(refused.json["field"], field, "{}", refused.text);
        assert!(refused.json["detail"].as_str().unwrap().contains(words), "{}", refused.text);
    }
    // Across the date line, and round a pole.
    for body in [
        polygon(&[[66.9, 179.9], [66.9, -179.9], [66.8, 180.0]]),
        circle(json!({ "latitude": 90, "longitude": 0, "radiusM": 20_000 })),
        circle(json!({ "latitude": 52.5, "longitude": 13.4 })),
    ] {
        let kept = fixture.post(&ann, "/api/geofences", &body).await;
        assert_eq!(kept.status, 201, "{}", kept.text);
    }
    let places = fixture.get(&ann, "/api/geofences").await.json;
    assert_eq!(places["items"].as_array().unwrap().len(), 3);
    assert!(places["items"].as_array().unwrap().iter().any(|place| place["circle"]["radiusM"] == 150));
}

#[tokio::test]
async fn what_happened_at_a_place_is_found_when_it_is_marked_and_gone_when_it_is_forgotten() {
    let (fixture, ann) = fixture().await;
    let past = Past::of(&fixture, &ann).await;
    past.replay(&fixture).await;
    let list = format!("/api/cars/{}/geofence-events", past.car);
    assert_eq!(fixture.get(&ann, &list).await.json["items"], json!([]));

    let place = fixture.post(&ann, "/api/geofences", &works()).await.header("location").to_owned();
    // It names what happened at any time.
    assert_eq!(dirty_since(&fixture).await.as_deref(), Some("1970"));
    past.replay(&fixture).await;
    let events = fixture.get(&ann, &list).await.json["items"].clone();
    let told: Vec<Value> =
        events.as_array().unwrap().iter().map(|event| json!([event["passage"], event["name"]])).collect();
    assert_eq!(told, [json!(["exit", "Works"]), json!(["dwell", "Works"])], "{events}");
    let placed: i64 = sqlx::query_scalar("SELECT count(*) FROM charging_sessions WHERE place_id IS NOT NULL")
        .fetch_one(fixture.pool())
        .await
        .unwrap();
    assert_eq!(placed, 1);

    // A new name is a new name of what happened, too.
    fixture.patch(&ann, &place, &json!({ "name": "Factory" })).await;
    past.replay(&fixture).await;
    assert_eq!(fixture.get(&ann, &list).await.json["items"][0]["name"], "Factory");
    // Whether it is drawn again as it was changes nothing.
    fixture.patch(&ann, &place, &works()).await;
    past.replay(&fixture).await;
    fixture.patch(&ann, &place, &works()).await;
    assert_eq!(dirty_since(&fixture).await, None);

    assert_eq!(fixture.delete(&ann, &place).await.status, 204);
    past.replay(&fixture).await;
    assert_eq!(fixture.get(&ann, &list).await.json["items"], json!([]));
}

#[tokio::test]
async fn a_place_tells_what_its_person_wants_to_know_from_then_on_and_what_it_told_stays() {
    let (fixture, ann) = fixture().await;
    let past = Past::of(&fixture, &ann).await;
    let drawn = fixture.post(&ann, "/api/geofences", &works()).await;
    assert_eq!(drawn.json["tells"], json!(["enter", "exit"]), "who draws a place is told who comes and goes");
    let place = drawn.header("location").to_owned();
    past.replay(&fixture).await;
    let alerts = async || {
        let list = fixture.get(&ann, &format!("/api/cars/{}/alerts", past.car)).await.json;
        let of_places = |alert: &&Value| alert["kind"].as_str().unwrap().starts_with("place_");
        let told = list["items"].as_array().unwrap().iter().filter(of_places);
        told.map(|alert| json!([alert["kind"], alert["details"]])).collect::<Vec<Value>>()
    };
    assert_eq!(alerts().await, Vec::<Value>::new(), "what happened before is nobody's news");

    // As if it had been drawn before all that.
    sqlx::query("UPDATE geofence_tellings SET told_from = 'epoch'").execute(fixture.pool()).await.unwrap();
    fixture.patch(&ann, &place, &json!({ "name": "Factory" })).await;
    past.replay(&fixture).await;
    let left = vec![json!(["place_left", { "geofenceId": drawn.json["id"], "place": "Factory" }])];
    assert_eq!(alerts().await, left);
    let notified =
        "SELECT count(*) FROM notifications JOIN alerts ON alerts.id = alert_id WHERE kind = 'place_left'";
    let notified = async || sqlx::query_scalar::<_, i64>(notified).fetch_one(fixture.pool()).await.unwrap();
    assert_eq!(notified().await, 1);
    let timeline =
        format!("/api/cars/{}/timeline?from=2026-02-16T00:00:00Z&to=2026-02-20T00:00:00Z", past.car);
    let days = fixture.get(&ann, &timeline).await.text;
    assert!(days.contains("geofence-events") && !days.contains("place_left"), "it stands there once: {days}");

    let changed = fixture.patch(&ann, &place, &json!({ "tells": ["dwell", "exit", "dwell"] })).await;
    assert_eq!(changed.json["tells"], json!(["exit", "dwell"]), "{}", changed.text);
    assert!(dirty_since(&fixture).await.is_some_and(|since| since != "1970"), "only from now on");
    past.replay(&fixture).await;
    assert_eq!(fixture.patch(&ann, &place, &json!({ "tells": [] })).await.json["tells"], json!([]));
    past.replay(&fixture).await;
    assert_eq!(alerts().await, left);
    assert_eq!(notified().await, 1);
    let spans = "SELECT string_agg(passage || CASE WHEN told_until IS NULL THEN ' still' ELSE '' END, ', ' ORDER BY passage)
                 FROM geofence_tellings";
    let spans: Option<String> = sqlx::query_scalar(spans).fetch_one(fixture.pool()).await.unwrap();
    assert_eq!(spans.as_deref(), Some("dwell, enter, exit"));

    for tells in [json!(["arrive"]), json!(null), json!("enter")] {
        let refused = fixture.patch(&ann, &place, &json!({ "tells": tells })).await;
        assert_eq!(refused.verdict(), "422 invalid_field", "{tells}");
    }
}

#[tokio::test]
async fn a_preview_tells_which_sessions_would_be_called_and_priced_otherwise_and_writes_nothing() {
    let (fixture, ann) = fixture().await;
    let past = Past::of(&fixture, &ann).await;
    past.replay(&fixture).await;
    let tariff = json!({ "name": "At work", "version": { "validFrom": "2026-01-01T00:00:00Z", "currency": "EUR",
        "timeZone": "UTC", "parts": { "energy": [{ "perKwh": 0.25 }], "meter": "battery" } } });
    let tariff = fixture.post(&ann, "/api/tariffs", &tariff).await.json["id"].clone();
    past.replay(&fixture).await;
    let mut input = works();
    input["tariffId"] = tariff;
    let preview = fixture.post(&ann, "/api/geofences/preview", &input).await;
    assert_eq!(preview.status, 200, "{}", preview.text);
    let moved = &preview.json["moved"];
    assert_eq!(moved.as_array().unwrap().len(), 1, "{moved}");
    assert_eq!(
        json!([moved[0]["before"], moved[0]["after"], moved[0]["isLocked"]]),
        json!([null, "Works", false])
    );
    let priced = &preview.json["priced"]["sessions"];
    assert_eq!(priced.as_array().unwrap().len(), 1, "{priced}");
    assert_eq!(json!([priced[0]["before"], priced[0]["after"]["amount"]]), json!([null, 5.0]));
    assert_eq!(fixture.get(&ann, "/api/geofences").await.json["items"], json!([]));
    assert_eq!(dirty_since(&fixture).await, None);

    // What was told is what happens.
    let place = fixture.post(&ann, "/api/geofences", &input).await.header("location").to_owned();
    past.replay(&fixture).await;
    assert_eq!(past.sessions(&fixture).await, ["02-16 20 kWh 5 EUR", "02-18 10 kWh"]);
    let nothing = fixture.post(&ann, &format!("{place}/preview"), &json!({ "priority": 7 })).await.json;
    assert_eq!((&nothing["moved"], &nothing["priced"]["sessions"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn a_place_that_becomes_private_hides_what_is_stored_already() {
    let (fixture, ann) = fixture().await;
    let past = Past::of(&fixture, &ann).await;
    let place = fixture.post(&ann, "/api/geofences", &works()).await.header("location").to_owned();
    past.replay(&fixture).await;
    let positions = "SELECT count(*) FROM readings WHERE kind = 'position' AND value LIKE '%,10.0%'";
    let count = |sql: &'static str| sqlx::query_scalar::<_, i64>(sql).fetch_one(fixture.pool());
    assert_eq!(count(positions).await.unwrap(), 1);
    // A person's word is hidden like the machine's.
    sqlx::query("UPDATE trips SET notes = 'to the sea' WHERE from_longitude = 10")
        .execute(fixture.pool())
        .await
        .unwrap();
    past.replay(&fixture).await;

    fixture.patch(&ann, &place, &json!({ "isPrivate": true })).await;
    assert_eq!(dirty_since(&fixture).await.as_deref(), Some("1970"));
    past.replay(&fixture).await;
    assert_eq!(count(positions).await.unwrap(), 0);
    assert_eq!(count("SELECT count(*) FROM readings WHERE value LIKE 'zone:%'").await.unwrap(), 1);
    assert_eq!(count("SELECT count(*) FROM readings WHERE kind = 'position'").await.unwrap(), 2);
    let spots = "SELECT count(*) FROM trips WHERE 10 IN (from_longitude, to_longitude)";
    assert_eq!(count(spots).await.unwrap(), 0);
    let hidden = "SELECT count(*) FROM trips WHERE from_private_zone IS NOT NULL AND notes = 'to the sea'";
    assert_eq!(count(hidden).await.unwrap(), 1);
    let charged =
        "SELECT count(*) FROM charging_sessions WHERE private_zone IS NOT NULL AND longitude IS NULL";
    assert_eq!(count(charged).await.unwrap(), 1);
    assert_eq!(
        count("SELECT count(*) FROM entry_history WHERE before::text LIKE '%itude\": 10%'").await.unwrap(),
        0
    );
    // It still is a place, with what happened there.
    let events = fixture.get(&ann, &format!("/api/cars/{}/geofence-events", past.car)).await.json;
    assert_eq!(events["items"].as_array().unwrap().len(), 2, "{events}");
}

#[tokio::test]
async fn rules_say_what_trips_are_for() {
    let (fixture, ann) = fixture().await;
    let past = Past::of(&fixture, &ann).await;
    let works = fixture.post(&ann, "/api/geofences", &works()).await.json["id"].clone();
    let rule = json!({ "purpose": "business", "geofenceIds": [works] });
    let written = fixture.post(&ann, "/api/purpose-rules", &rule).await;
    assert_eq!(written.status, 201, "{}", written.text);
    let place = written.header("location").to_owned();
    assert_eq!(json!([written.json["from"], written.json["to"]]), json!(["00:00", "00:00"]));
    assert_eq!(written.json["weekdays"].as_array().unwrap().len(), 7);
    past.replay(&fixture).await;
    let log = format!("/api/cars/{}/mileage-log?from=2026-02-01T00:00:00Z&to=2026-03-01T00:00:00Z", past.car);
    let totals = fixture.get(&ann, &log).await.json["totals"].clone();
    assert_eq!(json!([totals["businessKm"], totals["unknownKm"]]), json!([30.0, 30.0]), "{totals}");

    // The first rule that fits counts.
    let everything = json!({ "purpose": "private", "rank": 0 });
    let second = fixture.post(&ann, "/api/purpose-rules", &everything).await.json;
    assert_eq!(dirty_since(&fixture).await.as_deref(), Some("1970"));
    past.replay(&fixture).await;
    let totals = fixture.get(&ann, &log).await.json["totals"].clone();
    assert_eq!(json!([totals["businessKm"], totals["privateKm"]]), json!([0.0, 60.0]), "{totals}");
    let order: Vec<Value> = fixture.get(&ann, "/api/purpose-rules").await.json["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["id"].clone())
        .collect();
    assert_eq!(order, [second["id"].clone(), written.json["id"].clone()]);

    let patch = json!({ "weekdays": ["saturday", "monday"], "from": "22:00", "to": "06:30", "rank": -1 });
    let changed = fixture.patch(&ann, &place, &patch).await.json;
    assert_eq!(
        json!([changed["weekdays"], changed["from"], changed["to"], changed["rank"]]),
        json!([["monday", "saturday"], "22:00", "06:30", -1])
    );
    for (body, field) in [
        (json!({ "weekdays": [] }), "weekdays"),
        (json!({ "from": "24:00" }), "from"),
        (json!({ "geofenceIds": [works, Uuid::new_v4()] }), "geofenceIds[1]"),
        (json!({ "purpose": "commute" }), "purpose"),
    ] {
        let refused = fixture.patch(&ann, &place, &body).await;
        assert_eq!(
            (refused.verdict().as_str(), &refused.json["field"]),
            ("422 invalid_field", &json!(field))
        );
    }
    let eve = fixture.somebody().await;
    assert_eq!(fixture.patch(&eve, &place, &patch).await.verdict(), "404 entry_not_found");
    assert_eq!(fixture.delete(&eve, &place).await.verdict(), "404 entry_not_found");
    let foreign = fixture.post(&eve, "/api/purpose-rules", &rule).await;
    assert_eq!(foreign.json["field"], "geofenceIds[0]", "{}", foreign.text);
    assert_eq!(fixture.delete(&ann, &place).await.status, 204);
}

#[tokio::test]
async fn a_parked_car_is_watched_from_now_on_until_the_switch_is_turned_again() {
    let (fixture, ann) = fixture().await;
    let past = Past::of(&fixture, &ann).await;
    past.replay(&fixture).await;
    let switch = format!("/api/cars/{}/watch", past.car);
    let off = json!({ "isWatched": false, "since": null });
    assert_eq!(fixture.get(&ann, &switch).await.json, off);
    assert_eq!(fixture.patch(&ann, &switch, &json!({ "isWatched": false })).await.json, off);
    assert_eq!(dirty_since(&fixture).await, None);
    let on = fixture.patch(&ann, &switch, &json!({ "isWatched": true })).await.json;
    assert_eq!((&on["isWatched"], on["since"].is_string()), (&json!(true), true));
    // What was before is not folded again.
    assert!(dirty_since(&fixture).await.is_some_and(|year| year != "1970"));
    assert_eq!(fixture.patch(&ann, &switch, &json!({ "isWatched": true })).await.json, on);
    assert_eq!(fixture.patch(&ann, &switch, &json!({ "isWatched": false })).await.json, off);
    let again = fixture.patch(&ann, &switch, &json!({ "isWatched": true })).await.json;
    assert_eq!(again["isWatched"], true);
}
