//! Each kind of entry through the worker: it appears, late data amend it or take it back, and what comes twice writes nothing.

use crate::story::{changes, household, lines};
use crate::support::{Car, Pipeline};

/// The book after `story`; then after `late`: lines that went (`-`), lines that came (`+`), and what was kept of what rows said
/// before (`kept`). Told in order, one by one, it is the same book.
async fn check(story: &str, late: &str, expected: &str) {
    let car = Car::new();
    let mut pipeline = Pipeline::new().await;
    household(&pipeline, &car).await;
    pipeline.worker(200).await;
    pipeline.tell(&car, story).await;
    let book = pipeline.read(&car).await;

    let writes = pipeline.writes().await;
    pipeline.tell(&car, story).await;
    assert_eq!(pipeline.writes().await, writes, "what came again was written again:{story}");

    pipeline.tell_at_once(&car, late).await;
    let changes = changes(&book, &pipeline.read(&car).await);
    let kept = pipeline.history(&car).await.into_iter().map(|line| format!("kept {line}"));
    let told: Vec<String> = book.into_iter().chain(changes).chain(kept).collect();
    assert_eq!(told, lines(expected), "\nof{story}and late{late}\n===\n{}", told.join("\n"));
    pipeline.replay_in_vain(&car).await;
    let books = pipeline.books().await;
    pipeline.stop().await;

    let mut pipeline = Pipeline::new().await;
    household(&pipeline, &car).await;
    let mut all: Vec<String> = [lines(story), lines(late)].concat();
    all.sort();
    pipeline.worker(1).await;
    pipeline.tell(&car, &all.join("\n")).await;
    assert_eq!(pipeline.books().await, books, "in order, one by one:{story}and{late}");
    pipeline.stop().await;
}

#[tokio::test]
async fn a_fill_up_is_amended_by_a_late_level_and_taken_back_by_another() {
    let story = "
        0d 08:00 km 1000 fuel 40
        0d 08:30 km 1030 fuel 36
        0d 08:45 km 1030 fuel 80
        0d 12:00 km 1100 fuel 72
        2d 08:00 km 1100 fuel 72
    ";
    check(
        story,
        "0d 08:50 km 1030 fuel 84",
        "
            00d 08:30 drove 30 km
            00d 08:45 filled 22 l 37.4 EUR
            00d 12:00 drove 70 km
            - 00d 08:45 filled 22 l 37.4 EUR
            + 00d 08:45 filled 23 l 39.1 EUR
            kept amended fuel_entries 22
            kept retracted trips 70
        ",
    )
    .await;
    check(
        story,
        "0d 08:46 km 1030 fuel 36\n0d 08:50 fuel 36\n0d 09:10 km 1030 fuel 36",
        "
            00d 08:30 drove 30 km
            00d 08:45 filled 22 l 37.4 EUR
            00d 12:00 drove 70 km
            - 00d 08:45 filled 22 l 37.4 EUR
            + 00d 12:00 filled 18 l 30.6 EUR
            kept retracted fuel_entries 22
            kept retracted trips 70
        ",
    )
    .await;
}

#[tokio::test]
async fn a_session_and_its_expense_are_amended_by_late_data() {
    let story = "
        0d 18:00 km 1000 soc 40 at 0 plug yes charging yes kwh 0
        0d 20:00 soc 60 kwh 12 charging yes
        0d 22:00 soc 70 kwh 18 charging no
        1d 07:00 plug no
        1d 08:00 km 1030 soc 65 at 5000
        3d 08:00 km 1030 soc 65
    ";
    check(
        story,
        "0d 22:30 soc 72 kwh 19.5",
        "
            00d 18:00 charged 18 kWh 5.4 EUR
            00d 22:00 expense 5.4 EUR
            01d 08:00 drove 30 km
            01d 08:00 enter shop
            01d 08:00 exit home
            03d 08:00 dwell shop
            - 00d 18:00 charged 18 kWh 5.4 EUR
            - 00d 22:00 expense 5.4 EUR
            + 00d 18:00 charged 19.5 kWh 5.85 EUR
            + 00d 22:30 expense 5.85 EUR
            kept amended charging_sessions 18
            kept amended expenses 5.4
            kept amended trips 30
        ",
    )
    .await;
}

