//! People win: what a person wrote, edited or deleted outlives the machine's folds.

use chrono::TimeDelta;
use domain::fold::Sighting;
use domain::reading::{Milli, Reading, Signal, TimeQuality, Value};
use intake::KnownSetups;
use intake::refold::{Fresh, Reach, refold};
use sqlx::{Connection, PgConnection};

use crate::support::{Car, Pipeline, odometer, start};

/// What the scheduler's job does.
async fn replay(pipeline: &Pipeline, car: &Car) {
    intake::replay::replay(pipeline.pool(), car.vehicle, runtime::clock::now()).await.unwrap();
    assert_eq!(pipeline.count("SELECT count(*) FROM dirty_vehicles").await, 0);
}

async fn person(pipeline: &Pipeline, sql: &'static str) {
    sqlx::query(sql).execute(pipeline.pool()).await.unwrap();
}

#[tokio::test]
async fn a_deleted_entry_stays_deleted_when_a_late_reading_moves_its_anchor() {
    let mut pipeline = Pipeline::new().await;
    let car = pipeline.connected_car().await;
    pipeline.worker(200).await;
    pipeline.deliver(&[odometer(&car, 0, 100.0), odometer(&car, 480, 150.0)]).await;
    pipeline.until("SELECT count(*) FROM meter_entries", 2).await;
    person(&pipeline, "DELETE FROM meter_entries WHERE odometer_reading = 150").await;
    assert_eq!(pipeline.count("SELECT count(*) FROM decisions WHERE verdict = 'deleted'").await, 1);
    // Hours earlier the car had shown the same: the entry of the day would hang there now.
    pipeline.deliver(&[odometer(&car, 300, 150.0), odometer(&car, 900, 160.0)]).await;
    pipeline.until("SELECT count(*) FROM meter_entries", 2).await;
    replay(&pipeline, &car).await;
    assert_eq!(pipeline.count("SELECT count(*) FROM meter_entries WHERE odometer_reading = 150").await, 0);
    pipeline.stop().await;
}

#[tokio::test]
async fn an_edited_entry_keeps_the_persons_words() {
    let mut pipeline = Pipeline::new().await;
    let car = pipeline.connected_car().await;
    pipeline.worker(200).await;
    pipeline.deliver(&[odometer(&car, 0, 100.0), odometer(&car, 480, 150.0)]).await;
    pipeline.until("SELECT count(*) FROM meter_entries", 2).await;
    person(
        &pipeline,
        "UPDATE meter_entries SET odometer_reading = 155, notes = 'mine' WHERE odometer_reading = 150",
    )
    .await;
    pipeline.deliver(&[odometer(&car, 300, 150.0), odometer(&car, 900, 160.0)]).await;
    pipeline.until("SELECT count(*) FROM webhook_events", 4).await;
    replay(&pipeline, &car).await;
    assert_eq!(
        pipeline.book(&car).await,
        [
            "2026-02-16 00:00 100 Automatically synced from Smartcar",
            "2026-02-16 08:00 155 mine",
            "2026-02-16 15:00 160 Automatically synced from Smartcar",
        ]
    );
    pipeline.stop().await;
}

#[tokio::test]
async fn a_typing_error_becomes_a_suggested_issue_and_blocks_one_reading_only() {
    let mut pipeline = Pipeline::new().await;
    let car = pipeline.connected_car().await;
    pipeline.worker(200).await;
    pipeline.deliver(&[odometer(&car, 0, 15_000.0)]).await;
    pipeline.until("SELECT count(*) FROM meter_entries", 1).await;
    sqlx::query("INSERT INTO meter_entries (car_id, odometer_reading, entry_date) VALUES ($1, 151000, $2)")
        .bind(car.id)
        .bind(start() + TimeDelta::hours(3))
        .execute(pipeline.pool())
        .await
        .unwrap();
    pipeline.deliver(&[odometer(&car, 360, 15_040.0), odometer(&car, 600, 15_060.0)]).await;
    pipeline.until("SELECT count(*) FROM issues WHERE status = 'suggested'", 1).await;
    pipeline.until("SELECT count(*) FROM meter_entries WHERE odometer_reading = 15060", 1).await;
    assert_eq!(pipeline.count("SELECT count(*) FROM meter_entries WHERE odometer_reading = 15040").await, 0);
    // The person mends it: the issue goes, and the reading comes.
    person(&pipeline, "UPDATE meter_entries SET odometer_reading = 15010 WHERE odometer_reading = 151000")
        .await;
    replay(&pipeline, &car).await;
    pipeline.until("SELECT count(*) FROM issues", 0).await;
    pipeline.until("SELECT count(*) FROM meter_entries WHERE odometer_reading = 15040", 1).await;
    pipeline.stop().await;
}

