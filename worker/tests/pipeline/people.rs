//! People win: what a person wrote, edited or deleted outlives the machine's folds.

use crate::support::{Car, PATIENCE, Pipeline, odometer, start};
use broker::message::JobV1;
use tokio::time::Instant;

async fn replay(pipeline: &Pipeline, car: &Car) {
    let job = JobV1::ReplayV1 {
        vehicle_id: car.vehicle,
    };
    pipeline
        .publisher()
        .enqueue(&job, Instant::now() + PATIENCE)
        .await
        .unwrap();
    pipeline.until("SELECT count(*) FROM dirty_vehicles", 0).await;
}

async fn person(pipeline: &Pipeline, sql: &'static str) {
    sqlx::query(sql).execute(pipeline.pool()).await.unwrap();
}

#[tokio::test]
async fn a_deleted_entry_stays_deleted_when_a_late_reading_moves_its_anchor() {
    let mut pipeline = Pipeline::new().await;
    let car = pipeline.connected_car().await;
    pipeline.worker(200).await;
    pipeline
        .deliver(&[odometer(&car, 0, 100.0), odometer(&car, 480, 150.0)])
        .await;
    pipeline.until("SELECT count(*) FROM meter_entries", 2).await;
    person(
        &pipeline,
        "DELETE FROM meter_entries WHERE odometer_reading = 150",
    )
    .await;
    assert_eq!(
        pipeline
            .count("SELECT count(*) FROM decisions WHERE verdict = 'deleted'")
            .await,
        1
    );
    // Ten minutes earlier the car had shown the same: the entry would hang there now.
    pipeline
        .deliver(&[odometer(&car, 470, 150.0), odometer(&car, 900, 160.0)])
        .await;
    pipeline.until("SELECT count(*) FROM meter_entries", 2).await;
    replay(&pipeline, &car).await;
    assert_eq!(
        pipeline
            .count("SELECT count(*) FROM meter_entries WHERE odometer_reading = 150")
            .await,
        0
    );
    pipeline.stop().await;
}

#[tokio::test]
async fn an_edited_entry_keeps_the_persons_words() {
    let mut pipeline = Pipeline::new().await;
    let car = pipeline.connected_car().await;
    pipeline.worker(200).await;
    pipeline
        .deliver(&[odometer(&car, 0, 100.0), odometer(&car, 480, 150.0)])
        .await;
    pipeline.until("SELECT count(*) FROM meter_entries", 2).await;
    person(
        &pipeline,
        "UPDATE meter_entries SET odometer_reading = 155, notes = 'mine' WHERE odometer_reading = 150",
    )
    .await;
    pipeline
        .deliver(&[odometer(&car, 470, 150.0), odometer(&car, 900, 160.0)])
        .await;
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
        .bind(start() + chrono::TimeDelta::hours(3))
        .execute(pipeline.pool())
        .await
        .unwrap();
    pipeline
        .deliver(&[odometer(&car, 360, 15_040.0), odometer(&car, 600, 15_060.0)])
        .await;
    pipeline
        .until("SELECT count(*) FROM issues WHERE status = 'suggested'", 1)
        .await;
    pipeline
        .until(
            "SELECT count(*) FROM meter_entries WHERE odometer_reading = 15060",
            1,
        )
        .await;
    assert_eq!(
        pipeline
            .count("SELECT count(*) FROM meter_entries WHERE odometer_reading = 15040")
            .await,
        0
    );
    // The person mends it: the issue goes, and the reading comes.
    person(
        &pipeline,
        "UPDATE meter_entries SET odometer_reading = 15010 WHERE odometer_reading = 151000",
    )
    .await;
    replay(&pipeline, &car).await;
    pipeline.until("SELECT count(*) FROM issues", 0).await;
    pipeline
        .until(
            "SELECT count(*) FROM meter_entries WHERE odometer_reading = 15040",
            1,
        )
        .await;
    pipeline.stop().await;
}

#[tokio::test]
async fn a_confirmed_new_counter_opens_the_book_again() {
    let mut pipeline = Pipeline::new().await;
    let car = pipeline.connected_car().await;
    pipeline.worker(200).await;
    let day = 24 * 60;
    let said = [
        (0, 150_000.0),
        (60, 150_020.0),
        (day, 12.0),
        (day + 600, 30.0),
        (2 * day + 60, 55.0),
    ];
    pipeline
        .deliver(&said.map(|(minute, km)| odometer(&car, minute, km)))
        .await;
    pipeline
        .until(
            "SELECT count(*) FROM issues WHERE title LIKE '%odometer replaced%'",
            1,
        )
        .await;
    assert_eq!(pipeline.count("SELECT count(*) FROM meter_entries").await, 2);
    sqlx::query("INSERT INTO decisions (car_id, kind, verdict, at) VALUES ($1, 'odometer', 'replaced', $2)")
        .bind(car.id)
        .bind(start() + chrono::TimeDelta::days(1))
        .execute(pipeline.pool())
        .await
        .unwrap();
    replay(&pipeline, &car).await;
    pipeline.until("SELECT count(*) FROM meter_entries", 5).await;
    assert_eq!(
        pipeline.count("SELECT count(*) FROM quarantined_readings").await,
        0
    );
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
    pipeline.deliver(&[odometer(&car, 60, 110.0)]).await;
    pipeline
        .until("SELECT count(*) FROM webhook_events WHERE NOT processed", 1)
        .await;
    pipeline.stop().await;
}
