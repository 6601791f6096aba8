//! What heads remember of the books is what is stored: two households live the same days, and of one of them nothing is ever
//! remembered.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use intake::{KnownReadings, Understood};
use serde_json::Value;
use sqlx::AssertSqlSafe;
use store::states::StoredHead;

use crate::story::{DAYS, deliveries, household, lines};
use crate::support::{Car, Pipeline};

/// A database, the cars in it, and two workers that take turns.
struct House {
    pipeline: Pipeline,
    cars: Vec<Car>,
    workers: [KnownReadings; 2],
    turns: usize,
    remembers: bool,
}

impl House {
    async fn of(cars: &[Car], remembers: bool) -> Self {
        let pipeline = Pipeline::new().await;
        for car in cars {
            household(&pipeline, car).await;
        }
        Self { pipeline, cars: cars.to_vec(), workers: <[KnownReadings; 2]>::default(), turns: 0, remembers }
    }

    /// One batch; with `keep` false it is rolled back at its end.
    async fn fold(&mut self, said: &[(usize, String)], keep: bool) {
        if !self.remembers {
            self.pipeline
                .person(
                    "INSERT INTO setup_versions AS known (vehicle_id, version) SELECT id, 1 FROM smartcar_vehicles
                     ON CONFLICT (vehicle_id) DO UPDATE SET version = known.version + 1",
                )
                .await;
        }
        let understood: Vec<Understood> = said
            .iter()
            .flat_map(|(car, line)| deliveries(&self.cars[*car], line))
            .map(Understood::of)
            .collect();
        let batch: Vec<&Understood> = understood.iter().collect();
        self.turns += 1;
        let known = &self.workers[self.turns % 2];
        let mut tx = self.pipeline.pool().begin().await.unwrap();
        store::act_as_machine(&mut tx).await.unwrap();
        let handled = intake::batch::handle_in(&mut tx, known, &batch, runtime::clock::now()).await.unwrap();
        if keep {
            tx.commit().await.unwrap();
            handled.committed(known);
        } else {
            tx.rollback().await.unwrap();
        }
    }

    /// A line of a car's story: a delivery; `lost` and a delivery, whose batch is rolled back; `late` and deliveries of one batch,
    /// between semicolons; `machine` and SQL; `replay all`; `older` and a delivery, which an older program folds; anything else
    /// is what a person does. `{car}` is the car's id.
    async fn live(&mut self, car: usize, line: &str) {
        let line = line.replace("{car}", &self.cars[car].id.to_string());
        let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
        match (word, rest) {
            ("lost", said) => self.fold(&[(car, said.to_owned())], false).await,
            ("late", said) => {
                let said: Vec<_> = said.split(';').map(|one| (car, one.to_owned())).collect();
                self.fold(&said, true).await;
            }
            ("machine", sql) => self.as_machine(sql).await,
            ("replay", "all") => self.pipeline.replay_all(&self.cars[car]).await,
            ("older", said) => self.as_older_program(car, said).await,
            _ if word.ends_with('d') => self.fold(&[(car, line)], true).await,
            _ => self.pipeline.person(&line).await,
        }
    }

    async fn replay(&self) {
        for car in &self.cars {
            intake::replay::replay(self.pipeline.pool(), car.vehicle, runtime::clock::now()).await.unwrap();
        }
    }

    async fn as_machine(&self, sql: &str) {
        let mut tx = self.pipeline.pool().begin().await.unwrap();
        store::act_as_machine(&mut tx).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut *tx).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// A program that knows JSON alone folds this: it leaves the bytes of the head's row as they were.
    async fn as_older_program(&mut self, car: usize, said: &str) {
        let vehicle = self.cars[car].vehicle;
        let head = "FROM vehicle_states WHERE vehicle_id = $1 ORDER BY day DESC LIMIT 1";
        let bytes: Option<Vec<u8>> = sqlx::query_scalar(AssertSqlSafe(format!("SELECT memory {head}")))
            .bind(vehicle)
            .fetch_one(self.pipeline.pool())
            .await
            .unwrap();
        self.fold(&[(car, said.to_owned())], true).await;
        let mut db = self.pipeline.pool().acquire().await.unwrap();
        let heads = store::states::heads(&mut db, &[vehicle]).await.unwrap().remove(&vehicle).unwrap();
        let StoredHead::Current { head: known, .. } = heads else { panic!("{heads:?}") };
        let settled = store::states::of_heads(&mut db, &[vehicle]).await.unwrap().remove(&vehicle).unwrap();
        sqlx::query(AssertSqlSafe(format!(
            "UPDATE vehicle_states SET state = $2::json, tail = $3::json, memory = $4
             WHERE vehicle_id = $1 AND day = (SELECT day {head})"
        )))
        .bind(vehicle)
        .bind(serde_json::to_string(&settled.state).unwrap())
        .bind(serde_json::to_string(&known.tail).unwrap())
        .bind(bytes)
        .execute(&mut *db)
        .await
        .unwrap();
    }

