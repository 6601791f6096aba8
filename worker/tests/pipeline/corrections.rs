//! People correct the books of fill-ups, sessions and trips: what they said outlives replays, and late data that move the entry
//! to another anchor.

use chrono::{DateTime, TimeDelta, Utc};
use store::corrections::{self, CorrectedBook};
use store::costs::{self, By};
use store::preferences;

use crate::story::{DAYS, changes, household, lines};
use crate::support::{Car, Pipeline, start};

/// Moves the anchors of the fill-up, of the session and of the first trip.
const LATE: &str = "
    0d 08:05 km 1003 at 7000
    0d 08:40 km 1030 fuel 80
    0d 17:55 soc 40 plug yes charging yes kwh 0
";

struct Household {
    pipeline: Pipeline,
    car: Car,
}

impl Household {
    async fn new() -> Self {
        let car = Car::new();
        let mut pipeline = Pipeline::new().await;
        household(&pipeline, &car).await;
        pipeline.worker(200).await;
        pipeline.tell(&car, DAYS).await;
        Self { pipeline, car }
    }

    async fn read(&self) -> Vec<String> {
        self.pipeline.read(&self.car).await
    }

    /// The only row of a book that began at this minute.
    async fn row(&self, book: CorrectedBook, minute: i64) -> uuid::Uuid {
        let at = start() + TimeDelta::minutes(minute);
        let mut db = self.pipeline.pool().acquire().await.unwrap();
        let found = corrections::between(&mut db, book, self.car.id, at, at).await.unwrap();
        assert_eq!(found.len(), 1, "{book:?} {minute}");
        found[0].id
    }
}

/// What a person does, and what that makes of the book: at once and after a replay, and (`late`) after late data. Lines that
/// went (`-`) and lines that came (`+`).
async fn check(correction: &str, expected: &str) {
    let house = Household::new().await;
    let (pipeline, car) = (&house.pipeline, &house.car);
    let before = house.read().await;
    pipeline.person(correction).await;
    pipeline.replay(car).await;
    let corrected = house.read().await;
    pipeline.replay_all(car).await;
    assert_eq!(house.read().await, corrected, "by {correction}, folded from the start");
    pipeline.replay_in_vain(car).await;
    pipeline.tell(car, LATE).await;
    pipeline.replay(car).await;
    let late = changes(&corrected, &house.read().await).into_iter().map(|line| format!("late {line}"));
    let told: Vec<String> = changes(&before, &corrected).into_iter().chain(late).collect();
    assert_eq!(told, lines(expected), "\nby {correction}\n===\n{}", told.join("\n"));
    pipeline.replay_in_vain(car).await;
    house.pipeline.stop().await;
}

#[tokio::test]
async fn nothing_said_is_what_late_data_do() {
    check(
        "SELECT",
        "
            late - 00d 08:30 drove 30 km
            late - 00d 08:30 exit shop
            late - 00d 08:45 filled 22 l 37.4 EUR
            late - 00d 18:00 charged 18 kWh 5.4 EUR
            late + 00d 08:05 drove 30 km
            late + 00d 08:05 exit shop
            late + 00d 08:40 filled 22 l 37.4 EUR
            late + 00d 17:55 charged 18 kWh 5.4 EUR
        ",
    )
    .await;
}

#[tokio::test]
async fn what_a_person_confirms_is_theirs() {
    check(
        "UPDATE fuel_entries SET state = 'confirmed'",
        "
            - 00d 08:45 filled 22 l 37.4 EUR
            + 00d 08:45 filled 22 l 37.4 EUR *
            late - 00d 08:30 drove 30 km
            late - 00d 08:30 exit shop
            late - 00d 18:00 charged 18 kWh 5.4 EUR
            late + 00d 08:05 drove 30 km
            late + 00d 08:05 exit shop
            late + 00d 17:55 charged 18 kWh 5.4 EUR
        ",
    )
    .await;
    check(
        "UPDATE charging_sessions SET state = 'confirmed' WHERE NOT inferred",
        "
            - 00d 18:00 charged 18 kWh 5.4 EUR
            - 00d 22:00 expense 5.4 EUR
            + 00d 18:00 charged 18 kWh 5.4 EUR *
            + 00d 22:00 expense 5.4 EUR *
            late - 00d 08:30 drove 30 km
            late - 00d 08:30 exit shop
            late - 00d 08:45 filled 22 l 37.4 EUR
            late + 00d 08:05 drove 30 km
            late + 00d 08:05 exit shop
            late + 00d 08:40 filled 22 l 37.4 EUR
        ",
    )
    .await;
    check(
        "UPDATE trips SET state = 'confirmed'",
        "
            - 00d 08:30 drove 30 km
            - 00d 12:00 drove 30 km
            - 00d 17:50 drove 5 km
            - 01d 08:00 drove 30 km
            + 00d 08:30 drove 30 km *
            + 00d 12:00 drove 30 km *
            + 00d 17:50 drove 5 km *
            + 01d 08:00 drove 30 km *
            late - 00d 08:30 exit shop
            late - 00d 08:45 filled 22 l 37.4 EUR
            late - 00d 18:00 charged 18 kWh 5.4 EUR
            late + 00d 08:05 exit shop
            late + 00d 08:40 filled 22 l 37.4 EUR
            late + 00d 17:55 charged 18 kWh 5.4 EUR
        ",
    )
    .await;
}

