//! `carvetka migrate`

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::support::{carvetka, run};

/// A database without any table, and its address.
async fn empty_database() -> (PgConnection, String, String) {
    let server = harness::database_url();
    let name = format!("migrate_{}", harness::namespace().replace('-', "_"));
    let mut admin = PgConnection::connect(&server).await.unwrap();
    sqlx::query(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut admin).await.unwrap();
    let (before, _) = server.split_once('?').unwrap_or((&server, ""));
    let url = format!("{}/{name}", before.rsplit_once('/').unwrap().0);
    (admin, name, url)
}

async fn drop_database(mut admin: PgConnection, name: &str) {
    let statement = AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"));
    sqlx::query(statement).execute(&mut admin).await.unwrap();
}

#[tokio::test]
async fn an_empty_database_gets_its_tables_and_a_second_run_changes_nothing() {
    let (admin, name, url) = empty_database().await;
    let first = run(carvetka(&["migrate"], &url, "unused")).await;
    assert_eq!(first.code, Some(0), "{first:?}");
    assert!(first.output.contains("applied") && first.output.contains("create readings"), "{first:?}");
    let second = run(carvetka(&["migrate"], &url, "unused")).await;
    assert_eq!(second.code, Some(0), "{second:?}");
    assert!(second.output.contains("the schema was up to date"), "{second:?}");
    assert!(second.output.contains("made 0 partitions"), "{second:?}");
    drop_database(admin, &name).await;
}

#[tokio::test]
async fn two_at_once_both_succeed() {
    let (admin, name, url) = empty_database().await;
    let (one, other) = tokio::join!(
        run(carvetka(&["migrate"], &url, "unused")),
        run(carvetka(&["migrate"], &url, "unused"))
    );
    assert_eq!((one.code, other.code), (Some(0), Some(0)), "{one:?} {other:?}");
    drop_database(admin, &name).await;
}

#[tokio::test]
async fn a_database_that_does_not_come_is_waited_for_and_named() {
    let nobody = "postgres://nobody:hunter2@127.0.0.1:9/carvetka";
    let ended = run(carvetka(&["migrate", "--wait", "1"], nobody, "unused")).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.output.contains("no PostgreSQL at DATABASE_URL within 1 s"), "{ended:?}");
    assert!(!ended.output.contains("hunter2"), "{ended:?}");
}

#[tokio::test]
async fn a_database_that_is_newer_than_the_program_says_so() {
    let database = harness::database().await;
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (99991231000000, 'of tomorrow', true, '', 0)",
    )
    .execute(&database.pool)
    .await
    .unwrap();
    let ended = run(carvetka(&["migrate"], &database.url, "unused")).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.output.contains("by a newer version of this program"), "{ended:?}");
    database.close().await;
}