#[tokio::test]
async fn a_trip_is_two_when_a_late_reading_shows_that_it_stood_in_between() {
    let story = "
        0d 08:00 km 1000 at 0
        0d 08:10 km 1005 at 5000
        0d 10:00 km 1040 at 40000
        0d 10:30 km 1040 at 40000
        2d 08:00 km 1040
    ";
    check(
        story,
        "0d 09:00 km 1010 at 10000\n0d 09:30 km 1010 at 10000",
        "
            00d 08:10 drove 40 km
            00d 08:10 enter shop
            00d 08:10 exit home
            00d 10:00 exit shop
            - 00d 08:10 drove 40 km
            - 00d 10:00 exit shop
            + 00d 08:10 drove 5 km
            + 00d 09:00 drove 5 km
            + 00d 09:00 exit shop
            + 00d 10:00 drove 30 km
            kept amended trips 40
            kept retracted geofence_events exit
        ",
    )
    .await;
}

#[tokio::test]
async fn what_happened_at_places_follows_late_positions() {
    let story = "
        0d 08:00 km 1000 at 5000
        0d 08:30 km 1005 at 0
        0d 08:40 km 1005 at 0
        0d 12:00 km 1010 at 5000
        0d 12:30 km 1010 at 5000
        2d 08:00 km 1010 at 5000
    ";
    check(
        story,
        "0d 08:25 km 1005 at 0\n0d 11:40 km 1010 at 5000",
        "
            00d 08:30 drove 5 km
            00d 08:30 enter home
            00d 08:30 exit shop
            00d 08:40 dwell home
            00d 12:00 drove 5 km
            00d 12:00 enter shop
            00d 12:00 exit home
            00d 12:30 dwell shop
            - 00d 08:30 drove 5 km
            - 00d 08:30 enter home
            - 00d 08:30 exit shop
            - 00d 08:40 dwell home
            - 00d 12:00 drove 5 km
            - 00d 12:00 enter shop
            - 00d 12:00 exit home
            - 00d 12:30 dwell shop
            + 00d 08:25 drove 5 km
            + 00d 08:25 enter home
            + 00d 08:25 exit shop
            + 00d 08:30 dwell home
            + 00d 11:40 drove 5 km
            + 00d 11:40 enter shop
            + 00d 11:40 exit home
            + 00d 12:00 dwell shop
            kept amended trips 5
            kept amended trips 5
            kept retracted geofence_events dwell
            kept retracted geofence_events dwell
            kept retracted geofence_events enter
            kept retracted geofence_events enter
            kept retracted geofence_events exit
            kept retracted geofence_events exit
        ",
    )
    .await;
    check(
        story,
        "0d 10:00 km 1007 at 5000\n0d 10:10 km 1007 at 5000\n0d 11:00 km 1009 at 0",
        "
            00d 08:30 drove 5 km
            00d 08:30 enter home
            00d 08:30 exit shop
            00d 08:40 dwell home
            00d 12:00 drove 5 km
            00d 12:00 enter shop
            00d 12:00 exit home
            00d 12:30 dwell shop
            - 00d 12:00 drove 5 km
            + 00d 10:00 alert odometer_behind_position
            + 00d 10:00 drove 2 km
            + 00d 10:00 enter shop
            + 00d 10:00 exit home
            + 00d 10:10 dwell shop
            + 00d 11:00 alert odometer_behind_position
            + 00d 11:00 drove 2 km
            + 00d 11:00 enter home
            + 00d 11:00 exit shop
            + 00d 12:00 alert odometer_behind_position
            + 00d 12:00 drove 1 km
            kept amended trips 5
        ",
    )
    .await;
}