#[tokio::test]
async fn what_a_person_edits_is_theirs() {
    check(
        "UPDATE fuel_entries SET litres = 21.5, notes = 'mine'",
        "
            - 00d 08:45 filled 22 l 37.4 EUR
            + 00d 08:45 filled 21.5 l 37.4 EUR mine *
            late - 00d 08:30 drove 30 km
            late - 00d 08:30 exit shop
            late - 00d 18:00 charged 18 kWh 5.4 EUR
            late + 00d 08:05 drove 30 km
            late + 00d 08:05 exit shop
            late + 00d 17:55 charged 18 kWh 5.4 EUR
        ",
    )
    .await;
    check(
        "UPDATE charging_sessions SET energy_kwh = 19, notes = 'mine' WHERE NOT inferred",
        "
            - 00d 18:00 charged 18 kWh 5.4 EUR
            - 00d 22:00 expense 5.4 EUR
            + 00d 18:00 charged 19 kWh 5.4 EUR mine *
            + 00d 22:00 expense 5.4 EUR *
            late - 00d 08:30 drove 30 km
            late - 00d 08:30 exit shop
            late - 00d 08:45 filled 22 l 37.4 EUR
            late + 00d 08:05 drove 30 km
            late + 00d 08:05 exit shop
            late + 00d 08:40 filled 22 l 37.4 EUR
        ",
    )
    .await;
    check(
        "UPDATE trips SET distance_km = 31, notes = 'mine' WHERE distance_km = 30",
        "
            - 00d 08:30 drove 30 km
            - 00d 12:00 drove 30 km
            - 01d 08:00 drove 30 km
            + 00d 08:30 drove 31 km mine *
            + 00d 12:00 drove 31 km mine *
            + 01d 08:00 drove 31 km mine *
            late - 00d 08:30 exit shop
            late - 00d 08:45 filled 22 l 37.4 EUR
            late - 00d 18:00 charged 18 kWh 5.4 EUR
            late + 00d 08:05 exit shop
            late + 00d 08:40 filled 22 l 37.4 EUR
            late + 00d 17:55 charged 18 kWh 5.4 EUR
        ",
    )
    .await;
}

#[tokio::test]
async fn what_a_person_throws_away_stays_away() {
    check(
        "DELETE FROM fuel_entries",
        "
            - 00d 08:45 filled 22 l 37.4 EUR
            late - 00d 08:30 drove 30 km
            late - 00d 08:30 exit shop
            late - 00d 18:00 charged 18 kWh 5.4 EUR
            late + 00d 08:05 drove 30 km
            late + 00d 08:05 exit shop
            late + 00d 17:55 charged 18 kWh 5.4 EUR
        ",
    )
    .await;
    check(
        "DELETE FROM charging_sessions WHERE NOT inferred",
        "
            - 00d 18:00 charged 18 kWh 5.4 EUR
            - 00d 22:00 expense 5.4 EUR
            late - 00d 08:30 drove 30 km
            late - 00d 08:30 exit shop
            late - 00d 08:45 filled 22 l 37.4 EUR
            late + 00d 08:05 drove 30 km
            late + 00d 08:05 exit shop
            late + 00d 08:40 filled 22 l 37.4 EUR
        ",
    )
    .await;
    check(
        "DELETE FROM trips WHERE distance_km = 30",
        "
            - 00d 08:30 drove 30 km
            - 00d 12:00 drove 30 km
            - 01d 08:00 drove 30 km
            late - 00d 08:30 exit shop
            late - 00d 08:45 filled 22 l 37.4 EUR
            late - 00d 18:00 charged 18 kWh 5.4 EUR
            late + 00d 08:05 exit shop
            late + 00d 08:40 filled 22 l 37.4 EUR
            late + 00d 17:55 charged 18 kWh 5.4 EUR
        ",
    )
    .await;
}

