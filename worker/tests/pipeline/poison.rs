//! Many deliveries that must be parked, of both kinds, among many that must not.

use crate::support::{Pipeline, odometer, of};

const DELIVERIES: i64 = 500;

/// Every tenth is poison: by turns one that nobody understands, and one that the database refuses for its data.
#[tokio::test]
async fn of_five_hundred_deliveries_exactly_the_fifty_bad_ones_are_parked() {
    let mut pipeline = Pipeline::new().await;
    let car = pipeline.connected_car().await;
    sqlx::raw_sql(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '22000'; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON webhook_events FOR EACH ROW
         WHEN (NEW.event_id LIKE 'refused-%') EXECUTE FUNCTION refuse();",
    )
    .execute(pipeline.pool())
    .await
    .unwrap();
    let deliveries: Vec<_> = (0..DELIVERIES)
        .map(|number| {
            let healthy = odometer(&car, number * 10, 100.0 + f64::from(i32::try_from(number).unwrap()));
            match number % 20 {
                3 => of(format!("garbage-{number}"), "{\"eventType\":"),
                13 => of(format!("refused-{number}"), std::str::from_utf8(&healthy.body).unwrap()),
                _ => healthy,
            }
        })
        .collect();
    pipeline.deliver(&deliveries).await;
    pipeline.worker(200).await;
    pipeline.worker(500).await;
    pipeline.until("SELECT count(*) FROM parked_messages", 50).await;
    pipeline.all_are_stored(450).await;
    let bad = "SELECT count(*) FROM parked_messages WHERE message_key ~ '^(garbage|refused)-'";
    assert_eq!(pipeline.count(bad).await, 50);
    assert_eq!(pipeline.count("SELECT count(*) FROM parked_messages WHERE body <> ''").await, 50);
    assert_eq!(pipeline.book(&car).await.len(), 450);
    pipeline.stop().await;
}

#[tokio::test]
async fn statements_that_a_migration_made_stale_are_prepared_anew_and_park_nothing() {
    let mut pipeline = Pipeline::new().await;
    let car = pipeline.connected_car().await;
    pipeline.worker(200).await;
    pipeline.deliver(&[odometer(&car, 0, 100.0)]).await;
    pipeline.all_are_stored(1).await;
    // What the worker asks of this table gives another type from now on.
    sqlx::raw_sql("ALTER TABLE meter_entries ALTER COLUMN notes TYPE VARCHAR(200)")
        .execute(pipeline.pool())
        .await
        .unwrap();
    pipeline.deliver(&[odometer(&car, 90, 110.0)]).await;
    pipeline.all_are_stored(2).await;
    assert_eq!(pipeline.count("SELECT count(*) FROM parked_messages").await, 0);
    assert_eq!(pipeline.book(&car).await.len(), 2);
    pipeline.stop().await;
}
