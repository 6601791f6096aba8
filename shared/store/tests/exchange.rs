//! Files into the books and out again, against a real database.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use chrono::{DateTime, Utc};
use domain::setup::Currency;
use exchange::compare::Finding;
use exchange::options::{Options, Program};
use exchange::read::{Line, read};
use exchange::record::Kind;
use exchange::units::{Length, Volume};
use exchange::write::{Book, csv_heading, csv_row};
use harness::TestDatabase;
use sqlx::PgConnection;
use store::imports::{self, Choice, Choices, Imported, NewImport, Undone};
use store::{exports, mileage};
use uuid::Uuid;

const FUEL: &str = "date,litres,odometer km,full,totalCost,notes\n\
                    2026-03-04 08:10,41.37,61234,yes,77.73,\n\
                    2026-03-20 17:00,38.2,61900,yes,70.1,=evil()\n\
                    2026-04-02,20,62100,no,38,only the day\n";

fn now() -> DateTime<Utc> {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn lines(file: &str) -> Vec<Line> {
    let options = Options {
        currency: Currency::parse("EUR").ok(),
        volume: Some(Volume::Litres),
        length: Some(Length::Kilometres),
        ..Options::of(Program::Table)
    };
    let import = read(file.as_bytes(), &options, now()).unwrap();
    assert_eq!(import.impossible, []);
    import.lines
}

async fn a_car(database: &TestDatabase) -> (Uuid, Uuid) {
    let (car, vehicle) = (Uuid::new_v4(), Uuid::new_v4());
    let user: Uuid = sqlx::query_scalar("INSERT INTO auth.users DEFAULT VALUES RETURNING id")
        .fetch_one(&database.pool)
        .await
        .unwrap();
    sqlx::query("INSERT INTO cars (id, user_id, name) VALUES ($1, $2, 'Berta')")
        .bind(car)
        .bind(user)
        .execute(&database.pool)
        .await
        .unwrap();
    sqlx::query("INSERT INTO smartcar_vehicles (id, car_id, smartcar_vehicle_id) VALUES ($1, $2, $2::text)")
        .bind(vehicle)
        .bind(car)
        .execute(&database.pool)
        .await
        .unwrap();
    (car, vehicle)
}

/// A fill-up as the machine writes it.
async fn machines_fill(database: &TestDatabase, car: Uuid, vehicle: Uuid, after: &str, by: &str) -> Uuid {
    let mut tx = database.pool.begin().await.unwrap();
    store::act_as_machine(&mut tx).await.unwrap();
    let id = sqlx::query_scalar(
        "INSERT INTO fuel_entries (car_id, source_id, filled_after, filled_at, litres, full_tank, state, evidence_until,
           source_type)
         VALUES ($1, $2, $3::timestamptz, $4::timestamptz, 39, true, 'recorded', $4::timestamptz, 'smartcar_sync')
         RETURNING id",
    )
    .bind(car)
    .bind(vehicle)
    .bind(after)
    .bind(by)
    .fetch_one(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    id
}

fn one() -> NewImport {
    NewImport { id: Uuid::new_v4(), program: Program::Table }
}

async fn import(db: &mut PgConnection, car: Uuid, file: &str, choice: Choice) -> Imported {
    let lines = lines(file);
    let findings = imports::preview(db, car, &lines).await.unwrap();
    imports::apply(db, car, one(), &lines, &findings, &Choices::all(choice), now()).await.unwrap()
}

async fn export(db: &mut PgConnection, car: Uuid, kind: Kind) -> String {
    let book = Book::Entries(kind);
    let (mut file, mut behind) = (csv_heading(book.columns()), None);
    loop {
        let page = exports::page(db, car, book, behind).await.unwrap();
        page.rows.iter().for_each(|row| file.extend(csv_row(book.columns(), row)));
        behind = page.next;
        if behind.is_none() {
            return String::from_utf8(file).unwrap();
        }
    }
}

async fn fuel_book(database: &TestDatabase) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT concat_ws(' ', to_char(filled_at AT TIME ZONE 'UTC', 'MM-DD HH24:MI'), trim_scale(litres), source_type,
           total_cost, evidence_until IS NULL)
         FROM fuel_entries ORDER BY filled_at, id",
    )
    .fetch_all(&database.pool)
    .await
    .unwrap()
}

#[tokio::test]
async fn the_same_file_twice_writes_nothing_the_second_time() {
    let database = harness::database().await;
    let (car, _) = a_car(&database).await;
    let mut db = database.pool.acquire().await.unwrap();
    let first = import(&mut db, car, FUEL, Choice::Attach).await;
    assert_eq!(first, Imported { written: 3, ..Imported::default() });
    let again = import(&mut db, car, FUEL, Choice::Attach).await;
    assert_eq!(again, Imported::default());
    let longer = format!("{FUEL}2026-05-01 10:00,30,62500,yes,55,\n");
    assert_eq!(import(&mut db, car, &longer, Choice::Attach).await.written, 1);
}

