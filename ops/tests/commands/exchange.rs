//! `carvetka import` and `carvetka export`

use std::fs;
use std::path::Path;

use harness::TestDatabase;

use crate::support::{Car, Ended, carvetka, count, run};

const FUEL: &str = "date,litres,odometer km,full,totalCost,currency\n\
                    2026-02-17 08:10,41.37,61234,yes,77.73,EUR\n\
                    2026-03-20 17:00,38.2,61900,yes,70.1,EUR\n\
                    yesterday,20,62100,no,38,EUR\n";

async fn import(database: &TestDatabase, car: &Car, file: &str, more: &[&str]) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fuel.csv");
    fs::write(&path, file).unwrap();
    let id = car.id.to_string();
    let own = ["import", "--car", &id, "--as", "csv", "--volume", "l", path.to_str().unwrap()];
    run(carvetka(&[&own, more].concat(), &database.url, "unused")).await
}

/// A fill-up as the machine writes it.
async fn machines_fill(database: &TestDatabase, car: &Car) {
    let mut tx = database.pool.begin().await.unwrap();
    store::act_as_machine(&mut tx).await.unwrap();
    sqlx::query(
        "INSERT INTO fuel_entries (car_id, source_id, filled_after, filled_at, litres, full_tank, state, evidence_until, source_type)
         VALUES ($1, $2, '2026-02-17T07:00Z', '2026-02-17T09:40Z', 39, true, 'recorded', '2026-02-17T09:40Z', 'smartcar_sync')",
    )
    .bind(car.id)
    .bind(car.vehicle)
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
}

async fn book(database: &TestDatabase) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT concat_ws(' ', to_char(filled_at AT TIME ZONE 'UTC', 'MM-DD HH24:MI'), trim_scale(litres), source_type)
         FROM fuel_entries ORDER BY filled_at, id",
    )
    .fetch_all(&database.pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn a_dry_run_tells_of_each_line_and_an_import_that_comes_twice_writes_once() {
    let database = harness::database().await;
    let car = Car::connect(&database).await;
    machines_fill(&database, &car).await;
    let dry = import(&database, &car, FUEL, &["--dry-run"]).await;
    // A line that cannot be imported is told by the exit code, too.
    assert_eq!(dry.code, Some(1), "{}", dry.output);
    let lines: Vec<&str> = dry.output.lines().collect();
    assert!(
        lines[0].starts_with("~ line 2: 2026-02-17 08:10 fuel-entries 41.37 l, the same as the machine's"),
        "{lines:?}"
    );
    assert_eq!(lines[1], "+ line 3: 2026-03-20 17:00 fuel-entries 38.2 l");
    assert!(lines[2].starts_with("! line 4: "), "{lines:?}");
    assert_eq!(lines[3], "new 1, known 0, seen by the machine 1, impossible 1, no entries 0");
    assert_eq!(book(&database).await, ["02-17 09:40 39 smartcar_sync"]);

    let done = import(&database, &car, FUEL, &[]).await;
    assert!(done.output.ends_with("written 1, filled in 1, replaced 0"), "{}", done.output);
    let filled_in = ["02-17 08:10 41.37 smartcar_sync", "03-20 17:00 38.2 import"];
    assert_eq!(book(&database).await, filled_in);
    let decided = "SELECT count(*) FROM decisions WHERE verdict = 'edited'";
    assert_eq!(count(&database.pool, decided).await, 1, "a person's word, which no fold overrides");
    assert_eq!(count(&database.pool, "SELECT count(*) FROM dirty_vehicles").await, 1);
    let again = import(&database, &car, FUEL, &[]).await;
    assert!(again.output.ends_with("written 0, filled in 0, replaced 0"), "{}", again.output);
    assert_eq!(book(&database).await, filled_in);
    assert_eq!(count(&database.pool, "SELECT count(*) FROM book_imports").await, 1);
    database.close().await;
}

#[tokio::test]
async fn a_line_takes_the_machines_place_and_a_persons_row_stays() {
    let database = harness::database().await;
    let car = Car::connect(&database).await;
    machines_fill(&database, &car).await;
    sqlx::query("INSERT INTO fuel_entries (car_id, filled_at, litres, full_tank) VALUES ($1, '2026-03-20T17:00Z', 38.2, false)")
        .bind(car.id)
        .execute(&database.pool)
        .await
        .unwrap();
    let left = import(&database, &car, FUEL, &["--same", "replace", "--line", "2=leave"]).await;
    assert!(left.output.ends_with("written 0, filled in 0, replaced 0"), "{}", left.output);
    let done = import(&database, &car, FUEL, &["--same", "replace"]).await;
    assert!(done.output.ends_with("written 1, filled in 0, replaced 1"), "{}", done.output);
    assert_eq!(book(&database).await, ["02-17 08:10 41.37 import", "03-20 17:00 38.2 manual"]);
    assert_eq!(count(&database.pool, "SELECT count(*) FROM decisions WHERE verdict = 'deleted'").await, 1);
    let wrong = import(&database, &car, FUEL, &["--same", "perhaps"]).await;
    assert!(wrong.output.contains("it is attach, replace or leave"), "{}", wrong.output);
    database.close().await;
}

#[tokio::test]
async fn what_a_file_leaves_open_is_refused_with_the_option_that_says_it() {
    let database = harness::database().await;
    let car = Car::connect(&database).await;
    let file = "date,litres,odometer,totalCost\n3/4/2026,41.37,61234,77.73\n";
    let refused = |more: &'static [&'static str]| import(&database, &car, file, more);
    for (more, says) in [
        (&[][..], "say which (--distance km or mi)"),
        (
            &["--distance", "km"],
            "in the column date may be two days: say whether the day or the month comes first (--dates dmy or mdy)",
        ),
        (&["--distance", "km", "--dates", "dmy"], "say which one, such as EUR (--currency EUR)"),
        (&["--column", "litres=Menge"], "(--column NAME=HEADING)"),
        (&["--currency", "Euro"], "--currency: \"Euro\" is not understood"),
    ] {
        let ended = refused(more).await;
        assert!(ended.output.contains(says), "{more:?} {}", ended.output);
        assert_eq!(ended.code, Some(1), "{more:?} {}", ended.output);
    }
    database.close().await;
}