#[tokio::test]
async fn an_alert_goes_when_late_data_explain_it() {
    let story = "
        0d 08:00 km 1000 fuel 60 at 5000
        0d 08:30 km 1000 fuel 60 at 5000
        0d 12:00 km 1000 fuel 40 at 9000
        0d 12:30 km 1000 fuel 40 at 9000
        0d 13:30 km 1000 fuel 40 at 9000
        2d 08:00 km 1000 fuel 40 at 9000
    ";
    check(
        story,
        "0d 12:20 km 1000 fuel 60",
        "
            00d 08:30 dwell shop
            00d 12:00 alert fuel_drop
            00d 12:00 alert moved_without_driving
            00d 12:00 exit shop
            - 00d 12:00 alert fuel_drop
            + 00d 12:30 alert fuel_drop
            kept retracted alerts fuel_drop
        ",
    )
    .await;
    check(
        story,
        "0d 11:50 km 1000 at 5000\n0d 12:31 km 1080\n2d 07:00 km 1080\n3d 07:00 km 1080",
        "
            00d 08:30 dwell shop
            00d 12:00 alert fuel_drop
            00d 12:00 alert moved_without_driving
            00d 12:00 exit shop
            - 00d 12:00 alert moved_without_driving
            + 02d 07:00 moved 80 km
            kept amended alerts fuel_drop
            kept retracted alerts moved_without_driving
        ",
    )
    .await;
}

#[tokio::test]
async fn what_the_battery_holds_follows_a_session_that_late_data_change() {
    let session = |day: i64| {
        let km = 1000 + day * 150;
        format!(
            "{day}d 18:00 km {km} soc 20 charging yes kwh 0
             {day}d 23:00 soc 80 kwh 36 charging no
             {day}d 23:30 km {km} plug no
            "
        )
    };
    let story: String = (0..6).map(session).collect();
    let story = format!("{story}9d 08:00 km 1900 soc 70");
    check(
        &story,
        "2d 23:10 soc 80 kwh 39 charging no",
        "
            -15d 00:00 battery 60 ± 0.409 of 6
            00d 18:00 charged 36 kWh 10.8 EUR
            00d 23:00 expense 10.8 EUR
            01d 18:00 charged 36 kWh 10.8 EUR
            01d 18:00 moved 150 km
            01d 23:00 expense 10.8 EUR
            02d 18:00 charged 36 kWh 10.8 EUR
            02d 18:00 moved 150 km
            02d 23:00 expense 10.8 EUR
            03d 18:00 charged 36 kWh 10.8 EUR
            03d 18:00 moved 150 km
            03d 23:00 expense 10.8 EUR
            04d 18:00 charged 36 kWh 10.8 EUR
            04d 18:00 moved 150 km
            04d 23:00 expense 10.8 EUR
            05d 18:00 charged 36 kWh 10.8 EUR
            05d 18:00 moved 150 km
            05d 23:00 expense 10.8 EUR
            09d 08:00 moved 150 km
            - 02d 18:00 charged 36 kWh 10.8 EUR
            - 02d 23:00 expense 10.8 EUR
            + 02d 18:00 charged 39 kWh 11.7 EUR
            + 02d 23:10 expense 11.7 EUR
            kept amended charging_sessions 36
            kept amended expenses 10.8
        ",
    )
    .await;
    check(
        &story,
        "2d 21:00 km 1310\n2d 22:00 km 1320",
        "
            -15d 00:00 battery 60 ± 0.409 of 6
            00d 18:00 charged 36 kWh 10.8 EUR
            00d 23:00 expense 10.8 EUR
            01d 18:00 charged 36 kWh 10.8 EUR
            01d 18:00 moved 150 km
            01d 23:00 expense 10.8 EUR
            02d 18:00 charged 36 kWh 10.8 EUR
            02d 18:00 moved 150 km
            02d 23:00 expense 10.8 EUR
            03d 18:00 charged 36 kWh 10.8 EUR
            03d 18:00 moved 150 km
            03d 23:00 expense 10.8 EUR
            04d 18:00 charged 36 kWh 10.8 EUR
            04d 18:00 moved 150 km
            04d 23:00 expense 10.8 EUR
            05d 18:00 charged 36 kWh 10.8 EUR
            05d 18:00 moved 150 km
            05d 23:00 expense 10.8 EUR
            09d 08:00 moved 150 km
            - -15d 00:00 battery 60 ± 0.409 of 6
            - 02d 23:00 expense 10.8 EUR
            - 03d 18:00 moved 150 km
            + -15d 00:00 battery 60 ± 0.448 of 5
            + 02d 21:00 expense 10.8 EUR
            + 02d 21:00 moved 10 km
            + 02d 22:00 drove 10 km
            + 03d 18:00 moved 130 km
            kept amended battery_estimates 60
            kept amended charging_sessions 36
            kept amended expenses 10.8
            kept amended trips 150
            kept retracted trips 150
        ",
    )
    .await;
}
