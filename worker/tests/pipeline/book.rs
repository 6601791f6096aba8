//! From deliveries to the book, through a real broker and a real database.

use crate::support::{PATIENCE, Pipeline, delivery, odometer, of, signal};
use broker::message::{JobV1, Source};
use serde_json::json;
use tokio::time::Instant;
use uuid::Uuid;

#[tokio::test]
async fn a_delivery_becomes_a_meter_entry_and_a_sync_log() {
    let mut pipeline = Pipeline::new().await;
    let car = pipeline.connected_car().await;
    pipeline.worker(200).await;
    pipeline.deliver(&[odometer(&car, 480, 25_010.0), odometer(&car, 900, 25_042.5)]).await;
    pipeline.until("SELECT count(*) FROM meter_entries WHERE notes LIKE '%Smartcar%'", 2).await;
    assert_eq!(
        pipeline.book(&car).await,
        [
            "2026-02-16 08:00 25010 Automatically synced from Smartcar",
            "2026-02-16 15:00 25042.5 Automatically synced from Smartcar",
        ]
    );
    let logs = "SELECT count(*) FROM smartcar_sync_logs AS log JOIN meter_entries AS entry
                ON (log.data->>'meter_entry_id')::uuid = entry.id WHERE log.sync_type = 'odometer'";
    assert_eq!(pipeline.count(logs).await, 2);
    let events =
        "SELECT count(*) FROM smartcar_webhook_events WHERE processed AND payload->>'eventType' = event_type";
    assert_eq!(pipeline.count(events).await, 2);
    assert_eq!(
        pipeline.count("SELECT count(*) FROM smartcar_vehicles WHERE last_synced_at IS NOT NULL").await,
        1
    );
    pipeline.stop().await;
}

#[tokio::test]
async fn the_same_delivery_many_times_is_one_event_and_one_entry() {
    let mut pipeline = Pipeline::new().await;
    let car = pipeline.connected_car().await;
    pipeline.worker(3).await;
    pipeline.worker(3).await;
    let (one, last) = (odometer(&car, 480, 100.0), odometer(&car, 900, 200.0));
    pipeline.deliver(&vec![one; 40]).await;
    pipeline.deliver(&[last]).await;
    pipeline.all_are_stored(2).await;
    assert_eq!(pipeline.book(&car).await.len(), 2);
    pipeline.stop().await;
}

#[tokio::test]
async fn a_body_that_nobody_understands_is_parked_and_its_neighbours_are_folded() {
    let mut pipeline = Pipeline::new().await;
    let car = pipeline.connected_car().await;
    let mut deliveries: Vec<_> =
        (0..50).map(|n| odometer(&car, i64::from(n) * 10, f64::from(100 + n))).collect();
    deliveries.insert(20, of("garbage".to_owned(), "{\"eventType\":"));
    pipeline.deliver(&deliveries).await;
    pipeline.worker(200).await;
    pipeline.all_are_stored(50).await;
    pipeline.until("SELECT count(*) FROM parked_messages WHERE message_key = 'garbage'", 1).await;
    assert_eq!(pipeline.book(&car).await.len(), 50);
    pipeline.stop().await;
}

#[tokio::test]
async fn a_delivery_that_the_database_refuses_is_found_by_halving_and_parked_alone() {
    let mut pipeline = Pipeline::new().await;
    let car = pipeline.connected_car().await;
    sqlx::raw_sql(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '22000'; END $$;
         CREATE TRIGGER refuse BEFORE INSERT ON webhook_events FOR EACH ROW
         WHEN (NEW.event_id = 'poison') EXECUTE FUNCTION refuse();",
    )
    .execute(pipeline.pool())
    .await
    .unwrap();
    let mut deliveries: Vec<_> =
        (0..99).map(|n| odometer(&car, i64::from(n) * 10, f64::from(100 + n))).collect();
    let poison = odometer(&car, 5, 100.5);
    deliveries.insert(63, of("poison".to_owned(), std::str::from_utf8(&poison.body).unwrap()));
    pipeline.deliver(&deliveries).await;
    pipeline.worker(200).await;
    pipeline.all_are_stored(99).await;
    pipeline.until("SELECT count(*) FROM parked_messages", 1).await;
    assert_eq!(pipeline.count("SELECT count(*) FROM parked_messages WHERE message_key = 'poison'").await, 1);
    assert_eq!(pipeline.book(&car).await.len(), 99);
    pipeline.stop().await;
}