#[tokio::test]
async fn a_confirmed_new_counter_opens_the_book_again() {
    let mut pipeline = Pipeline::new().await;
    let car = pipeline.connected_car().await;
    pipeline.worker(200).await;
    let day = 24 * 60;
    let said = [(0, 150_000.0), (60, 150_020.0), (day, 12.0), (day + 600, 30.0), (2 * day + 60, 55.0)];
    pipeline.deliver(&said.map(|(minute, km)| odometer(&car, minute, km))).await;
    pipeline.until("SELECT count(*) FROM issues WHERE title LIKE '%odometer replaced%'", 1).await;
    assert_eq!(pipeline.count("SELECT count(*) FROM meter_entries").await, 2);
    sqlx::query("INSERT INTO decisions (car_id, kind, verdict, at) VALUES ($1, 'odometer', 'replaced', $2)")
        .bind(car.id)
        .bind(start() + TimeDelta::days(1))
        .execute(pipeline.pool())
        .await
        .unwrap();
    replay(&pipeline, &car).await;
    pipeline.until("SELECT count(*) FROM meter_entries", 5).await;
    assert_eq!(pipeline.count("SELECT count(*) FROM quarantined_readings").await, 0);
    pipeline.stop().await;
}

#[tokio::test]
async fn a_car_that_is_deleted_takes_its_book_with_it() {
    let mut pipeline = Pipeline::new().await;
    let car = pipeline.connected_car().await;
    pipeline.worker(200).await;
    pipeline.deliver(&[odometer(&car, 0, 100.0)]).await;
    pipeline.until("SELECT count(*) FROM meter_entries", 1).await;
    person(&pipeline, "DELETE FROM cars").await;
    assert_eq!(pipeline.count("SELECT count(*) FROM meter_entries").await, 0);
    assert_eq!(pipeline.count("SELECT count(*) FROM decisions").await, 0);
    // What still comes of it is thrown away, and waits for nobody.
    pipeline.deliver(&[odometer(&car, 60, 110.0)]).await;
    pipeline
        .until("SELECT count(*) FROM webhook_events WHERE processed AND body = '{}' AND vehicle_id = ''", 1)
        .await;
    assert_eq!(pipeline.count("SELECT count(*) FROM webhook_events WHERE NOT processed").await, 0);
    pipeline.stop().await;
}

#[tokio::test]
async fn an_entry_that_a_person_takes_back_leaves_nothing_behind() {
    let mut pipeline = Pipeline::new().await;
    let car = pipeline.connected_car().await;
    pipeline.worker(200).await;
    let day = 24 * 60;
    pipeline.deliver(&[odometer(&car, 0, 15_000.0), odometer(&car, 600, 15_010.0)]).await;
    pipeline.until("SELECT count(*) FROM meter_entries", 2).await;
    // On a day without any reading.
    sqlx::query("INSERT INTO meter_entries (car_id, odometer_reading, entry_date, notes) VALUES ($1, 151000, $2, 'typo')")
        .bind(car.id)
        .bind(start() + TimeDelta::days(1) + TimeDelta::hours(1))
        .execute(pipeline.pool())
        .await
        .unwrap();
    pipeline.deliver(&[odometer(&car, 3 * day, 15_015.0)]).await;
    pipeline.until("SELECT count(*) FROM webhook_events", 3).await;
    replay(&pipeline, &car).await;
    person(&pipeline, "DELETE FROM meter_entries WHERE notes = 'typo'").await;
    replay(&pipeline, &car).await;
    pipeline.deliver(&[odometer(&car, 3 * day + 60, 15_020.0), odometer(&car, 2 * day, 15_012.0)]).await;
    pipeline.until("SELECT count(*) FROM meter_entries", 5).await;
    assert_eq!(pipeline.count("SELECT count(*) FROM issues").await, 0);
    assert_eq!(pipeline.count("SELECT count(*) FROM quarantined_readings").await, 0);
    pipeline.stop().await;
}

