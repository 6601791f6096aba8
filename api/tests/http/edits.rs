//! What people write into the entries that the machine found: numbers become theirs, prices and purposes are theirs beside
//! what the machine goes on saying.

use serde_json::{Value, json};

use crate::life::Life;

const EVENING: &str = "
    1 08:00 km 1000 soc 60 cable out
    1 17:30 km 1030 soc 40 cable out
    1 18:00 km 1030 soc 40 cable in charging yes kwh 0
    1 20:00 km 1030 soc 80 cable in charging no kwh 20
    2 07:00 km 1030 soc 80 cable out
    2 08:00 km 1060 soc 70 cable out
    3 08:00 km 1060 soc 70 cable out
";

/// It began earlier, and more reached the battery.
const LATE: &str = "
    1 17:45 km 1030 soc 40 cable in charging yes kwh 0
    1 20:15 km 1030 soc 82 cable in charging no kwh 21
";

#[tokio::test]
async fn numbers_that_a_person_wrote_are_theirs_and_stay() {
    let life = Life::new("electric").await;
    life.tell(EVENING).await;
    let id = life.ids("charging-sessions").await[0].clone();
    let patch = json!({ "energyKwh": 19.5, "notes": "by my own meter" });
    let edited = life.patch(&format!("charging-sessions/{id}"), &patch).await;
    assert_eq!(edited.status, 200, "{}", edited.text);
    assert_eq!(edited.json["energySource"], "meter");
    assert_eq!(edited.json["asOf"], Value::Null, "it is the person's");
    let theirs = ["1 18:00 to 1 20:00 19.5 kWh 'by my own meter' (confirmed)"];
    assert_eq!(life.told("charging-sessions").await, theirs);
    life.replay().await;
    life.tell(LATE).await;
    life.replay().await;
    assert_eq!(life.told("charging-sessions").await, theirs);
    let undone = life.post(&format!("charging-sessions/{id}/undo"), &Value::Null).await;
    assert_eq!(undone.json["items"].as_array().unwrap().len(), 1, "{}", undone.text);
    assert_eq!(life.told("charging-sessions").await, ["1 17:45 to 1 20:15 21 kWh"]);
}

#[tokio::test]
async fn a_price_is_the_persons_and_all_else_goes_on_being_the_machines() {
    let life = Life::new("electric").await;
    life.tell(EVENING).await;
    let path = format!("charging-sessions/{}", life.ids("charging-sessions").await[0]);
    for (patch, field) in [
        (json!({ "cost": 5 }), "currency"),
        (json!({ "currency": "EUR" }), "cost"),
        (json!({ "cost": -5, "currency": "EUR" }), "cost"),
        (json!({ "endedAt": "2026-02-17T10:00:00Z" }), "endedAt"),
        (json!({ "startSoc": 101 }), "startSoc"),
        (json!({ "state": "confirmed" }), "state"),
    ] {
        let refused = life.patch(&path, &patch).await;
        assert_eq!(
            (refused.verdict().as_str(), &refused.json["field"]),
            ("422 invalid_field", &json!(field))
        );
    }
    let paid = life.patch(&path, &json!({ "cost": 7.25, "currency": "EUR" })).await;
    assert_eq!(
        (&paid.json["cost"], &paid.json["costLow"], &paid.json["costHigh"]),
        (&json!(7.25), &json!(7.25), &json!(7.25))
    );
    assert_ne!(paid.json["asOf"], Value::Null, "it is the machine's");
    life.tell(LATE).await;
    life.replay().await;
    assert_eq!(life.told("charging-sessions").await, ["1 17:45 to 1 20:15 21 kWh 7.25 EUR"]);
    let path = format!("charging-sessions/{}", life.ids("charging-sessions").await[0]);
    let free = life.patch(&path, &json!({ "cost": 0 })).await;
    assert_eq!(
        (&free.json["cost"], &free.json["currency"]),
        (&json!(0.0), &json!("EUR")),
        "free is not unknown"
    );
    let unknown = life.patch(&path, &json!({ "cost": null })).await;
    assert_eq!((&unknown.json["cost"], &unknown.json["currency"]), (&Value::Null, &Value::Null));
    assert_eq!(life.told("charging-sessions").await, ["1 17:45 to 1 20:15 21 kWh"]);
}