#[tokio::test]
async fn what_came_before_its_car_was_connected_is_folded_by_the_replay() {
    let mut pipeline = Pipeline::new().await;
    let car = pipeline.car().await;
    pipeline.worker(200).await;
    pipeline.deliver(&[odometer(&car, 480, 100.0), odometer(&car, 900, 200.0)]).await;
    pipeline.until("SELECT count(*) FROM webhook_events WHERE NOT processed AND error IS NOT NULL", 2).await;
    pipeline.connect(&car).await;
    let job = JobV1::ReplayV1 { vehicle_id: car.vehicle };
    pipeline.publisher().enqueue(&job, Instant::now() + PATIENCE).await.unwrap();
    pipeline.until("SELECT count(*) FROM meter_entries", 2).await;
    pipeline.until("SELECT count(*) FROM webhook_events WHERE processed AND error IS NULL", 2).await;
    pipeline.stop().await;
}

#[tokio::test]
async fn without_consent_no_coordinate_is_stored_anywhere() {
    let mut pipeline = Pipeline::new().await;
    let (car, open) = (pipeline.connected_car().await, pipeline.connected_car().await);
    sqlx::query("UPDATE smartcar_vehicles SET location_consent = true WHERE id = $1")
        .bind(open.vehicle)
        .execute(pipeline.pool())
        .await
        .unwrap();
    pipeline.worker(200).await;
    let place = json!({ "latitude": 52.517_036, "longitude": 13.388_86 });
    let signals = json!([
        signal("odometer-traveleddistance", 480, &json!({ "value": 100, "unit": "km" })),
        signal("location-preciselocation", 480, &place),
    ]);
    // An event of tomorrow that names no vehicle in a way that we know: nobody agreed to anything for it.
    let news =
        json!({ "eventType": "VEHICLE_NEWS", "meta": {}, "data": { "vehicles": [{ "location": place }] } });
    pipeline
        .deliver(&[
            delivery(&car, &signals),
            delivery(&open, &signals),
            of("news".to_owned(), &news.to_string()),
        ])
        .await;
    pipeline.all_are_stored(3).await;
    let kept = "SELECT count(*) FROM webhook_events WHERE convert_from(body, 'UTF8') LIKE '%52.517%'";
    assert_eq!(pipeline.count(kept).await, 1);
    let hashed = "SELECT count(*) FROM webhook_events WHERE original_sha256 IS NOT NULL
                  AND convert_from(body, 'UTF8') NOT LIKE '%52.517%'";
    assert_eq!(pipeline.count(hashed).await, 2);
    assert_eq!(pipeline.count("SELECT count(*) FROM readings WHERE signal LIKE 'location-%'").await, 1);
    assert_eq!(pipeline.count("SELECT count(*) FROM meter_entries").await, 2);
    pipeline.stop().await;
}

#[tokio::test]
async fn an_error_that_only_the_user_can_mend_marks_the_connection_until_it_is_resolved() {
    let mut pipeline = Pipeline::new().await;
    let car = pipeline.connected_car().await;
    pipeline.worker(200).await;
    let errors = |state: &str, signal: &str, at: i64| {
        let event_id = Uuid::new_v4().to_string();
        let body = json!({
            "eventId": event_id, "eventType": "VEHICLE_ERROR",
            "data": {
                "user": { "id": car.smartcar_user_id }, "vehicle": { "id": car.smartcar_vehicle_id },
                "errors": [{
                    "type": "PERMISSION", "code": null, "state": state, "description": "insufficient",
                    "resolution": { "type": "REAUTHENTICATE" }, "signals": [{ "code": signal }],
                }],
            },
            "meta": { "deliveredAt": at },
        });
        of(event_id, &body.to_string())
    };
    let broken = "SELECT count(*) FROM smartcar_vehicles WHERE status = 'reauth_required'";
    // Nobody reads this one: noise that comes daily.
    pipeline.deliver(&[errors("ERROR", "vehicleuseraccount-role", 1_771_200_000_000)]).await;
    pipeline.all_are_stored(1).await;
    assert_eq!(pipeline.count(broken).await, 0);
    assert_eq!(pipeline.count("SELECT count(*) FROM vehicle_errors").await, 0);
    pipeline.deliver(&[errors("ERROR", "odometer-traveleddistance", 1_771_200_001_000)]).await;
    pipeline.until(broken, 1).await;
    pipeline.deliver(&[errors("RESOLVED", "odometer-traveleddistance", 1_771_200_003_000)]).await;
    pipeline.until(broken, 0).await;
    // The older word arrives last and changes nothing.
    pipeline.deliver(&[errors("ERROR", "odometer-traveleddistance", 1_771_200_002_000)]).await;
    pipeline.all_are_stored(4).await;
    assert_eq!(pipeline.count(broken).await, 0);
    pipeline.stop().await;
}

