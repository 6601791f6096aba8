//! `carvetka keys`

use harness::TestDatabase;
use secrecy::ExposeSecret;
use sqlx::AssertSqlSafe;
use uuid::Uuid;
use vault::KeyRing;

use crate::support::{Ended, carvetka, count, run};

const OLD: &str = "2025b:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const NEW: &str = "2026a:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

fn ring(keys: &str) -> KeyRing {
    KeyRing::parse(&keys.to_owned().into()).unwrap()
}

async fn rotate(database: &TestDatabase, keys: &str, more: &[&str]) -> Ended {
    let mut command = carvetka(&[&["keys", "rotate"], more].concat(), &database.url, "unused");
    command.env("TOKEN_ENCRYPTION_KEYS", keys);
    run(command).await
}

async fn user(database: &TestDatabase) -> Uuid {
    let user = Uuid::new_v4();
    sqlx::query("INSERT INTO auth.users (id) VALUES ($1)").bind(user).execute(&database.pool).await.unwrap();
    user
}

/// A consent whose tokens are `access <id>` and `refresh <id>`.
async fn grant(database: &TestDatabase, user: Uuid, keys: &str) -> Uuid {
    let id = Uuid::new_v4();
    let seal = |word: &str| {
        let place = connections::token_place(id, &format!("{word}_token"));
        ring(keys).seal(&format!("{word} {id}").into(), &place)
    };
    sqlx::query(
        "INSERT INTO smartcar_grants (id, user_id, api_version, scopes, access_token, refresh_token, token_expires_at, refresh_expires_at)
         VALUES ($1, $2, 'v2', '{}', $3, $4, now(), now())",
    )
    .bind(id)
    .bind(user)
    .bind(seal("access"))
    .bind(seal("refresh"))
    .execute(&database.pool)
    .await
    .unwrap();
    id
}

async fn opens(database: &TestDatabase, id: Uuid, keys: &str) -> bool {
    let sealed: (String, String) =
        sqlx::query_as("SELECT access_token, refresh_token FROM smartcar_grants WHERE id = $1")
            .bind(id)
            .fetch_one(&database.pool)
            .await
            .unwrap();
    let open = |sealed: &str, word: &str| {
        let place = connections::token_place(id, &format!("{word}_token"));
        ring(keys).open(sealed, &place).is_ok_and(|token| token.expose_secret() == format!("{word} {id}"))
    };
    open(&sealed.0, "access") && open(&sealed.1, "refresh")
}

/// An endpoint of a person's webhooks, with a secret and a former one of these keys.
async fn endpoint(database: &TestDatabase, user: Uuid, secret: &str, former: &str) -> Uuid {
    let id = Uuid::new_v4();
    let seal = |keys| ring(keys).seal(&format!("whsec {id}").into(), &notify::secret_place(id));
    sqlx::query(
        "INSERT INTO webhook_endpoints (id, user_id, url, secret, former_secret, former_until, created_at)
         VALUES ($1, $2, 'https://example.org/', $3, $4, now(), now())",
    )
    .bind(id)
    .bind(user)
    .bind(seal(secret))
    .bind(seal(former))
    .execute(&database.pool)
    .await
    .unwrap();
    id
}

