//! What the car did, as the machine found it and people read and correct it: each correction stands in the answer, outlives
//! a fold of all readings, and late ones.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::life::{Life, at, tell};

/// Two evenings at the plug, and the ways between.
const WEEK: &str = "
    1 08:00 km 1000 soc 60 cable out
    1 17:30 km 1030 soc 40 cable out
    1 18:00 km 1030 soc 40 cable in charging yes kwh 0
    1 19:00 km 1030 soc 60 cable in charging yes kwh 10
    1 20:00 km 1030 soc 80 cable in charging no kwh 20
    2 07:00 km 1030 soc 80 cable out
    2 08:00 km 1060 soc 70 cable out
    2 18:00 km 1060 soc 70 cable in charging yes kwh 0
    2 20:00 km 1060 soc 90 cable in charging no kwh 10
    3 07:00 km 1060 soc 90 cable out
    3 08:00 km 1100 soc 78 cable out
    4 08:00 km 1100 soc 78 cable out
";

/// What the car remembered only days later: it charged earlier than it said, and was on its way sooner.
const LATE: &str = "
    1 17:45 km 1030 soc 40 cable in charging yes kwh 0
    2 07:20 km 1040 soc 77 cable out
    2 17:45 km 1060 soc 70 cable in charging yes kwh 0
";

async fn week() -> Life {
    let life = Life::new("electric").await;
    life.tell(WEEK).await;
    life
}

#[tokio::test]
async fn sessions_and_trips_are_read_page_by_page_and_one_by_one() {
    let life = week().await;
    assert_eq!(
        life.told("charging-sessions").await,
        ["1 18:00 to 1 20:00 20 kWh", "2 18:00 to 2 20:00 10 kWh"]
    );
    assert_eq!(
        life.told("trips").await,
        ["1 17:30 to 1 17:30 30 km", "2 08:00 to 2 08:00 30 km", "3 08:00 to 3 08:00 40 km"]
    );
    let first = life.get("charging-sessions?limit=1").await.json;
    assert_eq!(tell(&first["items"][0]), "2 18:00 to 2 20:00 10 kWh");
    let cursor = first["next"].as_str().unwrap();
    let second = life.get(&format!("charging-sessions?limit=1&cursor={cursor}")).await.json;
    assert_eq!(tell(&second["items"][0]), "1 18:00 to 1 20:00 20 kWh");
    assert_eq!(second["next"], Value::Null);
    for book in ["charging-sessions", "trips"] {
        for entry in life.book(book).await {
            let one = life.get(&format!("{book}/{}", entry["id"].as_str().unwrap())).await;
            assert_eq!(one.json, entry);
            assert_eq!(entry["progress"], "closed");
        }
        assert_eq!(life.get(&format!("{book}/{}", Uuid::new_v4())).await.verdict(), "404 entry_not_found");
        assert_eq!(life.get(&format!("{book}?hidden=perhaps")).await.verdict(), "400 invalid_parameter");
    }
    let session = &life.book("charging-sessions").await[0];
    assert_eq!((&session["startSoc"], &session["endSoc"]), (&json!(40.0), &json!(80.0)));
    assert!(!session["segments"].as_array().unwrap().is_empty(), "{session}");
}

/// What a person does, to the entries of a book by their place in it: the rest of an address, and what is sent there.
type Deed = fn(&[String]) -> (String, Value);

/// What a person does, and what then stands there.
struct Corrected {
    book: &'static str,
    what: Deed,
    then: &'static [&'static str],
    /// After late readings.
    later: &'static [&'static str],
}

const SECOND: &str = "2 18:00 to 2 20:00 10 kWh";
const SECOND_LATER: &str = "2 17:45 to 2 20:00 10 kWh";

#[tokio::test]
async fn a_correction_of_a_session_stands_at_once_and_outlives_all_folds_and_late_readings() {
    let cases = [
        Corrected {
            book: "charging-sessions",
            what: |ids| (format!("{}/confirm", ids[0]), Value::Null),
            then: &["1 18:00 to 1 20:00 20 kWh (confirmed)", SECOND],
            later: &["1 18:00 to 1 20:00 20 kWh (confirmed)", SECOND_LATER],
        },
        Corrected {
            book: "charging-sessions",
            what: |ids| (format!("{}/reject", ids[0]), Value::Null),
            then: &[SECOND],
            later: &[SECOND_LATER],
        },
        Corrected {
            book: "charging-sessions",
            what: |ids| (format!("{}/split", ids[0]), json!({ "at": at("1", "19:00") })),
            then: &["1 18:00 to 1 19:00 10 kWh", "1 19:00 to 1 20:00 10 kWh", SECOND],
            later: &["1 17:45 to 1 19:00 10 kWh", "1 19:00 to 1 20:00 10 kWh", SECOND_LATER],
        },
        Corrected {
            book: "charging-sessions",
            what: |ids| ("merge".to_owned(), json!({ "ids": [ids[1], ids[0]] })),
            then: &["1 18:00 to 2 20:00 30 kWh"],
            later: &["1 17:45 to 2 20:00 30 kWh"],
        },
    ];
    check(cases).await;
}