    /// The books and what was kept of what they said, by table.
    async fn books(&self) -> BTreeMap<String, Vec<Value>> {
        let tables = self.pipeline.books().await;
        tables
            .iter()
            .map(|table| {
                let (name, rows) = table.split_once(' ').unwrap();
                (name.to_owned(), serde_json::from_str(rows).unwrap())
            })
            .collect()
    }
}

/// The two live the same, line by line, and have the same books after each.
async fn check(story: &str) {
    check_each(&[story.to_owned()]).await;
}

/// The same for several stories, each of a car of its own; of many, the books are compared at the end of each.
async fn check_each(stories: &[String]) {
    let cars: Vec<Car> = stories.iter().map(|_| Car::new()).collect();
    let (mut one, mut other) = (House::of(&cars, true).await, House::of(&cars, false).await);
    for (car, story) in stories.iter().enumerate() {
        let mut told = String::new();
        for line in lines(story) {
            told.push_str(&line);
            told.push('\n');
            one.live(car, &line).await;
            other.live(car, &line).await;
            if stories.len() == 1 {
                same(&one, &other, &told).await;
            }
        }
        same(&one, &other, &told).await;
    }
    finish(one, other, "in the end").await;
}

async fn finish(one: House, other: House, told: &str) {
    one.replay().await;
    other.replay().await;
    same(&one, &other, told).await;
    for car in &one.cars {
        one.pipeline.replay_in_vain(car).await;
    }
    one.pipeline.stop().await;
    other.pipeline.stop().await;
}

async fn same(one: &House, other: &House, told: &str) {
    let (remembered, asked) = (one.books().await, other.books().await);
    for (table, rows) in &asked {
        let known = &remembered[table];
        let missing: Vec<_> = rows.iter().filter(|row| !known.contains(row)).collect();
        let odd: Vec<_> = known.iter().filter(|row| !rows.contains(row)).collect();
        assert!(
            missing.is_empty() && odd.is_empty(),
            "{table} after\n{told}\nmissing: {missing:#?}\nodd: {odd:#?}"
        );
    }
}

#[tokio::test]
async fn two_workers_that_take_turns_write_what_one_would() {
    check(DAYS).await;
}

#[tokio::test]
async fn a_batch_that_was_rolled_back_is_not_remembered() {
    check(
        "
        0d 08:00 km 1000 fuel 40 soc 60 at 5000
        0d 08:30 km 1030 fuel 36
        lost 0d 08:45 km 1030 fuel 80
        0d 08:50 km 1030 fuel 82
        lost 0d 12:00 km 1060 fuel 76
        0d 12:01 km 1061 fuel 76
        lost 0d 18:00 charging yes kwh 0 soc 40
        0d 18:30 charging yes kwh 2 soc 44
        0d 20:00 charging no kwh 9 soc 60
        2d 08:00 km 1061 fuel 75
        ",
    )
    .await;
}

#[tokio::test]
async fn what_people_do_between_two_readings_is_seen_by_the_next() {
    let acts = [
        "DELETE FROM fuel_entries WHERE car_id = '{car}'",
        "UPDATE fuel_entries SET litres = 20, notes = 'mine' WHERE car_id = '{car}'",
        "UPDATE fuel_entries SET state = 'confirmed' WHERE car_id = '{car}'",
        "DELETE FROM trips WHERE car_id = '{car}'",
        "UPDATE trips SET state = 'confirmed' WHERE ended_at IS NOT NULL AND car_id = '{car}'",
        "DELETE FROM meter_entries WHERE car_id = '{car}'",
        "UPDATE meter_entries SET odometer_reading = odometer_reading + 1 WHERE car_id = '{car}'",
        "INSERT INTO fuel_entries (id, car_id, filled_at, litres, full_tank) VALUES ('{car}', '{car}', '2026-02-16T08:50:00Z', 21.5, false)",
        "INSERT INTO meter_entries (id, car_id, odometer_reading, entry_date) VALUES ('{car}', '{car}', 1031, '2026-02-16T08:50:00Z')",
        "INSERT INTO meter_entries (id, car_id, odometer_reading, entry_date) VALUES ('{car}', '{car}', 1070, '2026-02-16T13:00:00Z')",
        "UPDATE cars SET tank_capacity_l = 70 WHERE id = '{car}'",
    ];
    let mut stories = Vec::new();
    for act in acts {
        // The mark is heeded by the next batch, or lost.
        for mark in ["", "machine DELETE FROM dirty_vehicles"] {
            stories.push(format!(
                "
                0d 08:00 km 1000 fuel 40 soc 60 at 5000
                0d 08:30 km 1030 fuel 36 at 30000
                0d 08:45 km 1030 fuel 80
                {act}
                {mark}
                0d 08:46 km 1030 fuel 83
                0d 12:00 km 1060 fuel 76 at 5000
                0d 17:00 km 1090 fuel 71 soc 40 at 0
                0d 20:00 km 1090
                ",
            ));
        }
    }
    check_each(&stories).await;
}

