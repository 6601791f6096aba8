//! `carvetka replay`

use chrono::TimeDelta;
use harness::TestDatabase;

use crate::support::{Car, Ended, carvetka, count, run, start};

/// Readings as workers store them, in hours after [`start`] and kilometres; nothing is folded yet.
async fn store_readings(database: &TestDatabase, car: &Car, readings: &[(i64, f64)]) {
    use domain::fold::Sighting;
    use domain::reading::{Milli, Reading, Signal, TimeQuality, Value};
    let sightings: Vec<_> = readings
        .iter()
        .map(|(hour, km)| {
            let reading = Reading {
                at: start() + TimeDelta::hours(*hour),
                signal: Signal::new(Signal::ODOMETER),
                value: Value::Number(Milli::from_f64(*km).unwrap()),
                quality: TimeQuality::Oem,
                original: None,
            };
            (car.vehicle, Sighting { reading, by_hand: false })
        })
        .collect();
    let mut db = database.pool.acquire().await.unwrap();
    store::readings::insert(&mut db, &sightings).await.unwrap();
}

async fn replay(database: &TestDatabase, arguments: &[&str]) -> Ended {
    run(carvetka(&[&["replay"], arguments].concat(), &database.url, "unused")).await
}

#[tokio::test]
async fn a_dry_run_prints_the_differences_and_changes_nothing() {
    let database = harness::database().await;
    let car = Car::connect(&database).await;
    store_readings(&database, &car, &[(8, 25_010.0), (18, 25_042.5)]).await;
    let ended = replay(&database, &["--car", &car.id.to_string(), "--dry-run"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let lines: Vec<&str> = ended.output.lines().skip(1).collect();
    assert_eq!(
        lines,
        [
            "+ 2026-02-16 08:00 25010 km",
            "+ 2026-02-16 18:00 25042.5 km",
            "+ 2026-02-16 18:00 moved 32.5 km",
            "would be written 3, amended 0, taken back 0; books changed: 1 of 1",
        ]
    );
    assert!(ended.output.starts_with(&format!("Blue Clio ({})", car.vehicle)), "{ended:?}");
    assert_eq!(count(&database.pool, "SELECT count(*) FROM meter_entries").await, 0);
    assert_eq!(count(&database.pool, "SELECT count(*) FROM vehicle_states").await, 0);
    assert_eq!(count(&database.pool, "SELECT count(*) FROM dirty_vehicles").await, 0);
    database.close().await;
}

#[tokio::test]
async fn a_replay_writes_what_the_dry_run_said_and_a_second_one_nothing() {
    let database = harness::database().await;
    let car = Car::connect(&database).await;
    store_readings(&database, &car, &[(8, 25_010.0), (18, 25_042.5)]).await;
    let said = replay(&database, &["--all", "--dry-run"]).await.output;
    let done = replay(&database, &["--all"]).await;
    assert_eq!(done.output, said.replace("would be ", ""));
    assert_eq!(car.book(&database.pool).await, ["2026-02-16 08:00 25010", "2026-02-16 18:00 25042.5"]);
    let again = replay(&database, &["--vehicle", &car.vehicle.to_string()]).await;
    assert_eq!(again.output, "written 0, amended 0, taken back 0; books changed: 0 of 1");
    database.close().await;
}

#[tokio::test]
async fn since_a_day_only_what_came_from_there_on_is_folded_again() {
    let database = harness::database().await;
    let car = Car::connect(&database).await;
    store_readings(&database, &car, &[(8, 25_010.0), (32, 25_042.5), (56, 25_060.0), (80, 25_075.0)]).await;
    replay(&database, &["--all"]).await;
    // Something went wrong with two entries, in a way that the machine does not take for a person's decision.
    let mut tx = database.pool.begin().await.unwrap();
    store::act_as_machine(&mut tx).await.unwrap();
    for at in [8, 56] {
        sqlx::query("DELETE FROM meter_entries WHERE entry_date = $1")
            .bind(start() + TimeDelta::hours(at))
            .execute(&mut *tx)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();

    let dry = replay(&database, &["--all", "--since", "2026-02-18", "--dry-run"]).await.output;
    let ended = replay(&database, &["--all", "--since", "2026-02-18"]).await;
    assert!(ended.output.contains("+ 2026-02-18 08:00 25060 km"), "{ended:?}");
    assert!(ended.output.contains("written 1, amended 0, taken back 0"), "{ended:?}");
    assert_eq!(ended.output, dry.replace("would be ", ""));
    assert_eq!(count(&database.pool, "SELECT count(*) FROM meter_entries").await, 3);
    assert_eq!(count(&database.pool, "SELECT count(*) FROM dirty_vehicles").await, 0);
    database.close().await;
}

#[tokio::test]
async fn what_a_person_deleted_stays_away() {
    let database = harness::database().await;
    let car = Car::connect(&database).await;
    store_readings(&database, &car, &[(8, 25_010.0), (18, 25_042.5)]).await;
    replay(&database, &["--all"]).await;
    sqlx::query("DELETE FROM meter_entries WHERE odometer_reading = 25010")
        .execute(&database.pool)
        .await
        .unwrap();
    let ended = replay(&database, &["--all"]).await;
    assert!(ended.output.contains("written 0, "), "{ended:?}");
    assert_eq!(car.book(&database.pool).await, ["2026-02-16 18:00 25042.5"]);
    database.close().await;
}

#[tokio::test]
async fn somebody_must_be_named_and_exist() {
    let database = harness::database().await;
    let nobody = replay(&database, &["--car", "00000000-0000-0000-0000-000000000000"]).await;
    assert_eq!(nobody.code, Some(1));
    assert!(nobody.output.contains("no connected car has this id"), "{nobody:?}");
    let unnamed = replay(&database, &["--dry-run"]).await;
    assert_eq!(unnamed.code, Some(2), "{unnamed:?}");
    let all = replay(&database, &["--all"]).await;
    assert_eq!(all.code, Some(0));
    assert!(all.output.contains("books changed: 0 of 0"), "{all:?}");
    database.close().await;
}