/// The fenced blocks of a page with the language that they name, in their order.
fn blocks(page: &str) -> Vec<(&str, &str)> {
    page.split("```").skip(1).step_by(2).filter_map(|block| block.split_once('\n')).collect()
}

#[tokio::test]
async fn each_example_of_the_page_about_imports_does_what_the_page_says() {
    let page = include_str!("../../../docs/import.md");
    let database = harness::database().await;
    let blocks = blocks(page);
    let mut programs = Vec::new();
    for three in blocks.windows(3) {
        let [("csv", file), ("sh", line), ("text", told)] = three else { continue };
        let car = Car::connect(&database).await.id.to_string();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file.csv");
        fs::write(&path, file).unwrap();
        let words = line.split_whitespace().skip(1).map(|word| match word {
            "CAR_ID" => car.as_str(),
            word if Path::new(word).extension().is_some() => path.to_str().unwrap(),
            word => word,
        });
        let ended = run(carvetka(&words.collect::<Vec<_>>(), &database.url, "unused")).await;
        assert_eq!(ended.output.trim_end(), told.trim_end(), "{line}");
        programs.push(line.split_once("--as ").unwrap().1.split(' ').next().unwrap());
    }
    assert_eq!(programs, ["csv", "fuelio", "lubelogger", "teslamate"]);
    database.close().await;
}

#[tokio::test]
async fn what_is_exported_is_imported_into_another_car() {
    let database = harness::database().await;
    let (car, other) = (Car::connect(&database).await, Car::connect(&database).await);
    import(&database, &car, FUEL, &[]).await;
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().to_str().unwrap();
    let id = car.id.to_string();
    let export = |more: &[&str]| {
        let own = ["export", "--car", &id];
        run(carvetka(&[&own, more].concat(), &database.url, "unused"))
    };
    let ended = export(&["--to", to]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.output);
    assert!(ended.output.contains("fuel-entries.csv: 2 rows"), "{}", ended.output);
    let path = folder.path().join("fuel-entries.csv");
    let second = other.id.to_string();
    let arguments = ["import", "--car", &second, path.to_str().unwrap()];
    let came = run(carvetka(&arguments, &database.url, "unused")).await;
    assert!(came.output.ends_with("written 2, filled in 0, replaced 0"), "{}", came.output);

    let json = export(&["--format", "json", "--to", "-"]).await;
    let books: serde_json::Value = serde_json::from_str(&json.output).unwrap();
    assert_eq!(books["fuelEntries"].as_array().unwrap().len(), 2);
    let several = export(&["--to", "-"]).await;
    assert_eq!(several.code, Some(1));
    assert!(several.output.contains("give --kind, or a folder"), "{}", several.output);
    database.close().await;
}