#[tokio::test]
async fn what_the_machine_saw_is_filled_in_replaced_or_left_as_the_person_chooses() {
    for (choice, expected, book) in [
        (
            Choice::Attach,
            Imported { written: 2, attached: 1, replaced: 0 },
            "03-04 08:10 41.37 smartcar_sync 77.73 t",
        ),
        (
            Choice::Replace,
            Imported { written: 3, attached: 0, replaced: 1 },
            "03-04 08:10 41.37 import 77.73 t",
        ),
        (Choice::Leave, Imported { written: 2, attached: 0, replaced: 0 }, "03-04 17:40 39 smartcar_sync f"),
    ] {
        let database = harness::database().await;
        let (car, vehicle) = a_car(&database).await;
        machines_fill(&database, car, vehicle, "2026-03-04T08:00Z", "2026-03-04T17:40Z").await;
        let mut db = database.pool.acquire().await.unwrap();
        assert_eq!(import(&mut db, car, FUEL, choice).await, expected, "{choice:?}");
        assert_eq!(fuel_book(&database).await[0], book);
        assert_eq!(fuel_book(&database).await.len(), 3, "{choice:?}");
        assert_eq!(import(&mut db, car, FUEL, choice).await, Imported::default(), "{choice:?}, again");
        assert_eq!(fuel_book(&database).await.len(), 3, "{choice:?}, again");
    }
}

#[tokio::test]
async fn what_is_taken_out_again_leaves_what_was_there_before_and_what_a_person_changed_since() {
    for (choice, given_back) in [(Choice::Attach, 1), (Choice::Replace, 1), (Choice::Leave, 0)] {
        let database = harness::database().await;
        let (car, vehicle) = a_car(&database).await;
        let row = machines_fill(&database, car, vehicle, "2026-03-04T08:00Z", "2026-03-04T17:40Z").await;
        let mut db = database.pool.acquire().await.unwrap();
        import(&mut db, car, FUEL, choice).await;
        sqlx::query("UPDATE fuel_entries SET litres = 21 WHERE litres = 20").execute(&mut *db).await.unwrap();
        let known = imports::list(&mut db, car).await.unwrap();
        assert_eq!((known.len(), known[0].undone_at), (1, None));
        let mut tx = database.pool.begin().await.unwrap();
        let undone = imports::undo(&mut tx, car, known[0].id, now()).await.unwrap();
        tx.commit().await.unwrap();
        let deleted = if choice == Choice::Replace { 2 } else { 1 };
        assert_eq!(undone, Some(Undone { deleted, given_back, kept: 1 }), "{choice:?}");
        // The machine's own comes back with the next fold; what nobody touched stands there.
        let left: Vec<(Uuid, f64)> =
            sqlx::query_as("SELECT id, litres::float8 FROM fuel_entries ORDER BY filled_at")
                .fetch_all(&mut *db)
                .await
                .unwrap();
        assert_eq!(left.last().map(|(_, litres)| *litres), Some(21.0), "{choice:?}");
        assert_eq!(left.iter().any(|(id, _)| *id == row), choice == Choice::Leave, "{choice:?}");
        let decisions: i64 =
            sqlx::query_scalar("SELECT count(*) FROM decisions").fetch_one(&mut *db).await.unwrap();
        assert_eq!(decisions, 0, "{choice:?}");
        let mut tx = database.pool.begin().await.unwrap();
        assert_eq!(imports::undo(&mut tx, car, known[0].id, now()).await.unwrap(), None, "once");
        drop(tx);
        assert!(import(&mut db, car, FUEL, Choice::Leave).await.written > 0, "it may come again");
    }
}

#[tokio::test]
async fn a_person_may_choose_otherwise_for_one_line() {
    let database = harness::database().await;
    let (car, vehicle) = a_car(&database).await;
    for (after, by) in
        [("2026-03-04T08:00Z", "2026-03-04T17:40Z"), ("2026-03-20T16:00Z", "2026-03-20T17:40Z")]
    {
        machines_fill(&database, car, vehicle, after, by).await;
    }
    let mut db = database.pool.acquire().await.unwrap();
    let lines = lines(FUEL);
    let findings = imports::preview(&mut db, car, &lines).await.unwrap();
    assert!(matches!(findings.as_slice(), [Finding::Same(_), Finding::Same(_), Finding::New(_)]));
    let choices = Choices { usual: Choice::Attach, of_lines: [(3, Choice::Leave)].into() };
    let done = imports::apply(&mut db, car, one(), &lines, &findings, &choices, now()).await.unwrap();
    assert_eq!(done, Imported { written: 1, attached: 1, replaced: 0 });
}