#[tokio::test]
async fn an_error_from_before_the_consent_says_nothing_about_the_new_connection() {
    let mut pipeline = Pipeline::new().await;
    let car = pipeline.car().await;
    pipeline.worker(200).await;
    let body = json!({
        "eventId": "before", "eventType": "VEHICLE_ERROR",
        "data": {
            "user": { "id": car.smartcar_user_id }, "vehicle": { "id": car.smartcar_vehicle_id },
            "errors": [{
                "type": "CONNECTED_SERVICES_ACCOUNT", "code": "PERMISSION", "state": "ERROR",
                "description": "revoked", "resolution": { "type": "REAUTHENTICATE" },
            }],
        },
        "meta": { "deliveredAt": 1_771_200_000_000_i64 },
    });
    pipeline.deliver(&[of("before".to_owned(), &body.to_string()), odometer(&car, 480, 100.0)]).await;
    pipeline.until("SELECT count(*) FROM webhook_events WHERE NOT processed", 2).await;
    pipeline.connect(&car).await;
    intake::replay::replay(pipeline.pool(), car.vehicle, runtime::clock::now()).await.unwrap();
    assert_eq!(pipeline.count("SELECT count(*) FROM webhook_events WHERE NOT processed").await, 0);
    assert_eq!(pipeline.book(&car).await.len(), 1, "what the car said counts");
    assert_eq!(pipeline.count("SELECT count(*) FROM vehicle_errors").await, 0);
    assert_eq!(pipeline.count("SELECT count(*) FROM smartcar_vehicles WHERE status = 'active'").await, 1);
    pipeline.stop().await;
}

#[tokio::test]
async fn a_manual_sync_says_so_in_the_entry_also_when_a_webhook_had_brought_the_reading() {
    let mut pipeline = Pipeline::new().await;
    let car = pipeline.connected_car().await;
    pipeline.worker(200).await;
    pipeline.deliver(&[odometer(&car, 480, 100.0)]).await;
    pipeline.until("SELECT count(*) FROM meter_entries", 1).await;
    let mut by_hand = odometer(&car, 480, 100.0);
    by_hand.source = Source::Manual;
    pipeline.deliver(&[by_hand]).await;
    pipeline.until("SELECT count(*) FROM meter_entries WHERE notes = 'Automatically synced from Smartcar (manual sync)'", 1)
        .await;
    assert_eq!(pipeline.count("SELECT count(*) FROM meter_entries").await, 1);
    pipeline.stop().await;
}

#[tokio::test]
async fn a_reading_from_beyond_the_horizon_is_folded_by_the_replay() {
    let mut pipeline = Pipeline::new().await;
    let car = pipeline.connected_car().await;
    pipeline.worker(200).await;
    let day = 24 * 60;
    pipeline.deliver(&[odometer(&car, 0, 100.0)]).await;
    pipeline.all_are_stored(1).await;
    pipeline.deliver(&[odometer(&car, 60 * day, 9_000.0), odometer(&car, 61 * day, 9_100.0)]).await;
    pipeline.until("SELECT count(*) FROM meter_entries", 3).await;
    pipeline.deliver(&[odometer(&car, 10 * day, 300.0)]).await;
    pipeline.until("SELECT count(*) FROM dirty_vehicles", 1).await;
    assert_eq!(pipeline.book(&car).await.len(), 3);
    let job = JobV1::ReplayV1 { vehicle_id: car.vehicle };
    pipeline.publisher().enqueue(&job, Instant::now() + PATIENCE).await.unwrap();
    pipeline.until("SELECT count(*) FROM meter_entries", 4).await;
    assert_eq!(pipeline.count("SELECT count(*) FROM dirty_vehicles").await, 0);
    pipeline.stop().await;
}

