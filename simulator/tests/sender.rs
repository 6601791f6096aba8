//! The whole stand-in against a real HTTP server: what it sends, how it tries again, and what it knows
//! afterwards.
#![expect(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

mod webhook;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::Value;
use simulator::cloud::{Faults, Outage};
use simulator::ledger::{Answer, Counts, Fate};
use simulator::sender::HandshakeError;
use simulator::wire::{ErrorKind, sign};
use simulator::{Ledger, Options, Simulator, StartError, clock};
use tokio::net::TcpListener;
use webhook::{Reply, SECRET, Webhook, eventually};

/// Two days of three cars, over at once.
fn options(url: &str) -> Options {
    let now = clock::now();
    Options {
        cars: 3,
        until: Some(now - TimeDelta::days(1)),
        retry_scale: 0.0001,
        handshake_patience: Duration::from_millis(100),
        ..Options::new(url, SECRET, now - TimeDelta::days(3))
    }
}

async fn run(options: Options) -> std::sync::Arc<Ledger> {
    let simulator = Simulator::start(options).await.unwrap();
    simulator.finished().await;
    simulator.stop().await
}

fn event_ids(webhook: &Webhook) -> Vec<String> {
    webhook.arrivals().iter().map(|arrival| arrival.event_id().to_owned()).collect()
}

#[tokio::test]
async fn a_healthy_webhook_gets_every_event_once_and_signed() {
    let webhook = Webhook::open(|_| Reply::Status(200)).await;
    let ledger = run(options(&webhook.url)).await;
    let Counts { events, accepted, attempts, .. } = ledger.counts();
    assert!(events > 10);
    assert_eq!((events, events), (accepted, attempts));
    for arrival in webhook.arrivals() {
        assert_eq!(arrival.header("sc-signature"), sign(SECRET.as_bytes(), &arrival.bytes));
        assert_eq!(arrival.header("content-type"), "application/json");
        assert_eq!(arrival.header("content-length"), arrival.bytes.len().to_string());
        assert!(arrival.header("user-agent").starts_with("Smartcar/"));
    }
    let sent: BTreeSet<_> = event_ids(&webhook).into_iter().collect();
    let known: BTreeSet<_> = ledger.accepted().iter().map(|event| event.event_id.to_string()).collect();
    assert_eq!(sent, known);
}

#[tokio::test]
async fn an_attempt_is_new_and_the_event_is_the_same() {
    let webhook = Webhook::open(|nth| Reply::Status([500, 404, 302, 200][nth])).await;
    let ledger = run(options(&webhook.url)).await;
    let counts = ledger.counts();
    assert_eq!((counts.accepted, counts.attempts), (counts.events, 4 * counts.events));

    let mut attempts: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut signatures = BTreeSet::new();
    for arrival in webhook.arrivals() {
        assert_eq!(arrival.header("sc-signature"), sign(SECRET.as_bytes(), &arrival.bytes));
        assert!(signatures.insert(arrival.header("sc-signature").to_owned()), "a signature was used twice");
        attempts.entry(arrival.event_id().to_owned()).or_default().push(arrival.body);
    }
    for bodies in attempts.values() {
        let deliveries: BTreeSet<_> =
            bodies.iter().map(|body| body["meta"]["deliveryId"].to_string()).collect();
        assert_eq!(deliveries.len(), 4);
        assert!(bodies.iter().all(|body| body["data"] == bodies[0]["data"]));
        let times: Vec<_> = bodies.iter().map(|body| body["meta"]["deliveredAt"].as_i64().unwrap()).collect();
        assert!(times.is_sorted());
    }
}

#[tokio::test]
async fn after_four_attempts_an_event_is_given_up_for_good() {
    let webhook = Webhook::open(|_| Reply::Status(503)).await;
    let ledger = run(options(&webhook.url)).await;
    let counts = ledger.counts();
    assert_eq!((counts.given_up, counts.attempts), (counts.events, 4 * counts.events));
    assert_eq!(webhook.arrivals().len(), counts.attempts);
    let statuses = ledger.events()[0].attempts.iter().map(|attempt| attempt.answer).collect::<Vec<_>>();
    assert_eq!(statuses, [Answer::Status(503); 4]);
}