#[tokio::test]
async fn a_price_and_a_purpose_stay_with_what_they_are_of() {
    check(
        "UPDATE charging_sessions SET cost = 9.9, currency = 'CHF' WHERE NOT inferred",
        "
            - 00d 18:00 charged 18 kWh 5.4 EUR
            - 00d 22:00 expense 5.4 EUR
            + 00d 18:00 charged 18 kWh 9.9 CHF
            + 00d 22:00 expense 9.9 CHF
            late - 00d 08:30 drove 30 km
            late - 00d 08:30 exit shop
            late - 00d 08:45 filled 22 l 37.4 EUR
            late - 00d 18:00 charged 18 kWh 9.9 CHF
            late + 00d 08:05 drove 30 km
            late + 00d 08:05 exit shop
            late + 00d 08:40 filled 22 l 37.4 EUR
            late + 00d 17:55 charged 18 kWh 9.9 CHF
        ",
    )
    .await;
    check(
        "UPDATE trips SET purpose = 'business' WHERE distance_km = 30",
        "
            - 00d 08:30 drove 30 km
            - 00d 12:00 drove 30 km
            - 01d 08:00 drove 30 km
            + 00d 08:30 drove 30 km business
            + 00d 12:00 drove 30 km business
            + 01d 08:00 drove 30 km business
            late - 00d 08:30 drove 30 km business
            late - 00d 08:30 exit shop
            late - 00d 08:45 filled 22 l 37.4 EUR
            late - 00d 18:00 charged 18 kWh 5.4 EUR
            late + 00d 08:05 drove 30 km business
            late + 00d 08:05 exit shop
            late + 00d 08:40 filled 22 l 37.4 EUR
            late + 00d 17:55 charged 18 kWh 5.4 EUR
        ",
    )
    .await;
}

#[tokio::test]
async fn an_expense_is_a_persons_where_they_change_it_and_gone_where_they_throw_it_away() {
    check(
        "UPDATE expenses SET amount = 7.5",
        "
            - 00d 18:00 charged 18 kWh 5.4 EUR
            - 00d 22:00 expense 5.4 EUR
            - 05d 08:00 charged 9 kWh 2.7 EUR
            - 05d 08:00 expense 2.7 EUR
            + 00d 18:00 charged 18 kWh 7.5 EUR
            + 00d 22:00 expense 7.5 EUR
            + 05d 08:00 charged 9 kWh 7.5 EUR
            + 05d 08:00 expense 7.5 EUR
            late - 00d 08:30 drove 30 km
            late - 00d 08:30 exit shop
            late - 00d 08:45 filled 22 l 37.4 EUR
            late - 00d 18:00 charged 18 kWh 7.5 EUR
            late + 00d 08:05 drove 30 km
            late + 00d 08:05 exit shop
            late + 00d 08:40 filled 22 l 37.4 EUR
            late + 00d 17:55 charged 18 kWh 7.5 EUR
        ",
    )
    .await;
    check(
        "DELETE FROM expenses",
        "
            - 00d 22:00 expense 5.4 EUR
            - 05d 08:00 expense 2.7 EUR
            late - 00d 08:30 drove 30 km
            late - 00d 08:30 exit shop
            late - 00d 08:45 filled 22 l 37.4 EUR
            late - 00d 18:00 charged 18 kWh 5.4 EUR
            late + 00d 08:05 drove 30 km
            late + 00d 08:05 exit shop
            late + 00d 08:40 filled 22 l 37.4 EUR
            late + 00d 17:55 charged 18 kWh 5.4 EUR
        ",
    )
    .await;
}