#[tokio::test]
async fn the_plans_plain_form_is_understood() {
    let mut pipeline = Pipeline::new().await;
    let car = pipeline.connected_car().await;
    pipeline.worker(200).await;
    let body = json!({
        "type": "vehicle.odometer", "vehicleId": car.smartcar_vehicle_id,
        "data": { "distance": 100, "unit": "miles" },
    });
    pipeline.deliver(&[of("plain-1".to_owned(), &body.to_string())]).await;
    pipeline.until("SELECT count(*) FROM meter_entries WHERE odometer_reading = 160.934", 1).await;
    pipeline.stop().await;
}

#[tokio::test]
async fn of_a_delivery_about_two_unknown_cars_each_is_folded_when_it_is_connected() {
    let mut pipeline = Pipeline::new().await;
    let (one, other) = (pipeline.car().await, pipeline.car().await);
    pipeline.worker(200).await;
    let entry = |car: &str| {
        json!({ "vehicleId": car, "data": [{
            "path": "/odometer", "code": 200, "body": { "distance": 1234.5 },
            "headers": { "sc-data-age": "2026-02-16T08:00:00.000Z", "sc-unit-system": "metric" },
        }] })
    };
    let body = json!({
        "version": "2.0", "webhookId": "w", "eventName": "schedule", "mode": "live",
        "payload": { "vehicles": [entry(&one.smartcar_vehicle_id), entry(&other.smartcar_vehicle_id)] },
    });
    pipeline.deliver(&[of("two-cars".to_owned(), &body.to_string())]).await;
    pipeline.until("SELECT count(*) FROM webhook_events WHERE cardinality(waiting) = 2", 1).await;
    for (number, car) in [(1, &other), (2, &one)] {
        pipeline.connect(car).await;
        let job = JobV1::ReplayV1 { vehicle_id: car.vehicle };
        pipeline.publisher().enqueue(&job, Instant::now() + PATIENCE).await.unwrap();
        pipeline.until("SELECT count(*) FROM meter_entries WHERE odometer_reading = 1234.5", number).await;
    }
    pipeline.until("SELECT count(*) FROM webhook_events WHERE processed AND error IS NULL", 1).await;
    pipeline.stop().await;
}

#[tokio::test]
async fn what_an_older_worker_could_not_fold_is_folded_by_the_next_one_that_can() {
    let mut pipeline = Pipeline::new().await;
    let car = pipeline.connected_car().await;
    pipeline.worker(200).await;
    pipeline.deliver(&[odometer(&car, 0, 100.0)]).await;
    pipeline.until("SELECT count(*) FROM meter_entries", 1).await;
    let rules = "UPDATE vehicle_states SET rules_version = rules_version + $1";
    sqlx::query(rules).bind(1).execute(pipeline.pool()).await.unwrap();
    pipeline.deliver(&[odometer(&car, 480, 150.0)]).await;
    pipeline.until("SELECT count(*) FROM dirty_vehicles", 1).await;
    assert_eq!(pipeline.book(&car).await.len(), 1);
    sqlx::query(rules).bind(-1).execute(pipeline.pool()).await.unwrap();
    pipeline.deliver(&[odometer(&car, 600, 160.0)]).await;
    pipeline.until("SELECT count(*) FROM meter_entries", 3).await;
    assert_eq!(pipeline.count("SELECT count(*) FROM dirty_vehicles").await, 0);
    pipeline.stop().await;
}

#[tokio::test]
async fn states_of_older_rules_are_folded_again_from_the_first_reading() {
    let mut pipeline = Pipeline::new().await;
    let car = pipeline.connected_car().await;
    pipeline.worker(200).await;
    pipeline.deliver(&[odometer(&car, 0, 100.0), odometer(&car, 900, 150.0)]).await;
    pipeline.until("SELECT count(*) FROM meter_entries", 2).await;
    sqlx::raw_sql("UPDATE vehicle_states SET rules_version = 0, state = '{}'; DELETE FROM meter_entries; DELETE FROM decisions;")
        .execute(pipeline.pool())
        .await
        .unwrap();
    pipeline.deliver(&[odometer(&car, 960, 160.0)]).await;
    pipeline.until("SELECT count(*) FROM webhook_events", 3).await;
    intake::replay::replay(pipeline.pool(), car.vehicle, runtime::clock::now()).await.unwrap();
    assert_eq!(pipeline.book(&car).await.len(), 3);
    pipeline.stop().await;
}