#[tokio::test]
async fn no_answer_in_time_is_a_failure() {
    let webhook = Webhook::open(|nth| if nth == 0 { Reply::Slow(60_000) } else { Reply::Status(204) }).await;
    let answer_within = Duration::from_secs(2);
    let ledger = run(Options { answer_within, concurrency: 256, ..options(&webhook.url) }).await;
    for event in ledger.events() {
        assert_eq!(event.attempts.first().unwrap().answer, Answer::TimedOut);
        assert_eq!(event.attempts.last().unwrap().answer, Answer::Status(204));
        assert_eq!(event.fate(), Fate::Accepted);
    }
}

#[tokio::test]
async fn a_webhook_that_goes_away_costs_the_events() {
    let webhook = Webhook::open(|_| Reply::Status(200)).await;
    let faults = Faults { outage: Outage::Hold, ..Faults::none() };
    let simulator = Simulator::start(Options { faults, ..options(&webhook.url) }).await.unwrap();
    drop(webhook);
    simulator.faults().set(Faults::none());
    simulator.finished().await;
    let ledger = simulator.stop().await;
    let counts = ledger.counts();
    assert_eq!((counts.given_up, counts.attempts), (counts.events, 4 * counts.events));
    assert!(ledger.events().iter().all(|event| event.attempts[0].answer == Answer::Unreachable));
}

#[tokio::test]
async fn a_webhook_that_never_was_there_is_an_error() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", gone.local_addr().unwrap());
    drop(gone);
    let error = Simulator::start(options(&url)).await.unwrap_err();
    assert!(matches!(error, StartError::Handshake(HandshakeError::Silent(Answer::Unreachable))));
}

#[tokio::test]
async fn duplicates_share_their_event_id_and_nothing_else() {
    let webhook = Webhook::open(|_| Reply::Status(200)).await;
    let faults = Faults { duplicates: 1.0, ..Faults::none() };
    let ledger = run(Options { faults, ..options(&webhook.url) }).await;
    let counts = ledger.counts();
    assert_eq!((counts.duplicates, counts.attempts), (counts.events, 2 * counts.events));
    let arrivals = webhook.arrivals();
    let deliveries: BTreeSet<_> =
        arrivals.iter().map(|arrival| arrival.body["meta"]["deliveryId"].to_string()).collect();
    assert_eq!(deliveries.len(), arrivals.len());
}

#[tokio::test]
async fn a_shuffle_is_seen_at_the_webhook() {
    let webhook = Webhook::open(|_| Reply::Status(200)).await;
    let calm = Options { concurrency: 1, ..options(&webhook.url) };
    run(calm.clone()).await;
    let in_order = event_ids(&webhook);

    let webhook = Webhook::open(|_| Reply::Status(200)).await;
    let faults = Faults { shuffle: TimeDelta::hours(2), ..Faults::none() };
    run(Options { faults, ingest_url: Some(webhook.url.clone()), ..calm }).await;
    let shuffled = event_ids(&webhook);
    assert_ne!(in_order, shuffled);
    let set = |ids: Vec<String>| ids.into_iter().collect::<BTreeSet<_>>();
    assert_eq!(set(in_order), set(shuffled));
}

#[tokio::test]
async fn lost_events_are_known_and_never_arrive() {
    let webhook = Webhook::open(|_| Reply::Status(200)).await;
    let ledger =
        run(Options { faults: Faults { lost: 0.5, ..Faults::none() }, ..options(&webhook.url) }).await;
    let counts = ledger.counts();
    assert!(counts.lost > 0 && counts.accepted > 0);
    assert_eq!(counts.lost + counts.accepted, counts.events);
    let arrived = event_ids(&webhook);
    let lost = ledger.events().into_iter().filter(|event| event.fate() == Fate::Lost);
    assert!(lost.into_iter().all(|event| !arrived.contains(&event.event_id.to_string())));
}