#[tokio::test]
async fn what_people_say_of_a_session_that_goes_on_is_seen_by_the_next_reading() {
    let acts = [
        "UPDATE charging_sessions SET cost = 1.5, currency = 'EUR' WHERE car_id = '{car}'",
        "DELETE FROM charging_sessions WHERE car_id = '{car}'",
        "UPDATE geofences SET longitude = 11",
    ];
    let story = |act: &str| {
        format!(
            "
            0d 17:50 km 1065 at 0
            0d 18:00 km 1065 soc 40 at 0 plug yes charging yes kwh 0
            0d 20:00 soc 60 kwh 12 charging yes
            {act}
            0d 21:00 soc 65 kwh 15 charging yes
            0d 22:00 soc 70 kwh 18 charging no
            DELETE FROM expenses WHERE car_id = '{{car}}'
            1d 07:00 plug no km 1065
            1d 08:00 km 1095 soc 65 at 5000
            ",
        )
    };
    check_each(&acts.map(story)).await;
}

#[tokio::test]
async fn late_readings_and_replays_leave_a_memory_of_what_is_stored() {
    check(
        "
        0d 08:00 km 1000 fuel 40 soc 60 at 5000
        0d 08:30 km 1030 fuel 36 soc 50 at 30000
        0d 08:45 km 1030 fuel 80
        late 0d 08:10 km 1010;0d 08:40 km 1030 fuel 78
        0d 12:00 km 1060 fuel 76 soc 40 at 5000
        replay all
        0d 12:30 km 1060 at 5000
        0d 17:50 km 1065 at 0
        0d 18:00 km 1065 soc 40 at 0 plug yes charging yes kwh 0
        late 0d 09:00 km 1040;0d 17:58 soc 39 charging yes
        0d 20:00 soc 60 kwh 12 charging yes
        replay all
        0d 22:00 soc 70 kwh 18 charging no
        late 0d 08:44 km 1030 fuel 36;0d 21:00 soc 66
        1d 07:00 plug no km 1065
        1d 08:00 km 1095 soc 65 at 5000
        late 0d 08:46 fuel 36
        late 1d 07:30 km 1075 at 2000;0d 11:00 km 1050
        1d 08:30 km 1095 at 5000
        ",
    )
    .await;
}

#[tokio::test]
async fn rows_whose_readings_are_gone_are_not_remembered() {
    check(
        "
        0d 08:00 km 1000 fuel 40 soc 60 at 5000
        0d 08:30 km 1030 fuel 36 at 30000
        0d 08:45 km 1030 fuel 80
        0d 12:00 km 1060 fuel 76 at 5000
        0d 17:00 km 1090 soc 40 at 0 charging yes kwh 0
        0d 19:00 km 1090 soc 60 kwh 12 charging yes
        machine DELETE FROM readings; DELETE FROM vehicle_states
        replay all
        0d 19:10 km 1090 soc 61 kwh 12.6 charging yes
        0d 19:20 km 1090 soc 61 kwh 12.7 charging no
        0d 19:30 km 1120 fuel 72 at 5000
        1d 08:00 km 1150 fuel 68 at 9000
        1d 18:00 km 1150 fuel 68
        ",
    )
    .await;
}

#[tokio::test]
async fn what_an_older_program_wrote_is_read_and_the_bytes_beside_it_are_not() {
    check(
        "
        0d 08:00 km 1000 fuel 40 soc 60 at 5000
        0d 08:30 km 1030 fuel 36 at 30000
        older 0d 08:45 km 1030 fuel 80
        0d 12:00 km 1060 fuel 76 at 5000
        older 0d 18:00 km 1065 soc 40 charging yes kwh 0
        older 0d 20:00 soc 60 kwh 12 charging yes
        0d 22:00 soc 70 kwh 18 charging no
        1d 08:00 km 1095 soc 65 at 5000
        ",
    )
    .await;
}

