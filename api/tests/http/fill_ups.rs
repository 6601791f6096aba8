//! Fill-ups that the machine found, beside receipts that people type in.

use serde_json::{Value, json};

use crate::life::Life;

const TANK: &str = "
    1 08:00 km 1000 fuel 30
    1 18:00 km 1100 fuel 16
    2 08:00 km 1100 fuel 16
    2 09:00 km 1110 fuel 90
    2 10:00 km 1110 fuel 90
    3 08:00 km 1160 fuel 84
    4 08:00 km 1260 fuel 70
";

async fn tank() -> (Life, String) {
    let life = Life::new("combustion").await;
    life.tell(TANK).await;
    let ids = life.ids("fuel-entries").await;
    assert_eq!(ids.len(), 1, "{:?}", life.told("fuel-entries").await);
    (life, ids[0].clone())
}

#[tokio::test]
async fn what_was_found_says_between_what_it_lies_and_how_sure_it_is() {
    let (life, id) = tank().await;
    let fill = life.get(&format!("fuel-entries/{id}")).await.json;
    let finding = &fill["finding"];
    assert_eq!(finding["state"], "recorded");
    assert_eq!(
        (&finding["filledAfter"], &fill["filledAt"]),
        (&json!("2026-02-18T08:00:00Z"), &json!("2026-02-18T09:00:00Z"))
    );
    assert_eq!((&finding["levelBefore"], &finding["levelAfter"]), (&json!(16.0), &json!(90.0)));
    let number = |value: &Value| value.as_f64().unwrap();
    let litres = number(&fill["litres"]);
    assert!(number(&finding["litresLow"]) < litres && litres < number(&finding["litresHigh"]), "{fill}");
    assert!(number(&finding["confidence"]) > 0.5 && !finding["asOf"].is_null(), "{fill}");
    let typed = json!({ "filledAt": "2026-01-01T08:00:00Z", "litres": 40, "fullTank": true });
    let typed = life.post("fuel-entries", &typed).await;
    assert_eq!(
        (&typed.json["finding"]["state"], &typed.json["finding"]["asOf"]),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn a_receipt_takes_the_place_of_what_was_found_at_once() {
    let (life, _) = tank().await;
    let receipt = json!({ "filledAt": "2026-02-18T08:40:00Z", "litres": 36.4, "fullTank": false,
        "totalCost": 65.5, "currency": "EUR" });
    let written = life.post("fuel-entries", &receipt).await;
    assert_eq!(written.status, 201, "{}", written.text);
    assert_eq!(life.told("fuel-entries").await, ["1 08:40 36.4 l"].map(|line| line.replacen("1 ", "2 ", 1)));
    life.replay().await;
    assert_eq!(life.ids("fuel-entries").await, [written.json["id"].as_str().unwrap()]);
    // Without the receipt, there is what was found.
    let path = life.path(&format!("fuel-entries/{}", written.json["id"].as_str().unwrap()));
    assert_eq!(life.fixture.delete(&life.ann, &path).await.status, 204);
    let left = life.book("fuel-entries").await;
    assert_eq!((left.len(), &left[0]["source"]), (1, &json!("smartcar_sync")));
}

#[tokio::test]
async fn a_fill_up_is_confirmed_corrected_rejected_and_given_back() {
    let (life, id) = tank().await;
    let path = format!("fuel-entries/{id}");
    let found = life.book("fuel-entries").await;
    let confirmed = life.post(&format!("{path}/confirm"), &Value::Null).await;
    assert_eq!(confirmed.json["finding"]["state"], "confirmed", "{}", confirmed.text);
    life.post(&format!("{path}/undo"), &Value::Null).await;
    assert_eq!(life.book("fuel-entries").await, found);

    let noted = life.patch(&path, &json!({ "notes": "the one by the motorway" })).await;
    assert_eq!(noted.json["finding"]["state"], "recorded", "a note alone leaves it to the machine");
    assert_eq!(noted.json["notes"], "the one by the motorway");
    life.patch(&path, &json!({ "notes": null })).await;

    let corrected = life.patch(&path, &json!({ "litres": 35.2, "totalCost": 60, "currency": "EUR" })).await;
    assert_eq!(corrected.json["litres"], 35.2, "{}", corrected.text);
    assert_eq!(corrected.json["finding"]["litresLow"], Value::Null, "what a person says is exact");
    life.tell("2 08:30 km 1105 fuel 16").await;
    life.replay().await;
    assert_eq!(life.told("fuel-entries").await, ["2 09:00 35.2 l (confirmed)"]);
    life.post(&format!("{path}/undo"), &Value::Null).await;
    assert_eq!(life.book("fuel-entries").await[0]["finding"]["state"], "recorded");

    let id = life.ids("fuel-entries").await[0].clone();
    assert_eq!(life.post(&format!("fuel-entries/{id}/reject"), &Value::Null).await.status, 204);
    life.replay().await;
    assert_eq!(life.book("fuel-entries").await, Vec::<Value>::new());
    let undone = life.post(&format!("fuel-entries/{id}/undo"), &Value::Null).await;
    assert_eq!(undone.json["items"].as_array().unwrap().len(), 1, "{}", undone.text);
}

#[tokio::test]
async fn two_steps_of_one_stop_are_one_fill_up_to_people() {
    let life = Life::new("combustion").await;
    life.tell(
        "
        1 08:00 km 1000 fuel 30
        1 18:00 km 1100 fuel 16
        2 09:00 km 1110 fuel 50
        2 12:00 km 1150 fuel 45
        2 15:00 km 1160 fuel 90
        3 08:00 km 1210 fuel 84
        4 08:00 km 1300 fuel 70
        ",
    )
    .await;
    let before = life.book("fuel-entries").await;
    let ids = life.ids("fuel-entries").await;
    assert_eq!(ids.len(), 2, "{:?}", life.told("fuel-entries").await);
    let merged = life.post("fuel-entries/merge", &json!({ "ids": ids })).await;
    let items = merged.json["items"].as_array().unwrap().clone();
    assert_eq!(items.len(), 1, "{}", merged.text);
    let litres = |entry: &Value| entry["litres"].as_f64().unwrap();
    assert!((litres(&items[0]) - before.iter().map(litres).sum::<f64>()).abs() < 0.01, "{}", merged.text);
    life.replay().await;
    assert_eq!(life.book("fuel-entries").await, items);
    let id = items[0]["id"].as_str().unwrap();
    let undone = life.post(&format!("fuel-entries/{id}/undo"), &Value::Null).await;
    assert_eq!(undone.status, 200, "{}", undone.text);
    assert_eq!(life.book("fuel-entries").await, before);
}
