//! `carvetka replay`

use std::process::Stdio;

use chrono::{DateTime, TimeDelta, Utc};
use domain::RULES_VERSION;
use domain::book::Entry;
use domain::fold::Sighting;
use domain::reading::{Milli, Reading, Signal, TimeQuality, Value};
use domain::setup::Setup;
use domain::timeline::{Settled, advance};
use harness::TestDatabase;
use runtime::clock;
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::{Car, Ended, PATIENCE, carvetka, count, run, start};

/// Readings as workers store them, in hours after [`start`] and kilometres; nothing is folded yet.
async fn store_readings(database: &TestDatabase, car: &Car, readings: &[(i64, f64)]) {
    let readings: Vec<Sighting> =
        readings.iter().map(|(hour, km)| sighting(60 * hour, Signal::ODOMETER, number(*km))).collect();
    store(database, car, &readings).await;
}

async fn store(database: &TestDatabase, car: &Car, readings: &[Sighting]) {
    let mut db = database.pool.acquire().await.unwrap();
    for readings in readings.chunks(2_000) {
        let readings: Vec<_> = readings.iter().map(|seen| (car.vehicle, seen.clone())).collect();
        store::readings::insert(&mut db, &readings).await.unwrap();
    }
}

fn sighting(minute: i64, signal: &'static str, value: Value) -> Sighting {
    let (at, signal) = (start() + TimeDelta::minutes(minute), Signal::new(signal));
    Sighting {
        reading: Reading { at, signal, value, quality: TimeQuality::Oem, original: None },
        by_hand: false,
    }
}

fn number(number: f64) -> Value {
    Value::Number(Milli::from_f64(number).unwrap())
}

/// So many weeks of a plug-in hybrid: it drives each morning, is charged each night and filled once a week.
fn weeks(weeks: i64) -> Vec<Sighting> {
    let mut life = Vec::new();
    for day in 0..7 * weeks {
        let (minute, km) = (day * 1440, 20_000.0 + 40.0 * f64::from(i32::try_from(day).unwrap()));
        let fuel = 90.0 - 10.0 * f64::from(i32::try_from(day % 7).unwrap());
        life.extend([
            sighting(minute + 360, Signal::ODOMETER, number(km)),
            sighting(minute + 360, Signal::STATE_OF_CHARGE, number(80.0)),
            sighting(minute + 361, Signal::FUEL_LEVEL, number(fuel)),
            sighting(minute + 480, Signal::ODOMETER, number(km + 40.0)),
            sighting(minute + 480, Signal::STATE_OF_CHARGE, number(50.0)),
            sighting(minute + 481, Signal::FUEL_LEVEL, number(fuel - 10.0)),
            sighting(minute + 1200, Signal::CABLE_CONNECTED, Value::Bool(true)),
            sighting(minute + 1201, Signal::IS_CHARGING, Value::Bool(true)),
            sighting(minute + 1380, Signal::STATE_OF_CHARGE, number(80.0)),
            sighting(minute + 1381, Signal::IS_CHARGING, Value::Bool(false)),
            sighting(minute + 1382, Signal::CABLE_CONNECTED, Value::Bool(false)),
        ]);
    }
    life
}

/// All tables, so that nothing can change unseen.
async fn dump(pool: &PgPool) -> Vec<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT relname::text FROM pg_class
         WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let mut dump = Vec::new();
    for table in tables {
        dump.push(format!("{table} {}", digest(pool, &table, "to_jsonb(row)::text").await));
    }
    dump
}

/// The machine's books, without what tells when and by which rules they were written.
async fn books(pool: &PgPool) -> Vec<String> {
    const BOOKS: [&str; 6] =
        ["meter_entries", "fuel_entries", "charging_sessions", "trips", "expenses", "battery_estimates"];
    let mut dump = Vec::new();
    for table in BOOKS {
        let said = "(to_jsonb(row) - 'created_at' - 'updated_at')::text";
        dump.push(format!("{table} {}", digest(pool, table, said).await));
    }
    dump
}

