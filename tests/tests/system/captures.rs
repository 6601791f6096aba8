//! Bodies in the platform's shapes, from the door to the book. Real captures flow too, where they are at hand.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::installation::{Installation, PATIENCE, SECRET, connect};

/// Our own bodies in the shapes of the wire.
const FIXTURES: &str = "../shared/smartcar/fixtures";
/// Captures of live cars. They are not part of the project.
const CAPTURES: &str = "../../shared/captures/webhooks";

/// A body, and the car that reports its odometer in it.
struct Capture {
    name: String,
    bytes: Vec<u8>,
    event_id: Option<String>,
    car: Option<ReportedCar>,
}

struct ReportedCar {
    vehicle: String,
    user: String,
    /// In the unit of the wire.
    odometer: f64,
    /// At the car, in milliseconds.
    at: i64,
}

fn captures(folder: &str) -> Vec<Capture> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let Ok(files) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let read = |file: PathBuf| {
        let bytes = fs::read(&file).unwrap();
        let json: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let event_id = json["eventId"].as_str().map(str::to_owned);
        Capture { name: file.display().to_string(), bytes, event_id, car: reported_car(&json) }
    };
    files.into_iter().map(read).collect()
}

/// `None` for bodies of other forms, and without an odometer that was read.
fn reported_car(json: &Value) -> Option<ReportedCar> {
    let text = |path: &str| json.pointer(path).and_then(Value::as_str).map(str::to_owned);
    let signals = json.pointer("/data/signals")?.as_array()?;
    let odometer = signals.iter().find(|signal| signal["code"] == "odometer-traveleddistance")?;
    let shown = odometer.pointer("/body/value")?.as_f64()?;
    // What is wrong on purpose has stories of its own.
    let is_fine = shown > 0.0 && odometer.pointer("/status/value").is_none_or(|status| status == "SUCCESS");
    is_fine.then_some(ReportedCar {
        vehicle: text("/data/vehicle/id")?,
        user: text("/data/user/id")?,
        odometer: shown,
        at: odometer.pointer("/meta/oemUpdatedAt")?.as_i64()?,
    })
}

#[tokio::test]
async fn bodies_in_the_shapes_of_the_wire_flow_from_the_door_to_the_book() {
    let database = harness::database().await;
    let installation = Installation::on(&database, &harness::amqp_url()).await;
    let own = captures(FIXTURES);
    assert!(own.len() >= 5, "where are our own fixtures?");
    let mut captures: Vec<Capture> = own.into_iter().chain(captures(CAPTURES)).collect();
    // Some captures were made from one another and bear the same id: to us, and rightly, one event.
    let mut seen = BTreeSet::new();
    captures.retain(|capture| capture.event_id.as_ref().is_none_or(|id| seen.insert(id.clone())));
    let mut cars: BTreeMap<&str, &ReportedCar> = BTreeMap::new();
    for car in captures.iter().filter_map(|capture| capture.car.as_ref()) {
        if !cars.contains_key(car.vehicle.as_str()) {
            connect(&installation.pool, &car.vehicle, &car.user, &car.vehicle).await;
        }
        // Later ones of an invented car may contradict its first.
        let first = cars.entry(&car.vehicle).or_insert(car);
        if car.at < first.at {
            *first = car;
        }
    }
    assert!(cars.len() >= 2, "the fixtures name {} cars", cars.len());

    // What lies further apart than the horizon is folded when the scheduler asks for it.
    let _programs = [installation.worker(), installation.scheduler()];
    let client = reqwest::Client::new();
    for capture in &captures {
        let signature = simulator::wire::sign(SECRET.as_bytes(), &capture.bytes);
        let post =
            client.post(&installation.door).header("SC-Signature", signature).body(capture.bytes.clone());
        assert_eq!(post.send().await.unwrap().status(), 200, "{}", capture.name);
    }
    for car in cars.values() {
        harness::eventually(
            PATIENCE,
            &format!("{} km is in the book of {}", car.odometer, car.vehicle),
            async || is_in_the_book(&installation, car).await,
        )
        .await;
    }
    database.close().await;
}

/// The plan's own way to look: by the notes.
async fn is_in_the_book(installation: &Installation, car: &ReportedCar) -> bool {
    sqlx::query_scalar(
        "SELECT count(*) > 0 FROM meter_entries AS entry JOIN cars AS car ON car.id = entry.car_id
         WHERE entry.notes LIKE '%Smartcar%' AND car.name = $1
           AND round(odometer_reading, 1) IN (round($2::numeric, 1), round($2::numeric * 1.60934, 1))",
    )
    .bind(&car.vehicle)
    .bind(car.odometer)
    .fetch_one(&installation.pool)
    .await
    .unwrap()
}
