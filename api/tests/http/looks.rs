//! What people look at across books: why an entry is what it is, the line of time, the energy ledger, the battery, alerts.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::life::Life;

/// A plug-in hybrid that drove 200 km, charged once and was filled up once.
const HYBRID: &str = "
    1 08:00 km 1000 soc 80 fuel 60 cable out
    1 17:00 km 1060 soc 20 fuel 58 cable out
    1 18:00 km 1060 soc 20 fuel 58 cable in charging yes kwh 0
    1 21:00 km 1060 soc 80 fuel 58 cable in charging no kwh 30
    2 07:00 km 1060 soc 80 fuel 58 cable out
    2 09:00 km 1100 soc 40 fuel 50 cable out
    2 10:00 km 1100 soc 40 fuel 90 cable out
    2 11:00 km 1100 soc 40 fuel 90 cable out
    3 08:00 km 1200 soc 20 fuel 70 cable out
";

async fn hybrid() -> Life {
    let life = Life::new("plug_in_hybrid").await;
    life.tell(HYBRID).await;
    life
}

#[tokio::test]
async fn an_entry_says_why_it_is_what_it_is_and_what_it_was() {
    let life = hybrid().await;
    let id = life.ids("charging-sessions").await[0].clone();
    let path = format!("evidence/charging-sessions/{id}");
    let evidence = life.get(&path).await;
    assert_eq!(evidence.status, 200, "{}", evidence.text);
    let evidence = evidence.json;
    assert_eq!(
        (&evidence["rule"], &evidence["stands"], &evidence["isPersons"]),
        (&json!("charging"), &json!(true), &json!(false))
    );
    assert!(evidence["rulesVersion"].as_i64().unwrap() > 0 && evidence["confidence"].as_f64().unwrap() > 0.5);
    let readings = evidence["readings"].as_array().unwrap();
    assert!(!readings.is_empty() && readings.iter().all(|cited| cited["signal"].is_string()), "{evidence}");
    assert_eq!((&evidence["history"], &evidence["decisions"]), (&json!([]), &json!([])));

    life.patch(&format!("charging-sessions/{id}"), &json!({ "energyKwh": 29 })).await;
    let edited = life.get(&path).await.json;
    assert_eq!(edited["isPersons"], true);
    assert_eq!(
        (&edited["history"][0]["what"], &edited["decisions"][0]["verdict"]),
        (&json!("edited"), &json!("edited"))
    );
    assert_eq!(edited["history"][0]["before"]["energy_kwh"], 30);
    for hidden in ["digest", "source_id", "evidence", "flow"] {
        assert_eq!(edited["history"][0]["before"][hidden], Value::Null, "{hidden} is the machine's");
    }
    life.post(&format!("charging-sessions/{id}/reject"), &Value::Null).await;
    let gone = life.get(&path).await.json;
    assert_eq!((&gone["stands"], &gone["rule"]), (&json!(false), &json!("charging")));
    for path in [
        format!("evidence/trips/{id}"),
        format!("evidence/cars/{id}"),
        format!("evidence/alerts/{}", Uuid::new_v4()),
    ] {
        assert_eq!(life.get(&path).await.verdict(), "404 entry_not_found", "{path}");
    }
}