#[tokio::test]
async fn what_an_outage_held_comes_when_it_is_over() {
    let webhook = Webhook::open(|_| Reply::Status(200)).await;
    let faults = Faults { outage: Outage::Hold, ..Faults::none() };
    let simulator = Simulator::start(Options { faults, ..options(&webhook.url) }).await.unwrap();
    let end = clock::now() - TimeDelta::days(1) - TimeDelta::minutes(1);
    eventually("virtual time reaches the end", || simulator.now() > end).await;
    assert!(webhook.arrivals().is_empty());
    simulator.faults().change(|faults| faults.outage = Outage::None);
    simulator.finished().await;
    let counts = simulator.stop().await.counts();
    assert!(counts.accepted > 10 && counts.accepted == counts.events);
}

#[tokio::test]
async fn an_error_is_raised_and_resolved_on_demand() {
    let webhook = Webhook::open(|_| Reply::Status(200)).await;
    let options = Options { until: None, ..options(&webhook.url) };
    let simulator = Simulator::start(options).await.unwrap();
    let id = simulator.fleet()[0].smartcar_vehicle_id.clone();
    let states = || -> Vec<String> {
        let errors =
            webhook.arrivals().into_iter().filter(|arrival| arrival.body["eventType"] == "VEHICLE_ERROR");
        errors
            .map(|arrival| arrival.body["data"]["errors"][0]["state"].as_str().unwrap().to_owned())
            .collect()
    };
    simulator.faults().change(|faults| {
        faults.broken.insert(id.clone(), ErrorKind::AuthenticationFailed);
    });
    eventually("the error is raised", || states() == ["ERROR"]).await;
    simulator.faults().change(|faults| faults.broken.clear());
    eventually("the error is resolved", || states() == ["ERROR", "RESOLVED"]).await;
    simulator.stop().await;
}

#[tokio::test]
async fn nothing_is_sent_during_a_pause() {
    let webhook = Webhook::open(|_| Reply::Status(200)).await;
    // An hour of virtual time in two seconds.
    let simulator = Simulator::start(Options { speed: 1_800.0, ..options(&webhook.url) }).await.unwrap();
    eventually("the first events arrive", || webhook.arrivals().len() >= 3).await;
    simulator.pause();
    let moment = || (simulator.now(), webhook.arrivals().len());
    let (mut last, mut same) = (moment(), 0);
    eventually("what was begun before the pause is over", || {
        let now = moment();
        same = if now == last { same + 1 } else { 0 };
        last = now;
        same == 10
    })
    .await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(moment(), last);
    simulator.resume();
    eventually("time goes on", || simulator.now() - last.0 > TimeDelta::minutes(5)).await;
    simulator.stop().await;
}

#[tokio::test]
async fn requests_at_a_time_are_bounded() {
    let webhook = Webhook::open(|_| Reply::Slow(20)).await;
    run(Options { concurrency: 4, ..options(&webhook.url) }).await;
    assert!((2..=4).contains(&webhook.most_at_once()), "{}", webhook.most_at_once());
}

#[tokio::test]
async fn after_a_stop_no_attempt_is_made() {
    let webhook = Webhook::open(|_| Reply::Status(500)).await;
    let retry_scale = 1.0;
    let simulator = Simulator::start(Options { retry_scale, ..options(&webhook.url) }).await.unwrap();
    eventually("an event has failed once", || !webhook.arrivals().is_empty()).await;
    let ledger = simulator.stop().await;
    let arrived = webhook.arrivals().len();
    assert!(ledger.counts().in_flight > 0);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(webhook.arrivals().len(), arrived);
}