/// Numbers that look like chance, the same ones each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[usize::try_from(self.below(list.len() as u64)).unwrap()]
    }
}

/// A car that somebody drives, fills and charges by chance.
struct Life {
    minute: u64,
    km: u64,
    fuel: u64,
    soc: u64,
    charging: bool,
}

impl Life {
    /// What it says next, or says late.
    fn line(&mut self, chance: &mut Chance) -> String {
        self.minute += [5, 20, 45, 90, 400, 1500][usize::try_from(chance.below(6)).unwrap()];
        let mut words = vec![];
        match chance.below(5) {
            0 | 1 if !self.charging => {
                let way = 5 + chance.below(40);
                self.km += way;
                self.fuel = self.fuel.saturating_sub(way / 8).max(5);
                words.push(format!("at {}", chance.below(3) * 5000));
            }
            2 if !self.charging => self.fuel = (self.fuel + 40).min(100),
            3 => {
                self.charging = !self.charging;
                words.push(format!("charging {}", if self.charging { "yes" } else { "no" }));
            }
            _ => {}
        }
        if self.charging {
            self.soc = (self.soc + 7).min(100);
        }
        if chance.below(4) > 0 {
            words.push(format!("km {}", self.km));
        }
        if chance.below(3) > 0 {
            words.push(format!("fuel {}", self.fuel));
        }
        words.push(format!("soc {}", self.soc));
        let late = if chance.below(8) == 0 { chance.below(600).min(self.minute) } else { 0 };
        let minute = self.minute - late;
        format!("{}d {:02}:{:02} {}", minute / 1440, minute / 60 % 24, minute % 60, words.join(" "))
    }
}

/// What a person does to some row of a book, the same one in both households.
fn act(chance: &mut Chance, car: &Car) -> String {
    let table = chance.of(&["fuel_entries", "trips", "charging_sessions", "meter_entries"]);
    let began = if table == "meter_entries" { "entry_date" } else { "evidence_until" };
    let over = match table {
        "charging_sessions" | "trips" => " AND ended_at IS NOT NULL",
        _ => "",
    };
    let row = format!(
        "(SELECT id FROM {table} WHERE car_id = '{}'{over} ORDER BY {began} DESC, id LIMIT 1 OFFSET {})",
        car.id,
        chance.below(3)
    );
    match chance.below(3) {
        0 => format!("DELETE FROM {table} WHERE id = {row}"),
        1 => format!("UPDATE {table} SET notes = 'seen' WHERE id = {row}"),
        _ if table == "meter_entries" => {
            format!("UPDATE {table} SET odometer_reading = odometer_reading + 1 WHERE id = {row}")
        }
        _ => format!("UPDATE {table} SET state = 'confirmed' WHERE id = {row}"),
    }
}

#[tokio::test]
async fn whatever_happens_what_is_remembered_is_what_is_stored() {
    const CARS: usize = 10;
    const ROUNDS: usize = 40;
    let cars: Vec<Car> = (0..CARS).map(|_| Car::new()).collect();
    let (mut one, mut other) = (House::of(&cars, true).await, House::of(&cars, false).await);
    let mut chance = Chance(20_260_216);
    let mut lives: Vec<Life> =
        (0..CARS).map(|_| Life { minute: 480, km: 1000, fuel: 50, soc: 50, charging: false }).collect();
    let mut told = String::new();
    for round in 0..ROUNDS {
        let said: Vec<(usize, String)> =
            lives.iter_mut().enumerate().map(|(car, life)| (car, life.line(&mut chance))).collect();
        writeln!(told, "{round}: {said:?}").unwrap();
        let keep = chance.below(10) > 0;
        one.fold(&said, keep).await;
        other.fold(&said, keep).await;
        if chance.below(3) == 0 {
            let car = usize::try_from(chance.below(CARS as u64)).unwrap();
            let sql = act(&mut chance, &cars[car]);
            writeln!(told, "{car}: {sql}").unwrap();
            one.pipeline.person(&sql).await;
            other.pipeline.person(&sql).await;
        }
        if chance.below(6) == 0 {
            told.push_str("replay\n");
            one.replay().await;
            other.replay().await;
        }
        same(&one, &other, &told).await;
    }
    let drives = "SELECT count(*) FROM trips";
    assert!(one.pipeline.count(drives).await > 50, "little happened");
    finish(one, other, &told).await;
}