#[tokio::test]
async fn every_kind_of_entry_that_the_line_of_time_tells_has_evidence() {
    let life = hybrid().await;
    let told = life.get("timeline?from=2026-02-16T00:00:00Z&to=2026-02-25T00:00:00Z").await.json;
    let entries: Vec<&Value> =
        told["days"].as_array().unwrap().iter().flat_map(|day| day["entries"].as_array().unwrap()).collect();
    assert!(entries.len() > 5, "{told}");
    for entry in entries {
        let path = format!("evidence/{}/{}", entry["book"].as_str().unwrap(), entry["id"].as_str().unwrap());
        assert_eq!(life.get(&path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn the_line_of_time_is_told_by_the_persons_clock_and_names_its_gaps() {
    let life = hybrid().await;
    sqlx::query("INSERT INTO user_preferences (user_id, time_zone) VALUES ($1, 'Pacific/Auckland')")
        .bind(life.ann.id)
        .execute(life.fixture.pool())
        .await
        .unwrap();
    let told = life.get("timeline?from=2026-02-17T00:00:00Z&to=2026-02-19T00:00:00Z").await;
    assert_eq!(told.status, 200, "{}", told.text);
    assert_eq!(told.json["timeZone"], "Pacific/Auckland");
    let days = told.json["days"].as_array().unwrap();
    let dates: Vec<&str> = days.iter().map(|day| day["date"].as_str().unwrap()).collect();
    assert_eq!(dates, ["2026-02-17", "2026-02-18", "2026-02-19"], "13 hours ahead");
    // At 18:00 of the 17th in UTC, it is the morning of the 18th there.
    let books = |day: &Value| -> Vec<String> {
        let entries = day["entries"].as_array().unwrap();
        entries.iter().map(|entry| entry["book"].as_str().unwrap().to_owned()).collect()
    };
    assert!(!books(&days[0]).contains(&"charging-sessions".to_owned()), "{}", told.text);
    assert!(books(&days[1]).contains(&"charging-sessions".to_owned()), "{}", told.text);
    let silences = days[1]["silences"].as_array().unwrap();
    assert_eq!(silences[0]["from"], "2026-02-17T08:00:00Z", "{}", told.text);
    // Nothing was heard since the last reading.
    let later = life.get("timeline?from=2026-03-01T00:00:00Z&to=2026-03-03T00:00:00Z").await.json;
    let silence = &later["days"][0]["silences"][0];
    assert_eq!(
        (&silence["from"], &silence["goesOn"]),
        (&json!("2026-02-19T08:00:00Z"), &json!(true)),
        "{later}"
    );
    for wrong in [
        "from=2026-03-01T00:00:00Z",
        "from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z",
        "from=2020-03-02T00:00:00Z&to=2026-03-01T00:00:00Z",
        "from=0001-01-01T00:00:00Z&to=0001-01-02T00:00:00Z",
    ] {
        assert_eq!(
            life.get(&format!("timeline?{wrong}")).await.verdict(),
            "400 invalid_parameter",
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn a_hybrid_has_both_consumptions_over_the_same_way() {
    let life = hybrid().await;
    let session = life.ids("charging-sessions").await[0].clone();
    life.patch(&format!("charging-sessions/{session}"), &json!({ "cost": 9, "currency": "EUR" })).await;
    let fill = life.ids("fuel-entries").await[0].clone();
    life.patch(&format!("fuel-entries/{fill}"), &json!({ "litres": 20, "totalCost": 36, "currency": "EUR" }))
        .await;
    let energy = life.get("energy?from=2026-02-16T00:00:00Z&to=2026-02-25T00:00:00Z").await;
    assert_eq!(energy.status, 200, "{}", energy.text);
    let (fuel, electricity) = (&energy.json["fuel"], &energy.json["electricity"]);
    assert_eq!(energy.json["km"], 200.0);
    // 20 litres went in, and the level is a tenth of 50 litres higher.
    assert_eq!(
        (&fuel["litres"], &fuel["usedLitres"], &fuel["per100Km"]),
        (&json!(20.0), &json!(15.0), &json!(7.5))
    );
    // 30 kWh went in, and the level is 60 % of 50 kWh lower.
    assert_eq!(
        (&electricity["kwh"], &electricity["usedKwh"], &electricity["per100Km"]),
        (&json!(30.0), &json!(60.0), &json!(30.0))
    );
    assert_eq!(
        energy.json["paid"],
        json!([{ "currency": "EUR", "fuel": 36.0, "charging": 9.0, "per100Km": 22.5 }])
    );
    assert_eq!(energy.json["withoutCost"], 0);
    let nothing = life.get("energy?from=2025-02-16T00:00:00Z&to=2025-02-25T00:00:00Z").await.json;
    assert_eq!(
        (&nothing["km"], &nothing["fuel"], &nothing["paid"]),
        (&Value::Null, &Value::Null, &json!([]))
    );
}

#[tokio::test]
async fn a_consumption_says_between_what_it_lies_or_that_nobody_knows() {
    let life = hybrid().await;
    let ledger = async || life.get("energy?from=2026-02-16T00:00:00Z&to=2026-02-25T00:00:00Z").await.json;
    let between =
        |of: &Value, what: &str| ["Low", "", "High"].map(|end| of[format!("{what}{end}")].as_f64().unwrap());
    let seen = ledger().await;
    let (fuel, electricity) = (&seen["fuel"], &seen["electricity"]);
    for (of, used) in [(fuel, "usedLitres"), (electricity, "usedKwh")] {
        for what in [used, "per100Km"] {
            let [low, value, high] = between(of, what);
            assert!(0.0 < low && low < value && value < high, "{what} of {of}");
        }
    }
    assert_eq!((&fuel["fillsWithoutRange"], &electricity["sessionsWithoutRange"]), (&json!(0), &json!(0)));

    // A receipt is exact, and leaves the levels at both ends: 1.5 points and 3 of 100 parts of 10 points, of 50 litres.
    let fill = life.ids("fuel-entries").await[0].clone();
    life.patch(&format!("fuel-entries/{fill}"), &json!({ "litres": 21 })).await;
    let seen = ledger().await;
    let [low, _, high] = between(&seen["fuel"], "usedLitres");
    assert_eq!((low, high), (15.1, 16.9), "{seen}");

    // Of what another program wrote in the machine's name nobody knows how far it may be off.
    let mut tx = life.fixture.pool().begin().await.unwrap();
    store::act_as_machine(&mut tx).await.unwrap();
    sqlx::query("UPDATE charging_sessions SET energy_plus_minus_kwh = NULL").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    let electricity = ledger().await["electricity"].clone();
    assert_eq!(electricity["sessionsWithoutRange"], 1, "{electricity}");
    assert_eq!((&electricity["per100Km"], &electricity["per100KmLow"]), (&json!(30.0), &Value::Null));
}

#[tokio::test]
async fn a_battery_is_told_month_by_month() {
    let life = hybrid().await;
    assert_eq!(life.get("battery").await.json, json!({ "items": [] }), "too few sessions can tell");
    let id = Uuid::new_v4();
    sqlx::query(
        "INSERT INTO battery_estimates (id, car_id, estimated_for, usable_kwh, plus_minus_kwh, health_percent, sessions, source_id)
         VALUES ($1, $2, '2026-02-01', 47.5, 1.2, 95, 6, $3)",
    )
    .bind(id)
    .bind(life.car)
    .bind(life.vehicle)
    .execute(life.fixture.pool())
    .await
    .unwrap();
    let estimate = life.get(&format!("battery/{id}")).await;
    assert_eq!(
        (&estimate.json["usableKwh"], &estimate.json["plusMinusKwh"]),
        (&json!(47.5), &json!(1.2)),
        "{}",
        estimate.text
    );
    assert_eq!(life.get("battery").await.json["items"], json!([estimate.json]));
    assert_eq!(life.get(&format!("battery/{}", Uuid::new_v4())).await.verdict(), "404 entry_not_found");
}

#[tokio::test]
async fn an_alert_is_seen_once_and_dismissed_for_good() {
    let life = Life::new("combustion").await;
    // The tank lost a third while the car stood.
    life.tell(
        "
        1 08:00 km 1000 fuel 80
        1 18:00 km 1010 fuel 79
        2 08:00 km 1010 fuel 45
        2 12:00 km 1010 fuel 45
        3 08:00 km 1010 fuel 45
        ",
    )
    .await;
    let alerts = life.get("alerts").await.json["items"].as_array().unwrap().clone();
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert_eq!(
        (&alerts[0]["kind"], &alerts[0]["foundLater"]),
        (&json!("fuel_drop"), &json!(true)),
        "{alerts:?}"
    );
    assert_eq!(alerts[0]["details"], json!({ "fromPercent": 79.0, "toPercent": 45.0 }));
    let path = format!("alerts/{}", alerts[0]["id"].as_str().unwrap());
    let seen = life.post(&format!("{path}/seen"), &Value::Null).await;
    assert!(seen.json["seenAt"].is_string() && seen.json["dismissedAt"].is_null(), "{}", seen.text);
    let again = life.post(&format!("{path}/seen"), &Value::Null).await;
    assert_eq!(again.json["seenAt"], seen.json["seenAt"]);
    let dismissed = life.post(&format!("{path}/dismiss"), &Value::Null).await;
    assert!(dismissed.json["dismissedAt"].is_string(), "{}", dismissed.text);
    life.replay().await;
    assert_eq!(life.get("alerts").await.json["items"], json!([]));
    assert_eq!(life.get("alerts?hidden=true").await.json["items"], json!([dismissed.json]));
    assert_eq!(life.get(&path).await.json, dismissed.json);
    assert_eq!(
        life.post(&format!("alerts/{}/seen", Uuid::new_v4()), &Value::Null).await.verdict(),
        "404 entry_not_found"
    );
}
