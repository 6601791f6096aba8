//! What is refused, with which status, and that nothing of it reaches the queue.

use std::time::Duration;

use ingest::Door;
use reqwest::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::fixture::{Fixture, SECRET, STATE, answer, head, is_closed, sign, write};

#[tokio::test]
async fn without_a_good_signature_it_is_401_and_counted_by_reason() {
    let door = Fixture::new(&[]).await;
    let good = sign(SECRET, STATE);
    let forged = [
        ("not_hex", format!("sha256={good}")),
        ("length", String::new()),
        ("length", good[2..].to_owned()),
        ("length", format!("{good}00")),
        ("mismatch", sign("another", STATE)),
        ("mismatch", sign(SECRET, &STATE.to_lowercase())),
    ];
    for (reason, signature) in &forged {
        let series = format!("ingest_bad_signatures_total{{reason=\"{reason}\"}}");
        let before = door.metric(&series).await;
        assert_eq!(door.claim(STATE, signature).await, 401, "{signature}");
        assert!(door.metric(&series).await > before, "{series}");
    }
    assert_eq!(door.post(STATE).send().await.unwrap().status(), 401);
    assert_eq!(door.queued().await, 0);
}

#[tokio::test]
async fn each_flipped_bit_of_the_signature_and_of_the_body_is_refused() {
    let door = Fixture::new(&[]).await;
    let body = r#"{"eventId":"e1","eventType":"VEHICLE_STATE"}"#;
    let good = sign(SECRET, body);
    for bit in 0..8 * 32 {
        let mut bytes = hex::decode(&good).unwrap();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(door.claim(body, &hex::encode(bytes)).await, 401, "bit {bit} of the signature");
    }
    for bit in 0..8 * body.len() {
        let mut bytes = body.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let request = door.post(bytes).header("sc-signature", &good);
        assert_eq!(request.send().await.unwrap().status(), 401, "bit {bit} of the body");
    }
    assert_eq!(door.queued().await, 0);
}

#[tokio::test]
async fn a_signature_is_looked_for_before_the_body_is_understood() {
    let door = Fixture::new(&[]).await;
    for body in ["not json", "", r#"{"eventType":"VERIFY","data":{"challenge":"c"}}"#] {
        assert_eq!(door.claim(body, &sign("another", body)).await, 401, "{body:?}");
        assert_eq!(door.post(body).send().await.unwrap().status(), 401, "{body:?}");
    }
}

#[tokio::test]
async fn an_encoded_body_is_415_since_the_signature_covers_raw_bytes() {
    let door = Fixture::new(&[]).await;
    for coding in ["gzip", "br", "identity, gzip", "GZIP"] {
        let request =
            door.post(STATE).header("content-encoding", coding).header("sc-signature", sign(SECRET, STATE));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 415, "{coding}");
        assert!(answer.text().await.unwrap().contains("raw bytes"));
    }
    assert_eq!(door.queued().await, 0);
}

#[tokio::test]
async fn a_body_that_is_announced_too_long_is_413_before_it_is_sent() {
    let door = Fixture::new(&[]).await;
    let mut stream = door.connect().await;
    write(&mut stream, &head(&sign(SECRET, STATE), "Content-Length: 65537")).await;
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 413 "));
}

#[tokio::test]
async fn a_body_without_end_is_413_as_soon_as_it_is_too_long() {
    let door = Fixture::new(&[]).await;
    let mut stream = door.connect().await;
    write(&mut stream, &head(&sign(SECRET, STATE), "Transfer-Encoding: chunked")).await;
    let piece = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
    for _ in 0..17 {
        write(&mut stream, &piece).await;
    }
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 413 "));
}

#[tokio::test]
async fn a_body_that_does_not_arrive_in_time_is_408() {
    let door = Fixture::new(&["--body-ms", "300"]).await;
    let mut stream = door.connect().await;
    write(&mut stream, &head(&sign(SECRET, STATE), &format!("Content-Length: {}", STATE.len()))).await;
    write(&mut stream, &STATE[..10]).await;
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 408 "));
    is_closed(&mut stream).await;
    assert_eq!(door.queued().await, 0);
}

#[tokio::test]
async fn a_body_that_comes_in_drops_has_no_more_time_than_another() {
    let door = Fixture::new(&["--body-ms", "500"]).await;
    let mut stream = door.connect().await;
    write(&mut stream, &head(&sign(SECRET, STATE), &format!("Content-Length: {}", STATE.len()))).await;
    let (mut from_door, mut to_door) = stream.split();
    let drops = async {
        // Each drop in time for a deadline that began anew with it; all of them too late for one that did not.
        for byte in STATE.as_bytes().chunks(1) {
            tokio::time::sleep(Duration::from_millis(50)).await;
            to_door.write_all(byte).await.ok();
        }
    };
    let mut start = [0; 13];
    tokio::select! {
        () = drops => panic!("the door waited for all of it"),
        read = from_door.read_exact(&mut start) => assert_eq!(read.unwrap(), start.len()),
    }
    assert_eq!(&start, b"HTTP/1.1 408 ");
}

#[tokio::test]
async fn a_head_that_is_too_long_is_431() {
    let door = Fixture::new(&[]).await;
    let mut stream = door.connect().await;
    write(&mut stream, &head(&"a".repeat(20_000), "Content-Length: 0")).await;
    assert!(answer(&mut stream).await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn other_addresses_are_404_and_other_methods_are_405() {
    let door = Fixture::new(&[]).await;
    for path in
        ["/", "/api/smartcar/webhook/", "/api/smartcar/webhook/x", "/api/smartcar", "/api//smartcar/webhook"]
    {
        assert_eq!(door.get(path).await.status(), 404, "{path}");
    }
    let http = reqwest::Client::new();
    for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        let request =
            http.request(method.clone(), door.url(Door::PATH)).header("sc-signature", sign(SECRET, STATE));
        let answer = request.body(STATE).send().await.unwrap();
        assert_eq!(answer.status(), 405, "{method}");
        let mut allowed: Vec<_> = answer.headers()["allow"].to_str().unwrap().split(',').collect();
        allowed.sort_unstable();
        assert_eq!(allowed, ["GET", "HEAD", "POST"]);
    }
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(http.post(door.url(path)).send().await.unwrap().status(), 405, "{path}");
    }
    assert_eq!(door.queued().await, 0);
}

#[tokio::test]
async fn a_reason_never_repeats_what_was_sent() {
    let door = Fixture::new(&[]).await;
    let body = r#"{"vin":"WVWZZZ1KZAW000000"}"#;
    let answer = door.post(body).header("sc-signature", sign("another", body)).send().await.unwrap();
    assert_eq!(
        answer.text().await.unwrap(),
        r#"{"reason":"the signature belongs to no secret of ours","status":"refused"}"#
    );
}
