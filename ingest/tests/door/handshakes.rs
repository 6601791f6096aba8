//! VERIFY is answered, and the door signs nothing that could be a delivery: challenge answers and body signatures are
//! one function with one key.

use crate::fixture::{Fixture, SECRET, STATE, sign};

const CHALLENGE: &str = "3a5c8f72-e6d9-4b1a-9f2e-8c7d6a5b4e3f";

fn v4(challenge: &str) -> String {
    let challenge = serde_json::to_string(challenge).unwrap();
    format!(
        r#"{{"eventId":"e","eventType":"VERIFY","data":{{"challenge":{challenge}}},"meta":{{"version":"4.0"}}}}"#
    )
}

fn v2(challenge: &str) -> String {
    let challenge = serde_json::to_string(challenge).unwrap();
    format!(
        r#"{{"version":"2.0","webhookId":"w","eventName":"verify","payload":{{"challenge":{challenge}}}}}"#
    )
}

fn answer_to(challenge: &str) -> String {
    format!(r#"{{"challenge":"{}"}}"#, sign(SECRET, challenge))
}

/// Challenges whose answers would be worth something.
fn challenges_of_a_forger() -> Vec<String> {
    let small = r#"{"eventType":"VEHICLE_STATE"}"#;
    [STATE, small, "[]", "\"\"", "two words", " ", "", "tab\tbed", "line\nfeed", "ä", &"a".repeat(129)]
        .map(ToOwned::to_owned)
        .to_vec()
}

#[tokio::test]
async fn a_signed_handshake_is_answered_in_both_forms_and_not_kept() {
    let door = Fixture::new(&[]).await;
    for body in [v4(CHALLENGE), v2(CHALLENGE)] {
        let answer = door.deliver(&body).await;
        assert_eq!(answer.status(), 200, "{body}");
        assert_eq!(answer.headers()["content-type"], "application/json");
        assert_eq!(answer.text().await.unwrap(), answer_to(CHALLENGE));
    }
    assert_eq!(door.queued().await, 0);
}

#[tokio::test]
async fn the_first_secret_answers() {
    let door = Fixture::new(&["--smartcar-webhook-secret", &format!("{SECRET},old-token")]).await;
    let body = v4(CHALLENGE);
    let request = door.post(body.clone()).header("sc-signature", sign("old-token", &body));
    assert_eq!(request.send().await.unwrap().text().await.unwrap(), answer_to(CHALLENGE));
}

#[tokio::test]
async fn without_enrolment_an_unsigned_handshake_is_refused() {
    let door = Fixture::new(&[]).await;
    for body in [v4(CHALLENGE), v2(CHALLENGE)] {
        let answer = door.post(body).send().await.unwrap();
        assert_eq!(answer.status(), 401);
        assert!(!answer.text().await.unwrap().contains(&sign(SECRET, CHALLENGE)));
    }
}

#[tokio::test]
async fn during_enrolment_an_unsigned_handshake_is_answered_and_nothing_else_is() {
    let door = Fixture::new(&["--accept-unsigned-verify"]).await;
    for body in [v4(CHALLENGE), v2(CHALLENGE)] {
        let answer = door.post(body).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.text().await.unwrap(), answer_to(CHALLENGE));
    }
    for body in [STATE, "", "not json", r#"{"type":"odometer","vehicleId":"v"}"#] {
        assert_eq!(door.post(body).send().await.unwrap().status(), 401, "{body}");
    }
    assert_eq!(door.queued().await, 0);
}

#[tokio::test]
async fn a_wrong_signature_is_refused_during_enrolment_too() {
    let door = Fixture::new(&["--accept-unsigned-verify"]).await;
    let body = v4(CHALLENGE);
    for signature in [sign("another", &body), String::new(), "no hex".to_owned()] {
        assert_eq!(door.claim(&body, &signature).await, 401, "{signature:?}");
    }
}

#[tokio::test]
async fn the_door_signs_no_delivery_whatever_it_is_asked() {
    for arguments in [&[][..], &["--accept-unsigned-verify"]] {
        let door = Fixture::new(arguments).await;
        for challenge in challenges_of_a_forger() {
            let loot = sign(SECRET, &challenge);
            for body in [v4(&challenge), v2(&challenge)] {
                let unsigned = door.post(body.clone()).send().await.unwrap();
                assert!(unsigned.status().is_client_error(), "{challenge:?}");
                assert!(!unsigned.text().await.unwrap().contains(&loot), "{challenge:?}");
                // Even Smartcar itself gets no such answer.
                let signed = door.deliver(&body).await;
                assert_eq!(signed.status(), 400, "{challenge:?}");
                assert!(!signed.text().await.unwrap().contains(&loot), "{challenge:?}");
            }
            let query =
                reqwest::Url::parse_with_params(&door.url(ingest::Door::PATH), [("challenge", &challenge)]);
            let knocked = reqwest::get(query.unwrap()).await.unwrap();
            assert_eq!(knocked.status(), 200, "{challenge:?}");
            assert!(!knocked.text().await.unwrap().contains(&loot), "{challenge:?}");
        }
    }
}

#[tokio::test]
async fn asking_by_get_is_answered_during_enrolment_only() {
    let path = format!("{}?challenge={CHALLENGE}", ingest::Door::PATH);
    let closed = Fixture::new(&[]).await;
    let open = Fixture::new(&["--accept-unsigned-verify"]).await;
    for (door, expected) in [(&closed, r#"{"status":"ok"}"#.to_owned()), (&open, answer_to(CHALLENGE))] {
        let answer = door.get(&path).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.text().await.unwrap(), expected);
    }
    for odd in ["", "?", "?challenge", "?other=1", "?challenge=a&challenge=b", "?challenge=%ff", "?%"] {
        assert_eq!(open.get(&format!("{}{odd}", ingest::Door::PATH)).await.status(), 200, "{odd}");
    }
}
