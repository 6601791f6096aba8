//! The law of the system for all books: whatever the order, the batches, the repetitions, the number of workers and the deaths of
//! their connections, the rows are the same, byte for byte, and a replay finds nothing to write.

use broker::message::DeliveryV1;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use crate::story::{household_with, signals};
use crate::support::{Car, Pipeline, delivery};

const POWERTRAINS: [&str; 3] = ["plug-in hybrid", "electric", "combustion"];

#[tokio::test]
async fn any_order_batches_and_workers_give_the_same_books() {
    check([0, 1, 2, 3, 4], false).await;
}

#[tokio::test]
async fn workers_that_lose_the_database_give_the_same_books() {
    check([5, 6, 7, 8, 9], true).await;
}

async fn check(seeds: [u64; 5], dying: bool) {
    let mut told = [0; 10];
    for seed in seeds {
        for (sum, rows) in told.iter_mut().zip(same_books(seed, dying).await) {
            *sum += rows;
        }
    }
    // No car of these suggests an issue, nor is it charged often enough to tell what its battery holds.
    let empty = told.iter().filter(|rows| **rows == 0).count();
    assert!(empty <= 2, "lives without some kind of row tell nothing of it: {told:?}");
}

/// Gives how many rows there are of each kind.
async fn same_books(seed: u64, dying: bool) -> Vec<usize> {
    let mut chance = StdRng::seed_from_u64(seed);
    let cars = POWERTRAINS.map(|powertrain| (Car::new(), powertrain));
    let mut lives: Vec<DeliveryV1> = cars
        .iter()
        .flat_map(|(car, powertrain)| Life::new(powertrain, &mut chance).tell(car, &mut chance))
        .collect();
    let in_order = books_of(&cars, &lives, &[500], false).await;
    for delivery in lives.clone() {
        lives.extend(vec![delivery; usize::from(chance.random_bool(0.3))]);
    }
    // Most of it nearly in order, so that each road of the fold is taken, or all of it upside down.
    if seed.is_multiple_of(2) {
        lives.shuffle(&mut chance);
    } else {
        for part in lives.chunks_mut(15) {
            part.shuffle(&mut chance);
        }
    }
    let shuffled = books_of(&cars, &lives, &[1, 40, 200], dying).await;
    same(&in_order, &shuffled, seed);
    in_order.iter().map(|book| book.matches("\"id\":").count()).collect()
}

fn same(one: &[String], other: &[String], seed: u64) {
    for (one, other) in one.iter().zip(other) {
        let rows = |book: &str| book.split("}, {").map(str::to_owned).collect::<Vec<_>>();
        let (one, other) = (rows(one), rows(other));
        let of = |some: &[String], without: &[String]| {
            some.iter().filter(|row| !without.contains(row)).cloned().collect::<Vec<_>>().join("\n")
        };
        assert!(
            one == other,
            "seed {seed}, only in order:\n{}\nonly otherwise:\n{}",
            of(&one, &other),
            of(&other, &one)
        );
    }
}

async fn books_of(
    cars: &[(Car, &str)],
    deliveries: &[DeliveryV1],
    batches: &[u16],
    dying: bool,
) -> Vec<String> {
    let mut pipeline = Pipeline::new().await;
    for (car, powertrain) in cars {
        household_with(&pipeline, car, powertrain).await;
    }
    for batch in batches {
        pipeline.worker(*batch).await;
    }
    if dying {
        for part in deliveries.chunks(deliveries.len() / 6 + 1) {
            pipeline.deliver(part).await;
            // Whatever is under way ends here. The pool of this test may lose idle connections, which it opens again.
            sqlx::query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'",
            )
            .execute(pipeline.pool())
            .await
            .unwrap();
        }
        let mut different: Vec<&str> = deliveries.iter().map(|one| one.event_id.as_str()).collect();
        different.sort_unstable();
        different.dedup();
        pipeline.all_are_stored(different.len()).await;
    } else {
        pipeline.tell_all(deliveries).await;
    }
    assert_eq!(pipeline.count("SELECT count(*) FROM parked_messages").await, 0);
    for (car, _) in cars {
        intake::replay::replay(pipeline.pool(), car.vehicle, runtime::clock::now()).await.unwrap();
    }
    assert_eq!(pipeline.count("SELECT count(*) FROM dirty_vehicles").await, 0);
    let books = pipeline.books().await;
    for (car, _) in cars {
        pipeline.replay_in_vain(car).await;
    }
    pipeline.stop().await;
    books
}

/// A car as it is.
struct Life {
    burns: bool,
    plugs: bool,
    minute: i64,
    km: f64,
    fuel: f64,
    soc: f64,
    metres: i32,
    /// What was said, a line a moment.
    lines: Vec<String>,
}

impl Life {
    fn new(powertrain: &str, chance: &mut StdRng) -> Self {
        Self {
            burns: powertrain != "electric",
            plugs: powertrain != "combustion",
            minute: chance.random_range(0..600),
            km: 12_000.0,
            fuel: 60.0,
            soc: 70.0,
            metres: 0,
            lines: Vec::new(),
        }
    }

