//! How the car is: what it said last, how old that is, and what no car says.

use chrono::TimeDelta;
use runtime::clock;
use serde_json::{Value, json};

use crate::life::Life;

fn find<'a>(health: &'a Value, name: &str) -> &'a Value {
    let signals = health["signals"].as_array().unwrap();
    signals.iter().find(|signal| signal["name"] == name).unwrap_or_else(|| panic!("{name} in {health}"))
}

#[tokio::test]
async fn each_value_has_its_age_and_what_no_car_tells_is_said_so() {
    let life = Life::new("combustion").await;
    life.tell(
        "1 08:00 km 1000 fuel 60 tires 250,251,249,250
         1 18:00 km 1060 fuel 58 oil 40 codes P0300,P0420",
    )
    .await;
    // What was told at these times is long stale by now; this is not.
    sqlx::query(
        "INSERT INTO readings (vehicle_id, at, signal, kind, value, value_hash, quality, by_hand)
         VALUES ($1, $2, 'closure-islocked', 'boolean', 'true', 1, 'oem', false)",
    )
    .bind(life.vehicle)
    .bind(clock::now() - TimeDelta::hours(2))
    .execute(life.fixture.pool())
    .await
    .unwrap();
    let old = life.get("health").await;
    assert_eq!(old.status, 200, "{}", old.text);
    let locked = find(&old.json, "locked");
    assert_eq!((&locked["state"], &locked["value"]), (&json!("fresh"), &json!(true)));
    assert!((7_100..7_300).contains(&locked["ageSeconds"].as_i64().unwrap()), "{locked}");
    assert_eq!(locked["staleAfterSeconds"], 7 * 86_400, "no rhythm is known yet");
    for name in ["engine_running", "coolant_temperature"] {
        assert_eq!(find(&old.json, name)["state"], "not_available_over_smartcar");
    }
    for name in ["doors", "battery_level", "odometer"] {
        assert_eq!(find(&old.json, name)["state"], "not_reported", "{name}: the story is of long ago");
    }
}

#[tokio::test]
async fn a_value_is_stale_by_the_rhythm_of_this_car() {
    let life = Life::new("electric").await;
    let now = clock::now();
    // One value is told each hour and was not for a day; the other each second day, and was for as long.
    for (signal, hours, last) in [("tractionbattery-range", 1, 24), ("wheel-tires", 40, 24)] {
        for number in 0..12 {
            let value = if signal == "wheel-tires" {
                (
                    "structure",
                    format!(
                        r#"{{"unit":"kPa","values":[{{"column":0,"row":0,"tirePressure":{}}}]}}"#,
                        250 - number
                    ),
                )
            } else {
                ("number", (300 - number).to_string())
            };
            sqlx::query(
                "INSERT INTO readings (vehicle_id, at, signal, kind, value, value_hash, quality, by_hand)
                 VALUES ($1, $2, $3, $4::reading_kind, $5, $6, 'oem', false)",
            )
            .bind(life.vehicle)
            .bind(now - TimeDelta::hours(last + number * hours))
            .bind(signal)
            .bind(value.0)
            .bind(value.1)
            .bind(number)
            .execute(life.fixture.pool())
            .await
            .unwrap();
        }
    }
    let health = life.get("health").await.json;
    let range = find(&health, "battery_range");
    assert_eq!(
        (&range["state"], &range["value"], &range["unit"]),
        (&json!("stale"), &json!(300.0), &json!("km"))
    );
    assert_eq!(range["staleAfterSeconds"], 6 * 3_600);
    let tires = find(&health, "tires");
    assert_eq!(tires["state"], "fresh", "{tires}");
    assert_eq!(tires["value"]["values"][0]["tirePressure"], 250);
}

#[tokio::test]
async fn a_new_trouble_code_is_an_alert_and_a_suggestion_until_it_is_gone() {
    let life = Life::new("combustion").await;
    life.tell("1 08:00 km 1000 codes none\n 2 08:00 km 1040 codes P0300 oil 12").await;
    let suggestions = async || {
        let titles: Vec<String> =
            sqlx::query_scalar("SELECT title FROM issues WHERE car_id = $1 AND status = 'suggested'")
                .bind(life.car)
                .fetch_all(life.fixture.pool())
                .await
                .unwrap();
        titles
    };
    let alerts = life.get("alerts").await.json["items"].clone();
    let of = |alerts: &Value, kind: &str| {
        alerts.as_array().unwrap().iter().find(|alert| alert["kind"] == kind).unwrap_or(&Value::Null).clone()
    };
    let code = of(&alerts, "trouble_codes");
    assert_eq!(code["details"], json!({ "codes": ["P0300"], "isGrave": true, "overAt": null }), "{alerts}");
    assert_eq!(of(&alerts, "oil_low")["details"]["oilLifePercent"], json!(12.0));
    assert_eq!(suggestions().await, ["The car has a new trouble code"]);
    let path = format!("evidence/alerts/{}", code["id"].as_str().unwrap());
    let cited = life.get(&path).await.json["readings"][0]["signal"].clone();
    assert_eq!(cited, "diagnostics-dtclist");

    life.tell("3 09:00 km 1041 codes none").await;
    let alerts = life.get("alerts").await.json["items"].clone();
    let over = of(&alerts, "trouble_codes");
    assert_eq!((&over["id"], &over["details"]["overAt"]), (&code["id"], &json!("2026-02-19T09:00:00Z")));
    assert_eq!(suggestions().await, [""; 0], "nobody has to look after it any more");
    // The same, however it is told.
    life.replay().await;
    assert_eq!(life.get("alerts").await.json["items"], alerts);
}
