//! What must not work.

use std::sync::{Arc, Mutex};

use connections::{Ask, Callback, Command, ConnectError, Outcome, StateTrouble};
use secrecy::ExposeSecret;
use uuid::Uuid;

use crate::fixture::{Owner, Stage, browser, later, now, query, state};

fn with_code(code: &str, state: &str) -> Callback {
    Callback { code: Some(code.to_owned().into()), state: Some(state.to_owned()), ..Callback::default() }
}

fn trouble(outcome: &Outcome) -> Option<StateTrouble> {
    match outcome {
        Outcome::State(trouble) => Some(*trouble),
        _ => None,
    }
}

#[tokio::test]
async fn a_forged_state_is_nothing_and_is_not_even_looked_up() {
    let stage = Stage::v2().await;
    let begun = stage.begin(stage.owner(None).await, Ask::default()).await;
    let good = state(&begun);
    let (random, signature) = good.split_once('.').unwrap();
    let forged = [
        String::new(),
        "x".to_owned(),
        random.to_owned(),
        format!("{random}."),
        format!("{random}.{}", signature.to_uppercase()),
        format!("A{random}.{signature}"),
        good[..good.len() - 1].to_owned(),
        "' OR 1=1 --".to_owned(),
        format!("{good}\0"),
    ];
    // Nothing of it may reach the database: without it, the answer is the same.
    stage.pool().close().await;
    for state in forged {
        let callback = with_code("code", &state);
        let connected =
            stage.connections.connect_vehicle(callback, Some(&begun.browser), now()).await.unwrap();
        assert_eq!(trouble(&connected.outcome), Some(StateTrouble::Forged), "{state}");
        assert_eq!(connected.origins, None);
    }
    assert_eq!(stage.platform.asked("/oauth/token"), 0);
}

#[tokio::test]
async fn a_state_of_another_installation_is_forged() {
    let (stage, other) = (Stage::v2().await, Stage::new("v2", &["--free-vehicles", "2"]).await);
    let begun = other.begin(other.owner(None).await, Ask::default()).await;
    // Both have the same keys here, so the signature is good; but nobody knows of it.
    let connected = stage.back_with_code(&begun, "code").await;
    assert_eq!(trouble(&connected.outcome), Some(StateTrouble::Expired));
    assert_eq!(stage.platform.asked("/oauth/token"), 0);
    other.close().await;
    stage.close().await;
}

#[tokio::test]
async fn a_state_is_good_for_ten_minutes() {
    let stage = Stage::v2().await;
    let owner = stage.owner(None).await;
    let vehicle = stage.platform.vehicle(None);
    let begun = stage.begin(owner, Ask::default()).await;
    let code = stage.platform.code(&[&vehicle]);
    let callback = with_code(&code, &state(&begun));
    let connected =
        stage.connections.connect_vehicle(callback, Some(&begun.browser), later(10)).await.unwrap();
    assert_eq!(trouble(&connected.outcome), Some(StateTrouble::Expired));
    assert_eq!(stage.platform.asked("/oauth/token"), 0);
    assert_eq!(stage.count("SELECT count(*) FROM smartcar_vehicles").await, 0);
    stage.close().await;
}

#[tokio::test]
async fn a_state_works_once_also_when_it_comes_twice_at_once() {
    let stage = Stage::v2().await;
    let owner = stage.owner(None).await;
    let vehicle = stage.platform.vehicle(None);
    let begun = stage.begin(owner, Ask::default()).await;
    let codes = [stage.platform.code(&[&vehicle]), stage.platform.code(&[&vehicle])];
    let (one, other) =
        tokio::join!(stage.back_with_code(&begun, &codes[0]), stage.back_with_code(&begun, &codes[1]));
    let used = [&one, &other].iter().filter(|it| trouble(&it.outcome) == Some(StateTrouble::Used)).count();
    assert_eq!(used, 1, "{one:?} {other:?}");
    assert_eq!(stage.platform.asked("/oauth/token"), 1);
    stage.close().await;
}

#[tokio::test]
async fn what_somebody_began_nobody_else_can_be_made_to_finish() {
    let stage = Stage::v2().await;
    let attacker = stage.owner(None).await;
    let begun = stage.begin(attacker, Ask { return_to: Some("/cars".to_owned()), ..Ask::default() }).await;
    let vehicle = stage.platform.vehicle(None);
    let code = stage.platform.code(&[&vehicle]);
    for browser in [None, Some(browser("")), Some(browser("another")), Some(browser(&state(&begun)))] {
        let callback = with_code(&code, &state(&begun));
        let connected = stage.connections.connect_vehicle(callback, browser.as_ref(), now()).await.unwrap();
        assert_eq!(trouble(&connected.outcome), Some(StateTrouble::Foreign));
        assert_eq!(connected.origins, None, "it was told whose it is");
    }
    assert_eq!(stage.platform.asked("/oauth/token"), 0);
    // It was not used up by that.
    assert!(matches!(stage.back_with_code(&begun, &code).await.outcome, Outcome::Connected { .. }));
    stage.close().await;
}