    /// Some weeks, of which each delivery tells the newest and repeats some of what was said before.
    fn tell(mut self, car: &Car, chance: &mut StdRng) -> Vec<DeliveryV1> {
        for _ in 0..35 {
            match chance.random_range(0..10) {
                0..=3 => self.drive(chance),
                4 | 5 => self.charge(chance),
                6 => self.fill(chance),
                7 => self.stumble(chance),
                _ => self.stand(chance),
            }
        }
        let mut deliveries = Vec::new();
        for number in 0..self.lines.len() {
            let mut said: Vec<Value> = signals(&self.lines[number]);
            for _ in 0..chance.random_range(0..3) {
                said.extend(signals(&self.lines[chance.random_range(0..=number)]));
            }
            deliveries.push(delivery(car, &json!(said)));
        }
        deliveries
    }

    fn pass(&mut self, minutes: std::ops::Range<i64>, chance: &mut StdRng) {
        self.minute += chance.random_range(minutes);
    }

    fn say(&mut self, words: &str) {
        let (day, minute) = (self.minute / 1440, self.minute % 1440);
        self.lines.push(format!("{day}d {:02}:{:02} {words}", minute / 60, minute % 60));
    }

    /// What it shows now, or some of it.
    fn look(&mut self, chance: &mut StdRng) {
        let mut words = Vec::new();
        if chance.random_bool(0.8) {
            words.push(format!("km {:.1}", self.km));
        }
        if self.burns && chance.random_bool(0.7) {
            words.push(format!("fuel {:.0}", self.fuel));
        }
        if self.plugs && chance.random_bool(0.7) {
            words.push(format!("soc {:.0}", self.soc));
        }
        if chance.random_bool(0.6) {
            words.push(format!("at {}", self.metres));
        }
        if !words.is_empty() {
            self.say(&words.join(" "));
        }
    }

    fn drive(&mut self, chance: &mut StdRng) {
        self.look(chance);
        for _ in 0..chance.random_range(1..3) {
            let km: f64 = chance.random_range(2.0..45.0);
            self.pass(20..80, chance);
            self.km += km;
            self.fuel = (self.fuel - km * 0.15).max(6.0);
            self.soc = (self.soc - km * 0.4).max(12.0);
            self.metres = *[0, 20, 5_000, 5_100, 30_000].choose(chance).unwrap();
            self.look(chance);
        }
        self.pass(1..40, chance);
        self.look(chance);
    }

    fn charge(&mut self, chance: &mut StdRng) {
        if !self.plugs {
            return;
        }
        self.pass(5..60, chance);
        if chance.random_bool(0.5) {
            self.soc = chance.random_range(12.0..35.0);
        }
        let soc = self.soc;
        self.say(&format!("plug yes charging yes kwh 0 soc {soc:.0} at {}", self.metres));
        while self.soc < 85.0 {
            self.pass(20..90, chance);
            self.soc += chance.random_range(8.0..30.0);
            self.soc = self.soc.min(92.0);
            if chance.random_bool(0.8) {
                self.say(&format!("charging yes kwh {:.1} soc {:.0}", (self.soc - soc) * 0.58, self.soc));
            }
        }
        self.pass(1..30, chance);
        self.say(&format!("charging no kwh {:.1} soc {:.0}", (self.soc - soc) * 0.58, self.soc));
        self.pass(1..600, chance);
        if chance.random_bool(0.7) {
            self.say("plug no");
        }
    }

    fn fill(&mut self, chance: &mut StdRng) {
        if self.burns {
            self.look(chance);
            self.pass(5..60, chance);
            self.fuel = (self.fuel + chance.random_range(15.0..60.0)).min(100.0);
            self.look(chance);
        }
    }

    fn stand(&mut self, chance: &mut StdRng) {
        self.pass(60..2_000, chance);
        self.look(chance);
    }

    /// What cars say that is not so, or seldom.
    fn stumble(&mut self, chance: &mut StdRng) {
        self.pass(10..200, chance);
        match chance.random_range(0..6) {
            0 => self.say(&format!("km {:.1}", self.km + 5_000.0)),
            1 => self.say(&format!("km {:.1} fuel {:.0}", self.km - 300.0, self.fuel)),
            2 if self.burns => {
                self.fuel = (self.fuel - 20.0).max(6.0);
                self.say(&format!("km {:.1} fuel {:.0}", self.km, self.fuel));
                self.pass(60..200, chance);
                self.say(&format!("km {:.1} fuel {:.0}", self.km, self.fuel));
            }
            3 if self.plugs => self.say("charging yes"),
            4 => {
                self.say(&format!("km {:.1} at {}", self.km, self.metres));
                self.pass(60..200, chance);
                self.metres += 3_000;
                self.say(&format!("km {:.1} at {}", self.km, self.metres));
            }
            _ => self.say(&format!("km {:.1}", self.km / 1.609_34)),
        }
    }
}
