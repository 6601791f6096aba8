//! What people tell of their cars without a date: every fold knows it, and a change is folded in from the moment on from which it
//! counts.

use crate::story::{DAYS, changes, household, lines};
use crate::support::{Car, Pipeline};

/// What each of a person's changes does to the book, once it is replayed: lines that go (`-`) and lines that come (`+`).
async fn check(all: &[&str], expected: &str) {
    let car = Car::new();
    let mut pipeline = Pipeline::new().await;
    household(&pipeline, &car).await;
    pipeline.worker(200).await;
    pipeline.tell(&car, DAYS).await;
    let mut told = pipeline.read(&car).await;
    for change in all {
        let before = pipeline.read(&car).await;
        pipeline.person(change).await;
        assert_eq!(
            pipeline.count("SELECT count(*) FROM dirty_vehicles").await,
            1,
            "nobody marked the car: {change}"
        );
        pipeline.replay(&car).await;
        told.push(change.split_whitespace().collect::<Vec<_>>().join(" "));
        told.extend(changes(&before, &pipeline.read(&car).await));
    }
    assert_eq!(told, lines(expected), "\n===\n{}", told.join("\n"));
    pipeline.stop().await;
}

#[tokio::test]
async fn what_people_change_of_their_car_and_places_changes_the_book() {
    check(
        &[
            "UPDATE cars SET tank_capacity_l = 60",
            "UPDATE cars SET battery_usable_kwh = 70",
            "UPDATE cars SET charger_efficiency = 0.5",
            "UPDATE geofences SET name = 'hut' WHERE name = 'home'",
            "INSERT INTO purpose_rules (user_id, rank, purpose, geofence_ids)
             SELECT user_id, 1, 'business', ARRAY[id] FROM geofences WHERE name = 'shop'",
            "INSERT INTO car_watches (car_id, watched_from) SELECT id, '2026-02-16T00:00Z' FROM cars",
            "UPDATE geofences SET latitude = 1 WHERE name = 'hut'",
            "UPDATE geofences SET radius_m = 5000 WHERE name = 'shop'",
            "DELETE FROM purpose_rules",
            "DELETE FROM car_watches",
            "UPDATE user_preferences SET currency = 'CHF'",
            "UPDATE user_preferences SET fuel_price_per_litre = 2",
            "UPDATE cars SET powertrain = 'electric'",
        ],
        "
            00d 08:30 drove 30 km
            00d 08:30 exit shop
            00d 08:45 filled 22 l 37.4 EUR
            00d 12:00 drove 30 km
            00d 12:00 enter shop
            00d 12:30 dwell shop
            00d 17:50 drove 5 km
            00d 17:50 enter home
            00d 17:50 exit shop
            00d 18:00 charged 18 kWh 5.4 EUR
            00d 18:00 dwell home
            00d 22:00 expense 5.4 EUR
            01d 08:00 drove 30 km
            01d 08:00 enter shop
            01d 08:00 exit home
            01d 08:30 dwell shop
            05d 08:00 charged 9 kWh 2.7 EUR
            05d 08:00 expense 2.7 EUR
            06d 08:00 alert moved_without_driving
            UPDATE cars SET tank_capacity_l = 60
            - 00d 08:45 filled 22 l 37.4 EUR
            + 00d 08:45 filled 26.4 l 44.88 EUR
            UPDATE cars SET battery_usable_kwh = 70
            - 05d 08:00 charged 9 kWh 2.7 EUR
            - 05d 08:00 expense 2.7 EUR
            + 05d 08:00 charged 10.5 kWh 3.15 EUR
            + 05d 08:00 expense 3.15 EUR
            UPDATE cars SET charger_efficiency = 0.5
            UPDATE geofences SET name = 'hut' WHERE name = 'home'
            - 00d 17:50 enter home
            - 00d 18:00 dwell home
            - 01d 08:00 exit home
            + 00d 17:50 enter hut
            + 00d 18:00 dwell hut
            + 01d 08:00 exit hut
            INSERT INTO purpose_rules (user_id, rank, purpose, geofence_ids) SELECT user_id, 1, 'business', ARRAY[id] FROM geofences WHERE name = 'shop'
            - 00d 08:30 drove 30 km
            - 00d 12:00 drove 30 km
            - 00d 17:50 drove 5 km
            - 01d 08:00 drove 30 km
            + 00d 08:30 drove 30 km business
            + 00d 12:00 drove 30 km business
            + 00d 17:50 drove 5 km business
            + 01d 08:00 drove 30 km business
            INSERT INTO car_watches (car_id, watched_from) SELECT id, '2026-02-16T00:00Z' FROM cars
            + 00d 08:30 alert left_its_place
            + 00d 12:00 alert left_its_place
            + 00d 17:50 alert left_its_place
            + 01d 08:00 alert left_its_place
            UPDATE geofences SET latitude = 1 WHERE name = 'hut'
            - 00d 17:50 enter hut
            - 00d 18:00 dwell hut
            - 01d 08:00 exit hut
            UPDATE geofences SET radius_m = 5000 WHERE name = 'shop'
            - 00d 17:50 exit shop
            - 01d 08:00 enter shop
            - 01d 08:30 dwell shop
            DELETE FROM purpose_rules
            - 00d 08:30 drove 30 km business
            - 00d 12:00 drove 30 km business
            - 00d 17:50 drove 5 km business
            - 01d 08:00 drove 30 km business
            + 00d 08:30 drove 30 km
            + 00d 12:00 drove 30 km
            + 00d 17:50 drove 5 km
            + 01d 08:00 drove 30 km
            DELETE FROM car_watches
            - 00d 08:30 alert left_its_place
            - 00d 12:00 alert left_its_place
            - 00d 17:50 alert left_its_place
            - 01d 08:00 alert left_its_place
            UPDATE user_preferences SET currency = 'CHF'
            - 00d 08:45 filled 26.4 l 44.88 EUR
            + 00d 08:45 filled 26.4 l 44.88 CHF
            UPDATE user_preferences SET fuel_price_per_litre = 2
            - 00d 08:45 filled 26.4 l 44.88 CHF
            + 00d 08:45 filled 26.4 l 52.8 CHF
            UPDATE cars SET powertrain = 'electric'
            - 00d 08:45 filled 26.4 l 52.8 CHF
        ",
    )
    .await;
}

