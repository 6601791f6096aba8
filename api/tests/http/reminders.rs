//! What has to be done to a car: when it is due, in whose units, and what people say of it.

use chrono::{DateTime, TimeDelta, Utc};
use runtime::clock;
use serde_json::{Value, json};

use crate::fixture::meter_entry;
use crate::life::Life;

/// A car that is driven 50 km a day, for so many days up to now, from 10000 km on.
async fn driven(days: i64) -> Life {
    let life = Life::new("combustion").await;
    for day in (0..=days).step_by(5) {
        let at = (clock::now() - TimeDelta::days(days - day)).to_rfc3339();
        #[expect(clippy::cast_precision_loss, reason = "a few thousand kilometres")]
        let written = life.post("meter-entries", &meter_entry(10_000.0 + 50.0 * day as f64, &at)).await;
        assert_eq!(written.status, 201, "{}", written.text);
    }
    life
}

fn ago(days: i64) -> String {
    (clock::now() - TimeDelta::days(days)).to_rfc3339()
}

async fn add(life: &Life, reminder: &Value) -> Value {
    let added = life.post("reminders", reminder).await;
    assert_eq!(added.status, 201, "{}", added.text);
    added.json
}

fn days_until(date: &Value) -> i64 {
    (date.as_str().unwrap().parse::<DateTime<Utc>>().unwrap() - clock::now()).num_days()
}

#[tokio::test]
async fn an_oil_change_is_due_by_the_cars_own_driving_and_told_in_the_persons_units() {
    let life = driven(60).await;
    let every = json!({ "title": "Oil change", "intervalKm": 3805, "doneAt": ago(60), "doneKm": 10_000 });
    let added = add(&life, &every).await;
    let due = &added["due"];
    assert_eq!((&due["stage"], &due["because"]), (&json!("soon"), &json!("distance")), "{added}");
    assert_eq!((&due["odometerKm"], &due["text"]), (&json!(13_805.0), &json!("Oil change is due in 805 km")));
    assert!((15..=16).contains(&days_until(&due["date"])), "805 km of 50 a day: {due}");
    assert!(
        due["earliest"].as_str() <= due["date"].as_str() && due["date"].as_str() <= due["latest"].as_str()
    );

    let patched = life.fixture.patch(&life.ann, "/api/preferences", &json!({ "units": "us" })).await;
    assert_eq!(patched.status, 200, "{}", patched.text);
    let listed = life.get("reminders").await.json;
    assert_eq!(listed["items"][0]["due"]["text"], "Oil change is due in 500 miles");
}

#[tokio::test]
async fn what_is_done_begins_anew_and_what_is_not_recurring_is_finished() {
    let life = driven(60).await;
    let id = |row: &Value| row["id"].as_str().unwrap().to_owned();
    let oil = json!({ "title": "Oil", "intervalKm": 15_000, "intervalMonths": 12, "doneAt": ago(60), "doneKm": 10_000 });
    let floating = id(&add(&life, &oil).await);
    let done = life.post(&format!("reminders/{floating}/done"), &json!({ "at": ago(10) })).await.json;
    assert_eq!(done["doneKm"], json!(12_500.0), "what the book says of then: {done}");
    assert_eq!(done["due"]["odometerKm"], json!(27_500.0));

    let mut fixed = oil.clone();
    fixed["isFixed"] = json!(true);
    let fixed = id(&add(&life, &fixed).await);
    let done = life.post(&format!("reminders/{fixed}/done"), &json!({ "odometerKm": 22_000 })).await.json;
    assert_eq!(done["doneKm"], json!(25_000.0), "its grid: {done}");

    let once = json!({ "title": "Winter tyres", "intervalMonths": 1, "isRecurring": false });
    let once = id(&add(&life, &once).await);
    let done = life.post(&format!("reminders/{once}/done"), &json!({})).await.json;
    assert!(done["finishedAt"].is_string(), "{done}");
    assert_eq!(life.fixture.delete(&life.ann, &life.path(&format!("reminders/{once}"))).await.status, 204);
    assert_eq!(life.fixture.delete(&life.ann, &life.path(&format!("reminders/{once}"))).await.status, 404);
    assert_eq!(life.get("reminders").await.json["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn new_oil_is_a_question_and_closes_nothing_by_itself() {
    let life = Life::new("combustion").await;
    life.tell("1 08:00 km 1000 oil 60\n 20 08:00 km 2000 oil 40\n 30 08:00 km 2500 oil 30").await;
    let every = json!({
        "title": "Oil", "watchesOil": true, "intervalMonths": 240, "doneAt": "2026-02-01T00:00:00Z", "doneKm": 900,
    });
    let reminder = add(&life, &every).await;
    assert_eq!(
        (&reminder["due"]["because"], &reminder["proposal"]),
        (&json!("oil_life"), &Value::Null),
        "{reminder}"
    );
    life.tell("31 08:00 km 2510 oil 100").await;
    let listed = life.get("reminders").await.json["items"][0].clone();
    assert_eq!(
        listed["proposal"],
        json!({ "at": "2026-03-19T08:00:00Z", "because": "oil_renewed", "odometerKm": 2510.0 }),
    );
    assert_eq!(listed["doneKm"], json!(900.0));
    let path = |word: &str| format!("reminders/{}/{word}", listed["id"].as_str().unwrap());
    let dismissed = life.post(&path("dismiss-proposal"), &Value::Null).await.json;
    assert_eq!((&dismissed["proposal"], &dismissed["doneKm"]), (&Value::Null, &json!(900.0)));
    let snoozed = life.post(&path("snooze"), &json!({ "until": ago(-3) })).await.json;
    assert!(snoozed["snoozedUntil"].is_string());
}

#[tokio::test]
async fn a_reminder_that_nothing_makes_due_is_refused() {
    let life = driven(5).await;
    for (wrong, field) in [
        (json!({ "title": "x" }), "intervalKm"),
        (json!({ "title": "x", "intervalKm": 0 }), "intervalKm"),
        (json!({ "title": "x", "intervalMonths": 0 }), "intervalMonths"),
        (json!({ "title": "x", "intervalMonths": 241 }), "intervalMonths"),
        (json!({ "title": " ", "intervalMonths": 12 }), "title"),
    ] {
        let refused = life.post("reminders", &wrong).await;
        assert_eq!(refused.verdict(), "422 invalid_field", "{wrong}");
        assert_eq!(refused.json["field"], field, "{wrong}");
    }
    let id =
        add(&life, &json!({ "title": "x", "intervalMonths": 12 })).await["id"].as_str().unwrap().to_owned();
    let refused = life.patch(&format!("reminders/{id}"), &json!({ "intervalMonths": null })).await;
    assert_eq!(refused.verdict(), "422 invalid_field");
    let changed =
        life.patch(&format!("reminders/{id}"), &json!({ "title": "y", "notes": "5W-30" })).await.json;
    assert_eq!(
        (&changed["title"], &changed["notes"], &changed["intervalMonths"]),
        (&json!("y"), &json!("5W-30"), &json!(12))
    );
}