async fn digest(pool: &PgPool, table: &str, said: &str) -> String {
    let question = format!(
        "SELECT count(*) || ' ' || coalesce(md5(string_agg({said}, '' ORDER BY {said})), '') FROM {table} AS row"
    );
    sqlx::query_scalar(sqlx::AssertSqlSafe(question)).fetch_one(pool).await.unwrap()
}

async fn as_machine(pool: &PgPool, statement: &'static str) {
    let mut tx = pool.begin().await.unwrap();
    store::act_as_machine(&mut tx).await.unwrap();
    sqlx::query(statement).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
}

/// What a dry run promises, as the real one says it.
fn promised(dry: &Ended) -> String {
    assert_eq!(dry.code, Some(0), "{dry:?}");
    let ending = " differ (dry run, nothing was changed)";
    assert!(dry.output.ends_with(ending), "{dry:?}");
    dry.output.replace(ending, " changed")
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
            "2 mileage entries appear; 1 trip appears; 1 of 1 cars differ (dry run, nothing was changed)",
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
    let said = replay(&database, &["--all", "--dry-run"]).await;
    let done = replay(&database, &["--all"]).await;
    assert_eq!(done.output, promised(&said));
    assert_eq!(car.book(&database.pool).await, ["2026-02-16 08:00 25010", "2026-02-16 18:00 25042.5"]);
    let again = replay(&database, &["--vehicle", &car.vehicle.to_string()]).await;
    assert_eq!(again.output, "nothing to change; 0 of 1 cars changed");
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

    let dry = replay(&database, &["--all", "--since", "2026-02-18", "--dry-run"]).await;
    let ended = replay(&database, &["--all", "--since", "2026-02-18"]).await;
    assert!(ended.output.contains("+ 2026-02-18 08:00 25060 km"), "{ended:?}");
    assert!(ended.output.ends_with("1 mileage entry appears; 1 of 1 cars changed"), "{ended:?}");
    assert_eq!(ended.output, promised(&dry));
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
    assert_eq!(ended.output, "nothing to change; 0 of 1 cars changed");
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
    assert_eq!(all.output, "nothing to change; 0 of 0 cars changed");
    database.close().await;
}

/// Rows of all kinds as other rules might have written them: one that nothing is known of, one that is missing and one that
/// says something else.
async fn muddle(pool: &PgPool) {
    as_machine(
        pool,
        "UPDATE charging_sessions SET energy_kwh = 1.5, digest = 0 WHERE started_at < '2026-02-20Z'",
    )
    .await;
    as_machine(pool, "UPDATE trips SET distance_km = 39, digest = 0 WHERE started_at < '2026-02-18Z'").await;
    as_machine(pool, "DELETE FROM fuel_entries WHERE evidence_until IS NOT NULL").await;
    as_machine(
        pool,
        "INSERT INTO meter_entries (id, car_id, odometer_reading, entry_date, source_id, evidence_until, digest)
         SELECT gen_random_uuid(), car_id, 21000, entry_date + interval '3 minutes', source_id, evidence_until, 0
         FROM meter_entries WHERE odometer_reading = 20040",
    )
    .await;
}

#[tokio::test]
async fn of_all_books_a_replay_does_what_the_dry_run_said_which_did_nothing() {
    let database = harness::database().await;
    let (pool, car) = (&database.pool, Car::connect(&database).await);
    store(&database, &car, &weeks(3)).await;
    replay(&database, &["--all"]).await;
    let right = books(pool).await;
    muddle(pool).await;

    let before = dump(pool).await;
    let dry = replay(&database, &["--car", &car.id.to_string(), "--dry-run"]).await;
    assert_eq!(dump(pool).await, before, "a dry run changed something");
    for what in ["- 2026-02-16 08:03 21000 km", "fill-ups appear", "drove 39 km → drove 40 km"] {
        assert!(dry.output.contains(what), "no {what:?} in {dry:?}");
    }
    let done = replay(&database, &["--car", &car.id.to_string()]).await;
    assert_eq!(done.output, promised(&dry));
    assert_eq!(books(pool).await, right);
    let again = replay(&database, &["--all"]).await;
    assert_eq!(again.output, "nothing to change; 0 of 1 cars changed");
    database.close().await;
}