#[tokio::test]
async fn secrets_of_webhooks_are_sealed_anew_too_and_those_that_nobody_opens_are_told() {
    let database = harness::database().await;
    let user = user(&database).await;
    endpoint(&database, user, NEW, NEW).await;
    for _ in 0..3 {
        endpoint(&database, user, NEW, OLD).await;
    }
    let lost = rotate(&database, NEW, &[]).await;
    assert_eq!(lost.code, Some(1), "{lost:?}");
    let ended = rotate(&database, &format!("{NEW},{OLD}"), &["--batch", "2"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.output.contains("the secrets of 3 webhooks"), "{ended:?}");
    let sealed: Vec<(Uuid, String, String)> =
        sqlx::query_as("SELECT id, secret, former_secret FROM webhook_endpoints")
            .fetch_all(&database.pool)
            .await
            .unwrap();
    for (id, secret, former) in sealed {
        for one in [secret, former] {
            let opened = ring(NEW).open(&one, &notify::secret_place(id)).unwrap();
            assert_eq!(opened.expose_secret(), format!("whsec {id}"));
        }
    }
    database.close().await;
}

#[tokio::test]
async fn after_a_rotation_the_old_key_is_not_needed_any_more() {
    let database = harness::database().await;
    let user = user(&database).await;
    let mut grants = vec![grant(&database, user, NEW).await];
    for _ in 0..7 {
        grants.push(grant(&database, user, OLD).await);
    }
    let ended = rotate(&database, &format!("{NEW},{OLD}"), &["--batch", "3"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.output.contains("sealed anew with key 2026a: 7 token pairs"), "{ended:?}");
    assert!(ended.output.contains("nothing is left under other keys"), "{ended:?}");
    for id in grants {
        assert!(opens(&database, id, NEW).await);
    }
    let again = rotate(&database, NEW, &[]).await;
    assert!(again.output.contains("sealed anew with key 2026a: 0 token pairs"), "{again:?}");
    database.close().await;
}

#[tokio::test]
async fn what_cannot_be_opened_is_left_as_it_is_and_told() {
    let database = harness::database().await;
    let user = user(&database).await;
    let (lost, good) = (
        grant(&database, user, OLD).await,
        grant(&database, user, "2024a:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=").await,
    );
    let ended =
        rotate(&database, &format!("{NEW},2024a:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="), &[]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.output.contains("left under key 2025b: 1"), "{ended:?}");
    assert!(ended.output.contains(&lost.to_string()) && !ended.output.contains("AgIC"), "{ended:?}");
    assert!(opens(&database, good, NEW).await && opens(&database, lost, OLD).await);
    // Stopped, or tried too early: with the missing key it goes on.
    let ended = rotate(&database, &format!("{NEW},{OLD}"), &[]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(opens(&database, lost, NEW).await);
    database.close().await;
}

#[tokio::test]
async fn tokens_that_an_older_web_app_left_in_the_clear_are_sealed_and_taken_out() {
    let database = harness::database().await;
    let user = user(&database).await;
    let add = "ALTER TABLE smartcar_vehicles ADD COLUMN access_token TEXT, ADD COLUMN refresh_token TEXT, ADD COLUMN token_expires_at TIMESTAMPTZ";
    sqlx::query(add).execute(&database.pool).await.unwrap();
    for (vehicle, token) in [("a", "one"), ("b", "one"), ("c", "other")] {
        sqlx::query(AssertSqlSafe(format!(
            "INSERT INTO smartcar_vehicles (user_id, smartcar_vehicle_id, access_token, refresh_token, token_expires_at)
             VALUES ('{user}', '{vehicle}', 'access {token}', 'refresh {token}', now())"
        )))
        .execute(&database.pool)
        .await
        .unwrap();
    }
    let ended = rotate(&database, NEW, &["--batch", "1"]).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.output.contains("taken out of the clear: 2 token pairs"), "{ended:?}");
    assert_eq!(
        count(&database.pool, "SELECT count(*) FROM smartcar_vehicles WHERE refresh_token IS NOT NULL").await,
        0
    );
    assert_eq!(count(&database.pool, "SELECT count(DISTINCT grant_id) FROM smartcar_vehicles").await, 2);
    let (id, sealed): (Uuid, String) = sqlx::query_as(
        "SELECT g.id, g.refresh_token FROM smartcar_grants AS g JOIN smartcar_vehicles AS v ON v.grant_id = g.id WHERE v.smartcar_vehicle_id = 'c'",
    )
    .fetch_one(&database.pool)
    .await
    .unwrap();
    let opened = ring(NEW).open(&sealed, &connections::token_place(id, "refresh_token")).unwrap();
    assert_eq!(opened.expose_secret(), "refresh other");
    database.close().await;
}

#[tokio::test]
async fn a_new_key_is_printed_as_it_is_used() {
    let ended = run(carvetka(&["keys", "new", "2027a"], "postgres://nobody", "unused")).await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ring(&ended.output).sealing_id(), "2027a");
    let odd = run(carvetka(&["keys", "new", "a.b"], "postgres://nobody", "unused")).await;
    assert_eq!(odd.code, Some(1), "{odd:?}");
}
