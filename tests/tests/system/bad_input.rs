//! Bad input that is signed rightly, from the door to the book: each body ends stored or parked, what can be understood
//! of it is in the book, and nothing else is.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::installation::{Installation, PATIENCE, connect};
use crate::ledger;

const VEHICLE: &str = "b4d-1";
const USER: &str = "u-1";

/// What becomes of a delivery that the door took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Stored, and its kilometres are in the book at its minute.
    InTheBook,
    /// Stored, and the book knows nothing of it.
    Stored,
    Parked,
}
use End::{InTheBook, Parked, Stored};

/// One body that tells what the car shows at a minute, and what should become of it.
struct Case {
    name: &'static str,
    minute: i64,
    body: Vec<u8>,
    end: End,
}

/// So many minutes after a morning in the past.
fn moment(minute: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_500) + TimeDelta::minutes(minute)
}

/// What the odometer shows at a minute: a car at an even pace.
fn km(minute: i64) -> i64 {
    1_000 + minute / 10
}

/// An odometer's signal as it should be; the cases spoil it.
fn odometer(minute: i64) -> Value {
    json!({
        "code": "odometer-traveleddistance", "status": { "value": "SUCCESS" },
        "body": { "value": km(minute), "unit": "km" },
        "meta": { "oemUpdatedAt": moment(minute).timestamp_millis() },
    })
}

fn envelope(id: &str, vehicle: &str, signals: &Value) -> Value {
    json!({
        "eventId": id, "eventType": "VEHICLE_STATE",
        "data": { "user": { "id": USER }, "vehicle": { "id": vehicle }, "signals": signals },
        "triggers": [], "meta": { "version": "4.0" },
    })
}

/// The same body with one piece of its text replaced, for what is no JSON value.
fn rewritten(body: &Value, from: &str, to: &str) -> Vec<u8> {
    let text = body.to_string();
    assert!(text.contains(from), "{text}");
    text.replace(from, to).into_bytes()
}

/// Deliveries whose odometer is spoiled in one place.
fn spoiled_signals() -> Vec<Case> {
    let tomorrow =
        (DateTime::<Utc>::from(std::time::SystemTime::now()) + TimeDelta::days(1)).timestamp_millis();
    let at = "/meta/oemUpdatedAt";
    let value = "/body/value";
    let table = [
        ("a time in milliseconds", at, json!(moment(0).timestamp_millis()), InTheBook),
        ("a time in seconds", at, json!(moment(10).timestamp()), InTheBook),
        ("a time as text", at, json!(moment(20).to_rfc3339()), InTheBook),
        ("no time", at, Value::Null, Stored),
        ("a time of zero", at, json!(0), Stored),
        ("a time that is a word", at, json!("yesterday"), Stored),
        ("a time below zero", at, json!(-1_771_200_000_000_i64), Stored),
        ("a time without end", at, json!(1e300), Stored),
        ("a time before all cars", at, json!(1_000_000_000_000_i64), Stored),
        ("a time to come", at, json!(tomorrow), Stored),
        ("kilometres as text", value, json!(km(100).to_string()), InTheBook),
        ("kilometres below zero", value, json!(-5), Stored),
        ("kilometres of a galaxy", value, json!(1e300), Stored),
        ("no kilometres", value, Value::Null, Stored),
        ("kilometres that are no number", value, json!("NaN"), Stored),
        ("a list of kilometres", value, json!([1, 2, 3]), Stored),
        ("a unit of long ago", "/body/unit", json!("leagues"), Stored),
        ("a body that is no object", "/body", json!("bare"), Stored),
        ("a signal that nobody knows", "/code", json!("flux-capacitor"), Stored),
        ("a signal without a name", "/code", Value::Null, Stored),
        ("a signal that failed", "/status/value", json!("ERROR"), Stored),
    ];
    let cases = table.into_iter().zip((0..).step_by(10)).map(|((name, place, wrong, end), minute)| {
        let mut signal = odometer(minute);
        *signal.pointer_mut(place).unwrap() = wrong;
        Case { name, minute, body: envelope(name, VEHICLE, &json!([signal])).to_string().into_bytes(), end }
    });
    cases.collect()
}

