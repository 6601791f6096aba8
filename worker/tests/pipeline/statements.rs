//! What a batch costs: as many statements for many cars and days as for few.

use std::collections::BTreeMap;

use intake::{KnownReadings, Understood};
use sqlx::PgConnection;

use crate::story::{DAYS, deliveries, household};
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