#[tokio::test]
async fn a_code_buys_tokens_once_whatever_state_it_comes_with() {
    let stage = Stage::v2().await;
    let owner = stage.owner(None).await;
    let vehicle = stage.platform.vehicle(None);
    let code = stage.platform.code(&[&vehicle]);
    let begun = stage.begin(owner, Ask::default()).await;
    assert!(matches!(stage.back_with_code(&begun, &code).await.outcome, Outcome::Connected { .. }));
    // Somebody who saw the code brings it with a good state of their own, to a platform that would take it again.
    let thief = stage.owner(None).await;
    let begun = stage.begin(thief, Ask::default()).await;
    stage
        .platform
        .world()
        .codes
        .insert(code.clone(), crate::platform::Consent { user: "u".to_owned(), vehicles: vec![vehicle] });
    let outcome = stage.back_with_code(&begun, &code).await.outcome;
    assert!(matches!(outcome, Outcome::CodeUsed), "{outcome:?}");
    assert_eq!(stage.platform.asked("/oauth/token"), 1);
    stage.close().await;
}

#[tokio::test]
async fn a_code_that_the_platform_refuses_connects_nothing() {
    let stage = Stage::v2().await;
    let begun = stage.begin(stage.owner(None).await, Ask::default()).await;
    let outcome = stage.back_with_code(&begun, "never-given").await.outcome;
    assert!(matches!(outcome, Outcome::CodeUsed), "{outcome:?}");
    assert_eq!(stage.count("SELECT count(*) FROM smartcar_grants").await, 0);
    stage.close().await;
}

#[tokio::test]
async fn with_v3_the_user_of_a_stranger_proves_nothing() {
    let stage = Stage::v3().await;
    let (victim, vehicle) = (stage.owner(None).await, stage.platform.vehicle(None));
    let begun = stage.begin(victim, Ask::default()).await;
    let users = Uuid::new_v4().to_string();
    stage.platform.connect(&users, Some(&query(&begun, "external_id")), &vehicle);
    let theirs = Callback { user_id: Some(users.clone()), ..Callback::default() };
    assert!(matches!(stage.back(&begun, theirs.clone()).await.outcome, Outcome::Connected { .. }));

    let thief = stage.owner(None).await;
    let own = stage.begin(thief, Ask::default()).await;
    assert_ne!(query(&own, "external_id"), query(&begun, "external_id"));
    let with_their_id = Callback { external_id: Some(query(&begun, "external_id")), ..theirs.clone() };
    for callback in [theirs, with_their_id, Callback::default()] {
        let begun = stage.begin(thief, Ask::default()).await;
        let outcome = stage.back(&begun, callback).await.outcome;
        assert!(matches!(outcome, Outcome::NotConfirmed), "{outcome:?}");
    }
    // Nor one that carries no name at all, or one that is no id.
    let bare = Uuid::new_v4().to_string();
    stage.platform.connect(&bare, None, &stage.platform.vehicle(None));
    for user in [bare.as_str(), "", "../users", "a\r\nb", "%00", "' OR 1=1 --"] {
        let begun = stage.begin(thief, Ask::default()).await;
        let outcome = stage
            .back(&begun, Callback { user_id: Some(user.to_owned()), ..Callback::default() })
            .await
            .outcome;
        assert!(!matches!(outcome, Outcome::Connected { .. }), "{user:?}: {outcome:?}");
    }
    assert_eq!(stage.count("SELECT count(*) FROM smartcar_vehicles").await, 1);
    stage.close().await;
}

#[tokio::test]
async fn a_car_of_somebody_else_is_no_car() {
    let stage = Stage::v2().await;
    let (owner, stranger) = (stage.owner(None).await, stage.owner(None).await);
    let mixed = Owner { user: stranger.user, car: owner.car };
    let refused = stage.connections.begin(mixed.user, mixed.car, Ask::default(), now()).await.unwrap_err();
    assert!(matches!(refused, ConnectError::NoSuchCar));
    let refused =
        stage.connections.begin(owner.user, Uuid::new_v4(), Ask::default(), now()).await.unwrap_err();
    assert!(matches!(refused, ConnectError::NoSuchCar));
    // And one that is given away while its owner is at the consent page is none any more.
    let begun = stage.begin(owner, Ask::default()).await;
    sqlx::query("UPDATE cars SET user_id = $2 WHERE id = $1")
        .bind(owner.car)
        .bind(stranger.user)
        .execute(stage.pool())
        .await
        .unwrap();
    let vehicle = stage.platform.vehicle(None);
    let outcome = stage.back_with_code(&begun, &stage.platform.code(&[&vehicle])).await.outcome;
    assert!(matches!(outcome, Outcome::CarGone), "{outcome:?}");
    stage.close().await;
}