#[tokio::test]
async fn an_expense_that_a_person_changed_goes_on_being_the_expense_of_its_session_and_is_counted_once() {
    let house = Household::new().await;
    let (pipeline, car) = (&house.pipeline, &house.car);
    // What the session that began in the evening costs, by itself and by its expense.
    let costs = async || -> Vec<String> {
        sqlx::query_scalar(
            "SELECT concat_ws(' ', trim_scale(session.cost), trim_scale(expense.amount), expense.category)
             FROM charging_sessions AS session LEFT JOIN expenses AS expense ON expense.id = session.expense_id
             ORDER BY session.started_at",
        )
        .fetch_all(pipeline.pool())
        .await
        .unwrap()
    };
    let sums = async || -> Vec<(String, f64)> {
        let mut db = pipeline.pool().acquire().await.unwrap();
        let zone = preferences::zone(&mut db, uuid::Uuid::nil()).await.unwrap();
        let (from, to) = (start() - TimeDelta::days(1), start() + TimeDelta::days(30));
        let sums = costs::sums(&mut db, car.id, from, to, By::Category, zone).await.unwrap();
        let all = sums.into_iter().filter(|sum| sum.category != "fuel");
        all.map(|sum| (sum.category, (sum.amount.unwrap() * 100.0).round() / 100.0)).collect()
    };
    assert_eq!(costs().await, ["5.4 5.4 charging", "2.7 2.7 charging"]);
    let change = "UPDATE expenses SET category = 'parking', occurred_at = occurred_at + interval '1 hour' WHERE amount = 5.4";
    pipeline.person(change).await;
    pipeline.replay(car).await;
    assert_eq!(costs().await, ["5.4 5.4 parking", "2.7 2.7 charging"]);
    assert_eq!(sums().await, [("charging".to_owned(), 8.1)]);
    pipeline.replay_all(car).await;
    pipeline.tell(car, LATE).await;
    pipeline.replay(car).await;
    assert_eq!(costs().await, ["5.4 5.4 parking", "2.7 2.7 charging"], "late data moved the session");
    // Whichever of both a person changes, the other follows.
    pipeline.person("UPDATE expenses SET amount = 8 WHERE category = 'parking'").await;
    pipeline.replay(car).await;
    assert_eq!(costs().await, ["8 8 parking", "2.7 2.7 charging"]);
    pipeline.person("UPDATE charging_sessions SET cost = 9, currency = 'EUR' WHERE cost = 8").await;
    pipeline.replay(car).await;
    assert_eq!(costs().await, ["9 9 parking", "2.7 2.7 charging"]);
    pipeline.person("UPDATE charging_sessions SET state = 'confirmed' WHERE cost = 2.7").await;
    pipeline.person("UPDATE expenses SET amount = 3 WHERE amount = 2.7").await;
    pipeline.replay(car).await;
    assert_eq!(costs().await, ["9 9 parking", "3 3 charging"], "a session of a person's");
    assert_eq!(sums().await, [("charging".to_owned(), 12.0)]);
    // Everything is taken back.
    for row in pipeline.ids("charging_sessions", car).await {
        loop {
            let mut tx = pipeline.pool().begin().await.unwrap();
            let undone =
                corrections::undo(&mut tx, CorrectedBook::ChargingSessions, car.id, row).await.unwrap();
            tx.commit().await.unwrap();
            if undone.is_none() {
                break;
            }
            pipeline.replay(car).await;
        }
    }
    assert_eq!(costs().await, ["5.4 5.4 charging", "2.7 2.7 charging"]);
    house.pipeline.stop().await;
}

#[tokio::test]
async fn an_expense_that_a_person_changed_and_then_threw_away_is_gone() {
    let house = Household::new().await;
    let (pipeline, car) = (&house.pipeline, &house.car);
    pipeline.person("UPDATE expenses SET category = 'parking' WHERE amount = 5.4").await;
    pipeline.replay(car).await;
    pipeline.person("DELETE FROM expenses WHERE category = 'parking'").await;
    pipeline.replay(car).await;
    pipeline.replay_all(car).await;
    assert_eq!(pipeline.count("SELECT count(*) FROM expenses").await, 1);
    assert_eq!(
        pipeline
            .count("SELECT count(*) FROM charging_sessions WHERE expense_id IS NULL AND cost = 5.4")
            .await,
        1
    );
    house.pipeline.stop().await;
}

