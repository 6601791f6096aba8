//! The law of the system, through the real servers: the same deliveries in any order, each of them one to five times,
//! over several workers, give the same book, byte for byte.

use broker::message::DeliveryV1;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use serde_json::json;

use crate::support::{Car, Pipeline, delivery, signal};

/// Everything that was derived, but for the moments at which it was written down.
const BOOK: [&str; 4] = [
    "SELECT jsonb_agg(to_jsonb(row) - 'created_at' ORDER BY id)::text FROM meter_entries AS row",
    "SELECT jsonb_agg(to_jsonb(row) ORDER BY id)::text FROM quarantined_readings AS row",
    "SELECT jsonb_agg(to_jsonb(row) - 'created_at' ORDER BY id)::text FROM issues AS row",
    "SELECT jsonb_agg(to_jsonb(row) ORDER BY vehicle_id, at, signal, value_hash)::text FROM readings AS row",
];

#[tokio::test]
async fn any_order_any_duplicates_and_several_workers_give_the_same_book() {
    for seed in 0..3 {
        let mut chance = StdRng::seed_from_u64(seed);
        let cars: Vec<Car> = (0..6).map(|_| Car::new()).collect();
        let mut deliveries: Vec<DeliveryV1> = cars.iter().flat_map(|car| a_month(car, &mut chance)).collect();

        let in_order = book_of(&cars, &deliveries, deliveries.len(), &[500]).await;
        let number = deliveries.len();
        for delivery in deliveries.clone() {
            deliveries.extend(vec![delivery; chance.random_range(0..=4)]);
        }
        deliveries.shuffle(&mut chance);
        let shuffled = book_of(&cars, &deliveries, number, &[1, 7, 50, 200]).await;
        assert!(in_order[0].len() > 1_000, "the book must not be empty: {}", in_order[0]);
        assert_eq!(in_order, shuffled, "seed {seed}");
    }
}

/// Delivers, with one worker for each batch size, and gives the book when all is stored.
async fn book_of(
    cars: &[Car],
    deliveries: &[DeliveryV1],
    different: usize,
    batch_sizes: &[u16],
) -> Vec<String> {
    let mut pipeline = Pipeline::new().await;
    for car in cars {
        pipeline.add(car).await;
        pipeline.connect(car).await;
    }
    for batch_size in batch_sizes {
        pipeline.worker(*batch_size).await;
    }
    pipeline.deliver(deliveries).await;
    pipeline.all_are_stored(different).await;
    let mut book = Vec::new();
    for sql in BOOK {
        let rows: Option<String> = sqlx::query_scalar(sql).fetch_one(pipeline.pool()).await.unwrap();
        book.push(rows.unwrap_or_default());
    }
    pipeline.stop().await;
    book
}

/// What a car reports in some weeks: each delivery repeats an older reading beside the new one, as the platform
/// does, and now and then the counter shows nonsense, miles, a leap or a fall.
fn a_month(car: &Car, chance: &mut StdRng) -> Vec<DeliveryV1> {
    let (mut minute, mut km) = (0, 30_000.0);
    let mut last = None;
    let mut deliveries = Vec::new();
    for _ in 0..60 {
        minute += chance.random_range(1..900);
        km += if chance.random_bool(0.6) { chance.random_range(0.0..90.0) } else { 0.0 };
        let shown: f64 = match chance.random_range(0..30) {
            0 => 0.0,
            1 => km + 5_000.0,
            2 => km - 4_000.0,
            3 => km / 1.609_34,
            4 => 429_496_729.0,
            5 => km + 60.0,
            _ => km,
        };
        let shown = (shown * 10.0).round() / 10.0;
        let new = signal("odometer-traveleddistance", minute, &json!({ "value": shown, "unit": "km" }));
        let charge =
            signal("tractionbattery-stateofcharge", minute, &json!({ "value": 60, "unit": "percent" }));
        let mut signals = vec![new.clone(), charge];
        signals.extend(last.replace(new));
        deliveries.push(delivery(car, &json!(signals)));
    }
    deliveries
}
