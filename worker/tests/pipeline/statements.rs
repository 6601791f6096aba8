//! What a batch costs: as many statements for many cars and days as for few.

use std::collections::BTreeMap;

use broker::message::DeliveryV1;
use intake::{KnownReadings, Understood};
use sqlx::PgConnection;

use crate::story::{DAYS, changes, deliveries, household};
use crate::support::{Car, Pipeline};

/// Of what a session prepared once, how often it ran what.
async fn ran(db: &mut PgConnection) -> BTreeMap<String, i64> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "SELECT statement, sum(generic_plans + custom_plans)::bigint FROM pg_prepared_statements GROUP BY 1",
    )
    .fetch_all(db)
    .await
    .unwrap();
    rows.into_iter().filter(|(statement, _)| !statement.contains("pg_prepared_statements")).collect()
}

/// How often one batch with the days of so many cars asks what, of a worker that knows the question.
async fn statements(cars: usize) -> BTreeMap<String, i64> {
    let pipeline = Pipeline::new().await;
    let mut db = pipeline.pool().acquire().await.unwrap();
    let mut batch = Vec::new();
    for _ in 0..cars {
        let car = Car::new();
        household(&pipeline, &car).await;
        batch.extend(deliveries(&car, DAYS).into_iter().map(Understood::of));
    }
    let mut tx = sqlx::Connection::begin(&mut *db).await.unwrap();
    store::act_as_machine(&mut tx).await.unwrap();
    let batch: Vec<&Understood> = batch.iter().collect();
    let handled = intake::batch::handle_in(&mut tx, &KnownReadings::default(), &batch, runtime::clock::now())
        .await
        .unwrap();
    let outcome = handled.committed(&KnownReadings::default());
    assert_eq!(outcome.folded, batch.len());
    assert!(outcome.written.inserted >= cars * 10, "{outcome:?}");
    let ran = ran(&mut tx).await;
    tx.rollback().await.unwrap();
    drop(db);
    pipeline.stop().await;
    ran
}

#[tokio::test]
async fn a_batch_of_many_cars_and_kinds_runs_as_many_statements_as_one_of_one_car() {
    let one = statements(1).await;
    let many = statements(12).await;
    assert_eq!(one, many);
    let all: i64 = one.values().sum();
    assert!(all <= 40, "{all} statements: {one:#?}");
}

#[tokio::test]
async fn cars_that_nobody_changed_are_folded_on_without_a_look_into_their_books() {
    let pipeline = Pipeline::new().await;
    let car = Car::new();
    household(&pipeline, &car).await;
    let mut db = pipeline.pool().acquire().await.unwrap();
    let known = KnownReadings::default();
    let told: Vec<Understood> = deliveries(&car, DAYS).into_iter().map(Understood::of).collect();
    let mut ran_by = Vec::new();
    for batch in [&told[..3], &told[3..8], &told[8..]] {
        let mut tx = sqlx::Connection::begin(&mut *db).await.unwrap();
        store::act_as_machine(&mut tx).await.unwrap();
        let batch: Vec<&Understood> = batch.iter().collect();
        let handled = intake::batch::handle_in(&mut tx, &known, &batch, runtime::clock::now()).await.unwrap();
        tx.commit().await.unwrap();
        assert!(handled.committed(&known).written.inserted > 0);
        let is_look = |statement: &str| {
            ["> fold.since", "decision.verdict"].iter().any(|words| statement.contains(words))
        };
        let looks = ran(&mut db).await.into_iter().filter(|(statement, _)| is_look(statement));
        ran_by.push(looks.map(|(_, times)| times).sum::<i64>());
    }
    assert_eq!(ran_by, [2, 2, 2], "what the first batch asked, nobody asks again");
    drop(db);
    pipeline.stop().await;
}

/// One batch, by a worker that remembers nothing.
async fn handle(pipeline: &Pipeline, told: &[DeliveryV1]) {
    let understood: Vec<Understood> = told.iter().cloned().map(Understood::of).collect();
    let batch: Vec<&Understood> = understood.iter().collect();
    let mut tx = pipeline.pool().begin().await.unwrap();
    store::act_as_machine(&mut tx).await.unwrap();
    let now = runtime::clock::now();
    let known = KnownReadings::default();
    let handled = intake::batch::handle_in(&mut tx, &known, &batch, now).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(handled.committed(&known).folded, told.len());
}

/// How the books of two cars that say the same differ.
async fn differences(pipeline: &Pipeline, one: &Car, other: &Car) -> Vec<String> {
    let books = async |car| [pipeline.book(car).await, pipeline.read(car).await].concat();
    changes(&books(one).await, &books(other).await)
}

/// Whoever reads the settled state of one of two cars that say the same finds one of a car with half a million kilometres more.
#[tokio::test]
async fn what_comes_after_the_tip_is_folded_without_a_look_at_the_settled_state() {
    let pipeline = Pipeline::new().await;
    let (car, twin, old) = (Car::new(), Car::new(), Car::new());
    for (car, km) in [(&car, "km 1"), (&twin, "km 1"), (&old, "km 50")] {
        household(&pipeline, car).await;
        let day = DAYS.lines().filter(|line| line.trim().starts_with("0d"));
        let day: Vec<&str> =
            day.chain(["1d 07:00 plug no km 1065", "1d 08:00 km 1095 soc 65 at 5000"]).collect();
        handle(&pipeline, &deliveries(car, &day.join("\n").replace("km 1", km))).await;
    }
    let is_poisoned = sqlx::query(
        "UPDATE vehicle_states AS state SET settled = old.settled FROM vehicle_states AS old
         WHERE state.vehicle_id = $1 AND state.day = (SELECT max(day) FROM vehicle_states WHERE vehicle_id = $1)
           AND old.vehicle_id = $2 AND old.day = state.day AND old.settled <> state.settled",
    )
    .bind(car.vehicle)
    .bind(old.vehicle)
    .execute(pipeline.pool())
    .await
    .unwrap();
    assert_eq!(is_poisoned.rows_affected(), 1);
    for line in
        ["1d 08:30 km 1125 fuel 60 at 9000", "1d 08:45 km 1125 fuel 90", "1d 09:20 km 1150 fuel 85 at 0"]
    {
        for car in [&car, &twin] {
            handle(&pipeline, &deliveries(car, line)).await;
        }
        assert_eq!(differences(&pipeline, &car, &twin).await, [""; 0], "{line}");
    }
    // What comes late has to begin there, and would tell by its books if anything above had.
    for car in [&car, &twin] {
        handle(&pipeline, &deliveries(car, "1d 08:20 km 1110")).await;
    }
    assert_ne!(differences(&pipeline, &car, &twin).await, [""; 0]);
    pipeline.stop().await;
}