#[tokio::test]
async fn for_machines_each_change_and_the_sum_is_a_line_of_json() {
    let database = harness::database().await;
    let car = Car::connect(&database).await;
    store_readings(&database, &car, &[(8, 25_010.0), (18, 25_042.5)]).await;
    let ended = replay(&database, &["--all", "--dry-run", "--json"]).await;
    let lines: Vec<serde_json::Value> =
        ended.output.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 4, "{ended:?}");
    assert_eq!((&lines[0]["what"], &lines[0]["kind"]), (&"appears".into(), &"meter_entries".into()));
    assert_eq!(lines[0]["after"]["odometer_reading"], "25010");
    assert_eq!(lines[3]["sum"]["kinds"]["meter_entries"]["appear"], 2);
    assert_eq!(lines[3]["sum"]["cars_changed"], 1);
    database.close().await;
}

#[tokio::test]
async fn a_replay_of_all_cars_that_was_killed_goes_on_where_it_was() {
    let database = harness::database().await;
    let pool = &database.pool;
    let mut cars = [Car::connect(&database).await, Car::connect(&database).await];
    cars.sort_by_key(|car| car.vehicle);
    for car in &cars {
        store_readings(&database, car, &[(8, 25_010.0)]).await;
    }
    // The second car is in somebody's hands, so that the replay waits there.
    let mut somebody = pool.begin().await.unwrap();
    store::vehicles::lock(&mut somebody, &[cars[1].vehicle]).await.unwrap();
    let mut command = tokio::process::Command::from(carvetka(&["replay", "--all"], &database.url, "unused"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    harness::eventually(PATIENCE, "the second car is next", async || {
        count(pool, "SELECT count(*) FROM dirty_vehicles").await == 1
            && count(pool, "SELECT count(*) FROM replay_runs WHERE vehicles = 1").await == 1
    })
    .await;
    child.kill().await.unwrap();
    somebody.rollback().await.unwrap();
    assert_eq!(cars[0].book(pool).await, ["2026-02-16 08:00 25010"]);
    assert!(cars[1].book(pool).await.is_empty());

    let ended = replay(&database, &["--all"]).await;
    assert!(ended.output.contains("after 1 cars (--from-start begins anew)"), "{ended:?}");
    assert!(
        !ended.output.contains(&cars[0].vehicle.to_string()),
        "the first car was replayed again: {ended:?}"
    );
    assert!(ended.output.contains("2 of 2 cars changed"), "{ended:?}");
    assert_eq!(cars[1].book(pool).await, ["2026-02-16 08:00 25010"]);
    for left in ["SELECT count(*) FROM replay_runs", "SELECT count(*) FROM dirty_vehicles"] {
        assert_eq!(count(pool, left).await, 0, "{left}");
    }
    database.close().await;
}

#[tokio::test]
async fn from_the_start_every_car_is_replayed_though_a_replay_was_interrupted() {
    let database = harness::database().await;
    let car = Car::connect(&database).await;
    store_readings(&database, &car, &[(8, 25_010.0)]).await;
    let mut db = database.pool.acquire().await.unwrap();
    let run = store::replay_runs::Run {
        since: DateTime::UNIX_EPOCH,
        began_at: clock::now(),
        done_until: Uuid::max(),
        vehicles: 7,
        changed: 0,
    };
    store::replay_runs::note(&mut db, run).await.unwrap();
    drop(db);
    let ended = replay(&database, &["--all", "--from-start"]).await;
    assert!(ended.output.ends_with("1 mileage entry appears; 1 of 1 cars changed"), "{ended:?}");
    assert_eq!(count(&database.pool, "SELECT count(*) FROM replay_runs").await, 0);
    database.close().await;
}

#[tokio::test]
async fn what_a_person_said_of_a_row_stands() {
    let database = harness::database().await;
    let (pool, car) = (&database.pool, Car::connect(&database).await);
    store(&database, &car, &weeks(2)).await;
    replay(&database, &["--all"]).await;
    sqlx::query(
        "UPDATE trips SET distance_km = 41.5 WHERE id = (SELECT id FROM trips ORDER BY started_at LIMIT 1)",
    )
    .execute(pool)
    .await
    .unwrap();
    sqlx::query("DELETE FROM charging_sessions WHERE id = (SELECT id FROM charging_sessions ORDER BY started_at LIMIT 1)")
        .execute(pool)
        .await
        .unwrap();
    let decided = books(pool).await;
    for arguments in [&["--all", "--dry-run"][..], &["--all"], &["--all", "--since", "2026-02-17"]] {
        let ended = replay(&database, arguments).await;
        assert!(ended.output.starts_with("nothing to change; 0 of 1 cars"), "{ended:?}");
    }
    assert_eq!(books(pool).await, decided);
    database.close().await;
}

/// An operator has let old readings go.
async fn forget_readings_before(pool: &PgPool, day: i64) {
    let before: DateTime<Utc> = start() + TimeDelta::days(day);
    let gone = sqlx::query("DELETE FROM readings WHERE at < $1").bind(before).execute(pool).await.unwrap();
    assert!(gone.rows_affected() > 0);
}

#[tokio::test]
async fn a_book_whose_readings_have_expired_stays() {
    let database = harness::database().await;
    let (pool, car) = (&database.pool, Car::connect(&database).await);
    store(&database, &car, &weeks(12)).await;
    replay(&database, &["--all"]).await;
    let whole = books(pool).await;
    forget_readings_before(pool, 40).await;
    for arguments in
        [&["--all", "--dry-run"][..], &["--all"], &["--all", "--since", "2026-03-01"], &["--all"]]
    {
        let ended = replay(&database, arguments).await;
        assert!(ended.output.contains("older readings are gone, what is written up to 2026-0"), "{ended:?}");
        assert!(ended.output.contains("nothing to change; 0 of 1 cars"), "{ended:?}");
        assert_eq!(books(pool).await, whole, "{arguments:?}");
    }
    // What is still known is folded as ever.
    as_machine(pool, "DELETE FROM trips WHERE started_at > '2026-04-20Z'").await;
    let ended = replay(&database, &["--all"]).await;
    assert!(ended.output.contains("trips appear"), "{ended:?}");
    assert_eq!(books(pool).await, whole);
    database.close().await;
}

#[tokio::test]
async fn a_book_whose_readings_have_expired_stays_when_other_rules_come() {
    let database = harness::database().await;
    let (pool, car) = (&database.pool, Car::connect(&database).await);
    let life = weeks(13);
    let (known, later) = life.split_at(life.len() / 13 * 12);
    store(&database, &car, known).await;
    replay(&database, &["--all"]).await;
    let whole = books(pool).await;
    forget_readings_before(pool, 40).await;
    sqlx::query("UPDATE vehicle_states SET rules_version = $1, state = '{}', tail = '[]', tip = NULL")
        .bind(RULES_VERSION - 1)
        .execute(pool)
        .await
        .unwrap();
    for arguments in
        [&["--all", "--dry-run"][..], &["--all"], &["--all"], &["--all", "--since", "2026-03-01"]]
    {
        let ended = replay(&database, arguments).await;
        assert!(ended.output.contains("nothing to change; 0 of 1 cars"), "{ended:?}");
        assert_eq!(books(pool).await, whole, "{arguments:?}");
    }
    // What comes after is written, and nothing of what was.
    store(&database, &car, later).await;
    let ended = replay(&database, &["--all"]).await;
    assert!(ended.output.contains("7 charging sessions appear"), "{ended:?}");
    assert!(ended.output.contains("7 trips appear"), "{ended:?}");
    assert!(!ended.output.contains("\n- ") && !ended.output.contains("+ 2026-03-"), "{ended:?}");
    database.close().await;
}

#[tokio::test]
async fn a_book_of_which_no_reading_is_left_stays() {
    let database = harness::database().await;
    let (pool, car) = (&database.pool, Car::connect(&database).await);
    store(&database, &car, &weeks(2)).await;
    replay(&database, &["--all"]).await;
    let whole = books(pool).await;
    sqlx::query("DELETE FROM readings").execute(pool).await.unwrap();
    for states in ["kept", "gone"] {
        let ended = replay(&database, &["--all"]).await;
        assert!(ended.output.contains("nothing to change; 0 of 1 cars"), "{states}: {ended:?}");
        assert_eq!(books(pool).await, whole, "{states}");
        sqlx::query("DELETE FROM vehicle_states").execute(pool).await.unwrap();
    }
    database.close().await;
}

#[tokio::test]
async fn a_history_of_many_readings_gives_the_same_book_as_if_it_were_folded_at_once() {
    let database = harness::database().await;
    let (pool, car) = (&database.pool, Car::connect(&database).await);
    let life = weeks(160);
    assert!(life.len() > 12_000, "it has to be longer than a stretch");
    store(&database, &car, &life).await;
    let dry = replay(&database, &["--all", "--dry-run"]).await;
    let done = replay(&database, &["--all"]).await;
    assert_eq!(done.output, promised(&dry));
    let book = advance(Settled::default(), life, [], &Setup::default()).book.into_entries();
    let of =
        |kind: fn(&Entry) -> bool| i64::try_from(book.iter().filter(|entry| kind(entry)).count()).unwrap();
    let trips = of(|entry| matches!(entry, Entry::Trip(_)));
    let sessions = of(|entry| matches!(entry, Entry::ChargingSession(_)));
    let fills = of(|entry| matches!(entry, Entry::FillUp(_)));
    assert_eq!(count(pool, "SELECT count(*) FROM trips").await, trips);
    assert_eq!(count(pool, "SELECT count(*) FROM charging_sessions").await, sessions);
    assert_eq!(count(pool, "SELECT count(*) FROM fuel_entries").await, fills);
    assert!(trips > 1_000 && sessions > 1_000 && fills > 100, "{trips} {sessions} {fills}");
    let again = replay(&database, &["--all"]).await;
    assert_eq!(again.output, "nothing to change; 0 of 1 cars changed");
    assert_eq!(count(pool, "SELECT count(*) FROM dirty_vehicles").await, 0);
    database.close().await;
}

#[tokio::test]
async fn rules_of_another_version_need_nothing_but_their_version() {
    let database = harness::database().await;
    let (pool, car) = (&database.pool, Car::connect(&database).await);
    store(&database, &car, &weeks(2)).await;
    replay(&database, &["--all"]).await;
    let right = books(pool).await;
    muddle(pool).await;
    sqlx::query("UPDATE vehicle_states SET rules_version = $1, state = '{ \"of\": \"yesterday\" }'")
        .bind(RULES_VERSION - 1)
        .execute(pool)
        .await
        .unwrap();
    // As the scheduler does it, and then the worker.
    let mut db = pool.acquire().await.unwrap();
    assert_eq!(store::dirty::mark_older_rules(&mut db, 10, 10).await.unwrap(), 1);
    drop(db);
    intake::replay::replay(pool, car.vehicle, clock::now()).await.unwrap();
    assert_eq!(books(pool).await, right);
    assert_eq!(count(pool, "SELECT count(*) FROM dirty_vehicles").await, 0);
    let old = "SELECT count(*) FROM vehicle_states WHERE rules_version <> (SELECT max(rules_version) FROM vehicle_states)";
    assert_eq!(count(pool, old).await, 0);
    database.close().await;
}