#[tokio::test]
async fn what_charging_costs_follows_the_tariff_and_the_expense_follows_the_session() {
    check(
        &[
            r#"UPDATE tariff_versions SET parts = '{"energy": [{"perKwh": 0.5}], "meter": "battery"}'"#,
            "UPDATE tariff_versions SET currency = 'CHF'",
            "UPDATE tariff_versions SET valid_from = '2026-02-18T00:00Z'",
            "UPDATE tariff_versions SET valid_from = 'epoch'",
            r#"UPDATE tariff_versions SET parts = '{"of": "tomorrow"}'"#,
            "DELETE FROM tariffs",
        ],
        r#"
            00d 08:30 drove 30 km
            00d 08:30 exit shop
            00d 08:45 filled 22 l 37.4 EUR
            00d 12:00 drove 30 km
            00d 12:00 enter shop
            00d 12:30 dwell shop
            00d 17:50 drove 5 km
            00d 17:50 enter home
            00d 17:50 exit shop
            00d 18:00 charged 18 kWh 5.4 EUR
            00d 18:00 dwell home
            00d 22:00 expense 5.4 EUR
            01d 08:00 drove 30 km
            01d 08:00 enter shop
            01d 08:00 exit home
            01d 08:30 dwell shop
            05d 08:00 charged 9 kWh 2.7 EUR
            05d 08:00 expense 2.7 EUR
            06d 08:00 alert moved_without_driving
            UPDATE tariff_versions SET parts = '{"energy": [{"perKwh": 0.5}], "meter": "battery"}'
            - 00d 18:00 charged 18 kWh 5.4 EUR
            - 00d 22:00 expense 5.4 EUR
            - 05d 08:00 charged 9 kWh 2.7 EUR
            - 05d 08:00 expense 2.7 EUR
            + 00d 18:00 charged 18 kWh 9 EUR
            + 00d 22:00 expense 9 EUR
            + 05d 08:00 charged 9 kWh 4.5 EUR
            + 05d 08:00 expense 4.5 EUR
            UPDATE tariff_versions SET currency = 'CHF'
            - 00d 18:00 charged 18 kWh 9 EUR
            - 00d 22:00 expense 9 EUR
            - 05d 08:00 charged 9 kWh 4.5 EUR
            - 05d 08:00 expense 4.5 EUR
            + 00d 18:00 charged 18 kWh 9 CHF
            + 00d 22:00 expense 9 CHF
            + 05d 08:00 charged 9 kWh 4.5 CHF
            + 05d 08:00 expense 4.5 CHF
            UPDATE tariff_versions SET valid_from = '2026-02-18T00:00Z'
            - 00d 18:00 charged 18 kWh 9 CHF
            - 00d 22:00 expense 9 CHF
            + 00d 18:00 charged 18 kWh
            UPDATE tariff_versions SET valid_from = 'epoch'
            - 00d 18:00 charged 18 kWh
            + 00d 18:00 charged 18 kWh 9 CHF
            + 00d 22:00 expense 9 CHF
            UPDATE tariff_versions SET parts = '{"of": "tomorrow"}'
            - 00d 18:00 charged 18 kWh 9 CHF
            - 00d 22:00 expense 9 CHF
            - 05d 08:00 charged 9 kWh 4.5 CHF
            - 05d 08:00 expense 4.5 CHF
            + 00d 18:00 charged 18 kWh
            + 05d 08:00 charged 9 kWh
            DELETE FROM tariffs
        "#,
    )
    .await;
}

#[tokio::test]
async fn a_running_worker_knows_at_once_what_a_person_changed() {
    let car = Car::new();
    let mut pipeline = Pipeline::new().await;
    household(&pipeline, &car).await;
    pipeline.worker(200).await;
    pipeline.tell(&car, DAYS).await;
    let session = |day: i64| {
        format!(
            "{day}d 18:00 km 1095 soc 40 at 0 plug yes charging yes kwh 0
             {day}d 20:00 soc 60 kwh 12 charging no
             {day}d 20:30 plug no"
        )
    };
    let cost = "SELECT count(*) FROM charging_sessions WHERE cost = 3.6";
    pipeline.tell(&car, &session(7)).await;
    assert_eq!(pipeline.count(cost).await, 1);
    pipeline
        .person(
            r#"UPDATE tariff_versions SET valid_from = '2026-02-24T00:00Z', parts = '{"energy": [{"perKwh": 1}], "meter": "battery"}'"#,
        )
        .await;
    pipeline.tell(&car, &session(8)).await;
    assert_eq!(pipeline.count("SELECT count(*) FROM charging_sessions WHERE cost = 12").await, 1);
    pipeline.replay(&car).await;
    assert_eq!(pipeline.count(cost).await, 0, "it is not valid then any more");
    pipeline.stop().await;
}
