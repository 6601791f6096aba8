//! `carvetka doctor`

use broker::{BrokerOptions, Session};

use crate::support::{Ended, carvetka, run};

const TOKEN: &str = "3a5c8f72-e6d9-4b1a-9f2e-8c7d6a5b4e3f";

/// Whether a line of this level speaks of that.
fn says(ended: &Ended, level: &str, what: &str) -> bool {
    ended.output.lines().any(|line| line.starts_with(level) && line.contains(what))
}

#[tokio::test]
async fn without_any_setting_it_says_what_is_missing_and_does_not_crash() {
    let mut command = carvetka(&["doctor"], "", "unused");
    command.env_remove("AMQP_URL");
    let ended = run(command).await;
    assert_eq!(ended.code, Some(1));
    for name in ["DATABASE_URL", "AMQP_URL", "SMARTCAR_WEBHOOK_SECRET"] {
        assert!(says(&ended, "problem", &format!("{name} is not set")), "{name}: {ended:?}");
    }
}

#[tokio::test]
async fn servers_that_are_away_are_problems_and_no_secret_is_printed() {
    let mut command = carvetka(&["doctor"], "postgres://u:hunter2@127.0.0.1:9/carvetka", "unused");
    command
        .env("AMQP_URL", "amqp://u:hunter2@127.0.0.1:9/%2f")
        .env("SMARTCAR_WEBHOOK_SECRET", "hunter2")
        .env("SMARTCAR_CLIENT_SECRET", "hunter2")
        .env("INGEST_ADDR", "127.0.0.1:9");
    let ended = run(command).await;
    assert_eq!(ended.code, Some(1));
    for what in ["PostgreSQL", "RabbitMQ", "is the client secret", "nobody answers"] {
        assert!(says(&ended, "problem", what), "{what}: {ended:?}");
    }
    assert!(!ended.output.contains("hunter2"), "{ended:?}");
}

#[tokio::test]
async fn a_database_without_tables_is_told_to_migrate() {
    let ended = run(carvetka(&["doctor"], &postgres_itself(), "unused")).await;
    assert!(says(&ended, "problem", "run `carvetka migrate`"), "{ended:?}");
}

#[tokio::test]
async fn a_good_set_up_has_no_problem_but_the_ones_that_it_has() {
    let (database, namespace) = (harness::database().await, harness::namespace());
    let options = BrokerOptions::new(&harness::amqp_url(), &namespace, "test").unwrap();
    let session = Session::open(&options).await.unwrap();
    let doctor = || {
        let mut command = carvetka(&["doctor"], &database.url, &namespace);
        command.env("SMARTCAR_WEBHOOK_SECRET", TOKEN).env("INGEST_ADDR", "127.0.0.1:9");
        command
    };

    let before = run(doctor()).await;
    assert!(says(&before, "warning", "not declared"), "{before:?}");

    options.topology().declare(&session).await.unwrap();
    let ended = run(doctor()).await;
    for what in ["PostgreSQL", "clocks", "migrations", "partitions", "RabbitMQ", "all queues", "looks right"]
    {
        assert!(says(&ended, "ok", what), "{what}: {ended:?}");
    }
    assert!(says(&ended, "problem", "nobody answers"), "{ended:?}");
    assert_eq!(ended.code, Some(1));

    options.topology().delete(&session).await.unwrap();
    session.close().await;
    database.close().await;
}

#[tokio::test]
async fn what_waits_for_a_person_is_a_warning() {
    let database = harness::database().await;
    sqlx::query(
        "INSERT INTO parked_messages (id, queue, message_key, why, body, headers, parked_at)
         VALUES (gen_random_uuid(), 'events', 'e', 'a test', '', '{}', now())",
    )
    .execute(&database.pool)
    .await
    .unwrap();
    let ended = run(carvetka(&["doctor"], &database.url, &harness::namespace())).await;
    assert!(says(&ended, "warning", "parked messages: 1"), "{ended:?}");
    database.close().await;
}

#[test]
fn who_stops_reading_is_left_without_a_word() {
    let mut command = carvetka(&["doctor"], "", "unused");
    let mut child = command
        .env_remove("AMQP_URL")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(141));
    assert!(ended.stderr.is_empty(), "{}", String::from_utf8_lossy(&ended.stderr));
}

/// The server's own database: there, and without our tables.
fn postgres_itself() -> String {
    let server = harness::database_url();
    let (before, _) = server.split_once('?').unwrap_or((&server, ""));
    format!("{}/postgres", before.rsplit_once('/').unwrap().0)
}
