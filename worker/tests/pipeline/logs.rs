//! What a worker logs of what cars told: nothing, wherever it fails and however closely it is listened to.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use serde_json::json;
use tracing_subscriber::EnvFilter;
use uuid::Uuid;

use crate::story::{deliveries, household};
use crate::support::{Car, Pipeline, delivery, of, signal};

/// Everything that our own crates and the database's driver say.
const EVERYTHING: &str = "trace,lapin=off,async_io=off,polling=off,mio=off";

const VIN: &str = "WVWZZZE1ZMP000042";
const LATITUDE: f64 = 47.123_456;
const LONGITUDE: f64 = 8.567_891;
const CODE: &str = "hunter2";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_worker_logs_no_body_no_vin_and_no_position_also_of_what_it_cannot_take() {
    let log = Log::default();
    let writer = log.clone();
    let all = tracing_subscriber::fmt().with_env_filter(EnvFilter::new(EVERYTHING));
    all.with_writer(move || writer.clone()).try_init().unwrap();

    let mut pipeline = Pipeline::new().await;
    let (open, shut, unknown) = (Car::new(), Car::new(), Car::new());
    household(&pipeline, &open).await;
    pipeline.add(&shut).await;
    pipeline.connect(&shut).await;
    pipeline.worker(20).await;

    let position = json!({ "latitude": LATITUDE, "longitude": LONGITUDE });
    let private = |car: &Car, minute: i64| {
        let vin = signal("vehicleidentification-vin", minute, &json!({ "value": VIN }));
        let codes = signal("diagnostics-dtclist", minute, &json!({ "values": [{ "code": CODE }] }));
        delivery(car, &json!([vin, codes, signal("location-preciselocation", minute, &position)]))
    };
    let mut told = deliveries(&open, "0d 08:00 km 1000 fuel 40 at 0\n0d 08:30 km 1030 fuel 36");
    told.extend([&open, &shut, &unknown].map(|car| private(car, 600)));
    pipeline.tell_all(&told).await;
    // Nobody understands the one, and of the other the database says in detail what it refuses.
    let odd = format!(r#"{{"vin": "{VIN}", "at": [{LATITUDE}, {LONGITUDE}], "code": "{CODE}""#);
    sqlx::raw_sql("ALTER TABLE readings ADD CHECK (at <> '2026-02-16T11:40:00Z')")
        .execute(pipeline.pool())
        .await
        .unwrap();
    pipeline.deliver(&[of(Uuid::new_v4().to_string(), &odd), private(&open, 700)]).await;
    pipeline.until("SELECT count(*) FROM parked_messages", 2).await;
    pipeline.stop_workers().await;

    let logged = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(logged.contains("DEBUG") && logged.lines().count() > 50, "little is logged: {logged}");
    for private in [VIN, "47.1234", "8.5678", CODE, "10.2697"] {
        let line = logged.lines().find(|line| line.contains(private));
        assert!(line.is_none(), "{private}: {line:?}");
    }
    pipeline.stop().await;
}
