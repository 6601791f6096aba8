//! Too many at once: some are put off, nobody is shut out by those who only stand there.

use tokio::net::TcpStream;

use crate::fixture::{Fixture, GENEROUS, SECRET, STATE, answer, head, is_closed, sign, write};

/// A sender who sent all but the body, and is in hand.
async fn begin(door: &Fixture) -> TcpStream {
    let mut stream = door.connect().await;
    let framing = format!("Content-Length: {}\r\nExpect: 100-continue", STATE.len());
    write(&mut stream, &head(&sign(SECRET, STATE), &framing)).await;
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 100 "), "the door wants the body");
    stream
}

#[tokio::test]
async fn more_than_fit_into_the_hand_are_put_off_at_once() {
    let door = Fixture::new(&["--requests-in-hand", "2"]).await;
    let (mut first, second) = (begin(&door).await, begin(&door).await);
    let put_off = door.deliver(STATE).await;
    assert_eq!(put_off.status(), 503);
    assert_eq!(put_off.headers()["retry-after"], "5");
    assert_eq!(door.get("/healthz").await.status(), 200, "operators are not put off");

    write(&mut first, STATE).await;
    assert!(answer(&mut first).await.starts_with("HTTP/1.1 200 "));
    assert_eq!(door.deliver(STATE).await.status(), 200);
    drop(second);
}

#[tokio::test]
async fn a_sender_who_breaks_off_makes_room_and_leaves_nothing_behind() {
    let door = Fixture::new(&["--requests-in-hand", "1"]).await;
    let mut stream = begin(&door).await;
    write(&mut stream, &STATE[..10]).await;
    assert_eq!(door.deliver(STATE).await.status(), 503);
    drop(stream);
    harness::eventually(GENEROUS, "there is room again", async || door.deliver(STATE).await.status() == 200)
        .await;
    door.take(1).await;
}

#[tokio::test]
async fn a_door_full_of_idlers_still_takes_deliveries() {
    let door = Fixture::new(&["--ingest-connections", "8"]).await;
    let mut idlers = Vec::new();
    for number in 0..40 {
        let mut idler = door.connect().await;
        if number % 2 == 0 {
            write(&mut idler, "POST /api/smartcar/webhook HTTP/1.1\r\nHost: do").await;
        }
        idlers.push(idler);
    }
    assert_eq!(door.deliver(STATE).await.status(), 200);
    is_closed(&mut idlers[0]).await;
}

#[tokio::test]
async fn a_request_in_hand_is_not_closed_to_make_room() {
    let door = Fixture::new(&["--ingest-connections", "2"]).await;
    let mut patient = begin(&door).await;
    for _ in 0..10 {
        assert_eq!(reqwest::Client::new().get(door.url("/healthz")).send().await.unwrap().status(), 200);
    }
    write(&mut patient, STATE).await;
    assert!(answer(&mut patient).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn many_at_once_are_all_kept() {
    let door = Fixture::new(&[]).await;
    let deliveries = (0..300).map(|number| {
        let body = format!(r#"{{"eventId":"e{number}","eventType":"VEHICLE_STATE","meta":{{}}}}"#);
        let request = door.post(body.clone()).header("sc-signature", sign(SECRET, &body));
        async move { request.send().await.unwrap().status() }
    });
    let mut all = tokio::task::JoinSet::new();
    deliveries.for_each(|delivery| drop(all.spawn(delivery)));
    assert!(all.join_all().await.iter().all(|status| *status == 200));
    let mut ids: Vec<_> = Vec::new();
    for taken in door.take(300).await {
        ids.push(taken.delivery().unwrap().event_id);
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 300);
}