#[tokio::test]
async fn what_goes_out_comes_in_again_as_the_same_books() {
    let database = harness::database().await;
    let (car, vehicle) = a_car(&database).await;
    let mut db = database.pool.acquire().await.unwrap();
    import(&mut db, car, FUEL, Choice::Attach).await;
    machines_fill(&database, car, vehicle, "2026-06-04T08:00Z", "2026-06-04T17:40Z").await;
    sqlx::raw_sql(
        "INSERT INTO meter_entries (car_id, odometer_reading, entry_date, notes)
           SELECT id, 61234.5, '2026-03-04T08:10:00.123Z', '\"quoted\", =1+1' || chr(10) || 'two lines' FROM cars;
         INSERT INTO expenses (car_id, category, amount, currency, occurred_at, odometer_reading, notes)
           SELECT id, 'tax', -20.125, 'EUR', '2026-01-01', 60000, '-refund' FROM cars;
         INSERT INTO charging_sessions (car_id, started_after, started_at, ended_after, ended_at, start_soc, end_soc,
             energy_kwh, grid_kwh, current_type, peak_kw, odometer_reading, latitude, longitude, cost, currency, segments,
             flow, inferred, state)
           SELECT id, '2026-03-04T18:00Z', '2026-03-04T18:20Z', '2026-03-04T22:00Z', '2026-03-04T22:30Z', 41, 82.5, 31.25,
             34.722, 'AC', 10.9, 61240.2, 52.520008, 13.404954, 9.8765, 'EUR', '[{\"kwh\": 31.25}]',
             '[{\"kwh\": 31.25, \"from\": \"x\"}]', true, 'candidate' FROM cars;
         INSERT INTO trips (car_id, started_after, started_at, distance_km, odometer_before, odometer_after, what, purpose,
             to_private_zone, state)
           SELECT id, '2026-03-04T07:00Z', '2026-03-04T07:10Z', 34.5, 61200, 61234.5, 'movement', 'business', 'home',
             'confirmed' FROM cars;",
    )
    .execute(&mut *db)
    .await
    .unwrap();
    let (other, _) = a_car(&database).await;
    for kind in Kind::ALL {
        let file = export(&mut db, car, kind).await;
        let read = read(file.as_bytes(), &Options::of(Program::Carvetka), now()).unwrap();
        assert_eq!(read.impossible, [], "{file}");
        assert!(!read.lines.is_empty(), "{file}");
        let findings = imports::preview(&mut db, other, &read.lines).await.unwrap();
        let choices = Choices::all(Choice::Attach);
        imports::apply(&mut db, other, one(), &read.lines, &findings, &choices, now()).await.unwrap();
        let content = |file: &str| -> Vec<Vec<String>> {
            // Who wrote it, under which id and how sure it was is not what the book says.
            let mut table = csv_table(file);
            for row in &mut table {
                row.truncate(row.len() - beside(kind));
            }
            table
        };
        let back = export(&mut db, other, kind).await;
        assert_eq!(content(&back), content(&file));
    }
}

/// How many of the last columns tell of the row and not of the car.
fn beside(kind: Kind) -> usize {
    match kind {
        Kind::MeterEntries | Kind::Expenses => 2,
        Kind::FuelEntries => 5,
        Kind::ChargingSessions => 6,
        Kind::Trips => 3,
    }
}

fn csv_table(file: &str) -> Vec<Vec<String>> {
    let table = exchange::table::sections(file, Some(b',')).unwrap().remove(0).table;
    table.rows.iter().map(|(_, row)| row.iter().map(str::to_owned).collect()).collect()
}

#[tokio::test]
async fn a_long_book_goes_out_page_by_page_without_losing_a_row() {
    let database = harness::database().await;
    let (car, _) = a_car(&database).await;
    sqlx::query(
        "INSERT INTO meter_entries (car_id, odometer_reading, entry_date)
         SELECT $1, number, '2026-01-01Z'::timestamptz + (number / 3) * interval '1 hour'
         FROM generate_series(1, 1203) AS number",
    )
    .bind(car)
    .execute(&database.pool)
    .await
    .unwrap();
    let mut db = database.pool.acquire().await.unwrap();
    let file = export(&mut db, car, Kind::MeterEntries).await;
    assert_eq!(csv_table(&file).len(), 1203);
}

#[tokio::test]
async fn the_odometer_is_known_between_entries_and_by_receipts() {
    let database = harness::database().await;
    let (car, _) = a_car(&database).await;
    let mut db = database.pool.acquire().await.unwrap();
    import(&mut db, car, FUEL, Choice::Attach).await;
    sqlx::query(
        "INSERT INTO meter_entries (car_id, odometer_reading, entry_date) VALUES ($1, 61500, '2026-03-10T08:10:00Z')",
    )
    .bind(car)
    .execute(&mut *db)
    .await
    .unwrap();
    let moments =
        ["2026-03-01T00:00:00Z", "2026-03-07T08:10:00Z", "2026-03-10T08:10:00Z", "2026-09-01T00:00:00Z"];
    let moments = moments.map(|moment| moment.parse().unwrap());
    let known = mileage::at(&mut db, car, &moments).await.unwrap();
    let km: Vec<_> = known.iter().map(|stand| (stand.low, stand.km, stand.high)).collect();
    assert_eq!(
        km,
        [
            (None, None, Some(61_234.0)),
            (Some(61_234.0), Some(61_367.0), Some(61_500.0)),
            (Some(61_500.0), Some(61_500.0), Some(61_500.0)),
            (Some(62_100.0), Some(62_100.0), None),
        ]
    );
}