#[tokio::test]
async fn a_correction_of_a_trip_stands_at_once_and_outlives_all_folds_and_late_readings() {
    let cases = [
        Corrected {
            book: "trips",
            what: |ids| (format!("{}/confirm", ids[1]), Value::Null),
            then: &[
                "1 17:30 to 1 17:30 30 km",
                "2 08:00 to 2 08:00 30 km (confirmed)",
                "3 08:00 to 3 08:00 40 km",
            ],
            later: &[
                "1 17:30 to 1 17:30 30 km",
                "2 08:00 to 2 08:00 30 km (confirmed)",
                "3 08:00 to 3 08:00 40 km",
            ],
        },
        Corrected {
            book: "trips",
            what: |ids| (format!("{}/reject", ids[1]), Value::Null),
            then: &["1 17:30 to 1 17:30 30 km", "3 08:00 to 3 08:00 40 km"],
            later: &["1 17:30 to 1 17:30 30 km", "3 08:00 to 3 08:00 40 km"],
        },
        Corrected {
            book: "trips",
            what: |ids| ("merge".to_owned(), json!({ "ids": ids[..2] })),
            then: &["1 17:30 to 2 08:00 60 km", "3 08:00 to 3 08:00 40 km"],
            later: &["1 17:30 to 2 08:00 60 km", "3 08:00 to 3 08:00 40 km"],
        },
        // Nobody saw when it began: it may have been at any time since seven.
        Corrected {
            book: "trips",
            what: |ids| (format!("{}/split", ids[1]), json!({ "at": at("2", "07:30") })),
            then: &[
                "1 17:30 to 1 17:30 30 km",
                "2 07:30 to 2 07:30 15 km",
                "2 07:30 to 2 08:00 15 km",
                "3 08:00 to 3 08:00 40 km",
            ],
            later: &[
                "1 17:30 to 1 17:30 30 km",
                "2 07:20 to 2 07:30 7.5 km",
                "2 07:30 to 2 08:00 22.5 km",
                "3 08:00 to 3 08:00 40 km",
            ],
        },
    ];
    check(cases).await;
}

async fn check(cases: impl IntoIterator<Item = Corrected>) {
    for Corrected { book, what, then, later } in cases {
        let life = week().await;
        let before = life.told(book).await;
        let (path, body) = what(&life.ids(book).await);
        let answer = life.post(&format!("{book}/{path}"), &body).await;
        assert!(answer.status < 300, "{path}: {}", answer.text);
        assert_eq!(life.told(book).await, then, "{path}");
        life.replay().await;
        assert_eq!(life.told(book).await, then, "{path}, folded anew");
        life.tell(LATE).await;
        life.replay().await;
        assert_eq!(life.told(book).await, later, "{path}, with late readings");
        assert_ne!(before, then, "{path}");
    }
}