#[tokio::test]
async fn a_purpose_is_the_persons_and_is_taken_back_by_them() {
    let life = Life::new("electric").await;
    life.tell(EVENING).await;
    let ids = life.ids("trips").await;
    let path = format!("trips/{}", ids[1]);
    let business = life.patch(&path, &json!({ "purpose": "business" })).await;
    assert_eq!(
        (&business.json["purpose"], &business.json["state"]),
        (&json!("business"), &json!("recorded"))
    );
    life.replay().await;
    life.tell("2 07:30 km 1045 soc 75 cable out").await;
    life.replay().await;
    assert_eq!(life.told("trips").await[1], "2 07:30 to 2 08:00 30 km business");
    let id = life.ids("trips").await[1].clone();
    let undone = life.post(&format!("trips/{id}/undo"), &Value::Null).await;
    assert_eq!(undone.status, 200, "{}", undone.text);
    assert_eq!(life.told("trips").await[1], "2 07:30 to 2 08:00 30 km");
    for wrong in [json!({ "purpose": "fun" }), json!({ "distanceKm": -1 }), json!({ "odometerAfterKm": 5 })] {
        assert_eq!(life.patch(&path, &wrong).await.verdict(), "422 invalid_field", "{wrong}");
    }
    let longer =
        life.patch(&format!("trips/{id}"), &json!({ "distanceKm": 31.5, "purpose": "private" })).await;
    assert_eq!((&longer.json["distanceKm"], &longer.json["state"]), (&json!(31.5), &json!("confirmed")));
}

#[tokio::test]
async fn what_goes_on_can_be_priced_and_rejected_and_nothing_else() {
    let life = Life::new("electric").await;
    life.tell(EVENING).await;
    life.tell("4 18:00 km 1060 soc 60 cable in charging yes kwh 0\n4 19:00 km 1060 soc 70 cable in charging yes kwh 5").await;
    let sessions = life.book("charging-sessions").await;
    let open = sessions.last().unwrap();
    assert_eq!(
        (&open["endedAt"], &open["progress"]),
        (&Value::Null, &json!("stale")),
        "nothing was heard for long"
    );
    let path = format!("charging-sessions/{}", open["id"].as_str().unwrap());
    for (rest, body) in [("/confirm", Value::Null), ("/split", json!({ "at": "2026-02-20T18:30:00Z" }))] {
        let refused = life.post(&format!("{path}{rest}"), &body).await;
        assert_eq!(refused.verdict(), "409 entry_goes_on", "{}", refused.text);
    }
    let ids = life.ids("charging-sessions").await;
    let refused = life.post("charging-sessions/merge", &json!({ "ids": ids })).await;
    assert_eq!(refused.verdict(), "409 entry_goes_on", "{}", refused.text);
    assert_eq!(life.patch(&path, &json!({ "energyKwh": 7 })).await.verdict(), "409 entry_goes_on");
    let priced = life.patch(&path, &json!({ "cost": 3, "currency": "EUR", "notes": "at the office" })).await;
    assert_eq!((priced.status, &priced.json["cost"]), (200, &json!(3.0)), "{}", priced.text);
    // The car says more: the price stays with the session.
    life.tell("4 20:00 km 1060 soc 80 cable in charging no kwh 10\n5 07:00 km 1060 soc 80 cable out").await;
    life.replay().await;
    let told = life.told("charging-sessions").await;
    assert!(told.last().unwrap().starts_with("4 18:00 to 4 20:00 10 kWh 3 EUR"), "{told:?}");
    assert_eq!(life.post(&format!("{path}/reject"), &Value::Null).await.status, 204);
    life.replay().await;
    assert_eq!(life.told("charging-sessions").await.len(), told.len() - 1);
}