#[tokio::test]
async fn virtual_time_never_runs_ahead() {
    let webhook = Webhook::open(|_| Reply::Status(200)).await;
    let start = clock::now() - TimeDelta::hours(20);
    let simulator =
        Simulator::start(Options { start, until: None, cars: 12, ..options(&webhook.url) }).await.unwrap();
    eventually("the present is reached", || clock::now() - simulator.now() < TimeDelta::seconds(2)).await;
    simulator.stop().await;
    let present = clock::now().timestamp_millis();
    for arrival in webhook.arrivals() {
        assert!(arrival.body["meta"]["deliveredAt"].as_i64().unwrap() <= present);
        for signal in arrival.body["data"]["signals"].as_array().unwrap() {
            assert!(signal["meta"]["retrievedAt"].as_i64().unwrap_or(0) <= present);
        }
    }
    let future = Options { start: clock::now() + TimeDelta::hours(1), ..options(&webhook.url) };
    assert!(matches!(Simulator::start(future).await.unwrap_err(), StartError::InTheFuture(_)));
}

#[tokio::test]
async fn the_ledger_tells_what_the_cars_said_and_what_they_did() {
    let webhook = Webhook::open(|_| Reply::Status(200)).await;
    let start = clock::now() - TimeDelta::days(20);
    let faults = Faults { odometer_zero: 0.1, ..Faults::none() };
    let ledger = run(Options { start, faults, cars: 6, ..options(&webhook.url) }).await;
    for car in ledger.fleet() {
        let truth = ledger.truth(&car.smartcar_vehicle_id).unwrap();
        assert_eq!(truth.as_of, ledger.now());
        assert!(truth.trips.iter().all(|trip| trip.ended_at <= truth.as_of));
        let odometers = ledger.accepted_odometers(&car.smartcar_vehicle_id);
        assert!(odometers.len() > 3);
        assert!(odometers.windows(2).all(|two| two[0] != two[1] && two[0].at <= two[1].at));
        let unit_m = if odometers[0].unit == "km" { 1_000.0 } else { 1_609.344 };
        let honest = odometers.iter().rfind(|reading| reading.flaw.is_none()).unwrap();
        let now_m = ledger.odometer_now_m(&car.smartcar_vehicle_id).unwrap();
        assert!(honest.value * unit_m <= f64::from(u32::try_from(now_m).unwrap()));
        assert!(odometers.iter().all(|reading| reading.flaw.is_some() == (reading.value == 0.0)));
    }
    assert_eq!(ledger.truth("nobody"), None);
}

#[tokio::test]
async fn the_ledger_file_has_a_line_for_every_event_attempt_and_end() {
    let webhook = Webhook::open(|nth| Reply::Status(if nth == 0 { 500 } else { 200 })).await;
    let file = std::env::temp_dir().join(format!("ledger-{}.jsonl", uuid::Uuid::new_v4()));
    let ledger = run(Options { ledger_file: Some(file.clone()), ..options(&webhook.url) }).await;
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        *lines.entry(line["entry"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    let counts = ledger.counts();
    let expected = [("attempt", counts.attempts), ("end", counts.events), ("event", counts.events)];
    assert_eq!(lines, expected.into_iter().map(|(name, count)| (name.to_owned(), count)).collect());
    assert_eq!(ledger.journal_error(), None);
}

#[tokio::test]
async fn a_webhook_with_another_secret_is_not_used() {
    let webhook = Webhook::with("another", 0, |_| Reply::Status(200)).await;
    let error = Simulator::start(options(&webhook.url)).await.unwrap_err();
    assert!(matches!(error, StartError::Handshake(HandshakeError::WrongHash)));
    assert!(webhook.arrivals().is_empty());
}

#[tokio::test]
async fn a_webhook_that_is_not_ready_yet_is_waited_for() {
    let webhook = Webhook::with(SECRET, 2, |_| Reply::Status(200)).await;
    let impatient = Options { handshake_patience: Duration::ZERO, ..options(&webhook.url) };
    let error = Simulator::start(impatient).await.unwrap_err();
    assert!(matches!(error, StartError::Handshake(HandshakeError::Refused(503))));
    let patient = Options { handshake_patience: Duration::from_secs(20), ..options(&webhook.url) };
    Simulator::start(patient).await.unwrap().stop().await;
}