#[tokio::test]
async fn nobody_is_sent_to_a_foreign_page() {
    let stage = Stage::v2().await;
    let owner = stage.owner(None).await;
    for page in ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"] {
        let ask = Ask { return_to: Some(page.to_owned()), ..Ask::default() };
        let refused = stage.connections.begin(owner.user, owner.car, ask, now()).await.unwrap_err();
        assert!(matches!(refused, ConnectError::ReturnTo), "{page}");
    }
    assert_eq!(stage.count("SELECT count(*) FROM connect_attempts").await, 0);
    stage.close().await;
}

#[tokio::test]
async fn a_text_of_the_platform_stays_a_text() {
    let stage = Stage::v2().await;
    let evil = "'); DROP TABLE cars; --";
    let owner = stage.owner(Some("WVWZZZE1ZMP000001")).await;
    let vehicle = stage.platform.vehicle(Some(evil));
    stage.platform.world().vehicles.get_mut(&vehicle).unwrap().vin = Some(evil.to_owned());
    let begun = stage.begin(owner, Ask::default()).await;
    let code = stage.platform.code_of(evil, &[&vehicle]);
    let callback = Callback {
        external_id: Some(evil.to_owned()),
        vehicle_id: Some(evil.to_owned()),
        error_description: Some(evil.to_owned()),
        ..with_code(&code, &state(&begun))
    };
    let connected = stage.back(&begun, callback).await;
    assert!(matches!(connected.outcome, Outcome::VinMismatch { .. }), "{connected:?}");
    sqlx::query("UPDATE cars SET vin = NULL").execute(stage.pool()).await.unwrap();
    let begun = stage.begin(owner, Ask::default()).await;
    let outcome = stage.back_with_code(&begun, &stage.platform.code_of(evil, &[&vehicle])).await.outcome;
    assert!(matches!(outcome, Outcome::Connected { .. }), "{outcome:?}");
    let stored: Vec<String> =
        sqlx::query_scalar("SELECT vin || '|' || smartcar_user_id FROM smartcar_vehicles")
            .fetch_all(stage.pool())
            .await
            .unwrap();
    assert_eq!(stored, [format!("{}|{evil}", evil.to_ascii_uppercase())]);
    assert_eq!(stage.count("SELECT count(*) FROM cars").await, 1);
    stage.close().await;
}

#[tokio::test]
async fn no_secret_is_printed_by_anything_that_a_program_prints() {
    let stage = Stage::v2().await;
    let begun = stage.begin(stage.owner(None).await, Ask::default()).await;
    let callback = with_code("code-hunter2", &state(&begun));
    let printed = format!("{:?} {begun:?} {callback:?} {:?}", stage.connections, stage.connections);
    assert!(!printed.contains("hunter2") && !printed.contains("AQEBAQ"), "{printed}");
    assert!(!printed.contains(begun.browser.expose_secret()));
    let refused = stage
        .connections
        .exchange_code_for_tokens(&"code-hunter2".to_owned().into(), Uuid::new_v4(), "x", now())
        .await;
    let error = refused.unwrap_err();
    assert!(!format!("{error:?} {}", runtime::chain(&error)).contains("hunter2"));
    stage.close().await;
}

/// What is logged, by everybody in this process.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_whole_journey_leaves_no_secret_in_the_log_also_where_everything_is_logged() {
    let log = Log::default();
    let writer = log.clone();
    let everything =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone());
    everything.try_init().unwrap();
    let vin = "WVWZZZE1ZMP000042";
    let stage = Stage::v2().await;
    let owner = stage.owner(Some(vin)).await;
    let vehicle = stage.platform.vehicle(Some(vin));
    let begun = stage.begin(owner, Ask::default()).await;
    let code = stage.platform.code(&[&vehicle]);
    let Outcome::Connected { vehicle_id, .. } = stage.back_with_code(&begun, &code).await.outcome else {
        panic!()
    };
    let connections = &stage.connections;
    connections.refresh_access_token(stage.grant_of(vehicle_id).await, later(200)).await.unwrap();
    connections.sync_car(owner.user, owner.car, later(201)).await.unwrap();
    connections.command(owner.user, owner.car, Command::Lock, later(202)).await.unwrap();
    stage.platform.revoke_everything();
    connections.refresh_access_token(stage.grant_of(vehicle_id).await, later(900)).await.unwrap();
    connections.disconnect_vehicle(owner.user, owner.car, true, later(901)).await.unwrap();

    let logged = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(logged.contains("renewed the tokens of a consent"), "nothing is logged");
    let sent = state(&begun);
    let secrets = [
        "access-",
        "refresh-",
        "hunter2",
        "AQEBAQEB",
        "v1.2026a.",
        vin,
        &code,
        &sent,
        begun.browser.expose_secret(),
    ];
    for secret in secrets {
        let line = logged.lines().find(|line| line.contains(secret));
        assert!(line.is_none(), "{secret}: {line:?}");
    }
    stage.close().await;
}