#[tokio::test]
async fn a_connection_from_before_users_were_asked_for_gives_way_to_the_users_own() {
    let mut pipeline = Pipeline::new().await;
    let (old, own) = (pipeline.car().await, pipeline.car().await);
    for (car, user) in [(&old, None), (&own, Some("u-1"))] {
        sqlx::query("INSERT INTO smartcar_vehicles (car_id, smartcar_vehicle_id, smartcar_user_id) VALUES ($1, 'v-1', $2)")
            .bind(car.id)
            .bind(user)
            .execute(pipeline.pool())
            .await
            .unwrap();
    }
    pipeline.worker(200).await;
    let same = crate::support::Car {
        smartcar_vehicle_id: "v-1".to_owned(),
        smartcar_user_id: "u-1".to_owned(),
        ..own.clone()
    };
    let stranger = crate::support::Car { smartcar_user_id: "u-2".to_owned(), ..same.clone() };
    pipeline.deliver(&[odometer(&same, 0, 100.0), odometer(&stranger, 60, 200.0)]).await;
    pipeline.until("SELECT count(*) FROM meter_entries", 2).await;
    assert_eq!(pipeline.book(&own).await.len(), 1);
    assert_eq!(pipeline.book(&old).await.len(), 1);
    pipeline.stop().await;
}

#[tokio::test]
async fn no_position_in_a_private_zone_is_stored_anywhere() {
    let mut pipeline = Pipeline::new().await;
    let car = pipeline.connected_car().await;
    sqlx::query("UPDATE smartcar_vehicles SET location_consent = true")
        .execute(pipeline.pool())
        .await
        .unwrap();
    sqlx::query(
        "INSERT INTO geofences (user_id, name, latitude, longitude, radius_m, is_private)
         SELECT user_id, 'Home', 52.5, 13.4, 200, true FROM cars WHERE id = $1",
    )
    .bind(car.id)
    .execute(pipeline.pool())
    .await
    .unwrap();
    pipeline.worker(200).await;
    let at = |latitude: f64| {
        let address = if latitude < 52.6 { "Pine road" } else { "Quay" };
        json!({ "latitude": latitude, "longitude": 13.4001, "address": address })
    };
    let said = |minute: i64, km: f64, latitude: f64| {
        delivery(
            &car,
            &json!([
                signal("odometer-traveleddistance", minute, &json!({ "value": km, "unit": "km" })),
                signal("location-preciselocation", minute, &at(latitude)),
                signal(
                    "charge-chargerecords",
                    minute,
                    &json!({ "values": [{ "id": minute, "location": at(52.500_123), "energyAdded": 7 }] }),
                ),
            ]),
        )
    };
    pipeline.deliver(&[said(0, 100.0, 52.500_123), said(30, 122.0, 52.7), said(60, 122.0, 52.7)]).await;
    pipeline.all_are_stored(3).await;
    pipeline
        .until("SELECT count(*) FROM trips WHERE from_private_zone IS NOT NULL AND to_latitude = 52.7", 1)
        .await;
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT table_name::text FROM information_schema.tables
         WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' AND table_name <> 'geofences'",
    )
    .fetch_all(pipeline.pool())
    .await
    .unwrap();
    assert!(tables.len() > 20);
    for table in tables {
        // The bytes of a body are told in hexadecimal.
        let sql = format!(
            r#"SELECT count(*) FROM "{table}" AS row
               WHERE row::text ~ '52\.5001|{}|{}'"#,
            hex(b"52.5001"),
            hex(b"Pine"),
        );
        let found: i64 =
            sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(pipeline.pool()).await.unwrap();
        assert_eq!(found, 0, "{table} holds a position of the zone");
    }
    assert_eq!(pipeline.count("SELECT count(*) FROM readings WHERE value::text LIKE '%zone:%'").await, 1);
    pipeline.stop().await;
}

fn hex(text: &[u8]) -> String {
    let digits = text.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}