/// Deliveries that are odd as a whole.
fn spoiled_bodies() -> Vec<Case> {
    let good = |name: &str, minute| envelope(name, VEHICLE, &json!([odometer(minute)]));
    let deep = format!("{}{}", "[".repeat(2_000), "]".repeat(2_000));
    let many: Vec<Value> = (0..150).map(|_| json!(7)).chain([odometer(520)]).collect();
    let case = |name, minute, body: Vec<u8>, end| Case { name, minute, body, end };
    vec![
        case(
            "neighbours that are no signals",
            520,
            envelope("neighbours", VEHICLE, &json!(many)).to_string().into(),
            InTheBook,
        ),
        case(
            "a zero character",
            530,
            rewritten(&good("zero", 530), "\"zero\"", r#""ze\u0000ro""#),
            InTheBook,
        ),
        case(
            "a key twice in a signal",
            540,
            rewritten(&good("twice", 540), "\"unit\":", r#""unit":"leagues","unit":"#),
            Stored,
        ),
        case(
            "a key twice in the envelope",
            640,
            rewritten(&good("again", 640), "\"triggers\":", "\"triggers\":7,\"triggers\":"),
            InTheBook,
        ),
        case(
            "a car that nobody knows",
            580,
            envelope("stranger", "nobody", &json!([odometer(580)])).to_string().into(),
            Stored,
        ),
        case("no signals", 590, envelope("silent", VEHICLE, &json!([])).to_string().into(), Stored),
        case("a number beyond all numbers", 550, rewritten(&good("beyond", 550), "1055", "1e999"), Stored),
        case(
            "lists in lists",
            560,
            rewritten(&good("deep", 560), "\"triggers\":[]", &format!("\"triggers\":{deep}")),
            InTheBook,
        ),
        case("bytes that are no text", 600, [&b"{\"eventType\":\"\xff\xfe\""[..], b"}"].concat(), Parked),
        case("half a body", 610, b"{\"eventType\":\"VEHICLE_STATE\",".to_vec(), Parked),
        case("a list", 620, b"[]".to_vec(), Parked),
        case("nothing", 630, Vec::new(), Parked),
        case("no car", 570, rewritten(&good("carless", 570), VEHICLE, ""), Parked),
    ]
}

#[tokio::test]
async fn whatever_is_signed_ends_stored_or_parked_and_only_what_is_understood_is_in_the_book() {
    let database = harness::database().await;
    let installation = Installation::on(&database, &harness::amqp_url()).await;
    connect(&installation.pool, VEHICLE, USER, "a car").await;
    let cases: Vec<Case> = spoiled_signals().into_iter().chain(spoiled_bodies()).collect();
    for case in &cases {
        assert_eq!(installation.post(&case.body).await, 200, "{}", case.name);
    }
    let worker = installation.worker();
    let ends = "SELECT (SELECT count(*) FROM webhook_events) + (SELECT count(*) FROM parked_messages)";
    let number = i64::try_from(cases.len()).unwrap();
    harness::eventually(PATIENCE, "each has its end", async || installation.count(ends).await >= number)
        .await;

    let expected: Vec<_> = cases.iter().map(|case| (case.name, case.end)).collect();
    assert_eq!(ends_of(&installation, &cases).await, expected);
    assert_eq!(installation.count(ends).await, number);
    ledger::book_follows_from_the_readings(&installation.pool).await;
    drop(worker);
    database.close().await;
}

/// Looks where each body is, and what of it is in the book.
async fn ends_of(installation: &Installation, cases: &[Case]) -> Vec<(&'static str, End)> {
    let parked = bodies(installation, "SELECT body FROM parked_messages").await;
    let stored = bodies(installation, "SELECT body FROM webhook_events").await;
    let book: Vec<(DateTime<Utc>, i64)> =
        sqlx::query_as("SELECT entry_date, odometer_reading::bigint FROM meter_entries")
            .fetch_all(&installation.pool)
            .await
            .unwrap();
    let end = |case: &Case| {
        let is_in_the_book = book.contains(&(moment(case.minute), km(case.minute)));
        match (stored.contains(&case.body), parked.contains(&case.body), is_in_the_book) {
            (true, false, true) => InTheBook,
            (true, false, false) => Stored,
            (false, true, false) => Parked,
            elsewhere => panic!("{}: stored, parked, in the book: {elsewhere:?}", case.name),
        }
    };
    assert_eq!(book.len(), cases.iter().filter(|case| case.end == InTheBook).count(), "{book:?}");
    cases.iter().map(|case| (case.name, end(case))).collect()
}

async fn bodies(installation: &Installation, sql: &'static str) -> Vec<Vec<u8>> {
    sqlx::query_scalar(sql).fetch_all(&installation.pool).await.unwrap()
}
