//! What is signed is in the queue, byte for byte, before the answer is 200.

use broker::message::Source;

use crate::fixture::{Fixture, SECRET, STATE, STATE_ID, answer, head, sign, write};

#[tokio::test]
async fn a_signed_delivery_is_in_the_queue_byte_for_byte_when_the_answer_is_200() {
    let door = Fixture::new(&[]).await;
    let before = runtime::clock::now();
    let answer = door.deliver(STATE).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/json");
    assert_eq!(answer.text().await.unwrap(), r#"{"status":"accepted"}"#);

    let taken = door.take(1).await.remove(0);
    assert_eq!(taken.routing_key, "webhook.v4");
    let delivery = taken.delivery().unwrap();
    assert_eq!(delivery.body, STATE.as_bytes());
    assert_eq!(delivery.event_id, STATE_ID);
    assert_eq!((delivery.source, delivery.attempts), (Source::Webhook, 0));
    let stamped = delivery.received_at.timestamp_millis();
    assert!((before.timestamp_millis()..=runtime::clock::now().timestamp_millis()).contains(&stamped));
}

#[tokio::test]
async fn every_form_of_envelope_is_kept_and_named() {
    let door = Fixture::new(&[]).await;
    let v2 =
        r#"{"version":"2.0","webhookId":"w","eventName":"schedule","mode":"live","payload":{"vehicles":[]}}"#;
    let plain = r#"{"eventId":"e9","type":"odometer","vehicleId":"v","data":{"distance":1}}"#;
    for body in [STATE, v2, plain] {
        assert_eq!(door.deliver(body).await.status(), 200, "{body}");
    }
    let taken = door.take(3).await;
    let keys: Vec<&str> = taken.iter().map(|incoming| incoming.routing_key.as_str()).collect();
    assert_eq!(keys, ["webhook.v4", "webhook.v2", "webhook.plain"]);
    assert_eq!(taken[2].delivery().unwrap().event_id, "e9");
}

#[tokio::test]
async fn what_is_signed_and_cannot_be_read_is_kept_for_a_person() {
    let door = Fixture::new(&[]).await;
    for body in ["", "not json", "{\"eventType\":", "[]", "\u{0}\u{1}"] {
        assert_eq!(door.deliver(body).await.status(), 200, "{body:?}");
    }
    for incoming in door.take(5).await {
        assert_eq!(incoming.routing_key, "webhook.unknown");
        assert!(incoming.delivery().unwrap().event_id.starts_with("body:"));
    }
}

#[tokio::test]
async fn a_delivery_without_an_id_gets_one_of_its_own_each_time() {
    let door = Fixture::new(&[]).await;
    let body = r#"{"type":"odometer","vehicleId":"v","data":{"distance":1}}"#;
    door.deliver(body).await;
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    door.deliver(body).await;
    let taken = door.take(2).await;
    assert_ne!(taken[0].delivery().unwrap().event_id, taken[1].delivery().unwrap().event_id);
}

#[tokio::test]
async fn while_the_secret_is_rotated_both_are_believed_and_others_are_not() {
    let door = Fixture::new(&["--smartcar-webhook-secret", "new-token, old-token"]).await;
    assert_eq!(door.claim(STATE, &sign("new-token", STATE)).await, 200);
    assert_eq!(door.claim(STATE, &sign("old-token", STATE)).await, 200);
    assert_eq!(door.claim(STATE, &sign("older-token", STATE)).await, 401);
    assert_eq!(door.claim(STATE, &sign("new-token, old-token", STATE)).await, 401);
    door.take(2).await;
}

#[tokio::test]
async fn hex_digits_may_be_upper_case() {
    let door = Fixture::new(&[]).await;
    assert_eq!(door.claim(STATE, &sign(SECRET, STATE).to_uppercase()).await, 200);
}

#[tokio::test]
async fn the_type_of_the_content_does_not_matter() {
    let door = Fixture::new(&[]).await;
    let request =
        door.post(STATE).header("content-type", "text/plain").header("content-encoding", "identity");
    assert_eq!(request.header("sc-signature", sign(SECRET, STATE)).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_body_in_pieces_is_signed_as_the_whole_that_it_is() {
    let door = Fixture::new(&[]).await;
    assert!(door.deliver_in_pieces(STATE, 7).await.starts_with("HTTP/1.1 200 "));
    assert_eq!(door.take(1).await[0].body, STATE.as_bytes());
}

#[tokio::test]
async fn one_connection_brings_many_deliveries() {
    let door = Fixture::new(&[]).await;
    let mut stream = door.connect().await;
    for _ in 0..3 {
        let length = format!("Content-Length: {}", STATE.len());
        write(&mut stream, &(head(&sign(SECRET, STATE), &length) + STATE)).await;
        assert!(answer(&mut stream).await.starts_with("HTTP/1.1 200 "));
    }
    door.take(3).await;
}

#[tokio::test]
async fn the_largest_body_is_exactly_64_kib() {
    let door = Fixture::new(&[]).await;
    let limit = 64 * 1024;
    for (length, status) in [(limit, 200), (limit + 1, 413)] {
        let body = "x".repeat(length);
        assert_eq!(door.deliver(&body).await.status(), status, "{length} bytes");
        // The same without a length, so that it is found only while reading.
        let answer = door.deliver_in_pieces(&body, 4_096).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{length} bytes in pieces: {answer}");
    }
    door.take(2).await;
}