#[tokio::test]
async fn what_is_taken_back_is_as_if_it_had_never_been_decided() {
    let decided: [(&str, Deed); 6] = [
        ("charging-sessions", |ids| (format!("{}/confirm", ids[0]), Value::Null)),
        ("charging-sessions", |ids| (format!("{}/reject", ids[0]), Value::Null)),
        ("charging-sessions", |ids| (format!("{}/split", ids[0]), json!({ "at": at("1", "19:00") }))),
        ("charging-sessions", |ids| ("merge".to_owned(), json!({ "ids": ids }))),
        ("trips", |ids| (format!("{}/reject", ids[2]), Value::Null)),
        ("trips", |ids| ("merge".to_owned(), json!({ "ids": ids[..2] }))),
    ];
    let life = week().await;
    for (book, what) in decided {
        let (before, ids) = (life.book(book).await, life.ids(book).await);
        let (path, body) = what(&ids);
        let answer = life.post(&format!("{book}/{path}"), &body).await;
        // By what stands there now, the last of it; by what stood there, where there is nothing any more.
        let standing = answer.json["items"].as_array().and_then(|items| items.last());
        let standing = standing.map(|entry| entry["id"].as_str().unwrap().to_owned());
        let id = standing.or_else(|| path.split_once('/').map(|(id, _)| id.to_owned())).unwrap();
        assert_ne!(life.book(book).await, before, "{path}");
        let undone = life.post(&format!("{book}/{id}/undo"), &Value::Null).await;
        assert_eq!(undone.status, 200, "{path}: {}", undone.text);
        assert_eq!(life.book(book).await, before, "{path}");
        assert!(!undone.json["items"].as_array().unwrap().is_empty(), "{path}: {}", undone.text);
        let again = life.post(&format!("{book}/{}/undo", ids[0]), &Value::Null).await;
        assert_eq!(again.verdict(), "409 nothing_to_undo", "{path}");
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_says_what_to_do() {
    let life = week().await;
    let (sessions, trips) = (life.ids("charging-sessions").await, life.ids("trips").await);
    let nowhere = Uuid::new_v4();
    let own = life.post(&format!("trips/{}/confirm", trips[1]), &Value::Null).await;
    assert_eq!(own.status, 200, "{}", own.text);
    let cases = [
        (
            format!("charging-sessions/{}/split", sessions[0]),
            json!({ "at": at("1", "12:00") }),
            "422 invalid_field",
        ),
        (format!("charging-sessions/{}/split", sessions[0]), json!({ "at": "soon" }), "422 invalid_field"),
        (
            format!("charging-sessions/{nowhere}/split"),
            json!({ "at": at("1", "19:00") }),
            "404 entry_not_found",
        ),
        (format!("charging-sessions/{nowhere}/confirm"), Value::Null, "404 entry_not_found"),
        (format!("charging-sessions/{nowhere}/reject"), Value::Null, "404 entry_not_found"),
        (format!("charging-sessions/{nowhere}/undo"), Value::Null, "404 entry_not_found"),
        // Of another book.
        (format!("charging-sessions/{}/confirm", trips[0]), Value::Null, "404 entry_not_found"),
        (format!("trips/{}/split", trips[1]), json!({ "at": at("2", "07:30") }), "409 entry_is_yours"),
        ("trips/merge".to_owned(), json!({ "ids": [trips[0], trips[1]] }), "409 entry_is_yours"),
        ("trips/merge".to_owned(), json!({ "ids": [trips[0], trips[2]] }), "409 not_neighbours"),
        ("trips/merge".to_owned(), json!({ "ids": [trips[0], trips[0]] }), "422 invalid_field"),
        ("trips/merge".to_owned(), json!({ "ids": [] }), "422 invalid_field"),
        ("trips/merge".to_owned(), json!({ "ids": [trips[0], nowhere] }), "404 entry_not_found"),
        ("trips/merge".to_owned(), json!({ "ids": [trips[0], sessions[0]] }), "404 entry_not_found"),
    ];
    let before = (life.book("charging-sessions").await, life.book("trips").await);
    for (path, body, verdict) in cases {
        let refused = life.post(&path, &body).await;
        assert_eq!(refused.verdict(), verdict, "{path} {body}: {}", refused.text);
    }
    assert_eq!((life.book("charging-sessions").await, life.book("trips").await), before);
}

#[tokio::test]
async fn days_that_lie_apart_are_no_single_stay_at_the_plug() {
    let life = week().await;
    life.tell(
        "
        5 18:00 km 1100 soc 70 cable in charging yes kwh 0
        5 20:00 km 1100 soc 90 cable in charging no kwh 10
        6 07:00 km 1100 soc 90 cable out
        ",
    )
    .await;
    let ids = life.ids("charging-sessions").await;
    assert_eq!(ids.len(), 3);
    let refused = life.post("charging-sessions/merge", &json!({ "ids": ids[1..] })).await;
    assert_eq!(refused.verdict(), "409 not_neighbours", "{}", refused.text);
}

#[tokio::test]
async fn rows_of_another_car_are_not_there_whatever_is_done_to_them() {
    let life = week().await;
    let (sessions, trips) = (life.ids("charging-sessions").await, life.ids("trips").await);
    let other = life.fixture.car(&life.ann, "Anton").await;
    let before = (life.book("charging-sessions").await, life.book("trips").await);
    for (book, ids) in [("charging-sessions", &sessions), ("trips", &trips)] {
        let list = format!("/api/cars/{other}/{book}");
        let one = format!("{list}/{}", ids[0]);
        let asked = [
            life.fixture.get(&life.ann, &one).await,
            life.fixture.get(&life.ann, &format!("/api/cars/{other}/evidence/{book}/{}", ids[0])).await,
            life.fixture.patch(&life.ann, &one, &json!({ "notes": "mine" })).await,
            life.fixture.delete(&life.ann, &one).await,
            life.fixture.post(&life.ann, &format!("{one}/confirm"), &json!({})).await,
            life.fixture.post(&life.ann, &format!("{one}/reject"), &json!({})).await,
            life.fixture.post(&life.ann, &format!("{one}/split"), &json!({ "at": at("1", "19:00") })).await,
            life.fixture.post(&life.ann, &format!("{one}/undo"), &json!({})).await,
            life.fixture.post(&life.ann, &format!("{list}/merge"), &json!({ "ids": ids })).await,
        ];
        for answer in asked {
            assert_eq!(answer.verdict(), "404 entry_not_found", "{}", answer.text);
        }
    }
    assert_eq!((life.book("charging-sessions").await, life.book("trips").await), before);
}