/// Folds a manual sync of a car's newest reading, lets a person write in between, and writes.
async fn while_a_fold_is_under_way(pipeline: &Pipeline, car: &Car, minute: i64, km: i64, sql: &'static str) {
    let reading = Reading {
        at: start() + TimeDelta::minutes(minute),
        signal: Signal::new(Signal::ODOMETER),
        value: Value::Number(Milli(km * 1000)),
        quality: TimeQuality::Oem,
        original: None,
    };
    let fresh =
        Fresh { vehicle: car.vehicle, car: car.id, sightings: vec![Sighting { reading, by_hand: true }] };
    let mut tx = pipeline.pool().begin().await.unwrap();
    store::act_as_machine(&mut tx).await.unwrap();
    store::vehicles::lock(&mut tx, &[car.vehicle]).await.unwrap();
    let refolded = refold(&mut tx, vec![fresh], Reach::Horizon, &KnownSetups::default()).await.unwrap();
    person(pipeline, sql).await;
    refolded.write(&mut tx, runtime::clock::now()).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn what_a_person_writes_while_a_fold_is_under_way_stands() {
    let mut pipeline = Pipeline::new().await;
    let car = pipeline.connected_car().await;
    pipeline.worker(200).await;
    pipeline.deliver(&[odometer(&car, 0, 100.0), odometer(&car, 480, 150.0)]).await;
    pipeline.until("SELECT count(*) FROM meter_entries", 2).await;
    let edit = "UPDATE meter_entries SET odometer_reading = 155, notes = 'mine' WHERE odometer_reading = 150";
    while_a_fold_is_under_way(&pipeline, &car, 480, 150, edit).await;
    assert_eq!(pipeline.count("SELECT count(*) FROM meter_entries WHERE notes = 'mine'").await, 1);
    let delete = "DELETE FROM meter_entries WHERE odometer_reading = 100";
    while_a_fold_is_under_way(&pipeline, &car, 0, 100, delete).await;
    assert_eq!(pipeline.count("SELECT count(*) FROM meter_entries WHERE odometer_reading = 100").await, 0);
    replay(&pipeline, &car).await;
    assert_eq!(pipeline.book(&car).await, ["2026-02-16 08:00 155 mine"]);
    pipeline.stop().await;
}

#[tokio::test]
async fn a_nonsense_number_of_a_person_stops_nobody() {
    let mut pipeline = Pipeline::new().await;
    let (car, other) = (pipeline.connected_car().await, pipeline.connected_car().await);
    for number in ["NaN", "12345678901234567890", "-5"] {
        sqlx::query(
            "INSERT INTO meter_entries (car_id, odometer_reading, entry_date) VALUES ($1, $2::numeric, $3)",
        )
        .bind(car.id)
        .bind(number)
        .bind(start() + TimeDelta::minutes(30))
        .execute(pipeline.pool())
        .await
        .unwrap();
    }
    pipeline.worker(200).await;
    pipeline.deliver(&[odometer(&car, 0, 100.0), odometer(&car, 60, 110.0), odometer(&other, 0, 7.0)]).await;
    pipeline.until("SELECT count(*) FROM meter_entries WHERE evidence_until IS NOT NULL", 3).await;
    assert_eq!(pipeline.count("SELECT count(*) FROM parked_messages").await, 0);
    pipeline.stop().await;
}

#[tokio::test]
async fn an_edited_entry_is_a_persons_word_like_any_other() {
    let mut pipeline = Pipeline::new().await;
    let car = pipeline.connected_car().await;
    pipeline.worker(200).await;
    pipeline.deliver(&[odometer(&car, 0, 15_000.0), odometer(&car, 480, 15_050.0)]).await;
    pipeline.until("SELECT count(*) FROM meter_entries", 2).await;
    person(&pipeline, "UPDATE meter_entries SET odometer_reading = 150500 WHERE odometer_reading = 15050")
        .await;
    replay(&pipeline, &car).await;
    pipeline.until("SELECT count(*) FROM issues WHERE status = 'suggested'", 1).await;
    pipeline.stop().await;
}

#[tokio::test]
async fn a_decision_that_is_taken_back_is_taken_back() {
    let mut pipeline = Pipeline::new().await;
    let car = pipeline.connected_car().await;
    pipeline.worker(200).await;
    let day = 24 * 60;
    let said = [(0, 150_000.0), (60, 150_020.0), (day, 12.0), (day + 600, 30.0)];
    sqlx::query("INSERT INTO decisions (car_id, kind, verdict, at) VALUES ($1, 'odometer', 'replaced', $2)")
        .bind(car.id)
        .bind(start() + TimeDelta::days(1))
        .execute(pipeline.pool())
        .await
        .unwrap();
    pipeline.deliver(&said.map(|(minute, km)| odometer(&car, minute, km))).await;
    pipeline.until("SELECT count(*) FROM meter_entries", 4).await;
    person(&pipeline, "DELETE FROM decisions").await;
    assert_eq!(pipeline.count("SELECT count(*) FROM dirty_vehicles").await, 1);
    replay(&pipeline, &car).await;
    assert_eq!(pipeline.count("SELECT count(*) FROM meter_entries").await, 2);
    pipeline.stop().await;
}

#[tokio::test]
async fn the_owner_of_a_disconnected_car_may_still_correct_its_book() {
    let mut pipeline = Pipeline::new().await;
    let car = pipeline.connected_car().await;
    pipeline.worker(200).await;
    sqlx::query("INSERT INTO meter_entries (car_id, odometer_reading, entry_date) VALUES ($1, 151000, $2)")
        .bind(car.id)
        .bind(start() + TimeDelta::hours(3))
        .execute(pipeline.pool())
        .await
        .unwrap();
    pipeline.deliver(&[odometer(&car, 0, 15_000.0), odometer(&car, 360, 15_040.0)]).await;
    pipeline.until("SELECT count(*) FROM issues", 1).await;
    person(&pipeline, "UPDATE smartcar_vehicles SET status = 'disconnected', is_active = false").await;
    person(&pipeline, "UPDATE meter_entries SET odometer_reading = 15010 WHERE odometer_reading = 151000")
        .await;
    replay(&pipeline, &car).await;
    assert_eq!(pipeline.count("SELECT count(*) FROM issues").await, 0);
    assert_eq!(pipeline.count("SELECT count(*) FROM meter_entries WHERE odometer_reading = 15040").await, 1);
    pipeline.stop().await;
}

#[tokio::test]
async fn who_may_write_the_book_needs_no_right_to_what_the_machine_keeps_beside_it() {
    let mut pipeline = Pipeline::new().await;
    let car = pipeline.connected_car().await;
    pipeline.worker(200).await;
    pipeline.deliver(&[odometer(&car, 0, 100.0), odometer(&car, 480, 150.0)]).await;
    pipeline.until("SELECT count(*) FROM meter_entries", 2).await;
    let mut page = PgConnection::connect(&pipeline.database.url).await.unwrap();
    let role = format!("page_{}", pipeline.namespace.replace('-', "_"));
    let script = format!(
        "CREATE ROLE {role}; GRANT SELECT, INSERT, UPDATE, DELETE ON cars, meter_entries, issues TO {role}; SET ROLE {role};"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(script)).execute(&mut page).await.unwrap();
    for sql in [
        "UPDATE meter_entries SET notes = 'mine' WHERE odometer_reading = 100",
        "DELETE FROM meter_entries WHERE odometer_reading = 150",
    ] {
        sqlx::query(sql).execute(&mut page).await.unwrap();
    }
    assert!(
        sqlx::query("DELETE FROM decisions").execute(&mut page).await.is_err(),
        "decisions can be forged"
    );
    let cleaning = format!("RESET ROLE; DROP OWNED BY {role}; DROP ROLE {role};");
    sqlx::raw_sql(sqlx::AssertSqlSafe(cleaning)).execute(&mut page).await.unwrap();
    assert_eq!(pipeline.count("SELECT count(*) FROM decisions").await, 2);
    page.close().await.unwrap();
    pipeline.stop().await;
}