#[tokio::test]
async fn a_note_on_a_row_of_the_machine_outlives_its_folds() {
    let house = Household::new().await;
    let (pipeline, car) = (&house.pipeline, &house.car);
    for table in ["expenses", "fuel_entries", "charging_sessions", "trips"] {
        pipeline.person(&format!("UPDATE {table} SET notes = 'mine'")).await;
    }
    let noted = house.read().await;
    pipeline.replay_all(car).await;
    assert_eq!(house.read().await, noted);
    // Written anew, for another price.
    pipeline
        .person(r#"UPDATE tariff_versions SET parts = '{"energy": [{"perKwh": 1}], "meter": "battery"}'"#)
        .await;
    pipeline.replay(car).await;
    assert_ne!(house.read().await, noted);
    assert_eq!(pipeline.count("SELECT count(*) FROM expenses WHERE notes <> 'mine'").await, 0);
    assert_eq!(pipeline.count("SELECT count(*) FROM charging_sessions WHERE notes <> 'mine'").await, 0);
    house.pipeline.stop().await;
}

#[tokio::test]
async fn a_note_goes_with_its_entry_to_whatever_row_late_data_move_it() {
    let house = Household::new().await;
    let (pipeline, car) = (&house.pipeline, &house.car);
    for table in ["expenses", "fuel_entries", "charging_sessions", "trips"] {
        pipeline.person(&format!("UPDATE {table} SET notes = 'mine'")).await;
    }
    pipeline.replay(car).await;
    let noted = house.read().await;
    pipeline.tell(car, LATE).await;
    pipeline.replay(car).await;
    assert_eq!(
        changes(&noted, &house.read().await),
        lines(
            "
            - 00d 08:30 drove 30 km mine
            - 00d 08:30 exit shop
            - 00d 08:45 filled 22 l 37.4 EUR mine
            - 00d 18:00 charged 18 kWh 5.4 EUR mine
            + 00d 08:05 drove 30 km mine
            + 00d 08:05 exit shop
            + 00d 08:40 filled 22 l 37.4 EUR mine
            + 00d 17:55 charged 18 kWh 5.4 EUR mine
        "
        )
    );
    pipeline.replay_in_vain(car).await;
    house.pipeline.stop().await;
}

#[tokio::test]
async fn a_note_is_with_what_was_joined_and_comes_back_with_what_was_thrown_away_or_taken_over() {
    let house = Household::new().await;
    let (pipeline, car) = (&house.pipeline, &house.car);
    pipeline.person("UPDATE fuel_entries SET notes = 'full'").await;
    pipeline.person("UPDATE charging_sessions SET notes = 'slow' WHERE NOT inferred").await;
    let trips = pipeline.ids("trips", car).await;
    pipeline.person(&format!("UPDATE trips SET notes = 'out' WHERE id = '{}'", trips[0])).await;
    pipeline.person(&format!("UPDATE trips SET notes = 'and back' WHERE id = '{}'", trips[1])).await;
    pipeline.replay(car).await;
    let noted = house.read().await;

    let fill = pipeline.ids("fuel_entries", car).await[0];
    let session = house.row(CorrectedBook::ChargingSessions, 18 * 60).await;
    pipeline.person(&format!("DELETE FROM fuel_entries WHERE id = '{fill}'")).await;
    pipeline
        .person(&format!("UPDATE charging_sessions SET state = 'confirmed' WHERE id = '{session}'"))
        .await;
    pipeline
        .person(&format!("UPDATE charging_sessions SET notes = 'very slow' WHERE id = '{session}'"))
        .await;
    let mut tx = pipeline.pool().begin().await.unwrap();
    corrections::merge(&mut tx, CorrectedBook::Trips, trips[0], trips[1]).await.unwrap();
    tx.commit().await.unwrap();
    pipeline.replay(car).await;
    // The row that the words were in is gone, and the car folded again, before anything comes back.
    pipeline.replay_all(car).await;
    let corrected: Vec<String> = house.read().await.iter().map(|line| line.replace('\n', " / ")).collect();
    assert_eq!(
        changes(&noted, &corrected),
        lines(
            "
            - 00d 08:30 drove 30 km out
            - 00d 08:45 filled 22 l 37.4 EUR full
            - 00d 12:00 drove 30 km and back
            - 00d 18:00 charged 18 kWh 5.4 EUR slow
            - 00d 22:00 expense 5.4 EUR
            + 00d 08:30 drove 60 km out / and back
            + 00d 18:00 charged 18 kWh 5.4 EUR very slow *
            + 00d 22:00 expense 5.4 EUR *
        "
        )
    );
    for (book, row) in [(CorrectedBook::FuelEntries, fill), (CorrectedBook::ChargingSessions, session)] {
        let mut tx = pipeline.pool().begin().await.unwrap();
        corrections::undo(&mut tx, book, car.id, row).await.unwrap();
        tx.commit().await.unwrap();
        pipeline.tell(car, LATE).await;
        pipeline.replay(car).await;
    }
    let back = house.read().await;
    for line in ["00d 08:40 filled 22 l 37.4 EUR full", "00d 17:55 charged 18 kWh 5.4 EUR very slow"] {
        assert!(back.iter().any(|other| other == line), "{line}: {back:#?}");
    }
    pipeline.replay_in_vain(car).await;
    // Who wipes a note out does not find it again.
    pipeline.person("UPDATE fuel_entries SET notes = NULL").await;
    pipeline.person("UPDATE trips SET notes = NULL").await;
    pipeline.replay(car).await;
    pipeline.tell(car, "0d 08:35 km 1030 fuel 80").await;
    pipeline.replay_all(car).await;
    let words = "SELECT count(*) FROM (SELECT notes FROM fuel_entries UNION ALL SELECT notes FROM trips) AS entry WHERE notes <> ''";
    assert_eq!(pipeline.count(words).await, 0);
    house.pipeline.stop().await;
}

#[tokio::test]
async fn what_is_joined_and_cut_stays_so_and_is_given_back() {
    let house = Household::new().await;
    let (pipeline, car) = (&house.pipeline, &house.car);
    let before = pipeline.read(car).await;
    let at = |minute: i64| -> DateTime<Utc> { start() + TimeDelta::minutes(minute) };

    let trips = pipeline.ids("trips", car).await;
    let mut tx = pipeline.pool().begin().await.unwrap();
    corrections::merge(&mut tx, CorrectedBook::Trips, trips[0], trips[1]).await.unwrap();
    let session = house.row(CorrectedBook::ChargingSessions, 18 * 60).await;
    corrections::split(&mut tx, CorrectedBook::ChargingSessions, session, at(19 * 60), None).await.unwrap();
    tx.commit().await.unwrap();
    pipeline.replay(car).await;
    let joined = house.read().await;
    pipeline.tell(car, LATE).await;
    pipeline.replay(car).await;
    let late = changes(&joined, &house.read().await).into_iter().map(|line| format!("late {line}"));
    let told: Vec<String> = changes(&before, &joined).into_iter().chain(late).collect();
    assert_eq!(
        told,
        lines(
            "
            - 00d 08:30 drove 30 km
            - 00d 12:00 drove 30 km
            - 00d 18:00 charged 18 kWh 5.4 EUR
            - 00d 22:00 expense 5.4 EUR
            + 00d 08:30 drove 60 km
            + 00d 18:00 charged 6 kWh 1.8 EUR
            + 00d 19:00 charged 12 kWh 3.6 EUR
            + 00d 19:00 expense 1.8 EUR
            + 00d 22:00 expense 3.6 EUR
            late - 00d 08:30 drove 60 km
            late - 00d 08:30 exit shop
            late - 00d 08:45 filled 22 l 37.4 EUR
            late - 00d 18:00 charged 6 kWh 1.8 EUR
            late + 00d 08:05 drove 60 km
            late + 00d 08:05 exit shop
            late + 00d 08:40 filled 22 l 37.4 EUR
            late + 00d 17:55 charged 6 kWh 1.8 EUR
        "
        ),
        "\n===\n{}",
        told.join("\n")
    );
    pipeline.replay_in_vain(car).await;

    for book in [CorrectedBook::Trips, CorrectedBook::ChargingSessions] {
        let mut tx = pipeline.pool().begin().await.unwrap();
        let ids = corrections::between(&mut tx, book, car.id, at(0), at(1440)).await.unwrap();
        for entry in ids {
            corrections::undo(&mut tx, book, car.id, entry.id).await.unwrap();
        }
        tx.commit().await.unwrap();
        pipeline.replay(car).await;
    }
    let given_back = house.read().await;
    house.pipeline.stop().await;

    let house = Household::new().await;
    house.pipeline.tell(&house.car, LATE).await;
    assert_eq!(given_back, house.read().await);
    house.pipeline.stop().await;
}
